"""What `till run` and `ingest` take beside files: standard input, and the files of a directory as they are finished."""
import json
import signal

import pytest
from till_process import EXAMPLE, PATIENCE, eventually, running, till

OK, FAILED, USAGE, CHECK_FAILED = range(4)  # src/cli/exit_code.h


def order(id, amount=5):
    return json.dumps({"transaction_id": id, "amount": amount, "item": "kettle"}) + "\n"


@pytest.fixture
def stack(serve):
    server = serve()
    assert till("up", "--data", server.data).code == OK
    return server


# ---- standard input


def test_standard_input_is_a_file_of_orders(stack, tmp_path):
    ran = till("run", "-", "--json", "--data", stack.data, stdin=order("1") + order("2", 0))
    assert ran.code == OK and (ran.json["accepted"], ran.json["quarantined"]) == (1, {"AMOUNT_NONPOSITIVE": 1}), ran
    wide = "".join(json.dumps({"transaction_id": f"w{i}", "amount": 1, "item": "x" * 9000}) + "\n" for i in range(1200))
    ingested = till("ingest", "-", "--json", "--data", stack.data, stdin=wide)  # more than a part of an upload
    assert ingested.code == OK and ingested.json["accepted"] == 1200, ingested
    checked = till("check", "-", "--json", stdin=order("1") + order("2", 0))
    [file] = checked.json["files"]
    assert checked.code == CHECK_FAILED and (file["file"], file["orders"]) == ("-", 1)
    (tmp_path / "more.json").write_text(order("3"))
    both = till("ingest", tmp_path / "more.json", "-", "--json", "--data", stack.data, stdin=order("4"))
    assert [file["file"] for file in both.json["files"]] == [str(tmp_path / "more.json"), "-"] and both.code == OK
    assert till("check", "-", "-", stdin=order("1")).code == FAILED


def test_standard_input_that_is_empty_or_has_no_place(stack, tmp_path):
    empty = till("ingest", "-", "--data", stack.data)
    assert empty.code == FAILED and "-: the file is empty" in empty.err, empty
    nowhere = till("ingest", "-", "--data", stack.data, stdin=order("1"), TMPDIR=tmp_path / "none")
    assert nowhere.code == FAILED and "standard input cannot be kept in" in nowhere.err, nowhere


# ---- a directory


@pytest.fixture
def inbox(tmp_path):
    (tmp_path / "inbox").mkdir()
    return tmp_path / "inbox"


def files_of(command):
    """The names of the files of which `till ingest --watch --json` has told, and what became of them."""
    told = [json.loads(line) for line in command.lines if line.startswith("{")]
    return {each["file"].rpartition("/")[2]: each for each in told if "file" in each}


def test_files_are_taken_once_when_they_are_finished(stack, inbox):
    for name in ("b.ndjson", "a.ndjson"):
        (inbox / name).write_text(order(name))
    for name in (".hidden", "c.part", "d.tmp", "e.crdownload"):
        (inbox / name).write_text(order(name))
    with running("ingest", "--watch", inbox, "--json", "--data", stack.data) as command:
        eventually(lambda: len(files_of(command)) == 2)
        assert list(files_of(command)) == ["a.ndjson", "b.ndjson"], "by name"
        with open(inbox / "f.ndjson", "w") as slow:
            slow.write(order("f-1"))
            slow.flush()
            (inbox / "g.ndjson").write_text(order("g") + order("bad", 0))
            eventually(lambda: "g.ndjson" in files_of(command))
            assert "f.ndjson" not in files_of(command), "it is being written"
            slow.write(order("f-2"))
        (inbox / "c.part").rename(inbox / "c.ndjson")
        (inbox / "wrong.json").write_text("no orders")
        eventually(lambda: len(files_of(command)) == 6)
        assert files_of(command)["f.ndjson"]["accepted"] == 2
        assert "neither a JSON array" in files_of(command)["wrong.json"]["error"]
        (inbox / "a.ndjson").write_text(order("a.ndjson"))  # the same again
        (inbox / "b.ndjson").write_text(order("b, amended"))
        (inbox / "z.ndjson").write_text(order("z"))
        eventually(lambda: "z.ndjson" in files_of(command))
        command.send_signal(signal.SIGINT)
        assert command.wait(timeout=30 * PATIENCE) == FAILED, "of wrong.json"
    summary = json.loads(command.lines[-1])
    assert (summary["files"], summary["known"], summary["with_trouble"]) == (8, 1, 1), command.lines
    assert (summary["accepted"], summary["quarantined"], summary["duplicates"]) == (8, 1, 0)
    left = {path.name for path in inbox.iterdir()}
    assert left == {"a.ndjson", "b.ndjson", "c.ndjson", "d.tmp", "e.crdownload", "f.ndjson", "g.ndjson", ".hidden",
                    "wrong.json", "z.ndjson"}
    with running("run", "--watch", inbox, "--data", stack.data) as command:
        (inbox / "zz.ndjson").write_text(order("zz"))
        command.said("accepted       1")
        command.send_signal(signal.SIGTERM)
        assert command.wait(timeout=30 * PATIENCE) == OK
    assert "1 files taken, 7 were known" in command.lines[-1], command.lines


def test_what_was_taken_is_known_after_a_kill(stack, inbox):
    """One file was reported, the orders of another wait, a third comes while nobody watches."""
    lambda_ = stack.client("lambda")
    mapping = next(m["UUID"] for m in lambda_.list_event_source_mappings()["EventSourceMappings"]
                   if m["EventSourceArn"].endswith("tillstream-orders"))
    watch = ("ingest", "--watch", inbox, "--json", "--data", stack.data)
    (inbox / "1.ndjson").write_text(order("1"))
    with running(*watch) as command:
        eventually(lambda: "1.ndjson" in files_of(command))
        lambda_.update_event_source_mapping(UUID=mapping, Enabled=False)
        (inbox / "2.ndjson").write_text(order("2-1") + order("2-2"))
        done = lambda: till("uploads", "list", "--json", "--data", stack.data).json["uploads"]
        eventually(lambda: [upload["state"] for upload in done()] == ["DONE", "DONE"])
        command.kill()
        assert command.wait() == -signal.SIGKILL
    assert list(files_of(command)) == ["1.ndjson"]
    (inbox / "3.ndjson").write_text(order("3"))
    lambda_.update_event_source_mapping(UUID=mapping, Enabled=True)
    with running(*watch) as command:
        eventually(lambda: "3.ndjson" in files_of(command))
        command.send_signal(signal.SIGINT)
        assert command.wait(timeout=30 * PATIENCE) == OK
    assert list(files_of(command)) == ["2.ndjson", "3.ndjson"], command.lines
    assert files_of(command)["2.ndjson"]["accepted"] == 2 and files_of(command)["2.ndjson"]["duplicates"] == 0
    assert json.loads(command.lines[-1])["known"] == 1
    assert len(done()) == 3, "nothing was uploaded twice"


def test_what_cannot_be_watched(stack, inbox):
    none = till("ingest", "--watch", inbox / "none", "--data", stack.data)
    assert none.code == FAILED and "inbox/none" in none.err, none
    assert till("ingest", "--data", stack.data).code == USAGE
    assert till("ingest", EXAMPLE, "--watch", inbox, "--data", stack.data).code == USAGE
    with running("ingest", "--watch", inbox, "--data", stack.data) as command:
        command.said("watching")
        inbox.rmdir()
        assert command.wait(timeout=30 * PATIENCE) == FAILED
