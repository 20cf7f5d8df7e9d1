"""A whole run of the pipeline, driven by boto3 alone, and the same by `till`."""
import collections
import json
from decimal import Decimal

import pytest
from boto_stack import BotoStack
from till_process import EXAMPLE, eventually, till

LARGE = 50000


@pytest.fixture
def stack(serve):
    made = BotoStack(serve()).up()
    yield made
    if made.server.process.poll() is None:
        print(made.explain())  # shown with a failure


def order(id, amount, item="kettle", **more):
    return json.dumps({"transaction_id": id, "amount": amount, "item": item, **more})


GOOD = [order(str(i), 10 * i + 1) for i in range(1, 41)]
LARGES = [order("large-1", 50000.01), order("large-2", 99999, note="with a field more"), order("large-3", "60000")]
# The bad orders and their reason codes (src/pipeline/transaction.h).
BAD = [
    (order("zero", 0), "AMOUNT_NONPOSITIVE"),
    (order("less", -5), "AMOUNT_NONPOSITIVE"),
    (order("word", "much"), "SCHEMA_TYPE"),
    (order("", 5), "SCHEMA_TYPE"),
    (order(7, 5), "SCHEMA_TYPE"),
    ('{"transaction_id": "no item", "amount": 5}', "SCHEMA_MISSING"),
    ('{"amount": 5, "item": "x"}', "SCHEMA_MISSING"),
    ('{"transaction_id": "dots", "amount": 1.2.3, "item": "x"}', "JSON_SYNTAX"),
    ('{"transaction_id": "twice", "amount": 1, "amount": 2, "item": "x"}', "JSON_SYNTAX"),
    ('{"transaction_id": "long", "amount": 1%s, "item": "x"}' % ("1" * 40), "AMOUNT_PRECISION"),
    ('"just text"', "SCHEMA_TYPE"),
]


def test_orders_go_from_the_bucket_to_the_tables(stack):
    exactly = order("limit", 50000)  # not above the threshold
    same = order("1", 11)            # again, spelled alike
    changed = order("2", 77777)      # the same id, another order
    document = "[" + ",\n".join([*GOOD, *LARGES, exactly, same, *(text for text, _ in BAD)]) + "]"
    upload = stack.put(document)
    row = stack.ingested(upload)
    assert row["state"] == "DONE"
    assert int(row["read"]) == len(GOOD) + len(LARGES) + 2 + len(BAD)
    stack.drained()

    rows = {r["transaction_id"]: r for r in stack.rows(stack.orders_table)}
    assert set(rows) == {str(i) for i in range(1, 41)} | {"large-1", "large-2", "large-3", "limit"}
    for i in range(1, 41):
        assert Decimal(rows[str(i)]["amount"]) == 10 * i + 1 and rows[str(i)]["item"] == "kettle"
        assert "notify_state" not in rows[str(i)]
    assert all(r["source"].startswith(upload + "#") for r in rows.values())
    assert {r["source"] for r in rows.values()} - {f"{upload}#{i}" for i in range(len(GOOD) + len(LARGES) + 2)} == set()
    assert "notify_state" not in rows["limit"]
    assert json.loads(rows["large-2"]["raw"])["note"] == "with a field more"

    bad = {r["body"]: r for r in stack.rows(stack.quarantine_table)}
    assert {body: r["reason"] for body, r in bad.items()} == dict(BAD)
    assert all(r["message"] and int(r["body_bytes"]) == len(body) for body, r in bad.items())

    notifications = stack.notifications(3)
    assert set(notifications) == {"large-1", "large-2", "large-3"}
    for id, envelope in notifications.items():
        message = json.loads(envelope["Message"], parse_float=Decimal)
        assert envelope["TopicArn"] == stack.topic_arn
        assert envelope["Subject"].startswith("Large order: ")
        assert message["transaction_id"] == message["event_id"] == id
        assert message["amount"] == Decimal(rows[id]["amount"]) > LARGE
        assert message["threshold"] == LARGE and message["item"] == "kettle"
    eventually(lambda: all(stack.order(id)["notify_state"] == "SENT" for id in notifications))

    second = stack.put("[" + changed + "]", "uploads/changed.json")
    assert int(stack.ingested(second)["read"]) == 1
    stack.drained()
    conflict = [r for r in stack.rows(stack.quarantine_table) if r["reason"] == "DUPLICATE_CONFLICT"]
    assert [r["source"] for r in conflict] == [second + "#0"]
    assert stack.order("2") == rows["2"], "the first one stands"
    assert stack.waiting("orders-dlq", "notify-dlq") == 0


def test_the_functions_say_what_they_did(stack):
    stack.ingested(stack.put("[" + ",".join(GOOD) + "]"))
    stack.drained()

    def lines(what):
        events = stack.logs.filter_log_events(logGroupName=f"/aws/lambda/{stack.prefix}-{what}")["events"]
        return [event["message"].rstrip("\n") for event in events]

    def complete():
        try:
            found = lines("process")
        except stack.logs.exceptions.ResourceNotFoundException:
            return None
        counted = sum(json.loads(line).get("stored", 0) for line in found if line.startswith("{"))
        return counted == len(GOOD) and found
    process = eventually(complete, 30, "log lines of the process function")
    for kind in ("START RequestId: ", "END RequestId: ", "REPORT RequestId: "):
        assert any(line.startswith(kind) for line in process), kind
        assert any(line.startswith(kind) for line in lines("ingest")), kind
    report = next(line for line in process if line.startswith("REPORT"))
    for field in ("Duration: ", "Billed Duration: ", "Memory Size: ", "Max Memory Used: "):
        assert field in report


def test_the_ingest_function_takes_the_original_invocation(stack):
    content = "[" + ",".join(GOOD[:3]) + "]"
    for body in ({"file_content": content}, {"file_content": json.loads("[" + GOOD[3] + "]")}):
        answer = stack.lambda_.invoke(FunctionName=f"{stack.prefix}-ingest", Payload=json.dumps(body))
        payload = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer and payload["statusCode"] == 200, payload
    eventually(lambda: len(stack.rows(stack.orders_table)) == 4, 60, "four orders")
    failed = stack.lambda_.invoke(FunctionName=f"{stack.prefix}-ingest", LogType="Tail",
                                  Payload=json.dumps({"file_content": "no orders"}))
    assert failed["FunctionError"] == "Unhandled"
    assert json.loads(failed["Payload"].read())["errorMessage"]
    assert failed["LogResult"]


def check_run(result):
    assert result.code == 0, result
    summary = result.json
    assert set(summary) >= {"read", "accepted", "quarantined", "duplicates", "large_orders_notified",
                            "orders_per_second", "latency_ms"}
    assert set(summary["latency_ms"]) == {"p50", "p99"}
    return summary


@pytest.mark.parametrize("against", ["a server", "the data directory"])
def test_till_does_the_same(serve, tmp_path, against):
    """The issue's main job, twice, then taken down again."""
    data = tmp_path / "data"
    if against == "a server":
        serve(data=data)  # commands find it through the data directory
    orders = json.loads(EXAMPLE.read_text())
    bad = [o for o in orders if o["amount"] <= 0]
    large = [o for o in orders if o["amount"] > LARGE]
    assert len(orders) == 100 and len(large) >= 2 and len(bad) >= 3, "the example is as the issue wants it"

    first = check_run(till("run", EXAMPLE, "--json", "--data", data))
    assert first["read"] == 100
    assert first["accepted"] == 100 - len(bad)
    assert first["quarantined"] == {"AMOUNT_NONPOSITIVE": len(bad)}
    assert first["duplicates"] == 0
    assert first["large_orders_notified"] == len(large)
    assert first["orders_per_second"] > 0 and 0 <= first["latency_ms"]["p50"] <= first["latency_ms"]["p99"]

    second = check_run(till("run", EXAMPLE, "--json", "--data", data))
    assert (second["read"], second["accepted"], second["quarantined"], second["duplicates"],
            second["large_orders_notified"]) == (100, 0, {}, 100, 0)
    people = till("run", EXAMPLE, "--data", data)
    assert people.code == 0 and "every order of this file had been processed before" in people.out

    if against != "a server":
        return
    listed = till("tx", "list", "--json", "--data", data, "--max", 1000).json["rows"]
    assert len(listed) == first["accepted"]
    quarantined = till("tx", "list", "--quarantine", "--json", "--data", data).json["rows"]
    assert collections.Counter(r["reason"] for r in quarantined) == first["quarantined"]
    got = till("tx", "get", large[0]["transaction_id"], "--json", "--data", data).json
    assert (got["amount"], got["item"], got["notify_state"]) == (large[0]["amount"], large[0]["item"], "SENT")


def test_up_status_down_leaves_nothing(serve, tmp_path):
    server = serve(data=tmp_path / "data")
    data = ("--data", tmp_path / "data")
    created = till("up", "--json", *data)
    assert created.code == 0, created
    assert {step["what"] for step in created.json["steps"]} <= {"created", "ready"}
    again = till("up", "--json", *data)
    assert {step["what"] for step in again.json["steps"]} <= {"unchanged", "ready"}
    kinds = collections.Counter(r["kind"] for r in till("status", "--json", *data).json["resources"])
    assert kinds["table"] == 3 and kinds["queue"] == 4 and kinds["function"] == 3 and kinds["role"] == 3
    assert kinds["mapping"] == 2 and kinds["topic"] == 2 and kinds["bucket"] == 1 and kinds["alarm"] == 10
    assert till("ingest", EXAMPLE, "--json", *data).code == 0  # something to remove
    down = till("down", "--yes", "--json", *data)
    assert down.code == 0, down
    assert down.json["left"] == []
    assert till("status", "--json", *data).json["resources"] == []
    assert server.client("s3").list_buckets()["Buckets"] == []
    assert "QueueUrls" not in server.client("sqs").list_queues()
    assert server.client("sns").list_topics()["Topics"] == []
    assert server.client("dynamodb").list_tables()["TableNames"] == []
    assert server.client("lambda").list_functions()["Functions"] == []
    assert server.client("lambda").list_event_source_mappings()["EventSourceMappings"] == []
    assert server.client("iam").list_roles()["Roles"] == []
    groups = [group["logGroupName"] for group in server.client("logs").describe_log_groups()["logGroups"]]
    assert groups == [], "late log lines must not bring a removed function's group back"
    assert till("down", "--yes", "--json", *data).code == 0, "down of nothing is fine"
