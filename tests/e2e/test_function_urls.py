"""Lambda function URLs: made by stock boto3, called by http.client, as a shop's webhook would."""
import http.client
import json
import urllib.parse

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest
from botocore.exceptions import ClientError
from lambda_functions import create, make_function, make_role, role  # noqa: F401 (fixtures)
from till_process import PATIENCE, REGION

ECHO = """
import base64, json, time

def handler(event, context):
    what = (event.get("queryStringParameters") or {}).get("do")
    if what == "fail":
        raise RuntimeError("as told")
    if what == "sleep":
        time.sleep(60)  # in the function, which its caller leaves and the end of the engine cuts off: nobody waits for it
    if what == "binary":
        return {"statusCode": 200, "headers": {"content-type": "image/png"}, "isBase64Encoded": True,
                "body": base64.b64encode(bytes(range(256))).decode(), "cookies": ["a=1; Path=/", "b=2"]}
    if what == "teapot":
        return {"statusCode": 418, "headers": {"x-kind": "pot"}, "body": "short and stout"}
    return event
"""


def ask(url, method="GET", path="", body=None, headers=None):
    """(status, headers, body) of a request to a function URL, with `path` behind it."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60 * PATIENCE)
    try:
        connection.request(method, parts.path.rstrip("/") + "/" + path, body=body, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def ask_signed(url, keys, method="GET", path="", body=b"", region=REGION):
    request = botocore.awsrequest.AWSRequest(method=method, url=url + path, data=body)
    credentials = botocore.credentials.Credentials(*keys)
    botocore.auth.SigV4Auth(credentials, "lambda", region).add_auth(request)
    return ask(url, method, path, body, dict(request.headers))


def allow_everybody(lambda_, name):
    lambda_.add_permission(FunctionName=name, StatementId="url", Action="lambda:InvokeFunctionUrl", Principal="*",
                           FunctionUrlAuthType="NONE")
    lambda_.add_permission(FunctionName=name, StatementId="via", Action="lambda:InvokeFunction", Principal="*",
                           InvokedViaFunctionUrl=True)


def error_code(operation, **arguments):
    with pytest.raises(ClientError) as refused:
        operation(**arguments)
    return refused.value.response["Error"]["Code"]


@pytest.fixture
def public_url(lambda_, create, name):
    """A function that answers everybody with the event it gets."""
    create(ECHO)
    allow_everybody(lambda_, name)
    return lambda_.create_function_url_config(FunctionName=name, AuthType="NONE")["FunctionUrl"]


def test_everybody_may_call_a_public_url(lambda_, public_url, name):
    status, headers, body = ask(public_url, "POST", "orders/7?a=1&a=2", '{"id": 7}',
                                {"Content-Type": "application/json", "Cookie": "x=1; y=2", "X-Shop": "demo"})
    event = json.loads(body)
    assert (status, headers["Content-Type"]) == (200, "application/json") and headers["x-amzn-RequestId"]
    assert event["version"] == "2.0" and event["rawPath"] == "/orders/7" and event["rawQueryString"] == "a=1&a=2"
    assert event["queryStringParameters"] == {"a": "1,2"} and event["cookies"] == ["x=1", "y=2"]
    assert event["headers"]["x-shop"] == "demo" and event["body"] == '{"id": 7}' and not event["isBase64Encoded"]
    asked = event["requestContext"]["http"]
    assert (asked["method"], asked["path"], asked["sourceIp"]) == ("POST", "/orders/7", "127.0.0.1")
    assert asked["protocol"] == "HTTP/1.1" and event["requestContext"]["accountId"] == "anonymous"
    for method in ("GET", "PUT", "PATCH", "DELETE", "OPTIONS"):
        assert json.loads(ask(public_url, method)[2])["requestContext"]["http"]["method"] == method
    assert ask(public_url, "HEAD")[0] == 200
    # By the host's name, for those whose machine resolves it.
    parts = urllib.parse.urlsplit(public_url)
    host = f"{parts.path.strip('/').split('/')[-1]}.lambda-url.{REGION}.localhost:{parts.port}"
    by_host = json.loads(ask(f"http://{parts.netloc}", path="a/b", headers={"Host": host})[2])
    assert by_host["rawPath"] == "/a/b" and by_host["requestContext"]["domainName"] == host.split(":")[0]


def test_binary_bodies_and_structured_answers(public_url):
    sent = bytes(range(256)) * 100
    event = json.loads(ask(public_url, "POST", body=sent, headers={"Content-Type": "application/octet-stream"})[2])
    assert event["isBase64Encoded"] and len(event["body"]) == 34136
    status, headers, body = ask(public_url, path="?do=binary")
    assert (status, headers["Content-Type"], body) == (200, "image/png", bytes(range(256)))
    assert headers.get_all("Set-Cookie") == ["a=1; Path=/", "b=2"]
    status, headers, body = ask(public_url, path="?do=teapot")
    assert (status, headers["x-kind"], body) == (418, "pot", b"short and stout")


def test_a_public_url_needs_both_permissions(lambda_, create, name):
    create(ECHO)
    url = lambda_.create_function_url_config(FunctionName=name, AuthType="NONE")["FunctionUrl"]
    status, headers, body = ask(url)
    assert status == 403 and json.loads(body)["Message"].startswith("Forbidden")
    assert headers["x-amzn-ErrorType"] == "AccessDeniedException"
    lambda_.add_permission(FunctionName=name, StatementId="url", Action="lambda:InvokeFunctionUrl", Principal="*",
                           FunctionUrlAuthType="NONE")
    assert ask(url)[0] == 403
    lambda_.add_permission(FunctionName=name, StatementId="via", Action="lambda:InvokeFunction", Principal="*",
                           InvokedViaFunctionUrl=True)
    assert ask(url)[0] == 200
    lambda_.remove_permission(FunctionName=name, StatementId="url")
    assert ask(url)[0] == 403


def test_signed_requests(server, lambda_, iam, create, name):
    arn = create(ECHO)
    url = lambda_.create_function_url_config(FunctionName=name, AuthType="AWS_IAM")["FunctionUrl"]
    status, _, body = ask(url)
    assert status == 403 and json.loads(body)["Message"].startswith("Forbidden")
    root = ("test", "test")
    status, _, body = ask_signed(url, root, "POST", "a%20b?x=1", b"\xff\x00")
    event = json.loads(body)
    assert status == 200 and event["rawPath"] == "/a%20b" and "authorization" not in event["headers"]
    assert event["requestContext"]["authorizer"]["iam"]["accessKey"] == "test"
    assert event["requestContext"]["authorizer"]["iam"]["userArn"].endswith(":root")
    status, headers, body = ask_signed(url, ("test", "wrong"))
    assert status == 403 and headers["x-amzn-ErrorType"] == "InvalidSignatureException"
    assert "signature we calculated does not match" in json.loads(body)["message"]
    assert ask_signed(url, ("nobody", "test"))[0] == 403
    assert ask_signed(url, root, region="eu-west-1")[0] == 403

    shop = iam.create_role(RoleName=f"{name}-shop", AssumeRolePolicyDocument=json.dumps({
        "Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}))["Role"]["Arn"]
    keys = server.client("sts").assume_role(RoleArn=shop, RoleSessionName="shop")["Credentials"]
    keys = keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"]
    through_url = {"Effect": "Allow", "Action": "lambda:InvokeFunctionUrl", "Resource": arn,
                   "Condition": {"StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}}}
    invoke = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": arn,
              "Condition": {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}}
    for grants, expected in (([], 403), ([through_url], 403), ([through_url, invoke], 200)):
        if grants:
            iam.put_role_policy(RoleName=f"{name}-shop", PolicyName="p", PolicyDocument=json.dumps(
                {"Version": "2012-10-17", "Statement": grants}))
        assert ask_signed(url, keys)[0] == expected
    assert json.loads(ask_signed(url, keys)[2])["requestContext"]["authorizer"]["iam"]["userArn"].endswith("/shop")
    # What lets it through the URL lets it do nothing else.
    caller = server.client("lambda", key=keys[0], secret=keys[1], token=keys[2])
    assert error_code(caller.invoke, FunctionName=name) == "AccessDeniedException"
    assert error_code(caller.get_function_url_config, FunctionName=name) == "AccessDeniedException"


def test_pages_of_allowed_origins(lambda_, public_url, name):
    shop = {"Origin": "https://shop.example"}
    asks = {**shop, "Access-Control-Request-Method": "POST"}
    # Without CORS a preflight is the function's to answer, and no browser takes this for a yes.
    assert json.loads(ask(public_url, "OPTIONS", headers=asks)[2])["requestContext"]["http"]["method"] == "OPTIONS"
    assert "Access-Control-Allow-Origin" not in ask(public_url, headers=shop)[1]
    lambda_.update_function_url_config(FunctionName=name, Cors={
        "AllowOrigins": ["https://shop.example"], "AllowMethods": ["POST"], "AllowHeaders": ["content-type"],
        "ExposeHeaders": ["x-kind"], "MaxAge": 300})
    status, headers, body = ask(public_url, "OPTIONS", headers=asks)
    assert (status, body) == (200, b"")
    assert {key: value for key, value in headers.items() if key.startswith("Access-Control")} == {
        "Access-Control-Allow-Origin": "https://shop.example", "Access-Control-Allow-Methods": "POST",
        "Access-Control-Allow-Headers": "content-type", "Access-Control-Max-Age": "300"}
    headers = ask(public_url, "POST", "?do=teapot", headers=shop)[1]
    assert headers["Access-Control-Allow-Origin"] == "https://shop.example"
    assert headers["Access-Control-Expose-Headers"] == "x-kind"
    other = ask(public_url, "OPTIONS", headers={**asks, "Origin": "https://evil.example"})
    assert other[0] == 200 and "Access-Control-Allow-Origin" not in other[1]
    # The API stays closed to pages.
    endpoint = f"http://{urllib.parse.urlsplit(public_url).netloc}"
    assert ask(endpoint, path="_till/health", headers=shop)[0] == 403


def test_failures(lambda_, public_url, cloudwatch, name):
    status, _, body = ask(public_url, path="?do=fail")
    assert (status, body) == (502, b"Internal Server Error")
    lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    status, headers, body = ask(public_url)
    assert status == 429 and headers["x-amzn-ErrorType"] == "TooManyRequestsException"
    assert json.loads(body)["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    lambda_.delete_function_concurrency(FunctionName=name)
    large = ask(public_url, "POST", body=bytes(6 * 1024 * 1024 + 1))
    assert large[0] == 413 and "6291456" in json.loads(large[2])["Message"]
    assert ask(public_url, "POST", body=b"x" * 6_000_000, headers={"Content-Type": "text/plain"})[0] == 200
    counts = {metric["MetricName"] for metric in cloudwatch.list_metrics(
        Namespace="AWS/Lambda", Dimensions=[{"Name": "FunctionName", "Value": name}])["Metrics"]}
    assert {"UrlRequestCount", "Url4xxCount", "Url5xxCount", "UrlRequestLatency"} <= counts


def test_who_waits_stops_nobody(public_url):
    """One whose function takes a minute, and callers that do not wait for it."""
    parts = urllib.parse.urlsplit(public_url)
    waiting = [http.client.HTTPConnection(parts.hostname, parts.port, timeout=60 * PATIENCE) for _ in range(4)]
    for connection in waiting:
        connection.request("GET", parts.path + "?do=sleep")
    assert ask(public_url)[0] == 200
    for connection in waiting:
        connection.close()
    assert ask(public_url)[0] == 200


def test_the_operations(lambda_, create, name):
    arn = create(ECHO)
    assert error_code(lambda_.get_function_url_config, FunctionName=name) == "ResourceNotFoundException"
    made = lambda_.create_function_url_config(FunctionName=name, AuthType="NONE", InvokeMode="BUFFERED")
    assert made["FunctionArn"] == arn and made["AuthType"] == "NONE" and made["FunctionUrl"].endswith("/")
    assert error_code(lambda_.create_function_url_config, FunctionName=name,
                      AuthType="NONE") == "ResourceConflictException"
    assert error_code(lambda_.update_function_url_config, FunctionName=name,
                      InvokeMode="RESPONSE_STREAM") == "InvalidParameterValueException"
    assert error_code(lambda_.update_function_url_config, FunctionName=name, AuthType="SOME") == "ValidationException"
    assert error_code(lambda_.create_function_url_config, FunctionName=name, Qualifier="7",
                      AuthType="NONE") == "ValidationException"
    lambda_.publish_version(FunctionName=name)
    lambda_.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    lambda_.create_function_url_config(FunctionName=name, Qualifier="live", AuthType="AWS_IAM")
    listed = lambda_.list_function_url_configs(FunctionName=name)["FunctionUrlConfigs"]
    assert [each["FunctionArn"] for each in listed] == [arn, f"{arn}:live"]
    lambda_.delete_function_url_config(FunctionName=name)
    assert [each["FunctionArn"] for each in lambda_.list_function_url_configs(
        FunctionName=name)["FunctionUrlConfigs"]] == [f"{arn}:live"]
    assert ask(made["FunctionUrl"])[0] == 404


def test_a_url_survives_and_goes_with_its_function(serve, name):
    till = serve()
    lambda_ = till.client("lambda")
    make_function(lambda_, make_role(till.client("iam"), name).arn, name, ECHO)
    allow_everybody(lambda_, name)
    first = lambda_.create_function_url_config(FunctionName=name, AuthType="NONE")["FunctionUrl"]
    till.kill()
    till = serve()
    lambda_ = till.client("lambda")
    again = lambda_.get_function_url_config(FunctionName=name)["FunctionUrl"]
    assert urllib.parse.urlsplit(again).path == urllib.parse.urlsplit(first).path
    assert json.loads(ask(again, path="x")[2])["rawPath"] == "/x"
    lambda_.delete_function(FunctionName=name)
    assert ask(again)[0] == 404
    assert error_code(lambda_.get_function_url_config, FunctionName=name) == "ResourceNotFoundException"
