"""`till backup` and `till restore`: everything acknowledged before a backup began is in it, whatever happens meanwhile;
what is damaged or half is told or never seen."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import threading

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from till_process import BINARY, TillServer, clean_environment, eventually, make_client, till

OK, FAILED, USAGE, CHECK_FAILED, UNREACHABLE = range(5)  # src/cli/exit_code.h


def table(client, name):
    client.create_table(TableName=name, BillingMode="PAY_PER_REQUEST",
                        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}])


class Writers:
    """Clients that write rows, objects and messages as fast as they can; `done` has what was acknowledged."""

    def __init__(self, server, name):
        self.done, self.ended, self.lock = {"dynamodb": set(), "s3": set(), "sqs": set()}, False, threading.Lock()
        self.name, self.endpoint = name, server.endpoint
        table(server.client("dynamodb"), name)
        server.client("s3").create_bucket(Bucket=name)
        self.url = server.client("sqs").create_queue(QueueName=name)["QueueUrl"]
        self.threads = [threading.Thread(target=self.write, args=(service,)) for service in self.done]
        for thread in self.threads:
            thread.start()

    def write(self, service):
        client, count = make_client(service, self.endpoint), 0
        try:
            while not self.ended:
                label = f"{count}"
                if service == "dynamodb":
                    client.put_item(TableName=self.name, Item={"id": {"S": label}, "text": {"S": "x" * 500}})
                elif service == "s3":
                    times = 30_000 if count % 10 == 0 else 1
                    client.put_object(Bucket=self.name, Key=label, Body=label.encode() * times)
                else:
                    client.send_message(QueueUrl=self.url, MessageBody=label)
                count += 1
                with self.lock:
                    self.done[service].add(label)
        except (BotoCoreError, ClientError):
            pass  # the kill

    def acknowledged(self):
        with self.lock:
            return {service: set(labels) for service, labels in self.done.items()}

    def stop(self):
        self.ended = True
        for thread in self.threads:
            thread.join()


def expect_all(server, name, acknowledged):
    pages = server.client("dynamodb").get_paginator("scan").paginate(TableName=name)
    assert acknowledged["dynamodb"] <= {row["id"]["S"] for page in pages for row in page["Items"]}
    s3 = server.client("s3")
    keys = {o["Key"] for page in s3.get_paginator("list_objects_v2").paginate(Bucket=name)
            for o in page.get("Contents", [])}
    assert acknowledged["s3"] <= keys
    for key in acknowledged["s3"]:
        if int(key) % 10 == 0:
            assert s3.get_object(Bucket=name, Key=key)["Body"].read() == key.encode() * 30_000
    sqs, received = server.client("sqs"), set()
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]

    def all_back():
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            received.add(message["Body"])
        return acknowledged["sqs"] <= received
    eventually(all_back, 60, "every acknowledged message")


def test_what_was_acknowledged_before_is_in_a_backup_under_load(serve, tmp_path, name):
    server = serve()
    writers = Writers(server, name)
    sets = []
    try:
        for round in (1, 2, 3):
            eventually(lambda: min(map(len, writers.acknowledged().values())) >= 60 * round, 60, "some writes")
            before = writers.acknowledged()
            made = till("backup", tmp_path / "to", "--data", server.data, "--json")
            assert made.code == OK, made
            sets.append((made.json["backup"], before))
    finally:
        server.kill()  # no goodbye: what is restored rests on the backup alone
        writers.stop()
    assert [b["backup"] for b in till("restore", tmp_path / "to", "--list", "--json").json["backups"]] == [
        id for id, _ in sets]
    for number in (0, 2):
        id, before = sets[number]
        data = tmp_path / f"restored-{number}"
        done = till("restore", tmp_path / "to", "--at", id, "--data", data, "--json")
        assert done.code == OK and done.json["backup"] == id, done
        restored = serve(data=data)
        expect_all(restored, name, before)
        restored.stop()
    shutil.rmtree(server.data)
    assert till("restore", tmp_path / "to", "--data", server.data).code == OK, "the latest, where the data were"
    again = serve()
    expect_all(again, name, sets[-1][1])


@pytest.fixture
def kept(serve, tmp_path, name):
    """A data directory that no engine has, with a table, an object of some size and a mail; and its name."""
    server = serve()
    table(server.client("dynamodb"), name)
    server.client("dynamodb").put_item(TableName=name, Item={"id": {"S": "1"}})
    server.client("s3").create_bucket(Bucket=name)
    server.client("s3").put_object(Bucket=name, Key="large", Body=os.urandom(3 << 20))
    topic = server.client("sns").create_topic(Name=name)["TopicArn"]
    server.client("sns").subscribe(TopicArn=topic, Protocol="email", Endpoint="a@example.com")
    server.client("sns").publish(TopicArn=topic, Message="hello")
    eventually(lambda: list((server.data / "outbox").glob("*.eml")), 30, "the mail")
    server.stop()
    return server.data


def row_of(server, name):
    return server.client("dynamodb").get_item(TableName=name, Key={"id": {"S": "1"}}).get("Item")


def test_a_backup_takes_only_what_is_new(kept, tmp_path, serve, name):
    first = till("backup", tmp_path / "to", "--data", kept, "--json").json
    again = till("backup", tmp_path / "to", "--data", kept, "--json").json
    assert first["new_bytes"] > 3 << 20 and again["new_bytes"] < 100_000, (first, again)
    assert again["backup"] > first["backup"] and again["bytes"] > 3 << 20
    said = till("backup", tmp_path / "to", "--data", kept, "--keep", 1)
    assert said.code == OK and "2 older removed" in said.out, said
    left = till("restore", tmp_path / "to", "--list", "--json").json["backups"]
    assert len(left) == 1
    manifest = json.loads((tmp_path / "to/backups" / f"{left[0]['backup']}.json").read_text())
    assert {file["sha256"] for file in manifest["files"]} == {p.name for p in (tmp_path / "to/files").iterdir()}
    assert (tmp_path / "to").stat().st_mode & 0o777 == 0o700, "who reads it reads every secret of the data"
    assert till("restore", tmp_path / "to", "--data", tmp_path / "new").code == OK
    assert sorted(p.name for p in (tmp_path / "new").iterdir()) == ["TILLSTREAM", "outbox", "store"]
    assert [p.read_bytes() for p in (tmp_path / "new/outbox").iterdir()] == [
        p.read_bytes() for p in (kept / "outbox").iterdir()]
    assert row_of(serve(data=tmp_path / "new"), name) == {"id": {"S": "1"}}
    assert not list(kept.glob("run-*"))


def test_nothing_of_others_is_touched(kept, tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "letter").write_text("dear")
    for arguments in (["backup", mine, "--data", kept], ["restore", mine, "--data", tmp_path / "new"]):
        refused = till(*arguments)
        assert refused.code == FAILED and str(mine) in refused.err and "TILLSTREAM-BACKUPS" in refused.err, refused
    assert [p.name for p in mine.iterdir()] == ["letter"] and not (tmp_path / "new").exists()
    assert till("backup", tmp_path / "to", "--data", kept).code == OK
    for occupied in (mine, kept):
        refused = till("restore", tmp_path / "to", "--data", occupied)
        assert refused.code == FAILED and "has something in it" in refused.err, refused
    assert [p.name for p in mine.iterdir()] == ["letter"]
    within = till("backup", kept / "backups", "--data", kept)
    assert within.code == USAGE and "one in the other" in within.err and not (kept / "backups").exists()
    for command in ("backup", "restore"):
        assert till(command, tmp_path / "to", "--endpoint", "aws", "--data", kept).code == USAGE
    nothing = till("backup", tmp_path / "to2", "--data", tmp_path / "none")
    assert nothing.code == FAILED and "no data" in nothing.err and not (tmp_path / "to2").exists()


def test_damage_is_named_and_nothing_is_made_of_it(kept, tmp_path, serve, name):
    to = tmp_path / "to"
    first = till("backup", to, "--data", kept, "--json").json["backup"]
    server = serve()
    server.client("dynamodb").put_item(TableName=name, Item={"id": {"S": "2"}})
    second = till("backup", to, "--data", kept, "--json").json["backup"]
    server.stop()
    files = {id: {f["sha256"]: f for f in json.loads((to / "backups" / f"{id}.json").read_text())["files"]}
             for id in (first, second)}
    only = [hash for hash, f in files[second].items() if hash not in files[first] and f["bytes"] > 20][:2]
    for hash in only:
        content = bytearray((to / "files" / hash).read_bytes())
        content[len(content) // 2] ^= 1
        (to / "files" / hash).write_bytes(content)
    refused = till("restore", to, "--data", tmp_path / "new")
    assert refused.code == FAILED and all(hash in refused.err for hash in only), refused
    assert files[second][only[0]]["path"] in refused.err and not (tmp_path / "new").exists()
    assert till("restore", to, "--data", tmp_path / "new", "--at", first).code == OK
    assert row_of(serve(data=tmp_path / "new"), name)
    manifest = to / "backups" / f"{second}.json"
    manifest.write_text(manifest.read_text().replace("store/db", "store/dc", 1))
    refused = till("restore", to, "--data", tmp_path / "new2")
    assert refused.code == FAILED and "is damaged" in refused.err and str(manifest) in refused.err
    unknown = till("restore", to, "--data", tmp_path / "new2", "--at", "2020-01-02T03:04:05Z")
    assert unknown.code == FAILED and first in unknown.err, unknown
    assert till("backup", to, "--data", kept).code == OK, "another one can be made"
    assert till("restore", to, "--data", tmp_path / "new2").code == OK


@pytest.mark.parametrize("running", [True, False])
def test_a_killed_backup_leaves_the_earlier_ones(kept, tmp_path, serve, name, running):
    """Killed at whatever it is doing when its first new file shows."""
    to = tmp_path / "to"
    assert till("backup", to, "--data", kept).code == OK
    earlier = sorted(p.name for p in (to / "files").iterdir())
    server = serve()
    for n in range(20):
        server.client("s3").put_object(Bucket=name, Key=f"more-{n}", Body=os.urandom(2 << 20))
    if not running:
        server.stop()
    process = subprocess.Popen([BINARY, "backup", to, "--data", kept], env=clean_environment(),
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    eventually(lambda: sorted(p.name for p in (to / "files").iterdir()) != earlier or process.poll() is not None)
    process.kill()
    process.wait()
    finished = len(till("restore", to, "--list", "--json").json["backups"])
    assert till("restore", to, "--data", tmp_path / "new").code == OK
    made = till("backup", to, "--data", kept)
    assert made.code == OK, made
    listed = till("restore", to, "--list", "--json").json["backups"]
    assert len(listed) == finished + 1
    named = {f["sha256"] for b in listed
             for f in json.loads((to / "backups" / f"{b['backup']}.json").read_text())["files"]}
    assert named == {p.name for p in (to / "files").iterdir()}, "nothing of the killed one is left"
    if running:
        assert len(list(kept.glob("run-*"))) == 1, "the engine's own"
        server.stop()
    assert not list(kept.glob("run-*"))
    assert till("restore", to, "--data", tmp_path / "new2").code == OK
    restored = serve(data=tmp_path / "new2")
    assert len(restored.client("s3").list_objects_v2(Bucket=name)["Contents"]) == 21


def test_no_room_for_a_backup(kept, tmp_path, serve):
    if os.geteuid() != 0:
        pytest.skip("needs root, for a file system of its own")
    room = tmp_path / "room"
    room.mkdir()
    script = ('mount -t tmpfs -o size=5m none "$1" || exit 77; "$0" backup "$1/to" --data "$2" || exit 1; '
              'head -c 1500000 /dev/zero > "$1/other"; "$0" backup "$1/to" --data "$3"; code=$?; '
              'rm "$1/other"; "$0" restore "$1/to" --data "$4" || exit 3; ls "$1/to/files" | wc -l; exit $code')
    assert till("backup", tmp_path / "elsewhere", "--data", kept).code == OK
    more = tmp_path / "more"
    assert till("restore", tmp_path / "elsewhere", "--data", more).code == OK
    server = serve(data=more)
    server.client("s3").create_bucket(Bucket="another")
    server.client("s3").put_object(Bucket="another", Key="more", Body=os.urandom(1 << 20))
    server.stop()
    done = subprocess.run(["unshare", "-m", "bash", "-c", script, BINARY, room, kept, more, tmp_path / "new"],
                          capture_output=True, text=True, env=clean_environment())
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip("no file system can be mounted here")
    assert done.returncode == FAILED, done
    assert "No space left on device" in done.stderr and "earlier backups are as they were" in done.stderr, done
    assert "has backup" in done.stdout


def test_one_backup_at_a_time(kept, tmp_path):
    to = tmp_path / "to"
    assert till("backup", to, "--data", kept).code == OK
    import fcntl
    with open(to / "lock", "r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for arguments in (["backup", to, "--data", kept], ["restore", to, "--data", tmp_path / "new"]):
            refused = till(*arguments)
            assert refused.code == UNREACHABLE and "in use" in refused.err, refused
    assert till("backup", to, "--data", kept).code == OK


def test_who_does_not_have_the_directory_cannot_ask_for_a_checkpoint(serve):
    import urllib.error
    import urllib.request
    server = serve()
    with urllib.request.urlopen(server.endpoint + "/_till/health") as reply:
        instance = json.load(reply)["instance"]
    for query in ("", f"?run={instance}", "?run=../../../../../../../../../../../../tmp"):
        for route in ("checkpoint", "compact"):
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(urllib.request.Request(f"{server.endpoint}/_till/{route}{query}", method="POST"))
            assert refused.value.code == 403
    assert not list(server.data.glob("run-*/checkpoint"))


def test_a_serving_engine_makes_a_backup_each_day(kept, tmp_path, serve, name):
    to = tmp_path / "to"
    server = serve("--backup-to", to, "--backup-keep", "2")

    def listed():
        return [b["backup"] for b in till("restore", to, "--list", "--json").json["backups"]]
    eventually(lambda: to.exists() and list((to / "backups").glob("*.json")), 30, "the first, at once")
    server.stop()
    again = serve("--backup-to", to)
    assert row_of(again, name)
    again.stop()
    assert len(listed()) == 1, "the newest is not a day old"
    assert till("restore", to, "--data", tmp_path / "new").code == OK
    for wrong in (["--memory", "--backup-to", to], ["--backup-keep", "3"]):
        assert till("serve", "--port", "0", "--data", kept, *wrong).code == USAGE
