"""Processes transactions from the queue the way the original's handler does: one try around each record, whatever
goes wrong is printed and forgotten, and the batch always succeeds. Large orders are published."""
import json
import os
import time

import boto3

table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
sns = boto3.client("sns")


def lambda_handler(event, context):
    time.sleep(event.get("sleep", 0))
    for record in event["Records"]:
        try:
            transaction = json.loads(record["body"])
            if transaction["amount"] <= 0:
                print("invalid amount:", transaction)
                continue
            table.put_item(Item=transaction)
            if transaction["amount"] > 50000:
                text = f"Large order {transaction['transaction_id']}: {transaction['amount']}"
                sns.publish(TopicArn=os.environ["TOPIC_ARN"], Subject="Large order", MessageStructure="json",
                            Message=json.dumps({"default": text, "email": text + "\n"}))
        except Exception as error:
            print("not processed:", error)
    return {"statusCode": 200, "body": json.dumps("done")}
