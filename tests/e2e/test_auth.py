"""Who may do what: signatures, clocks, tokens, IAM roles and STS credentials, through stock boto3."""
import datetime
import json

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest
import urllib3
from botocore.exceptions import ClientError
from till_process import REGION, make_client


def code_of(call):
    with pytest.raises(ClientError) as refused:
        call()
    return refused.value.response["Error"]["Code"], refused.value.response["ResponseMetadata"]["HTTPStatusCode"]


# Service, its call without parameters, and AWS's codes for: a wrong signature, a key nobody has, a skewed clock.
FAMILIES = [
    ("sqs", "list_queues", "InvalidSignatureException|SignatureDoesNotMatch", "InvalidClientTokenId",
     "InvalidSignatureException|SignatureDoesNotMatch"),
    ("dynamodb", "list_tables", "InvalidSignatureException", "UnrecognizedClientException", "InvalidSignatureException"),
    ("sns", "list_topics", "SignatureDoesNotMatch", "InvalidClientTokenId", "SignatureDoesNotMatch"),
    ("iam", "list_roles", "SignatureDoesNotMatch", "InvalidClientTokenId", "SignatureDoesNotMatch"),
    ("sts", "get_caller_identity", "SignatureDoesNotMatch", "InvalidClientTokenId", "SignatureDoesNotMatch"),
    ("lambda", "list_functions", "InvalidSignatureException", "UnrecognizedClientException", "InvalidSignatureException"),
    ("logs", "describe_log_groups", "InvalidSignatureException", "UnrecognizedClientException",
     "InvalidSignatureException"),
    ("s3", "list_buckets", "SignatureDoesNotMatch", "InvalidAccessKeyId", "RequestTimeTooSkewed"),
]
families = pytest.mark.parametrize("service, call, signature, key, clock", FAMILIES, ids=[f[0] for f in FAMILIES])


@families
def test_a_wrong_secret_is_refused(server, service, call, signature, key, clock):
    code, status = code_of(getattr(make_client(service, server.endpoint, secret="wrong"), call))
    assert code in signature.split("|") and status in (400, 403)


@families
def test_an_unknown_key_is_refused(server, service, call, signature, key, clock):
    code, status = code_of(getattr(make_client(service, server.endpoint, key="AKIANOBODYHASTHIS000"), call))
    assert code in key.split("|") and status in (400, 403)


@families
def test_a_skewed_clock_is_refused(server, service, call, signature, key, clock, monkeypatch):
    late = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=20)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_, **__: late.replace(tzinfo=None))
    client = make_client(service, server.endpoint)
    code, status = code_of(getattr(client, call))
    assert code in clock.split("|") and status in (400, 403)


def test_an_unsigned_request_is_refused(server):
    from botocore import UNSIGNED
    assert code_of(make_client("s3", server.endpoint, signature_version=UNSIGNED).list_buckets) == ("AccessDenied", 403)
    code, status = code_of(make_client("dynamodb", server.endpoint, signature_version=UNSIGNED).list_tables)
    assert (code, status) == ("MissingAuthenticationTokenException", 400)


def test_an_expired_presigned_url_is_refused(server, monkeypatch):
    past = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None) - datetime.timedelta(hours=2)
    request = botocore.awsrequest.AWSRequest("GET", server.endpoint + "/some-bucket/key")
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_, **__: past)
    signer = botocore.auth.S3SigV4QueryAuth(botocore.credentials.Credentials("test", "test"), "s3", REGION, expires=60)
    signer.add_auth(request)
    from test_s3 import fetch
    status, text = fetch(request.url)
    assert status == 403 and b"<Code>AccessDenied</Code>" in text and b"Request has expired" in text


@pytest.fixture
def role(iam, server, name):
    trust = {"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{server.account}:root"}, "Action": "sts:AssumeRole"}]}
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    yield arn
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        iam.delete_role_policy(RoleName=name, PolicyName=policy)
    iam.delete_role(RoleName=name)


@pytest.fixture
def credentials(sts, role):
    return sts.assume_role(RoleArn=role, RoleSessionName="e2e")["Credentials"]


def client_of(server, service, credentials, **changed):
    merged = {**credentials, **changed}
    return make_client(service, server.endpoint, merged["AccessKeyId"], merged["SecretAccessKey"],
                       merged["SessionToken"])


def test_a_role_has_an_identity_of_its_own(server, sts, role, credentials):
    root = sts.get_caller_identity()
    assert root["Arn"] == f"arn:aws:iam::{root['Account']}:root"
    assert credentials["AccessKeyId"].startswith("ASIA")
    mine = client_of(server, "sts", credentials).get_caller_identity()
    assert mine["Arn"] == role.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/") + "/e2e"


def test_a_role_may_do_what_its_policy_says_and_nothing_else(server, iam, sqs, role, credentials, name):
    open_url = sqs.create_queue(QueueName=name + "-open")["QueueUrl"]
    closed_url = sqs.create_queue(QueueName=name + "-closed")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=open_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    mine = client_of(server, "sqs", credentials)
    assert code_of(lambda: mine.send_message(QueueUrl=open_url, MessageBody="x"))[0].startswith("AccessDenied")
    iam.put_role_policy(RoleName=name, PolicyName="send", PolicyDocument=json.dumps({
        "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn}]}))
    assert iam.get_role_policy(RoleName=name, PolicyName="send")["PolicyDocument"]["Statement"][0]["Resource"] == arn
    mine.send_message(QueueUrl=open_url, MessageBody="x")
    assert code_of(lambda: mine.send_message(QueueUrl=closed_url, MessageBody="x"))[0].startswith("AccessDenied")
    assert code_of(lambda: mine.receive_message(QueueUrl=open_url))[0].startswith("AccessDenied")
    code, status = code_of(client_of(server, "dynamodb", credentials).list_tables)
    assert (code, status) == ("AccessDeniedException", 400)
    assert code_of(client_of(server, "s3", credentials).list_buckets) == ("AccessDenied", 403)
    sqs.delete_queue(QueueUrl=open_url)
    sqs.delete_queue(QueueUrl=closed_url)


def test_a_tampered_token_is_refused(server, credentials):
    token = credentials["SessionToken"]
    other = token[:-1] + ("A" if token[-1] != "A" else "B")
    code, _ = code_of(client_of(server, "sts", credentials, SessionToken=other).get_caller_identity)
    assert code == "InvalidClientTokenId"
    code, _ = code_of(client_of(server, "s3", credentials, SessionToken=other).list_buckets)
    assert code == "InvalidToken"
    code, _ = code_of(client_of(server, "dynamodb", credentials, SessionToken=None).list_tables)
    assert code == "UnrecognizedClientException"


def test_a_denied_resource_is_denied_by_whatever_name(server, iam, sts, role, name):
    arn = lambda service, resource: f"arn:aws:{service}:{REGION}:{server.account}:{resource}"
    group, topic, table = arn("logs", f"log-group:{name}"), arn("sns", name), arn("dynamodb", f"table/{name}")
    server.client("logs").create_log_group(logGroupName=name)
    server.client("sns").create_topic(Name=name)
    server.client("dynamodb").create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])
    server.client("cloudwatch").put_metric_alarm(
        AlarmName=name, Namespace="n", MetricName="m", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=1,
        ComparisonOperator="GreaterThanThreshold")
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "*", "Resource": [group + "*", topic, table, arn("cloudwatch", f"alarm:{name}")]}]}))
    credentials = sts.assume_role(RoleArn=role, RoleSessionName="e2e")["Credentials"]
    client = lambda service: client_of(server, service, credentials)
    logs = client("logs")
    assert "logGroups" in logs.describe_log_groups()
    for call in (
            lambda: logs.filter_log_events(logGroupName=name), lambda: logs.filter_log_events(logGroupIdentifier=name),
            lambda: logs.describe_log_streams(logGroupIdentifier=group), lambda: logs.list_tags_for_resource(resourceArn=name),
            lambda: client("sns").publish(TopicArn=topic, Message="m"),
            lambda: client("sns").publish(TargetArn=topic, Message="m"),
            lambda: client("dynamodb").scan(TableName=table), lambda: client("cloudwatch").delete_alarms(AlarmNames=[name]),
            lambda: client("cloudwatch").disable_alarm_actions(AlarmNames=["other", name])):
        assert code_of(call)[0].startswith(("AccessDenied", "AuthorizationError"))
    # There is one partition, so an ARN of another one is nobody's.
    assert code_of(lambda: client("dynamodb").scan(TableName=table.replace("aws", "aws-cn", 1)))[0] == "ValidationException"
    assert code_of(lambda: client("sns").publish(TopicArn=topic.replace("aws", "aws-cn", 1), Message="m"))[0] == (
        "InvalidParameter")


def test_a_log_group_is_named_in_policies_as_on_aws(server, role_client, name):
    logs = role_client("logs", "logs:*", f"arn:aws:logs:{REGION}:{server.account}:log-group:{name}:*")
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="s")
    logs.put_retention_policy(logGroupName=name, retentionInDays=7)
    assert [s["logStreamName"] for s in logs.describe_log_streams(logGroupName=name)["logStreams"]] == ["s"]
    assert logs.filter_log_events(logGroupName=name)["events"] == []
    assert code_of(lambda: logs.create_log_group(logGroupName=name + "2"))[0] == "AccessDeniedException"


@pytest.mark.parametrize("service, call, resource", [
    ("sqs", "list_queues", "arn:aws:sqs:{}:{}:*"), ("sns", "list_topics", "arn:aws:sns:{}:{}:*"),
    ("dynamodb", "list_tables", "arn:aws:dynamodb:{}:{}:table/*"), ("s3", "list_buckets", "arn:aws:s3:::*"),
    ("logs", "describe_log_groups", "arn:aws:logs:{}:{}:log-group:*"), ("iam", "list_roles", "arn:aws:iam::{1}:role/*"),
    ("lambda", "list_functions", "*")], ids=lambda v: v if v.isalnum() else "")
def test_a_list_is_granted_with_all_its_resources(server, role_client, service, call, resource):
    granted = role_client(service, f"{service}:*", resource.format(REGION, server.account))
    assert getattr(granted, call)()["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_sns_refuses_with_a_code_of_its_own(server, role_client, name):
    mine = role_client("sns", "sns:ListTopics", "*")
    with pytest.raises(mine.exceptions.AuthorizationErrorException):
        mine.create_topic(Name=name)


def test_a_denied_role_is_denied_by_whatever_name(server, iam, sts, role, name):
    iam.create_role(RoleName=name + "-Admin", Path="/sec/", AssumeRolePolicyDocument=json.dumps({
        "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": server.account}, "Action": "sts:AssumeRole"}]}))
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "iam:*", "Resource": "*"},
        {"Effect": "Deny", "Action": "iam:*", "Resource": f"arn:aws:iam::{server.account}:role/sec/*"}]}))
    mine = client_of(server, "iam", sts.assume_role(RoleArn=role, RoleSessionName="e2e")["Credentials"])
    assert mine.get_role(RoleName=name)["Role"]["RoleName"] == name
    for called in (name + "-Admin", name.lower() + "-admin", name + "-ADMIN"):
        assert code_of(lambda: mine.get_role(RoleName=called))[0] == "AccessDenied"
    assert code_of(lambda: mine.create_role(RoleName=name + "-New", Path="/sec/", AssumeRolePolicyDocument="{}"))[0] == (
        "AccessDenied")
    iam.delete_role(RoleName=name + "-Admin")


def test_delete_objects_asks_for_each_key(s3, role_client, name):
    s3.create_bucket(Bucket=name)
    for key in ("open/a", "open/b", "kept/c"):
        s3.put_object(Bucket=name, Key=key, Body=b"x")
    mine = role_client("s3", "s3:DeleteObject", f"arn:aws:s3:::{name}/open/*")
    keys = [{"Key": key} for key in ("open/a", "kept/c", "open/b", "kept/none")]
    done = mine.delete_objects(Bucket=name, Delete={"Objects": keys})
    assert [each["Key"] for each in done["Deleted"]] == ["open/a", "open/b"]
    assert [(e["Key"], e["Code"]) for e in done["Errors"]] == [("kept/c", "AccessDenied"), ("kept/none", "AccessDenied")]
    assert [o["Key"] for o in s3.list_objects_v2(Bucket=name)["Contents"]] == ["kept/c"]


def test_delete_objects_does_not_evade_a_deny(server, s3, iam, sts, role, name):
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="kept/c", Body=b"x")
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
        {"Effect": "Deny", "Action": "s3:DeleteObject", "Resource": f"arn:aws:s3:::{name}/kept/*"}]}))
    mine = client_of(server, "s3", sts.assume_role(RoleArn=role, RoleSessionName="e2e")["Credentials"])
    done = mine.delete_objects(Bucket=name, Delete={"Objects": [{"Key": "kept/c"}, {"Key": "none"}], "Quiet": True})
    assert [(e["Key"], e["Code"]) for e in done["Errors"]] == [("kept/c", "AccessDenied")] and "Deleted" not in done
    assert s3.head_object(Bucket=name, Key="kept/c")["ContentLength"] == 1


def test_errors_of_iam_and_sts(iam, sts, role, name):
    with pytest.raises(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}))
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_role(RoleName=name + "none")
    with pytest.raises(iam.exceptions.MalformedPolicyDocumentException):
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument="{")
    assert code_of(lambda: sts.assume_role(RoleArn=role + "none", RoleSessionName="e2e"))[0] == "AccessDenied"
    assert name in [r["RoleName"] for page in iam.get_paginator("list_roles").paginate() for r in page["Roles"]]


def test_sts_and_iam_answer_in_json_to_who_asks_for_it(server):
    def ask(service, form):
        request = botocore.awsrequest.AWSRequest("POST", server.endpoint + "/", data=form, headers={
            "Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"})
        botocore.auth.SigV4Auth(botocore.credentials.Credentials("test", "test"), service, REGION).add_auth(request)
        answer = urllib3.PoolManager(retries=False).request("POST", request.url, body=form, headers=dict(request.headers))
        assert answer.headers["Content-Type"] == "application/json"
        return answer.status, json.loads(answer.data)

    status, answer = ask("sts", "Action=GetCallerIdentity&Version=2011-06-15")
    assert status == 200 and answer["GetCallerIdentityResponse"]["GetCallerIdentityResult"]["Account"] == "0" * 12
    assert answer["GetCallerIdentityResponse"]["ResponseMetadata"]["RequestId"]
    status, answer = ask("sts", "Action=GetSessionToken&Version=2011-06-15")
    assert isinstance(answer["GetSessionTokenResponse"]["GetSessionTokenResult"]["Credentials"]["Expiration"], int)
    status, answer = ask("iam", "Action=GetRole&Version=2010-05-08&RoleName=none")
    assert (status, answer["Error"]["Code"], answer["Error"]["Type"]) == (404, "NoSuchEntity", "Sender")
