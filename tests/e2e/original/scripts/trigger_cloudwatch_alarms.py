import json
import sys

import boto3
from names import PROCESS, REGION, TABLE

lambda_ = boto3.client("lambda", region_name=REGION)
if sys.argv[1] == "error":
    lambda_.invoke(FunctionName=PROCESS, InvocationType="Event", Payload=json.dumps({"no": "records"}))
elif sys.argv[1] == "duration":
    lambda_.invoke(FunctionName=PROCESS, InvocationType="RequestResponse",
                   Payload=json.dumps({"sleep": 1.2, "Records": []}))
else:
    table = boto3.resource("dynamodb", region_name=REGION).Table(TABLE)
    for i in range(100):
        table.put_item(Item={"transaction_id": f"throttle-{i}", "amount": 1, "item": "x"})
