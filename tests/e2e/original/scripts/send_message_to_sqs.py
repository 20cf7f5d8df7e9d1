import json

import boto3
from names import QUEUE_URL, REGION

sqs = boto3.client("sqs", region_name=REGION)
order = {"transaction_id": "manual-1", "amount": 120, "item": "lamp"}
print(sqs.send_message(QueueUrl=QUEUE_URL, MessageBody=json.dumps(order))["MessageId"])
