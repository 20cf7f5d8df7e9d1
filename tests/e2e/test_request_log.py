"""`till serve --log`: who asked for what, what became of it and why it was refused, without a secret."""
import datetime
import json
import os
import re
import socket
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest
from botocore.exceptions import ClientError
from till_process import BINARY, PATIENCE, REGION, TillServer, clean_environment, eventually, make_client, till

KEYS = {"time", "level", "event", "service", "operation", "status", "duration_ms", "parked_ms", "caller", "account",
        "region", "peer", "request_id", "bytes_in", "error", "message", "refused", "kind", "reason", "slow_step"}
STEPS = {"worker_ms", "authenticate_ms", "decode_ms", "operation_ms", "encode_ms", "disk_ms"}
USAGE = 2


@pytest.fixture
def logged(serve):
    return serve("--log", "info", "--log-format", "json")


def lines(server):
    return [json.loads(line) for line in server.stderr_text().splitlines() if line.startswith("{")]


def line_of(server, **wanted):
    """The first line that has these values, once it is there."""
    def find():
        return [line for line in lines(server) if all(line.get(key) == value for key, value in wanted.items())]
    return eventually(find, what=f"a line with {wanted}")[0]


def refused(call):
    with pytest.raises(ClientError):
        call()


def status_of(url, body=None, **headers):
    try:
        return urllib.request.urlopen(urllib.request.Request(url, body, headers=headers), timeout=20 * PATIENCE).status
    except urllib.error.HTTPError as error:
        return error.code


def assume(server, name, *statements):
    """Credentials of a role with these statements."""
    iam = server.client("iam")
    trust = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": list(statements)}))
    return server.client("sts").assume_role(RoleArn=arn, RoleSessionName="session")["Credentials"]


def client_of(server, service, keys):
    return make_client(service, server.endpoint, keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])


def test_each_request_has_a_line(logged):
    answer = logged.client("sqs").create_queue(QueueName="q")
    line = line_of(logged, operation="CreateQueue")
    assert set(line) == KEYS
    assert line["level"] == "info" and line["event"] == "request" and line["service"] == "sqs"
    assert line["status"] == 200 and line["error"] == line["refused"] == line["slow_step"] == ""
    assert line["caller"] == f"arn:aws:iam::{logged.account}:root" and line["account"] == logged.account
    assert line["region"] == REGION and line["peer"] == "127.0.0.1" and line["bytes_in"] > 0
    assert line["request_id"] == answer["ResponseMetadata"]["RequestId"]
    assert 0 < line["duration_ms"] < 60_000 and line["parked_ms"] == 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])
    refused(lambda: logged.client("sqs").get_queue_url(QueueName="nobody"))
    line = line_of(logged, operation="GetQueueUrl")
    assert line["level"] == "info" and line["status"] == 400 and "QueueDoesNotExist" in line["error"] and line["message"]


def test_text_is_one_line_for_each_request(serve):
    server = serve("--log", "debug")
    server.client("sqs").create_queue(QueueName="q")
    [line] = eventually(lambda: re.findall(r"^.* operation=CreateQueue .*$", server.stderr_text(), re.MULTILINE))
    assert re.match(r"\S+Z info event=request service=sqs operation=CreateQueue status=200 duration_ms=\d+\.\d{3} ", line)
    for step in STEPS:
        assert f" {step}=" in line


def test_debug_has_the_steps_and_the_environment_does_for_the_options(serve):
    server = serve(TILL_LOG="debug", TILL_LOG_FORMAT="json")
    server.client("dynamodb").list_tables()
    line = line_of(server, operation="ListTables")
    assert set(line) == KEYS | STEPS
    assert sum(line[step] for step in STEPS) + line["parked_ms"] == pytest.approx(line["duration_ms"], abs=0.01)


def test_what_is_wrong_with_the_settings_is_told():
    for variable, value in (("TILL_LOG", "loud"), ("TILL_LOG_FORMAT", "xml")):
        ended = subprocess.run([BINARY, "serve", "--memory", "--port", "0"], capture_output=True, text=True,
                               env=clean_environment(**{variable: value}), timeout=30 * PATIENCE)
        assert ended.returncode == USAGE and f'{variable} is "{value}"' in ended.stderr
    assert till("serve", "--log", "loud").code == USAGE


def test_ordinary_use_is_quiet_by_default(serve, tmp_path):
    from till_process import EXAMPLE
    server = serve()
    assert till("run", EXAMPLE, "--endpoint", server.endpoint).code == 0
    assert not re.search(r" (warn|error) ", server.stderr_text())
    assert status_of(server.endpoint + "/?Action=NobodyKnowsThis") >= 400  # and so is what no route answers to
    refused(lambda: server.client("sqs").get_queue_url(QueueName="nobody"))
    refused(make_client("sqs", server.endpoint, secret="wrong").list_queues)
    eventually(lambda: " warn event=request service=sqs operation=ListQueues " in server.stderr_text())
    assert server.stderr_text().count("event=") == 1


# ---- what was refused


def test_a_refused_signature_says_which_part(logged, monkeypatch):
    def part(kind, call, **wanted):
        refused(call)
        line = line_of(logged, kind=kind, **wanted)
        assert line["level"] == "warn" and line["refused"] == "signature" and line["status"] in (400, 403)
        return line

    assert "another secret" in part("signature", make_client("sqs", logged.endpoint, secret="wrong").list_queues)["reason"]
    line = part("unknown_key", make_client("sqs", logged.endpoint, key="AKIANOBODYHASTHIS000").list_queues)
    assert line["caller"] == "AKIANOBODYHASTHIS000"
    part("session_token", make_client("dynamodb", logged.endpoint, token="not-the-token").list_tables)
    from botocore import UNSIGNED
    part("missing", make_client("s3", logged.endpoint, signature_version=UNSIGNED).list_buckets)
    late = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=20)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_, **__: late.replace(tzinfo=None))
    for service, call in (("s3", "list_buckets"), ("sns", "list_topics")):
        line = part("clock", getattr(make_client(service, logged.endpoint), call), service=service)
        assert re.search(r"the clock of who signed it is 1[12]\d\d s behind", line["reason"])
    monkeypatch.undo()
    request = botocore.awsrequest.AWSRequest("POST", logged.endpoint + "/", data=b"{}", headers={
        "X-Amz-Target": "AmazonSQS.ListQueues", "Content-Type": "application/x-amz-json-1.0"})
    botocore.auth.SigV4Auth(botocore.credentials.Credentials("test", "test"), "sns", REGION).add_auth(request)
    assert status_of(request.url, b"{}", **dict(request.prepare().headers)) in (400, 403)
    assert "correct service: 'sqs'" in line_of(logged, kind="scope")["reason"]
    request = botocore.awsrequest.AWSRequest("GET", logged.endpoint + "/bucket")
    botocore.auth.S3SigV4Auth(botocore.credentials.Credentials("test", "test"), "s3", REGION).add_auth(request)
    assert status_of(request.url, **dict(request.prepare().headers), **{"X-Amz-Meta-More": "1"}) == 403
    assert "x-amz-meta-more" in line_of(logged, kind="headers_not_signed")["reason"]


def test_a_refused_policy_says_who_what_and_why(logged, name):
    queue = logged.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    keys = assume(logged, name, {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"},
                  {"Effect": "Deny", "Action": "sqs:DeleteQueue", "Resource": "*"})
    refused(lambda: client_of(logged, "sqs", keys).delete_queue(QueueUrl=queue))
    line = line_of(logged, operation="DeleteQueue")
    assert line["level"] == "warn" and line["refused"] == "policy" and line["kind"] == "explicit_deny"
    assert line["caller"] == f"arn:aws:sts::{logged.account}:assumed-role/{name}/session"
    assert line["reason"] == (f"{line['caller']} may not sqs:DeleteQueue on arn:aws:sqs:{REGION}:{logged.account}:q: "
                              "a Deny statement of its policies applies")
    refused(client_of(logged, "dynamodb", keys).list_tables)
    line = line_of(logged, service="dynamodb", refused="policy")
    assert line["kind"] == "not_allowed" and "no statement of its policies allows it" in line["reason"]


def test_what_no_route_or_the_http_server_refuses_is_told(logged):
    assert status_of(logged.endpoint + "/x?Action=NoSuchAction", Authorization="Bearer x") >= 400
    assert line_of(logged, refused="route")["level"] == "info"
    assert status_of(logged.endpoint + "/", Host="evil.example") == 403
    line = line_of(logged, event="http_refused")
    assert line["level"] == "warn" and line["status"] == 403 and line["reason"] and line["peer"] == "127.0.0.1"


def test_a_long_poll_waits_and_is_not_slow(logged):
    queue = logged.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    logged.client("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=2)
    line = line_of(logged, operation="ReceiveMessage")
    assert line["level"] == "info" and line["parked_ms"] > 1500 and line["slow_step"] == ""


# ---- no secret


def test_no_secret_is_in_the_log(serve, name):
    server = serve("--log", "debug", "--log-format", "json")
    secrets = {"SecretOfTheUser/abcdefghijklmnopqrstuvw+"}
    keys = assume(server, name, {"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
    secrets |= {keys["SecretAccessKey"], keys["SessionToken"]}
    server.client("s3").create_bucket(Bucket=name)
    server.client("s3").put_object(Bucket=name, Key="k", Body=b"BodyIsNobodysAffair")
    secrets |= {"BodyIsNobodysAffair"}
    role = client_of(server, "s3", keys)
    role.list_objects_v2(Bucket=name)  # SigV4 in the header, with a token
    for version, secret in (("s3v4", None), ("s3", None), ("s3v4", "wrong"), ("s3", "wrong")):
        signer = make_client("s3", server.endpoint, keys["AccessKeyId"], secret or keys["SecretAccessKey"],
                             keys["SessionToken"], signature_version=version)
        url = signer.generate_presigned_url("get_object", Params={"Bucket": name, "Key": "k"})
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)
        secrets |= {value for key in ("X-Amz-Signature", "Signature", "X-Amz-Security-Token", "x-amz-security-token")
                    for value in query.get(key, [])}
        assert status_of(url) == (403 if secret else 200)
        secrets.add(urllib.parse.urlsplit(url).query)
    refused(make_client("sqs", server.endpoint, secret="SecretOfTheUser/abcdefghijklmnopqrstuvw+").list_queues)
    # The two mixed up, and a token that is none of ours.
    refused(make_client("sqs", server.endpoint, key="SecretOfTheUser/abcdefghijklmnopqrstuvw+").list_queues)
    refused(make_client("sts", server.endpoint, token="TokenOfSomebody").get_caller_identity)
    for nonsense in ("Bearer BearerOfNonsense", "Basic BasicNonsense", "AWS AKIA:SignatureOfV2",
                     "AWS4-HMAC-SHA256 Nonsense4", "AWS4-HMAC-SHA256 Credential=CredentialNonsenseThatIsLongerThanIds/a",
                     "AWS4-HMAC-SHA256 Credential=SecretInTheScope/20240101/SecretRegion/sqs/aws4_request, "
                     "SignedHeaders=host, Signature=SignatureNonsense"):
        for path in ("/", "/bucket/key", "/2015-03-31/functions"):
            assert status_of(server.endpoint + path, Authorization=nonsense) >= 400
    secrets |= {"TokenOfSomebody", "BearerOfNonsense", "BasicNonsense", "SignatureOfV2", "Nonsense4",
                "CredentialNonsenseThatIsLongerThanIds", "SignatureNonsense"}
    topic = server.client("sns").create_topic(Name="t")["TopicArn"]
    for endpoint in ("http://user:PasswordOfUrl@[bad/", "ftp://user:PasswordOfUrl@host/"):
        refused(lambda: server.client("sns").subscribe(TopicArn=topic, Protocol="http", Endpoint=endpoint))
    refused(lambda: server.client("lambda").create_function(
        FunctionName="bad name!", Role="PasswordInAField", Runtime="provided.al2023", Handler="h",
        Code={"ZipFile": b"x"}, Environment={"Variables": {"A": "PasswordInAField"}}))
    secrets |= {"PasswordOfUrl", "PasswordInAField"}
    line_of(server, operation="CreateFunction")
    text = server.stderr_text()
    assert len(lines(server)) > 20 and all(secrets)
    for secret in secrets:
        for form in (secret, urllib.parse.quote(secret), urllib.parse.quote(secret, safe="")):
            assert form not in text, secret


# ---- nobody reads


def test_a_pipe_that_nobody_reads_holds_nobody_up(tmp_path):
    reader, writer = os.pipe()
    process = subprocess.Popen(
        [BINARY, "serve", "--port", "0", "--data", tmp_path / "data", "--log", "info", "--log-format", "json"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=writer, text=True, env=clean_environment())
    os.close(writer)
    try:
        endpoint = re.search(r"http://\S+:\d+", process.stdout.readline()).group(0)
        host, port = endpoint.removeprefix("http://").split(":")
        count = 12_000
        with socket.create_connection((host, int(port)), timeout=60 * PATIENCE) as connection:
            answers = connection.makefile("rb")
            for _ in range(count // 100):
                connection.sendall(b"GET /nobody/here HTTP/1.1\r\nHost: localhost\r\n\r\n" * 100)
                for _ in range(100):
                    assert answers.readline().startswith(b"HTTP/1.1 4")
                    length = 0
                    while (line := answers.readline()) != b"\r\n":
                        if line.lower().startswith(b"content-length:"):
                            length = int(line.split(b":")[1])
                    answers.read(length)
        read = b""
        make_client("sqs", endpoint).list_queues()  # which is answered, whatever becomes of its line
        while b" lines of the log were dropped" not in read:
            read += os.read(reader, 65_536)
            make_client("sqs", endpoint).list_queues()
        [told] = re.findall(rb"(\d+) lines of the log were dropped", read)
        assert 0 < int(told) < count
    finally:
        process.terminate()
        assert process.wait(timeout=20 * PATIENCE) == 0
        os.close(reader)
        process.stdout.close()
