"""PartiQL, provisioned throughput and the time to live of DynamoDB through stock boto3."""
import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def table(dynamodb, name):
    dynamodb.create_table(TableName=name, BillingMode="PAY_PER_REQUEST",
                          AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                          KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}])
    yield name
    dynamodb.delete_table(TableName=name)


def test_a_statement_inserts_once_and_reads_back(dynamodb, table):
    insert = f"INSERT INTO \"{table}\" VALUE {{'id': ?, 'amount': ?, 'tags': <<'a', 'b'>>}}"
    answer = dynamodb.execute_statement(Statement=insert, Parameters=[{"S": "1"}, {"N": "60000.10"}])
    assert answer["Items"] == []
    with pytest.raises(dynamodb.exceptions.DuplicateItemException) as twice:
        dynamodb.execute_statement(Statement=insert, Parameters=[{"S": "1"}, {"N": "2"}])
    assert twice.value.response["Error"]["Message"] == "Duplicate primary key exists in table"
    got = dynamodb.execute_statement(Statement=f'SELECT amount FROM "{table}" WHERE id = ? AND contains(tags, ?)',
                                     Parameters=[{"S": "1"}, {"S": "b"}], ReturnConsumedCapacity="TOTAL")
    assert got["Items"] == [{"amount": {"N": "60000.1"}}]
    assert got["ConsumedCapacity"]["CapacityUnits"] == 0.5
    with pytest.raises(dynamodb.exceptions.ConditionalCheckFailedException) as refused:
        dynamodb.execute_statement(Statement=f"UPDATE \"{table}\" SET amount = 1 WHERE id = '1' AND amount < 5",
                                   ReturnValuesOnConditionCheckFailure="ALL_OLD")
    assert refused.value.response["Item"]["amount"] == {"N": "60000.1"}
    assert dynamodb.execute_statement(Statement=f"DELETE FROM \"{table}\" WHERE id = '1' RETURNING ALL OLD *")["Items"]
    with pytest.raises(ClientError) as bad:
        dynamodb.execute_statement(Statement="SELEC 1")
    assert bad.value.response["Error"] == {
        "Code": "ValidationException",
        "Message": "Statement wasn't well formed, can't be processed: Expected data manipulation"}


def test_a_batch_of_inserts_answers_for_each(dynamodb, table):
    statement = f"INSERT INTO \"{table}\" VALUE {{'id': ?, 'n': ?}}"
    one = [{"Statement": statement, "Parameters": [{"S": str(i)}, {"N": str(i)}],
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD"} for i in range(25)]
    first = dynamodb.batch_execute_statement(Statements=one, ReturnConsumedCapacity="TOTAL")
    assert all("Error" not in r and r["TableName"] == table for r in first["Responses"])
    assert first["ConsumedCapacity"] == [{"TableName": table, "CapacityUnits": 25.0}]
    one[3]["Parameters"][0]["S"] = "new"
    second = dynamodb.batch_execute_statement(Statements=one)["Responses"]
    assert [i for i, r in enumerate(second) if "Error" not in r] == [3]
    assert second[7]["Error"]["Code"] == "DuplicateItem" and second[7]["Error"]["Item"]["n"] == {"N": "7"}
    read = f'SELECT n FROM "{table}" WHERE id = ?'
    found = dynamodb.batch_execute_statement(
        Statements=[{"Statement": read, "Parameters": [{"S": i}]} for i in ("5", "none")])["Responses"]
    assert found[0]["Item"] == {"n": {"N": "5"}} and "Item" not in found[1] and "Error" not in found[1]


def test_each_statement_needs_its_own_permission(dynamodb, role_client, table):
    limited = role_client("dynamodb", "dynamodb:PartiQLInsert", f"arn:aws:dynamodb:*:*:table/{table}")
    insert = {"Statement": f"INSERT INTO \"{table}\" VALUE {{'id': 'p'}}"}
    assert "Error" not in limited.batch_execute_statement(Statements=[insert])["Responses"][0]
    for denied in (f"DELETE FROM \"{table}\" WHERE id = 'p'", f"INSERT INTO {table}x VALUE {{'id': 'p'}}",
                   f'-- INSERT INTO "{table}"\nSELECT * FROM "{table}"'):
        with pytest.raises(ClientError) as refused:
            limited.execute_statement(Statement=denied)
        assert refused.value.response["Error"]["Code"] == "AccessDeniedException", denied
    batch = limited.batch_execute_statement(Statements=[
        {"Statement": f"INSERT INTO \"{table}\" VALUE {{'id': 'q'}}"},
        {"Statement": f"DELETE FROM \"{table}\" WHERE id = 'p'"}, {"Statement": "nonsense"}])["Responses"]
    assert [r.get("Error", {}).get("Code") for r in batch] == [None, "AccessDenied", "ValidationError"]
    assert "is not authorized to perform: dynamodb:PartiQLDelete on resource: arn:aws:dynamodb:" in batch[1]["Error"][
        "Message"]
    assert {i["id"]["S"] for i in dynamodb.scan(TableName=table)["Items"]} == {"p", "q"}


def test_a_provisioned_table_throttles(dynamodb, name):
    dynamodb.create_table(TableName=name, ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
                          AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                          KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}])
    dynamodb.put_item(TableName=name, Item={"id": {"S": "burst"}, "fill": {"S": "x" * 297 * 1024}})  # 300 s of it
    with pytest.raises(dynamodb.exceptions.ProvisionedThroughputExceededException) as refused:
        for i in range(100):
            dynamodb.put_item(TableName=name, Item={"id": {"S": str(i)}})
    assert refused.value.response["Error"]["Message"].startswith("The level of configured provisioned throughput")
    dynamodb.update_table(TableName=name, BillingMode="PAY_PER_REQUEST")
    for i in range(20):
        dynamodb.put_item(TableName=name, Item={"id": {"S": str(i)}})
    dynamodb.delete_table(TableName=name)


def test_the_time_to_live_can_be_switched(dynamodb, table):
    specification = {"Enabled": True, "AttributeName": "until"}
    assert dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=specification)[
        "TimeToLiveSpecification"] == specification
    assert dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"] == {
        "TimeToLiveStatus": "ENABLED", "AttributeName": "until"}
