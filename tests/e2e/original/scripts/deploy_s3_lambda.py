from deploy import deploy
from names import BUCKET, QUEUE_URL, UPLOAD

deploy(UPLOAD, "upload_to_s3_lambda", "python3.8", 300, {"BUCKET": BUCKET, "QUEUE_URL": QUEUE_URL})
