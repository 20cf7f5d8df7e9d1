"""Nothing fails silently: errors of called services, metrics, alarms, and what `till ingest` tells of an ingest function
that does not read its file."""
import datetime
import io
import json
import signal
import time
import zipfile

import pytest
from till_process import EXAMPLE, PATIENCE, eventually, running, till

OK, FAILED, USAGE, CHECK_FAILED = range(4)  # src/cli/exit_code.h


def order(id, amount=5):
    return json.dumps({"transaction_id": id, "amount": amount, "item": "kettle"})


@pytest.fixture
def stack(serve):
    server = serve()
    assert till("up", "--data", server.data).code == OK
    return server


def log_lines(server, function, message):
    events = server.client("logs").filter_log_events(logGroupName=f"/aws/lambda/tillstream-{function}")["events"]
    lines = [json.loads(event["message"]) for event in events if event["message"].startswith("{")]
    return [line for line in lines if line.get("message") == message]


def forbid(server, function, *actions):
    """Takes the actions away from a function's role."""
    iam, role = server.client("iam"), f"tillstream-{function}"
    [policy] = iam.list_role_policies(RoleName=role)["PolicyNames"]
    document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
    denied = [{"Effect": "Deny", "Action": action, "Resource": "*"} for action in actions]
    document["Statement"] += denied
    iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=json.dumps(document))


def series(server, metric, **dimensions):
    now = datetime.datetime.now(datetime.timezone.utc)
    points = server.client("cloudwatch").get_metric_statistics(
        Namespace="Tillstream", MetricName=metric, StartTime=now - datetime.timedelta(hours=1),
        EndTime=now + datetime.timedelta(minutes=5), Period=3600, Statistics=["Sum"],
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()])["Datapoints"]
    return sum(point["Sum"] for point in points)


# ---- the log


def test_an_error_of_a_service_is_told_once_per_invocation(stack):
    forbid(stack, "process", "dynamodb:*")
    queue = stack.client("sqs").get_queue_url(QueueName="tillstream-orders")["QueueUrl"]
    entries = [{"Id": str(i), "MessageBody": order(f"denied-{i}")} for i in range(10)]
    stack.client("sqs").send_message_batch(QueueUrl=queue, Entries=entries)
    done = lambda: sum(line["retried"] for line in log_lines(stack, "process", "processed")) >= 10
    eventually(done, 30, "ten orders that are to be tried again")
    told = log_lines(stack, "process", "a call failed")
    assert {line["code"] for line in told} >= {"AccessDeniedException"}, told
    for line in told:
        assert line["level"] == "ERROR" and line["operation"].startswith("dynamodb:")
    [put] = {line["error"] for line in told if line["operation"] == "dynamodb:PutItem"}
    assert "not authorized to perform: dynamodb:PutItem" in put and "tillstream-process" in put
    kinds = [(line["function_request_id"], line["operation"], line["code"]) for line in told]
    assert len(kinds) == len(set(kinds)), "each kind once"
    assert all(line["failed_calls"] >= line["retried"] for line in log_lines(stack, "process", "processed"))


def test_what_is_expected_is_no_error(stack):
    for again in range(2):
        assert till("ingest", EXAMPLE, "--json", "--data", stack.data).code == OK
    eventually(lambda: sum(line["duplicate"] for line in log_lines(stack, "process", "processed")) == 100)
    for function in ("ingest", "process"):
        assert log_lines(stack, function, "a call failed") == []


# ---- metrics


def test_what_became_of_orders_is_counted(stack, tmp_path):
    (tmp_path / "orders.ndjson").write_bytes("\n".join(
        [order("1"), order("2"), order("1"), order("bad-1", 0), order("bad-2", -1), '{"transaction_id": "3"}']).encode() +
        b'\n{"transaction_id": "latin", "amount": 5, "item": "caf\xe9"}\n')
    assert till("ingest", tmp_path / "orders.ndjson", "--data", stack.data).code == OK
    counted = lambda: series(stack, "OrdersProcessed", Stack="tillstream")
    assert eventually(lambda: counted() == 7 and 7, 30, "metrics of seven orders") == 7
    assert series(stack, "OrdersAccepted", Stack="tillstream") == 2
    assert series(stack, "OrdersQuarantined", Stack="tillstream") == 4
    for reason, count in (("AMOUNT_NONPOSITIVE", 2), ("SCHEMA_MISSING", 1), ("ENCODING", 1)):
        assert series(stack, "OrdersQuarantined", Stack="tillstream", Reason=reason) == count
    shown = till("metrics", "--json", "--data", stack.data).json["metrics"]
    assert [row["sum"] for row in shown if row["metric"] == "OrdersAccepted"] == [2], "the stack's own are among them"


def test_a_repeated_event_of_a_failed_upload_counts_once(stack):
    s3, lambda_ = stack.client("s3"), stack.client("lambda")
    [bucket] = [each["Name"] for each in s3.list_buckets()["Buckets"]]
    etag = s3.put_object(Bucket=bucket, Key="no orders", Body=b"no orders")["ETag"].strip('"')
    failed = lambda: till("uploads", "list", "--failed", "--json", "--data", stack.data).json["uploads"]
    eventually(failed)
    event = {"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "eventTime": "2024-01-02T03:04:05Z",
                          "s3": {"bucket": {"name": bucket}, "object": {"key": "no+orders", "eTag": etag, "size": 9}}}]}
    for again in range(2):
        answer = lambda_.invoke(FunctionName="tillstream-ingest", Payload=json.dumps(event))
        assert "FunctionError" not in answer, answer["Payload"].read()
    assert len(failed()) == 1
    eventually(lambda: len(log_lines(stack, "ingest", "ingested")) == 3)
    assert series(stack, "UploadsFailed", Stack="tillstream") == 1


def test_notifications_that_do_not_get_out_set_off_an_alarm(virtual_till):
    data = ["--data", virtual_till.data]
    assert till("up", *data).code == OK
    sqs, cloudwatch = virtual_till.client("sqs"), virtual_till.client("cloudwatch")
    # Somebody else's lease, which does not run out.
    virtual_till.client("dynamodb").put_item(TableName="tillstream-orders", Item={
        "transaction_id": {"S": "large"}, "amount": {"N": "60000"}, "item": {"S": "x"}, "notify_state": {"S": "PENDING"},
        "stored_at": {"N": "1600000000000"}, "lease_until": {"N": "9999999999999"}})
    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName="tillstream-notify")["QueueUrl"],
                     MessageBody='{"transaction_id":"large"}')

    def state():
        virtual_till.advance(60)
        return cloudwatch.describe_alarms(AlarmNames=["tillstream-notification-age"])["MetricAlarms"][0]["StateValue"]
    eventually(lambda: state() == "ALARM")


def test_an_alarm_tells_of_too_many_refused_orders(virtual_till):
    data = ["--data", virtual_till.data]
    assert till("up", *data).code == OK and till("plan", *data).code == OK, "the alarm is as the plan wants it"
    sqs, cloudwatch = virtual_till.client("sqs"), virtual_till.client("cloudwatch")
    queue = sqs.get_queue_url(QueueName="tillstream-orders")["QueueUrl"]
    for i, amount in enumerate([5] * 15 + [0]):
        sqs.send_message(QueueUrl=queue, MessageBody=order(f"rate-{i}", amount))

    def state():
        virtual_till.advance(60)
        [alarm] = cloudwatch.describe_alarms(AlarmNames=["tillstream-quarantine-rate"])["MetricAlarms"]
        return alarm["StateValue"], alarm["StateReason"]
    _, reason = eventually(lambda: (found := state())[0] == "ALARM" and found)
    assert "6.25" in reason, "1 of 16"


# ---- till ingest


def break_code(server, what):
    """Puts a package in place of the ingest function's that cannot start."""
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o755 << 16
        archive.writestr(entry, what)
    server.client("lambda").update_function_code(FunctionName="tillstream-ingest", ZipFile=package.getvalue())


def retries(server, count):
    server.client("lambda").put_function_event_invoke_config(FunctionName="tillstream-ingest", MaximumRetryAttempts=count)


def test_a_broken_package_is_told_within_seconds(stack):
    break_code(stack, "#!/bin/sh\necho 'cannot open shared object file' >&2\nexit 1\n")
    retries(stack, 0)
    began = time.monotonic()
    result = till("ingest", EXAMPLE, "--data", stack.data)
    assert time.monotonic() - began < 20 * PATIENCE
    assert result.code == FAILED and "is not tried again" in result.err, result
    assert "cannot open shared object file" in result.err


def test_a_function_that_may_not_is_told_and_waited_for(stack):
    """The event comes again, so the command goes on."""
    forbid(stack, "ingest", "dynamodb:PutItem")
    with running("ingest", EXAMPLE, "--data", stack.data) as command:
        command.said("not authorized to perform: dynamodb:PutItem", 15)
        command.said("the ingest function: s3://")
        assert command.poll() is None
        command.send_signal(signal.SIGINT)
        assert command.wait(timeout=30 * PATIENCE) == 130


def test_one_that_is_not_tried_again_ends_the_command(stack):
    forbid(stack, "ingest", "s3:GetObject")
    retries(stack, 0)
    result = till("ingest", EXAMPLE, "--data", stack.data)
    assert result.code == FAILED, result
    assert "s3:GetObject" in result.err and "is not tried again" in result.err


def test_a_function_that_nobody_may_call(stack):
    lambda_ = stack.client("lambda")
    statement = json.loads(lambda_.get_policy(FunctionName="tillstream-ingest")["Policy"])["Statement"][0]["Sid"]
    lambda_.remove_permission(FunctionName="tillstream-ingest", StatementId=statement)
    result = till("ingest", EXAMPLE, "--data", stack.data)
    assert result.code == FAILED and "permission" in result.err and "`till up` mends it" in result.err, result


def test_a_throttled_function_is_told_and_waited_for(stack):
    lambda_ = stack.client("lambda")
    lambda_.put_function_concurrency(FunctionName="tillstream-ingest", ReservedConcurrentExecutions=0)
    with running("ingest", EXAMPLE, "--data", stack.data) as command:
        command.said("it is throttled", 20)
        lambda_.delete_function_concurrency(FunctionName="tillstream-ingest")
        assert command.wait(timeout=60 * PATIENCE) == OK
        assert [line for line in command.lines if line.split() == ["accepted", "96"]]


# ---- what is missing


def test_orders_of_others_keep_nobody_waiting(stack, tmp_path):
    """The queue's counter never comes to nothing, and the rows say that all is there."""
    sqs = stack.client("sqs")
    queue = sqs.get_queue_url(QueueName="tillstream-orders")["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody=order("later"), DelaySeconds=900)
    result = till("ingest", EXAMPLE, "--json", "--data", stack.data, timeout=60)
    assert result.code == OK and result.json["accepted"] == 96 and result.json["missing"] == 0, result


def test_what_the_process_function_fails_with_is_told(stack):
    """Orders that come again and again keep the command waiting, for minutes."""
    forbid(stack, "process", "dynamodb:*")
    with running("ingest", EXAMPLE, "--data", stack.data) as command:
        command.said("till: the process function: dynamodb:PutItem: AccessDeniedException: ", 45)
        command.send_signal(signal.SIGINT)
        assert command.wait(timeout=30 * PATIENCE) == 130
    assert len([line for line in command.lines if "dynamodb:PutItem" in line]) == 1
