"""The adapters of examples/: code of one's own as a stage, in Python and in C++."""
import json
import shutil
import subprocess

import pytest
from till_process import BINARY, ROOT, eventually, till

ADAPTERS = ROOT / "examples" / "adapters"
XML = """<?xml version="1.0" encoding="ISO-8859-1"?>
<orders>
  <order id="17" currency="EUR"><total>12.50</total><item>K\xe4se &amp; Brot</item></order>
  <order id="18" currency="JPY"><total>60000</total><item>boat</item></order>
  <order id="19" currency="EUR"><total>none</total></order>
</orders>"""


@pytest.fixture
def rows(serve):
    def of(server, table):
        return server.client("dynamodb").scan(TableName=f"tillstream-{table}")["Items"]
    return of


def test_an_ingest_function_in_python_reads_xml(tmp_path, serve, rows):
    for name in ("xml_ingest.py", "till.toml"):
        shutil.copy(ADAPTERS / "python" / name, tmp_path)
    server = serve()
    arguments = ["--file", tmp_path / "till.toml", "--data", server.data]
    assert till("up", *arguments).code == 0 and till("plan", *arguments).code == 0
    s3 = server.client("s3")
    [bucket] = [each["Name"] for each in s3.list_buckets()["Buckets"]]
    s3.put_object(Bucket=bucket, Key="my orders.xml", Body=XML.encode("latin-1"))
    uploads = lambda: {row["key"]["S"]: row for row in rows(server, "uploads")}
    done = lambda key: uploads().get(key, {}).get("state", {}).get("S") in ("DONE", "FAILED")
    eventually(lambda: done("my orders.xml"), what="the upload's end")
    eventually(lambda: len(rows(server, "orders")) == 2 and len(rows(server, "quarantine")) == 1, what="the orders")
    stored = {row["transaction_id"]["S"]: row for row in rows(server, "orders")}
    assert (stored["17"]["amount"], stored["17"]["item"]) == ({"N": "12.5"}, {"S": "Käse & Brot"})
    upload = uploads()["my orders.xml"]
    assert upload["state"]["S"] == "DONE" and upload["read"]["N"] == "3"
    assert stored["18"]["currency"]["S"] == "JPY" and stored["18"]["source"]["S"] == f'{upload["upload_id"]["S"]}#1'
    listed = till("uploads", "list", "--json", *arguments).json["uploads"]
    assert [each["upload_id"] for each in listed] == [upload["upload_id"]["S"]], "till finds it under its own name"
    s3.put_object(Bucket=bucket, Key="broken.xml", Body=b"<orders><order id='20'>")
    eventually(lambda: done("broken.xml"), what="the broken upload's end")
    assert "no XML" in till("uploads", "list", "--failed", *arguments).out


def test_a_process_function_in_cpp_puts_records_right(tmp_path, serve, rows):
    package = BINARY.parent / "examples" / "adapters" / "cpp" / "package"
    assert (package / "bootstrap").exists(), "build the target net_amount"
    (tmp_path / "till.toml").write_text(
        f'[order]\nid = "/id"\namount = ["/net", "/gross"]\n'
        f'[functions.process]\ncode = "{package}"\nruntime = "provided.al2023"\n')
    (tmp_path / "orders.json").write_text(json.dumps([
        {"id": 1, "gross": "100000000000000000000.10", "discount": "0.01", "note": '"}'},
        {"id": 2, "gross": "7"}, {"id": 4, "gross": "60000", "discount": "1"}]))
    server = serve()
    arguments = ["--file", tmp_path / "till.toml", "--data", server.data]
    run = till("run", tmp_path / "orders.json", "--json", *arguments)
    amounts = {row["transaction_id"]["S"]: row["amount"]["N"] for row in rows(server, "orders")}
    assert amounts == {"1": "100000000000000000000.09", "2": "7", "4": "59999"}
    assert (run.json["read"], run.json["accepted"], run.json["large_orders_notified"]) == (3, 3, 2), run
    assert till("send", '{"id": 3, "gross": "5", "discount": "5"}', *arguments).code == 0
    refused = eventually(lambda: rows(server, "quarantine"), what="the one whose net amount is 0")
    assert [row["reason"]["S"] for row in refused] == ["AMOUNT_NONPOSITIVE"]


def test_the_source_tree_is_a_library_of_other_projects(tmp_path):
    shutil.copytree(ADAPTERS / "cpp", tmp_path / "adapter")
    compiler = next(line.partition("=")[2] for line in (BINARY.parent / "CMakeCache.txt").read_text().splitlines()
                    if line.startswith("CMAKE_CXX_COMPILER:"))
    for command in (["cmake", "-S", tmp_path / "adapter", "-B", tmp_path / "build", "-G", "Ninja",
                     f"-DCMAKE_CXX_COMPILER={compiler}", "-DCMAKE_BUILD_TYPE=RelWithDebInfo",
                     f"-DTILLSTREAM_SOURCE={ROOT}"],
                    ["ninja", "-C", tmp_path / "build", "-t", "commands", "net_amount"]):  # to build it takes minutes
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
    assert "adapter/net_amount.cc" in done.stdout and "src/runtime/handler.cc" in done.stdout
