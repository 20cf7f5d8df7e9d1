import boto3
from names import REGION, TABLE

table = boto3.resource("dynamodb", region_name=REGION).Table(TABLE)
page = table.scan()
items = page["Items"]
while "LastEvaluatedKey" in page:
    page = table.scan(ExclusiveStartKey=page["LastEvaluatedKey"])
    items += page["Items"]
for item in items:
    print(item["transaction_id"])
