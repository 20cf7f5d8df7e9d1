"""What the machine does not give fails one call, or the start with a sentence; never the process (issue 9, point 10)."""
import os
import pathlib
import pwd
import resource
import shutil
import subprocess
import tempfile
import threading

import pytest
from till_process import BINARY, TillServer, children_of, clean_environment

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


def test_too_few_threads_to_start_are_a_sentence(limited):
    process = limited(4)
    assert process.wait(timeout=60) in (1, 70)
    assert b"thread" in process.stderr.read()
