"""`till orders`: the stored orders found, exported and reported, to the last digit."""
import csv
import io
import json
import os
import subprocess

import pytest
from till_process import BINARY, TillServer, clean_environment, till

OK, FAILED, USAGE, CHECK_FAILED = range(4)  # src/cli/exit_code.h

DEFINITION = """
[order]
id = "/id"
amount = "/total"
currency = "/currency"
default_currency = "EUR"
item = "/item"
customer = "/customer"
type = "/kind"
refund_types = ["refund"]
occurred_at = "/at"
negative = "refund"
"""

RECORDS = [
    {"id": "a-1", "total": "19.90", "item": "kettle", "customer": "a@example.com", "at": "2024-03-01T10:00:00Z"},
    {"id": "a-2", "total": "0.05", "item": "tea, green", "customer": "b@example.com", "at": "2024-03-01T23:30:00Z"},
    {"id": "b-1", "total": "100000000000000000000.01", "item": '"big"\r\nboat', "at": "2024-03-31T00:30:00Z"},
    {"id": "b-2", "total": "-7.5", "item": "kettle", "at": "2024-03-02T09:00:00Z"},
    {"id": "c-1", "total": "5000", "currency": "jpy", "item": "=HYPERLINK(\"x\")", "at": "2024-03-02T09:00:00Z"},
    {"id": "c-2", "total": "1001", "currency": "JPY", "item": "@home", "at": "2024-03-02T10:00:00Z"},
    {"id": "c-3", "total": "1.001", "currency": "KWD", "kind": "refund", "item": "-1", "at": "2024-02-29T10:00:00Z"},
    {"id": "d-1", "total": "3", "item": "\u001b[2Jcup"},
]
ALL = {record["id"] for record in RECORDS}


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    directory = tmp_path_factory.mktemp("orders")
    (directory / "till.toml").write_text(DEFINITION)
    (directory / "orders.json").write_text(json.dumps(RECORDS))
    server = TillServer(directory / "data")

    def command(*arguments, **environment):
        return till(*arguments, "--data", server.data, "--file", directory / "till.toml", **environment)
    command.server, command.directory = server, directory
    run = command("run", directory / "orders.json", "--json")
    assert run.code == OK and run.json["accepted"] == len(RECORDS), run
    yield command
    server.stop()


def ids(shop, *arguments, **environment):
    listed = shop("orders", "list", *arguments, "--json", **environment)
    assert listed.code == OK, listed
    return [order["transaction_id"] for order in listed.json["orders"]]


@pytest.mark.parametrize("filters, wanted", [
    ([], ALL),
    (["--min-amount", "5000"], {"b-1", "c-1"}),
    (["--max-amount", "0.05"], {"a-2", "b-2"}),
    (["--min-amount", "100000000000000000000.01"], {"b-1"}),
    (["--min-amount", "100000000000000000000.02"], set()),
    (["--currency", "jpy"], {"c-1", "c-2"}),
    (["--item", "ettl"], {"a-1", "b-2"}),
    (["--customer", "b@example.com"], {"a-2"}),
    (["--type", "refund"], {"b-2", "c-3"}),
    (["--id", "a-"], {"a-1", "a-2"}),
    (["--since", "2024-03-02T09:00:00Z", "--until", "2024-03-02T10:00:00Z"], {"b-2", "c-1"}),
    (["--until", "2024-03-01"], {"c-3"}),
    (["--since", "1h"], {"d-1"}),
    (["--since", "7d", "--currency", "JPY"], set()),
    (["--upload", "u-0"], set()),
])
def test_filters(shop, filters, wanted):
    assert set(ids(shop, *filters)) == wanted


def test_orders_of_an_upload(shop):
    [upload] = shop("uploads", "list", "--json").json["uploads"]
    assert set(ids(shop, "--upload", upload["upload_id"])) == ALL
    assert ids(shop, "--upload", upload["upload_id"][:-1]) == [], "an id is whole"


def test_local_times_decide(shop):
    zone = {"TZ": "XXX-2"}  # POSIX: two hours ahead of UTC
    assert set(ids(shop, "--since", "2024-03-02", "--until", "2024-03-03", **zone)) == {"a-2", "b-2", "c-1", "c-2"}
    assert "TIME (XXX)" in shop("orders", "list", **zone).out
    assert "2024-03-02 01:30:00" in shop("orders", "list", **zone).out
    months = shop("orders", "report", "--by", "month", "--json", TZ="XXX+1").json
    assert [(each["period"], each["currency"]) for each in months["periods"]][:3] == [
        ("2024-02", "KWD"), ("2024-03", "EUR"), ("2024-03", "JPY")], "an hour behind, 00:30 on the 31st is the 30th"


@pytest.mark.parametrize("sort, wanted", [
    (["--sort", "amount"], ["b-2", "a-2", "c-3", "d-1", "a-1", "c-2", "c-1", "b-1"]),
    (["--sort", "amount", "--desc", "--limit", "2"], ["b-1", "c-1"]),
    (["--sort", "time", "--limit", "3"], ["c-3", "a-1", "a-2"]),
    (["--sort", "time", "--desc", "--limit", "2"], ["d-1", "b-1"]),
    (["--sort", "id", "--desc"], sorted(ALL, reverse=True)),
])
def test_sorting(shop, sort, wanted):
    assert ids(shop, *sort) == wanted


def test_a_list_for_people(shop):
    listed = shop("orders", "list", "--sort", "amount", "--limit", "7", TZ="UTC")
    lines = listed.out.splitlines()
    assert lines[0].split() == ["ORDER", "TIME", "(UTC)", "AMOUNT", "CURRENCY", "TYPE", "NOTIFIED", "CUSTOMER", "ITEM"]
    assert "there are more" in listed.err and "--limit" in listed.err
    by_id = {line.split()[0]: line for line in lines[1:]}
    assert "19.90  EUR" in by_id["a-1"] and "5000  JPY" in by_id["c-1"] and "1.001  KWD" in by_id["c-3"]
    assert len({line.index(currency) for line in lines[1:] for currency in ("EUR", "JPY", "KWD") if currency in line}) == 1
    assert "\x1b" not in listed.out, "what a customer wrote does not reach the terminal's controls"
    assert shop("orders", "list", "--limit", "100").err == ""
    cut = shop("orders", "list", "--limit", "3", "--json")
    assert cut.json["complete"] is False and len(cut.json["orders"]) == 3
    assert shop("orders", "list", "--json").json["complete"] is True
    assert shop("orders", "list", "--currency", "USD").out == "no order matches\n"
    got = shop("orders", "get", "b-1", "--json")
    assert '"amount":100000000000000000000.01,' in got.out


@pytest.mark.parametrize("wrong, named", [
    (["list", "--min-amount", "much"], "--min-amount"), (["list", "--since", "soon"], "--since"),
    (["list", "--since", "2024-02-30"], "--since"), (["list", "--desc"], "--sort"), (["list", "--limit", "0"], "--limit"),
    (["list", "--sort", "color"], "--sort"), (["export", "--format", "xlsx"], "--format"), (["report", "--by", "hour"], "--by"),
    (["export", "--json"], "--output"), ([], ""),
])
def test_a_wrong_question(shop, wrong, named):
    result = shop("orders", *wrong)
    assert result.code == USAGE and result.out == "" and named in result.err, result


def test_csv_is_exact(shop):
    exported = shop("orders", "export", "--format", "csv", "--sort", "id")
    assert exported.code == OK and exported.err == ""
    run = subprocess.run([BINARY, "orders", "export", "--format", "csv", "--sort", "id", "--data", shop.server.data],
                         capture_output=True, env=clean_environment())
    assert run.stdout.count(b"\r\n") == len(RECORDS) + 2, "each row's, the heading's, and one within a cell"
    rows = list(csv.DictReader(io.StringIO(run.stdout.decode(), newline="")))
    assert [row["transaction_id"] for row in rows] == sorted(ALL)
    boat = next(row for row in rows if row["transaction_id"] == "b-1")
    assert boat["item"] == '"big"\r\nboat' and boat["amount"] == "100000000000000000000.01"
    assert boat["occurred_at"] == "2024-03-31T00:30:00.000Z" and boat["stored_at"].endswith("Z")
    assert {row["transaction_id"]: row["item"] for row in rows}["c-1"] == '=HYPERLINK("x")', "as it came"
    safe = {row["transaction_id"]: row for row in
            csv.DictReader(io.StringIO(shop("orders", "export", "--format", "csv", "--safe").out, newline=""))}
    assert safe["c-1"]["item"] == '\'=HYPERLINK("x")' and safe["c-2"]["item"] == "'@home"
    assert safe["c-3"]["item"] == "-1" and safe["b-2"]["amount"] == "-7.5", "a number runs nothing"


def test_export_to_a_file(shop, tmp_path):
    lines = shop("orders", "export").out.splitlines()
    assert {json.loads(line)["transaction_id"] for line in lines} == ALL
    file = tmp_path / "week.csv"
    told = shop("orders", "export", "--output", file, "--currency", "JPY", "--json")
    assert told.json == {"file": str(file), "orders": 2}
    before = file.read_bytes()
    assert before.startswith(b"transaction_id,amount,")
    again = shop("orders", "export", "--output", file)
    assert again.code == FAILED and str(file) in again.err and "already" in again.err and file.read_bytes() == before
    nowhere = shop("orders", "export", "--output", tmp_path / "none" / "x.csv")
    assert nowhere.code == FAILED and "none/x.csv" in nowhere.err
    absent = shop("orders", "export", "--output", tmp_path / "x.csv", "--stack", "other")
    assert absent.code == FAILED and "does not exist" in absent.err
    assert os.listdir(tmp_path) == ["week.csv"], "no half file is left"


def test_a_report(shop):
    report = shop("orders", "report", "--until", "2024-04-01", "--json", TZ="UTC")
    exact = json.loads(report.out, parse_float=str, parse_int=str)
    assert exact["by"] == "day" and exact["zone"] == "UTC"
    columns = ("period", "currency", "orders", "value", "average", "largest", "refunds", "refunded")
    assert [tuple(each[column] for column in columns) for each in exact["periods"]] == [
        ("2024-02-29", "KWD", "0", "0", None, None, "1", "1.001"),
        ("2024-03-01", "EUR", "2", "19.95", "9.98", "19.9", "0", "0"),
        ("2024-03-02", "EUR", "0", "0", None, None, "1", "7.5"),
        ("2024-03-02", "JPY", "2", "6001", "3000", "5000", "0", "0"),
        ("2024-03-31", "EUR", "1", "100000000000000000000.01", "100000000000000000000.01", "100000000000000000000.01", "0", "0"),
    ], "9.975 and 3000.5 are rounded half to even"
    assert {total["currency"]: (total["orders"], total["value"], total["refunded"]) for total in exact["totals"]} == {
        "EUR": ("3", "100000000000000000019.96", "7.5"), "JPY": ("2", "6001", "0"), "KWD": ("0", "0", "1.001")}


def test_a_report_for_people(shop):
    shown = shop("orders", "report", "--by", "month", "--currency", "EUR", "--until", "2024-03-20", "--chart", TZ="UTC")
    assert shown.code == OK
    assert shown.out.splitlines()[0].split()[:2] == ["MONTH", "(UTC)"]
    assert "2024-03      EUR            2  19.95" in shown.out and "9.98" in shown.out
    days = shop("orders", "report", "--currency", "JPY", "--chart").out.splitlines()
    bars = [line for line in days if "█" in line]
    assert len(bars) == 1 and len(bars[0]) == 80 and bars[0].startswith("2024-03-02  6001  █")


@pytest.mark.parametrize("command", [["orders", "list"], ["orders", "export"], ["orders", "report"], ["tx", "list"],
                                     ["quarantine", "list"], ["generate", "100000"], ["help"]])
def test_nobody_reads_on(shop, command):
    read, write = os.pipe()
    os.close(read)
    closed = subprocess.run([BINARY, *command, "--data", shop.server.data], stdout=write, stderr=subprocess.PIPE,
                            env=clean_environment())
    os.close(write)
    assert closed.returncode == OK and closed.stderr == b"", closed
    with open("/dev/full", "w") as full:
        lost = subprocess.run([BINARY, *command, "--data", shop.server.data], stdout=full, stderr=subprocess.PIPE,
                              env=clean_environment())
    assert lost.returncode == FAILED and b"output" in lost.stderr, lost


def test_the_older_words(shop):
    assert set(row["transaction_id"] for row in shop("tx", "list", "--json").json["rows"]) == ALL
    assert len(shop("tx", "list", "--max", "3", "--json").json["rows"]) == 3
    assert shop("tx", "get", "a-1", "--json").json["amount"] == 19.9
    missing = shop("orders", "get", "nobody")
    assert missing.code == FAILED and "nobody" in missing.err and missing.out == ""
    refused = shop("orders", "clear")
    assert refused.code == USAGE and f"{len(RECORDS)} orders" in refused.err
