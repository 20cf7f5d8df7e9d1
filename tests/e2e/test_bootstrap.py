"""The functions' package on a machine that is not this one: what it needs, its size, and a root laid out as that of
Lambda's provided.al2023, with authorities where Amazon Linux keeps them."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import threading
import time
import zipfile

import pytest
from peers import Authority, Peer
from till_process import FUNCTIONS, SANITIZED, eventually

BOOTSTRAP = FUNCTIONS / "package" / "bootstrap"
pytestmark = pytest.mark.skipif(SANITIZED, reason="the sanitizers' bootstrap is for this machine alone")


def libraries():
    listed = subprocess.run(["ldd", BOOTSTRAP], capture_output=True, text=True, check=True).stdout
    return {pathlib.Path(path) for path in re.findall(r"(/\S+) \(0x", listed)}


def test_it_needs_the_c_library_alone():
    assert {path.name for path in libraries()} == {"libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2"}
    symbols = subprocess.run(["objdump", "-T", BOOTSTRAP], capture_output=True, text=True, check=True).stdout
    versions = {tuple(map(int, version.split("."))) for version in re.findall(r"GLIBC_([\d.]+)", symbols)}
    assert max(versions) == (2, 34), "Amazon Linux 2023 has 2.34"


def test_the_package_is_one_small_file():
    with zipfile.ZipFile(FUNCTIONS / "functions.zip") as package:
        assert package.namelist() == ["bootstrap"]
        assert package.infolist()[0].external_attr >> 16 & 0o111, "Lambda executes it"
    assert (FUNCTIONS / "functions.zip").stat().st_size < 2 << 20


def lambda_root(directory, authorities):
    """/var/task, the C library, and the file of authorities; nothing else."""
    for path in libraries():
        place = directory / str(path).lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path.resolve(), place)
    (directory / "var/task").mkdir(parents=True)
    shutil.copy(BOOTSTRAP, directory / "var/task/bootstrap")
    (directory / "etc/pki/tls/certs").mkdir(parents=True)
    shutil.copy(authorities, directory / "etc/pki/tls/certs/ca-bundle.crt")
    return directory


VARIABLES = {"BUCKET": "b", "ORDERS_TABLE": "t-orders", "QUARANTINE_TABLE": "q", "UPLOADS_TABLE": "u",
             "QUEUE_URL": "https://queue", "NOTIFY_QUEUE_URL": "https://notify", "LARGE_ORDER_THRESHOLD": "5",
             "TOPIC_ARN": "arn:aws:sns:us-east-1:000000000000:a", "RULE_TOPIC_PREFIX": "arn:aws:sns:us-east-1:0:a-"}


def queue_event(*bodies):
    return {"Records": [{"messageId": f"m-{number}", "receiptHandle": "r", "eventSource": "aws:sqs", "body": json.dumps(body),
                         "attributes": {}, "messageAttributes": {}} for number, body in enumerate(bodies, 1)]}


@contextlib.contextmanager
def runtime_api(event, seconds):
    """Lambda's side: one invocation with this event, for as many seconds."""
    done = threading.Event()
    taken = iter([True])

    def answer(request):
        if request.path.endswith("/next") and next(taken, False):
            deadline = int((time.time() + seconds) * 1000)
            return 200, {"Lambda-Runtime-Aws-Request-Id": "i-1", "Lambda-Runtime-Deadline-Ms": str(deadline),
                         "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:000000000000:function:a"
                         }, json.dumps(event)
        if request.path.endswith("/next"):
            done.wait()
        return 202, {}, "{}"
    try:
        yield Peer(answer)
    finally:
        done.set()


@contextlib.contextmanager
def function(command, api, handler, **variables):
    """A bootstrap that runs; its output when it has ended."""
    log = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env={"PATH": os.environ["PATH"], "_HANDLER": handler, "LAMBDA_TASK_ROOT": "/var/task",
                               "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{api.port}", "AWS_REGION": "us-east-1",
                               "AWS_LAMBDA_FUNCTION_NAME": "a", "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s",
                               **{f"TILL_{name}": value for name, value in VARIABLES.items()}, **variables}) as process:
        try:
            yield log
        finally:
            process.kill()
            log.append(process.stdout.read().decode())


def answers(api, kind="i-1/response"):
    return eventually(lambda: [each.body for each in api.requests if each.path.endswith(kind)], what="the function's answer")


@pytest.mark.parametrize("knows_the_authority", [True, False])
def test_it_runs_where_lambda_runs_it(tmp_path, knows_the_authority):
    """The sweep function looks up the order that an event names, over TLS."""
    own, other = Authority(tmp_path / "own"), Authority(tmp_path / "other")
    aws = Peer(lambda _: (200, {"Content-Type": "application/x-amz-json-1.0"}, "{}"),
               own.issue("server", ["IP:127.0.0.1"]))
    root = lambda_root(tmp_path / "root", (own if knows_the_authority else other).pem)
    enter = ["chroot"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "chroot"]
    with runtime_api(queue_event({"transaction_id": "an-order"}), 100_000) as api, \
            function([*enter, root, "/var/task/bootstrap"], api, "sweep",
                     AWS_ENDPOINT_URL=f"https://127.0.0.1:{aws.port}") as log:
        answered = answers(api)
    if knows_the_authority:
        assert any("an-order" in each.body for each in aws.requests), log
    else:
        assert not aws.requests and "TLS handshake: certificate of 127.0.0.1: unable to get local issuer" in log[0], log
        assert json.loads(answered[0]) == {"batchItemFailures": [{"itemIdentifier": "m-1"}]}, "it comes again"


def test_it_says_what_it_did_not_get_done_before_it_is_killed():
    """A service that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with runtime_api(queue_event(*({"transaction_id": f"o-{n}", "amount": 1, "item": "x"} for n in range(3))), 6) as api, \
                function([BOOTSTRAP], api, "process", AWS_ENDPOINT_URL=f"http://127.0.0.1:{silent.getsockname()[1]}") as log:
            started = time.monotonic()
            [answered] = answers(api)
            assert time.monotonic() - started < 6, "Lambda kills it then, and nobody learns why"
    assert [each["itemIdentifier"] for each in json.loads(answered)["batchItemFailures"]] == ["m-1", "m-2", "m-3"]
    assert "timed out" in log[0] and '"retried":3' in log[0], log


def test_an_unknown_handler_is_told_to_lambda():
    with runtime_api({}, 60) as api, function([BOOTSTRAP], api, "ingest.handler") as log:
        [told] = answers(api, "/runtime/init/error")
    assert json.loads(told)["errorType"] == "Pipeline.Handler" and "ingest.handler" in json.loads(told)["errorMessage"], told
    assert 'the handler "ingest.handler" is none of ingest, process, sweep, intake' in log[0], log
