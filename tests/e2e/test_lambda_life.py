"""What happens to functions and their work when things change or go wrong: updates, limits, crashes, kill -9."""
import base64
import io
import json
import shutil
import threading
import zipfile

import pytest
from botocore.exceptions import ClientError
from lambda_functions import PYTHON, call, create, make_function, make_role, package, role  # noqa: F401 (fixtures)
from till_process import eventually, is_alive, make_client

needs_node = pytest.mark.skipif(not shutil.which("node"), reason="there is no node")


def tail_of(answer):
    return base64.b64decode(answer["LogResult"]).decode()


def queue_of(sqs, name, **attributes):
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


# ---- states

def test_states_of_creation_and_update(lambda_, role, name):
    made = lambda_.create_function(FunctionName=name, Runtime="python3.12", Handler="app.handler", Role=role.arn,
                                   Code={"ZipFile": package(app=PYTHON)})
    assert (made["State"], made["StateReasonCode"], made["StateReason"]) == (
        "Pending", "Creating", "The function is being created.")
    assert "LastUpdateStatus" not in made
    lambda_.get_waiter("function_active_v2").wait(FunctionName=name)
    active = lambda_.get_function_configuration(FunctionName=name)
    assert (active["State"], active["LastUpdateStatus"]) == ("Active", "Successful") and "StateReason" not in active
    updates = [lambda: lambda_.update_function_code(FunctionName=name, ZipFile=package(app=PYTHON + "\n")),
               lambda: lambda_.update_function_configuration(FunctionName=name, Timeout=9)]
    revisions = {made["RevisionId"], active["RevisionId"]}
    for update in updates:
        reply = update()
        assert (reply["State"], reply["LastUpdateStatus"]) == ("Active", "InProgress")
        lambda_.get_waiter("function_updated_v2").wait(FunctionName=name)
        revisions |= {reply["RevisionId"], lambda_.get_function_configuration(FunctionName=name)["RevisionId"]}
    assert len(revisions) == 6, "each transition has its own"
    lambda_.delete_function(FunctionName=name)


def test_one_update_at_a_time(lambda_, create, name):
    """The package takes its time to unpack; whoever comes meanwhile is told so."""
    arn = create()
    slow = io.BytesIO()
    with zipfile.ZipFile(slow, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("app.py", "def handler(event, context): return 'new'")
        archive.writestr("zeros", bytes(200 << 20))
    ended = []

    def update():
        ended.append(lambda_.update_function_code(FunctionName=name, ZipFile=slow.getvalue())["LastUpdateStatus"])

    def seen_in_progress():
        count = len(ended)
        updater = threading.Thread(target=update)
        updater.start()
        try:
            while len(ended) == count and updater.is_alive():
                if lambda_.get_function_configuration(FunctionName=name)["LastUpdateStatus"] != "InProgress":
                    continue
                try:
                    lambda_.update_function_configuration(FunctionName=name, Timeout=7)
                except lambda_.exceptions.ResourceConflictException as refused:
                    return refused.response["Error"]["Message"]
        finally:
            updater.join()

    assert eventually(seen_in_progress, what="a refusal") == (
        f"The operation cannot be performed at this time. An update is in progress for resource: {arn}")
    assert ended == ["InProgress"] * len(ended)
    assert lambda_.get_function_configuration(FunctionName=name)["LastUpdateStatus"] == "Successful"
    assert call(lambda_, name, {})["Body"] == "new"


def test_a_function_may_have_a_name_of_one_character(lambda_, role):
    make_function(lambda_, role.arn, "x")
    assert call(lambda_, "x", {})["Body"]["calls"] == 1
    lambda_.delete_function(FunctionName="x")


def test_the_version_behind_an_alias_is_told_and_measured(lambda_, cloudwatch, create, name):
    create(Publish=True)
    lambda_.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    answer = call(lambda_, name, {}, Qualifier="live")
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-amz-executed-version"] == "1"
    dimensions = [{"Name": "ExecutedVersion", "Value": "1"}, {"Name": "FunctionName", "Value": name},
                  {"Name": "Resource", "Value": name + ":live"}]
    found = cloudwatch.list_metrics(Namespace="AWS/Lambda", MetricName="Invocations", Dimensions=dimensions)["Metrics"]
    assert [sorted(m["Dimensions"], key=lambda d: d["Name"]) for m in found] == [dimensions]


# ---- limits

def test_reserved_concurrency(lambda_, create, name, tmp_path):
    create("import os, time\n"
           "def handler(event, context):\n"
           "    if event: open(event + '/holds', 'w').close()\n"
           "    while event and not os.path.exists(event + '/done'): time.sleep(0.02)\n")
    lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    holder = threading.Thread(target=call, args=(lambda_, name, str(tmp_path)))
    holder.start()
    try:
        eventually((tmp_path / "holds").exists, what="an invocation under way")
        with pytest.raises(lambda_.exceptions.TooManyRequestsException) as refused:
            call(lambda_, name)
    finally:
        (tmp_path / "done").touch()
        holder.join()
    answer = refused.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert (answer["Reason"], answer["Type"], answer["message"]) == (
        "ReservedFunctionConcurrentInvocationLimitExceeded", "User", "Rate Exceeded.")
    assert call(lambda_, name)["StatusCode"] == 200


def test_a_timeout_ends_the_whole_process_group(lambda_, create, name, tmp_path):
    create("import subprocess, sys, time\n"
           "def handler(event, context):\n"
           "    children = [subprocess.Popen(['sleep', '600'], start_new_session=own) for own in (False, True)]\n"
           "    open(event, 'w').write(' '.join(str(c.pid) for c in children))\n"
           "    time.sleep(600)\n", Timeout=2)
    answer = call(lambda_, name, str(tmp_path / "pids"), LogType="Tail")
    assert answer["Body"]["errorType"] == "Sandbox.Timedout"
    tail = tail_of(answer)
    assert " Task timed out after 2.00 seconds\nEND RequestId: " in tail and "\tStatus: timeout" in tail
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    assert len(pids) == 2
    eventually(lambda: not any(map(is_alive, pids)), 10, "the end of the children")


def test_payloads_up_to_the_limit(lambda_, create, name):
    create("def handler(event, context): return event")
    largest = json.dumps("x" * (6_291_556 - 2)).encode()
    answer = lambda_.invoke(FunctionName=name, Payload=largest)
    assert "FunctionError" not in answer and answer["Payload"].read() == largest
    with pytest.raises(ClientError) as refused:
        lambda_.invoke(FunctionName=name, Payload=json.dumps("x" * (6_291_556 - 1)))
    assert refused.value.response["Error"]["Code"] == "RequestTooLargeException"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413


# ---- crashes and errors

def test_crashes_at_the_start(lambda_, create, name):
    create("import os\nos._exit(7)\n")
    dead = call(lambda_, name, {})
    request_id = dead["ResponseMetadata"]["RequestId"]
    assert dead["FunctionError"] == "Unhandled" and dead["Body"] == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {request_id} Error: Runtime exited with error: exit status 7"}
    lambda_.update_function_code(FunctionName=name, ZipFile=package(app="raise ValueError('at import')\n"))
    failed = call(lambda_, name, {}, LogType="Tail")
    assert (failed["Body"]["errorType"], failed["Body"]["errorMessage"]) == ("ValueError", "at import")
    assert "Status: error\tError Type: ValueError" in tail_of(failed)
    program = io.BytesIO()
    with zipfile.ZipFile(program, "w") as archive:
        bootstrap = zipfile.ZipInfo("bootstrap")
        bootstrap.external_attr = 0o755 << 16
        archive.writestr(bootstrap, "#!/bin/sh\nexit 3\n")
    lambda_.update_function_code(FunctionName=name, ZipFile=program.getvalue())
    lambda_.update_function_configuration(FunctionName=name, Runtime="provided.al2023")
    assert "exit status 3" in call(lambda_, name, {})["Body"]["errorMessage"]
    lambda_.update_function_code(FunctionName=name, ZipFile=package(nothing="x = 1"))
    missing = call(lambda_, name, {})["Body"]
    assert missing["errorType"] == "Runtime.InvalidEntrypoint"
    assert "Couldn't find valid bootstrap(s)" in missing["errorMessage"]


NODE = """
exports.handler = async (event) => {
  if (event === "string") throw "just text";
  if (event === "circular") { const a = {}; a.a = a; return a; }
  if (event === "exit") process.exit(3);
  if (event === "uncaught") { setTimeout(() => { throw new TypeError("late"); }, 1); await new Promise(() => {}); }
  if (event === "unhandled") { Promise.reject(new Error("nobody looks")); await new Promise((r) => setTimeout(r, 5000)); }
  return event;
};
"""


@needs_node
@pytest.mark.parametrize("event, error_type, message", [
    ("string", "string", "just text"),
    ("circular", "Error", "Unable to stringify response body"),
    ("exit", "Runtime.ExitError", "RequestId: {} Error: Runtime exited with error: exit status 3"),
    ("uncaught", "TypeError", "late"),
    ("unhandled", "Runtime.UnhandledPromiseRejection", "Error: nobody looks")])
def test_errors_of_javascript(lambda_, create, name, event, error_type, message):
    create(runtime="nodejs20.x", handler="index.handler", Code={"ZipFile": package(**{"index.js": NODE})})
    failed = call(lambda_, name, event)
    assert failed["FunctionError"] == "Unhandled"
    assert failed["Body"]["errorType"] == error_type
    assert failed["Body"]["errorMessage"] == message.format(failed["ResponseMetadata"]["RequestId"])
    assert call(lambda_, name, "fine")["Body"] == "fine", "the next one is served"


@needs_node
@pytest.mark.parametrize("file, source, error_type, message", [
    ("index.js", "exports.handler = ((", "Runtime.UserCodeSyntaxError", "SyntaxError: Unexpected end of input"),
    ("index.js", "require('gone')", "Runtime.ImportModuleError", "Error: Cannot find module 'gone'"),
    ("other.js", "", "Runtime.ImportModuleError", "Error: Cannot find module 'index'"),
    ("index.js", "exports.other = 1", "Runtime.HandlerNotFound", "index.handler is undefined or not exported"),
    ("index.mjs", "throw new RangeError('at import')", "RangeError", "at import")])
def test_javascript_that_does_not_start(lambda_, create, name, file, source, error_type, message):
    create(runtime="nodejs20.x", handler="index.handler", Code={"ZipFile": package(**{file: source})})
    body = call(lambda_, name, {})["Body"]
    assert body["errorType"] == error_type and body["errorMessage"].startswith(message)


# ---- events

RECORDER = """
import os, pathlib
def handler(event, context):
    with open(event["file"], "a") as out:
        out.write(context.aws_request_id + "\\n")
    if event.get("fail"):
        raise RuntimeError("as told")
"""


def test_events_survive_a_kill(serve, tmp_path):
    first = serve()
    role = make_role(first.client("iam"), "keeper")
    lambda_ = first.client("lambda")
    make_function(lambda_, role.arn, "keeper", RECORDER)
    lambda_.put_function_concurrency(FunctionName="keeper", ReservedConcurrentExecutions=0)
    seen = tmp_path / "seen"
    accepted = {lambda_.invoke(FunctionName="keeper", InvocationType="Event", Payload=json.dumps({"file": str(seen)}))
                ["ResponseMetadata"]["RequestId"] for _ in range(20)}
    first.kill()
    assert not seen.exists()
    serve().client("lambda").delete_function_concurrency(FunctionName="keeper")
    eventually(lambda: seen.exists() and set(seen.read_text().split()) == accepted, 60, "all events")


def test_failed_events_are_tried_again_after_one_and_two_minutes(virtual_till, name, tmp_path):
    lambda_, sqs = virtual_till.client("lambda"), virtual_till.client("sqs")
    role = make_role(virtual_till.client("iam"), name)
    role.allow("sqs:SendMessage", "*")
    (dead_url, dead), (lost_url, lost) = queue_of(sqs, name + "-dead"), queue_of(sqs, name + "-lost")
    make_function(lambda_, role.arn, name, RECORDER, DeadLetterConfig={"TargetArn": dead})
    lambda_.put_function_event_invoke_config(FunctionName=name, DestinationConfig={"OnFailure": {"Destination": lost}})
    seen = tmp_path / "seen"
    accepted = lambda_.invoke(FunctionName=name, InvocationType="Event",
                              Payload=json.dumps({"file": str(seen), "fail": True}))
    request_id = accepted["ResponseMetadata"]["RequestId"]

    def tries():
        return seen.read_text().split() if seen.exists() else []

    eventually(lambda: len(tries()) == 1, what="the first try")
    for seconds, count in ((59, 1), (2, 2), (117, 2), (4, 3), (3600, 3)):
        virtual_till.advance(seconds)
        assert len(tries()) == count, (seconds, tries())
    assert set(tries()) == {request_id}
    [letter] = sqs.receive_message(QueueUrl=dead_url, MessageAttributeNames=["All"])["Messages"]
    assert json.loads(letter["Body"])["fail"] is True
    assert {k: v["StringValue"] for k, v in letter["MessageAttributes"].items()} == {
        "RequestID": request_id, "ErrorCode": "200", "ErrorMessage": "as told"}
    [record] = sqs.receive_message(QueueUrl=lost_url)["Messages"]
    context = json.loads(record["Body"])["requestContext"]
    assert (context["condition"], context["approximateInvokeCount"], context["requestId"]) == (
        "RetriesExhausted", 3, request_id)


# ---- mappings

# Takes its time, so that messages are in flight while the function is changed and deleted.
MARKER = """
import pathlib, time
def handler(event, context):
    time.sleep(0.05)
    for record in event["Records"]:
        pathlib.Path({directory!r}, record["body"]).touch()
"""


def test_nothing_is_lost_while_the_function_of_a_mapping_changes_or_goes(lambda_, sqs, create, role, name, tmp_path):
    source = MARKER.format(directory=str(tmp_path))
    create(source, Timeout=3)
    url, queue = queue_of(sqs, name, VisibilityTimeout="4")
    role.allow("sqs:*", queue)
    bodies = {str(i) for i in range(300)}
    for start in range(0, 300, 10):
        sqs.send_message_batch(QueueUrl=url, Entries=[
            {"Id": str(i), "MessageBody": str(i)} for i in range(start, start + 10)])

    def handled():
        return {path.name for path in tmp_path.iterdir()}

    def left():
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return sum(int(attributes["ApproximateNumberOfMessages" + kind]) for kind in ("", "NotVisible"))

    def progress(more):
        count = len(handled())
        eventually(lambda: len(handled()) >= min(count + more, 300), what="progress")

    def mapping():
        return lambda_.create_event_source_mapping(EventSourceArn=queue, FunctionName=name, BatchSize=2)["UUID"]

    uuid = mapping()
    progress(20)
    lambda_.update_function_code(FunctionName=name, ZipFile=package(app=source + "# second\n"))
    progress(20)
    lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    lambda_.update_function_configuration(FunctionName=name, Timeout=2)
    lambda_.delete_function_concurrency(FunctionName=name)
    progress(20)
    lambda_.delete_function(FunctionName=name)
    eventually(lambda: lambda_.get_event_source_mapping(UUID=uuid)["State"] == "Disabled", what="a disabled mapping")
    assert len(handled()) < 300, "the test is too slow for what it wants to show"
    assert left() + len(handled()) >= 300, "what is not handled is still on the queue"
    lambda_.delete_event_source_mapping(UUID=uuid)
    create(source, Timeout=3)
    uuid = mapping()
    eventually(lambda: left() == 0, 60, "an empty queue")
    assert handled() == bodies
    lambda_.delete_event_source_mapping(UUID=uuid)
