"""The deployer's policy (`till export deployer-policy`): the commands that it is for work with it, and need all of it.
A role begins with nothing and is given what it is denied, but only what the policy has; what it has in the end is what
the policy has."""
import contextlib
import json
import os
import re
import selectors
import socket
import subprocess
import threading

import pytest
from till_process import BINARY, EXAMPLE, SANITIZED, clean_environment, till

OK, FAILED = 0, 1  # src/cli/exit_code.h
# AWS asks for these where a function gets its role, and where a subscription ends by a signed call; the engine does not.
NOT_OF_THE_ENGINE = {"iam:PassRole", "sns:Unsubscribe"}
# What `run` asks when a file is not taken for a while (cli/ingest_watch) and when it breaks off an upload of many parts.
SELDOM = {"s3:GetObject", "s3:AbortMultipartUpload", "lambda:GetFunctionEventInvokeConfig", "logs:FilterLogEvents",
          "cloudwatch:GetMetricStatistics"}
FIRST = """
[intake]
verify = "hmac"
header = "X-Signature"
secret_variable = "SHOP_SECRET"
[order]
id = "/transaction_id"
amount = "/amount"
item = "/item"
[[rules]]
name = "some"
filter = '{"amount": [{"numeric": [">", 100]}]}'
emails = ["me@example.com"]
"""
SECOND = """
[stack]
tags = { team = "shop" }
batch_size = 5
log_retention_days = 7
[alarms]
duration_ms = 1500
[functions.process]
memory = 512
"""


class Denials:
    """Stands between `till` and the engine, hands everything on, and notes what the engine says is not allowed: some of
    it commands do without, and say nothing."""
    WORDS = re.compile(rb"is not authorized to perform: (\w+:\w+)")

    def __init__(self, endpoint):
        self.target = endpoint.removeprefix("http://").split(":")
        self.denied = set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._carry, args=(self.listener.accept()[0],), daemon=True).start()

    def _carry(self, client):
        line, answer = b"", b""
        with client, socket.create_connection(self.target) as engine, selectors.DefaultSelector() as selector:
            selector.register(client, selectors.EVENT_READ, engine)
            selector.register(engine, selectors.EVENT_READ, client)
            with contextlib.suppress(OSError):
                while True:
                    for key, _ in selector.select():
                        piece = key.fileobj.recv(1 << 16)
                        if not piece:
                            return
                        if key.fileobj is client:
                            line, answer = (piece.split(b"\r\n")[0] if not line or answer else line), b""
                        else:
                            answer += piece
                            self._read(line, answer)
                        key.data.sendall(piece)

    def _read(self, line, answer):
        found = {action.decode() for action in self.WORDS.findall(answer)}
        # A HEAD request is refused without words.
        if line.startswith(b"HEAD ") and answer.startswith(b"HTTP/1.1 403"):
            found.add("s3:GetObject" if line.split()[1].strip(b"/").count(b"/") else "s3:ListBucket")
        self.denied |= found

    def take(self):
        denied, self.denied = self.denied, set()
        return denied


class Deployer:
    def __init__(self, server, name, policy):
        self.server, self.name, self.iam = server, name, server.client("iam")
        self.statements = {action: statement for statement in policy["Statement"] for action in statement["Action"]}
        self.needs = set()
        self.tap = Denials(server.endpoint)
        anyone = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}
        arn = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(anyone))["Role"]["Arn"]
        keys = server.client("sts").assume_role(RoleArn=arn, RoleSessionName="session")["Credentials"]
        self.environment = {
            "AWS_ACCESS_KEY_ID": keys["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
            "AWS_SESSION_TOKEN": keys["SessionToken"], "SHOP_SECRET": "a secret"}

    def may(self, policy):
        self.iam.put_role_policy(RoleName=self.name, PolicyName="deployer", PolicyDocument=json.dumps(policy))

    def run(self, *arguments):
        return till(*arguments, "--endpoint", self.tap.endpoint, **self.environment)

    def needed(self, *arguments, how=None):
        """Runs a command until nothing of it is denied."""
        while True:
            done = (how or self.run)(*arguments)
            denied = self.tap.take()
            if not denied:
                return done
            assert denied <= self.statements.keys(), f"not in the policy: {denied - self.statements.keys()}; {done}"
            assert not denied & self.needs, f"not for this resource: {denied & self.needs}; {done}"
            self.needs |= denied
            self.may({"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": action, "Resource": self.statements[action]["Resource"]}
                for action in sorted(self.needs)]})


def drift(server):
    """Everything that `up` mends and a definition cannot change."""
    client, queue = server.client, f"{server.endpoint}/{server.account}/tillstream-orders"
    client("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"DelaySeconds": "1"})
    client("dynamodb").update_table(TableName="tillstream-orders", BillingMode="PROVISIONED",
                                    ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1})
    client("dynamodb").update_time_to_live(TableName="tillstream-quarantine",
                                           TimeToLiveSpecification={"Enabled": True, "AttributeName": "gone_at"})
    client("lambda").put_function_concurrency(FunctionName="tillstream-sweep", ReservedConcurrentExecutions=0)
    client("lambda").update_function_url_config(FunctionName="tillstream-intake", AuthType="AWS_IAM")
    iam = client("iam")
    iam.attach_role_policy(RoleName="tillstream-sweep", PolicyArn="arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess")
    iam.put_role_policy(RoleName="tillstream-sweep", PolicyName="more", PolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}))
    topic = f"arn:aws:sns:us-east-1:{server.account}:tillstream-alarms"
    client("sns").set_topic_attributes(
        TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps({
            "Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "sns:Publish",
                                                    "Resource": topic}]}))


def down_at_a_terminal(deployer):
    """`down` counts what is there before it asks; the answer is no."""
    ours, its = os.openpty()
    os.write(ours, b"n\n")
    done = subprocess.run([BINARY, "down", "--endpoint", deployer.tap.endpoint], stdin=its, capture_output=True,
                          text=True, env=clean_environment(**deployer.environment), timeout=60)
    os.close(ours)
    os.close(its)
    return done


@pytest.mark.skipif(SANITIZED, reason="it starts 80 commands, whose calls are the same on the release preset")
def test_the_policy_is_what_the_commands_need(serve, tmp_path, name):
    server = serve("--memory")
    policy = till("export", "deployer-policy").json
    deployer = Deployer(server, name, policy)
    first, second = tmp_path / "first.toml", tmp_path / "second.toml"
    first.write_text(FIRST)
    second.write_text(SECOND)
    for arguments in (["plan", "--file", first], ["up", "--file", first], ["run", "--file", first, EXAMPLE],
                      ["status"], ["ingest", "--file", first, EXAMPLE]):
        deployer.needed(*arguments)
    assert deployer.run("plan", "--file", first).code == OK
    drift(server)
    assert deployer.needed("up", "--file", first).code == OK
    assert deployer.needed("up", "--file", second).code == OK
    assert deployer.run("plan", "--file", second).code == OK
    asked = deployer.needed(how=lambda: down_at_a_terminal(deployer))
    assert asked.returncode == FAILED and "nothing was removed" in asked.stderr, asked
    assert deployer.needed("down", "--yes").code == OK
    granted = {action for statement in policy["Statement"] for action in statement["Action"]}
    assert granted - deployer.needs <= SELDOM | NOT_OF_THE_ENGINE, "in the policy for nothing"
    assert SELDOM | NOT_OF_THE_ENGINE <= granted
    # Nothing is left, and all of it works at once.
    assert "No stack named tillstream" in till("status", "--endpoint", server.endpoint).out
    deployer.may(policy)
    for arguments in (["up"], ["run", EXAMPLE], ["status"], ["down", "--yes"]):
        done = deployer.run(*arguments)
        assert done.code == OK, done
    assert not deployer.tap.take()
    # Of another stack it may not even make the first table.
    other = deployer.run("up", "--stack", "other")
    assert other.code == FAILED and "not authorized" in other.err, other
