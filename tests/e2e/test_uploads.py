"""`till uploads`: what came into the bucket, by whom ever, and what became of it."""
import json

import pytest
from till_process import EXAMPLE, eventually, till

OK, FAILED, USAGE, CHECK_FAILED = range(4)  # src/cli/exit_code.h


@pytest.fixture
def stack(serve):
    server = serve()
    run = till("run", EXAMPLE, "--data", server.data)
    assert run.code == OK

    def command(*arguments):
        return till(*arguments, "--data", server.data)
    command.s3 = server.client("s3")
    return command


def test_what_came_into_the_bucket_is_listed(stack):
    assert stack("uploads", "list", "--failed", "--json").json == {"uploads": []}
    [done] = stack("uploads", "list", "--json").json["uploads"]
    stack.s3.put_object(Bucket=done["bucket"], Key="by hand.csv", Body=b"id,amount\n1,2\n")
    listed = eventually(lambda: [upload for upload in stack("uploads", "list", "--json").json["uploads"]
                                 if upload["state"] == "FAILED"] and stack("uploads", "list", "--json").json["uploads"])
    assert [upload["state"] for upload in listed] == ["FAILED", "DONE"], "the newest first"
    failed, done = listed
    assert failed["key"] == "by hand.csv" and "neither a JSON array" in failed["error"] and failed["read"] == 0
    assert done["read"] == 100 and done["error"] is None and done["key"].endswith("/ecommerce_100_transactions.json")
    text = stack("uploads", "list", "--failed").out
    assert "by hand.csv" in text and "neither a JSON array" in text and done["upload_id"] not in text


def test_what_became_of_an_uploads_orders(stack):
    [done] = stack("uploads", "list", "--json").json["uploads"]
    shown = stack("uploads", "show", done["upload_id"], "--json")
    assert shown.code == OK and shown.json == {**done, "read": 100, "accepted": 96, "updated": 0, "superseded": 0, "duplicates": 0, "missing": 0, "discarded": 0,
                                               "quarantined": {"AMOUNT_NONPOSITIVE": 4}, "large_orders_notified": 4, "large_orders_pending": 0}
    assert "accepted       96" in stack("uploads", "show", done["upload_id"]).out
    stack.s3.put_object(Bucket=done["bucket"], Key="again", Body=EXAMPLE.read_bytes() + b" and more")
    cut = eventually(lambda: next((upload for upload in stack("uploads", "list", "--failed", "--json").json["uploads"]), None))
    shown = stack("uploads", "show", cut["upload_id"], "--json")
    assert shown.code == CHECK_FAILED and "follows the JSON array" in shown.json["error"]
    assert shown.json["read"] == shown.json["duplicates"] == 100
    missing = stack("uploads", "show", "nothing")
    assert missing.code == FAILED and "nothing" in missing.err
    assert json.loads(stack("uploads", "list", "--json").out)["uploads"]


def test_an_alarm_tells_of_a_file_that_could_not_be_read(virtual_till):
    data = ["--data", virtual_till.data]
    assert till("up", *data).code == OK
    s3, cloudwatch = virtual_till.client("s3"), virtual_till.client("cloudwatch")
    [bucket] = [each["Name"] for each in s3.list_buckets()["Buckets"]]
    s3.put_object(Bucket=bucket, Key="orders.csv", Body=b"id,amount\n1,2\n")

    def state():
        virtual_till.advance(60)
        return cloudwatch.describe_alarms(AlarmNames=["tillstream-uploads"])["MetricAlarms"][0]["StateValue"]
    eventually(lambda: state() == "ALARM")
    assert till("uploads", "list", "--failed", "--json", *data).json["uploads"][0]["key"] == "orders.csv"
