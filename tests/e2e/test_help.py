"""What the command line says about itself: help, what may have been meant, examples that are true, completions, manual
pages; and `till doctor`."""
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile

import pytest
from till_process import BINARY, EXAMPLE, ROOT, SANITIZED, VirtualTill, clean_environment, till

OK, FAILED, USAGE, CHECK_FAILED = range(4)  # src/cli/exit_code.h


def below(help_text):
    """The commands that a help lists."""
    section = re.search(r"\nSubcommands:\n(.*?)\n\n", help_text, re.DOTALL)
    return re.findall(r"^  (\w+)", section.group(1), re.MULTILINE) if section else []


def all_commands():
    found = []
    for command in below(till("help").out):
        found.append([command])
        found += [[command, each] for each in below(till("help", command).out)]
    return found


COMMANDS = all_commands()


def examples_of(help_text):
    """The lines of a help's examples; those that are long have their words on the next line."""
    section = re.search(r"\nExamples:\n(.*?)\n(?:\n|Without)", help_text, re.DOTALL)
    lines = [line for line in section.group(1).splitlines() if re.match(r"  \S", line)] if section else []
    return [re.split(r"\s{2,}", line.strip())[0] for line in lines]


def test_each_command_has_help_of_its_own():
    assert len(COMMANDS) > 40
    for command in COMMANDS:
        shown = till("help", *command)
        assert shown.code == OK and shown.out == till(*command, "--help").out, command
        assert f"Usage: till {' '.join(command)}" in shown.out
        assert "Options of every command:" in shown.out and "--endpoint" in shown.out
        own = examples_of(shown.out)
        assert own, f"{command} has no example"
        assert all(re.search(rf"\btill {' '.join(command)}\b", line) for line in own), (command, own)


@pytest.mark.parametrize("arguments, meant", [
    (["rnu", "x.json"], "till: there is no command \"rnu\"; did you mean `till run`? `till help` lists them"),
    (["Status"], "did you mean `till status`?"),
    (["quar"], "did you mean `till quarantine`?"),
    (["drill"], "did you mean `till alarms drill`?"),
    (["orders", "lst"], "orders: there is no command \"lst\"; did you mean `till orders list`?"),
    (["alarms", "dril", "error"], "did you mean `till alarms drill`?"),
    (["help", "orders", "exprot"], "did you mean `till orders export`?"),
    (["run", "--jsno", "x.json"], "run: there is no option --jsno; did you mean `--json`? `till help run` lists them"),
    (["up", "--threshhold=5"], "there is no option --threshhold; did you mean `--threshold`?"),
    (["orders", "list", "--curency", "EUR"], "did you mean `--currency`? `till help orders list`"),
    (["help", "run", "files"], "run: it has no commands below it"),
    (["orders"], "orders: a command is wanted, one of get, clear, list, export, report;"),
    (["serve", "--clock", "sundial"], "serve: --clock: sundial not in {system,virtual}; `till help serve` shows how"),
    (["man", "nothing"], "man: there is no command \"nothing\""),
    (["man", "stauts"], "man: there is no command \"stauts\"; did you mean `till status`? `till help` lists them"),
])
def test_a_misspelt_line_is_answered_with_what_may_be_meant(arguments, meant):
    result = till(*arguments)
    assert result.code == USAGE and meant in result.err and result.out == "", result


def test_nothing_is_suggested_where_nothing_is_near():
    assert "did you mean" not in till("frobnicate").err
    assert "did you mean" not in till("run", "--frobnicate").err


def examples():
    """Every example of every command, each once."""
    found = {}
    for command in COMMANDS:
        if len(command) == 1:
            found.update(dict.fromkeys(examples_of(till("help", *command).out)))
    return list(found)


def test_the_overview_is_made_of_the_same_examples():
    assert set(examples_of(till("help").out)) <= set(examples())


def test_every_example_is_true(tmp_path):
    """Each is run by a shell as it stands, on files and rows of the names that they have. What waits for Ctrl-C gets it."""
    engine = VirtualTill(tmp_path / "engine")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "till").symlink_to(BINARY)
    (tmp_path / "inbox").mkdir()
    (tmp_path / "functions").mkdir()
    shutil.copy(EXAMPLE, tmp_path / "orders.json")
    subprocess.run(["gzip", "-k", "orders.json"], cwd=tmp_path, check=True)
    (tmp_path / "home/.local/share/bash-completion/completions").mkdir(parents=True)
    (tmp_path / "home/.config/fish/completions").mkdir(parents=True)
    package = BINARY.parent / "src/functions/functions.zip"
    shutil.copy(package, tmp_path / "my.zip")
    environment = clean_environment(AWS_ENDPOINT_URL=engine.endpoint, HOME=str(tmp_path / "home"),
                                    PATH=f"{tmp_path / 'bin'}:{os.environ['PATH']}", TILL_DATA=str(tmp_path / "none"))
    waits = {"till serve", "till ingest --watch inbox", "till logs --follow"}
    order = sorted(examples(), key=lambda line: ("init" in line, "down" in line, "clear" in line, "discard" in line))
    try:
        assert till("run", EXAMPLE, AWS_ENDPOINT_URL=engine.endpoint).code == OK
        for line in order:
            if line in waits or line.startswith(("till serve", "till bench")):
                assert till(*shlex.split(line)[1:], "--help").code == OK, line  # understood, up to where it would wait
                continue
            if "(till completion" in line or "fpath" in line:
                continue  # tried below, in shells of their own
            if re.search(r"\bID\b", line):
                listing = "quarantine" if "quarantine" in line else "uploads"
                found = till(listing, "list", "--json", AWS_ENDPOINT_URL=engine.endpoint).json
                line = re.sub(r"\bID\b", first_id(found), line)
            done = subprocess.run(["bash", "-c", line], cwd=tmp_path, env=environment, capture_output=True, text=True,
                                  stdin=subprocess.DEVNULL, timeout=120)
            assert done.returncode != USAGE or "terminal" in done.stderr, (line, done.stderr)
            assert "did you mean" not in done.stderr and "no option" not in done.stderr, (line, done.stderr)
    finally:
        engine.stop()


def first_id(listing):
    """The id of the first row of `quarantine list` or `uploads list`."""
    row = next(rows for rows in listing.values() if isinstance(rows, list))[0]
    return row.get("upload_id") or row["body_sha256"]


def complete(shell_words):
    """What bash offers for the last of these words."""
    script = ('source <("$0" completion bash); COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _till; '
              'printf "%s\\n" "${COMPREPLY[@]}"')
    done = subprocess.run(["bash", "-c", script, BINARY, *shell_words], capture_output=True, text=True, check=True,
                          cwd=ROOT)
    assert not done.stderr
    return done.stdout.split()


@pytest.mark.parametrize("words, offered", [
    (["till", "qua"], {"quarantine"}),
    (["till", "orders", ""], {"get", "clear", "list", "export", "report"}),
    (["till", "--data", "orders", "al"], {"alarms"}),  # the word behind --data is no command
    (["till", "orders", "list", "--sort", ""], {"amount", "time", "id"}),
    (["till", "serve", "--clock", "=", "v"], {"virtual"}),
    (["till", "alarms", "drill", ""], {"error", "duration", "throttle"}),
    (["till", "run", "READ"], {"README.md"}),
    (["till", "run", "--watch", "sr"], {"src"}),
    (["till", "run", "--jso"], {"--json"}),
    (["till", "serve", "--port", ""], set()),
    (["till", "help", "ala"], {"alarms"}),
    (["till", "help", "alarms", ""], {"list", "drill"}),
    (["till", "help", "alarms", "drill", ""], set()),
    (["till", "man", "ala"], {"alarms"}),
    (["till", "man", "alarms", ""], {"list", "drill"}),
    (["till", "init", "--preset", "s"], {"shopify", "stripe"}),
    (["till", "invoke", ""], {"ingest", "process", "sweep", "intake"}),
    (["till", "config", ""], {"show"}),
    (["till", "nope", ""], set()),
    (["till", "alarms", "drill", "error", ""], set()),
    (["till", "deploy", "ingest", "pro"], {"process"}),  # it takes several
])
def test_bash_completes(words, offered):
    assert set(complete(words)) == offered


def test_bash_offers_every_command():
    assert set(complete(["till", ""])) == {command[0] for command in COMMANDS if len(command) == 1}


def test_no_name_is_a_flag_here_and_takes_a_value_there():
    """The completions skip the word behind an option by the option's name alone."""
    takes, flags = set(), set()
    for command in COMMANDS:
        for names, value in re.findall(r"^  (-\S+)(?: ([A-Z]{2,}\S*))?", till("help", *command).out, re.MULTILINE):
            (takes if value else flags).update(names.split(","))
    assert takes and flags and not takes & flags


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_can_read_theirs(shell, tmp_path):
    script = tmp_path / "script"
    script.write_text(till("completion", shell).out)
    assert len(script.read_text().splitlines()) > 50
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")
    subprocess.run([shell, "-n", script], check=True)


@pytest.mark.skipif(shutil.which("fish") is None, reason="no fish here")
@pytest.mark.parametrize("line, offered", [
    ("orders ", {"get", "clear", "list", "export", "report"}),
    ("help alarms ", {"list", "drill"}),
    ("man ala", {"alarms"}),
    ("init --preset s", {"shopify", "stripe"}),
    ("invoke ", {"ingest", "process", "sweep", "intake"}),
    ("config ", {"show"}),
    ("nope ", set()),
    ("alarms drill ", {"error", "duration", "throttle"}),
    ("alarms drill error ", set()),
    ("deploy ingest pro", {"process"}),
])
def test_fish_completes(tmp_path, line, offered):
    (tmp_path / "script").write_text(till("completion", "fish").out)
    done = subprocess.run(["fish", "-c", f"source {tmp_path / 'script'}; complete -C 'till {line}'"], text=True,
                          capture_output=True, check=True, cwd=tmp_path, env=clean_environment(HOME=str(tmp_path)))
    assert {each.split("\t")[0] for each in done.stdout.splitlines()} == offered and not done.stderr


ZSH = """_describe() { for each in $offered; do print -r -- "${each%%:*}"; done }
compadd() { shift; print -rl -- "$@" }
_files() { print -r -- "files" }
compdef() { : }
compset() { : }
source $0
words=("$@"); CURRENT=$#; _till; true
"""


@pytest.mark.skipif(shutil.which("zsh") is None, reason="no zsh here")
@pytest.mark.parametrize("line, offered", [
    ("orders ", {"get", "clear", "list", "export", "report"}),
    ("help alarms ", {"list", "drill"}),
    ("init --preset ", {"original", "shopify", "woocommerce", "stripe", "amazon", "csv"}),
    ("invoke ", {"ingest", "process", "sweep", "intake"}),
    ("serve --clock=v", {"system", "virtual"}),
    ("init --preset=", {"original", "shopify", "woocommerce", "stripe", "amazon", "csv"}),
    ("serve --data=", {"files"}),
    ("man alarms ", {"list", "drill"}),
    ("nope ", set()),
    ("alarms drill ", {"error", "duration", "throttle"}),
    ("alarms drill error ", set()),
    ("run orders.json ", {"files"}),
])
def test_zsh_completes(tmp_path, line, offered):
    """What the function hands to zsh, which chooses from it."""
    (tmp_path / "script").write_text(till("completion", "zsh").out)
    done = subprocess.run(["zsh", "-f", "-c", ZSH, tmp_path / "script", "till", *line.split(" ")], text=True,
                          capture_output=True, env=clean_environment(HOME=str(tmp_path)))
    assert set(done.stdout.split()) == offered and not done.stderr, done


def test_manual_pages(tmp_path):
    assert till("man", "--directory", tmp_path / "man").code == OK
    pages = sorted((tmp_path / "man").iterdir())
    assert {page.stem for page in pages} == {"till"} | {f"till-{command[0]}" for command in COMMANDS}
    written = pages[0].read_text()
    pages[0].write_text(written.replace('"till ', '"till 0.0.', 1) + "an older one\n")
    assert till("man", "--directory", tmp_path / "man").code == OK, "as after an upgrade"
    assert pages[0].read_text() == written and sorted((tmp_path / "man").iterdir()) == pages
    for foreign in ("mine\n", '.TH TILLER 1 2020-01-01 "tiller 1" Boats\n'):
        pages[0].write_text(foreign)
        again = till("man", "--directory", tmp_path / "man")
        assert again.code == FAILED and pages[0].name in again.err and pages[0].read_text() == foreign, "it stays"
    pages[0].write_text(written)
    run = (tmp_path / "man/till-run.1").read_text()
    assert run == till("man", "run").out
    drill = till("man", "alarms", "drill").out
    assert drill.startswith(r".TH TILL\-ALARMS\-DRILL 1 ") and r"\fB\-\-timeout\fR" in drill, drill
    assert "till alarms drill error" in drill.replace("\\", ""), drill
    for words, said in ((["alarms", "dril"], "did you mean `till alarms drill`?"), (["run", "x"], "no commands below it")):
        wrong = till("man", *words)
        assert wrong.code == USAGE and said in wrong.err and not wrong.out, wrong
    assert r"\fB\-\-max\-rejected\fR" in run and "till run orders.json" in run and ".SH OPTIONS OF EVERY COMMAND" in run
    drill = (tmp_path / "man/till-alarms.1").read_text()
    assert "error|duration|throttle" in drill.replace(r"\-", "-") or r"\fIKIND\fR" in drill
    if shutil.which("mandoc"):
        checked = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", *pages], capture_output=True, text=True)
        found = [line for line in checked.stdout.splitlines() if "WARNING" in line or "ERROR" in line]
        assert not found, "\n".join(found)
    if shutil.which("groff"):
        for page in pages:
            shown = subprocess.run(["groff", "-man", "-Tutf8", "-ww", page], capture_output=True, text=True, check=True)
            assert not shown.stderr and shown.stdout, page


class Doctor:
    def __init__(self, *arguments, wrapped_in=(), **environment):
        done = subprocess.run([*wrapped_in, BINARY, "doctor", "--json", *map(str, arguments)], capture_output=True,
                              text=True, env=clean_environment(**environment), stdin=subprocess.DEVNULL)
        assert not done.stderr, done.stderr
        self.code, self.report = done.returncode, json.loads(done.stdout)

    def __getitem__(self, about):
        return next(check for check in self.report["checks"] if check["about"] == about)


def tree(directory):
    return sorted((str(path), path.stat().st_mtime_ns) for path in directory.rglob("*"))


def test_doctor_leaves_no_trace(tmp_path):
    before = tree(tmp_path)
    doctor = Doctor("--data", tmp_path / "data", HOME=str(tmp_path))
    assert doctor.code == OK and doctor.report["ok"] is True
    assert "still to be made" in doctor["data directory"]["found"] and tree(tmp_path) == before
    for about in ("clock", "port 4566", "open files", "processes and threads", "memory", "disk", "sync", "definition",
                  "region", "endpoint", "certificates", "python3", "node"):
        assert doctor[about]["state"] in ("ok", "warn") and doctor[about]["found"], about
    for check in doctor.report["checks"]:
        assert (check["advice"] is None) == (check["state"] == "ok"), check
    shown = till("doctor", "--data", tmp_path / "data")
    assert shown.code == OK and "Nothing stands in the way" in shown.out


def test_doctor_says_what_stands_in_the_way(tmp_path):
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "letter.txt").write_text("dear")
    definition = tmp_path / "wrong.toml"
    definition.write_text("[order]\nid = 5\n")
    doctor = Doctor("--data", foreign, "--file", definition, "--endpoint", "http://127.0.0.1:1",
                    AWS_CA_BUNDLE=str(tmp_path / "nothing.pem"), PATH="/nowhere", AWS_ACCESS_KEY_ID="AKIAEXAMPLE",
                    AWS_SECRET_ACCESS_KEY="a-secret-of-mine")
    assert doctor.code == CHECK_FAILED and doctor.report["ok"] is False
    assert doctor["data directory"]["state"] == "fail" and "--data" in doctor["data directory"]["advice"]
    assert doctor["definition"]["state"] == "fail" and "wrong.toml:2" in doctor["definition"]["found"]
    assert doctor["endpoint"]["state"] == "fail" and "till serve" in doctor["endpoint"]["advice"]
    assert doctor["certificates"]["state"] == "warn" and "nothing.pem" in doctor["certificates"]["found"]
    assert doctor["python3"]["state"] == doctor["node"]["state"] == "warn"
    assert "AKIAEXAMPLE" in doctor["credentials"]["found"]
    assert "a-secret-of-mine" not in json.dumps(doctor.report)


def test_doctor_sees_that_nobody_is_trusted(tmp_path):
    (tmp_path / "empty").mkdir()
    doctor = Doctor("--data", tmp_path / "data", SSL_CERT_DIR=str(tmp_path / "empty"),
                    SSL_CERT_FILE=str(tmp_path / "nothing.pem"))
    assert doctor["certificates"]["state"] == "warn" and str(tmp_path / "empty") in doctor["certificates"]["found"]


def test_doctor_without_credentials_for_aws(tmp_path):
    doctor = Doctor("--endpoint", "aws", "--data", tmp_path / "data", HOME=str(tmp_path))
    assert doctor.code == CHECK_FAILED and doctor["credentials"]["state"] == "fail"


def test_doctor_names_who_has_the_port(tmp_path, serve):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        doctor = Doctor("--port", port, "--data", tmp_path / "data")
        assert doctor[f"port {port}"]["state"] == "warn" and str(os.getpid()) in doctor[f"port {port}"]["found"]
    engine = serve()
    port = engine.endpoint.rpartition(":")[2]
    doctor = Doctor("--port", port, "--data", engine.data)
    assert doctor[f"port {port}"]["state"] == "ok" and str(engine.process.pid) in doctor[f"port {port}"]["found"]
    assert engine.endpoint in doctor["endpoint"]["found"]


def test_doctor_sees_limits(tmp_path):
    doctor = Doctor("--data", tmp_path / "data", wrapped_in=["prlimit", "--nofile=512", "--fsize=100000"])
    assert doctor["open files"]["state"] == "warn" and "512" in doctor["open files"]["found"]
    assert doctor["size of files"]["state"] == "warn" and doctor.code == OK


@pytest.mark.skipif(SANITIZED, reason="the sanitizers want addresses and descriptors of their own")
def test_doctor_and_the_engine_name_limits_under_which_no_engine_works(tmp_path):
    doctor = Doctor("--data", tmp_path / "data", wrapped_in=["prlimit", "--nofile=95"])
    assert doctor.code == CHECK_FAILED and doctor["open files"]["state"] == "fail"
    assert "needs 96" in doctor["open files"]["advice"]
    addresses = ["prlimit", "--as=307200000"]
    doctor = Doctor("--data", tmp_path / "data", wrapped_in=addresses)
    assert doctor.code == CHECK_FAILED and "ulimit -v" in doctor["address space"]["advice"]
    refused = subprocess.run([*addresses, BINARY, "up", "--data", tmp_path / "data"], text=True, capture_output=True,
                             env=clean_environment(), stdin=subprocess.DEVNULL)
    assert refused.returncode == FAILED and "ulimit -v" in refused.stderr, refused


def without_proc(*command):
    """The command where /proc is an empty directory; None: this machine lets nobody make such a place."""
    enter = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]
    script = [*enter, "sh", "-c", 'mount -t tmpfs none /proc && exec "$@"', "sh"]
    return [*script, *command] if subprocess.run([*script, "true"], capture_output=True).returncode == 0 else None


@pytest.mark.skipif(SANITIZED, reason="the sanitizers want /proc of their own")
@pytest.mark.skipif(without_proc() is None, reason="no namespaces here")
def test_doctor_sees_that_there_is_no_proc(tmp_path):
    doctor = Doctor("--data", tmp_path / "data", wrapped_in=without_proc())
    assert doctor.code == CHECK_FAILED and doctor["/proc"]["state"] == "fail" and "mount" in doctor["/proc"]["advice"]


def test_doctor_wants_authorities_where_aws_is_called(tmp_path):
    keys = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "a", "AWS_REGION": "eu-west-1"}
    doctor = Doctor("--endpoint", "aws", "--data", tmp_path / "data", AWS_CA_BUNDLE="/nope", **keys)
    assert doctor.code == CHECK_FAILED and doctor["certificates"]["state"] == "fail"
    (tmp_path / "config").write_text("[default]\nca_bundle = /nowhere\n")
    doctor = Doctor("--endpoint", "aws", "--data", tmp_path / "data", AWS_CONFIG_FILE=str(tmp_path / "config"), **keys)
    assert doctor["certificates"]["state"] == "fail" and "/nowhere" in doctor["certificates"]["found"]
    (tmp_path / "till.toml").write_text('[email]\nsmtp = "smtps://mail.example.com"\nfrom = "a@b.example"\n')
    doctor = Doctor("--file", tmp_path / "till.toml", "--data", tmp_path / "data", AWS_CA_BUNDLE="/nope",
                    TILL_SMTP_USER="shop")
    assert doctor["certificates"]["state"] == "fail" and "TILL_SMTP_PASSWORD" in doctor["e-mail"]["found"]


@pytest.mark.parametrize("below", ["", "deeper"])
def test_a_link_to_nothing_is_no_place_for_data(tmp_path, below):
    (tmp_path / "link").symlink_to(tmp_path / "unmounted")
    place = tmp_path / "link" / below
    doctor = Doctor("--data", place)
    assert doctor.code == CHECK_FAILED and doctor["data directory"]["state"] == "fail"
    assert f"{tmp_path / 'link'} is a symbolic link to {tmp_path / 'unmounted'}" in doctor["data directory"]["found"]
    for command in ("up", "status"):
        refused = till(command, "--data", place)
        assert refused.code == FAILED and "is a symbolic link to" in refused.err, refused


def test_doctor_sees_an_engine_that_does_not_answer(serve):
    engine = serve()
    engine.process.send_signal(signal.SIGSTOP)
    try:
        doctor = Doctor("--data", engine.data)
    finally:
        engine.process.send_signal(signal.SIGCONT)
    assert doctor.code == CHECK_FAILED and doctor["engine"]["state"] == "fail"
    assert f"process {engine.process.pid} " in doctor["engine"]["found"]
    assert f"kill -CONT {engine.process.pid}" in doctor["engine"]["advice"]
    assert "open the data directory themselves" not in json.dumps(doctor.report)


def test_doctor_asks_interpreters(tmp_path):
    for name, text in (("python3", ""), ("node", "#!/bin/sh\nexit 3\n")):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    doctor = Doctor("--data", tmp_path / "data", PATH=f"{tmp_path}:/usr/bin:/bin")
    for name in ("python3", "node"):
        assert doctor[name]["state"] == "warn" and str(tmp_path / name) in doctor[name]["found"], doctor[name]
    (tmp_path / "node").write_text("#!/bin/sh\necho hello\n")
    assert "hello" in Doctor("--data", tmp_path / "data", PATH=f"{tmp_path}:/usr/bin:/bin")["node"]["found"]


@pytest.fixture
def open_directory():
    """Where every user may come, which tmp_path is not."""
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        yield pathlib.Path(directory)


def test_doctor_sees_data_of_somebody_else(open_directory):
    data = open_directory / "data"
    assert till("up", "--data", data).code == OK
    assert Doctor("--data", data)["data directory"]["state"] == "ok"
    file = data / "store" / "watermark"
    other = []
    if os.geteuid() == 0:  # to whom modes say nothing
        other = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        if subprocess.run([*other, "test", "-x", BINARY]).returncode != 0:
            pytest.skip("another user may not run the program")
        for path in [data, *data.rglob("*")]:
            path.chmod(0o777 if path.is_dir() else 0o666)
    file.chmod(0o400)
    doctor = Doctor("--data", data, wrapped_in=other)
    assert doctor.code == CHECK_FAILED and doctor["data directory"]["state"] == "fail"
    assert doctor["data directory"]["found"] == f"you may not read and write {file}"


@pytest.mark.skipif(not os.path.isdir("/dev/shm"), reason="no filesystem in memory here")
def test_doctor_knows_disks_that_forget():
    doctor = Doctor("--data", "/dev/shm/till-doctor-has-not-been-here")
    assert doctor["disk"]["state"] == "warn" and "tmpfs" in doctor["disk"]["found"]


@pytest.mark.parametrize("section, said", [
    ('[functions.process]\ncode = "no.py"\nruntime = "python3.12"\nhandler = "a.b"', "till.toml:2: [functions.process] code: "),
    ('[stack]\nfunctions_package = "no.zip"', "till.toml:2: [stack] functions_package: "),
])
def test_doctor_looks_for_the_code_that_a_definition_names(tmp_path, section, said):
    (tmp_path / "till.toml").write_text(section + "\n")
    doctor = Doctor("--data", tmp_path / "data", "--file", tmp_path / "till.toml")
    assert doctor.code == CHECK_FAILED and doctor["definition"]["state"] == "fail" and said in doctor["definition"]["found"]
