"""What `till` must never do to its user: touch a directory that is not its own, remove what it did not make."""
import contextlib
import os
import pathlib
import stat
import subprocess
import tempfile

import pytest
from till_process import BINARY, TillResult, clean_environment, till

OK, FAILED, _, CHECK_FAILED = range(4)  # src/cli/exit_code.h

LOOKING = [["status"], ["plan"], ["tx", "list"], ["orders", "get", "a"], ["orders", "list"],
           ["orders", "report"], ["orders", "export"], ["quarantine", "list"], ["dlq", "list"], ["alarms", "list"], ["logs"],
           ["metrics"], ["receive"], ["down", "--yes"]]


def everything(root):
    """Each path below `root` with its mode, its content or what it links to."""
    found = {}
    for path in [root, *sorted(root.rglob("*"))]:
        status = path.lstat()
        content = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else None
        found[str(path.relative_to(root))] = (stat.S_IFMT(status.st_mode), status.st_mode, content)
    return found


def foreign_code(root):
    (root / "code").mkdir()
    (root / "code" / "a").write_text("x")


def foreign_names_like_ours(root):
    for name in ("store", "run-01234567-89ab-cdef-0123-456789abcdef", "bench-01234567"):
        (root / name).mkdir()
        (root / name / "lock").write_text("mine\n")
    (root / "endpoint").write_text("mine\n")
    (root / "TILLSTREAM").write_text("mine\n")


def foreign_links(root):
    elsewhere = root.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious").write_text("x")
    (root / "code").symlink_to(elsewhere)
    (root / "store").symlink_to(elsewhere)
    (root / "endpoint").symlink_to(elsewhere / "precious")


@pytest.mark.parametrize("fill", [foreign_code, foreign_names_like_ours, foreign_links])
def test_a_directory_that_is_not_ours_is_refused_and_left_alone(tmp_path, fill):
    demo = tmp_path / "demo"
    demo.mkdir(mode=0o755)
    fill(demo)
    before = everything(tmp_path)
    for arguments in (["serve", "--port", "0"], ["serve", "--memory", "--port", "0"], ["bench", "--orders", "1"], ["up"],
                      ["status"], ["tx", "list"]):
        result = till(*arguments, "--data", demo)
        assert result.code == FAILED and result.out == "" and f"{demo} is not empty" in result.err, result
        assert everything(tmp_path) == before, arguments
    here = subprocess.run([BINARY, "status", "--data", "."], cwd=demo, env=clean_environment(), capture_output=True)
    assert here.returncode == FAILED and everything(tmp_path) == before


def test_looking_makes_no_data_directory(tmp_path):
    (tmp_path / "empty").mkdir(mode=0o755)
    before = everything(tmp_path)
    for arguments in LOOKING:
        for name in ("none", "empty"):
            result = till(*arguments, "--data", tmp_path / name)
            assert result.code in (OK, FAILED, CHECK_FAILED), result
            assert everything(tmp_path) == before, result
    assert till("status", "--json", "--data", tmp_path / "none").json == {"resources": []}


def test_a_directory_keeps_its_mode_and_what_is_private_is_ours(tmp_path, serve):
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    serve(data=data).stop()
    assert stat.S_IMODE(data.stat().st_mode) == 0o755
    assert stat.S_IMODE((data / "store").stat().st_mode) == 0o700
    assert sorted(path.name for path in data.iterdir()) == ["TILLSTREAM", "store"]
    made = tmp_path / "made"
    serve(data=made).stop()
    assert stat.S_IMODE(made.stat().st_mode) == 0o700


def test_a_data_directory_of_an_earlier_build_opens(tmp_path, serve):
    data = tmp_path / "data"
    server = serve(data=data)
    server.client("sqs").create_queue(QueueName="kept")
    server.stop()
    (data / "TILLSTREAM").unlink()
    (data / "code").mkdir()
    (data / "code" / "notes").write_text("x")
    again = serve(data=data)
    assert again.client("sqs").get_queue_url(QueueName="kept")
    again.stop()
    assert (data / "TILLSTREAM").exists() and (data / "code" / "notes").read_text() == "x"


def test_an_engine_that_was_killed_leaves_nothing_for_long(tmp_path, serve):
    data = tmp_path / "data"
    for arguments in ([], ["--memory"]):
        killed = serve(*arguments, data=data)
        assert till("up", "--data", data).code == OK
        assert till("invoke", "ingest", '{"Records": []}', "--data", data).code == OK
        [run] = data.glob("run-*")
        assert list((run / "code").iterdir())
        killed.kill()
        assert run.exists()
        next_one = serve(*arguments, data=data)
        assert not run.exists() and len(list(data.glob("run-*"))) == 1
        next_one.stop()
        assert list(data.glob("run-*")) == []


def test_an_endpoint_file_of_somebody_else_is_refused(tmp_path, serve):
    data = tmp_path / "data"
    serve(data=data).stop()
    (tmp_path / "precious").write_text("x")
    (data / "endpoint").symlink_to(tmp_path / "precious")
    result = till("serve", "--port", "0", "--data", data)
    assert result.code == FAILED and f"{data}/endpoint" in result.err, result
    assert (tmp_path / "precious").read_text() == "x" and (data / "endpoint").is_symlink()


@pytest.mark.parametrize("name", ["store", "store/db", "store/watermark", "store/lock", "store/db/CURRENT", "outbox"])
def test_a_link_below_our_directory_is_refused(tmp_path, serve, name):
    data = tmp_path / "data"
    serve(data=data).stop()
    elsewhere = tmp_path / "elsewhere"
    if (data / name).exists():
        (data / name).rename(elsewhere)
    else:
        elsewhere.mkdir()
    (data / name).symlink_to(elsewhere)
    before = everything(tmp_path)
    for flags in ([], ["--accept-data-loss"]):
        result = till("serve", "--port", "0", *flags, "--data", data)
        assert result.code == FAILED and f"{data}/{name} is a symbolic link" in result.err, result
        assert everything(tmp_path) == before


def test_a_store_that_is_gone_is_not_begun_anew_without_a_word(tmp_path, serve):
    data = tmp_path / "data"
    serve(data=data).stop()
    (data / "store").rename(tmp_path / "moved")
    before = everything(tmp_path)
    for arguments in (["serve", "--port", "0"], ["status"], ["tx", "list"]):
        result = till(*arguments, "--data", data)
        assert result.code == FAILED and f"{data}/store had the data" in result.err, result
        assert "--accept-data-loss" in result.err and everything(tmp_path) == before
    (tmp_path / "moved").rename(data / "store")
    serve(data=data).stop()
    (data / "store").rename(tmp_path / "moved")
    serve("--accept-data-loss", data=data).stop()
    serve(data=data).stop()


def test_a_directory_with_the_name_of_a_run_is_kept(serve, tmp_path):
    serve().stop()
    foreign = tmp_path / "data" / "run-11111111-2222-3333-4444-555555555553"
    foreign.mkdir()
    (foreign / "lock").touch()
    (foreign / "mine.txt").write_text("a")
    serve().stop()
    assert (foreign / "mine.txt").read_text() == "a"


NOBODY = 65534


@pytest.fixture
def two_users():
    """Root, who may be somebody else too, and a directory of that somebody's."""
    if os.geteuid() != 0 or subprocess.run(["test", "-x", BINARY], user=NOBODY).returncode != 0:
        pytest.skip("only root can be somebody else, and only where anybody may run the binary")
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        os.chmod(name, 0o755)
        home = pathlib.Path(name) / "home"
        home.mkdir()
        os.chown(home, NOBODY, NOBODY)
        yield home


def as_nobody(home, *arguments):
    result = subprocess.run([BINARY, *map(str, arguments)], user=NOBODY, group=NOBODY, extra_groups=[], capture_output=True,
                            text=True, env=clean_environment(HOME=str(home)), cwd=home)
    return TillResult(result.returncode, result.stdout, result.stderr)


@contextlib.contextmanager
def running_as_nobody(home, data):
    with subprocess.Popen([BINARY, "serve", "--port", "0", "--data", data], user=NOBODY, group=NOBODY, extra_groups=[],
                          stdout=subprocess.PIPE, text=True, env=clean_environment(HOME=str(home))) as engine:
        assert engine.stdout.readline().rstrip().endswith("Ready.")
        yield
        engine.terminate()


def test_root_leaves_the_directory_of_another_user_alone(two_users):
    data = two_users / "data"
    orders = two_users / "orders.json"
    orders.write_text('[{"transaction_id": "o-1", "amount": 1, "item": "x"}]')
    assert as_nobody(two_users, "run", orders, "--data", data).code == OK
    before = everything(data)
    for command in (*LOOKING, ["up"], ["run", orders]):
        refused = till(*command, "--data", data)
        assert refused.code == FAILED and f"--reuid {NOBODY}" in refused.err, refused
    assert everything(data) == before
    with running_as_nobody(two_users, data):  # root finds the engine of that user, and asks it
        assert till("orders", "get", "o-1", "--data", data).code == OK
    assert as_nobody(two_users, "orders", "get", "o-1", "--data", data).code == OK


@pytest.mark.parametrize("name", ["TILLSTREAM", "store/db/CURRENT", "store/db", "store/watermark"])
def test_what_belongs_to_another_user_is_not_called_damaged(two_users, name):
    data = two_users / "data"
    assert as_nobody(two_users, "up", "--data", data).code == OK
    theirs = data / name
    os.chown(theirs, 0, 0)
    theirs.chmod(0o700 if theirs.is_dir() else 0o600)
    before = everything(data)
    for command in (["serve", "--port", "0"], ["status"]):
        refused = as_nobody(two_users, *command, "--data", data)
        assert refused.code == FAILED and f"{data}/{name}: Permission denied; it belongs to the user root" in refused.err, refused
        assert "damaged" not in refused.err and f"chown -R {NOBODY} {data}" in refused.err, refused
    assert everything(data) == before
