import boto3
from names import QUEUE, REGION

sqs = boto3.client("sqs", region_name=REGION)
print(sqs.create_queue(QueueName=QUEUE, Attributes={"DelaySeconds": "0", "MessageRetentionPeriod": "345600"})["QueueUrl"])
