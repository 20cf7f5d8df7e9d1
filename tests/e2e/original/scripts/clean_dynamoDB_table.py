import boto3
from names import REGION, TABLE

table = boto3.resource("dynamodb", region_name=REGION).Table(TABLE)
start = {}
while True:
    page = table.scan(**start)
    for item in page["Items"]:
        table.delete_item(Key={"transaction_id": item["transaction_id"]})
    if "LastEvaluatedKey" not in page:
        break
    start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
