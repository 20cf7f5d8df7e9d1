"""`till run`, `up`, `status` and `down` against an engine that behaves as AWS legally may, for thirty seeds on the
virtual clock: no order is missing, none is there twice, and nobody says so."""
import concurrent.futures
import contextlib
import json
import signal
import subprocess
import threading

import pytest
from till_process import BINARY, PATIENCE, VirtualTill, clean_environment, eventually, till

OK, CHECK_FAILED, INTERRUPTED = 0, 3, 130
ORDERS = 12
SEEDS = range(1, 31)
GROUPS = 6


@contextlib.contextmanager
def engine(directory, seed, *arguments):
    server = VirtualTill(directory, f"--like-aws={seed}", *arguments)
    try:
        yield server
    finally:
        server.stop()


@contextlib.contextmanager
def passing(server):
    """Time passes in the engine, two seconds at each step, while commands run."""
    ended = threading.Event()

    def pass_on():
        while not ended.wait(0.02):
            server.advance(2)
    thread = threading.Thread(target=pass_on)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def orders_file(path, seed):
    """Orders of which one is large, one is refused and one comes twice."""
    orders = [{"transaction_id": f"{seed}-{n}", "amount": 90000 if n == 3 else 10 + n, "item": "lamp"}
              for n in range(ORDERS)]
    orders[5]["amount"] = -1
    orders.append(orders[0])
    path.write_text(json.dumps(orders))
    return path


def check_run(said, seed):
    assert said.code == OK, (seed, said)
    tally = said.json
    assert (tally["read"], tally["missing"]) == (ORDERS + 1, 0), (seed, said)
    assert (tally["accepted"], tally["duplicates"]) == (ORDERS - 1, 1), (seed, said)
    assert sum(tally["quarantined"].values()) == 1, (seed, said)
    # One whose Publish was unclear is owed until the sweep function has looked at it, 90 s later.
    assert tally["large_orders_notified"] + tally["large_orders_pending"] == 1, (seed, said)


def live_through(directory, seed):
    file = orders_file(directory / f"{seed}.json", seed)
    with engine(directory / f"engine-{seed}", seed) as server, passing(server):
        at = ["--endpoint", server.endpoint]
        check_run(till("run", file, "--json", *at), seed)
        status = till("status", "--json", *at)
        rows = {each["name"]: each["rows"] for each in status.json["resources"] if each["kind"] == "table"}
        assert rows["tillstream-orders"] == ORDERS - 1, (seed, status)
        if seed % 5 == 0:
            again = till("run", file, "--json", *at)
            assert again.json["duplicates"] == again.json["read"] and again.json["missing"] == 0, (seed, again)
        down = till("down", "--yes", "--json", *at)
        assert down.code == OK and down.json["left"] == [], (seed, down)
        if seed % 10 == 0:
            assert till("up", *at).code == OK, "names and buckets that are blocked for a while are waited for"


def interrupt_in_waits(server, seconds, *command):
    """Ctrl-C at each thing that the command waits for, since the clock stands still; then some seconds pass, and it is
    given again. Answers what was waited for."""
    waited = []
    for _ in range(60):
        process = subprocess.Popen([BINARY, *command, "--endpoint", server.endpoint], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, text=True, env=clean_environment())
        line = process.stderr.readline()
        while "the list of mappings to show it" in line:  # that ends by itself, since lists show all in the end
            line = process.stderr.readline()
        if line.startswith("till: waiting for "):
            waited.append(line)
            process.send_signal(signal.SIGINT)
        err = line + process.communicate(timeout=60 * PATIENCE)[1]
        if not line:
            assert process.returncode == OK
            return waited
        assert process.returncode == INTERRUPTED, err
        assert f"interrupted: what was done until now stays, and `till {command[0]}` goes on from there" in err, err
        server.advance(seconds)
    raise AssertionError(waited)


def test_ctrl_c_in_each_wait(tmp_path):
    with engine(tmp_path / "engine", 7) as server:
        waited = interrupt_in_waits(server, 2, "up")
        for what in ("table tillstream-orders: its state ACTIVE", "function tillstream-ingest: Lambda cannot assume",
                     "mapping tillstream-orders -> tillstream-process: "):
            assert any(what in line for line in waited), waited
        assert all("the engine's clock is virtual" in line for line in waited)
        with passing(server):
            check_run(till("run", orders_file(tmp_path / "orders.json", 7), "--json", "--endpoint", server.endpoint), 7)
        waited = interrupt_in_waits(server, 4, "down", "--yes")
        assert any("mapping tillstream" in line for line in waited), waited
        with passing(server):
            eventually(lambda: till("status", "--json", "--endpoint", server.endpoint).json["resources"] == [])


def test_the_control_plane_is_slow(tmp_path):
    """IAM takes two calls a second."""
    with engine(tmp_path / "engine", 31, "--like-aws-rate", "iam=2") as server, passing(server):
        at = ["--endpoint", server.endpoint]
        check_run(till("run", orders_file(tmp_path / "orders.json", 31), "--json", *at), 31)
        assert till("down", "--yes", *at).code == OK


@pytest.mark.parametrize("seconds", [600, -600])
def test_the_clocks_are_ten_minutes_apart(tmp_path, seconds):
    with engine(tmp_path / "engine", 32, "--clock-skew", str(seconds)) as server, passing(server):
        at = ["--endpoint", server.endpoint]
        said = till("run", orders_file(tmp_path / "orders.json", 32), "--json", *at)
        check_run(said, 32)
        assert said.json["large_orders_notified"] == 1, "functions correct their clock, too"
        assert till("down", "--yes", *at).code == OK


@pytest.mark.parametrize("group", range(GROUPS))
def test_no_order_is_missing_or_twice(tmp_path, group):
    seeds = SEEDS[group::GROUPS]
    with concurrent.futures.ThreadPoolExecutor(len(seeds)) as pool:  # most of it is waiting
        list(pool.map(lambda seed: live_through(tmp_path, seed), seeds))


def interrupt_after_a_step(*command):
    """Gives the command, and Ctrl-C once it has reported one step; its exit code."""
    process = subprocess.Popen([BINARY, *map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env=clean_environment())
    for line in process.stdout:
        if line.rstrip().endswith(("(created)", "(changed)", "(deleted)")):
            process.send_signal(signal.SIGINT)
            break
    _, err = process.communicate(timeout=60 * PATIENCE)
    assert process.returncode in (OK, INTERRUPTED), err
    return process.returncode


def test_ctrl_c_at_each_resource(serve, tmp_path):
    at = ["--endpoint", serve().endpoint]
    for command in (["up", *at], ["down", "--yes", *at]):
        interruptions = 0
        while interrupt_after_a_step(*command) == INTERRUPTED:
            interruptions += 1
            assert interruptions < 100
        if command[0] == "up":
            assert till("plan", *at).code == OK, "it is whole"
            check_run(till("run", orders_file(tmp_path / "orders.json", 1), "--json", *at), 1)
    assert till("status", "--json", *at).json["resources"] == []
    assert till("plan", *at).code == CHECK_FAILED


def test_down_keeps_data_that_up_takes_back(serve, tmp_path):
    server = serve()
    at = ["--endpoint", server.endpoint]
    file = orders_file(tmp_path / "orders.json", 1)
    check_run(till("run", file, "--json", *at), 1)
    down = till("down", "--keep-data", "--json", *at)
    assert down.code == OK and down.json["left"] == [], down
    assert {(each["kind"], each["name"]) for each in down.json["kept"]} == {
        ("bucket", f"tillstream-{server.account}-us-east-1"), ("table", "tillstream-orders"),
        ("table", "tillstream-quarantine"), ("table", "tillstream-uploads")}
    status = till("status", "--json", *at).json["resources"]
    assert {each["kind"] for each in status} == {"table", "bucket"}, status
    orders = next(each for each in status if each["name"] == "tillstream-orders")
    assert (orders["rows"], orders["rows_are"]) == (ORDERS - 1, "counted")
    again = till("down", "--keep-data", *at)
    assert again.code == OK and f"tillstream-orders (kept, with {ORDERS - 1} rows)" in again.out, again
    run = till("run", file, "--json", *at)
    assert run.code == OK and run.json["duplicates"] == run.json["read"], run
    server.client("sqs").send_message(QueueUrl=server.client("sqs").get_queue_url(
        QueueName="tillstream-orders-dlq")["QueueUrl"], MessageBody="x")
    refused = till("down", "--keep-data", *at)
    assert refused.code == 2 and "messages: about 1" in refused.err and "--yes" in refused.err, refused
    assert till("down", "--yes", *at).code == OK
    assert till("status", "--json", *at).json["resources"] == []
