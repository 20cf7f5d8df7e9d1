"""Profiles of the AWS CLI's shared files: credentials, region and endpoint of a command."""
import json

import pytest
from till_process import make_client, till

OK, FAILED, USAGE = range(3)  # src/cli/exit_code.h
KEY, SECRET = "AKIAOFTHISTEST", "secret-of-this-test"


@pytest.fixture
def work(tmp_path, serve):
    server = serve(TILL_ROOT_ACCESS_KEY_ID=KEY, TILL_ROOT_SECRET_ACCESS_KEY=SECRET)
    home = tmp_path / "home"
    (home / ".aws").mkdir(parents=True)
    (home / ".aws" / "config").write_text(f"""
[default]
region = eu-north-1
[profile work]
region = eu-central-1
endpoint_url = {server.endpoint}
[profile roles]
role_arn = arn:aws:iam::000000000000:role/a
source_profile = work
[profile half]
aws_access_key_id = {KEY}
""")
    (home / ".aws" / "credentials").write_text(
        f"[work]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n"
        f"[wrong]\naws_access_key_id = {KEY}\naws_secret_access_key = other\n")

    def command(*arguments, **environment):
        return till(*arguments, HOME=str(home), **environment)
    command.server, command.directory = server, tmp_path
    return command


def test_a_profile_has_credentials_region_and_endpoint(work):
    made = work("up", "--profile", "work")
    assert made.code == OK and "tillstream-orders" in made.out, made
    described = make_client("dynamodb", work.server.endpoint, KEY, SECRET, region="eu-central-1").describe_table(
        TableName="tillstream-orders")
    assert ":eu-central-1:" in described["Table"]["TableArn"]
    file = work.directory / "till.toml"
    file.write_text('[stack]\nprofile = "work"\n')
    assert "tillstream-orders" in work("status", "--file", file).out
    shown = work("config", "show", "--file", file)
    for line in (f'stack.profile = "work"  # {file}:2', 'stack.region = "eu-central-1"  # profile work',
                 f'stack.endpoint = "{work.server.endpoint}"  # profile work'):
        assert line in shown.out.splitlines(), shown
    assert SECRET not in shown.out + shown.err
    named = work("config", "show", "--profile", "roles", "--region", "us-west-2")
    assert 'stack.profile = "roles"  # flag --profile' in named.out and '"us-west-2"  # flag --region' in named.out


def test_which_credentials_count(work):
    endpoint = ["--endpoint", work.server.endpoint, "--region", "eu-central-1"]
    assert work("status", *endpoint, AWS_PROFILE="work").code == OK
    assert work("status", *endpoint, AWS_PROFILE="wrong").code == FAILED
    variables = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}
    assert work("status", *endpoint, AWS_PROFILE="wrong", **variables).code == OK, "variables before a variable's profile"
    assert work("status", *endpoint, "--profile", "wrong", **variables).code == FAILED, "a flag before variables"
    half = work("status", *endpoint, AWS_ACCESS_KEY_ID=KEY, AWS_SECRET_ACCESS_KEY="")
    assert half.code == FAILED
    absent = work("status", *endpoint, AWS_PROFILE="absent")
    assert absent.code == FAILED and "(absent) could not be found (environment AWS_PROFILE names it)" in absent.err


@pytest.mark.parametrize("profile, why", [
    ("absent", "The config profile (absent) could not be found (flag --profile names it)"),
    ("roles", "role arn:aws:iam::000000000000:role/a: "),
    ("half", "profile half has only one of aws_access_key_id and aws_secret_access_key")])
def test_a_profile_without_credentials_is_named(work, profile, why):
    for endpoint in ("aws", work.server.endpoint):
        result = work("status", "--endpoint", endpoint, "--profile", profile, "--region", "eu-central-1",
                      AWS_ENDPOINT_URL_STS=work.server.endpoint)
        assert result.code == FAILED and why in result.err and SECRET not in result.err, result


def test_names_with_quotes_and_sections_that_stand_twice(work):
    files = work.directory / "home" / ".aws"
    config, credentials = (files / "config").read_text(), (files / "credentials").read_text()
    (files / "config").write_text(config.replace("[profile work]", '[profile "my work"]'))
    (files / "credentials").write_text(credentials.replace("[work]", "[my work]"))
    assert work("up", "--profile", "my work").code == OK
    (files / "config").write_text(config + "[profile half]\nregion = eu-west-1\n")
    twice = work("status", "--profile", "work")
    assert twice.code == FAILED and f"Unable to parse config file: {files}/config: line 12: [profile half]" in twice.err
    (files / "config").write_text(config)
    (files / "credentials").write_text(credentials + "aws_access_key_id = other\n")
    key = work("status", "--profile", "work")
    assert key.code == FAILED and f"{files}/credentials: line 7: aws_access_key_id in [wrong]" in key.err
    for file, before in (("config", config), ("credentials", credentials)):
        (files / "credentials").write_text(credentials)
        (files / file).write_text("\ufeff" + before)
        assert work("status", "--profile", "work").code == OK, "a byte order mark says nothing"
        (files / file).write_text(before + SECRET + "\n")
        line = before.count("\n") + 1
        foreign = work("status", "--profile", "work")
        assert foreign.code == FAILED and SECRET not in foreign.err, foreign
        assert f"Unable to parse config file: {files}/{file}: line {line} is no section, no key" in foreign.err, foreign
        (files / file).write_text(before)
    (files / "config").write_text("region = eu-west-1\n")
    assert work("status", "--data", work.directory / "own").code == OK, "files are nothing to an engine of ours"


def test_a_profile_of_the_environment_says_nothing_of_an_engine_here(work):
    """Whoever works with AWS has AWS_PROFILE set, and does not mean AWS by `till run`."""
    (work.directory / "orders.json").write_text(json.dumps([{"transaction_id": "a", "amount": 1, "item": "x"}]))
    for profile in ("work", "absent"):
        run = work("run", work.directory / "orders.json", "--data", work.directory / "own", AWS_PROFILE=profile)
        assert run.code == OK, run
    broken = work("status", "--data", work.directory / "own", AWS_CONFIG_FILE=str(work.directory))
    assert broken.code == OK, "a directory is no file of profiles"
    assert 'stack.region = "us-east-1"  # default' in work("config", "show", AWS_PROFILE="work").out
    checks = {each["about"]: each for each in work("doctor", "--json", AWS_PROFILE="absent").json["checks"]}
    assert checks["profile"]["state"] == "warn" and "The config profile (absent) could not be found" in checks["profile"]["found"]
    assert "profile" not in {each["about"] for each in work("doctor", "--json", AWS_PROFILE="work").json["checks"]}
