"""Commands that have the engine to themselves for a moment, since no `till serve` runs: those that look leave the
pipeline alone, and those that put orders on the queue stay until these are settled."""
import hashlib
import json
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
from till_process import BINARY, clean_environment, eventually, till

DEFINITION = '[order]\nid = "/id"\namount = "/total"\ncurrency = "/currency"\ncurrencies = ["EUR"]\n'
GOOD = '{"id": "good", "total": 1, "currency": "EUR"}'
NO_AMOUNT = '{"id": "no-amount", "total": "ten", "currency": "EUR"}'


@pytest.fixture
def shop(tmp_path):
    (tmp_path / "till.toml").write_text(DEFINITION)
    (tmp_path / "orders.ndjson").write_text(f"{GOOD}\n{NO_AMOUNT}\n")

    def command(*arguments, **more):
        return till(*arguments, "--data", tmp_path / "data", "--file", tmp_path / "till.toml", **more)
    command.directory = tmp_path
    run = command("run", tmp_path / "orders.ndjson", "--json")
    assert run.code == 0 and run.json["accepted"] == 1, run
    return command


def test_an_order_that_is_sent_is_stored_when_the_command_ends(shop):
    assert shop("send", '{"id": "sent", "total": 2, "currency": "EUR"}').code == 0
    assert shop("orders", "get", "sent", "--json").json["amount"] == 2
    fixed = shop("quarantine", "fix", hashlib.sha256(NO_AMOUNT.encode()).hexdigest(), "--set", "/total=10")
    assert fixed.code == 0, fixed
    assert shop("orders", "get", "no-amount", "--json").json["amount"] == 10


def test_looking_takes_nothing_from_the_queue(serve, shop):
    server = serve(data=shop.directory / "data")
    sqs = server.client("sqs")
    url = sqs.get_queue_url(QueueName="tillstream-orders")["QueueUrl"]
    sqs.send_message(QueueUrl=url, DelaySeconds=3, MessageBody='{"id": "waits", "total": 2, "currency": "EUR"}')
    server.stop()
    looks = [["status"], ["orders", "list"], ["quarantine", "list"], ["uploads", "list"], ["plan"], ["alarms", "list"],
             ["metrics"], ["logs", "process"], ["config", "show"]]
    # An engine that worked would have taken it as soon as it could be seen.
    eventually(lambda: "tillstream-orders (1 waiting, 0 in flight, 0 delayed)" in shop("status").out)
    for command in looks:
        assert shop(*command).code == 0, command
    assert shop("orders", "get", "waits").code == 1
    assert shop("send", GOOD).code == 0
    assert shop("orders", "get", "waits", "--json").json["amount"] == 2, "who works, works on all of it"


def test_two_who_fix_the_same_order(shop):
    id = hashlib.sha256(NO_AMOUNT.encode()).hexdigest()
    with ThreadPoolExecutor() as pool:
        both = list(pool.map(lambda amount: shop("quarantine", "fix", id, "--set", f"/total={amount}"), (11, 12)))
    assert sorted(one.code for one in both) == [0, 1], both
    [loser] = [one for one in both if one.code == 1]
    assert any(why in loser.err for why in ("already", "somebody else", "another command is sending")), loser
    assert shop("orders", "get", "no-amount", "--json").json["amount"] == (11 if both[0].code == 0 else 12)
    assert shop("quarantine", "list", "--json").json["quarantined"] == []


def test_an_engine_stays_for_who_uses_it(shop):
    lines = "\n".join(json.dumps({"id": f"o-{i}", "total": 1, "currency": "EUR"}) for i in range(20_000))
    (shop.directory / "inbox").mkdir()
    (shop.directory / "many.ndjson").write_text(lines)
    assert shop("run", shop.directory / "many.ndjson").code == 0
    options = ["--data", shop.directory / "data", "--file", shop.directory / "till.toml"]
    with subprocess.Popen([BINARY, "run", "--watch", shop.directory / "inbox", *options], stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True, env=clean_environment()) as owner:
        eventually(lambda: (shop.directory / "data" / "endpoint").exists())
        # More than a pipe holds, so that it stays until somebody reads.
        guest = subprocess.Popen([BINARY, "orders", "export", *options], stdout=subprocess.PIPE, env=clean_environment())
        assert guest.stdout.read(1) == b"{"
        owner.terminate()
        told = next(line for line in owner.stderr if "waited for" in line)
        assert "other `till` commands use this one's engine" in told
        assert guest.stdout.read().count(b"\n") == 20_001
        assert guest.wait() == 0
        owner.stderr.read()
    assert owner.returncode == 0
    assert not (shop.directory / "data" / "endpoint").exists()


def test_who_works_waits_for_who_looks(shop):
    lines = "\n".join(json.dumps({"id": f"o-{i}", "total": 1, "currency": "EUR"}) for i in range(20_000))
    (shop.directory / "many.ndjson").write_text(lines)
    assert shop("run", shop.directory / "many.ndjson").code == 0
    # More than a pipe holds, so that it stays until somebody reads.
    looking = subprocess.Popen([BINARY, "orders", "export", "--data", shop.directory / "data"], stdout=subprocess.PIPE,
                               env=clean_environment())
    assert looking.stdout.read(1) == b"{"
    assert shop("orders", "get", "o-7").code == 0, "two may look"
    busy = shop("send", GOOD)
    assert busy.code == 4 and "another `till` command looks at this data" in busy.err, busy
    with ThreadPoolExecutor() as pool:
        sent = pool.submit(shop, "send", '{"id": "later", "total": 3, "currency": "EUR"}')
        looking.stdout.read()
        assert looking.wait() == 0 and sent.result().code == 0
    assert shop("orders", "get", "later", "--json").json["amount"] == 3


def test_what_is_left_on_the_queue_is_no_success(shop):
    (shop.directory / "stage.py").write_text("def handle(event, context):\n    raise Exception('boom')\n")
    (shop.directory / "till.toml").write_text(
        DEFINITION + '[functions.process]\ncode = "stage.py"\nruntime = "python3.12"\nhandler = "stage.handle"\n')
    assert shop("up").code == 0
    sent = shop("send", '{"id": "left", "total": 2, "currency": "EUR"}', timeout=120)
    assert sent.code == 3 and "orders are on the queue still: 1; `till serve`" in sent.err, sent
    # `run` tells what the process function, of whatever language, fails with.
    (shop.directory / "one.json").write_text('{"id": "never", "total": 2, "currency": "EUR"}')
    with subprocess.Popen([BINARY, "run", shop.directory / "one.json", "--data", shop.directory / "data", "--file",
                           shop.directory / "till.toml"], stderr=subprocess.PIPE, text=True,
                          env=clean_environment()) as run:
        told = next((line for line in run.stderr if "Exception: boom" in line), None)
        run.terminate()
        run.stderr.read()
    assert told is not None
