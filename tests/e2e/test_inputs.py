"""Documents that are not what they should be: a clear error or a clean result, and bounded memory."""
import json
import os
import pty
import random
import shutil
import subprocess
import sys

import pytest
from boto_stack import BotoStack
from till_process import BINARY, EXAMPLE, PATIENCE, SANITIZED, clean_environment, resident_peak_mib, till


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A server with the pipeline up, shared by the tests of this file: its data directory."""
    from till_process import TillServer
    directory = tmp_path_factory.mktemp("inputs") / "data"
    started = TillServer(directory)
    assert till("up", "--data", directory).code == 0
    yield directory
    started.stop()


def ingest(data, path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return till("ingest", path, "--json", "--data", data)


def line(id, amount=5):
    return json.dumps({"transaction_id": id, "amount": amount, "item": "kettle"})


@pytest.mark.parametrize("content", ["no JSON at all", "42", '"text"', "", "  \n\n ", "\x00\x01\x02", "<xml/>"],
                         ids=["words", "number", "string", "empty", "blank", "binary", "xml"])
def test_what_is_no_list_of_orders_is_refused(data, tmp_path, content):
    result = ingest(data, tmp_path / "orders.json", content)
    assert result.code == 1, result
    assert "orders.json" in result.err and "till: " in result.err
    assert result.json["read"] == result.json["accepted"] == 0 and result.json["error"]


def test_an_empty_list_is_no_error(data, tmp_path):
    result = ingest(data, tmp_path / "orders.json", "[ ]")
    assert result.code == 0, result
    assert result.json["read"] == 0


def test_one_object_is_one_order(data, tmp_path):
    """One line of NDJSON."""
    result = ingest(data, tmp_path / "orders.json", line("single"))
    assert result.code == 0, result
    assert (result.json["read"], result.json["accepted"]) == (1, 1)


def test_ndjson_is_accepted(data, tmp_path):
    text = "\r\n".join([line("nd-1"), line("nd-2"), "", line("nd-3", 0), '{"half an order', line("nd-4")])
    result = ingest(data, tmp_path / "orders.ndjson", text)
    assert result.code == 0, result
    assert (result.json["read"], result.json["accepted"]) == (5, 3)
    assert result.json["quarantined"] == {"AMOUNT_NONPOSITIVE": 1, "JSON_SYNTAX": 1}


# An order is whole once the comma behind it has been seen.
@pytest.mark.parametrize("tail, whole", [("", 1), (",", 2), (', {"transaction_id": "cut', 2), (', {"amount": 1', 2)],
                         ids=["after an order", "after a comma", "in a string", "in an order"])
def test_an_array_cut_off_keeps_what_is_whole(data, tmp_path, tail, whole):
    name = f"cut{len(tail)}"
    result = ingest(data, tmp_path / "orders.json", f"[{line(name + '-1')}, {line(name + '-2')}" + tail)
    assert result.code == 1, result
    assert result.json["error"] and "orders.json" in result.err
    assert (result.json["read"], result.json["accepted"]) == (whole, whole)


def test_bytes_that_are_no_text_are_quarantined(data, tmp_path):
    body = b'[{"transaction_id": "latin", "amount": 5, "item": "caf\xe9"}, ' + line("utf8").encode() + b"]"
    result = ingest(data, tmp_path / "orders.json", body)
    assert result.code == 0, result
    assert result.json["accepted"] == 1 and result.json["quarantined"] == {"ENCODING": 1}
    refused = till("tx", "list", "--quarantine", "--json", "--data", data).json["rows"]
    [row] = [row for row in refused if row["reason"] == "ENCODING"]
    assert "looks like Latin-1 (ISO 8859-1) text, not UTF-8: byte 0xE9 at byte 53 of the record" in row["message"]
    checked = till("check", tmp_path / "orders.json", "--json")
    assert checked.json["files"][0]["refused"]["ENCODING"]["first"]["message"] == row["message"]


def test_an_order_larger_than_a_message_is_quarantined(data, tmp_path):
    huge = json.dumps({"transaction_id": "huge", "amount": 5, "item": "x" * (2 << 20)})
    wide = json.dumps({"transaction_id": "wide", "amount": 5, "item": "x" * (500 << 10)})  # fits SQS, not DynamoDB
    result = ingest(data, tmp_path / "orders.json", f"[{huge}, {line('small')}, {wide}]")
    assert result.code == 0, result
    assert result.json["accepted"] == 1 and result.json["quarantined"] == {"TOO_LARGE": 2}


def test_a_file_of_which_every_order_is_refused_exits_3(data, tmp_path):
    for again in range(2):
        result = ingest(data, tmp_path / "refused.ndjson", line("refused-1", 0) + "\n" + line("refused-2", -1))
        assert result.code == 3 and "every order" in result.err, result
        assert result.json["duplicates"] == (2 if again else 0)
    assert ingest(data, tmp_path / "half.ndjson", line("refused-1", 0) + "\n" + line("half", 1)).code == 0


def test_a_long_number_in_a_field_that_is_not_used_is_nobodys_concern(data, tmp_path):
    long = json.loads(line("long")) | {"tracking": int("1234567890" * 5)}
    result = ingest(data, tmp_path / "long.json", json.dumps([long]))
    assert result.code == 0 and result.json["accepted"] == 1 and result.json["quarantined"] == {}, result


def test_a_file_that_is_not_there(data, tmp_path):
    result = till("ingest", tmp_path / "none.json", "--data", data)
    assert result.code == 1 and "No such file" in result.err, result
    new = tmp_path / "new"
    result = till("run", tmp_path / "none.json", "--data", new)
    assert result.code == 1 and "No such file" in result.err and result.out == "", result
    planned = till("plan", "--json", "--data", new).json["plan"]
    assert {step["action"] for step in planned} == {"create"}, "nothing has been made for it"


@pytest.mark.large
def test_a_file_of_200_mb_is_worked_on_in_bounded_memory(serve, tmp_path):
    """Few but wide orders, so that it is the bytes that count."""
    path, server = tmp_path / "orders.ndjson", serve()
    shuffled = random.Random(1).sample("abcdefghijklmnopqrstuvwxyz" * 400, 10_000)
    item = "".join(shuffled)
    orders = (200 << 20) // (len(item) + 60)
    with open(path, "w") as file:
        for i in range(orders):
            file.write(json.dumps({"transaction_id": f"wide-{i}", "amount": i + 1, "item": item}) + "\n")
    result = till("run", path, "--json", "--data", server.data, timeout=300)
    assert result.code == 0, result
    assert result.json["read"] == result.json["accepted"] == orders
    assert resident_peak_mib(server.process.pid) < 200 * PATIENCE


def test_an_order_that_is_nearly_json_is_quarantined_and_holds_up_nobody(data, tmp_path):
    orders = tmp_path / "orders.ndjson"
    good = '{"transaction_id": "g%d", "amount": 1, "item": "x"}'
    orders.write_text("\n".join([good % 1, '{"transaction_id": "a", "amount": 1, "item": "x", "n": nul}', good % 2]))
    run = till("run", orders, "--json", "--data", data)
    assert run.code == 0 and run.json["accepted"] == 2 and run.json["quarantined"] == {"JSON_SYNTAX": 1}, run


DEFINITION = """
[order]
id = "/id"
amount = "/total"
"""


def test_the_records_of_a_page_are_found(serve, tmp_path):
    """In the one array of objects whose first has an id and an amount; what has an id itself is an order."""
    (tmp_path / "till.toml").write_text(DEFINITION)
    lines = [{"id": 90, "price": 1}, {"id": 91, "price": 2}]
    page = {"next": None, "ids": [1, 2], "orders": [{"id": i, "total": 5, "line_items": lines} for i in (1, 2)]}
    (tmp_path / "page.json").write_text(json.dumps(page))
    (tmp_path / "order.json").write_text(json.dumps({"id": 3, "total": 5, "line_items": lines}))
    (tmp_path / "nameless.json").write_text(json.dumps({"id": None, "total": 5, "line_items": lines}))
    definition = ("--file", tmp_path / "till.toml")
    checked = till("check", tmp_path / "page.json", *definition)
    assert checked.code == 0 and "taken from the array /orders" in checked.out, checked
    files = {name: till("check", tmp_path / f"{name}.json", "--json", *definition).json["files"][0]
             for name in ("page", "order", "nameless")}
    assert (files["page"]["orders"], files["page"]["found_records"]) == (2, "/orders")
    assert (files["order"]["orders"], files["order"]["found_records"]) == (1, None)
    [refused] = files["nameless"]["refused"].values()
    assert refused["count"] == files["nameless"]["read"] == 1 and "/id" in refused["first"]["message"]
    server = serve()
    for name, accepted, refused in (("page", 2, 0), ("order", 1, 0), ("nameless", 0, 1)):
        run = till("run", tmp_path / f"{name}.json", "--json", "--data", server.data, *definition).json
        assert (run["accepted"], sum(run["quarantined"].values())) == (accepted, refused), run


CSV_MIB = 64 if not SANITIZED else 8  # which take as long there
# Runs a program and tells its peak of resident memory. Linux counts what the process that forks had, which of the tests'
# is more than what is measured; of this one it is little.
PEAK_OF = """import resource, subprocess, sys
ended = subprocess.run(sys.argv[1:]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(ended)"""
CSV_MEMORY_MIB = 60 if not SANITIZED else 400


def test_csv_is_read_in_bounded_memory(tmp_path):
    """More than memory would do for: a GiB took as much of it (docs/orders.md)."""
    row = 'order-%d,"1,234.50",EUR,"kettle, with a ""quote"" and\na line end",a@example.com\r\n'
    size = count = 0
    with open(tmp_path / "orders.csv", "w", newline="") as file:
        file.write("id,total,currency,item,email\r\n")
        while size < CSV_MIB << 20:
            size += file.write(row % count)
            count += 1
    (tmp_path / "till.toml").write_text("""[orders]
format = "csv"
[order]
id = "id"
amount = "total"
amount_style = "point"
currency = "currency"
item = "item"
customer = "email"
""")
    checked = subprocess.run([sys.executable, "-c", PEAK_OF, BINARY, "check", tmp_path / "orders.csv", "--file",
                              tmp_path / "till.toml", "--json"], capture_output=True, check=True, text=True,
                             # What is freed is not to be hoarded by the sanitizer.
                             env=clean_environment(ASAN_OPTIONS="quarantine_size_mb=8"))
    [file] = json.loads(checked.stdout)["files"]
    assert file["orders"] == file["read"] == count
    assert int(checked.stderr.split()[-1]) / 1024 < CSV_MEMORY_MIB


def test_a_terminal_is_not_steered_by_what_others_wrote(tmp_path):
    """Names and records of strangers are shown as they are to pipes, and spelled out to terminals."""
    name = "a\x1b[31m\u202egpj.json"
    (tmp_path / name).write_text('{"transaction_id": "\u009b31m", "amount": "\\u0007 five"}')
    assert "\x1b[31m" in till("check", tmp_path / name).out
    ours, theirs = pty.openpty()
    subprocess.run([BINARY, "check", tmp_path / name], stdout=theirs, stderr=theirs, check=False, cwd=tmp_path)
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 4096):
            shown += piece
    except OSError:
        pass  # Linux's way to say that nobody has the other end any more
    text = shown.decode()
    assert "a\\x1b[31m\\u202egpj.json" in text and not set("\x1b\x07\u009b\u202e") & set(text), text


@pytest.mark.skipif(SANITIZED, reason="the sanitizers want descriptors of their own")
def test_too_few_descriptors_end_a_command_with_a_word(tmp_path):
    (tmp_path / "orders.json").write_text('[{"transaction_id": "a", "amount": 1, "item": "x"}]')
    for limit in (8, 12, 14, 16, 20, 70, 95):
        ended = subprocess.run(["prlimit", f"--nofile={limit}", BINARY, "run", tmp_path / "orders.json", "--data",
                                tmp_path / str(limit)], capture_output=True, text=True, check=False, cwd=tmp_path)
        assert ended.returncode == 1 and ended.stderr.startswith("till: "), (limit, ended)
        assert limit < 20 or f"may have {limit} files open" in ended.stderr, ended
        assert not (tmp_path / str(limit)).exists()


@pytest.mark.skipif(SANITIZED, reason="the sanitizers write files of their own")
def test_a_limit_of_file_sizes_ends_a_command_with_a_word(tmp_path):
    """SIGXFSZ, which would end the process without one."""
    (tmp_path / "orders.json").write_text(json.dumps([{"transaction_id": f"o-{i}", "amount": 1, "item": "x" * 500}
                                                      for i in range(2000)]))
    for limit in (4096, 100_000, 500_000):
        ended = subprocess.run(["prlimit", f"--fsize={limit}", BINARY, "run", tmp_path / "orders.json", "--data",
                                tmp_path / str(limit)], capture_output=True, text=True, check=False, cwd=tmp_path)
        assert ended.returncode > 0 and ended.stderr.startswith("till: "), (limit, ended)


def test_a_directory_with_links_in_a_loop_is_named(tmp_path):
    shutil.copy(EXAMPLE, tmp_path / "orders.json")
    (tmp_path / "gone.json").symlink_to("nothing")  # there is no file in the place of it
    assert till("check", tmp_path).code in (0, 3)
    (tmp_path / "loop.json").symlink_to("loop.json")
    refused = till("check", tmp_path)
    assert refused.code == 1 and f"{tmp_path}/loop.json: Too many levels of symbolic links" in refused.err, refused
