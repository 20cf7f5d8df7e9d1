import boto3
from names import REGION, TABLE

dynamodb = boto3.client("dynamodb", region_name=REGION)
throughput = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
try:
    dynamodb.describe_table(TableName=TABLE)
except dynamodb.exceptions.ResourceNotFoundException:
    dynamodb.create_table(TableName=TABLE, KeySchema=[{"AttributeName": "transaction_id", "KeyType": "HASH"}],
                          AttributeDefinitions=[{"AttributeName": "transaction_id", "AttributeType": "S"}],
                          ProvisionedThroughput=throughput)
    print("created")
else:
    dynamodb.update_table(TableName=TABLE, ProvisionedThroughput=throughput)
    print("updated")
