"""Functions for the tests of Lambda: their code, their packages, and fixtures that make and remove them."""
import io
import json
import zipfile

import pytest
from botocore.exceptions import ClientError

PYTHON = """
import json, logging, os, sys, time
logger = logging.getLogger()
logger.setLevel(logging.INFO)
calls = 0

def handler(event, context):
    global calls
    calls += 1
    print("got", json.dumps(event))
    what = event.get("do") if isinstance(event, dict) else None
    if what == "fail":
        raise RuntimeError("as told")
    if what == "sleep":
        time.sleep(60)
    if what == "exit":
        os._exit(4)
    if what == "eat":
        hoard = []
        while True:
            hoard.append(bytearray(8 << 20))
            time.sleep(0.01)
    if what == "env":
        return {name: os.environ.get(name) for name in event["names"]}
    if what == "log":
        logger.info("an info line")
    if what == "large":
        return "x" * (7 << 20)
    return {"calls": calls, "version": context.function_version, "arn": context.invoked_function_arn,
            "stream": context.log_stream_name, "event": event}
"""


def package(**files):
    """A deployment package: app="..." becomes app.py."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in files.items():
            archive.writestr(name if "." in name else name + ".py", text)
    return out.getvalue()


def make_role(iam, name):
    """A role for functions, and how to give it rights."""
    trust = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]

    class Role:
        def __init__(self):
            self.arn = arn

        def allow(self, action, resource):
            iam.put_role_policy(RoleName=name, PolicyName="grants", PolicyDocument=json.dumps({
                "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]}))
    return Role()


@pytest.fixture
def role(iam, name):
    return make_role(iam, name)


def make_function(lambda_, role_arn, name, source=PYTHON, runtime="python3.12", handler="app.handler", **more):
    """Makes a function that is ready; answers its ARN."""
    more = {"Code": {"ZipFile": package(app=source)}, "MemorySize": 256, "Timeout": 20, **more}
    arn = lambda_.create_function(FunctionName=name, Runtime=runtime, Handler=handler, Role=role_arn,
                                  **more)["FunctionArn"]
    lambda_.get_waiter("function_active_v2").wait(FunctionName=name)
    return arn


@pytest.fixture
def create(lambda_, role, name):
    """Makes a function of this test's name; answers its ARN."""
    yield lambda source=PYTHON, **more: make_function(lambda_, role.arn, name, source, **more)
    try:
        lambda_.delete_function(FunctionName=name)
    except ClientError:
        pass


def call(lambda_, name, event=None, **more):
    answer = lambda_.invoke(FunctionName=name, Payload=json.dumps(event), **more)
    answer["Body"] = json.loads(answer["Payload"].read() or "null")
    return answer
