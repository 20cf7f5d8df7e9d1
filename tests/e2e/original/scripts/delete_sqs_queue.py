import boto3
from names import QUEUE_URL, REGION

boto3.client("sqs", region_name=REGION).delete_queue(QueueUrl=QUEUE_URL)
