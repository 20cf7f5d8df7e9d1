"""The command line: exit codes, --json, help, who may open a data directory, small commands."""
import base64
import json
import os
import pwd
import re
import signal
import socket
import subprocess
import tempfile

import pytest
from till_process import BINARY, clean_environment, eventually, till

OK, FAILED, USAGE, CHECK_FAILED, UNREACHABLE = range(5)  # src/cli/exit_code.h


@pytest.fixture
def engine(serve, tmp_path):
    """Arguments that lead a command to a running engine."""
    serve(data=tmp_path / "data")
    return ("--data", tmp_path / "data")


@pytest.mark.parametrize("arguments", [["help"], ["--help"], ["run", "--help"], ["serve", "--help"]])
def test_help_shows_how(arguments):
    result = till(*arguments)
    assert result.code == OK and result.err == ""
    if len(arguments) == 1:
        assert "Examples:" in result.out and "till run orders.json" in result.out
        assert "Exit codes:" in result.out
        for command in ("run", "serve", "plan", "up", "down", "status", "ingest", "send", "receive", "delete",
                        "orders", "quarantine", "tx", "dlq", "logs", "metrics", "alarms", "invoke", "deploy", "generate", "bench"):
            assert f"\n  {command} " in result.out, command


@pytest.mark.parametrize("arguments", [[], ["frobnicate"], ["run"], ["serve", "--port", "x"], ["tx"],
                                       ["--stack", "Not A Name", "status"], ["receive", "--max", "11"],
                                       ["generate", "-5"], ["run", "x.json", "--threshold", "much"],
                                       ["up", "--webhook", "example.com"], ["alarms"], ["alarms", "drill", "fire"],
                                       ["alarms", "drill", "error", "--timeout", "0"], ["dlq"],
                                       ["dlq", "redrive", "--max", "-1"], ["logs", "nobody"],
                                       ["logs", "--since", "soon"],
                                       ["logs", "--follow", "--max", "5"], ["deploy", "nobody"], ["invoke"],
                                       ["up", "--threshold", ""], ["up", "--threshold", "-5"], ["plan", "--email", "me"],
                                       ["up", "--email", ""], ["up", "--webhook", "http://x y"],
                                       ["dlq", "list", "--max", "0"], ["bench", "--orders", "0"],
                                       ["bench", "--endpoint", "http://127.0.0.1:9"],
                                       ["serve", "--endpoint", "http://127.0.0.1:9"],
                                       ["status", "--endpoint", "aws", "--region", "cn-north-1"]])
def test_a_wrong_command_line(arguments, tmp_path):
    result = till(*arguments, "--data", tmp_path / "data")
    assert result.code == USAGE, result
    assert result.err and result.out == ""


def test_version():
    assert till("--version").out.startswith("till ")


def test_nobody_at_the_endpoint(tmp_path):
    with socket.socket() as reserved:  # bound, so nobody else takes it, but not listening
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        for arguments, variables in ((("status", "--endpoint", f"http://127.0.0.1:{port}"), {}),
                                     (("status",), {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"})):
            result = till(*arguments, "--data", tmp_path / "data", **variables)
            assert result.code == UNREACHABLE, result
            assert str(port) in result.err
    assert till("status", "--endpoint", "nonsense", "--data", tmp_path / "data").code == USAGE


def test_somebody_who_does_not_let_us_in(serve, tmp_path):
    endpoint = serve(data=tmp_path / "data").endpoint
    wrong = till("status", "--endpoint", endpoint, AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="guess")
    assert wrong.code == FAILED and "SignatureDoesNotMatch" in wrong.err, "4 means that nobody is there"
    half = till("status", "--endpoint", endpoint, AWS_ACCESS_KEY_ID="test")
    assert half.code == FAILED and "AWS_SECRET_ACCESS_KEY" in half.err
    none = till("status", "--endpoint", "aws", "--region", "eu-west-1", timeout=5)
    assert none.code == FAILED and "AWS_ACCESS_KEY_ID" in none.err
    odd = till("status", "--endpoint", endpoint, AWS_REGION="EU-West 1")
    assert odd.code == USAGE and "EU-West 1" in odd.err


def test_a_second_engine_is_told_who_holds_the_directory(serve, tmp_path):
    server = serve(data=tmp_path / "data")
    second = till("serve", "--port", "0", "--data", tmp_path / "data")
    assert second.code == UNREACHABLE, second
    assert str(server.process.pid) in second.err
    # Not found through the directory any more, so the command tries to open it itself.
    (tmp_path / "data" / "endpoint").unlink()
    other = till("status", "--data", tmp_path / "data")
    assert other.code == UNREACHABLE and str(server.process.pid) in other.err


def test_an_engine_in_memory_leaves_the_one_of_the_directory_alone(serve, tmp_path):
    data = ("--data", tmp_path / "data")
    keeper = serve(data=tmp_path / "data")
    assert till("up", *data).code == OK
    passing = subprocess.Popen([BINARY, "serve", "--port", "0", "--memory", *data], stdout=subprocess.PIPE, text=True,
                               env=clean_environment())
    try:
        other = re.search(r"http://\S+\d", passing.stdout.readline()).group()
        assert till("up", "--endpoint", other).code == OK
        for endpoint in (keeper.endpoint, other):
            called = till("invoke", "process", '{"Records": []}', "--endpoint", endpoint)
            assert called.code == OK, called
        assert till("tx", "list", *data).code == OK and keeper.endpoint in (tmp_path / "data" / "endpoint").read_text()
    finally:
        passing.terminate()
        passing.wait()
    assert till("invoke", "ingest", '{"Records": []}', *data).code == OK
    left = sorted(each.name for each in (tmp_path / "data").iterdir())
    assert left == ["TILLSTREAM", "endpoint", left[2], "store"] and left[2].startswith("run-")


def test_a_port_that_is_taken(serve, tmp_path):
    server = serve(data=tmp_path / "data")
    port = server.endpoint.rpartition(":")[2]
    result = till("serve", "--port", port, "--data", tmp_path / "other")
    assert result.code in (FAILED, UNREACHABLE) and port in result.err + port
    assert result.err


def test_the_endpoint_comes_from_option_or_environment(serve, tmp_path):
    server = serve(data=tmp_path / "data")
    server.client("sqs").create_queue(QueueName="tillstream-probe")
    for arguments, variables in ((("--endpoint", server.endpoint), {}), ((), {"AWS_ENDPOINT_URL": server.endpoint}),
                                 (("--data", server.data), {})):
        found = till("status", "--json", *(arguments or ("--data", tmp_path / "none")), **variables)
        assert [r["name"] for r in found.json["resources"]] == ["tillstream-probe"], found
    assert not (tmp_path / "none").exists()


def test_the_port_of_a_killed_engine_may_be_that_of_another(serve, tmp_path):
    killed = serve(data=tmp_path / "mine")
    killed.client("sqs").create_queue(QueueName="tillstream-mine")
    killed.kill()
    other = serve(data=tmp_path / "other")
    other.client("sqs").create_queue(QueueName="tillstream-other")
    left = tmp_path / "mine" / "endpoint"
    left.write_text(left.read_text().replace(killed.endpoint, other.endpoint))
    found = till("status", "--json", "--data", tmp_path / "mine")
    assert [r["name"] for r in found.json["resources"]] == ["tillstream-mine"]


def test_messages_by_hand(serve, engine, tmp_path):
    queue = ("--queue", "by-hand", "--json", *engine)
    missing = till("send", "x", *queue)
    assert missing.code == FAILED and "QueueDoesNotExist" in missing.err
    endpoint = (tmp_path / "data" / "endpoint").read_text().splitlines()[0]
    from till_process import make_client
    make_client("sqs", endpoint).create_queue(QueueName="by-hand")
    body = '{"a": "größer ☃"}'
    sent = till("send", body, *queue).json["message_id"]
    received = till("receive", *queue, "--wait", "5").json["messages"]
    assert [(m["message_id"], m["body"]) for m in received] == [(sent, body)]
    assert till("receive", *queue).json == {"messages": []}
    assert till("delete", received[0]["receipt_handle"], *queue).code == OK
    assert till("delete", "nonsense", *queue).code == FAILED
    assert till("send", "-", *queue, stdin="from the standard input").code == OK
    assert till("receive", *queue, "--wait", "5").json["messages"][0]["body"] == "from the standard input"


def test_an_order_by_hand(engine):
    assert till("up", *engine).code == OK
    order = {"transaction_id": "by-hand", "amount": 12.50, "item": "größer"}
    assert till("send", json.dumps(order), "--json", *engine).json["message_id"]
    from till_process import eventually
    got = eventually(lambda: (r := till("tx", "get", "by-hand", "--json", *engine)).code == OK and r)
    assert (got.json["amount"], got.json["item"]) == (12.5, "größer")
    missing = till("tx", "get", "nobody", *engine)
    assert missing.code == FAILED and "nobody" in missing.err and missing.out == ""
    people = till("tx", "list", *engine)
    assert people.code == OK and "by-hand" in people.out


def test_files_that_are_none(engine, tmp_path):
    assert till("up", *engine).code == OK
    (tmp_path / "empty").mkdir()
    for file, why in ((tmp_path / "none", "No such file"), (tmp_path / "empty", "no file in it"), ("/dev/null", "not a regular file"),
                      ("/proc/self/mem", "cannot be read")):  # the last may be opened and answers EIO
        result = till("ingest", file, *engine)
        assert result.code == FAILED and result.out == "", result
        assert result.err.startswith(f"till: {file}: ") and why in result.err, result
    odd = os.fsencode(tmp_path) + b"/\xff.json"
    with open(odd, "wb") as document:
        document.write(b'{"transaction_id": "o-1", "amount": 1, "item": "\xff"}')
    sent = till("ingest", os.fsdecode(odd), "--json", *engine)
    assert sent.code == CHECK_FAILED and sent.json["quarantined"] == {"ENCODING": 1}
    [row] = till("tx", "list", "--quarantine", "--json", *engine).json["rows"]
    assert "body" not in row and base64.b64decode(row["body_base64"]).endswith(b'"\xff"}')


def test_a_file_of_somebody_else(engine, tmp_path):
    if os.geteuid() != 0 or subprocess.run(["test", "-x", BINARY], user=65534).returncode != 0:
        pytest.skip("only root can be somebody else, and only where anybody may run the binary")
    with tempfile.TemporaryDirectory(dir="/tmp") as directory:
        os.chmod(directory, 0o755)
        document = os.path.join(directory, "orders.json")
        with open(document, "w") as file:
            file.write("[]")
        os.chmod(document, 0o600)
        endpoint = (tmp_path / "data" / "endpoint").read_text().splitlines()[0]
        assert till("up", *engine).code == OK
        result = subprocess.run([BINARY, "ingest", document, "--endpoint", endpoint], user=65534, capture_output=True,
                                text=True, env=clean_environment())
    assert result.returncode == FAILED and "Permission denied" in result.stderr and result.stdout == "", result


def test_generate_is_the_same_for_the_same_seed():
    first, again, other = (till("generate", 200, "--seed", seed) for seed in (7, 7, 8))
    assert first.code == OK and first.out == again.out != other.out
    lines = first.out.splitlines()
    assert len(lines) == 200
    good = [line for line in lines if "1.2.3" not in line]
    assert len({json.loads(line)["transaction_id"] for line in good}) == len(good)
    array = till("generate", 3, "--seed", 7, "--array").out
    assert array.startswith("[") and array.rstrip().endswith("]")
    assert till("generate", 0).out == ""


def test_health_needs_no_signature(serve, tmp_path):
    import urllib.request
    server = serve(data=tmp_path / "data")
    with urllib.request.urlopen(server.endpoint + "/_till/health", timeout=10) as response:
        assert json.load(response)["services"]["sqs"] == "running"
    assert BINARY.exists()


def test_output_that_is_lost(serve, tmp_path):
    server = serve("--memory")
    sqs = server.client("sqs")
    sqs.send_message(QueueUrl=sqs.create_queue(QueueName="big")["QueueUrl"], MessageBody="x" * 100_000)
    big = ["receive", "--queue", "big", "--endpoint", server.endpoint, "--json"]
    with open("/dev/full", "w") as full:
        others = [["--help"], ["--version"], ["run", "--help"], ["alarms", "drill", "-h"], ["man"], ["init", "--help"],
                  ["completion", "bash"], ["export", "terraform"], ["config", "show"], ["metrics", "--data", tmp_path]]
        for arguments in (["generate", "1"], ["generate", "10000"], big, ["help"], *others):
            lost = subprocess.run([BINARY, *arguments], stdout=full, stderr=subprocess.PIPE, env=clean_environment())
            assert lost.returncode == FAILED and b"output" in lost.stderr, lost


def test_a_wrong_command_line_makes_nothing(tmp_path):
    orders, rules, broken = tmp_path / "orders.json", tmp_path / "rules.toml", tmp_path / "broken.toml"
    orders.write_text("[]")
    rules.write_text('[[rules]]\nname = "a"\nfilter = \'{"amount": [1]}\'\nemails = ["a@example.com"]\n')
    broken.write_text("[order\n")
    data = tmp_path / "data"
    for arguments in (["run"], ["run", tmp_path / "absent.json"], ["run", "--watch", tmp_path / "absent"],
                      ["run", orders, "--threshold", "x"], ["run", orders, "--threshold", "-1"],
                      ["run", orders, "--threshold", "1", "--file", rules], ["run", orders, "--file", broken],
                      ["run", orders, "--region", "no region"], ["run", orders, "--email", "nobody"],
                      ["run", orders, "--max-rejected", "x"], ["up", "--threshold", "x"], ["up", "--region", "no region"],
                      ["up", "--threshold", "1", "--file", rules], ["ingest", tmp_path / "absent.json"],
                      ["serve", "--root-key", data / "key", "--file", broken, "--port", "0"],
                      ["serve", "--root-key", data / "key", "--any-key", "--listen", "0.0.0.0", "--port", "0"]):
        wrong = till(*arguments, "--data", data)
        assert wrong.code in (FAILED, USAGE) and wrong.err.startswith("till: ") and not wrong.out, wrong
        assert not data.exists(), arguments


def test_the_home_of_who_has_no_HOME(tmp_path):
    environment = clean_environment()
    for name in ("HOME", "XDG_DATA_HOME", "TILL_DATA"):
        environment.pop(name, None)
    shown = subprocess.run([BINARY, "config", "show", "--json"], capture_output=True, env=environment, cwd=tmp_path)
    home = pwd.getpwuid(os.geteuid()).pw_dir
    assert f'"{home}/.local/share/tillstream"'.encode() in shown.stdout, shown


def test_closed_streams_are_not_files_of_the_store(tmp_path):
    closed = subprocess.run(["sh", "-c", 'exec "$0" "$@" <&- >&- 2>&-', BINARY, "up", "--json", "--data", tmp_path],
                            env=clean_environment())
    assert closed.returncode == FAILED, "what it printed is lost, as with `ls >&-`"
    assert (tmp_path / "store" / "lock").read_text().strip().isdigit()


@pytest.mark.parametrize("look_for", ["orders.ndjson", "data/endpoint", "limit"])
def test_an_interrupted_bench_leaves_nothing(tmp_path, look_for):
    process = subprocess.Popen([BINARY, "bench", "--orders", "30000", "--data", tmp_path], env=clean_environment())
    try:
        eventually(lambda: list(tmp_path.glob("bench-*/" + look_for)), what=look_for)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130
    finally:
        process.kill()
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    for arguments in (("serve", "--port", "0"), ("status",), ("bench", "--orders", "5")):
        result = till(*arguments, "--data", tmp_path / "file" / "data")
        assert result.code == FAILED and "file/data" in result.err, result


def test_odd_arguments(engine, tmp_path):
    assert till("send", os.fsdecode(b"\xff"), *engine).code == FAILED
    assert till("deploy", "process", "--zip", tmp_path, *engine).code == FAILED
    assert till("status", "--data", "").code == USAGE
    assert till("deploy", "process", "--zip", "", *engine).code == USAGE
    assert till("generate", "1" + 30 * "0").code == USAGE
    for option in ("--profile", "--endpoint", "--file", "--region", "--stack"):
        for words in ([option, ""], [option + "="]):
            empty = till(*words, "status")
            assert empty.code == USAGE and option in empty.err, empty
    queue = till("send", "text", "--queue", "")
    assert queue.code == USAGE and "--queue: it is empty: give it a value or leave the option out" in queue.err


@pytest.mark.parametrize("words", [["bogus"], ["tx", "bogus"], ["statsu", "--json"]])
def test_a_word_that_is_no_command_is_named(words):
    result = till(*words)
    wrong = next(word for word in words if word in ("bogus", "statsu"))
    assert result.code == 2 and f'there is no command "{wrong}"' in result.err, result
