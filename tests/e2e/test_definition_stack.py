"""What a definition says of the stack, its alarms and its functions: [stack], [alarms], [functions], config show."""
import io
import json
import platform
import urllib.request
import zipfile

import pytest
from till_process import FUNCTIONS, eventually, till

OK, FAILED, USAGE, CHECK_FAILED = range(4)  # src/cli/exit_code.h

ORDER = '[order]\nid = "/id"\namount = "/total"\n'
STACK = """[stack]
name = "shop"
region = "eu-west-1"
tags = { team = "tills", "cost center" = "7" }
log_retention_days = 7
maximum_concurrency = 4
batch_size = 500
batch_window = 1

[alarms]
errors = 3
duration_ms = 2500.5
dead_letters = 2
uploads = 4
emails = "admin@example.com"

[notifications]
emails = ["shop@example.com"]
"""
# Takes every order for granted, and says on its log where it runs.
STAGE = """import json, os

def handle(event, context):
    print("custom", os.environ["GREETING"], os.environ["TILL_ORDERS_TABLE"], os.environ.get("AWS_MAX_ATTEMPTS"))
    return {"batchItemFailures": [], "seen": [record["body"] for record in event.get("Records", [])]}
"""
FUNCTION = """[functions.process]
code = "code/stage.py"
runtime = "python3.12"
handler = "stage.handle"
timeout = 20
memory = 192
environment = { GREETING = "hello", AWS_MAX_ATTEMPTS = "7" }
"""


@pytest.fixture
def shop(tmp_path):
    (tmp_path / "till.toml").write_text(ORDER)
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "stage.py").write_text(STAGE)
    return tmp_path


def arguments_of(shop, server):
    return ["--file", shop / "till.toml", "--data", server.data]


def changes(planned):
    return {step["name"]: {each["property"]: (each["actual"], each["wanted"]) for each in step["differences"]}
            for step in planned.json["plan"] if step["action"] != "leave"}


def visibility_timeout(sqs, queue):
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"]
    return int(attributes["VisibilityTimeout"])


@pytest.mark.parametrize("section, fault", [
    ('[stack]\nname = "Shop"', "2: [stack] name must be 1 to 20 of a-z, 0-9 and -"),
    *((f'[stack]\nregion = "{region}"', "2: [stack] region is no region")
      for region in ("eu west", "nowhere", "us-east", "us-east-1a", "eu-west-99", "local", "-a-1", "")),
    ('[[rules]]\nname = "r"\nfilter = \'{"ammount":[{"numeric":[">",1]}]}\'', '3: [rules] filter asks for "ammount", which'),
    ('[[rules]]\nname = "r"\nfilter = \'{"$or":[{"amount":[1]},{"rule":["x"]}]}\'', '3: [rules] filter asks for "rule"'),
    ('[stack]\nendpoint = "localhost:4566"', "2: [stack] endpoint must be a URL"),
    ('[stack]\nendpoint = "http://u:p@localhost:1"', "2: [stack] endpoint must not have a user or a password"),
    ('[stack]\nprofile = ""', "2: [stack] profile is empty"),
    ('[stack]\nfunctions_package = ""', "2: [stack] functions_package is empty"),
    ('[stack]\ntags = { team = 7 }', "2: [stack] tags has for team no string"),
    ('[stack]\ntags = { "aws:x" = "y" }', '2: [stack] tags has "aws:x"'),
    ('[stack]\ntags = { "AWS:x" = "y" }', '2: [stack] tags has "AWS:x": names that begin with aws: are AWS'),
    ('[stack]\ntags = { "Tillstream:code-sha256" = "y" }', '2: [stack] tags has "Tillstream:code-sha256": names that'),
    ('[stack]\ntags = { a = "1", A = "2" }', '2: [stack] tags has "a" twice'),
    ('[stack]\ntags = { a = "\N{ROCKET}" }', '2: [stack] tags has "a": a name has'),
    ('[stack]\nname = "-x"', "2: [stack] name must be 1 to 20 of a-z, 0-9 and -"),
    ('[stack]\nname = "xn-"', "2: [stack] name must be 1 to 20 of a-z, 0-9 and -"),
    ('[stack]\nname = "sthree-a"', "2: [stack] name must be 1 to 20 of a-z, 0-9 and -"),
    ('[notifications]\nemails = "a@b.c,d@e.f"', '2: [notifications] emails has "a@b.c,d@e.f", which is no address; several'),
    ('[notifications]\nemails = ["a@b@c"]', '2: [notifications] emails has "a@b@c", which is no address'),
    ('[notifications]\nwebhooks = "http://"', '2: [notifications] webhooks has "http://"'),
    ('[notifications]\nwebhooks = "https://a b.c/"', '2: [notifications] webhooks has "https://a b.c/"'),
    ('[notifications]\nwebhooks = "https://a.example:99999/"', '2: [notifications] webhooks has "https://a.example:99999/"'),
    ('[alarms]\nemails = "\u00fc@b.c"', '2: [alarms] emails has "\u00fc@b.c", which is no address'),
    ('[email]\nsmtp = "smtp://localhost"\nfrom = "a@@b"', "3: [email] from is no address"),
    ('[functions.process]\nenvironment = { LAMBDA_TASK_ROOT = "1" }', '2: [functions.process] environment has "LAMBDA_T'),
    ('[functions.process]\nenvironment = { XY = "' + 4090 * "x" + '" }', "2: [functions.process] environment has 4099 bytes"),
    ('[functions.process]\nenvironment = { XY = "\\u0000" }', "2: [functions.process] environment has for XY"),
    ('[functions.process]\ncode = "a.py"\nruntime = "python3.12"\nhandler = "a b"', "4: [functions.process] handler must"),
    ('[stack]\nlog_retention_days = 8', "2: [stack] log_retention_days can be 1, 3, 5, 7, 14"),
    ('[stack]\nmaximum_concurrency = 1', "2: [stack] maximum_concurrency must be a whole number from 2 to 1000"),
    ('[stack]\nbatch_size = 11', "2: [stack] batch_size is more than 10, which needs a `batch_window` of 1 second"),
    ('[stack]\nbatch_size = 10001\nbatch_window = 1', "2: [stack] batch_size must be a whole number from 1 to 10000"),
    ('[stack]\nbatch_window = 1.5', "2: [stack] batch_window must be a whole number from 0 to 300"),
    ('[alarms]\nerrors = 0', "2: [alarms] errors is 0, which every minute reaches"),
    ('[alarms]\nuploads = 0.0', "2: [alarms] uploads is 0, which every minute reaches"),
    ('[alarms]\nquarantine_percent = 100', "2: [alarms] quarantine_percent is 100 or more"),
    ('[alarms]\nerrors = -1', "2: [alarms] errors must be a number of 0 or more"),
    ('[alarms]\nduration = 5', '2: [alarms] has no key "duration"'),
    ('[alarms]\nemails = "nobody"', '2: [alarms] emails has "nobody"'),
    ('[functions.process]\ncode = "a.py"', "1: [functions.process] runtime is missing"),
    ('[functions.process]\ncode = "a.py"\nruntime = "java21"\nhandler = "a.b"', '3: [functions.process] runtime is "ja'),
    ('[functions.process]\ncode = "a.py"\nruntime = "python3.12"', "1: [functions.process] handler is missing"),
    ('[functions.process]\ntimeout = 5', "2: [functions.process] timeout is for other code than ours"),
    ('[functions.process]\nmemory = 64', "2: [functions.process] memory must be a whole number from 128 to 10240"),
    ('[functions.sweep]\nenvironment = { TILL_BUCKET = "x" }', '2: [functions.sweep] environment has "TILL_BUCKET"'),
    ('[functions.sweep]\nenvironment = { "a b" = "x" }', '2: [functions.sweep] environment has "a b"'),
    ('[functions]\nsweeper = 1', '2: [functions] has no function "sweeper"'),
])
def test_faults_have_their_lines(tmp_path, section, fault):
    (tmp_path / "till.toml").write_text(section + "\n")
    result = till("config", "show", "--file", tmp_path / "till.toml")
    assert result.code == USAGE and f"{tmp_path}/till.toml:{fault}" in result.err, result


@pytest.mark.parametrize("text", ["[\n", "[[\n", "[.", "[ \n", "[#", "[\r\n", pytest.param("a" + ".a" * 400_000 + " = 1\n", id="a key without end")])
def test_text_that_is_no_toml_is_a_fault_and_no_end(tmp_path, text):
    (tmp_path / "z.toml").write_bytes(text.encode())
    result = till("config", "show", "--file", tmp_path / "z.toml")
    assert result.code == USAGE and f"{tmp_path}/z.toml:1: " in result.err, result


def test_a_stack_is_made_as_the_definition_says(shop, serve):
    server = serve()
    definition = shop / "till.toml"
    definition.write_text(ORDER + STACK)
    arguments = arguments_of(shop, server)
    assert till("up", *arguments).code == OK
    assert till("plan", *arguments).code == OK, "nothing to change"
    at = lambda service: server.client(service, region="eu-west-1")
    [mapping] = at("lambda").list_event_source_mappings(FunctionName="shop-process")["EventSourceMappings"]
    assert (mapping["BatchSize"], mapping["MaximumBatchingWindowInSeconds"]) == (500, 1)
    assert mapping["ScalingConfig"]["MaximumConcurrency"] == 4
    queue = at("sqs").get_queue_url(QueueName="shop-orders")["QueueUrl"]
    assert visibility_timeout(at("sqs"), "shop-orders") >= 6 * 10 + 1
    [group] = at("logs").describe_log_groups(logGroupNamePrefix="/aws/lambda/shop-process")["logGroups"]
    assert group["retentionInDays"] == 7
    alarms = {alarm["AlarmName"]: alarm["Threshold"]
              for alarm in at("cloudwatch").describe_alarms(AlarmNamePrefix="shop-")["MetricAlarms"]}
    assert [alarms[f"shop-{what}"] for what in ("errors", "duration", "throttle", "dead-letters", "uploads")] == [
        3, 2500.5, 0, 2, 4]
    account = server.account
    told = {each["TopicArn"].rpartition(":")[2]: each["Endpoint"] for each in
            at("sns").list_subscriptions()["Subscriptions"] if each["Protocol"] == "email"}
    assert told == {"shop-alarms": "admin@example.com", "shop-large-orders": "shop@example.com"}
    tags = {"team": "tills", "cost center": "7"}
    as_map = lambda pairs: {each["Key"]: each["Value"] for each in pairs}
    assert at("sqs").list_queue_tags(QueueUrl=queue)["Tags"] == tags
    arn = lambda service, what: f"arn:aws:{service}:eu-west-1:{account}:{what}"
    assert as_map(at("dynamodb").list_tags_of_resource(ResourceArn=arn("dynamodb", "table/shop-orders"))["Tags"]) == tags
    assert as_map(at("sns").list_tags_for_resource(ResourceArn=arn("sns", "shop-alarms"))["Tags"]) == tags
    assert as_map(at("iam").list_role_tags(RoleName="shop-process")["Tags"]) == tags
    assert as_map(at("cloudwatch").list_tags_for_resource(
        ResourceARN=arn("cloudwatch", "alarm:shop-errors"))["Tags"]) == tags
    assert at("logs").list_tags_for_resource(resourceArn=arn("logs", f"log-group:{group['logGroupName']}"))["tags"] == tags
    assert tags.items() <= at("lambda").list_tags(Resource=arn("lambda", "function:shop-process"))["Tags"].items()
    at("sqs").tag_queue(QueueUrl=queue, Tags={"team": "others", "mine": "stays"})
    assert changes(till("plan", "--json", *arguments)) == {"shop-orders": {"tag team": ("others", "tills")}}
    assert till("up", *arguments).code == OK
    assert at("sqs").list_queue_tags(QueueUrl=queue)["Tags"] == tags | {"mine": "stays"}
    # In large batches as well each order is stored once.
    (shop / "orders.json").write_text(json.dumps([{"id": f"o{i}", "total": 1 + i % 7} for i in range(2_000)]))
    run = till("run", shop / "orders.json", "--json", *arguments).json
    assert (run["read"], run["accepted"], run["missing"]) == (2_000, 2_000, 0)
    # What a drill does would not be enough for these alarms.
    for kind, why in (("error", "waits for 3 failures in a minute"), ("duration", "waits for more than 2500.5 ms")):
        drill = till("alarms", "drill", kind, *arguments)
        assert drill.code == FAILED and why in drill.err
    # --stack counts before the file.
    assert "No stack named other" in till("status", "--stack", "other", *arguments).out
    assert till("down", "--yes", *arguments).code == OK


def test_the_endpoint_of_the_definition_is_used_unless_told_otherwise(shop, serve):
    server = serve()
    (shop / "till.toml").write_text(ORDER + f'[stack]\nname = "far"\nendpoint = "{server.endpoint}"\n')
    arguments = ["--file", shop / "till.toml", "--data", shop / "none"]
    assert till("up", *arguments).code == OK
    assert not (shop / "none").exists(), "the engine at the endpoint was used"
    assert "far-orders" in till("status", *arguments).out
    other = serve(data=shop / "other")
    for told in ({"AWS_ENDPOINT_URL": other.endpoint}, {}):
        flags = [] if told else ["--endpoint", other.endpoint]
        elsewhere = till("status", *flags, *arguments, **told)
        assert elsewhere.out == "No stack named far: `till up` makes it.\n", elsewhere


def settings(*arguments, **environment):
    shown = till("config", "show", "--json", *arguments, **environment)
    assert shown.code == OK, shown
    return {each["key"]: (each["value"], each["origin"]) for each in shown.json["settings"]}


def test_what_is_in_force_is_shown_with_its_origin(shop):
    definition = shop / "till.toml"
    definition.write_text(ORDER + STACK + FUNCTION)
    line = lambda beginning: 1 + [each.startswith(beginning) for each in
                                  definition.read_text().splitlines()].index(True)
    origin = lambda beginning: f"{definition}:{line(beginning)}"
    shown = settings("--file", definition, "--data", shop / "none", "--email", "me@example.com",
                     "--threshold", "7", AWS_REGION="us-west-2")
    assert shown["file"] == (str(definition), "flag --file") and shown["data"] == (str(shop / "none"), "flag --data")
    assert shown["stack.name"] == ("shop", origin("name"))
    assert shown["stack.region"] == ("us-west-2", "environment AWS_REGION")
    assert shown["stack.endpoint"] == (None, "default")
    assert shown["stack.batch_size"] == (500, origin("batch_size"))
    assert shown["stack.tags"] == ({"team": "tills", "cost center": "7"}, origin("tags"))
    assert shown["order.id"] == ("/id", origin("id")) and shown["order.amount_style"] == ("plain", "default")
    assert shown["alarms.throttle"] == (0, "default") and shown["alarms.duration_ms"] == (2500.5, origin("duration_ms"))
    assert shown["notifications.emails"] == (["me@example.com"], "flag --email")
    assert shown["threshold"] == (7, "flag --threshold")
    assert shown["functions.process.code"] == ("code/stage.py", origin("code"))
    without = settings("--stack", "x", "--file", "none", TILL_DATA=str(shop / "data"))
    assert without["stack.name"] == ("x", "flag --stack") and without["stack.region"] == ("us-east-1", "default")
    assert without["data"] == (str(shop / "data"), "environment TILL_DATA") and "functions.process.code" not in without
    assert settings(TILL_FILE=str(definition))["file"] == (str(definition), "environment TILL_FILE")
    text = till("config", "show", "--file", definition).out
    assert f'stack.batch_size = 500  # {origin("batch_size")}\n' in text and "stack.endpoint = (none)  # default\n" in text
    definition.write_text('[[rules]]\nname = "a"\nfilter = "{\\"amount\\":[1]}"\n[[rules]]\nname = "b"\n'
                          'filter = "{\\"amount\\":[2]}"\n')
    shown = settings("--file", definition)
    assert shown["rules[1].name"] == ("a", f"{definition}:2") and shown["rules[2].name"] == ("b", f"{definition}:5")


def package_of(server, function):
    location = server.client("lambda").get_function(FunctionName=function)["Code"]["Location"]
    return zipfile.ZipFile(io.BytesIO(urllib.request.urlopen(location).read()))


def test_own_code_is_a_stage_and_stays_so(shop, serve):
    server = serve()
    definition = shop / "till.toml"
    definition.write_text(ORDER + FUNCTION)
    arguments = arguments_of(shop, server)
    assert till("up", *arguments).code == OK
    lambda_ = server.client("lambda")
    function = lambda_.get_function_configuration(FunctionName="tillstream-process")
    assert (function["Runtime"], function["Handler"], function["Timeout"], function["MemorySize"]) == (
        "python3.12", "stage.handle", 20, 192)
    assert visibility_timeout(server.client("sqs"), "tillstream-orders") >= 6 * 20
    for command in ("up", "deploy", "plan"):
        assert till(command, *arguments).code == OK
    invoked = till("invoke", "process", '{"Records":[{"body":"x"}]}', "--json", *arguments).json
    assert invoked["payload"]["seen"] == ["x"] and "custom hello tillstream-orders 7" in invoked["log"]
    assert till("send", '{"id":"1","total":5}', *arguments).code == OK
    eventually(lambda: "custom hello" in till("logs", "process", *arguments).out, what="the stage's log")
    drill = till("alarms", "drill", "error", *arguments)
    assert drill.code == FAILED and "knows no drills" in drill.err
    # Another version of it is a change of the code, and the way back is, too.
    (shop / "code" / "stage.py").write_text(STAGE + "# more\n")
    assert list(changes(till("plan", "--json", *arguments))) == ["tillstream-process"]
    assert till("up", *arguments).code == OK and till("plan", *arguments).code == OK
    definition.write_text(ORDER)
    planned = changes(till("plan", "--json", *arguments))["tillstream-process"]
    assert planned["runtime"] == ("python3.12", "provided.al2023") and planned["handler"][1] == "process"
    assert till("up", *arguments).code == OK
    (shop / "orders.json").write_text('[{"id": 1, "total": 2}]')
    assert till("run", shop / "orders.json", "--json", *arguments).json["accepted"] == 1


def test_variables_of_the_sdks_reach_our_own_code(shop, serve):
    """It takes them by the names of the SDKs, and says so where it cannot."""
    server = serve()
    arguments = arguments_of(shop, server)
    (shop / "till.toml").write_text(ORDER + '[functions.process]\nenvironment = { AWS_MAX_ATTEMPTS = "many" }\n')
    assert till("up", *arguments).code == OK and till("plan", *arguments).code == OK
    invoked = till("invoke", "process", '{"Records":[]}', *arguments)
    assert invoked.code != OK and "max_attempts" in (invoked.out + invoked.err).lower(), invoked


def test_more_variables_than_lambda_takes_are_refused_before_anything_is_made(shop, serve):
    server = serve()
    arguments = arguments_of(shop, server)
    (shop / "till.toml").write_text(ORDER + '[functions.sweep]\nenvironment = { XY = "' + 3900 * "x" + '" }\n')
    (shop / "orders.json").write_text("[]")
    line = 1 + ORDER.count("\n") + 1
    for command in (["up"], ["plan"], ["run", shop / "orders.json"]):
        refused = till(*command, *arguments)
        assert refused.code == USAGE and f"till.toml:{line}: the function sweep would have" in refused.err, refused
    assert server.client("dynamodb").list_tables()["TableNames"] == []
    (shop / "till.toml").write_text(ORDER + '[functions.sweep]\nenvironment = { XY = "' + 2900 * "x" + '" }\n')
    assert till("up", *arguments).code == OK


@pytest.mark.parametrize("arguments, said", [
    (["--email", "a@b.c,d@e.f"], "not an address: a@b.c,d@e.f; give --email once for each"),
    (["--email", "a@b@c"], "not an address: a@b@c"), (["--email", "\u00fc@b.c"], "not an address: \u00fc@b.c"),
    (["--email="], "--email: it is empty"), (["--webhook", "http:///x"], "not a URL that begins with http:// or https://"),
    (["--stack=-x"], "--stack: not a name of a stack: -x"), (["--stack=--"], "--stack: not a name of a stack: --"),
    (["--stack", "xn--a"], "--stack: not a name of a stack"), (["--stack", "sthree-a"], "--stack: not a name of a stack"),
])
def test_flags_that_aws_would_refuse_are_wrong_at_once(tmp_path, arguments, said):
    for command in (["plan"], ["up"], ["run", "none.json"], ["config", "show"], ["export", "sam"]):
        refused = till(*command, *arguments, "--data", tmp_path / "data")
        assert refused.code == USAGE and said in refused.err, refused
    assert not (tmp_path / "data").exists()


def test_code_is_a_zip_a_directory_or_a_file(shop, serve):
    server = serve()
    definition = shop / "till.toml"
    arguments = arguments_of(shop, server)
    with zipfile.ZipFile(shop / "my.zip", "w") as archive:
        archive.writestr("stage.py", STAGE)
    (shop / "code" / "inner").mkdir()
    (shop / "code" / "inner" / "__init__.py").write_text("")
    (shop / "code" / "__pycache__").mkdir()
    (shop / "code" / "__pycache__" / "stage.pyc").write_bytes(b"x")
    (shop / "code" / ".hidden").write_text("x")
    for code, names in (("my.zip", ["stage.py"]), ("code", ["inner/__init__.py", "stage.py", "till.toml"]),
                        ("code/stage.py", ["stage.py", "till.toml"])):
        definition.write_text(ORDER + FUNCTION.replace("code/stage.py", code))
        assert till("up", *arguments).code == OK and till("plan", *arguments).code == OK
        with package_of(server, "tillstream-process") as package:
            assert sorted(package.namelist()) == names
        assert till("invoke", "process", "{}", "--json", *arguments).json["payload"]["seen"] == []
    for code, why in (("none.zip", "none.zip: No such file"), ("till.toml.zip", "is no zip archive"),
                      ("empty", "there is no file in it")):
        (shop / "empty").mkdir(exist_ok=True)
        (shop / "till.toml.zip").write_text("no archive")
        definition.write_text(ORDER + FUNCTION.replace("code/stage.py", code))
        for command in ("up", "plan", "deploy"):
            refused = till(command, *arguments)
            assert refused.code == USAGE and f"till.toml:5: [functions.process] code: " in refused.err, refused
            assert why in refused.err
        assert till("status", *arguments).code == OK, "which needs no code"


def package_for(machine, directory, mode=0o100755):
    """The pipeline's package, its program marked as one for another machine (e_machine of ELF)."""
    with zipfile.ZipFile(FUNCTIONS / "functions.zip") as package:
        program = bytearray(package.read("bootstrap"))
    program[18:20] = machine.to_bytes(2, "little")
    path = directory / f"functions-{machine}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package:
        entry = zipfile.ZipInfo("bootstrap")
        entry.create_system, entry.external_attr = 3, mode << 16
        package.writestr(entry, bytes(program))
    return path


OWN, OTHER = ("x86_64", "arm64") if platform.machine() == "x86_64" else ("arm64", "x86_64")
MACHINES = {"x86_64": 62, "arm64": 183}  # <elf.h>
RISCV = 243


def test_functions_of_another_processor(shop, serve):
    server = serve()
    arguments = arguments_of(shop, server)
    assert till("up", *arguments).code == OK
    definition = shop / "till.toml"
    definition.write_text(ORDER + f'[stack]\nfunctions_package = "{package_for(MACHINES[OTHER], shop).name}"\n' + FUNCTION)
    exported = till("export", "cloudformation", "--output", shop / "out", "--json", "--file", definition)
    assert exported.code == OK, exported
    resources = json.loads((shop / "out" / "template.json").read_text())["Resources"].values()
    functions = {each["Properties"]["FunctionName"]: each["Properties"]["Architectures"] for each in resources
                 if each["Type"] == "AWS::Lambda::Function"}
    assert functions == {f"tillstream-{name}": [OTHER] for name in ("ingest", "process", "sweep")}
    planned = changes(till("plan", "--json", *arguments))
    assert planned["tillstream-ingest"]["architecture"] == (OWN, OTHER)
    # This engine runs no such program, says so, and keeps the one that it has.
    refused = till("up", *arguments)
    assert refused.code == FAILED and f"architecture {OWN}" in refused.err, refused
    [kept] = server.client("lambda").get_function_configuration(FunctionName="tillstream-ingest")["Architectures"]
    assert kept == OWN


def test_a_package_that_was_exported_may_be_named(shop, serve):
    definition = shop / "till.toml"
    assert till("export", "cloudformation", "--output", shop / "out", "--file", definition).code == OK
    [package] = (shop / "out").glob("functions-*.zip")
    definition.write_text(ORDER + f'[stack]\nfunctions_package = "{package}"\n')
    server = serve()
    assert till("up", *arguments_of(shop, server)).code == OK
    with package_of(server, "tillstream-process") as packed:
        assert packed.read("till.toml").decode() == definition.read_text()


@pytest.mark.parametrize("make, why", [
    (lambda shop: package_for(RISCV, shop), "no zip archive with a program `bootstrap` for x86_64 or arm64"),
    (lambda shop: shop / "code" / "stage.py", "no zip archive with a program"),
    (lambda shop: shop / "none.zip", "No such file"),
    (lambda shop: shop / "code", "Is a directory"),
    (lambda shop: package_for(MACHINES[OWN], shop, mode=0o100644), "`bootstrap` is not executable"),
])
def test_a_package_that_is_none(shop, make, why):
    definition = shop / "till.toml"
    definition.write_text(ORDER + f'[stack]\nfunctions_package = "{make(shop)}"\n')
    for command in (["export", "sam", "--output", shop / "out"], ["up", "--data", shop / "data"]):
        refused = till(*command, "--file", definition)
        assert refused.code == USAGE and "till.toml:5: [stack] functions_package: " in refused.err, refused
        assert why in refused.err, refused
    assert not (shop / "out").exists() and not (shop / "data").exists()


@pytest.mark.parametrize("name, size, why", [
    ("../stage.py", 10, "Could not unzip uploaded file. Please check your file, then try to upload again."),
    ("/stage.py", 10, "Could not unzip uploaded file. Please check your file, then try to upload again."),
    ("stage.py", 262_144_000, "Unzipped size must be smaller than 262144000 bytes"),
])
def test_a_zip_that_lambda_does_not_take_is_refused_by_plan(shop, name, size, why):
    with zipfile.ZipFile(shop / "own.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package:
        with package.open(name, "w", force_zip64=False) as file:
            for begin in range(0, size, 1 << 20):
                file.write(b" " * min(1 << 20, size - begin))
    definition = shop / "till.toml"
    definition.write_text(ORDER + FUNCTION.replace("code/stage.py", "own.zip"))
    for command in ("plan", "up"):
        refused = till(command, "--file", definition, "--data", shop / "data")
        assert refused.code == USAGE and "] code: " in refused.err and f"own.zip: {why}" in refused.err, refused
    assert not (shop / "data").exists()


def test_code_has_no_links_out_of_its_directory(shop, tmp_path):
    definition = shop / "till.toml"
    definition.write_text(ORDER + FUNCTION.replace("code/stage.py", "code"))
    (tmp_path / "secret").write_text("not for the package")
    (tmp_path / "outside").mkdir()
    (shop / "code" / "inner").mkdir()
    (shop / "code" / "inner" / "same.py").symlink_to("../stage.py")
    (shop / "code" / ".hidden").symlink_to(tmp_path / "secret")
    export = ["export", "sam", "--file", definition, "--output"]
    assert till(*export, tmp_path / "good").code == OK
    packages = [zipfile.ZipFile(path) for path in (tmp_path / "good").glob("*.zip")]
    [package] = [package for package in packages if "stage.py" in package.namelist()]
    assert package.read("inner/same.py") == package.read("stage.py")
    link = shop / "code" / "inner" / "link"
    for target, why in ((tmp_path / "secret", f"is a link out of the directory, to {tmp_path / 'secret'}"),
                        (tmp_path / "outside", "is a link out of the directory"), ("../..", "out of the directory"),
                        ("link", "Too many levels of symbolic links"), ("nothing", "No such file")):
        link.symlink_to(target)
        refused = till(*export, tmp_path / "bad")
        assert refused.code == USAGE and why in refused.err, refused
        assert f"{definition}:5: [functions.process] code: {link}: " in refused.err, refused
        assert not (tmp_path / "bad").exists()
        link.unlink()


def test_code_deployed_by_hand_is_not_undone_silently(shop, serve):
    server = serve()
    definition = shop / "till.toml"
    arguments = arguments_of(shop, server)
    assert till("up", *arguments).code == OK
    with zipfile.ZipFile(shop / "my.zip", "w") as archive:
        archive.writestr("stage.py", STAGE)
    assert till("deploy", "process", "--zip", shop / "my.zip", *arguments).code == OK
    planned = till("plan", *arguments)
    assert planned.code == CHECK_FAILED and "the code was deployed by hand: `up` would replace it" in planned.out
    assert changes(till("plan", "--json", *arguments))["tillstream-process"]["code put by"] == ("hand", "till")
    (shop / "orders.json").write_text('[{"id": 1, "total": 2}]')
    sha = lambda: server.client("lambda").get_function_configuration(FunctionName="tillstream-process")["CodeSha256"]
    before = sha()
    for command in (["up"], ["run", shop / "orders.json"]):
        refused = till(*command, *arguments)
        assert refused.code == FAILED and "--replace-code" in refused.err and "tillstream-process" in refused.err
        assert sha() == before
    # The definition may name that very code: then nothing is undone, and the next version of it is a change as any.
    definition.write_text(ORDER + FUNCTION.replace("code/stage.py", "my.zip"))
    assert till("up", *arguments).code == OK and sha() == before
    definition.write_text(ORDER + FUNCTION)
    assert till("up", *arguments).code == OK and sha() != before
    # What another program puts there is by hand as well; a function of an older till, without the note, is not.
    server.client("lambda").update_function_code(FunctionName="tillstream-process",
                                                 ZipFile=(shop / "my.zip").read_bytes())
    assert till("up", *arguments).code == FAILED
    assert till("up", "--replace-code", *arguments).code == OK and till("plan", *arguments).code == OK
    server.client("lambda").update_function_code(FunctionName="tillstream-process",
                                                 ZipFile=(shop / "my.zip").read_bytes())
    server.client("lambda").untag_resource(
        Resource=f"arn:aws:lambda:us-east-1:{server.account}:function:tillstream-process",
        TagKeys=["tillstream:code-sha256"])
    assert till("up", *arguments).code == OK and till("plan", *arguments).code == OK


@pytest.mark.parametrize("preset", ["shopify", "stripe", "original"])
def test_the_bench_measures_a_definition_beside_none(tmp_path, preset):
    definition = tmp_path / "shop.toml"
    assert till("init", "--preset", preset, "--file", definition).code == OK
    bench = till("bench", "--orders", "300", "--file", definition, "--data", tmp_path / "data")
    assert bench.code == OK, bench
    of_both = [bench.json, bench.json["with_definition"]]
    assert [(each["orders"], each["missing"]) for each in of_both] == [(300, 0)] * 2
    assert all(280 < each["accepted"] < 300 and each["accepted"] + each["quarantined"] == 300 for each in of_both)
    assert bench.json["with_definition"]["of_without"] > 0 and not list((tmp_path / "data").glob("bench-*"))


def test_the_bench_refuses_what_it_cannot_measure(tmp_path):
    definition = tmp_path / "shop.toml"
    for text, why in (('[orders]\nformat = "csv"\n' + ORDER, "for CSV"), (ORDER + "[stack]\nbatch_size = 0\n", ":5: ")):
        definition.write_text(text)
        refused = till("bench", "--orders", "1", "--file", definition, "--data", tmp_path / "data")
        assert refused.code == USAGE and why in refused.err and not (tmp_path / "data").exists(), refused
