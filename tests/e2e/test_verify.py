"""`till verify` names what is damaged, `till compact` gives room back, data of other versions are taken or refused."""
import os
import pathlib
import shutil
import subprocess
import tarfile

import pytest
from till_process import eventually, till

OK, FAILED, USAGE, CHECK_FAILED, UNREACHABLE = range(5)  # src/cli/exit_code.h
DATA = pathlib.Path(__file__).resolve().parent.parent / "data"


def fill(server, name):
    server.client("dynamodb").create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}])
    for n in range(20):
        server.client("dynamodb").put_item(TableName=name, Item={"id": {"S": f"{n}"}, "text": {"S": "x" * 200}})
    server.client("s3").create_bucket(Bucket=name)
    server.client("s3").put_object(Bucket=name, Key="large", Body=os.urandom(1_500_000))
    url = server.client("sqs").create_queue(QueueName=name)["QueueUrl"]
    for n in range(5):
        server.client("sqs").send_message(QueueUrl=url, MessageBody=f"{n}")


@pytest.fixture
def filled(serve, name):
    server = serve()
    fill(server, name)
    server.stop()
    return server.data


def flip(path, at):
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def test_whole_data_are_found_whole(filled, serve):
    result = till("verify", "--data", filled, "--json")
    assert result.code == OK and result.json["ok"] and result.json["faults"] == [], result
    assert result.json["files"] >= 2 and result.json["records"] > 25 and result.json["bytes"] > 1_500_000
    server = serve()
    online = till("verify", "--data", filled, "--json")
    assert online.code == OK and "engine" in online.json["how"] and online.json["records"] > 25, online
    server.kill()
    after = till("verify", "--data", filled)
    assert after.code == OK and "all as it should be" in after.out, after
    assert not list(filled.glob("store/db.*"))


@pytest.mark.parametrize("kind", [".sst", ".blob"])
def test_every_damaged_file_is_named(filled, tmp_path, kind):
    files = sorted((filled / "store/db").glob("*" + kind))
    assert files
    for at in ("middle", "end", "missing"):
        copy = tmp_path / f"copy-{at}"
        shutil.copytree(filled, copy)
        damaged = [copy / "store/db" / file.name for file in files]
        for path in damaged:
            if at == "missing":
                path.unlink()
            else:
                flip(path, path.stat().st_size // 2 if at == "middle" else path.stat().st_size - 10)
        before = {p: p.read_bytes() for p in copy.rglob("*") if p.is_file() and p.name != "lock"}
        result = till("verify", "--data", copy)
        assert result.code == FAILED, (at, result)
        if at == "missing" and kind == ".sst":
            assert any(str(path.name) in result.out for path in damaged), (at, result)
        else:
            assert all(str(path) in result.out for path in damaged), (at, result)
        assert "till restore" in result.out
        assert before == {p: p.read_bytes() for p in copy.rglob("*") if p.is_file() and p.name != "lock"}


def test_damage_in_the_log_and_in_what_the_store_knows_of_itself(serve, tmp_path, name):
    server = serve()
    fill(server, name)
    server.kill()
    whole = server.data
    logs = max((whole / "store/db").glob("*.log"), key=lambda path: path.stat().st_size)
    for path in (logs, whole / "store/db/CURRENT", whole / "store/watermark"):
        copy = tmp_path / f"copy-{path.name}"
        shutil.copytree(whole, copy)
        target = copy / path.relative_to(whole)
        if path == logs:
            flip(target, 2000)
        else:
            target.unlink()
        result = till("verify", "--data", copy)
        assert result.code == FAILED and ("db" in result.out or "watermark" in result.out), (path, result)
    assert till("verify", "--data", whole).code == OK


def test_damaged_backups_are_named(filled, tmp_path):
    assert till("backup", tmp_path / "to", "--data", filled).code == OK
    assert till("verify", "--backup", tmp_path / "to").code == OK
    largest = max((tmp_path / "to/files").iterdir(), key=lambda path: path.stat().st_size)
    flip(largest, 1000)
    result = till("verify", "--backup", tmp_path / "to", "--json")
    assert result.code == FAILED and largest.name in result.json["faults"][0]["what"], result


def test_compaction_gives_room_back(serve, name):
    server = serve()
    fill(server, name)
    for n in range(10):
        server.client("s3").put_object(Bucket=name, Key=f"{n}", Body=os.urandom(2_000_000))
    for n in range(10):
        server.client("s3").delete_object(Bucket=name, Key=f"{n}")
    online = till("compact", "--data", server.data, "--json")
    assert online.code == OK and online.json["bytes_after"] < 8_000_000, online
    assert len(server.client("s3").get_object(Bucket=name, Key="large")["Body"].read()) == 1_500_000
    server.stop()
    assert till("compact", "--data", server.data).code == OK
    assert till("verify", "--data", server.data).code == OK


def test_data_of_a_later_version_are_refused_by_name(filled, tmp_path):
    marker = filled / "TILLSTREAM"
    text = marker.read_text()
    assert "Their format is 1, of till " in text
    line = next(line for line in text.splitlines() if line.startswith("Their format"))
    marker.write_text(text.replace(line, "Their format is 2, of till 0.3.0."))
    before = {p: p.read_bytes() for p in filled.rglob("*") if p.is_file()}
    for command in (["status"], ["backup", tmp_path / "to"], ["verify"], ["compact"], ["serve", "--port", "0"]):
        refused = till(*command, "--data", filled)
        assert refused.code == FAILED, refused
        assert "written by till 0.3.0" in refused.err and "this is till" in refused.err, refused
    assert before == {p: p.read_bytes() for p in filled.rglob("*") if p.is_file()}
    assert not list(filled.glob("run-*"))


@pytest.mark.parametrize("end", ["clean", "killed"])
def test_data_of_an_earlier_build(serve, tmp_path, end):
    """Directories as a build before data had a format left them, after its end and after a kill (tests/data/README)."""
    with tarfile.open(DATA / f"data-of-0.1-{end}.tar.gz") as packed:
        packed.extractall(tmp_path, filter="data")
    data = tmp_path / f"data-{end}"
    assert "Their format" not in (data / "TILLSTREAM").read_text()
    server = serve(data=data)
    assert "Their format is 1" in (data / "TILLSTREAM").read_text(), "it is noted from now on"
    dynamodb, sqs, s3 = (server.client(each) for each in ("dynamodb", "sqs", "s3"))
    rows = dynamodb.scan(TableName="kept")["Items"]
    assert sorted(int(row["id"]["S"]) for row in rows) == list(range(50))
    assert s3.get_object(Bucket="kept", Key="large")["Body"].read() == b"0123456789" * 20_000
    url = sqs.get_queue_url(QueueName="kept")["QueueUrl"]
    received = set()

    def all_there():
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            received.add(message["Body"])
        return len(received) == 10
    eventually(all_there, 30, "the messages")
    assert [t["TopicArn"].rpartition(":")[2] for t in server.client("sns").list_topics()["Topics"]] == ["kept"]
    assert server.client("lambda").get_function(FunctionName="kept")["Configuration"]["Handler"] == "app.handler"
    assert server.client("logs").describe_log_groups()["logGroups"][0]["logGroupName"] == "kept"
    assert server.client("cloudwatch").describe_alarms()["MetricAlarms"][0]["AlarmName"] == "kept"
    server.stop()
    assert till("verify", "--data", data).code == OK
