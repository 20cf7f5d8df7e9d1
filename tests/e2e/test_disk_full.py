"""A disk that fills up: calls that add data are refused by an error that clients try again, reads and deletes go on,
nothing acknowledged is lost, and it recovers by itself. On a tmpfs in a mount namespace of its own."""
import json
import os
import pathlib
import subprocess
import threading
import urllib.error
import urllib.request

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from till_process import BINARY, TillServer, eventually, make_client

MIB = 1 << 20


class SmallDisk:
    """`data` is on a file system of `mib` MiB that processes started by `wrapped_in` see, and that outlives them."""

    def __init__(self, directory, mib):
        directory.mkdir()
        self.holder = subprocess.Popen(
            ["unshare", "-m", "bash", "-c", f'mount -t tmpfs -o size={mib}m none "$0" && echo ready && exec cat',
             directory],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        if self.holder.stdout.readline() != "ready\n":
            self.close()
            pytest.skip("no file system can be mounted here")
        self.wrapped_in = ("nsenter", "-t", str(self.holder.pid), "-m")
        self.seen = pathlib.Path(f"/proc/{self.holder.pid}/root{directory}")
        self.data = directory / "data"

    def free(self):
        status = os.statvfs(self.seen)
        return status.f_bavail * status.f_frsize

    def fill(self, leave_mib):
        """Somebody else's file takes all but so much."""
        with open(self.seen / "ballast", "ab") as file:
            while self.free() > leave_mib * MIB:
                file.write(bytes(min(MIB, self.free() - leave_mib * MIB + 4096)))
                file.flush()

    def clear(self):
        (self.seen / "ballast").unlink()

    def close(self):
        self.holder.stdin.close()
        self.holder.wait()
        self.holder.stdout.close()


@pytest.fixture
def disk(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("needs root, for a file system of its own")
    made = SmallDisk(tmp_path / "disk", 160)
    yield made
    made.close()


class Engine(TillServer):
    """Its stderr goes beside the small disk, not onto it."""

    def __init__(self, disk, tmp_path):
        (tmp_path / "disk/data.stderr").touch()
        super().__init__(disk.data, wrapped_in=disk.wrapped_in, TILL_DISK_RESERVE="24")

    def accepts_data(self):
        try:
            with urllib.request.urlopen(self.endpoint + "/_till/health") as reply:
                return json.load(reply)["parts"]["store"]["state"] != "ill"
        except urllib.error.HTTPError as ill:
            assert ill.code == 503 and "what adds data is refused" in json.load(ill)["parts"]["store"]["reason"]
            return False


@pytest.fixture
def start(disk, tmp_path):
    started = []

    def make():
        started.append(Engine(disk, tmp_path))
        return started[-1]
    yield make
    for each in started:
        if each.process.poll() is None:
            each.stop()


def table(server, name):
    server.client("dynamodb").create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}])


def refused(call, **arguments):
    with pytest.raises(ClientError) as error:
        call(**arguments)
    response = error.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 503, response
    assert response["Error"]["Code"].startswith("ServiceUnavailable"), response
    return response["Error"]["Message"]


def test_writes_are_refused_while_reads_and_deletes_go_on(disk, start, name):
    server = start()
    dynamodb, sqs, s3, sns, lambda_ = (server.client(each) for each in ("dynamodb", "sqs", "s3", "sns", "lambda"))
    table(server, name)
    for n in range(10):
        dynamodb.put_item(TableName=name, Item={"id": {"S": f"{n}"}})
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    for n in range(3):
        sqs.send_message(QueueUrl=url, MessageBody=f"{n}")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="small", Body=b"s")
    topic = sns.create_topic(Name=name)["TopicArn"]
    assert server.accepts_data()
    disk.fill(leave_mib=20)
    eventually(lambda: not server.accepts_data(), 10)
    assert "nearly full" in refused(dynamodb.put_item, TableName=name, Item={"id": {"S": "more"}})
    refused(dynamodb.update_item, TableName=name, Key={"id": {"S": "more"}})
    refused(sqs.send_message, QueueUrl=url, MessageBody="more")
    refused(s3.put_object, Bucket=name, Key="more", Body=b"m")
    refused(sns.publish, TopicArn=topic, Message="more")
    refused(lambda_.invoke, FunctionName="none", InvocationType="Event")
    refused(server.client("iam").create_role, RoleName=name, AssumeRolePolicyDocument="{}")
    refused(server.client("logs").create_log_group, logGroupName=name)
    refused(server.client("cloudwatch").put_metric_data, Namespace="n", MetricData=[{"MetricName": "m", "Value": 1}])

    assert dynamodb.scan(TableName=name)["Count"] == 10
    dynamodb.delete_item(TableName=name, Key={"id": {"S": "0"}})
    dynamodb.batch_write_item(RequestItems={name: [{"DeleteRequest": {"Key": {"id": {"S": "1"}}}}]})
    refused(dynamodb.batch_write_item, RequestItems={name: [{"PutRequest": {"Item": {"id": {"S": "2"}}}}]})
    received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1, WaitTimeSeconds=1)["Messages"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=received[0]["ReceiptHandle"])
    assert s3.get_object(Bucket=name, Key="small")["Body"].read() == b"s"
    s3.delete_object(Bucket=name, Key="small")
    assert server.stderr_text().count("till: the disk of ") == 1, "once"

    disk.clear()
    eventually(lambda: server.accepts_data(), 10)
    dynamodb.put_item(TableName=name, Item={"id": {"S": "more"}})
    assert dynamodb.scan(TableName=name)["Count"] == 9
    assert server.stderr_text().count("has room again") == 1


class Writers:
    """Clients that write what fills a disk, and go on when they are refused; `done` has what was acknowledged."""

    def __init__(self, server, name):
        self.name, self.endpoint, self.done, self.refusals = name, server.endpoint, {"s3": set(), "dynamodb": set()}, 0
        self.other, self.ended, self.lock = [], False, threading.Lock()
        self.threads = [threading.Thread(target=self.write, args=(service, n)) for service in self.done for n in (1, 2)]
        for thread in self.threads:
            thread.start()

    def write(self, service, worker):
        client, count = make_client(service, self.endpoint), 0
        while not self.ended:
            label, count = f"{worker}-{count}", count + 1
            try:
                if service == "s3":
                    client.put_object(Bucket=self.name, Key=label, Body=os.urandom(200_000))
                else:
                    client.put_item(TableName=self.name, Item={"id": {"S": label}, "b": {"B": os.urandom(2_000)}})
                with self.lock:
                    self.done[service].add(label)
            except ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] != 503:
                    self.other.append(error)
                with self.lock:
                    self.refusals += 1
            except BotoCoreError:
                return  # the kill

    def stop(self):
        self.ended = True
        for thread in self.threads:
            thread.join()


def expect_all(server, name, done):
    keys = {o["Key"] for page in server.client("s3").get_paginator("list_objects_v2").paginate(Bucket=name)
            for o in page.get("Contents", [])}
    assert done["s3"] <= keys
    pages = server.client("dynamodb").get_paginator("scan").paginate(TableName=name, ProjectionExpression="id")
    assert done["dynamodb"] <= {row["id"]["S"] for page in pages for row in page["Items"]}


def test_nothing_acknowledged_is_lost_on_a_disk_that_clients_fill(disk, start, name):
    server = start()
    table(server, name)
    server.client("s3").create_bucket(Bucket=name)
    writers = Writers(server, name)
    try:
        eventually(lambda: writers.refusals > 50 or server.process.poll() is not None, 120, "refusals")
        assert server.process.poll() is None, server.stderr_text()
        assert "nearly full" in server.stderr_text() and disk.free() > 0
    finally:
        server.kill()
        writers.stop()
    assert not writers.other, writers.other

    server = start()  # as full as it was, but for the logs that it does not need any more
    expect_all(server, name, writers.done)
    again = Writers(server, name)
    try:
        eventually(lambda: again.refusals > 50 or server.process.poll() is not None, 120, "refusals")
    finally:
        again.stop()
    assert server.process.poll() is None and not again.other, (again.other, server.stderr_text())
    expect_all(server, name, {service: writers.done[service] | again.done[service] for service in again.done})
    for key in sorted(writers.done["s3"] | again.done["s3"]):
        server.client("s3").delete_object(Bucket=name, Key=key)
    eventually(lambda: server.accepts_data(), 60, "room, by what was deleted alone")
    server.client("s3").put_object(Bucket=name, Key="more", Body=b"m")
    server.stop()
    verified = subprocess.run([*disk.wrapped_in, BINARY, "verify", "--data", disk.data], capture_output=True, text=True)
    assert verified.returncode == 0, verified


def test_a_retrying_client_gets_through(disk, start, name):
    server = start()
    table(server, name)
    disk.fill(leave_mib=20)
    eventually(lambda: not server.accepts_data(), 10)
    client = boto3.client("dynamodb", endpoint_url=server.endpoint, region_name="us-east-1", aws_access_key_id="test",
                          aws_secret_access_key="test", config=Config(retries={"max_attempts": 12, "mode": "standard"}))
    client.meta.events.register("needs-retry.dynamodb.PutItem", lambda response, **_: response and disk.seen.joinpath(
        "ballast").unlink(missing_ok=True))
    client.put_item(TableName=name, Item={"id": {"S": "1"}})
    assert client.get_item(TableName=name, Key={"id": {"S": "1"}})["Item"]
