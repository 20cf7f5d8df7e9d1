"""Where a command has its credentials from: each source against a small fake of who gives them out, roles against an
engine's STS. Every source ends with a command that the engine takes."""
import datetime
import hashlib
import json
import os
import signal
import subprocess

import pytest
from peers import Cutter, Peer
from till_process import BINARY, clean_environment, eventually, is_alive, make_client, till

OK, FAILED, USAGE, UNREACHABLE = 0, 1, 2, 4  # src/cli/exit_code.h
KEY, SECRET = "AKIAOFTHISTEST", "secret-of-this-test"
REGION = "eu-central-1"


def in_one_hour():
    return datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)


def document(**more):
    """What containers and instances give."""
    return json.dumps({"AccessKeyId": KEY, "SecretAccessKey": SECRET, "Expiration": in_one_hour().strftime("%FT%TZ"),
                       **more})


@pytest.fixture
def home(tmp_path, serve):
    """A command of a user at an engine whose root has other keys than anybody's default."""
    server = serve(TILL_ROOT_ACCESS_KEY_ID=KEY, TILL_ROOT_SECRET_ACCESS_KEY=SECRET)
    files = tmp_path / "home" / ".aws"
    files.mkdir(parents=True)

    def status(*arguments, config="", credentials="", **environment):
        (files / "config").write_text(config)
        (files / "credentials").write_text(credentials)
        result = till("status", "--region", REGION, *arguments, HOME=str(files.parent), **environment)
        assert SECRET not in result.out + result.err
        return result
    status.server, status.files, status.directory = server, files, tmp_path
    # As at AWS, but for the addresses.
    status.aws = {f"AWS_ENDPOINT_URL_{service}": server.endpoint for service in (
        "S3", "SQS", "SNS", "LAMBDA", "DYNAMODB", "IAM", "STS", "CLOUDWATCH", "CLOUDWATCH_LOGS")}
    return status


def test_nobody_has_any(home):
    none = home("--endpoint", "aws", **home.aws)
    assert none.code == FAILED and "Unable to locate credentials" in none.err
    asked = home("--endpoint", "aws", AWS_EC2_METADATA_DISABLED="false",
                 AWS_EC2_METADATA_SERVICE_ENDPOINT="http://127.0.0.1:9", **home.aws)
    assert asked.code == FAILED and "Unable to locate credentials" in asked.err and "Connection refused" in asked.err
    region = till("status", "--endpoint", "aws", HOME=str(home.files.parent), **home.aws)
    assert region.code == USAGE and "You must specify a region." in region.err
    named = till("status", "--endpoint", "aws", HOME=str(home.files.parent), AWS_ACCESS_KEY_ID=KEY,
                 AWS_SECRET_ACCESS_KEY=SECRET, AWS_DEFAULT_REGION=REGION, **home.aws)
    assert named.code == OK, named


def test_a_container_and_an_instance(home):
    def container(request):
        if request.headers["Authorization"] != "container-token":
            return 403, {}, json.dumps({"message": "no"})
        return 200, {}, document(Token="")
    agent = Peer(container)
    token = home.directory / "token"
    token.write_text("container-token\n")
    variables = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": agent.url + "/v1/keys",
                 "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(token)}
    assert home("--endpoint", "aws", **variables, **home.aws).code == OK
    token.write_text("another")
    refused = home("--endpoint", "aws", **variables, **home.aws)
    assert refused.code == FAILED and "HTTP status 403: no" in refused.err

    def metadata(request):
        if request.method == "PUT" and request.headers["x-aws-ec2-metadata-token-ttl-seconds"]:
            return 200, {}, "instance-token"
        if request.headers["x-aws-ec2-metadata-token"] != "instance-token":
            return 401, {}, ""
        return 200, {}, document(Code="Success", Token="") if request.path.endswith("/shop") else "shop"
    instance = Peer(metadata)
    variables = {"AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": instance.url}
    assert home("--endpoint", "aws", **variables, **home.aws).code == OK
    assert [each.method for each in instance.requests] == ["PUT", "GET", "GET"]
    assert home("--endpoint", "aws", AWS_EC2_METADATA_DISABLED="true",
                AWS_EC2_METADATA_SERVICE_ENDPOINT=instance.url, **home.aws).code == FAILED


def test_a_program(home):
    program = home.directory / "give keys"
    program.write_text(f"#!/bin/sh\necho \"asked for $1\" >&2\ncat '{home.directory}/keys.json'\nexit ${{CODE:-0}}\n")
    program.chmod(0o755)
    (home.directory / "keys.json").write_text(document(Version=1))
    config = f'[profile vault]\ncredential_process = "{program}" shop\n'
    given = home("--profile", "vault", config=config, **home.aws)
    # As with the AWS CLI: what such a program says may be a secret, and stderr a log. At a terminal it can ask.
    assert given.code == OK and "asked for shop" not in given.err, given
    failed = home("--profile", "vault", config=config, CODE="3", **home.aws)
    assert failed.code == FAILED and "give keys: exit code 3" in failed.err
    absent = home("--profile", "vault", config="[profile vault]\ncredential_process = /no/such\n", **home.aws)
    assert absent.code == FAILED and "credential_process /no/such: No such file" in absent.err


def test_a_program_that_gives_nothing_good(home):
    program = home.directory / "give"

    def given(script):
        program.write_text("#!/bin/sh\n" + script)
        program.chmod(0o755)
        return home("--profile", "vault", config=f"[profile vault]\ncredential_process = {program}\n", **home.aws)
    text = document(Version=1)
    left = given(f"echo '{text}'\nsleep 300 2>/dev/null &\necho $! > '{home.directory}/pid'\n")
    os.kill(int((home.directory / "pid").read_text()), signal.SIGKILL)
    assert left.code == OK, left
    for script, why in (("true", "it has printed nothing"),
                        ("printf '\\377secret'", "the 7 bytes that it has printed are no JSON object"),
                        (f"echo '{document(Version=1, Expiration='SECRET')}'", "Expiration is no time\n"),
                        (f"echo '{document(Version=1, Expiration='2019-01-02T03:04:05Z')}'",
                         "the refreshed credentials are still expired: since 2019-01-02T03:04:05Z")):
        refused = given(script)
        assert refused.code == FAILED and f"credential_process {program}: " in refused.err and why in refused.err, refused


def test_a_program_ends_with_the_command(home):
    """It may ask its user for long, so the command says what it waits for."""
    program = home.directory / "ask"
    program.write_text(f"#!/bin/sh\necho $$ > '{home.directory}/pid'\nexec sleep 300\n")
    program.chmod(0o755)
    (home.files / "config").write_text(f"[profile vault]\ncredential_process = {program}\n")
    command = subprocess.Popen([BINARY, "status", "--profile", "vault", "--region", REGION], stderr=subprocess.PIPE,
                               text=True, env=clean_environment(HOME=str(home.files.parent), **home.aws))
    with command:
        assert f"waiting for the credential_process of profile vault, {program}" in command.stderr.readline()
        pid = int((home.directory / "pid").read_text())
        assert is_alive(pid)
        command.kill()
    eventually(lambda: not is_alive(pid), what="the end of the program")


def test_keys_that_cannot_be_sent(home):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN"):
        keys = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, name: "some\nthing"}
        refused = home("--endpoint", home.server.endpoint, **keys)
        assert refused.code == FAILED and f"{name} has a line break" in refused.err and "thing" not in refused.err


def test_a_lost_reply_is_not_nobody(home):
    """A script that reads "nobody is there" sends again."""
    keys = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}
    port = int(home.server.endpoint.rpartition(":")[2])
    sqs = make_client("sqs", home.server.endpoint, KEY, SECRET)
    queue = sqs.create_queue(QueueName="lost")["QueueUrl"]
    cutter = Cutter(port, "AmazonSQS.SendMessage")
    lost = till("send", "once", "--queue", "lost", "--endpoint", f"http://127.0.0.1:{cutter.port}", **keys)
    assert lost.code == FAILED and "whether the operation took effect is unknown" in lost.err, lost
    counted = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["ApproximateNumberOfMessages"])
    assert counted["Attributes"]["ApproximateNumberOfMessages"] == "1"
    nobody = till("send", "once", "--queue", "lost", "--endpoint", "http://127.0.0.1:9", **keys)
    assert nobody.code == UNREACHABLE and "there were 3 attempts" in nobody.err, nobody


def test_a_login(home):
    cache = home.files / "sso" / "cache" / (hashlib.sha1(b"corp").hexdigest() + ".json")
    cache.parent.mkdir(parents=True)

    def portal(request):
        if request.headers["x-amz-sso_bearer_token"] != "bearer":
            return 401, {}, json.dumps({"message": "Session token not found or invalid"})
        return 200, {}, json.dumps({"roleCredentials": {
            "accessKeyId": KEY, "secretAccessKey": SECRET, "sessionToken": "",
            "expiration": int(in_one_hour().timestamp() * 1000)}})
    sso = Peer(portal)
    config = ("[profile shop]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Deploy\n"
              "[sso-session corp]\nsso_start_url = https://corp.example/start\nsso_region = eu-north-1\n")
    variables = {"AWS_ENDPOINT_URL_SSO": sso.url, **home.aws}
    never = home("--profile", "shop", config=config, **variables)
    assert never.code == FAILED and "log in by `aws sso login --profile shop`" in never.err
    cache.write_text(json.dumps({"accessToken": "bearer", "expiresAt": in_one_hour().strftime("%FT%TZ")}))
    assert home("--profile", "shop", config=config, **variables).code == OK
    assert "role_name=Deploy&account_id=111122223333" in sso.requests[0].path
    cache.write_text(json.dumps({"accessToken": "old", "expiresAt": in_one_hour().strftime("%FT%TZ")}))
    gone = home("--profile", "shop", config=config, **variables)
    assert gone.code == FAILED and "not found or invalid: log in by `aws sso login --profile shop`" in gone.err
    cache.write_text('{"accessToken": "bea')
    damaged = home("--profile", "shop", config=config, **variables)
    assert damaged.code == FAILED and f"is damaged, in {cache}: log in by `aws sso" in damaged.err
    cache.write_text(json.dumps({"accessToken": "bearer", "expiresAt": "2020-01-01T00:00:00UTC"}))
    over = home("--profile", "shop", config=config, **variables)
    assert over.code == FAILED and "has expired or is otherwise invalid" in over.err


def test_a_role_of_a_role_and_a_web_identity(home, name):
    iam = make_client("iam", home.server.endpoint, KEY, SECRET)
    anyone = json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]})
    everything = json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": "*"}]})
    arns = []
    for role in ("outer", "inner"):
        arns.append(iam.create_role(RoleName=name + role, AssumeRolePolicyDocument=anyone)["Role"]["Arn"])
        iam.put_role_policy(RoleName=name + role, PolicyName="p", PolicyDocument=everything)
    config = (f"[profile inner]\nrole_arn = {arns[1]}\nsource_profile = outer\nduration_seconds = 900\n"
              f"[profile outer]\nrole_arn = {arns[0]}\nsource_profile = keys\n"
              f"[profile keys]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n")
    assert home("--profile", "inner", config=config, **home.aws).code == OK
    iam.put_role_policy(RoleName=name + "outer", PolicyName="p", PolicyDocument=everything.replace("Allow", "Deny"))
    denied = home("--profile", "inner", config=config, **home.aws)
    assert denied.code == FAILED and "not authorized to perform: sts:AssumeRole" in denied.err
    assert f"role {arns[1]}: AssumeRole: AccessDenied: " in denied.err

    def identities(request):
        if "WebIdentityToken=pod-token&" not in request.body + "&":
            return 400, {}, ("<ErrorResponse><Error><Code>InvalidIdentityToken</Code><Message>no such token</Message>"
                             "</Error></ErrorResponse>")
        expires = in_one_hour().strftime("%FT%TZ")
        return 200, {}, ("<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>"
                         f"<AccessKeyId>{KEY}</AccessKeyId><SecretAccessKey>{SECRET}</SecretAccessKey><SessionToken/>"
                         f"<Expiration>{expires}</Expiration></Credentials></AssumeRoleWithWebIdentityResult>"
                         "</AssumeRoleWithWebIdentityResponse>")
    token = home.directory / "token"
    token.write_text("pod-token")
    # This STS gives out tokens and answers nothing else, so the engine is asked for everything else.
    sts = Peer(lambda request: identities(request) if "WebIdentity" in request.body else (
        200, {}, "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>000000000000</Account>"
                 "</GetCallerIdentityResult></GetCallerIdentityResponse>"))
    variables = {**home.aws, "AWS_ENDPOINT_URL_STS": sts.url, "AWS_WEB_IDENTITY_TOKEN_FILE": str(token),
                 "AWS_ROLE_ARN": "arn:aws:iam::000000000000:role/pod"}
    assert home("--endpoint", "aws", **variables).code == OK
    token.write_text("other")
    refused = home("--endpoint", "aws", **variables)
    assert refused.code == FAILED and (
        "role arn:aws:iam::000000000000:role/pod: AssumeRoleWithWebIdentity: InvalidIdentityToken: no such token"
        in refused.err)


@pytest.mark.parametrize("config", ["web_identity_token_file = /no/such\nrole_arn = arn:aws:iam::000000000000:role/x\n",
                                    "source_profile = b\nrole_arn = arn:aws:iam::000000000000:role/x\n[profile b]\n"
                                    f"aws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n"])
def test_what_is_configured_and_gives_none_is_told_at_an_engine(home, config):
    """Root's keys, which are those of last resort, do not take the place of a role that cannot be had."""
    url = home.server.endpoint
    assert home("--endpoint", url, AWS_ACCESS_KEY_ID=KEY, AWS_SECRET_ACCESS_KEY=SECRET).code == OK
    refused = home("--endpoint", url, config="[default]\n" + config)
    assert refused.code == FAILED and ("/no/such" in refused.err or "AssumeRole" in refused.err), refused


@pytest.mark.parametrize("status, headers, text, why", [
    (404, {"Content-Type": "text/html"}, "<html>", "404: an answer of the type text/html, which is not what AWS's API "),
    (301, {"Location": "http://u:p@example.com/"}, "", "301: an empty answer, which is not what AWS's API answers and "
     "leads to http://***@example.com/; is the endpoint right?")])
def test_an_answer_that_is_not_of_aws(home, status, headers, text, why):
    peer = Peer(lambda _: (status, headers, text))
    told = home("--endpoint", peer.url, AWS_ACCESS_KEY_ID=KEY, AWS_SECRET_ACCESS_KEY=SECRET)
    assert told.code == FAILED and f"{peer.url}: GetCallerIdentity: {why}" in told.err, told


def test_endpoints_of_single_services(home):
    """AWS_ENDPOINT_URL_<SERVICE> before AWS_ENDPOINT_URL, both before the profile's services and endpoint_url."""
    config = (f"[profile split]\nregion = {REGION}\nservices = here\nendpoint_url = http://127.0.0.1:9\n"
              f"aws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n[services here]\n" + "".join(
                  f"{key} =\n  endpoint_url = {home.server.endpoint}\n" for key in (
                      "s3", "sqs", "sns", "lambda", "dynamodb", "iam", "sts", "cloudwatch", "cloudwatch_logs")))
    assert home("--profile", "split", config=config).code == OK
    wrong = home("--profile", "split", config=config, AWS_ENDPOINT_URL_SQS="http://127.0.0.1:9")
    assert wrong.code == UNREACHABLE and "127.0.0.1:9" in wrong.err, wrong
    faulty = home("--profile", "split", config=config, AWS_ENDPOINT_URL_SQS="here")
    assert faulty.code == FAILED and "AWS_ENDPOINT_URL_SQS is not an endpoint: here" in faulty.err
    # A password is nobody's business, and a path would be lost.
    for url, shown in (("http://u:pw@127.0.0.1:9", "http://***@127.0.0.1:9 (a user or a password has no place in it"),
                       ("http://127.0.0.1:9/base/", "http://127.0.0.1:9/base/ (it has a path")):
        faulty = home("--profile", "split", config=config, AWS_ENDPOINT_URL_SQS=url)
        assert faulty.code == FAILED and shown in faulty.err, faulty
        named = home("--endpoint", url)
        assert named.code == USAGE and f"flag --endpoint: not an endpoint: {shown}" in named.err, named
        for command in ("doctor", ("config", "show")):
            words = [command] if isinstance(command, str) else command
            result = till(*words, HOME=str(home.files.parent), AWS_ENDPOINT_URL=url)
            assert shown.partition(" (")[0] in result.out and "pw" not in result.out + result.err, result
    named = home("--profile", "split", "--endpoint", home.server.endpoint, config=config,
                 AWS_ENDPOINT_URL_SQS="http://127.0.0.1:9")
    assert named.code == OK, "an endpoint of the command's own is for all services"
    lost = home("--profile", "split", config=config.replace("[services here]", "[services there]"))
    assert lost.code == FAILED and 'names the services section "here", which does not exist' in lost.err


@pytest.mark.parametrize("variable, value, text", [
    ("AWS_RETRY_MODE", "adaptive", "AWS_RETRY_MODE is standard or legacy here, not adaptive"),
    ("AWS_MAX_ATTEMPTS", "0", "AWS_MAX_ATTEMPTS is a number of 1 or more, not 0"),
    ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "yes", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS is true or false, not yes"),
    ("AWS_USE_FIPS_ENDPOINT", "yes", "AWS_USE_FIPS_ENDPOINT is true or false, not yes"),
    ("HTTPS_PROXY", "socks5://a:pass@b", "HTTPS_PROXY is no proxy that can be used")])
def test_a_setting_that_is_none_is_named(home, variable, value, text):
    result = home("--endpoint", "aws", AWS_ACCESS_KEY_ID=KEY, AWS_SECRET_ACCESS_KEY=SECRET,
                  **{**home.aws, variable: value})
    assert result.code == FAILED and text in result.err and "pass@" not in result.err


@pytest.mark.parametrize("make, why", [
    (lambda path: path.mkdir(), "it is no file"),
    (lambda path: path.symlink_to("/dev/zero"), "it is no file"),
    (lambda path: os.truncate(os.open(path, os.O_CREAT | os.O_WRONLY), 17 << 20), "it is larger than 16 MiB"),
])
@pytest.mark.parametrize("variable", ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"])
def test_files_that_are_none_are_not_passed_over(tmp_path, variable, make, why):
    make(tmp_path / "file")
    refused = till("status", "--endpoint", "aws", "--region", "eu-west-1", **{variable: str(tmp_path / "file")})
    assert refused.code != 0 and f"Unable to parse config file: {tmp_path}/file: {why}" in refused.err, refused
