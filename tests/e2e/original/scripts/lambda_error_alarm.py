import boto3
from names import ACCOUNT, REGION

sqs = boto3.client("sqs", region_name=REGION)
try:
    sqs.send_message(QueueUrl=f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/NoSuchQueue", MessageBody="x")
except sqs.exceptions.QueueDoesNotExist as error:
    print(error)
