import json
import sys

import boto3
from names import REGION, UPLOAD

lambda_ = boto3.client("lambda", region_name=REGION)
with open(sys.argv[1]) as file:
    event = {"file_content": file.read()}
answer = lambda_.invoke(FunctionName=UPLOAD, InvocationType="RequestResponse", Payload=json.dumps(event))
assert "FunctionError" not in answer, answer["Payload"].read()
print(answer["Payload"].read().decode())
