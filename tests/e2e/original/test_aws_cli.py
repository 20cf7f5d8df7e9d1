"""The original project's life once more, by the AWS CLI alone: set-up, run, drill, cleanup, with its waiters, its
high-level `s3` commands and its words for errors. But for SQS, nothing but the environment leads it to the engine."""
import functools
import io
import json
import os
import pathlib
import subprocess
import sys
import zipfile

import pytest
from scripts import names
from till_process import EXAMPLE, PATIENCE, VirtualTill, clean_environment, eventually

AWS = pathlib.Path(sys.executable).parent / "aws"
HANDLERS = pathlib.Path(__file__).parent / "handlers"
TRUST = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
# What the original's scripts call (protocols.md 3.1), as the CLI spells it; `s3 cp` is the three calls of a multipart
# upload for a large file and PutObject for a small one.
CALLS_OF_THE_ORIGINAL = {
    "sqs": {"create-queue", "send-message", "receive-message", "delete-message", "delete-queue"},
    "sns": {"create-topic", "subscribe", "publish", "delete-topic"},
    "dynamodb": {"describe-table", "update-table", "create-table", "put-item", "get-item", "scan", "delete-item",
                 "delete-table"},
    "s3api": {"head-bucket", "create-bucket", "put-object", "get-object"},
    "s3": {"cp"},
    "lambda": {"get-function", "create-function", "update-function-code", "invoke", "create-event-source-mapping",
               "delete-function"},
    "cloudwatch": {"put-metric-alarm", "delete-alarms"},
    "iam": {"create-role", "attach-role-policy", "get-role", "list-attached-role-policies", "detach-role-policy",
            "list-role-policies", "delete-role-policy", "delete-role"},
}


class AwsCli:
    """An engine in memory with a clock of its own, and the CLI pointed at it. Remembers which calls were made."""

    def __init__(self, directory):
        self.directory = directory
        self.till = VirtualTill(directory / "data", "--lenient")
        self.environment = clean_environment(
            AWS_ENDPOINT_URL=self.till.endpoint, AWS_ACCESS_KEY_ID=names.ACCOUNT, AWS_SECRET_ACCESS_KEY="test",
            AWS_DEFAULT_REGION=names.REGION, AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull,
            AWS_PAGER="")
        self.called = {}

    def start(self, service, command, *arguments):
        self.called.setdefault(service, set()).add(command)
        words = [json.dumps(a) if isinstance(a, (dict, list)) else str(a) for a in arguments]
        # Version 1 of the CLI sends SQS to its old address, whatever the environment says; version 2 does not.
        where = ["--endpoint-url", self.till.endpoint] if service == "sqs" else []
        return subprocess.run([AWS, *where, service, command, *words], text=True, capture_output=True, env=self.environment,
                              cwd=self.directory, timeout=120 * PATIENCE)

    def __call__(self, service, command, *arguments):
        """The answer of a call that must succeed: parsed where it is JSON, else the text."""
        done = self.start(service, command, *arguments)
        assert done.returncode == 0, f"aws {service} {command}: {done.stderr}"
        try:
            return json.loads(done.stdout)
        except ValueError:
            return done.stdout

    def refused(self, code, service, command, *arguments):
        """The CLI's words for a call that must fail with AWS's error `code`."""
        done = self.start(service, command, *arguments)
        assert done.returncode in (254, 255), f"aws {service} {command}: {done.returncode} {done.stdout} {done.stderr}"
        assert f"An error occurred ({code}) when calling" in done.stderr
        return done.stderr


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    cli = AwsCli(tmp_path_factory.mktemp("aws_cli"))
    yield cli
    cli.till.stop()


def package(aws, module):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(HANDLERS / f"{module}.py", f"{module}.py")
    path = aws.directory / f"{module}.zip"
    path.write_bytes(packed.getvalue())
    return f"fileb://{path}"


def create_function(aws, name, module, timeout, variables):
    zipped = package(aws, module)
    assert "Function not found" in aws.refused("ResourceNotFoundException", "lambda", "get-function",
                                               "--function-name", name)
    created = aws("lambda", "create-function", "--function-name", name, "--runtime", "python3.9", "--role", names.ROLE_ARN,
                  "--handler", f"{module}.lambda_handler", "--timeout", timeout, "--memory-size", 128, "--zip-file", zipped,
                  "--environment", {"Variables": variables})
    assert created["State"] == "Pending"
    aws("lambda", "wait", "function-active-v2", "--function-name", name)
    updated = aws("lambda", "update-function-code", "--function-name", name, "--zip-file", zipped)
    assert updated["CodeSha256"] == created["CodeSha256"]
    aws("lambda", "wait", "function-updated-v2", "--function-name", name)


def test_set_up(aws):
    assert aws("sts", "get-caller-identity")["Arn"] == f"arn:aws:iam::{names.ACCOUNT}:root"
    role = aws("iam", "create-role", "--role-name", names.ROLE, "--assume-role-policy-document", TRUST)["Role"]
    assert role["Arn"] == names.ROLE_ARN
    for policy in names.POLICIES:
        aws("iam", "attach-role-policy", "--role-name", names.ROLE, "--policy-arn", f"arn:aws:iam::aws:policy/{policy}")
    assert aws("iam", "get-role", "--role-name", names.ROLE)["Role"]["AssumeRolePolicyDocument"] == TRUST
    assert len(aws("iam", "list-attached-role-policies", "--role-name", names.ROLE)["AttachedPolicies"]) == 6

    aws("sqs", "create-queue", "--queue-name", names.QUEUE, "--attributes", "DelaySeconds=0,MessageRetentionPeriod=345600")
    topic = aws("sns", "create-topic", "--name", names.TOPIC)["TopicArn"]
    assert topic == names.TOPIC_ARN
    aws("sns", "subscribe", "--topic-arn", topic, "--protocol", "email", "--notification-endpoint", "team@example.com")

    aws.refused("ResourceNotFoundException", "dynamodb", "describe-table", "--table-name", names.TABLE)
    aws("dynamodb", "create-table", "--table-name", names.TABLE, "--key-schema", "AttributeName=transaction_id,KeyType=HASH",
        "--attribute-definitions", "AttributeName=transaction_id,AttributeType=S",
        "--provisioned-throughput", "ReadCapacityUnits=6,WriteCapacityUnits=6")
    aws("dynamodb", "wait", "table-exists", "--table-name", names.TABLE)
    aws("dynamodb", "update-table", "--table-name", names.TABLE,
        "--provisioned-throughput", "ReadCapacityUnits=5,WriteCapacityUnits=5")

    aws.refused("404", "s3api", "head-bucket", "--bucket", names.BUCKET)
    aws("s3api", "create-bucket", "--bucket", names.BUCKET,
        "--create-bucket-configuration", f"LocationConstraint={names.REGION}")
    aws("s3api", "head-bucket", "--bucket", names.BUCKET)

    create_function(aws, names.PROCESS, "lambda_function", 60, {"TABLE": names.TABLE, "TOPIC_ARN": names.TOPIC_ARN})
    create_function(aws, names.UPLOAD, "upload_to_s3_lambda", 300,
                    {"BUCKET": names.BUCKET, "QUEUE_URL": names.QUEUE_URL})
    aws("cloudwatch", "put-metric-alarm", "--alarm-name", names.ALARMS[1], "--namespace", "AWS/Lambda",
        "--metric-name", "Duration", "--dimensions", f"Name=FunctionName,Value={names.PROCESS}", "--statistic", "Average",
        "--threshold", 1000, "--period", 60, "--evaluation-periods", 1,
        "--comparison-operator", "GreaterThanThreshold", "--alarm-actions", names.TOPIC_ARN)


def test_a_message_by_hand(aws):
    sent = aws("sqs", "send-message", "--queue-url", names.QUEUE_URL, "--message-body", {"transaction_id": "manual-1"})
    received = aws("sqs", "receive-message", "--queue-url", names.QUEUE_URL, "--max-number-of-messages", 1,
                   "--wait-time-seconds", 5)["Messages"][0]
    assert received["MessageId"] == sent["MessageId"]
    aws("sqs", "delete-message", "--queue-url", names.QUEUE_URL, "--receipt-handle", received["ReceiptHandle"])
    aws.refused("ReceiptHandleIsInvalid", "sqs", "delete-message", "--queue-url", names.QUEUE_URL,
                "--receipt-handle", "AQEBthis-is-no-handle")
    aws.refused("AWS.SimpleQueueService.NonExistentQueue", "sqs", "send-message", "--queue-url",
                names.QUEUE_URL + "Missing", "--message-body", "lost")
    aws("sns", "publish", "--topic-arn", names.TOPIC_ARN, "--message", "by hand")


def test_the_file_goes_through(aws):
    aws.till.advance(300)  # capacity that the table saves up, as on AWS in the time that a person needs
    aws("lambda", "create-event-source-mapping", "--function-name", names.PROCESS, "--event-source-arn", names.QUEUE_ARN,
        "--batch-size", 10, "--enabled")
    event = aws.directory / "event.json"
    event.write_text(json.dumps({"file_content": EXAMPLE.read_text()}))
    invoked = aws("lambda", "invoke", "--function-name", names.UPLOAD, "--payload", f"fileb://{event}", "--log-type",
                  "Tail", "answer.json")
    assert invoked["StatusCode"] == 200 and "FunctionError" not in invoked
    orders = json.loads(EXAMPLE.read_text())
    assert f"{len(orders)} transactions sent" in (aws.directory / "answer.json").read_text()
    # A fractional amount is a float in Python, which boto3 does not write: the original's handler forgets such orders.
    wanted = {o["transaction_id"] for o in orders if isinstance(o["amount"], int) and o["amount"] > 0}
    rows = functools.partial(aws, "dynamodb", "scan", "--table-name", names.TABLE)
    found = eventually(lambda: (found := rows())["Count"] == len(wanted) and found, timeout=60, what="all rows")
    assert {item["transaction_id"]["S"] for item in found["Items"]} == wanted

    key = {"transaction_id": {"S": "probe"}}
    aws("dynamodb", "put-item", "--table-name", names.TABLE, "--item", {**key, "amount": {"N": "12.50"}})
    assert aws("dynamodb", "get-item", "--table-name", names.TABLE, "--key", key)["Item"]["amount"] == {"N": "12.5"}
    aws("dynamodb", "delete-item", "--table-name", names.TABLE, "--key", key)
    aws.till.advance(60)  # logs and metrics are put in intervals
    events = aws("logs", "filter-log-events", "--log-group-name", f"/aws/lambda/{names.UPLOAD}", "--filter-pattern",
                 "RequestId")["events"]
    assert [event["message"].split()[0] for event in events] == ["START", "END", "REPORT"]


def test_files_large_and_small(aws):
    large = aws.directory / "large.bin"
    large.write_bytes(os.urandom(9 << 20))  # above 8 MiB `s3 cp` sends parts
    aws("s3", "cp", "--no-progress", large, f"s3://{names.BUCKET}/archive/large.bin")
    aws("s3", "cp", "--no-progress", f"s3://{names.BUCKET}/archive/large.bin", "back.bin")
    assert (aws.directory / "back.bin").read_bytes() == large.read_bytes()
    aws("s3api", "put-object", "--bucket", names.BUCKET, "--key", "archive.json", "--body", EXAMPLE)
    aws("s3api", "get-object", "--bucket", names.BUCKET, "--key", "archive.json", "archive.json")
    assert (aws.directory / "archive.json").read_bytes() == EXAMPLE.read_bytes()
    listed = aws("s3", "ls", "--recursive", f"s3://{names.BUCKET}")
    assert {line.split()[-1] for line in listed.splitlines()} == {"archive.json", "archive/large.bin", "transactions.json"}
    aws.refused("NoSuchKey", "s3api", "get-object", "--bucket", names.BUCKET, "--key", "missing", "missing")


def test_the_duration_alarm_fires(aws):
    event = {"sleep": 1.2, "Records": []}
    aws("lambda", "invoke", "--function-name", names.PROCESS, "--payload", event, "slow.json")
    aws.till.advance(120)
    history = aws("cloudwatch", "describe-alarm-history", "--alarm-name", names.ALARMS[1], "--history-item-type",
                  "StateUpdate")["AlarmHistoryItems"]
    assert any(item["HistorySummary"].endswith("to ALARM") for item in history)
    mails = [path.read_text() for path in (aws.till.data / "outbox").iterdir()]
    assert any(f'ALARM: "{names.ALARMS[1]}" in US East (Ohio)' in mail for mail in mails), mails


def test_cleanup_leaves_nothing(aws):
    aws("cloudwatch", "delete-alarms", "--alarm-names", names.ALARMS[1])
    for mapping in aws("lambda", "list-event-source-mappings")["EventSourceMappings"]:
        aws("lambda", "delete-event-source-mapping", "--uuid", mapping["UUID"])
    for name in (names.PROCESS, names.UPLOAD):
        aws("lambda", "delete-function", "--function-name", name)
    aws("dynamodb", "delete-table", "--table-name", names.TABLE)
    aws("dynamodb", "wait", "table-not-exists", "--table-name", names.TABLE)
    aws("sns", "delete-topic", "--topic-arn", names.TOPIC_ARN)
    aws("sqs", "delete-queue", "--queue-url", names.QUEUE_URL)
    aws("iam", "put-role-policy", "--role-name", names.ROLE, "--policy-name", "inline", "--policy-document", {
        "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})
    aws.refused("DeleteConflict", "iam", "delete-role", "--role-name", names.ROLE)
    for policy in aws("iam", "list-attached-role-policies", "--role-name", names.ROLE)["AttachedPolicies"]:
        aws("iam", "detach-role-policy", "--role-name", names.ROLE, "--policy-arn", policy["PolicyArn"])
    for policy in aws("iam", "list-role-policies", "--role-name", names.ROLE)["PolicyNames"]:
        aws("iam", "delete-role-policy", "--role-name", names.ROLE, "--policy-name", policy)
    aws("iam", "delete-role", "--role-name", names.ROLE)
    aws("s3", "rb", "--force", f"s3://{names.BUCKET}")
    for group in aws("logs", "describe-log-groups")["logGroups"]:
        aws("logs", "delete-log-group", "--log-group-name", group["logGroupName"])

    for service, command, member in [
            ("sqs", "list-queues", "QueueUrls"), ("sns", "list-topics", "Topics"),
            ("sns", "list-subscriptions", "Subscriptions"), ("dynamodb", "list-tables", "TableNames"),
            ("lambda", "list-functions", "Functions"), ("lambda", "list-event-source-mappings", "EventSourceMappings"),
            ("cloudwatch", "describe-alarms", "MetricAlarms"), ("iam", "list-roles", "Roles"),
            ("s3api", "list-buckets", "Buckets"), ("logs", "describe-log-groups", "logGroups")]:
        left = functools.partial(aws, service, command)
        eventually(lambda: not ((answer := left()) and answer.get(member)), what=f"no {member} left")


def test_all_calls_of_the_original_were_made(aws):
    for service, commands in CALLS_OF_THE_ORIGINAL.items():
        assert commands <= aws.called[service], service
