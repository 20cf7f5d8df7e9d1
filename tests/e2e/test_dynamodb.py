"""DynamoDB through stock boto3: conditional puts with ALL_OLD, expressions, pages, error classes."""
from decimal import Decimal

import boto3.dynamodb.types
import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def table(dynamodb, name):
    dynamodb.create_table(TableName=name, BillingMode="PAY_PER_REQUEST",
                          AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                          KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}])
    dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    yield name
    dynamodb.delete_table(TableName=name)


def test_a_conditional_put_takes_effect_once_and_shows_what_is_there(dynamodb, table):
    first = {"id": {"S": "1"}, "amount": {"N": "60000.10"}, "item": {"S": "kayak"}}
    dynamodb.put_item(TableName=table, Item=first, ConditionExpression="attribute_not_exists(id)")
    with pytest.raises(dynamodb.exceptions.ConditionalCheckFailedException) as refused:
        dynamodb.put_item(TableName=table, Item={"id": {"S": "1"}, "item": {"S": "other"}},
                          ConditionExpression="attribute_not_exists(id)",
                          ReturnValuesOnConditionCheckFailure="ALL_OLD")
    old = refused.value.response["Item"]
    assert old["item"] == {"S": "kayak"} and Decimal(old["amount"]["N"]) == Decimal("60000.1")
    assert refused.value.response["Error"]["Message"] == "The conditional request failed"
    assert dynamodb.get_item(TableName=table, Key={"id": {"S": "1"}}, ConsistentRead=True)["Item"] == old


def test_every_type_comes_back(dynamodb, table):
    value = {"text": "größer", "number": Decimal("-12345678901234567890.123456789012345678"), "yes": True, "null": None,
             "bytes": boto3.dynamodb.types.Binary(b"\x00\x01"), "list": [Decimal(1), "two", [None]],
             "map": {"deep": {"er": Decimal("1E+10")}}, "set": {"a", "b"}, "numbers": {Decimal(1), Decimal("2.5")}}
    serializer, deserializer = boto3.dynamodb.types.TypeSerializer(), boto3.dynamodb.types.TypeDeserializer()
    item = {"id": {"S": "types"}, "value": serializer.serialize(value)}
    dynamodb.put_item(TableName=table, Item=item)
    got = dynamodb.get_item(TableName=table, Key={"id": {"S": "types"}})["Item"]
    assert deserializer.deserialize(got["value"]) == value


def test_updates_count_and_remove(dynamodb, table):
    key = {"id": {"S": "u"}}
    dynamodb.put_item(TableName=table, Item={**key, "state": {"S": "PENDING"}, "lease": {"N": "5"}})
    updated = dynamodb.update_item(
        TableName=table, Key=key, ReturnValues="ALL_NEW",
        UpdateExpression="SET #s = :sent, tries = if_not_exists(tries, :zero) + :one REMOVE lease",
        ConditionExpression="#s = :pending", ExpressionAttributeNames={"#s": "state"},
        ExpressionAttributeValues={":sent": {"S": "SENT"}, ":pending": {"S": "PENDING"}, ":zero": {"N": "0"},
                                   ":one": {"N": "1"}})["Attributes"]
    assert updated == {**key, "state": {"S": "SENT"}, "tries": {"N": "1"}}
    with pytest.raises(dynamodb.exceptions.ConditionalCheckFailedException):
        dynamodb.update_item(TableName=table, Key=key, UpdateExpression="SET x = :one",
                             ConditionExpression="attribute_exists(lease)",
                             ExpressionAttributeValues={":one": {"N": "1"}})


def test_a_scan_sees_every_page(dynamodb, table):
    for start in range(0, 50, 25):
        answer = dynamodb.batch_write_item(RequestItems={table: [
            {"PutRequest": {"Item": {"id": {"S": f"{i:03}"}}}} for i in range(start, start + 25)]})
        assert answer["UnprocessedItems"] == {}
    pages = list(dynamodb.get_paginator("scan").paginate(TableName=table, PaginationConfig={"PageSize": 7}))
    assert len(pages) >= 8
    assert sorted(i["id"]["S"] for page in pages for i in page["Items"]) == [f"{i:03}" for i in range(50)]
    got = dynamodb.batch_get_item(RequestItems={table: {"Keys": [{"id": {"S": "003"}}, {"id": {"S": "none"}}]}})
    assert got["Responses"][table] == [{"id": {"S": "003"}}]


def test_errors_are_those_of_aws(dynamodb, table):
    with pytest.raises(dynamodb.exceptions.ResourceNotFoundException) as missing:
        dynamodb.get_item(TableName=table + "none", Key={"id": {"S": "1"}})
    assert missing.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    with pytest.raises(dynamodb.exceptions.ResourceInUseException):
        dynamodb.create_table(TableName=table, BillingMode="PAY_PER_REQUEST",
                              AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                              KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}])
    for bad in ({"Item": {"x": {"S": "no key"}}}, {"Item": {"id": {"N": "1"}}}, {"Item": {"id": {"S": ""}}},
                {"Item": {"id": {"S": "1"}, "n": {"N": "1.2.3"}}},
                {"Item": {"id": {"S": "1"}}, "ConditionExpression": "attribute_not_exists("},
                {"Item": {"id": {"S": "1"}}, "ConditionExpression": "id = :unknown"}):
        with pytest.raises(ClientError) as refused:
            dynamodb.put_item(TableName=table, **bad)
        assert refused.value.response["Error"]["Code"] == "ValidationException", bad
    with pytest.raises(ClientError) as large:
        dynamodb.put_item(TableName=table, Item={"id": {"S": "1"}, "x": {"S": "x" * (400 << 10)}})
    assert "size" in large.value.response["Error"]["Message"]


def test_tags_backups_and_sizes_are_answered_in_aws_words(dynamodb, table):
    arn = dynamodb.describe_table(TableName=table)["Table"]["TableArn"]

    def refusal(call, **parameters):
        with pytest.raises(ClientError) as refused:
            call(**parameters)
        return refused.value.response["Error"]["Code"], refused.value.response["Error"]["Message"]

    tags = [{"Key": f"k{i}", "Value": "v"} for i in range(51)]
    assert refusal(dynamodb.tag_resource, ResourceArn=arn, Tags=tags)[0] == "ValidationException"
    assert refusal(dynamodb.tag_resource, ResourceArn=arn, Tags=[]) == (
        "ValidationException", "Atleast one Tag needs to be provided as Input.")
    assert refusal(dynamodb.untag_resource, ResourceArn=arn, TagKeys=[]) == (
        "ValidationException", "Atleast one Tag Key needs to be provided as Input.")
    wrong = f"{arn}/index/i"
    assert refusal(dynamodb.list_tags_of_resource, ResourceArn=wrong) == (
        "ValidationException", f"Invalid TableArn: Invalid ResourceArn provided as input {wrong}")
    assert refusal(dynamodb.describe_continuous_backups, TableName="none") == (
        "TableNotFoundException", "Table not found: none")
    with pytest.raises(ClientError) as refused:
        dynamodb.put_item(TableName=table, Item={"id": {"S": "x" * (16 << 20)}})
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413


def test_a_policy_for_an_index_lets_query_the_index_only(dynamodb, role_client, name):
    dynamodb.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": a, "AttributeType": "S"} for a in ("id", "g")],
        GlobalSecondaryIndexes=[{"IndexName": "byg", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                                 "Projection": {"ProjectionType": "ALL"}}])
    limited = role_client("dynamodb", "dynamodb:Query", f"arn:aws:dynamodb:*:*:table/{name}/index/*")
    values = {":v": {"S": "x"}}
    assert limited.query(TableName=name, IndexName="byg", KeyConditionExpression="g = :v",
                         ExpressionAttributeValues=values)["Count"] == 0
    with pytest.raises(ClientError) as refused:
        limited.query(TableName=name, KeyConditionExpression="id = :v", ExpressionAttributeValues=values)
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
