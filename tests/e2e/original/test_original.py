"""The original project's life, script by script: programs of our own that make exactly the calls of each of its
scripts, in the same order, with a Python handler that behaves as the original's. Nothing but the environment leads
them to the engine. Where AWS refuses what a script does, so does the engine, unless it is `--lenient`."""
import json
import pathlib
import subprocess
import sys

import pytest
from till_process import EXAMPLE, PATIENCE, VirtualTill, clean_environment, eventually, make_client

SCRIPTS = pathlib.Path(__file__).parent / "scripts"
ACCOUNT = "111122223333"
REGION = "us-east-2"


class Original:
    """An engine in memory with a clock of its own, and the scripts pointed at it."""

    def __init__(self, data, *arguments):
        self.till = VirtualTill(data, *arguments)
        self.environment = clean_environment(
            AWS_ENDPOINT_URL=self.till.endpoint, AWS_ACCESS_KEY_ID=ACCOUNT, AWS_SECRET_ACCESS_KEY="test",
            AWS_DEFAULT_REGION=REGION)

    def start(self, script, *arguments):
        return subprocess.run([sys.executable, SCRIPTS / f"{script}.py", *map(str, arguments)], text=True,
                              capture_output=True, env=self.environment, timeout=120 * PATIENCE)

    def run(self, script, *arguments):
        done = self.start(script, *arguments)
        assert done.returncode == 0, f"{script}: {done.stderr}"
        return done.stdout

    def client(self, service):
        return make_client(service, self.till.endpoint, key=ACCOUNT, region=REGION)

    def set_up(self):
        for script in ["setup_iam_role_and_policies", "test_iam_role_policy_creation", "create_sqs_queue",
                       "create_sns_topic", "create_dynamodb_table", "create_s3_bucket", "deploy_lambda",
                       "deploy_s3_lambda", "create_cloudwatch_alarm"]:
            self.run(script)
        for name in ("ProcessTransactions", "UploadToS3"):
            self.client("lambda").get_waiter("function_active_v2").wait(FunctionName=name)

    def let_the_table_save_up(self):
        """As on AWS, where nobody runs script after script in the same second: five minutes of unused capacity."""
        self.till.advance(300)

    def rows(self):
        return self.run("dynamo_db_desc").split()

    def messages_left(self):
        url = self.client("sqs").get_queue_url(QueueName="EcommerceTransactions")["QueueUrl"]
        attributes = self.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return sum(int(attributes[f"ApproximateNumberOfMessages{kind}"]) for kind in ("", "NotVisible", "Delayed"))

    def states(self, alarm):
        """Every state the alarm has been in."""
        changes = self.client("cloudwatch").describe_alarm_history(AlarmName=alarm, HistoryItemType="StateUpdate")
        return {json.loads(item["HistoryData"])["newState"]["stateValue"] for item in changes["AlarmHistoryItems"]}


@pytest.fixture(scope="module")
def lenient(tmp_path_factory):
    started = Original(tmp_path_factory.mktemp("original") / "data", "--lenient")
    started.set_up()
    yield started
    started.till.stop()


def test_where_aws_refuses_so_does_the_engine(tmp_path):
    original = Original(tmp_path / "strict")
    original.set_up()
    mapped = original.start("create_event_source_mapping")
    assert mapped.returncode != 0
    assert "InvalidParameterValueException" in mapped.stderr
    assert "Queue visibility timeout: 30 seconds is less than Function timeout: 60 seconds" in mapped.stderr
    again = original.start("create_dynamodb_table")
    assert again.returncode != 0
    assert "The provisioned throughput for the table will not change" in again.stderr
    original.till.stop()
    assert "warning" not in original.till.stderr_text().lower()


def test_scripts_may_run_again(lenient):
    assert lenient.run("create_dynamodb_table") == "updated\n"
    assert lenient.run("create_s3_bucket") == "exists\n"
    assert lenient.run("deploy_lambda") == "updated\n"
    lenient.client("lambda").get_waiter("function_updated_v2").wait(FunctionName="ProcessTransactions")
    assert "will not change" in lenient.till.stderr_text()


def test_a_message_by_hand(lenient):
    lenient.run("send_message_to_sqs")
    body, receipt = lenient.run("receive_message_from_sqs").splitlines()
    assert json.loads(body)["transaction_id"] == "manual-1"
    lenient.run("delete_message_from_sqs", receipt)
    # The original's receipt handle is written out and long stale.
    stale = lenient.start("delete_message_from_sqs", "AQEBthis-is-no-handle")
    assert "ReceiptHandleIsInvalid" in stale.stderr
    assert lenient.messages_left() == 0
    assert "does not exist" in lenient.run("lambda_error_alarm")


def test_the_file_goes_through(lenient):
    lenient.let_the_table_save_up()
    assert lenient.start("create_event_source_mapping").returncode == 0
    assert "Queue visibility timeout: 30 seconds" in lenient.till.stderr_text()
    orders = json.loads(EXAMPLE.read_text())
    assert f"{len(orders)} transactions sent" in lenient.run("invoke_lambda", EXAMPLE)
    # A fractional amount is a float in Python, which boto3 does not write: the original's handler forgets such orders.
    wanted = {o["transaction_id"] for o in orders if isinstance(o["amount"], int) and o["amount"] > 0}
    eventually(lambda: lenient.messages_left() == 0, what="the queue is worked off")
    assert set(lenient.rows()) == wanted
    mails = [p.read_text() for p in (lenient.till.data / "outbox").iterdir()]
    large = [o["transaction_id"] for o in orders if isinstance(o["amount"], int) and o["amount"] > 50000]
    for transaction_id in large:
        assert any(f"Large order {transaction_id}:" in mail for mail in mails), transaction_id


def test_the_archived_way_and_single_rows(lenient):
    lenient.let_the_table_save_up()
    lenient.run("clean_dynamoDB_table")
    assert lenient.rows() == []
    lenient.run("upload_to_s3", EXAMPLE)
    # Not before: the queue is empty, too, while nothing has come there yet.
    eventually(lambda: len(lenient.rows()) > 90 and lenient.messages_left() == 0, what="the queue is worked off")
    lenient.run("test_dynamodb_operations")
    assert "probe" in lenient.rows()


def test_the_alarms_do_what_they_do_on_aws(lenient):
    # One asynchronous error and its two retries, one and three minutes later, are one error a minute: `> 1` holds never.
    lenient.run("trigger_cloudwatch_alarms", "error")
    lenient.till.advance(240)
    assert "OK" in lenient.states("LambdaErrors") and "ALARM" not in lenient.states("LambdaErrors")
    errors = lenient.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda", MetricName="Errors", Dimensions=[{"Name": "FunctionName", "Value": "ProcessTransactions"}],
        StartTime="2020-01-01", EndTime="2100-01-01", Period=86400 * 365, Statistics=["Sum"])["Datapoints"]
    assert sum(point["Sum"] for point in errors) == 3
    lenient.run("trigger_cloudwatch_alarms", "duration")
    lenient.till.advance(120)
    assert "ALARM" in lenient.states("LambdaDuration")
    # 100 rows are less than what a table saves up in five minutes.
    lenient.let_the_table_save_up()
    lenient.run("trigger_cloudwatch_alarms", "throttle")
    lenient.till.advance(360)
    assert "ALARM" not in lenient.states("TableWriteThrottles")


def test_cleanup_leaves_nothing(lenient):
    for script in ["delete_cloudwatch_alarms", "delete_lambda_functions", "delete_dynamoDB_tables", "delete_sns_topics",
                   "delete_sqs_queue", "delete_iam_roles"]:
        lenient.run(script)
    # No script of the original removes the bucket, the mapping and the logs.
    s3 = lenient.client("s3")
    for key in s3.list_objects_v2(Bucket="ecommerce-transactions-upload")["Contents"]:
        s3.delete_object(Bucket="ecommerce-transactions-upload", Key=key["Key"])
    s3.delete_bucket(Bucket="ecommerce-transactions-upload")
    lambda_, logs = lenient.client("lambda"), lenient.client("logs")
    for mapping in lambda_.list_event_source_mappings()["EventSourceMappings"]:
        lambda_.delete_event_source_mapping(UUID=mapping["UUID"])
    for group in logs.describe_log_groups()["logGroups"]:
        logs.delete_log_group(logGroupName=group["logGroupName"])
    left = {
        "queues": lambda: lenient.client("sqs").list_queues().get("QueueUrls", []),
        "topics": lambda: lenient.client("sns").list_topics()["Topics"],
        "subscriptions": lambda: lenient.client("sns").list_subscriptions()["Subscriptions"],
        "functions": lambda: lambda_.list_functions()["Functions"],
        "mappings": lambda: lambda_.list_event_source_mappings()["EventSourceMappings"],
        "tables": lambda: lenient.client("dynamodb").list_tables()["TableNames"],
        "buckets": lambda: s3.list_buckets()["Buckets"],
        "alarms": lambda: lenient.client("cloudwatch").describe_alarms()["MetricAlarms"],
        "roles": lambda: lenient.client("iam").list_roles()["Roles"],
        "log groups": lambda: logs.describe_log_groups()["logGroups"],
    }
    for what, listed in left.items():
        eventually(lambda: not listed(), what=f"no {what} left")
