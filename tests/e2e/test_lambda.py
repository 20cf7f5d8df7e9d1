"""Lambda through stock boto3: functions in Python and JavaScript, versions and aliases, asynchronous invocations."""
import base64
import hashlib
import io
import json
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile

import pytest
from botocore.exceptions import ClientError
from lambda_functions import PYTHON, call, create, package, role  # noqa: F401 (fixtures)
from till_process import PATIENCE, eventually

# AWS's own client, if it is installed, shows the paths of the machine and not /var/task.
# Functions run by the interpreter of the tests (till_process.py).
HAS_AWS_CLIENT = subprocess.run([sys.executable, "-c", "import awslambdaric"], capture_output=True).returncode == 0


def test_a_python_function_answers(lambda_, create, name):
    arn = create(runtime="python3.9")
    first = call(lambda_, name, {"a": "é"}, LogType="Tail")
    assert first["StatusCode"] == 200 and "FunctionError" not in first and first["ExecutedVersion"] == "$LATEST"
    assert first["Body"]["event"] == {"a": "é"} and first["Body"]["arn"] == arn and first["Body"]["calls"] == 1
    tail = base64.b64decode(first["LogResult"]).decode()
    assert tail.startswith("START RequestId: ") and "\ngot " in tail and "Init Duration: " in tail
    second = call(lambda_, name, None, LogType="Tail")
    assert second["Body"]["calls"] == 2, "globals stay"
    assert "Init Duration" not in base64.b64decode(second["LogResult"]).decode()


def test_its_environment_is_that_of_aws(lambda_, create, name):
    create(Environment={"Variables": {"COLOUR": "red", "PYTHONPATH": "/nowhere"}})
    names = ["COLOUR", "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION", "_HANDLER", "TZ",
             "AWS_REGION", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "LAMBDA_TASK_ROOT", "PYTHONPATH", "HOME",
             "LAMBDA_RUNTIME_DIR", "PWD", "LD_LIBRARY_PATH", "AWS_XRAY_CONTEXT_MISSING"]
    seen = call(lambda_, name, {"do": "env", "names": names})["Body"]
    root = seen.pop("LAMBDA_TASK_ROOT")
    assert seen == {"COLOUR": "red", "AWS_EXECUTION_ENV": "AWS_Lambda_python3.12", "AWS_LAMBDA_FUNCTION_NAME": name,
                    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST", "_HANDLER": "app.handler", "TZ": ":UTC",
                    "AWS_REGION": "us-east-1", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
                    "PYTHONPATH": f"{root}:/nowhere", "HOME": None, "LAMBDA_RUNTIME_DIR": "/var/runtime", "PWD": root,
                    "LD_LIBRARY_PATH": "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:"
                                       f"{root}:{root}/lib:/opt/lib",
                    "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR"}


def test_what_infrastructure_tools_read(lambda_, create, name):
    create(TracingConfig={"Mode": "Active"})
    assert lambda_.get_function_configuration(FunctionName=name)["TracingConfig"] == {"Mode": "Active"}
    assert lambda_.get_runtime_management_config(FunctionName=name)["UpdateRuntimeOn"] == "Auto"
    assert lambda_.get_function_recursion_config(FunctionName=name)["RecursiveLoop"] == "Terminate"
    assert lambda_.list_function_url_configs(FunctionName=name)["FunctionUrlConfigs"] == []
    assert lambda_.list_provisioned_concurrency_configs(FunctionName=name)["ProvisionedConcurrencyConfigs"] == []
    assert lambda_.list_layers()["Layers"] == [] and lambda_.list_code_signing_configs()["CodeSigningConfigs"] == []
    assert lambda_.list_layer_versions(LayerName="mine")["LayerVersions"] == []
    assert lambda_.list_capacity_providers()["CapacityProviders"] == []
    version = lambda_.publish_version(FunctionName=name)
    assert lambda_.get_function_scaling_config(
        FunctionName=name, Qualifier=version["Version"])["FunctionArn"] == version["FunctionArn"]
    for read in (lambda: lambda_.get_layer_version(LayerName="mine", VersionNumber=1),
                 lambda: lambda_.get_layer_version_by_arn(Arn=version["FunctionArn"].replace("function", "layer"))):
        with pytest.raises(lambda_.exceptions.ResourceNotFoundException, match="resource you requested does not exist"):
            read()
    assert "CodeSigningConfigArn" not in lambda_.get_function_code_signing_config(FunctionName=name)
    for read, code in ((lambda: lambda_.get_function_url_config(FunctionName=name), "ResourceNotFoundException"),
                       (lambda: lambda_.get_provisioned_concurrency_config(FunctionName=name, Qualifier="7"),
                        "ResourceNotFoundException"),
                       (lambda: lambda_.get_provisioned_concurrency_config(FunctionName=name, Qualifier="$LATEST"),
                        "ProvisionedConcurrencyConfigNotFoundException")):
        with pytest.raises(ClientError) as missing:
            read()
        assert missing.value.response["Error"]["Code"] == code
    with pytest.raises(ClientError, match=r"\(\(eusc-\)\?\[a-z\]\{2\}"):
        lambda_.get_function(FunctionName="no name")


# Archives made by some Windows programs: AWS takes the backslash for a part of the name.
def test_a_backslash_in_a_package_is_a_part_of_the_name(lambda_, create, name):
    source = "import os\ndef handler(event, context): return sorted(os.listdir(os.environ['LAMBDA_TASK_ROOT']))"
    create(Code={"ZipFile": package(app=source, **{"lib\\v.txt": "1"})})
    assert [file for file in call(lambda_, name)["Body"] if file != "__pycache__"] == ["app.py", "lib\\v.txt"]


def test_logs_as_json(lambda_, logs, create, name):
    create(LoggingConfig={"LogFormat": "JSON", "LogGroup": f"/shared/{name}"})
    stream = call(lambda_, name, {"do": "log"})["Body"]["stream"]
    assert f"/{name}[$LATEST]" in stream

    def lines():
        try:
            events = logs.get_log_events(logGroupName=f"/shared/{name}", logStreamName=stream)["events"]
        except ClientError:
            return None
        return [event["message"] for event in events] if len(events) >= 5 else None
    texts = eventually(lines, what="the log")
    assert [json.loads(text).get("type") for text in texts if text.startswith("{")] == [
        "platform.initStart", "platform.start", None, "platform.report"]
    assert json.loads(texts[3])["message"] == "an info line" and texts[2].startswith("got ")


def test_the_code_can_be_downloaded(lambda_, create, name):
    create(Publish=True)
    second = package(app="def handler(event, context): return 2")
    lambda_.update_function_code(FunctionName=name, ZipFile=second)
    for qualifier, code in (("1", package(app=PYTHON)), ("$LATEST", second)):
        answer = lambda_.get_function(FunctionName=name, Qualifier=qualifier)
        assert answer["Code"]["RepositoryType"] == "S3"
        with urllib.request.urlopen(answer["Code"]["Location"]) as reply:
            body = reply.read()
        assert base64.b64encode(hashlib.sha256(body).digest()).decode() == answer["Configuration"]["CodeSha256"]
        assert zipfile.ZipFile(io.BytesIO(body)).read("app.py") == zipfile.ZipFile(io.BytesIO(code)).read("app.py")
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(answer["Code"]["Location"][:-1] + "x")


def test_failures_in_the_words_of_aws(lambda_, create, name):
    create()
    failed = call(lambda_, name, {"do": "fail"})
    assert failed["StatusCode"] == 200 and failed["FunctionError"] == "Unhandled"
    body = failed["Body"]
    assert list(body) == ["errorMessage", "errorType", "requestId", "stackTrace"]
    assert (body["errorMessage"], body["errorType"]) == ("as told", "RuntimeError")
    assert body["requestId"] == failed["ResponseMetadata"]["RequestId"]
    if not HAS_AWS_CLIENT:
        assert body["stackTrace"] == [
            '  File "/var/task/app.py", line 13, in handler\n    raise RuntimeError("as told")\n']
    for told, error_type, message in (("exit", "Runtime.ExitError", "Runtime exited with error: exit status 4"),
                                      ("eat", "Runtime.OutOfMemory", "Runtime exited with error: signal: killed")):
        dead = call(lambda_, name, {"do": told})
        assert dead["FunctionError"] == "Unhandled"
        assert dead["Body"] == {"errorType": error_type, "errorMessage":
                                f"RequestId: {dead['ResponseMetadata']['RequestId']} Error: {message}"}
    large = call(lambda_, name, {"do": "large"})
    assert large["FunctionError"] == "Unhandled" and large["Body"]["errorType"] == "Function.ResponseSizeTooLarge"
    assert call(lambda_, name, {})["Body"]["calls"] >= 1, "and it goes on"


def test_a_timeout(lambda_, create, name):
    create(Timeout=1)
    call(lambda_, name, {})
    began = time.monotonic()
    late = call(lambda_, name, {"do": "sleep"}, LogType="Tail")
    assert time.monotonic() - began < 5 * PATIENCE
    assert late["Body"]["errorType"] == "Sandbox.Timedout"
    assert late["Body"]["errorMessage"].endswith("Error: Task timed out after 1.00 seconds")
    assert "Status: timeout" in base64.b64decode(late["LogResult"]).decode()
    assert call(lambda_, name, {})["Body"]["calls"] == 1, "a new process"


@pytest.mark.parametrize("source, handler, error_type, message", [
    (PYTHON, "gone.handler", "Runtime.ImportModuleError", "Unable to import module 'gone': No module named 'gone'"),
    (PYTHON, "app.gone", "Runtime.HandlerNotFound", "Handler 'gone' missing on module 'app'"),
    ("def handler(:", "app.handler", "Runtime.UserCodeSyntaxError", "Syntax error in module 'app': "),
    ("import no_such_thing", "app.handler", "Runtime.ImportModuleError",
     "Unable to import module 'app': No module named 'no_such_thing'"),
    ("import datetime\ndef handler(e, c): return datetime.date(2024, 1, 1)", "app.handler", "Runtime.MarshalError",
     "Unable to marshal response: Object of type date is not JSON serializable")])
def test_code_that_does_not_work(lambda_, create, name, source, handler, error_type, message):
    create(source, handler=handler)
    body = call(lambda_, name, {})["Body"]
    assert body["errorType"] == error_type and body["errorMessage"].startswith(message)


def test_logs_reach_their_group(lambda_, logs, create, name):
    create()
    stream = call(lambda_, name, {"do": "log"})["Body"]["stream"]

    def lines():
        try:
            events = logs.get_log_events(logGroupName=f"/aws/lambda/{name}", logStreamName=stream)["events"]
        except ClientError:
            return None
        texts = [event["message"] for event in events]
        return texts if any(text.startswith("REPORT") for text in texts) else None
    texts = eventually(lines, what="the log")
    assert texts[0].startswith("INIT_START Runtime Version: python:3.12.v")
    assert [text.split()[0] for text in texts[1:]] == ["START", "got", "[INFO]", "END", "REPORT"]
    assert texts[3].endswith("an info line")


def test_the_function_uses_the_engine(lambda_, sqs, create, role, name):
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    role.allow("sqs:SendMessage", arn)
    create("import boto3\ndef handler(event, context):\n"
           f"    boto3.client('sqs').send_message(QueueUrl={url!r}, MessageBody=event)\n")
    assert "FunctionError" not in call(lambda_, name, "from the function")
    assert sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"][0]["Body"] == "from the function"


def test_a_mapping_feeds_a_python_function(lambda_, sqs, create, role, name):
    create("import json\ndef handler(event, context):\n"
           "    return {'batchItemFailures': [{'itemIdentifier': r['messageId']} for r in event['Records']\n"
           "                                  if r['body'] == 'bad']}\n")
    url = sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "30"})["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    wanted = dict(EventSourceArn=arn, FunctionName=name, BatchSize=10,
                  FunctionResponseTypes=["ReportBatchItemFailures"])
    for allowed, lacks in (([], "ReceiveMessage"), (["sqs:ReceiveMessage"], "DeleteMessage")):
        role.allow(["logs:*", *allowed], "*")
        with pytest.raises(lambda_.exceptions.InvalidParameterValueException) as refused:
            lambda_.create_event_source_mapping(**wanted)
        assert refused.value.response["Error"]["Message"] == (
            f"The provided execution role does not have permissions to call {lacks} on SQS")
    role.allow(["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], arn)
    mapping = lambda_.create_event_source_mapping(**wanted)
    for body in ("good", "bad", "fine"):
        sqs.send_message(QueueUrl=url, MessageBody=body)

    def left():
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return [int(attributes["ApproximateNumberOfMessages" + kind]) for kind in ("", "NotVisible")] == [0, 1]
    eventually(left, what="one bad message left")
    lambda_.delete_event_source_mapping(UUID=mapping["UUID"])


def test_a_batching_window_gathers_more_than_ten(lambda_, sqs, logs, create, role, name):
    """250 messages sent before the mapping begins: batches of up to 100 with a window of one second."""
    create(source="""
import json
def handler(event, context):
    print("BATCH", len(event["Records"]))
    return {"batchItemFailures": []}
""")
    url = sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "120"})["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    role.allow("sqs:*", queue)
    for start in range(0, 250, 10):
        sqs.send_message_batch(QueueUrl=url, Entries=[
            {"Id": str(i), "MessageBody": str(i)} for i in range(start, start + 10)])
    with pytest.raises(ClientError, match="Maximum batch window in seconds must be greater than 0"):
        lambda_.create_event_source_mapping(EventSourceArn=queue, FunctionName=name, BatchSize=100)
    mapping = lambda_.create_event_source_mapping(
        EventSourceArn=queue, FunctionName=name, BatchSize=100, MaximumBatchingWindowInSeconds=1,
        ScalingConfig={"MaximumConcurrency": 2}, FunctionResponseTypes=["ReportBatchItemFailures"])

    def sizes():
        try:
            lines = [e["message"] for page in logs.get_paginator("filter_log_events").paginate(
                logGroupName=f"/aws/lambda/{name}", filterPattern="BATCH") for e in page["events"]]
        except logs.exceptions.ResourceNotFoundException:
            return []  # made with the first line
        return [int(line.split()[1]) for line in lines]

    found = eventually(lambda: sizes() if sum(sizes()) >= 250 else None, what="all messages are in the log")
    assert sum(found) == 250 and max(found) <= 100, found
    assert max(found) > 10 and len(found) <= 10, found
    lambda_.delete_event_source_mapping(UUID=mapping["UUID"])


def test_versions_and_aliases(lambda_, create, name):
    arn = create(Publish=True)
    lambda_.update_function_code(FunctionName=name, ZipFile=package(app="def handler(e, c): return 'second'"))
    assert lambda_.publish_version(FunctionName=name)["Version"] == "2"
    lambda_.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    assert call(lambda_, name + ":live", {})["Body"]["arn"] == arn + ":live"
    assert call(lambda_, name, {}, Qualifier="live")["ExecutedVersion"] == "1"
    lambda_.update_alias(FunctionName=name, Name="live", FunctionVersion="2")
    assert call(lambda_, name, {}, Qualifier="live")["Body"] == "second"
    assert lambda_.get_function(FunctionName=name, Qualifier="1")["Configuration"]["FunctionArn"] == arn + ":1"
    pages = lambda_.get_paginator("list_versions_by_function").paginate(FunctionName=name)
    assert [v["Version"] for page in pages for v in page["Versions"]] == ["$LATEST", "1", "2"]
    with pytest.raises(lambda_.exceptions.ResourceNotFoundException):
        call(lambda_, name, {}, Qualifier="3")
    lambda_.delete_alias(FunctionName=name, Name="live")


def test_code_from_a_bucket(lambda_, s3, create, name):
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="code.zip", Body=package(app=PYTHON))
    create(Code={"S3Bucket": name, "S3Key": "code.zip"})
    assert call(lambda_, name, {})["Body"]["calls"] == 1
    with pytest.raises(lambda_.exceptions.InvalidParameterValueException) as refused:
        lambda_.update_function_code(FunctionName=name, S3Bucket=name, S3Key="none.zip")
    assert refused.value.response["Error"]["Message"] == (
        "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist.")


def test_a_failed_event_ends_in_its_destination_and_dead_letter_queue(lambda_, sqs, create, role, name):
    urls, arns = {}, {}
    for what in ("lost", "dead"):
        urls[what] = sqs.create_queue(QueueName=f"{name}-{what}")["QueueUrl"]
        arns[what] = sqs.get_queue_attributes(QueueUrl=urls[what], AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    with pytest.raises(lambda_.exceptions.InvalidParameterValueException) as refused:
        create(DeadLetterConfig={"TargetArn": arns["dead"]})
    assert refused.value.response["Error"]["Message"] == (
        "The provided execution role does not have permissions to call SendMessage on SQS")
    role.allow("sqs:SendMessage", list(arns.values()))
    arn = create(DeadLetterConfig={"TargetArn": arns["dead"]})
    lambda_.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0, DestinationConfig={
        "OnFailure": {"Destination": arns["lost"]}})
    accepted = lambda_.invoke(FunctionName=name, InvocationType="Event", Payload=b'{"do": "fail"}')
    assert accepted["StatusCode"] == 202 and accepted["Payload"].read() == b""
    request_id = accepted["ResponseMetadata"]["RequestId"]
    received = {what: sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20, MessageAttributeNames=["All"])["Messages"][0]
                for what, url in urls.items()}
    assert json.loads(received["dead"]["Body"]) == {"do": "fail"}
    attributes = {key: value["StringValue"] for key, value in received["dead"]["MessageAttributes"].items()}
    assert attributes == {"RequestID": request_id, "ErrorCode": "200", "ErrorMessage": "as told"}
    record = json.loads(received["lost"]["Body"])
    assert record["requestContext"] == {"requestId": request_id, "functionArn": arn + ":$LATEST",
                                        "condition": "RetriesExhausted", "approximateInvokeCount": 1}
    assert record["requestPayload"] == {"do": "fail"}
    assert record["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"}
    assert record["responsePayload"]["errorType"] == "RuntimeError"


def test_another_account_may_invoke_what_a_policy_allows(server, lambda_, create, name):
    arn = create("def handler(event, context): return context.invoked_function_arn", Publish=True)
    lambda_.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    stranger = server.client("lambda", key="999999999999")
    for qualified in (arn, arn + ":live", arn + ":none"):
        with pytest.raises(ClientError, match="no resource-based policy allows the lambda:InvokeFunction action"):
            call(stranger, qualified)
    lambda_.add_permission(FunctionName=name, Qualifier="live", StatementId="s", Action="lambda:InvokeFunction",
                           Principal="999999999999")
    assert call(stranger, arn + ":live")["Body"] == arn + ":live"
    with pytest.raises(ClientError, match="AccessDenied"):
        call(stranger, arn)
    lambda_.delete_alias(FunctionName=name, Name="live")


def test_empty_values_mean_none(lambda_, create, name):
    none = {"VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []}, "Layers": [], "FileSystemConfigs": [],
            "ImageConfig": {}, "KMSKeyArn": "", "TracingConfig": {"Mode": "PassThrough"}, "DeadLetterConfig": {}}
    create(**none)
    lambda_.update_function_configuration(FunctionName=name, **none)
    with pytest.raises(lambda_.exceptions.InvalidParameterValueException, match="VpcConfig is not supported"):
        lambda_.update_function_configuration(FunctionName=name, VpcConfig={"SubnetIds": ["subnet-1"]})


def test_numbers_of_any_size_pass(lambda_, create, name):
    create("def handler(event, context): return event")
    for text in (b"[123456789012345678901234567890]", b'{"a": 18446744073709551616}'):
        assert lambda_.invoke(FunctionName=name, Payload=text)["Payload"].read() == text


def test_what_cannot_be_created(lambda_, create):
    for runtime, says in (("python3.7", "no longer supported"), ("java21", "is not run by this engine"),
                          ("cobol", "Member must satisfy enum value set")):
        with pytest.raises(lambda_.exceptions.InvalidParameterValueException, match=says):
            create(runtime=runtime)


def test_payloads_that_are_too_large_or_no_json(lambda_, create, name):
    create()
    with pytest.raises(ClientError) as refused:
        lambda_.invoke(FunctionName=name, Payload=json.dumps("x" * 6_300_000))
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413
    with pytest.raises(lambda_.exceptions.InvalidRequestContentException, match="Could not parse request body into json"):
        lambda_.invoke(FunctionName=name, Payload="{")


def test_a_warm_call_costs_little(lambda_, create, name):
    create("def handler(event, context): return event")
    call(lambda_, name, 1)
    times = []
    for i in range(50):
        began = time.monotonic()
        call(lambda_, name, i)
        times.append(time.monotonic() - began)
    assert sorted(times)[5] < 0.02 * PATIENCE, "boto3 alone takes some milliseconds"


@pytest.mark.skipif(not shutil.which("node"), reason="there is no node")
def test_a_javascript_function(lambda_, create, name):
    source = ("exports.handler = async (event, context) => {\n"
              "  if (event.fail) throw new RangeError('as told');\n"
              "  return { event, name: context.functionName };\n};\n")
    create(runtime="nodejs20.x", handler="index.handler", Code={"ZipFile": package(**{"index.js": source})})
    assert call(lambda_, name, {"a": 1})["Body"] == {"event": {"a": 1}, "name": name}
    failed = call(lambda_, name, {"fail": True})
    assert failed["FunctionError"] == "Unhandled"
    assert failed["Body"]["errorType"] == "RangeError" and failed["Body"]["errorMessage"] == "as told"
    assert "/var/task/index.js:2:" in failed["Body"]["trace"][1]
