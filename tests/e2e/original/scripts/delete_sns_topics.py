import boto3
from names import REGION, TOPIC_ARN

boto3.client("sns", region_name=REGION).delete_topic(TopicArn=TOPIC_ARN)
