import boto3
from names import REGION, TABLE

boto3.client("dynamodb", region_name=REGION).delete_table(TableName=TABLE)
