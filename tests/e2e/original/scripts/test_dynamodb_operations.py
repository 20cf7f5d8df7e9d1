import boto3
from names import REGION, TABLE

table = boto3.resource("dynamodb", region_name=REGION).Table(TABLE)
table.put_item(Item={"transaction_id": "probe", "amount": 5, "item": "pen"})
assert table.get_item(Key={"transaction_id": "probe"})["Item"] == {"transaction_id": "probe", "amount": 5, "item": "pen"}
