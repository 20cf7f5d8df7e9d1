"""`till quarantine`: rejected orders are looked at, mended, sent again and given up, and their upload's account stays
true."""
import concurrent.futures
import hashlib
import json
import os
import pty
import subprocess

import pytest
from till_process import BINARY, clean_environment, eventually, till

OK, FAILED, USAGE, CHECK_FAILED = range(4)  # src/cli/exit_code.h

DEFINITION = """
[order]
id = "/id"
amount = "/total"
currency = "/currency"
currencies = ["EUR"]
item = "/lines/0/title"
"""

GOOD = '{"id": "good", "total": 1, "currency": "EUR"}'
NO_AMOUNT = '{"id": "no-amount", "total": "ten", "currency": "EUR", "weight": 1.500, "big": 123456789012345678901234567890}'
DOLLARS = '{"id": "dollars", "total": 5.10, "currency": "USD", "lines": [{"title": "x"}]}'
BROKEN = '{"id": "broken", "total": 7, "currency": "EUR"'
ORDERS = "\n".join([GOOD, NO_AMOUNT, DOLLARS, BROKEN]) + "\n"


def id_of(record):
    return hashlib.sha256(record.encode()).hexdigest()


@pytest.fixture
def shop(tmp_path, serve):
    (tmp_path / "till.toml").write_text(DEFINITION)
    (tmp_path / "orders.ndjson").write_text(ORDERS)
    server = serve()

    def command(*arguments, **environment):
        return till(*arguments, "--data", server.data, "--file", tmp_path / "till.toml", **environment)

    def account():
        [upload] = command("uploads", "list", "--json").json["uploads"]
        shown = command("uploads", "show", upload["upload_id"], "--json").json
        return {name: shown[name] for name in ("accepted", "quarantined", "discarded", "duplicates", "missing")}
    command.server, command.directory, command.account = server, tmp_path, account
    command.waiting = lambda *arguments: [row["body_sha256"] for row in command(
        "quarantine", "list", "--json", *arguments).json["quarantined"]]
    run = command("run", tmp_path / "orders.ndjson", "--json")
    assert run.code == OK and run.json["quarantined"] == {"SCHEMA_TYPE": 1, "CURRENCY": 1, "JSON_SYNTAX": 1}, run
    return command


def test_one_of_two_who_fix_an_order_at_once_is_told(shop):
    """Under an engine, where neither waits for the other: whoever was told "on its way" is right."""
    for attempt in range(8):
        record = json.dumps({"id": f"twice-{attempt}", "total": "ten", "currency": "EUR"})
        shop.server.client("sqs").send_message(QueueUrl=shop.server.client("sqs").get_queue_url(
            QueueName="tillstream-orders")["QueueUrl"], MessageBody=record)
        eventually(lambda: id_of(record) in shop.waiting())
        with concurrent.futures.ThreadPoolExecutor() as pool:
            results = list(pool.map(lambda amount: shop("quarantine", "fix", id_of(record), "--set", f"/total={amount}"),
                                    (11, 12, 13)))
        assert sorted(result.code for result in results) == [0, 1, 1], results
        [winner] = [index for index, result in enumerate(results) if result.code == 0]
        assert order(shop, f"twice-{attempt}")["amount"] == 11 + winner
    assert all(row["reason"] != "DUPLICATE_CONFLICT" for row in shop("quarantine", "list", "--all", "--json").json[
        "quarantined"])


def order(shop, transaction_id):
    return eventually(lambda: (got := shop("orders", "get", transaction_id, "--json")).code == OK and got.json)


def test_looking(shop):
    listed = shop("quarantine", "list", TZ="UTC")
    lines = listed.out.splitlines()
    assert lines[0].split() == ["ID", "TIME", "(UTC)", "REASON", "STATE", "SOURCE", "MESSAGE"]
    assert {line.split()[0] for line in lines[1:]} == {id_of(record)[:12] for record in (NO_AMOUNT, DOLLARS, BROKEN)}
    assert shop.waiting("--reason", "CURRENCY") == [id_of(DOLLARS)]
    [upload] = shop("uploads", "list", "--json").json["uploads"]
    assert len(shop.waiting("--upload", upload["upload_id"])) == 3 and shop.waiting("--upload", "u-1") == []
    assert len(shop.waiting("--since", "1h")) == 3 and shop.waiting("--until", "1h") == []
    cut = shop("quarantine", "list", "--limit", "2", "--json")
    assert len(cut.json["quarantined"]) == 2 and cut.json["complete"] is False and "--limit" in cut.err
    shown = shop("quarantine", "show", id_of(NO_AMOUNT)[:12])
    for line in ("reason    SCHEMA_TYPE", 'fault at  /total = "ten"', '  "weight": 1.500,', "state     waiting"):
        assert line in shown.out.splitlines(), shown
    assert 'fault at  /currency = "USD"\n' in shop("quarantine", "show", id_of(DOLLARS)).out
    assert BROKEN in shop("quarantine", "show", id_of(BROKEN).upper()).out
    assert shop("quarantine", "show", id_of(DOLLARS)[:6], "--json").json["body"] == DOLLARS


def test_ids_that_mean_none_or_several(shop):
    table = shop.server.client("dynamodb")
    for ending in "ab":
        table.put_item(TableName="tillstream-quarantine", Item={
            "body_sha256": {"S": "00000000" + ending * 56}, "reason": {"S": "TOO_LARGE"}, "body": {"S": "[1,"},
            "body_bytes": {"N": "300000"}, "source": {"S": "u-77#3"}, "quarantined_at": {"N": "1700000000000"}})
    several = shop("quarantine", "show", "000000")
    assert several.code == FAILED and "2 orders in quarantine begin with 000000" in several.err
    assert shop("quarantine", "show", "00000000a").code == OK
    assert shop("quarantine", "show", "00000").code == USAGE, "shorter than anything that is meant"
    assert shop("quarantine", "show", "xyzxyz").code == USAGE
    absent = shop("quarantine", "show", "abcdefabcdef0")
    assert absent.code == FAILED and "abcdefabcdef0" in absent.err
    for command in ("fix", "replay"):
        cut = shop("quarantine", command, "00000000a", *(["--set", "/a=1"] if command == "fix" else []))
        assert cut.code == (FAILED if command == "fix" else CHECK_FAILED)
        assert "the first 3 of its 300000 bytes" in cut.err and "till uploads show u-77" in cut.err, cut
    for command in (["replay"], ["discard", "--yes"]):
        nothing = shop("quarantine", *command)
        assert nothing.code == USAGE and "--all" in nothing.err
        both = shop("quarantine", *command, "00000000a", "--reason", "TOO_LARGE")
        assert both.code == USAGE


def test_an_order_is_fixed_and_counts_for_its_upload(shop):
    wrong = shop("quarantine", "fix", id_of(NO_AMOUNT)[:8], "--set", "/total=eleven")
    assert wrong.code == CHECK_FAILED and wrong.out == "" and "/total must be a decimal number" in wrong.err, wrong
    for change, why in (("/lines/0/title=x", "/lines is not there"), ("total", "/pointer=value"), ("/id/0=1", "/id is neither")):
        refused = shop("quarantine", "fix", id_of(NO_AMOUNT)[:8], "--set", change)
        assert refused.code in (FAILED, USAGE) and why in refused.err, refused
    assert len(shop.waiting()) == 3 and shop.account()["accepted"] == 1, "nothing has changed"
    fixed = shop("quarantine", "fix", id_of(NO_AMOUNT)[:8], "--set", "/total=10.50", "--set", "/note=by hand", "--json")
    assert fixed.code == OK and fixed.json == {"id": id_of(NO_AMOUNT), "transaction_id": "no-amount"}
    row = order(shop, "no-amount")
    assert row["amount"] == 10.5 and row["raw"] == NO_AMOUNT.replace('"ten"', "10.50")[:-1] + ',"note":"by hand"}'
    assert row["source"].endswith("#1")
    assert shop.account() == {"accepted": 2, "quarantined": {"CURRENCY": 1, "JSON_SYNTAX": 1}, "discarded": 0,
                              "duplicates": 0, "missing": 0}
    assert id_of(NO_AMOUNT) not in shop.waiting() and id_of(NO_AMOUNT) in shop.waiting("--all")
    again = shop("quarantine", "fix", id_of(NO_AMOUNT)[:8], "--set", "/total=11")
    assert again.code == FAILED and "fixed already" in again.err
    rerun = shop("ingest", shop.directory / "orders.ndjson", "--json").json
    assert rerun["accepted"] == 0 and rerun["duplicates"] == 4, "what came before counts once, fixed or not"
    (shop.directory / "one.ndjson").write_text(NO_AMOUNT + "\n" + GOOD + "\n")
    assert shop("ingest", shop.directory / "one.ndjson", "--max-rejected", "0").code == OK, "it is fixed, and refused no more"


def test_what_is_refused_after_all_is_followed(shop):
    fixed = shop("quarantine", "fix", id_of(NO_AMOUNT), "--set", "/id=good", "--set", "/total=3")
    assert fixed.code == OK, "the definition cannot know that the id is taken"
    eventually(lambda: shop.waiting("--reason", "DUPLICATE_CONFLICT"))
    assert shop.account() == {"accepted": 1, "quarantined": {"CURRENCY": 1, "JSON_SYNTAX": 1, "DUPLICATE_CONFLICT": 1},
                              "discarded": 0, "duplicates": 0, "missing": 0}
    [conflict] = shop.waiting("--reason", "DUPLICATE_CONFLICT")
    assert shop("quarantine", "fix", conflict, "--set", "/id=other").code == OK
    order(shop, "other")
    assert shop.account()["accepted"] == 2


def test_fixing_in_an_editor(shop, tmp_path):
    script, seen = tmp_path / "editor", tmp_path / "seen"
    script.write_text(f'#!/bin/sh\nstat -c "%a %n" "$2" > {seen}\ncat "$2" >> {seen}\n'
                      'sed "s/EUR\\"$/EUR\\"}/" "$2" > "$2.new" && mv "$2.new" "$2"\n')
    script.chmod(0o755)
    editor = {"EDITOR": f"{script} --wait", "VISUAL": ""}
    assert shop("quarantine", "fix", id_of(BROKEN)[:9], **editor).code == OK
    mode, name = seen.read_text().splitlines()[0].split()
    assert mode == "600" and not os.path.exists(name) and BROKEN in seen.read_text()
    assert order(shop, "broken")["amount"] == 7
    unchanged = shop("quarantine", "fix", id_of(DOLLARS), EDITOR="true", VISUAL="")
    assert unchanged.code == FAILED and "nothing was changed" in unchanged.err
    failing = shop("quarantine", "fix", id_of(DOLLARS), EDITOR="false", VISUAL="")
    assert failing.code == FAILED and "has not ended well" in failing.err
    none = shop("quarantine", "fix", id_of(DOLLARS), EDITOR="", VISUAL="")
    assert none.code == USAGE and "EDITOR" in none.err
    still = shop("quarantine", "fix", id_of(DOLLARS), EDITOR="sed -i s/USD/GBP/", VISUAL="")
    assert still.code == CHECK_FAILED and "GBP is not among the currencies" in still.err
    assert set(shop.waiting()) == {id_of(DOLLARS), id_of(NO_AMOUNT)}
    by_option = shop("quarantine", "fix", id_of(DOLLARS), "--set", "/currency=EUR")
    assert by_option.code == OK and json.loads(order(shop, "dollars")["raw"])["total"] == 5.10


def test_replay_after_the_definition_was_changed(shop):
    tried = shop("quarantine", "replay", "--all", "--dry-run", "--json")
    assert tried.code == CHECK_FAILED and (tried.json["orders"], tried.json["refused"]) == (0, 3)
    in_vain = shop("quarantine", "replay", "--reason", "CURRENCY", "--json")
    assert in_vain.code == OK and in_vain.json["sent"] == 1
    eventually(lambda: shop.waiting("--reason", "CURRENCY") == [id_of(DOLLARS)] and shop.account()["missing"] == 0)
    eventually(lambda: "waiting" in shop("quarantine", "list", "--reason", "CURRENCY").out,
               what="the deployed definition has refused it again")
    (shop.directory / "till.toml").write_text(DEFINITION.replace('"EUR"]', '"EUR", "USD"]'))
    other = shop("quarantine", "fix", id_of(DOLLARS), "--set", "/total=6")
    assert other.code == USAGE and "till up" in other.err, "the functions work by another definition"
    would = shop("quarantine", "replay", "--all", "--dry-run")
    assert "1 would be orders, 2 would be refused again" in would.out and "order: dollars" in would.out
    assert len(shop.waiting()) == 3, "a dry run changes nothing"
    assert shop("up").code == OK
    replayed = shop("quarantine", "replay", id_of(DOLLARS)[:10])
    assert replayed.code == OK and "1 sent again" in replayed.out
    assert order(shop, "dollars")["source"].endswith("#2")
    eventually(lambda: id_of(DOLLARS) not in shop.waiting("--all"))
    assert shop.account() == {"accepted": 2, "quarantined": {"SCHEMA_TYPE": 1, "JSON_SYNTAX": 1}, "discarded": 0,
                              "duplicates": 0, "missing": 0}


def send_as(shop, row_id, text):
    """What a command does first that is then killed."""
    queue, row = shop.server.client("sqs"), shop("quarantine", "show", row_id, "--json").json
    queue.send_message(QueueUrl=queue.get_queue_url(QueueName="tillstream-orders")["QueueUrl"], MessageBody=text,
                       MessageAttributes={"source": {"DataType": "String", "StringValue": row["source"]}})


def test_a_fix_that_was_killed_in_between_is_repeated(shop):
    send_as(shop, id_of(NO_AMOUNT), NO_AMOUNT.replace('"ten"', "10.50"))
    order(shop, "no-amount")
    assert id_of(NO_AMOUNT) in shop.waiting() and shop.account()["accepted"] == 1
    assert shop("quarantine", "fix", id_of(NO_AMOUNT), "--set", "/total=10.50").code == OK
    eventually(lambda: shop.account()["accepted"] == 2)
    assert shop.account()["duplicates"] == 0 and len(shop.waiting()) == 2


def test_a_replay_that_was_killed_in_between_is_repeated(shop):
    """The row says that it is being sent; whether it was, nobody knows. To send it again counts once."""
    (shop.directory / "till.toml").write_text(DEFINITION.replace('"EUR"]', '"EUR", "USD"]'))
    assert shop("up").code == OK
    shop.server.client("dynamodb").update_item(TableName="tillstream-quarantine", Key={"body_sha256": {"S": id_of(DOLLARS)}},
                      UpdateExpression="SET #s = :s", ExpressionAttributeNames={"#s": "state"},
                      ExpressionAttributeValues={":s": {"S": "SENDING"}})
    send_as(shop, id_of(DOLLARS), DOLLARS)
    order(shop, "dollars")
    assert id_of(DOLLARS) in shop.waiting(), "it is not hidden"
    assert shop("quarantine", "replay", id_of(DOLLARS)).code == OK
    assert id_of(DOLLARS) not in shop.waiting("--all")
    account = shop.account()
    assert account["accepted"] == 2 and account["duplicates"] == 0 and account["missing"] == 0


def answer_on_a_terminal(shop, answer, *arguments):
    controller, terminal = pty.openpty()
    try:
        os.write(controller, answer)
        return subprocess.run([BINARY, *arguments, "--data", shop.server.data], stdin=terminal, capture_output=True,
                              text=True, env=clean_environment())
    finally:
        os.close(controller)
        os.close(terminal)


def test_giving_up(shop):
    refused = shop("quarantine", "discard", "--all")
    assert refused.code == USAGE and refused.out == "" and "--yes" in refused.err and "gives up 3 orders" in refused.err
    kept = answer_on_a_terminal(shop, b"n\n", "quarantine", "discard", "--all")
    assert kept.returncode == FAILED and id_of(BROKEN)[:12] in kept.stderr and len(shop.waiting()) == 3
    assert answer_on_a_terminal(shop, b"yes\n", "quarantine", "discard", id_of(BROKEN)[:7]).returncode == OK
    assert shop("quarantine", "discard", "--reason", "CURRENCY", "--yes", "--json").json == {"discarded": 1}
    assert shop.waiting() == [id_of(NO_AMOUNT)] and len(shop.waiting("--all")) == 3
    assert "body" not in shop("quarantine", "show", id_of(BROKEN), "--json").json
    assert shop("quarantine", "list").out.count("\n") == 2 and "discarded" in shop("quarantine", "list", "--all").out
    assert len(shop("tx", "list", "--quarantine", "--json").json["rows"]) == 1
    assert shop.account() == {"accepted": 1, "quarantined": {"SCHEMA_TYPE": 1}, "discarded": 2, "duplicates": 0, "missing": 0}
    for command in (["replay"], ["discard", "--yes"], ["fix", "--set", "/a=1"]):
        done = shop("quarantine", command[0], id_of(BROKEN), *command[1:])
        assert done.code == FAILED and "discarded already" in done.err, done
    again = shop("ingest", shop.directory / "orders.ndjson", "--json").json
    assert again["duplicates"] == 4 and shop.waiting() == [id_of(NO_AMOUNT)], "it stays given up"


def test_a_record_that_no_message_can_carry(shop):
    (shop.directory / "odd.json").write_bytes(b'{"id": "odd", "total": 1, "currency": "EUR", "x": "\xff"}')
    assert shop("run", shop.directory / "odd.json", "--json").json["quarantined"] == {"ENCODING": 1}
    replayed = shop("quarantine", "replay", "--reason", "ENCODING", "--json")
    assert replayed.code == CHECK_FAILED and replayed.json["skipped"] == 1
    assert "no message may carry" in replayed.json["records"][0]["why"]
    assert len(shop.waiting()) == 4
