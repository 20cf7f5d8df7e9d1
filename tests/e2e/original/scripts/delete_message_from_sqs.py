import sys

import boto3
from names import QUEUE_URL, REGION

sqs = boto3.client("sqs", region_name=REGION)
sqs.delete_message(QueueUrl=QUEUE_URL, ReceiptHandle=sys.argv[1])
