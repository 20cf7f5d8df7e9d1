"""DynamoDB's answers on the wire: reads of defaults, refusals in AWS's words, an index that fills while the table
serves, throttling and its switch."""
import pytest
from botocore.exceptions import ClientError
from till_process import eventually

DETECTED = "1 validation error detected: "
AT_LEAST_1 = "failed to satisfy constraint: Member must have value greater than or equal to 1"


@pytest.fixture
def unchecked(server):
    """A client that sends what botocore would refuse."""
    return server.client("dynamodb", parameter_validation=False)


def make_table(client, name, **more):
    options = {"BillingMode": "PAY_PER_REQUEST", **more}
    client.create_table(TableName=name, KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}], **options)


@pytest.fixture
def table(dynamodb, name):
    make_table(dynamodb, name)
    yield name
    dynamodb.delete_table(TableName=name)


def test_reads_of_what_is_at_its_default(dynamodb, table):
    arn = dynamodb.describe_table(TableName=table)["Table"]["TableArn"]
    assert dynamodb.describe_kinesis_streaming_destination(TableName=table)["KinesisDataStreamDestinations"] == []
    assert dynamodb.describe_contributor_insights(TableName=table)["ContributorInsightsStatus"] == "DISABLED"
    scaling = dynamodb.describe_table_replica_auto_scaling(TableName=table)["TableAutoScalingDescription"]
    assert scaling == {"TableName": table, "TableStatus": "ACTIVE", "Replicas": []}
    assert dynamodb.describe_limits()["TableMaxReadCapacityUnits"] == 40000
    assert dynamodb.describe_endpoints()["Endpoints"][0]["Address"].startswith("127.0.0.1:")
    assert dynamodb.list_backups()["BackupSummaries"] == []
    assert dynamodb.list_global_tables()["GlobalTables"] == []
    assert dynamodb.list_exports()["ExportSummaries"] == []
    assert dynamodb.list_imports()["ImportSummaryList"] == []
    with pytest.raises(dynamodb.exceptions.PolicyNotFoundException):
        dynamodb.get_resource_policy(ResourceArn=arn)


@pytest.mark.parametrize("call, arguments, message", [
    ("query", {"TableName": "t", "Limit": 0, "KeyConditionExpression": "p = :p",
               "ExpressionAttributeValues": {":p": {"S": "a"}}}, f"{DETECTED}Value at 'Limit' {AT_LEAST_1}"),
    ("scan", {"TableName": "t", "Limit": 0}, f"{DETECTED}Value '0' at 'limit' {AT_LEAST_1}"),
    ("scan", {"TableName": "t", "Select": "x"},
     f"{DETECTED}Value 'x' at 'select' failed to satisfy constraint: Member must satisfy enum value set: "
     "[SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES]"),
    ("create_table", {}, "The parameter 'TableName' is required but was not present in the request"),
    ("create_table", {"TableName": "tab", "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}],
                      "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "X"}]},
     f"{DETECTED}Value 'X' at 'attributeDefinitions.1.member.attributeType' failed to satisfy constraint: Member must "
     "satisfy enum value set: [B, N, S]"),
    ("batch_get_item", {"RequestItems": {}}, "The requestItems parameter is required for BatchGetItem"),
    ("batch_write_item", {"RequestItems": {}}, "The requestItems parameter is required for BatchWriteItem"),
    ("put_item", {"TableName": "x" * 256, "Item": {"id": {"S": "1"}}},
     f"{DETECTED}Value '{'x' * 256}' at 'tableName' failed to satisfy constraint: Member must have length less than or "
     "equal to 255"),
    ("put_item", {"TableName": "t", "Item": {"id": {"S": "1"}, "s": {"NS": []}}},
     f"{DETECTED}One or more parameter values were invalid: An number set  may not be empty"),
    ("scan", {"TableName": "t", "FilterExpression": "a = :b", "ExpressionAttributeValues": {":b": {}}},
     "ExpressionAttributeValues contains invalid value: Supplied AttributeValue is empty, must contain exactly one of "
     "the supported datatypes for key :b"),
])
def test_refusals_in_awss_words(unchecked, call, arguments, message):
    with pytest.raises(ClientError) as refused:
        getattr(unchecked, call)(**arguments)
    assert refused.value.response["Error"] == {"Code": "ValidationException", "Message": message}


def test_encryption_with_awss_own_key_is_a_hint(dynamodb, name):
    make_table(dynamodb, name, SSESpecification={"Enabled": True, "SSEType": "KMS"})
    assert dynamodb.describe_table(TableName=name)["Table"]["SSEDescription"]["Status"] == "ENABLED"
    dynamodb.delete_table(TableName=name)
    make_table(dynamodb, name, SSESpecification={"Enabled": False})
    assert "SSEDescription" not in dynamodb.describe_table(TableName=name)["Table"]
    dynamodb.delete_table(TableName=name)


def test_an_index_fills_while_the_table_serves(dynamodb, table):
    rows = 1000
    for start in range(0, rows, 25):
        dynamodb.batch_write_item(RequestItems={table: [
            {"PutRequest": {"Item": {"id": {"S": str(i)}, "g": {"S": "x"}}}} for i in range(start, start + 25)]})
    answer = dynamodb.update_table(
        TableName=table, AttributeDefinitions=[{"AttributeName": "g", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[{"Create": {
            "IndexName": "byg", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "KEYS_ONLY"}}}])["TableDescription"]
    assert answer["GlobalSecondaryIndexes"][0]["IndexStatus"] == "CREATING"
    dynamodb.put_item(TableName=table, Item={"id": {"S": "meanwhile"}, "g": {"S": "x"}})
    eventually(lambda: dynamodb.describe_table(TableName=table)["Table"]["GlobalSecondaryIndexes"][0]["IndexStatus"] ==
               "ACTIVE", what="the index")
    found = dynamodb.query(TableName=table, IndexName="byg", Select="COUNT", KeyConditionExpression="g = :x",
                           ExpressionAttributeValues={":x": {"S": "x"}})
    assert found["Count"] == rows + 1


def test_throttling_has_a_switch(serve):
    def is_throttled(*arguments):
        client = serve("--memory", *arguments).client("dynamodb")
        make_table(client, "tab", BillingMode="PROVISIONED",
                   ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1})
        items = [{"PutRequest": {"Item": {"id": {"S": str(i)}, "v": {"S": "x" * 20000}}}} for i in range(25)]
        try:  # 500 units each, of which there are 300
            left = [client.batch_write_item(RequestItems={"tab": items})["UnprocessedItems"] for _ in range(3)]
        except client.exceptions.ProvisionedThroughputExceededException:
            return True
        return any(left)
    assert not is_throttled("--throttle", "off")
    assert is_throttled()
