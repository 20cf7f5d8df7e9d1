"""What survives a kill -9 of the engine: everything that was acknowledged, and every order of a file."""
import json
import os
import threading

from botocore.exceptions import BotoCoreError, ClientError
from boto_stack import VISIBILITY_SECONDS, BotoStack
from till_process import SANITIZED, children_of, eventually, is_alive, make_client

ORDERS = int(os.environ.get("TILL_E2E_KILL_ORDERS", 2_000 if SANITIZED else 20_000))
LARGE_EVERY = 500
BAD_EVERY = 1000


def amount_of(i):
    if i % BAD_EVERY == 1:
        return 0
    return 60_000 + i if i % LARGE_EVERY == 0 else i


def test_every_order_survives_a_kill_in_the_middle(serve, tmp_path):
    first = serve()
    stack = BotoStack(first).up()
    document = "".join(json.dumps({"transaction_id": f"k-{i}", "amount": amount_of(i), "item": "tent"}) + "\n"
                       for i in range(ORDERS))
    upload = stack.put(document)
    # In the middle: an order of the second quarter is stored, so orders are in the object, on the queue, with the
    # function and in the table.
    eventually(lambda: stack.order(f"k-{ORDERS // 4}"), 120, "a quarter of the orders")
    before = {row["transaction_id"]: row for row in stack.dynamodb.scan(
        TableName=stack.orders_table, Limit=500)["Items"] for row in [{n: next(iter(v.values())) for n, v in row.items()}]}
    children = children_of(first.process.pid)
    first.kill()
    assert children, "functions run as child processes"
    eventually(lambda: not any(map(is_alive, children)), 10, "the end of the engine's children")

    stack.attach(serve())
    assert not set(children) & set(children_of(stack.server.process.pid))
    row = stack.ingested(upload, 240)
    assert (row["state"], int(row["read"])) == ("DONE", ORDERS)
    stack.drained(60 + 4 * VISIBILITY_SECONDS)

    bad = {f"k-{i}" for i in range(ORDERS) if amount_of(i) == 0}
    rows = stack.rows(stack.orders_table)
    stored = {r["transaction_id"]: r for r in rows}
    assert len(stored) == len(rows), "none twice"
    assert set(stored) == {f"k-{i}" for i in range(ORDERS)} - bad, "every good order is there"
    for i in range(ORDERS):
        if f"k-{i}" in stored:
            assert stored[f"k-{i}"]["source"] == f"{upload}#{i}" and int(stored[f"k-{i}"]["amount"]) == amount_of(i)
    rejected = stack.rows(stack.quarantine_table)
    assert {json.loads(r["body"])["transaction_id"] for r in rejected} == bad and len(rejected) == len(bad)
    for id, row in before.items():
        same = {name: value for name, value in stored[id].items() if name in ("write_token", "stored_at", "source")}
        assert same == {name: row[name] for name in same}, "what was stored before the kill is not written again"
    large = {id for id, r in stored.items() if "notify_state" in r}
    assert large == {f"k-{i}" for i in range(0, ORDERS, LARGE_EVERY)}
    assert set(stack.notifications(len(large), 120)) == large, "each large order is notified"
    eventually(lambda: all(stack.order(id)["notify_state"] == "SENT" for id in large), 60)
    assert stack.waiting("orders", "orders-dlq", "notify", "notify-dlq") == 0


def test_what_was_acknowledged_is_there_after_a_kill(serve, name):
    """Several clients write as fast as they can; the engine is killed while they do."""
    server = serve()
    url = server.client("sqs").create_queue(QueueName=name)["QueueUrl"]
    server.client("s3").create_bucket(Bucket=name)
    acknowledged, lock = {"sqs": set(), "s3": set()}, threading.Lock()

    def write(service, worker):
        client, count = make_client(service, server.endpoint), 0
        try:
            while True:
                label = f"{worker}-{count}"
                if service == "sqs":
                    client.send_message(QueueUrl=url, MessageBody=label)
                else:
                    client.put_object(Bucket=name, Key=label, Body=label.encode())
                count += 1
                with lock:
                    acknowledged[service].add(label)
        except (BotoCoreError, ClientError):
            pass  # the kill

    writers = [threading.Thread(target=write, args=(service, n)) for service in acknowledged for n in range(3)]
    for writer in writers:
        writer.start()
    try:
        eventually(lambda: min(map(len, acknowledged.values())) >= 100, 60, "a hundred writes of each kind")
    finally:
        server.kill()
        for writer in writers:
            writer.join()

    second = serve()
    keys = {o["Key"] for page in second.client("s3").get_paginator("list_objects_v2").paginate(Bucket=name)
            for o in page.get("Contents", [])}
    assert acknowledged["s3"] <= keys
    for key in sorted(acknowledged["s3"])[::17]:
        assert second.client("s3").get_object(Bucket=name, Key=key)["Body"].read() == key.encode()
    received = set()

    def all_back():
        for message in second.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            received.add(message["Body"])
            second.client("sqs").delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return acknowledged["sqs"] <= received
    eventually(all_back, 60, "every acknowledged message")


def test_a_restart_keeps_everything(serve, name):
    first = serve()
    first.client("dynamodb").create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}])
    first.client("dynamodb").put_item(TableName=name, Item={"id": {"S": "1"}, "n": {"N": "1.50"}})
    topic = first.client("sns").create_topic(Name=name)["TopicArn"]
    first.client("logs").create_log_group(logGroupName=name)
    first.stop()
    second = serve()
    item = second.client("dynamodb").get_item(TableName=name, Key={"id": {"S": "1"}})["Item"]
    assert float(item["n"]["N"]) == 1.5
    assert [t["TopicArn"] for t in second.client("sns").list_topics()["Topics"]] == [topic]
    assert [g["logGroupName"] for g in second.client("logs").describe_log_groups()["logGroups"]] == [name]


def test_memory_keeps_nothing(serve, tmp_path):
    first = serve("--memory")
    first.client("sqs").create_queue(QueueName="gone")
    first.stop()
    assert "QueueUrls" not in serve("--memory").client("sqs").list_queues()
