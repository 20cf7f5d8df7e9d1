import boto3
from names import PROCESS, QUEUE_ARN, REGION

lambda_ = boto3.client("lambda", region_name=REGION)
made = lambda_.create_event_source_mapping(EventSourceArn=QUEUE_ARN, FunctionName=PROCESS, BatchSize=10, Enabled=True)
print(made["UUID"])
