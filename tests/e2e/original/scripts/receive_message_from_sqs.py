import boto3
from names import QUEUE_URL, REGION

sqs = boto3.client("sqs", region_name=REGION)
got = sqs.receive_message(QueueUrl=QUEUE_URL, MaxNumberOfMessages=1, WaitTimeSeconds=5)
for message in got.get("Messages", []):
    print(message["Body"])
    print(message["ReceiptHandle"])
