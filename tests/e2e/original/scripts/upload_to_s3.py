"""The archived way: upload the file from here, read it back and send its transactions."""
import json
import sys

import boto3
from names import BUCKET, QUEUE_URL, REGION

s3 = boto3.client("s3", region_name=REGION)
sqs = boto3.client("sqs", region_name=REGION)
s3.upload_file(sys.argv[1], BUCKET, "archive.json")
for transaction in json.loads(s3.get_object(Bucket=BUCKET, Key="archive.json")["Body"].read()):
    sqs.send_message(QueueUrl=QUEUE_URL, MessageBody=json.dumps(transaction))
