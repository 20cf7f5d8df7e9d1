import boto3
from names import PROCESS, REGION, UPLOAD

lambda_ = boto3.client("lambda", region_name=REGION)
for name in (PROCESS, UPLOAD):
    lambda_.delete_function(FunctionName=name)
