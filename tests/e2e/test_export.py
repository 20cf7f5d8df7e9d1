"""till export: the templates are those of the stack that `till plan` compares, and the checkers of others take them."""
import http.server
import json
import os
import pathlib
import shlex
import shutil
import stat
import subprocess
import sys
import threading
import urllib.parse
import zipfile

import pytest
import yaml
from template_deploy import CloudFormation, Terraform
from till_process import EXAMPLE, ROOT, SANITIZED, clean_environment, till

OK, FAILED, USAGE, CHECK_FAILED = range(4)  # src/cli/exit_code.h
SECRET = "a secret that no template has"
PASSWORD = "a-password-that-no-file-has"
WEBHOOK = f"http://shop:{PASSWORD}@127.0.0.1:9/alarms"
DEFINITION = f"""# was {WEBHOOK}"""  + """
[order]
id = "/transaction_id"
amount = "/amount"
item = "/item"
[intake]
verify = "hmac"
header = "X-Signature"
secret_variable = "SHOP_SECRET"
[stack]
tags = { team = "shop", "cost center" = "4711" }
batch_size = 100
batch_window = 2
log_retention_days = 7
[alarms]
duration_ms = 1500.5
emails = ["admin@example.com"]
webhooks = ["WEBHOOK"]
[[rules]]
name = "a-1"
filter = '{"amount": [{"numeric": [">", 100]}]}'
emails = ["me@example.com", "me@example.com"]
[[rules]]
name = "a1"
filter = '{"amount": [{"numeric": [">", 100]}]}'
emails = ["me@example.com"]
[functions.sweep]
environment = { NOTE = "%{x} costs ${price}", AA = "yes", BB = "1e3", CC = "- x: #", DD = "ends:", EE = "ü\\n\\t'\\"", FF = " ", GG = "~", HH = "${AWS::Region}", II = "a ${AWS::AccountId}$${!x}${", JJ = "%%{if}" }
""".replace("WEBHOOK", WEBHOOK)

same_text = pytest.mark.skipif(SANITIZED, reason="the release preset's tests have checked the same text")


@pytest.fixture
def definition(tmp_path):
    path = tmp_path / "till.toml"
    path.write_text(DEFINITION)
    return path


def export(kind, directory, *arguments):
    done = till("export", kind, "--output", directory, "--json", *arguments, SHOP_SECRET=SECRET)
    assert done.code == OK and SECRET not in done.out, done
    for file in directory.iterdir():
        contents = [file.read_bytes()]
        if file.suffix == ".zip":
            with zipfile.ZipFile(file) as package:
                contents = [package.read(each) for each in package.namelist()]
        assert not [secret for secret in (SECRET, PASSWORD) if any(secret.encode() in each for each in contents)], file
    return done.json


def transformed(template):
    """What SAM makes of it."""
    from samtranslator.translator.transform import transform

    class NoPolicies:
        @staticmethod
        def load():
            return {}
    for resource in template["Resources"].values():
        if "CodeUri" in resource["Properties"]:
            file = resource["Properties"]["CodeUri"].removeprefix("./")
            resource["Properties"]["CodeUri"] = {"Bucket": "code", "Key": file}
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    return transform(template, {}, NoPolicies())


def deploy(kind, server, directory):
    file = directory / ("main.tf.json" if kind == "terraform" else "template.json")
    template = json.loads(file.read_text())
    if kind == "terraform":
        secrets = {name: WEBHOOK for name in template["variable"] if "webhook" in name}
        assert len(secrets) == 1 and all(each["sensitive"] for each in template["variable"].values())
        Terraform(server, template, directory, {"intake_secret": SECRET, **secrets}).deploy()
        return
    secrets = {name: WEBHOOK for name in template["Parameters"] if "Webhook" in name}
    assert len(secrets) == 1 and all(template["Parameters"][name]["NoEcho"] for name in secrets)
    template = transformed(template) if kind == "sam" else template
    CloudFormation(server, template, directory, {"CodeBucket": "code", "IntakeSecret": SECRET, **secrets}).deploy()


@pytest.mark.parametrize("kind", ["cloudformation", "sam", "terraform"])
def test_what_a_template_makes_is_what_plan_wants(kind, server, name, definition, tmp_path):
    stack = name[:12]
    options = ["--file", definition, "--stack", stack]
    export(kind, tmp_path / "deploy", *options)
    deploy(kind, server, tmp_path / "deploy")
    options += ["--endpoint", server.endpoint]
    planned = till("plan", "--json", *options, SHOP_SECRET=SECRET)
    to_do = [step for step in planned.json["plan"] if step["action"] != "leave"]
    assert planned.code == OK and not to_do, to_do
    assert len(planned.json["plan"]) > 40
    # There is nothing that plan does not know, either.
    listed = {(each["kind"], each["name"]) for each in till("status", "--json", *options).json["resources"]}
    assert listed <= {(each["kind"], each["name"]) for each in planned.json["plan"]}
    ran = till("run", EXAMPLE, "--json", *options, SHOP_SECRET=SECRET)
    assert ran.code == OK and "unchanged" not in ran.err, ran
    down = till("down", "--yes", *options)
    assert down.code == OK, down


@same_text
def test_cfn_lint_takes_them(definition, tmp_path):
    files = []
    definition.write_text(DEFINITION + '[[rules]]\nname = "b"\nfilter = \'{"amount": [1]}\'\n'
                          'webhooks = ["https://example.com/${AWS::Region}"]\n')
    for kind in ("cloudformation", "sam"):
        for file in (definition, "none"):
            yaml_text, json_text = (till("export", kind, *language, "--file", file) for language in ([], ["--json"]))
            for printed in (yaml_text, json_text):
                assert printed.code == OK and "--output" in printed.err, printed
            assert yaml.safe_load(yaml_text.out) == json_text.json
            files.append(tmp_path / f"{kind}-{len(files)}.yaml")
            files[-1].write_text(yaml_text.out)
    lint = subprocess.run([pathlib.Path(sys.executable).parent / "cfn-lint", "--regions", "us-east-1", "--", *files],
                          env=clean_environment(AWS_DEFAULT_REGION="us-east-1"), capture_output=True, text=True)
    assert lint.returncode == 0, lint.stdout + lint.stderr


def sam_cli():
    """Of scripts/test, which has it in a directory of its own: its dependencies are not ours."""
    own = ROOT / "build" / "sam" / "bin" / "sam"
    return os.environ.get("TILL_SAM") or (own if own.exists() else shutil.which("sam"))


@same_text
@pytest.mark.skipif(not sam_cli(), reason="the SAM CLI is not installed")
def test_sam_validate_takes_it(definition, tmp_path):
    export("sam", tmp_path / "deploy", "--file", definition)
    done = subprocess.run(
        [sam_cli(), "validate", "--lint", "--template", tmp_path / "deploy" / "template.json"], cwd=tmp_path,
        env=clean_environment(AWS_DEFAULT_REGION="us-east-1", SAM_CLI_TELEMETRY="0", HOME=str(tmp_path)),
        capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_data_stays_and_is_protected(tmp_path):
    export("cloudformation", tmp_path / "deploy")
    resources = json.loads((tmp_path / "deploy" / "template.json").read_text())["Resources"]
    kept = {name for name, each in resources.items() if each.get("UpdateReplacePolicy") == "Retain"}
    assert kept == {name for name, each in resources.items()
                    if each["Type"] in ("AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::SQS::Queue")}
    assert all(resources[name]["DeletionPolicy"] == "RetainExceptOnCreate" for name in kept)
    for each in resources.values():
        if each["Type"] == "AWS::DynamoDB::Table":
            assert each["Properties"]["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
    export("terraform", tmp_path / "terraform")
    made = json.loads((tmp_path / "terraform" / "main.tf.json").read_text())["resource"]
    kinds = {kind for kind, named in made.items()
             for each in named.values() if each.get("lifecycle") == {"prevent_destroy": True}}
    assert kinds == {"aws_dynamodb_table", "aws_sqs_queue", "aws_s3_bucket"}


def test_files_of_others_are_left_alone(tmp_path):
    (tmp_path / "template.json").write_text("mine")
    refused = till("export", "sam", "--output", tmp_path, "--json")
    assert refused.code == FAILED and "is there already" in refused.err, refused
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("template.json", "mine")]
    assert till("export", "pulumi").code == USAGE
    for command in (["export", "sam", "--output"], ["orders", "export", "--output"], ["man", "--directory"],
                    ["deploy", "--zip"], ["serve", "--root-key"], ["plan", "--file"]):
        refused = till(*command, "")
        assert refused.code == USAGE and "it is empty" in refused.err and not refused.out, refused
    refused = till("export", "sam", "--region", "eu-west-1")
    assert refused.code == USAGE and "--region is not for it" in refused.err, refused
    refused = till("export", "sam", "--file", tmp_path / "absent.toml")
    assert refused.code == USAGE and "absent.toml" in refused.err, refused


def steps(kind, directory, *arguments):
    return export(kind, directory, *arguments)["deploy"]


def test_the_secret_is_on_no_command_line(definition, tmp_path):
    for kind in ("cloudformation", "sam", "terraform"):
        for step in steps(kind, tmp_path / kind, "--file", definition):
            assert "SECRET" not in step and "-var" not in step, step
    parameters = tmp_path / "cloudformation" / "parameters.json"
    assert stat.S_IMODE(parameters.stat().st_mode) == 0o600
    wanted = json.loads(parameters.read_text())
    assert wanted[:2] == ["CodeBucket=BUCKET", "IntakeSecret="] and len(wanted) == 3, wanted
    assert wanted[2].startswith("AlarmsWebhook") and wanted[2].endswith("="), wanted
    assert steps("cloudformation", tmp_path / "open")[-1].endswith("--parameter-overrides CodeBucket=BUCKET")
    assert not (tmp_path / "open" / "parameters.json").exists()


class OneStack(http.server.BaseHTTPRequestHandler):
    """As much of CloudFormation as ends `aws cloudformation deploy` after its first call that makes something."""
    calls = []

    def do_POST(self):
        call = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        self.calls.append(call)
        self.send_response(400)
        self.end_headers()
        self.wfile.write(f"<ErrorResponse><Error><Code>ValidationError</Code><Message>Stack with id {call['StackName']} "
                         "does not exist</Message></Error></ErrorResponse>".encode())

    def log_message(self, *_):
        pass


def test_the_aws_cli_takes_the_command(definition, tmp_path):
    command = shlex.split(steps("cloudformation", tmp_path / "it's", "--file", definition)[-1])
    parameters = tmp_path / "it's" / "parameters.json"
    webhook = json.loads(parameters.read_text())[2].removesuffix("=")
    parameters.write_text(json.dumps(["CodeBucket=mine", "IntakeSecret=a=b c", f"{webhook}={WEBHOOK}"]))
    with http.server.HTTPServer(("127.0.0.1", 0), OneStack) as service:
        thread = threading.Thread(target=service.serve_forever)
        thread.start()
        aws = [sys.executable, pathlib.Path(sys.executable).parent / "aws", "--endpoint-url",
               f"http://127.0.0.1:{service.server_port}"]
        keys = clean_environment(AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_DEFAULT_REGION="us-east-1")
        done = subprocess.run([*aws, *command[1:]], capture_output=True, text=True, timeout=60, env=keys)
        service.shutdown()
        thread.join()
    made = next((call for call in OneStack.calls if call["Action"] == "CreateChangeSet"), None)
    assert made is not None, (OneStack.calls, done)
    given = {made[f"Parameters.member.{i}.ParameterKey"]: made[f"Parameters.member.{i}.ParameterValue"] for i in (1, 2, 3)}
    assert given == {"CodeBucket": "mine", "IntakeSecret": "a=b c", webhook: WEBHOOK}


def large_definition(path, tags, rules):
    texts = [f'"tag {i}" = "{"x" * 200}"' for i in range(tags)]
    path.write_text(f'[order]\nid = "/id"\namount = "/a"\nitem = "/i"\n[stack]\ntags = {{ {", ".join(texts)} }}\n' +
                    "".join(f'[[rules]]\nname = "r{i}"\nfilter = \'{{"amount": [{i}]}}\'\n'
                            f'emails = ["a{i}@example.com", "b{i}@example.com"]\n' for i in range(rules)))
    return path


def test_a_large_template_goes_by_a_bucket_and_one_that_is_too_large_is_refused(tmp_path):
    for tags, has_bucket in ((0, False), (40, True)):
        file = large_definition(tmp_path / "till.toml", tags, 8 if tags else 0)
        deploy_step = steps("cloudformation", tmp_path / str(tags), "--file", file)[-1]
        size = (tmp_path / str(tags) / "template.json").stat().st_size
        assert (size > 51_200) == has_bucket == (" --s3-bucket BUCKET " in deploy_step), (size, deploy_step)
    file = large_definition(tmp_path / "till.toml", 40, 90)
    for kind in ("cloudformation", "sam"):
        for output in ([], ["--output", tmp_path / "large"]):
            refused = till("export", kind, "--file", file, *output)
            assert refused.code == FAILED and "CloudFormation takes 1048576" in refused.err and not refused.out, refused
    assert not (tmp_path / "large").exists()
    assert till("export", "terraform", "--file", file).code == OK


def test_a_text_that_cloudformation_replaces_is_refused(tmp_path):
    file = large_definition(tmp_path / "till.toml", 0, 0)
    with file.open("a") as out:
        out.write('[functions.sweep]\nenvironment = { PLACE = "a {{resolve:ssm:/x}}" }\n')
    for kind in ("cloudformation", "sam"):
        refused = till("export", kind, "--file", file)
        assert refused.code == FAILED and "tillstream-sweep has PLACE with {{resolve:" in refused.err, refused
    assert "a {{resolve:ssm:/x}}" in till("export", "terraform", "--file", file).out


def test_what_a_killed_export_left_goes_with_the_next(tmp_path):
    export("terraform", tmp_path / "first")
    [package] = [path.name for path in (tmp_path / "first").glob("functions-*.zip")]
    (tmp_path / "again").mkdir()
    (tmp_path / "again" / f"{package}.4711-0.part").write_text("half")
    export("terraform", tmp_path / "again")
    assert {path.name for path in (tmp_path / "again").iterdir()} == {"main.tf.json", package}


@pytest.mark.parametrize("stack, name", [("123", "till-123"), ("shop", "shop")])
@pytest.mark.parametrize("kind", ["cloudformation", "sam"])
def test_the_command_that_deploys_names_a_stack_that_may_be(tmp_path, kind, stack, name):
    """CloudFormation wants a letter first; the pipeline's own names do not."""
    told = till("export", kind, "--stack", stack, "--output", tmp_path / "out")
    assert told.code == OK and f"--stack-name {name} " in told.out, told


def test_cloudformation_has_an_end_of_resources(tmp_path):
    rules = "".join(f"""[[rules]]
name = "r{number}"
filter = '{{"amount": [1]}}'
emails = [{", ".join(f'"{name}@example.com"' for name in range(8))}]
""" for number in range(60))
    (tmp_path / "till.toml").write_text(rules)
    refused = till("export", "cloudformation", "--file", tmp_path / "till.toml", "--output", tmp_path / "out")
    assert refused.code == FAILED and "resources, and CloudFormation takes 500" in refused.err, refused
    assert not (tmp_path / "out").exists()
    assert till("export", "terraform", "--file", tmp_path / "till.toml").code == OK


@same_text
def test_breaks_and_marks_of_yaml_are_kept(tmp_path):
    text = "a\u0085b\u2028c\u2029d\ufeffe"
    (tmp_path / "till.toml").write_text(f'[functions.sweep]\nenvironment = {{ ODD = "{text}" }}\n')
    printed = till("export", "cloudformation", "--file", tmp_path / "till.toml")
    sweep = next(each["Properties"] for each in yaml.safe_load(printed.out)["Resources"].values()
                 if each["Properties"].get("FunctionName") == "tillstream-sweep")
    assert sweep["Environment"]["Variables"]["ODD"] == text


def test_who_is_named_twice_is_told_once(tmp_path):
    planned = till("plan", "--email", "a@b.example", "--email", "a@b.example", "--json", "--data", tmp_path / "data")
    names = [step["name"] for step in planned.json["plan"] if step["kind"] == "subscription"]
    assert len(names) == len(set(names)) == 2, names
