"""Takes a file's text, puts it into the bucket, reads it back and sends each of its transactions to the queue."""
import json
import os

import boto3

s3 = boto3.client("s3")
sqs = boto3.client("sqs")


def lambda_handler(event, context):
    s3.put_object(Bucket=os.environ["BUCKET"], Key="transactions.json", Body=event["file_content"])
    body = s3.get_object(Bucket=os.environ["BUCKET"], Key="transactions.json")["Body"].read()
    transactions = json.loads(body)
    for transaction in transactions:
        sqs.send_message(QueueUrl=os.environ["QUEUE_URL"], MessageBody=json.dumps(transaction))
    return {"statusCode": 200, "body": json.dumps(f"{len(transactions)} transactions sent")}
