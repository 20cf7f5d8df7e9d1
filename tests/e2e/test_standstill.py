"""No call stops another (issue 9, B): what takes long does not run on the I/O threads, what waits holds no thread. Told
by what the engine counts of itself at GET /_till/engine, not by the clock of a machine that does other things too."""
import json
import os
import socket
import time
import urllib.request

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest
from till_process import REGION, SANITIZED, eventually

# The longest that a handler may hold up an I/O thread, in processor time; the sanitizers and -O0 are several times slower.
RUN_MICROS_MAX = 60_000 if SANITIZED else 5_000


def engine_of(server):
    with urllib.request.urlopen(server.endpoint + "/_till/engine") as reply:
        return json.load(reply)


@pytest.fixture
def own(serve):
    server = serve()
    yield server
    engine = engine_of(server)
    assert engine["io_longest_run_cpu_micros"] <= RUN_MICROS_MAX, engine


def test_searching_logs_is_no_work_for_io_threads(own):
    logs = own.client("logs")
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    now = int(time.time() * 1000)
    line = "a" * 900
    for part in range(4):
        logs.put_log_events(logGroupName="g", logStreamName="s", logEvents=[
            {"timestamp": now + part, "message": line} for _ in range(1000)])
    pattern = '"' + "[ab]*" * 30 + 'c"'
    for _ in range(3):
        logs.filter_log_events(logGroupName="g", filterPattern=pattern, limit=10)
        logs.filter_log_events(logGroupName="g", filterPattern="%" + "[ab]*" * 30 + "c%", limit=10)


def test_tables_are_scanned_and_indexed_on_workers(own):
    dynamodb = own.client("dynamodb")
    dynamodb.create_table(TableName="table", BillingMode="PAY_PER_REQUEST",
                          AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                          KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}])
    for start in range(0, 5000, 25):
        dynamodb.batch_write_item(RequestItems={"table": [
            {"PutRequest": {"Item": {"id": {"S": str(n)}, "k": {"S": str(n % 7)}, "fill": {"S": "x" * 200}}}}
            for n in range(start, start + 25)]})
    dynamodb.update_table(TableName="table",
                          AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
                          GlobalSecondaryIndexUpdates=[{"Create": {
                              "IndexName": "by-k", "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
                              "Projection": {"ProjectionType": "ALL"}}}])
    for _ in range(3):
        dynamodb.scan(TableName="table", FilterExpression="fill = :none", ExpressionAttributeValues={":none": {"S": "y"}})

    def active():
        described = dynamodb.describe_table(TableName="table")["Table"]
        return described["GlobalSecondaryIndexes"][0]["IndexStatus"] == "ACTIVE"
    eventually(active, what="the index is filled")
    found = dynamodb.query(TableName="table", IndexName="by-k", KeyConditionExpression="k = :k",
                           ExpressionAttributeValues={":k": {"S": "3"}}, Select="COUNT")
    assert found["Count"] == len([n for n in range(5000) if n % 7 == 3])


def test_items_of_many_attributes_are_no_work_for_io_threads(own):
    dynamodb = own.client("dynamodb")
    dynamodb.create_table(TableName="table", BillingMode="PAY_PER_REQUEST",
                          AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                          KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}])
    key = {"id": {"S": "a"}}
    item = key | {f"a{n:05}": {"N": "1"} for n in range(40_000)}
    dynamodb.put_item(TableName="table", Item=item)
    for _ in range(3):
        assert dynamodb.get_item(TableName="table", Key=key)["Item"] == item
        changed = dynamodb.update_item(TableName="table", Key=key, UpdateExpression="ADD n :one", ReturnValues="ALL_NEW",
                                       ExpressionAttributeValues={":one": {"N": "1"}})["Attributes"]
        item["n"] = changed["n"]
        assert changed == item
    dynamodb.put_item(TableName="table", Item=key)
    assert changed["n"] == {"N": "3"} and dynamodb.get_item(TableName="table", Key=key)["Item"] == key


def test_large_objects_are_no_work_for_io_threads(own):
    s3 = own.client("s3")
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="k", Body=b"x" * (24 << 20))
    assert len(s3.get_object(Bucket="bucket", Key="k")["Body"].read()) == 24 << 20
    s3.copy_object(Bucket="bucket", Key="copy", CopySource="bucket/k")


def threads_of(server):
    return len(os.listdir(f"/proc/{server.process.pid}/task"))


def signed_long_poll(server, url):
    """A ReceiveMessage as bytes, so that many of them need no thread here either."""
    body = json.dumps({"QueueUrl": url, "WaitTimeSeconds": 20}).encode()
    request = botocore.awsrequest.AWSRequest("POST", server.endpoint + "/", data=body, headers={
        "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "AmazonSQS.ReceiveMessage"})
    botocore.auth.SigV4Auth(botocore.credentials.Credentials("test", "test"), "sqs", REGION).add_auth(request)
    host = server.endpoint.removeprefix("http://")
    lines = [f"POST / HTTP/1.1\r\nHost: {host}", *(f"{k}: {v}" for k, v in request.headers.items()),
             f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def test_long_polls_hold_no_thread(own):
    """More of them than there ever were threads; other calls go on, and who hangs up is forgotten."""
    sqs = own.client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    poll = signed_long_poll(own, url)
    host, port = own.endpoint.removeprefix("http://").split(":")
    threads_before = threads_of(own)
    sockets = [socket.create_connection((host, int(port))) for _ in range(600)]
    for each in sockets:
        each.sendall(poll)
    eventually(lambda: engine_of(own)["parked_calls"] == 600, what="all calls wait")
    assert threads_of(own) <= threads_before + 4
    own.client("s3").create_bucket(Bucket="bucket")
    own.client("lambda").list_functions()
    sqs.send_message(QueueUrl=url, MessageBody="hello")
    eventually(lambda: engine_of(own)["parked_calls"] == 599, what="one has the message")
    for each in sockets:
        each.close()
    eventually(lambda: engine_of(own)["parked_calls"] == 0, what="nobody waits for those who hung up")
    sqs.send_message(QueueUrl=url, MessageBody="again")
    assert sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"][0]["Body"] == "again"
