import json
import os
import uuid

import pytest
from till_process import BINARY, TillServer, VirtualTill, make_client


def pytest_report_header():
    return f"till: {BINARY}"


def pytest_collection_modifyitems(items):
    if os.environ.get("TILL_E2E_LARGE"):
        return
    for item in items:
        if "large" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="TILL_E2E_LARGE is not set"))


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """One engine for all tests of single services; each test uses names of its own."""
    started = TillServer(tmp_path_factory.mktemp("shared") / "data")
    yield started
    started.stop()


@pytest.fixture
def serve(tmp_path):
    """Starts engines for one test, by default on the test's own data directory; those that still run are stopped."""
    started = []

    def start(*arguments, data=None, **environment):
        started.append(TillServer(data or tmp_path / "data", *arguments, **environment))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.stop()
        else:
            each.check_reports()


@pytest.fixture
def virtual_till(tmp_path):
    started = VirtualTill(tmp_path / "virtual")
    yield started
    started.stop()


@pytest.fixture
def name():
    """A name that no other test uses, good for a resource of any service."""
    return "t" + uuid.uuid4().hex[:12]


@pytest.fixture
def role_client(server, iam, name):
    """Makes a client with the credentials of a role that may do one thing only."""
    def make(service, action, resource):
        anyone = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(anyone))["Role"]["Arn"]
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps({
            "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]}))
        keys = server.client("sts").assume_role(RoleArn=arn, RoleSessionName="session")["Credentials"]
        return make_client(service, server.endpoint, keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    return make


def _client(service):
    @pytest.fixture(name=service.replace("lambda", "lambda_"))
    def fixture(server):
        return server.client(service)
    return fixture


sqs, sns, dynamodb, s3, logs, cloudwatch, iam, sts, lambda_ = map(
    _client, ["sqs", "sns", "dynamodb", "s3", "logs", "cloudwatch", "iam", "sts", "lambda"])
