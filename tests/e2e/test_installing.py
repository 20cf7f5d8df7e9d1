"""What `cmake --install` puts on a machine: it needs the C library alone, goes on with the data of the version before,
and runs as a service."""
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import stat
import subprocess

import pytest
from till_process import BINARY, EXAMPLE, ROOT, SANITIZED, TillServer, clean_environment, make_client, till

pytestmark = pytest.mark.skipif(SANITIZED, reason="what is installed is the release preset's")
UNIT = ROOT / "packaging" / "tillstream.service"


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    directory = tmp_path_factory.mktemp("prefix")
    subprocess.run(["cmake", "--install", BINARY.parent, "--prefix", directory], check=True, capture_output=True)
    return directory


def libraries(program):
    listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    return {pathlib.Path(path) for path in re.findall(r"(/\S+) \(0x", listed)}


def test_it_needs_the_c_library_alone(prefix):
    program = prefix / "bin/till"
    assert {path.name for path in libraries(program)} == {"libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2"}
    symbols = subprocess.run(["objdump", "-T", program], capture_output=True, text=True, check=True).stdout
    versions = {tuple(map(int, version.split("."))) for version in re.findall(r"GLIBC_([\d.]+)", symbols)}
    assert max(versions) == (2, 34), "Amazon Linux 2023 and RHEL 9 have 2.34"
    assert program.stat().st_size < 20_000_000


def test_what_is_installed(prefix):
    files = {str(path.relative_to(prefix)) for path in prefix.rglob("*") if path.is_file()}
    assert {"bin/till", "share/man/man1/till.1", "share/man/man1/till-run.1",
            "share/bash-completion/completions/till", "share/zsh/vendor-completions/_till",
            "share/fish/vendor_completions.d/till.fish", "lib/systemd/system/tillstream.service",
            "share/doc/tillstream/README.md", "share/doc/tillstream/docs/installing.md",
            "share/doc/tillstream/copyright", "share/doc/tillstream/examples/ecommerce_100_transactions.json",
            "share/doc/tillstream/examples/adapters/python/xml_ingest.py",
            "share/doc/tillstream/examples/adapters/cpp/net_amount.cc"} <= files
    assert str(ROOT).encode() not in (prefix / "bin/till").read_bytes(), "it names the place where it was built"


# By a notice of its own: what is below build/ (scripts/bootstrap) and built here.
BUILT_FROM_SOURCE = {"libraries/include/openssl": "openssl", "libraries/lib/libssl.a": "openssl",
                     "libraries/lib/libcrypto.a": "openssl", "libraries/include/curl": "curl",
                     "libraries/lib/libcurl.a": "curl", "libraries/include/zip": "libzip",
                     "libraries/lib/libzip.a": "libzip", "libraries/include/rocksdb": "rocksdb",
                     "libraries/lib/librocksdb.a": "rocksdb", "sources/simdjson": "simdjson", "sources/pugixml": "pugixml",
                     "headers/usr/include/valijson": "libvalijson-dev"}
# Only called, or the compiler's own, whose licence asks for no notice in what it compiles.
NOT_CARRIED = {"libc6-dev", "linux-libc-dev", "libclang-common-19-dev"}


def ninja(*arguments):
    return subprocess.run(["ninja", "-C", BINARY.parent, *arguments], capture_output=True, text=True,
                          check=True).stdout


def files_of_others():
    """What the build has read for `till`, with the functions in it: headers, and libraries that were linked."""
    inputs = ninja("-t", "inputs", "till").splitlines()
    objects = {name for name in inputs if name.endswith(".o")}
    found = {name for name in inputs if name.endswith(".a")}
    of = None
    for line in ninja("-t", "deps").splitlines():
        if not line.startswith(" "):
            of = line.partition(":")[0]
        elif of in objects:
            found.add(line.strip())
    ours = ROOT / "src"
    paths = {pathlib.Path(os.path.realpath(BINARY.parent / name)) for name in found}
    return {path for path in paths if not path.is_relative_to(ours) and not path.is_relative_to(BINARY.parent)}


def test_what_it_carries_has_its_notice(prefix):
    notices = prefix / "share/doc/tillstream/third-party"
    needed = {"libgcc-12-dev"}  # which the compiler links without being told
    packaged = set()
    for path in files_of_others():
        if not path.is_relative_to(ROOT / "build"):
            packaged.add(path)
            continue
        name = str(path.relative_to(ROOT / "build"))
        owners = {owner for begin, owner in BUILT_FROM_SOURCE.items() if name.startswith(begin)}
        assert len(owners) == 1, f"whose is {name}?"
        needed |= owners
    listed = subprocess.run(["dpkg", "--search", *packaged], capture_output=True, text=True, check=True).stdout
    owners = {line.partition(": ")[0].partition(":")[0] for line in listed.splitlines()}
    needed |= {"openssl" if owner == "libssl-dev" else owner for owner in owners - NOT_CARRIED}
    needed |= {"rocksdb-leveldb"}  # a second licence
    assert {"rocksdb", "liblz4-dev", "libboost1.81-dev", "libstdc++-12-dev", "openssl", "libvalijson-dev"} <= needed
    assert needed == {path.stem for path in notices.glob("*.txt")}
    for notice in notices.glob("*.txt"):
        text = notice.read_text()
        assert "opyright" in text and len(text) > 500, notice
        for licence in re.findall(r"/usr/share/common-licenses/([\w.+-]*[\w+])", text):
            assert (notices / "common-licenses" / licence).stat().st_size > 1000, licence


@pytest.fixture
def bare_root(prefix, tmp_path):
    """A root with the program, the C library and one file of orders; nothing else."""
    root = tmp_path / "root"
    program = prefix / "bin/till"
    for path in libraries(program):
        place = root / str(path).lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path.resolve(), place)
    (root / "bin").mkdir(exist_ok=True)
    shutil.copy(program, root / "bin/till")
    shutil.copy(EXAMPLE, root / "orders.json")
    (root / "proc").mkdir()
    return root


def in_root(root, *arguments, proc=True, **environment):
    """Runs a command of `till` in this root, with /proc as every machine has it."""
    mount = f"mount --rbind /proc {root}/proc && " if proc else ""
    namespaces = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]
    return subprocess.run([*namespaces, "sh", "-c", f'{mount}exec chroot {root} /bin/till "$@"', "sh", *arguments],
                          capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
                          env={"HOME": "/", "PATH": os.environ["PATH"], **environment})


def test_a_bare_root_runs_the_pipeline(bare_root):
    done = in_root(bare_root, "run", "/orders.json", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["accepted"] == 96
    stored = in_root(bare_root, "orders", "list", "--json")
    assert len(json.loads(stored.stdout)["orders"]) == 96, stored.stderr


def test_a_root_without_proc_says_so(bare_root):
    assert in_root(bare_root, "up", "--json", proc=False).returncode == 0
    done = in_root(bare_root, "invoke", "process", '{"Records": []}', proc=False)
    assert done.returncode != 0 and "/proc is not mounted" in done.stdout + done.stderr


def test_the_data_of_the_version_before_is_kept(prefix, tmp_path):
    """What one program has written, the other goes on with: orders, and duplicates of them."""
    data = tmp_path / "data"
    assert till("run", EXAMPLE, "--data", data).code == 0  # the build, as it stands for the version before
    again = subprocess.run([prefix / "bin/till", "run", EXAMPLE, "--json", "--data", data], capture_output=True,
                           text=True, env=clean_environment())
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["duplicates"] == 100


def test_the_engine_tells_the_service_manager(tmp_path):
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    path = str(tmp_path / "notify")
    manager.bind(path)
    manager.settimeout(30)
    with manager:
        engine = TillServer(tmp_path / "data", "--memory", NOTIFY_SOCKET=path)
        assert manager.recv(4096).decode().splitlines() == ["READY=1", f"STATUS={engine.endpoint}"]
        engine.process.send_signal(signal.SIGTERM)
        assert manager.recv(4096) == b"STOPPING=1"
        engine.stop()


def test_an_abstract_socket_is_one_too(tmp_path):
    name = f"till-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0" + name)
        manager.settimeout(30)
        engine = TillServer(tmp_path / "data", "--memory", NOTIFY_SOCKET="@" + name)
        assert manager.recv(4096).startswith(b"READY=1")
        engine.stop()


def test_a_manager_that_is_gone_is_worth_a_line(tmp_path):
    engine = TillServer(tmp_path / "data", "--memory", NOTIFY_SOCKET=str(tmp_path / "nobody"))
    engine.stop()
    assert "the service manager at" in engine.stderr_text()


@pytest.mark.parametrize("there", [True, False])
def test_a_key_of_root_may_be_in_the_data_directory(tmp_path, serve, there):
    """As the image has it: the key is what is written first."""
    data = tmp_path / "data"
    if there:
        data.mkdir()
    key_file = data / "root-key"
    serve("--root-key", key_file, "--listen", "0.0.0.0", data=data).stop()
    before = key_file.read_bytes()
    serve("--root-key", key_file, "--listen", "0.0.0.0", data=data).stop()
    assert key_file.read_bytes() == before and (data / "TILLSTREAM").exists()


def test_what_is_no_file_has_no_key(tmp_path):
    for path in ("/dev/zero", tmp_path):
        refused = till("serve", "--port", "0", "--data", tmp_path / "data", "--root-key", path)
        assert refused.code == 2 and f"{path} is no file with a key" in refused.err, refused


def test_a_key_of_root_is_made_up_once(tmp_path, serve):
    key_file = tmp_path / "root-key"
    engine = serve("--root-key", key_file, "--listen", "0.0.0.0", data=tmp_path / "data")
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    words = dict(line.split("=") for line in key_file.read_text().splitlines())
    assert re.fullmatch("AKIA[A-Z2-7]{16}", words["AWS_ACCESS_KEY_ID"]) and len(words["AWS_SECRET_ACCESS_KEY"]) == 40
    assert words["AWS_SECRET_ACCESS_KEY"] not in engine.stderr_text()

    def caller(key, secret):
        return make_client("sts", engine.endpoint, key, secret).get_caller_identity()["Arn"]
    assert caller(*words.values()).endswith(":root")
    for key, secret in (("test", "test"), (words["AWS_ACCESS_KEY_ID"], "test")):
        with pytest.raises(Exception, match="InvalidClientTokenId|SignatureDoesNotMatch"):
            caller(key, secret)
    engine.stop()
    before = key_file.read_bytes()
    engine = serve("--root-key", key_file, data=tmp_path / "data")
    assert key_file.read_bytes() == before and caller(*words.values()).endswith(":root")
    assert till("status", "--data", tmp_path / "data").code != 1, "commands on the data directory find the key there"


def test_a_key_that_others_may_read_is_worth_a_line(tmp_path, serve):
    key_file = tmp_path / "root-key"
    key_file.write_text("AWS_ACCESS_KEY_ID=OWNER\nAWS_SECRET_ACCESS_KEY=own-secret-of-ours\n")
    for mode, warned in ((0o444, True), (0o640, True), (0o600, False)):
        key_file.chmod(mode)
        engine = serve("--memory", "--root-key", key_file, data=tmp_path / oct(mode))
        engine.stop()
        assert (f"warning: others than its owner may read {key_file}" in engine.stderr_text()) == warned, oct(mode)
        assert "own-secret" not in engine.stderr_text()
    key_file.write_text("AWS_ACCESS_KEY_ID=OWNER\nAWS_SECRET_ACCESS_KEY=short\n")
    result = till("serve", "--memory", "--root-key", key_file, "--listen", "0.0.0.0", "--port", "0")
    assert result.code == 2 and f"the secret in {key_file} has fewer than 16 characters" in result.err, result


@pytest.mark.parametrize("content", ["", "AWS_ACCESS_KEY_ID=AKIAX\n", "AWS_ACCESS_KEY_ID=a b\nAWS_SECRET_ACCESS_KEY=x\n"])
def test_a_file_without_a_key_is_refused(tmp_path, content):
    key_file = tmp_path / "root-key"
    key_file.write_text(content)
    result = till("serve", "--memory", "--root-key", key_file, "--data", tmp_path / "data")
    assert result.code == 2 and "has no two lines AWS_ACCESS_KEY_ID=" in result.err
    assert key_file.read_text() == content


def test_a_key_comes_from_one_place(tmp_path):
    result = till("serve", "--memory", "--root-key", tmp_path / "k", "--data", tmp_path / "data",
                  TILL_ROOT_ACCESS_KEY_ID="ROOT", TILL_ROOT_SECRET_ACCESS_KEY="a-secret")
    assert result.code == 2 and "give it in one of them" in result.err and "a-secret" not in result.err
    assert not (tmp_path / "k").exists()
    nowhere = till("serve", "--memory", "--root-key", tmp_path / "no/such/key", "--data", tmp_path / "data")
    assert nowhere.code == 2 and "no/such/key" in nowhere.err


def test_the_image_starts_a_command_that_there_is():
    text = (ROOT / "packaging" / "Dockerfile").read_text()
    words = json.loads(re.search(r"^CMD (.*)$", text, re.MULTILINE).group(1))
    assert till(*words, "--help").code == 0
    assert words[words.index("--root-key") + 1].startswith(re.search(r"^VOLUME (\S+)", text, re.MULTILINE).group(1))


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_the_service_is_locked_in(tmp_path, prefix):
    checked = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=25", "--no-pager", UNIT],
                             capture_output=True, text=True)
    exposure = re.search(r"exposure level for tillstream.service: ([\d.]+)", checked.stdout)
    assert exposure and float(exposure.group(1)) < 2.5, checked.stdout + checked.stderr
    here = tmp_path / UNIT.name
    here.write_text(UNIT.read_text().replace("/usr/bin/till", str(prefix / "bin/till")))
    verified = subprocess.run(["systemd-analyze", "verify", "--man=no", here], capture_output=True, text=True)
    assert verified.returncode == 0 and str(here) not in verified.stderr, verified.stderr
