"""The commands that look after a stack: plan, up, down, alarms, logs, metrics, invoke, deploy, dlq, tx clear."""
import concurrent.futures
import contextlib
import json
import os
import pty
import select
import shutil
import signal
import socket
import subprocess
import threading
import time
import zipfile

import pytest
from peers import Onlooker
from till_process import BINARY, EXAMPLE, FUNCTIONS, PATIENCE, TillServer, clean_environment, eventually, till

OK, FAILED, USAGE, CHECK_FAILED, UNREACHABLE = range(5)  # src/cli/exit_code.h
ORDER = {"transaction_id": "t-1", "amount": 12.5, "item": "kettle"}


class Stack:
    """An engine with the stack up, and `till` with the arguments that lead there."""

    def __init__(self, data):
        self.server = TillServer(data)
        self.name = "tillstream"
        assert self("up").code == OK

    def __call__(self, *arguments, **more):
        return till(*arguments, "--data", self.server.data, **more)

    def client(self, service):
        return self.server.client(service)

    def queue(self, what):
        return self.client("sqs").get_queue_url(QueueName=f"tillstream-{what}")["QueueUrl"]


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    started = Stack(tmp_path_factory.mktemp("commands") / "data")
    yield started
    started.server.stop()


@pytest.fixture
def stack(tmp_path):
    started = Stack(tmp_path / "data")
    yield started
    started.server.stop()


def actions(planned):
    return {(step["kind"], step["name"]): step["action"] for step in planned.json["plan"] if step["action"] != "leave"}


# ---- plan, up, down


def test_a_plan_changes_nothing_and_up_does_it(serve, tmp_path):
    server = serve(data=tmp_path / "data")
    data = ("--data", tmp_path / "data")
    planned = till("plan", "--json", *data)
    assert planned.code == CHECK_FAILED
    assert {step["action"] for step in planned.json["plan"]} == {"create"}
    assert server.client("dynamodb").list_tables()["TableNames"] == []
    made = till("up", "--json", *data)
    assert made.code == OK, made
    assert made.json["plan"] == planned.json["plan"]
    assert {step["what"] for step in made.json["steps"]} == {"created"}
    assert [step["name"] for step in made.json["steps"]] == [step["name"] for step in planned.json["plan"]]
    again = till("plan", "--json", *data)
    assert again.code == OK, actions(again)
    assert {step["what"] for step in till("up", "--json", *data).json["steps"]} == {"unchanged"}
    people = till("plan", *data)
    assert people.code == OK and "0 to create, 0 to change, 0 to replace" in people.out


def test_roles_may_do_nothing_beyond_named_resources(shared):
    iam = shared.client("iam")
    for function in ("ingest", "process", "sweep"):
        document = iam.get_role_policy(RoleName=f"tillstream-{function}", PolicyName="tillstream")["PolicyDocument"]
        for statement in document["Statement"]:
            assert all("*" not in action for action in statement["Action"])
            assert all("tillstream" in resource for resource in statement["Resource"]), statement


def drift(stack):
    """Changes one thing of each kind, as a hand in the wrong place would; answers what the plan must say."""
    name = lambda what: f"tillstream-{what}"
    lambda_, iam, sns = stack.client("lambda"), stack.client("iam"), stack.client("sns")
    stack.client("sqs").set_queue_attributes(QueueUrl=stack.queue("orders"), Attributes={"VisibilityTimeout": "30"})
    stack.client("sqs").set_queue_attributes(QueueUrl=stack.queue("notify"), Attributes={"RedrivePolicy": ""})
    stack.client("sqs").add_permission(QueueUrl=stack.queue("orders-dlq"), Label="anybody", AWSAccountIds=["999999999999"],
                                       Actions=["ReceiveMessage"])
    iam.delete_role_policy(RoleName=name("process"), PolicyName="tillstream")
    iam.put_role_policy(RoleName=name("sweep"), PolicyName="extra", PolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}))
    lambda_.update_function_configuration(FunctionName=name("process"), Timeout=3)
    lambda_.remove_permission(FunctionName=name("ingest"), StatementId="s3-invokes-ingest")
    [mapping] = lambda_.list_event_source_mappings(FunctionName=name("process"))["EventSourceMappings"]
    lambda_.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    eventually(lambda: lambda_.get_event_source_mapping(UUID=mapping["UUID"])["State"] == "Disabled")
    [bucket] = [each["Name"] for each in stack.client("s3").list_buckets()["Buckets"]]
    stack.client("s3").put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    stack.client("cloudwatch").disable_alarm_actions(AlarmNames=[name("errors")])
    stack.client("cloudwatch").delete_alarms(AlarmNames=[name("throttle")])
    [topic] = [t["TopicArn"] for t in sns.list_topics()["Topics"] if t["TopicArn"].endswith("large-orders")]
    sns.delete_topic(TopicArn=topic)
    stack.client("logs").delete_retention_policy(logGroupName="/aws/lambda/tillstream-sweep")
    return {
        ("queue", name("orders")): "change", ("queue", name("notify")): "change",
        ("queue", name("orders-dlq")): "change", ("role", name("process")): "change",
        ("role", name("sweep")): "change", ("function", name("process")): "change",
        ("permission", f"{bucket} may invoke tillstream-ingest"): "create",
        ("mapping", "tillstream-orders -> tillstream-process"): "change",
        ("notification", f"{bucket} -> tillstream-ingest"): "create", ("alarm", name("errors")): "change",
        ("alarm", name("throttle")): "create", ("topic", name("large-orders")): "create",
        ("log group", "/aws/lambda/tillstream-sweep"): "change"}


def test_up_repairs_what_has_changed(stack, tmp_path):
    wanted = drift(stack)
    planned = stack("plan", "--json")
    assert planned.code == CHECK_FAILED
    assert actions(planned) == wanted
    [queue] = [step for step in planned.json["plan"] if step["name"] == "tillstream-orders" and step["kind"] == "queue"]
    assert queue["differences"] == [{"property": "VisibilityTimeout", "actual": "30", "wanted": "90"}]
    assert "VisibilityTimeout: 30 -> 90" in stack("plan").out
    mended = stack("up", "--json")
    assert mended.code == OK, mended
    left = stack("plan", "--json")
    assert left.code == OK, actions(left)
    assert stack.client("iam").list_role_policies(RoleName="tillstream-sweep")["PolicyNames"] == ["tillstream"]
    dead_letters = stack.client("sqs").get_queue_attributes(QueueUrl=stack.queue("orders-dlq"), AttributeNames=["All"])
    assert "Policy" not in dead_letters["Attributes"]
    document = tmp_path / "orders.json"
    document.write_text(json.dumps([ORDER]))
    assert stack("ingest", document, "--json").json["accepted"] == 1


def quiet_drift(stack):
    """What looks like nothing and stops, loses or misleads orders and notifications; answers what the plan must say."""
    lambda_, sqs, sns = stack.client("lambda"), stack.client("sqs"), stack.client("sns")
    cloudwatch, s3, dynamodb = stack.client("cloudwatch"), stack.client("s3"), stack.client("dynamodb")
    account = stack.server.account
    arn = lambda service, what: f"arn:aws:{service}:us-east-1:{account}:{what}"
    sqs.set_queue_attributes(QueueUrl=stack.queue("orders"), Attributes={"MaximumMessageSize": "1024"})
    sqs.set_queue_attributes(QueueUrl=stack.queue("orders-dlq"), Attributes={
        "DelaySeconds": "900", "RedriveAllowPolicy": json.dumps({"redrivePermission": "denyAll"}),
        "RedrivePolicy": json.dumps({"deadLetterTargetArn": arn("sqs", "tillstream-notify-dlq"), "maxReceiveCount": 1})})
    sns.set_topic_attributes(TopicArn=arn("sns", "tillstream-alarms"), AttributeName="Policy", AttributeValue=json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "sns:Publish",
                                                 "Resource": arn("sns", "tillstream-alarms")}]}))
    lambda_.put_function_concurrency(FunctionName="tillstream-process", ReservedConcurrentExecutions=0)
    variables = lambda_.get_function_configuration(FunctionName="tillstream-sweep")["Environment"]["Variables"]
    lambda_.update_function_configuration(FunctionName="tillstream-sweep", Environment={
        "Variables": {**variables, "TILL_LARGE_ORDER_THRESHOLD": "much"}})
    lambda_.update_function_configuration(FunctionName="tillstream-ingest", LoggingConfig={"LogGroup": "/elsewhere"})
    lambda_.publish_version(FunctionName="tillstream-sweep")
    lambda_.create_event_source_mapping(FunctionName="tillstream-sweep:1", EventSourceArn=arn("sqs", "tillstream-notify"))
    [bucket] = [each["Name"] for each in s3.list_buckets()["Buckets"]]
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"LambdaFunctionConfigurations": [
        {"Id": "by-hand", "LambdaFunctionArn": arn("lambda", "function:tillstream-ingest"),
         "Events": ["s3:ObjectCreated:Put"]}]})
    [errors] = cloudwatch.describe_alarms(AlarmNames=["tillstream-errors"])["MetricAlarms"]
    cloudwatch.put_metric_alarm(Unit="Seconds", **{name: value for name, value in errors.items() if name in (
        "AlarmName", "AlarmActions", "Namespace", "MetricName", "Dimensions", "Statistic", "Period", "EvaluationPeriods",
        "Threshold", "ComparisonOperator", "TreatMissingData")})
    cloudwatch.delete_alarms(AlarmNames=["tillstream-throttle"])
    cloudwatch.put_composite_alarm(AlarmName="tillstream-throttle", AlarmRule='ALARM("tillstream-errors")')
    dynamodb.update_time_to_live(TableName="tillstream-orders", TimeToLiveSpecification={
        "Enabled": True, "AttributeName": "stored_at"})
    dynamodb.update_table(TableName="tillstream-uploads", BillingMode="PROVISIONED", ProvisionedThroughput={
        "ReadCapacityUnits": 1, "WriteCapacityUnits": 1})
    return {
        ("queue", "tillstream-orders"): "change", ("queue", "tillstream-orders-dlq"): "change",
        ("topic", "tillstream-alarms"): "change", ("function", "tillstream-process"): "change",
        ("function", "tillstream-sweep"): "change", ("function", "tillstream-ingest"): "change",
        ("mapping", "tillstream-notify -> tillstream-sweep"): "change",
        ("notification", f"{bucket} -> tillstream-ingest"): "change", ("alarm", "tillstream-errors"): "change",
        ("alarm", "tillstream-throttle"): "replace", ("table", "tillstream-orders"): "change",
        ("table", "tillstream-uploads"): "change"}


def test_up_repairs_what_nobody_would_see(stack, tmp_path):
    wanted = quiet_drift(stack)
    planned = stack("plan", "--json")
    assert planned.code == CHECK_FAILED and actions(planned) == wanted
    people = stack("plan").out
    for line in ("may run: no: its reserved concurrency is 0 -> yes", "rows expire by: stored_at -> nothing",
                 "TILL_LARGE_ORDER_THRESHOLD: much -> a number", "unit: Seconds -> any", "DelaySeconds: 900 -> 0"):
        assert line in people, people
    assert "tillstream-notify -> tillstream-sweep:1" in stack("status").out
    mended = stack("up", "--json")
    assert mended.code == OK, mended
    left = stack("plan", "--json")
    assert left.code == OK, actions(left)
    assert "tillstream-throttle" in {alarm["name"] for alarm in stack("alarms", "list", "--json").json["alarms"]}
    variables = stack.client("lambda").get_function_configuration(
        FunctionName="tillstream-sweep")["Environment"]["Variables"]
    assert variables["TILL_LARGE_ORDER_THRESHOLD"] == "50000"
    document = tmp_path / "orders.json"
    document.write_text(json.dumps([{**ORDER, "note": "x" * 5000}]))
    assert stack("ingest", document, "--json").json["accepted"] == 1
    stack.client("lambda").put_function_concurrency(FunctionName="tillstream-process", ReservedConcurrentExecutions=3)
    assert stack("plan").code == OK, "a limit is a choice"


def test_two_who_make_the_same_stack(serve, tmp_path):
    server = serve(data=tmp_path / "data")
    with concurrent.futures.ThreadPoolExecutor() as pool:
        runs = list(pool.map(lambda _: till("run", EXAMPLE, "--json", "--endpoint", server.endpoint), range(3)))
    assert [run.code for run in runs] == [OK] * 3, runs
    assert sum(run.json["accepted"] for run in runs) == 96
    assert till("plan", "--endpoint", server.endpoint).code == OK


def test_up_looks_again_for_what_another_removes_meanwhile(stack):
    topic = stack.client("sns").create_topic(Name="tillstream-alarms")["TopicArn"]
    stack.client("sns").delete_topic(TopicArn=topic)
    removed = []

    def remove_once(piece):  # when `up` is at the topic it has found the log group there
        if b"CreateTopic" in piece and not removed:
            removed.append(stack.client("logs").delete_log_group(logGroupName="/aws/lambda/tillstream-sweep"))
    through = Onlooker(int(stack.server.endpoint.rsplit(":", 1)[1]), remove_once)
    made = till("up", "--endpoint", f"http://127.0.0.1:{through.port}")
    assert made.code == OK and removed and "/aws/lambda/tillstream-sweep (created)" in made.out, made
    assert stack("plan").code == OK

    def remove_each_time(piece):
        if b"DescribeLogGroups" in piece:
            with contextlib.suppress(stack.client("logs").exceptions.ResourceNotFoundException):
                stack.client("logs").delete_log_group(logGroupName="/aws/lambda/tillstream-sweep")
    through = Onlooker(int(stack.server.endpoint.rsplit(":", 1)[1]), remove_each_time)
    made = till("up", "--endpoint", f"http://127.0.0.1:{through.port}")
    assert made.code == FAILED and "log group /aws/lambda/tillstream-sweep does not stay" in made.err, made
    assert till("up", "--data", stack.server.data).code == OK and stack("plan").code == OK


def test_a_threshold_stays_until_another_is_given(stack):
    read = lambda: stack.client("lambda").get_function_configuration(
        FunctionName="tillstream-process")["Environment"]["Variables"]["TILL_LARGE_ORDER_THRESHOLD"]
    assert read() == "50000"
    assert stack("up", "--threshold", "99.5").code == OK
    assert read() == "99.5"
    assert stack("up").code == OK and read() == "99.5"
    assert stack("plan", "--threshold", "100").code == CHECK_FAILED


def test_a_table_of_another_shape_is_replaced_only_when_told(serve, tmp_path):
    server = serve(data=tmp_path / "data")
    data = ("--data", tmp_path / "data")
    server.client("dynamodb").create_table(
        TableName="tillstream-orders", BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}])
    assert actions(till("plan", "--json", *data))["table", "tillstream-orders"] == "replace"
    for command in (("up",), ("run", EXAMPLE)):
        refused = till(*command, *data)
        assert refused.code == FAILED and "table tillstream-orders" in refused.err and "--replace" in refused.err
    assert server.client("dynamodb").list_tables()["TableNames"] == ["tillstream-orders"], "nothing was done"
    assert till("up", "--replace", *data).code == OK
    assert till("plan", *data).code == OK


def test_up_stops_at_a_failure_and_names_the_resource(serve, tmp_path):
    server = serve(data=tmp_path / "data")
    other = server.client("s3", key="123456789012")  # another account's bucket has the name
    bucket = f"tillstream-{server.account}-us-east-1"
    other.create_bucket(Bucket=bucket)
    failed = till("up", "--data", tmp_path / "data")
    assert failed.code == FAILED and bucket in failed.err, failed
    other.delete_bucket(Bucket=bucket)
    assert till("up", "--data", tmp_path / "data").code == OK, "it goes on from there"


def test_who_is_told(stack):
    told = ("--email", "a@example.com", "--email", "b@example.com")
    planned = stack("plan", "--json", *told, "--webhook", "https://example.com/hook")
    assert actions(planned) == {("subscription", f"tillstream-{topic} -> {to}"): "create"
                                for topic in ("large-orders", "alarms")
                                for to in ("a@example.com", "b@example.com", "https://example.com/hook")}
    assert stack("up", *told).code == OK
    assert stack("plan", *told).code == OK
    subscribed = stack.client("sns").list_subscriptions()["Subscriptions"]
    assert sorted(each["Endpoint"] for each in subscribed) == ["a@example.com"] * 2 + ["b@example.com"] * 2
    wrong = stack("up", "--webhook", "ftp://example.com")
    assert wrong.code == USAGE and "ftp://example.com" in wrong.err


def test_an_option_takes_one_value(stack, tmp_path):
    document = tmp_path / "orders.json"
    document.write_text(json.dumps([ORDER]))
    sent = stack("run", "--email", "a@example.com", document, "--json")
    assert sent.code == OK and sent.json["accepted"] == 1, sent
    assert stack("run", "--webhook", "http://127.0.0.1:9/x", document, "--json").code == OK
    assert stack("up", "--email", "a@example.com", "b@example.com").code == USAGE


def test_down_when_some_of_it_is_gone(stack):
    lambda_, sqs = stack.client("lambda"), stack.client("sqs")
    lambda_.delete_function(FunctionName="tillstream-process")
    sqs.delete_queue(QueueUrl=stack.queue("notify"))
    sqs.create_queue(QueueName="tillstream-drill-0a1b2c3d")  # as an interrupted drill would leave it
    stack.client("iam").put_role_policy(RoleName="tillstream-sweep", PolicyName="extra", PolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}))
    down = stack("down", "--yes", "--json")
    assert down.code == OK, down
    assert down.json["left"] == []
    what = {(step["kind"], step["name"]): step["what"] for step in down.json["steps"]}
    assert what["function", "tillstream-process"] == what["queue", "tillstream-notify"] == "absent"
    assert what["function", "tillstream-ingest"] == what["queue", "tillstream-drill-0a1b2c3d"] == "deleted"
    assert stack.client("cloudwatch").describe_alarms()["MetricAlarms"] == []
    assert stack.client("sns").list_subscriptions()["Subscriptions"] == []
    assert stack("plan", "--json").json["plan"][0]["action"] == "create"


def answer_on_a_terminal(stack, answer, *command):
    ours, theirs = pty.openpty()
    try:
        os.write(ours, answer)
        return subprocess.run([BINARY, *command, "--data", stack.server.data], stdin=theirs, capture_output=True, text=True,
                              env=clean_environment(), timeout=60)
    finally:
        os.close(ours)
        os.close(theirs)


def test_down_says_what_goes_and_asks(stack):
    assert stack("run", EXAMPLE).code == OK
    stack.client("sqs").send_message(QueueUrl=stack.queue("orders-dlq"), MessageBody="x")
    refused = stack("down", stdin="y\n")
    assert refused.code == USAGE and refused.out == "" and "--yes" in refused.err, refused
    for line in (str(stack.server.data), "orders            96", "quarantined       4", "uploaded objects  1", "messages          about 1", "4 queue"):
        assert line in refused.err, refused
    assert answer_on_a_terminal(stack, b"n\n", "down").returncode == FAILED
    assert len(stack("tx", "list", "--json", "--max", "1000").json["rows"]) == 96, "nothing has gone"
    assert answer_on_a_terminal(stack, b" Y \n", "down").returncode == OK
    assert stack("status", "--json").json["resources"] == []
    assert stack("down").code == OK, "there is nothing to ask about"


def test_down_says_that_there_is_no_data_directory(tmp_path):
    for flags in ([], ["--keep-data"]):
        down = till("down", "--yes", *flags, "--data", tmp_path / "none")
        assert down.code == OK and down.out == "" and f"no data directory at {tmp_path / 'none'}" in down.err, down
    assert till("down", "--yes", "--json", "--data", tmp_path / "none").json == {"steps": [], "left": [], "kept": []}
    assert not (tmp_path / "none").exists()


def test_down_says_what_is_left(stack):
    stack.client("sqs").create_queue(QueueName="tillstream-foreign")
    down = stack("down", "--yes")
    assert down.code == CHECK_FAILED and "queue tillstream-foreign" in down.err


def test_what_cannot_be_removed_keeps_nothing_else(stack):
    dynamodb = stack.client("dynamodb")
    dynamodb.update_table(TableName="tillstream-quarantine", DeletionProtectionEnabled=True)
    stack.client("cloudwatch").put_composite_alarm(AlarmName="mine", AlarmRule='ALARM("tillstream-duration")')
    down = stack("down", "--yes", "--json")
    assert down.code == FAILED and "alarm tillstream-duration" in down.err, down
    assert {(step["kind"], step["name"]) for step in down.json["left"]} == {
        ("alarm", "tillstream-duration"), ("table", "tillstream-quarantine")}
    [why] = [step["what"] for step in down.json["steps"] if step["name"] == "tillstream-duration"]
    assert why.startswith("not deleted: ") and "composite" in why
    dynamodb.update_table(TableName="tillstream-quarantine", DeletionProtectionEnabled=False)
    stack.client("cloudwatch").delete_alarms(AlarmNames=["mine"])
    assert stack("down", "--yes").code == OK


def test_a_stack_whose_name_begins_with_this_ones(stack):
    assert stack("up", "--stack", "tillstream-two").code == OK
    assert "tillstream-two" not in stack("status").out
    assert stack("down", "--yes").code == OK
    assert stack("plan", "--stack", "tillstream-two").code == OK
    assert stack("down", "--yes", "--stack", "tillstream-two", "--json").json["left"] == []


# ---- orders and dead letters


def test_clearing_the_tables(stack):
    dynamodb = stack.client("dynamodb")
    put = lambda table, key, count: [dynamodb.put_item(TableName=table, Item={key: {"S": str(i)}})
                                     for i in range(count)]
    put("tillstream-orders", "transaction_id", 60)
    put("tillstream-quarantine", "body_sha256", 3)
    refused = stack("tx", "clear", stdin="y\n")
    assert refused.code == USAGE and refused.out == "" and "--yes" in refused.err, refused
    for line in (str(stack.server.data), "60 orders", "3 quarantined"):
        assert line in refused.err, refused
    kept = answer_on_a_terminal(stack, b"n\n", "tx", "clear")
    assert kept.returncode == FAILED and "nothing was removed" in kept.stderr
    assert dynamodb.scan(TableName="tillstream-orders")["Count"] == 60
    assert stack("tx", "clear", "--yes", "--json").json == {"orders": 60, "quarantined": 3}
    assert dynamodb.scan(TableName="tillstream-orders")["Count"] == 0
    assert answer_on_a_terminal(stack, b"yes\n", "tx", "clear", "--json").stdout == '{"orders":0,"quarantined":0}\n'
    dynamodb.delete_table(TableName="tillstream-quarantine")
    missing = stack("tx", "clear", "--yes")
    assert missing.code == FAILED and "table tillstream-quarantine does not exist" in missing.err


def test_dead_letters_are_listed_and_sent_in_again(stack):
    sqs = stack.client("sqs")
    for i in range(3):
        sqs.send_message(QueueUrl=stack.queue("orders-dlq"),
                         MessageBody=json.dumps({**ORDER, "transaction_id": f"d{i}"}),
                         MessageAttributes={"source": {"DataType": "String", "StringValue": f"u-1#{i}"}})
    listed = stack("dlq", "list", "--json")
    assert sorted(m["source"] for m in listed.json["messages"]) == ["u-1#0", "u-1#1", "u-1#2"]
    assert all("given up after" in m["reason"] for m in listed.json["messages"])
    assert len(stack("dlq", "list", "--json").json["messages"]) == 3, "looking takes nothing away"
    assert "kettle" in stack("dlq", "list").out
    assert stack("dlq", "redrive", "--max", "1", "--json").json == {"moved": 1}
    assert len(stack("dlq", "list", "--json").json["messages"]) == 2
    assert stack("dlq", "redrive", "--json").json == {"moved": 2}
    assert stack("dlq", "list", "--json").json["messages"] == []
    for i in range(3):
        row = eventually(lambda: (r := stack("tx", "get", f"d{i}", "--json")).code == OK and r.json)
        assert row["source"] == f"u-1#{i}", "the message's attributes came along"
    assert stack("dlq", "redrive", "--json").json == {"moved": 0}


# ---- functions, logs, metrics


def test_invoking_a_function(shared):
    good = shared("invoke", "process", '{"Records": []}')
    assert good.code == OK and json.loads(good.out) == {"batchItemFailures": []}
    assert "START RequestId" in good.err and "REPORT RequestId" in good.err
    from_stdin = shared("invoke", "tillstream-process", "-", "--json", stdin='{"Records": []}')
    assert from_stdin.json["payload"] == {"batchItemFailures": []} and from_stdin.json["function_error"] is None
    failed = shared("invoke", "process", '{"Records": 5}', "--json")
    assert failed.code == CHECK_FAILED and failed.json["function_error"] == "Unhandled"
    assert failed.json["payload"]["errorType"] == "Pipeline.InvalidEvent"
    assert "tillstream-process failed" in failed.err
    assert shared("invoke", "process", '{"Records": []}', "--event", "--json").json["status_code"] == 202
    missing = shared("invoke", "nobody")
    assert missing.code == FAILED and "function nobody does not exist" in missing.err


def test_logs_of_the_functions(shared):
    shared("invoke", "process", '{"Records": 7}')
    seen = lambda *more: shared("logs", "process", "--since", "1h", "--json", *more).json["events"]
    events = eventually(lambda: [e for e in seen() if "REPORT" in e["message"]] and seen())
    assert {event["function"] for event in events} == {"process"}
    assert [e["timestamp"] for e in events] == sorted(e["timestamp"] for e in events)
    filtered = seen("--filter", "REPORT")
    assert filtered and all("REPORT" in event["message"] for event in filtered)
    assert "process  START RequestId" in shared("logs").out
    cut = shared("logs", "process", "--max", "1", "--json")
    assert len(cut.json["events"]) == 1 and cut.json["complete"] is False and "more than 1" in cut.err
    wrong = shared("logs", "--since", "yesterday")
    assert wrong.code == USAGE and "yesterday" in wrong.err
    assert shared("logs", "nobody").code == USAGE
    none = shared("logs", "process", "--stack", "other")
    assert none.code == FAILED and "/aws/lambda/other-process" in none.err and "till up" in none.err


def test_following_the_logs_until_ctrl_c(shared):
    process = subprocess.Popen([BINARY, "logs", "process", "--follow", "--since", "0s", "--json", "--data",
                                shared.server.data], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env=clean_environment())
    try:
        def shows_a_call():  # the first may come before it has begun to look
            shared("invoke", "process", '{"Records": []}')
            return select.select([process.stdout], [], [], 0.5)[0]
        eventually(shows_a_call, what="a line of the log")
        line = json.loads(process.stdout.readline())
        assert line["function"] == "process"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == OK and err == ""
    ids = [json.loads(each)["message"] for each in out.splitlines()]
    assert len(ids) == len(set(ids)), "nothing is shown twice"


def test_following_more_than_one_look_takes(shared):
    logs = shared.client("logs")
    where = {"logGroupName": "/aws/lambda/tillstream-sweep", "logStreamName": "much"}
    logs.create_log_stream(**where)
    now = int(time.time() * 1000)
    for begin in range(0, 15_000, 5_000):
        logs.put_log_events(**where, logEvents=[{"timestamp": now, "message": f"event {i}"}
                                                for i in range(begin, begin + 5_000)])
    process = subprocess.Popen([BINARY, "logs", "sweep", "--follow", "--since", "1h", "--data", shared.server.data],
                               stdout=subprocess.PIPE, text=True, env=clean_environment())
    patience = threading.Timer(60 * PATIENCE, process.kill)
    patience.start()
    try:
        seen = [process.stdout.readline() for _ in range(15_000)]
    finally:
        patience.cancel()
        process.kill()
    assert sum(" event " in line for line in seen) == 15_000


def test_metrics_of_the_last_hour(shared):
    cloudwatch = shared.client("cloudwatch")
    for value in (1, 2, 6):
        cloudwatch.put_metric_data(Namespace="Shop", MetricData=[{
            "MetricName": "Baskets", "Value": value, "Unit": "Count", "Dimensions": [{"Name": "Till", "Value": "3"}]}])
    [row] = shared("metrics", "Shop", "--json").json["metrics"]
    assert (row["metric"], row["dimensions"], row["unit"]) == ("Baskets", "Till=3", "Count")
    assert (row["samples"], row["sum"], row["average"], row["minimum"], row["maximum"]) == (3, 9, 3, 1, 6)
    assert "Baskets" in shared("metrics", "Shop").out
    assert not any(row["namespace"] == "Shop" for row in shared("metrics", "--json").json["metrics"])
    assert shared("metrics", "Nothing").out == "no metrics of Nothing in the last hour\n"
    wrong = shared("metrics", ":bad")
    assert wrong.code == FAILED and ":bad" in wrong.err


def test_deploying_code(stack, tmp_path):
    same = stack("deploy", "--json")
    assert [(f["function"], f["changed"]) for f in same.json["functions"]] == [
        (f"tillstream-{what}", False) for what in ("ingest", "process", "sweep")]
    other = tmp_path / "other.zip"
    shutil.copy(FUNCTIONS / "functions.zip", other)
    with zipfile.ZipFile(other, "a") as package:
        package.writestr("note.txt", "of this test")
    assert stack("deploy", "process", "--zip", other, "--json").json["functions"][0]["changed"] is True
    assert actions(stack("plan", "--json")) == {("function", "tillstream-process"): "change"}
    assert "updated" in stack("deploy", "process").out
    assert stack("plan").code == OK
    assert stack("deploy", "--zip", other).code == USAGE
    missing = stack("deploy", "process", "--zip", tmp_path / "none.zip")
    assert missing.code == FAILED and "none.zip" in missing.err
    (tmp_path / "bad.zip").write_bytes(b"no zip")
    bad = stack("deploy", "process", "--zip", tmp_path / "bad.zip")
    assert bad.code == FAILED and "tillstream-process" in bad.err
    absent = stack("deploy", "sweep", "--stack", "other")
    assert absent.code == FAILED and "function other-sweep does not exist" in absent.err


# ---- alarms


def test_deployments_that_meet(stack, tmp_path):
    package = tmp_path / "other.zip"
    with zipfile.ZipFile(package, "w") as archive:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o755 << 16
        archive.writestr(entry, "#!/bin/sh\n")
        archive.writestr("ballast", os.urandom(4 << 20))
    deploy = lambda i: stack("deploy", "process", *(("--zip", package) if i % 2 else ()))
    with concurrent.futures.ThreadPoolExecutor() as pool:
        done = list(pool.map(deploy, range(6)))
    assert [each.code for each in done] == [OK] * 6, done


def test_the_alarms_of_a_stack(shared):
    listed = shared("alarms", "list", "--json").json["alarms"]
    assert {alarm["name"] for alarm in listed} == {f"tillstream-{what}" for what in
                                                  ("errors", "ingest-errors", "sweep-errors", "duration", "throttle", "dead-letters",
                                                   "dead-letter-age", "uploads", "quarantine-rate", "notification-age")}
    assert "tillstream-dead-letters" in shared("alarms", "list").out
    topic = f"arn:aws:sns:us-east-1:{shared.server.account}:tillstream-alarms"
    for alarm in shared.client("cloudwatch").describe_alarms(AlarmNamePrefix="tillstream-")["MetricAlarms"]:
        assert alarm["AlarmActions"] == [topic] and alarm["ActionsEnabled"]
    none = shared("alarms", "list", "--stack", "other")
    assert none.code == FAILED and "other" in none.err


def test_a_drill_without_a_stack(virtual_till):
    for kind in ("error", "duration", "throttle"):
        result = till("alarms", "drill", kind, "--endpoint", virtual_till.endpoint)
        assert result.code == FAILED and "tillstream-alarms does not exist" in result.err, result
    assert till("alarms", "drill", "fire").code == USAGE


@pytest.fixture
def virtual_stack(virtual_till):
    assert till("up", "--endpoint", virtual_till.endpoint).code == OK
    return virtual_till


def leftovers(server):
    names = [url.rpartition("/")[2] for url in server.client("sqs").list_queues().get("QueueUrls", [])]
    names += server.client("dynamodb").list_tables()["TableNames"]
    names += [alarm["AlarmName"] for alarm in server.client("cloudwatch").describe_alarms()["MetricAlarms"]]
    names += [each["Endpoint"] for each in server.client("sns").list_subscriptions()["Subscriptions"]]
    return [name for name in names if "drill" in name]


@pytest.mark.parametrize("kind", ["error", "duration", "throttle"])
def test_a_drill_makes_the_alarm_go_off(virtual_stack, kind):
    began = time.monotonic()
    drill = till("alarms", "drill", kind, "--json", "--endpoint", virtual_stack.endpoint)
    assert drill.code == OK, drill
    assert drill.json["outcome"] == "arrived"
    assert any("the notification arrived" in step["step"] for step in drill.json["steps"])
    assert leftovers(virtual_stack) == []
    assert virtual_stack.client("dynamodb").scan(TableName="tillstream-orders")["Count"] == 0
    again = till("alarms", "drill", kind, "--endpoint", virtual_stack.endpoint)
    assert again.code == OK and "the notification arrived" in again.out, "also from ALARM"
    print(kind, "twice:", time.monotonic() - began)


def test_drills_that_meet(virtual_stack):
    drill = lambda _: till("alarms", "drill", "throttle", "--endpoint", virtual_stack.endpoint)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        both = list(pool.map(drill, range(2)))
    assert [each.code for each in both] == [OK, OK], both
    assert leftovers(virtual_stack) == []


def test_a_drill_whose_notification_cannot_come(virtual_stack):
    virtual_stack.client("cloudwatch").disable_alarm_actions(AlarmNames=["tillstream-errors"])
    drill = till("alarms", "drill", "error", "--timeout", "300", "--json", "--endpoint", virtual_stack.endpoint)
    assert drill.code == CHECK_FAILED, drill
    assert drill.json["outcome"] == "late" and "tillstream-errors" in drill.err
    assert leftovers(virtual_stack) == []


def test_a_drill_whose_engine_dies(serve, tmp_path):
    server = serve(data=tmp_path / "data")
    assert till("up", "--data", server.data).code == OK
    process = subprocess.Popen([BINARY, "alarms", "drill", "error", "--data", server.data], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, env=clean_environment())
    try:
        while "failed" not in process.stdout.readline():
            assert process.poll() is None
        server.kill()
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode in (FAILED, UNREACHABLE) and "is left" in err and "removed" not in out, out + err


def test_a_drill_ends_cleanly_at_ctrl_c(stack):
    stack.client("cloudwatch").disable_alarm_actions(AlarmNames=["tillstream-errors"])
    process = subprocess.Popen([BINARY, "alarms", "drill", "error", "--data", stack.server.data],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=clean_environment())
    try:
        while "failed" not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 130 and "interrupted" in err
    assert leftovers(stack.server) == []


def test_ctrl_c_ends_the_watching_and_not_the_work(stack):
    lambda_ = stack.client("lambda")
    mapping = next(m["UUID"] for m in lambda_.list_event_source_mappings()["EventSourceMappings"]
                   if m["EventSourceArn"].endswith("tillstream-orders"))
    lambda_.update_event_source_mapping(UUID=mapping, Enabled=False)
    process = subprocess.Popen([BINARY, "ingest", EXAMPLE, "--data", stack.server.data], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, env=clean_environment())
    try:
        while " of 100" not in process.stderr.readline():  # a poll that was under way may still have taken some
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 130 and out == "" and "interrupted: the orders are with the pipeline" in err
    lambda_.update_event_source_mapping(UUID=mapping, Enabled=True)
    eventually(lambda: len(stack("tx", "list", "--json").json["rows"]) == 96, what="the orders")


def test_the_next_run_reports_what_a_killed_one_did(stack):
    lambda_ = stack.client("lambda")
    mapping = next(m["UUID"] for m in lambda_.list_event_source_mappings()["EventSourceMappings"]
                   if m["EventSourceArn"].endswith("tillstream-orders"))
    lambda_.update_event_source_mapping(UUID=mapping, Enabled=False)
    process = subprocess.Popen([BINARY, "ingest", EXAMPLE, "--data", stack.server.data], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, env=clean_environment())
    try:
        while " of 100" not in process.stderr.readline():
            assert process.poll() is None
    finally:
        process.kill()
        process.communicate()
    lambda_.update_event_source_mapping(UUID=mapping, Enabled=True)
    rows = lambda *which: len(stack("tx", "list", *which, "--json").json["rows"])
    eventually(lambda: rows() == 96 and rows("--quarantine") == 4, what="the orders of the killed run")
    again = stack("ingest", EXAMPLE, "--json").json
    assert (again["accepted"], sum(again["quarantined"].values()), again["duplicates"]) == (96, 4, 0), again
    assert again["by_interrupted_runs"] == 100 and again["large_orders_notified"] > 0
    once_more = stack("ingest", EXAMPLE, "--json").json
    assert once_more["duplicates"] == 100 and "by_interrupted_runs" not in once_more


def test_a_service_that_does_not_answer_is_named_once():
    """It waits for the command's own ten seconds, which no clock of ours can shorten."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place = f"http://127.0.0.1:{silent.getsockname()[1]}"
        waiting = subprocess.Popen([BINARY, "status", "--endpoint", place], stderr=subprocess.PIPE, text=True,
                                   env=clean_environment(AWS_MAX_ATTEMPTS="1"))
        said = waiting.stderr.readline()
        waiting.terminate()
        rest = waiting.communicate(timeout=30)[1]
    assert said == f"till: waits for sts's answer at {place} to GetCallerIdentity since 10 s (Ctrl-C ends it)\n"
    assert waiting.returncode == -signal.SIGTERM and not rest, (waiting.returncode, rest)
