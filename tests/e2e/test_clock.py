"""`till serve --clock virtual`: hours pass by request, and everything that AWS defines by a clock follows."""
import concurrent.futures
import io
import json
import time
import urllib.error
import urllib.request
import zipfile

import pytest
from botocore.exceptions import ClientError
from till_process import PATIENCE, make_client


def post(endpoint, path, body, method="POST"):
    request = urllib.request.Request(endpoint + path, method=method, data=body)
    try:
        with urllib.request.urlopen(request) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)


def test_it_stands_still_until_it_is_advanced(virtual_till):
    read = lambda: post(virtual_till.endpoint, "/_till/clock", None, "GET")[1]
    first = read()
    assert first["virtual"] is True
    assert read() == first
    moved = virtual_till.advance(90.5)
    assert read()["now"] == moved["now"] > first["now"]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"seconds": -1}', b'{"seconds": "5"}', b'{"seconds": 1e12}',
                                  b'{"seconds": 1, "minutes": 5}'])
def test_a_bad_request_to_the_clock(virtual_till, body):
    status, answer = post(virtual_till.endpoint, "/_till/clock/advance", body)
    assert status == 400 and "seconds" in answer["message"]


def test_the_machines_clock_cannot_be_moved(server):
    status, answer = post(server.endpoint, "/_till/clock/advance", b'{"seconds": 1}')
    assert status == 409 and "--clock virtual" in answer["message"]
    assert post(server.endpoint, "/_till/clock", None, "GET")[1]["virtual"] is False
    assert post(server.endpoint, "/_till/clock/advance", None, "GET")[0] == 405


def test_visibility_retention_and_delay_of_messages(virtual_till, name):
    sqs = virtual_till.client("sqs")
    url = sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "43200"})["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="now")
    sqs.send_message(QueueUrl=url, MessageBody="later", DelaySeconds=900)
    receive = lambda: [m["Body"] for m in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])]
    assert receive() == ["now"]
    assert receive() == []
    virtual_till.advance(900)
    assert receive() == ["later"]
    virtual_till.advance(12 * 3600)
    assert sorted(receive()) == ["later", "now"]
    virtual_till.advance(4 * 86400)
    assert receive() == []


def test_a_long_poll_ends_when_the_clock_says_so(virtual_till, name):
    sqs = virtual_till.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    import concurrent.futures
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        poll = pool.submit(sqs.receive_message, QueueUrl=url, WaitTimeSeconds=20)
        while not poll.done():  # the poll may begin after the first advance
            virtual_till.advance(20)
        assert "Messages" not in poll.result()


def test_a_token_expires(virtual_till, name):
    iam, sts = virtual_till.client("iam"), virtual_till.client("sts")
    trust = {"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{virtual_till.account}:root"}, "Action": "sts:AssumeRole"}]}
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    got = sts.assume_role(RoleArn=arn, RoleSessionName="session", DurationSeconds=900)["Credentials"]
    key = dict(key=got["AccessKeyId"], secret=got["SecretAccessKey"], token=got["SessionToken"])

    def refusals():
        for service, call in [("sqs", "list_queues"), ("sns", "list_topics"), ("s3", "list_buckets"),
                              ("dynamodb", "list_tables")]:
            with pytest.raises(ClientError) as refused:
                getattr(make_client(service, virtual_till.endpoint, **key), call)()
            yield refused.value.response["Error"]["Code"].removesuffix("Exception")

    # Known, and the role may do nothing.
    assert list(refusals()) == ["AccessDenied", "AuthorizationError", "AccessDenied", "AccessDenied"]
    virtual_till.advance(901)
    assert list(refusals()) == ["ExpiredToken"] * 4


def test_a_day_passes_quickly(virtual_till, name):
    """An idle engine has few deadlines: a day of them is a matter of seconds at most."""
    virtual_till.client("sqs").create_queue(QueueName=name)
    began = time.monotonic()
    virtual_till.advance(86_400)
    assert time.monotonic() - began < 20


def test_two_who_move_the_clock_at_once_take_turns(virtual_till):
    begun = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor() as pool:
        moved = [each["now"] for each in pool.map(virtual_till.advance, [600, 600])]
    assert len(set(moved)) == 2
    assert time.monotonic() - begun < 15 * PATIENCE, "who waits for the turn does not hold up each of the other's steps"


def test_a_function_that_hangs_does_not_hold_up_time(virtual_till, name):
    """The clock waits for a function that computes, but for one that never answers only once."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.py", "import threading\ndef handler(event, context):\n    threading.Event().wait()\n")
    lambda_, logs = virtual_till.client("lambda"), virtual_till.client("logs")
    trust = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
    iam = virtual_till.client("iam")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    iam.attach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole")
    lambda_.create_function(FunctionName=name, Runtime="python3.12", Handler="index.handler", Role=role, Timeout=300,
                            Code={"ZipFile": packed.getvalue()})
    lambda_.get_waiter("function_active_v2").wait(FunctionName=name)
    lambda_.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0)
    lambda_.invoke(FunctionName=name, InvocationType="Event")
    began = time.monotonic()
    virtual_till.advance(320)
    assert time.monotonic() - began < 20 * PATIENCE
    read = lambda: [e["message"] for e in logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]]
    assert any("Task timed out after 300.00 seconds" in message for message in read()), read()


def test_time_does_not_go_back_over_a_restart(serve):
    """Not though the clock did: an engine that was an hour ahead is killed. Signatures keep to the machine's clock."""
    read = lambda server: post(server.endpoint, "/_till/clock", None, "GET")[1]["now"]
    first = serve("--clock", "virtual")
    assert post(first.endpoint, "/_till/clock/advance", b'{"seconds": 3600}')[0] == 200
    first.client("sqs").create_queue(QueueName="late")
    shown = read(first)
    first.kill()
    for clock in ("virtual", "system"):
        server = serve("--clock", clock)
        assert read(server) >= shown
        assert server.client("sqs").list_queues()["QueueUrls"], "a request signed an hour before the engine's time"
        server.kill()
