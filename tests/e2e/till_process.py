"""`till serve` as a child process, and the clients that talk to it. Nothing here sleeps for a fixed time: waits look
for what they wait for, until a deadline."""
import contextlib
import json
import os
import pathlib
import re
import selectors
import signal
import subprocess
import sys
import threading
import time
import urllib.request

import boto3
import botocore.config

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PRESET = os.environ.get("TILL_PRESET", "release")
SANITIZED = PRESET != "release"
BINARY = pathlib.Path(os.environ.get("TILL_BINARY", ROOT / "build" / PRESET / "till"))
FUNCTIONS = pathlib.Path(os.environ.get("TILL_FUNCTIONS", ROOT / "build" / PRESET / "src" / "functions"))
EXAMPLE = ROOT / "examples" / "ecommerce_100_transactions.json"
# Sanitizers make everything several times slower, and so do machines that run other things beside the tests.
PATIENCE = float(os.environ.get("TILL_E2E_PATIENCE", 4 if SANITIZED else 1))
REGION = "us-east-1"

# Python functions run by the interpreter of the tests, which has boto3.
_PATH = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
_READY = re.compile(r"(http://\S+:\d+).*Ready\.$")
_REPORTS = ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "runtime error:", "WARNING: ThreadSanitizer")


def eventually(predicate, timeout=30, what="the condition"):
    """The first true value of `predicate`, asked every 50 ms; fails after `timeout` seconds (times PATIENCE)."""
    deadline = time.monotonic() + timeout * PATIENCE
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not after {timeout * PATIENCE:.0f} s; last answer: {value!r}")
        time.sleep(0.05)


def clean_environment(**more):
    """This process's environment without what would lead a client elsewhere."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {**kept, "AWS_EC2_METADATA_DISABLED": "true", **more}


def make_client(service, endpoint, key="test", secret="test", token=None, region=REGION, **config):
    """A stock boto3 client that does not retry, so that a test sees the first answer."""
    settings = botocore.config.Config(retries={"total_max_attempts": 1}, connect_timeout=5,
                                      read_timeout=60 * PATIENCE, max_pool_connections=32, **config)
    session = boto3.session.Session(aws_access_key_id=key, aws_secret_access_key=secret, aws_session_token=token,
                                    region_name=region)
    return session.client(service, endpoint_url=endpoint, config=settings)


def children_of(pid):
    """Process ids of the direct children, from /proc."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended meanwhile
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(entry.name))
    return found


def is_alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def resident_peak_mib(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) / 1024


class TillServer:
    """One `till serve`. `data` outlives it, so that another one can go on with it."""

    def __init__(self, data, *arguments, wrapped_in=(), **environment):
        self.data = pathlib.Path(data)
        self.stderr_path = self.data.parent / f"{self.data.name}.stderr"
        self._stderr = open(self.stderr_path, "ab")
        self.process = subprocess.Popen(
            [*wrapped_in, BINARY, "serve", "--port", "0", "--data", self.data, *arguments], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=self._stderr, env=clean_environment(PATH=_PATH, **environment))
        try:
            self.endpoint = self._await_ready()
        except BaseException:
            self.kill()
            raise
        self._clients = {}

    def _await_ready(self):
        deadline = time.monotonic() + 20 * PATIENCE
        read = b""
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while time.monotonic() < deadline:
                if not selector.select(deadline - time.monotonic()):
                    continue
                piece = os.read(self.process.stdout.fileno(), 4096)
                read += piece
                for line in read.decode().splitlines():
                    if found := _READY.search(line.rstrip()):
                        return found.group(1)
                if not piece:
                    break
        raise AssertionError(f"no line ending in 'Ready.': {read!r}; {self.stderr_text()}")

    def client(self, service, **options):
        """A client with the root key; the same one for the same service unless options are given."""
        if options:
            return make_client(service, self.endpoint, **options)
        if service not in self._clients:
            self._clients[service] = make_client(service, self.endpoint)
        return self._clients[service]

    @property
    def account(self):
        return self.client("sts").get_caller_identity()["Account"]

    def stderr_text(self):
        return self.stderr_path.read_text(errors="replace")

    def kill(self):
        """As the power cut would: no goodbye."""
        self.process.kill()
        self.process.wait()
        self._close()

    def stop(self):
        """SIGTERM; it has to end by itself, with exit code 0 and nothing from the sanitizers."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(timeout=30 * PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("till serve does not end after SIGTERM") from None
        self._close()
        self.check_reports()
        assert code == 0, f"till serve ended with {code}: {self.stderr_text()[-4000:]}"

    def check_reports(self):
        text = self.stderr_text()
        assert not any(report in text for report in _REPORTS), text[-8000:]

    def _close(self):
        self.process.stdout.close()
        self._stderr.close()


class VirtualTill(TillServer):
    """An engine in memory whose clock stands still until advance()."""

    def __init__(self, data, *arguments):
        super().__init__(data, "--memory", "--clock", "virtual", *arguments)
        self.endpoint_url = self.endpoint

    def advance(self, seconds):
        request = urllib.request.Request(self.endpoint + "/_till/clock/advance", method="POST",
                                         data=json.dumps({"seconds": seconds}).encode())
        with urllib.request.urlopen(request) as reply:
            return json.load(reply)


class TillResult:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    @property
    def json(self):
        """The one object that --json promises; anything beside it is a failure."""
        value = json.loads(self.out)
        assert isinstance(value, dict), self.out
        return value

    def __repr__(self):
        return f"exit {self.code}\n--- out\n{self.out}\n--- err\n{self.err}"


_OUTPUT_BYTES_MAX = 16 << 20


def till(*arguments, stdin="", timeout=60, **environment):
    """Runs a command of `till` to its end. Of its output at most 16 MiB are taken; then the pipe is closed."""
    command = [BINARY, *map(str, arguments)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=clean_environment(**environment)) as process:
        read = {}

        def take(stream):
            read[stream] = stream.read(_OUTPUT_BYTES_MAX)
            stream.close()

        readers = [threading.Thread(target=take, args=(stream,)) for stream in (process.stdout, process.stderr)]
        for reader in readers:
            reader.start()
        try:
            process.stdin.write(stdin.encode())
            process.stdin.close()
        except BrokenPipeError:
            pass  # it does not read
        try:
            code = process.wait(timeout * PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            raise AssertionError(f"{command} has not ended after {timeout * PATIENCE:.0f} s") from None
        for reader in readers:
            reader.join()
    out, err = (read[stream].decode() for stream in (process.stdout, process.stderr))
    assert code >= 0, f"killed by signal {-code}: {err[-4000:]}"
    assert not any(report in err for report in _REPORTS), err[-8000:]
    return TillResult(code, out, err)


@contextlib.contextmanager
def running(*arguments):
    """A command of `till` whose output is read while it runs: `said(text)` waits for it on stderr or stdout."""
    process = subprocess.Popen([BINARY, *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, env=clean_environment())
    lines = []

    def read():
        for line in process.stdout:
            lines.append(line)
    reader = threading.Thread(target=read)
    reader.start()
    process.said = lambda text, timeout=30: eventually(lambda: [line for line in lines if text in line], timeout,
                                                       f"{text!r} in {lines}")
    process.lines = lines
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        reader.join()
        process.stdout.close()
