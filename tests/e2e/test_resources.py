"""What the machine does not give fails one call, or the start with a sentence; never the process (issue 9, point 10)."""
import concurrent.futures
import os
import pathlib
import pwd
import re
import resource
import shutil
import subprocess
import tempfile

import pytest
from till_process import BINARY, SANITIZED, clean_environment, make_client

pytestmark = pytest.mark.skipif(SANITIZED, reason="sanitizers start threads of their own")

NOBODY = 65534  # root is not bound by a number of processes


@pytest.fixture
def limited():
    """Starts engines as a user of their own who may have only so many threads."""
    if os.geteuid() != 0:
        pytest.skip("only root can become a user without other processes")
    assert pwd.getpwuid(NOBODY)
    root = pathlib.Path(tempfile.mkdtemp(prefix="till-limited-"))
    os.chown(root, NOBODY, NOBODY)
    binary = root / "till"
    shutil.copy(BINARY, binary)
    binary.chmod(0o755)
    started = []

    def start(threads):
        def become_nobody():
            resource.setrlimit(resource.RLIMIT_NPROC, (threads, threads))
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        process = subprocess.Popen([binary, "serve", "--port", "0", "--data", root / "data"], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=root,
                                   env=clean_environment(HOME=str(root)), preexec_fn=become_nobody)
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()
    shutil.rmtree(root)


@pytest.mark.parametrize("threads", [1, 4, 20, 50])
def test_too_few_threads_to_start_are_a_sentence(limited, threads):
    process = limited(threads)
    assert process.wait(timeout=60) in (1, 70)
    assert b"thread" in process.stderr.read()


def test_with_few_threads_calls_wait_for_each_other(limited):
    """Many more long calls at once than there are threads to be had: all of them are answered."""
    process = limited(64)
    line = process.stdout.readline().decode()
    endpoint = re.search(r"http://\S+?:\d+", line).group(0)
    tables = [make_client("dynamodb", endpoint) for _ in range(24)]
    tables[0].create_table(TableName="table", BillingMode="PAY_PER_REQUEST",
                           AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                           KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}])
    with concurrent.futures.ThreadPoolExecutor(len(tables)) as pool:
        answers = list(pool.map(lambda table: table.scan(TableName="table")["Count"], tables))
    assert answers == [0] * len(tables)
    assert process.poll() is None
