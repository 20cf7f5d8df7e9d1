from deploy import deploy
from names import PROCESS, TABLE, TOPIC_ARN

deploy(PROCESS, "lambda_function", "python3.9", 60, {"TABLE": TABLE, "TOPIC_ARN": TOPIC_ARN})
