"""Mails that leave by SMTP: [email] of the definition, the outbox as the store of what waits, links that go on working."""
import pathlib
import re
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest
from peers import Authority
from smtp_server import CONTENT, DATA, GREETING, MAIL, RCPT, SmtpServer
from till_process import TillServer, eventually, till

OK, USAGE = 0, 2
PASSWORD = "s3cret-of-the-mail-server"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("mail") / "ca")


@pytest.fixture(scope="module")
def certificate(authority):
    return authority.issue("mail", ["DNS:localhost"])


@pytest.fixture
def mail_server():
    started = []

    def start(*arguments, **options):
        started.append(SmtpServer(*arguments, **options))
        return started[-1]
    yield start
    for each in started:
        each.close()


def definition(directory, mail, more=""):
    path = directory / "till.toml"
    path.write_text(f'[email]\nsmtp = "{mail if isinstance(mail, str) else mail.url}"\nfrom = "shop@example.com"\n{more}')
    return path


class Subscribed:
    """A topic of an engine, with one confirmed address."""

    def __init__(self, server, mail, address="a@example.com"):
        self.sns, self.mail = server.client("sns"), mail
        self.topic = self.sns.create_topic(Name="t")["TopicArn"]
        answer = self.sns.subscribe(TopicArn=self.topic, Protocol="email", Endpoint=address)["SubscriptionArn"]
        assert answer == "pending confirmation", "as on AWS"
        mails = eventually(lambda: [each for each in mail.taken if each.recipient == address], what="the request")
        link = links(mails[0])[0]
        assert "Action=ConfirmSubscription" in link
        self.arn = self.sns.confirm_subscription(TopicArn=self.topic, Token=query(link)["Token"])["SubscriptionArn"]
        mail.taken.clear()

    def publish(self, message="a boat was sold", **more):
        self.sns.publish(TopicArn=self.topic, Message=message, **more)

    def got(self, count=1):
        return eventually(lambda: len(self.mail.taken) >= count and list(self.mail.taken), what=f"{count} mails")


def links(mail):
    return re.findall(r"https?://[^\s\"<>]+", mail.body)


def query(link):
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(link).query))


def files(server, state):
    return sorted(path for path in (pathlib.Path(server.data) / "outbox" / state).glob("*.eml"))


def open_link(link, endpoint):
    """As a browser would, at the engine that is there now."""
    parts = urllib.parse.urlsplit(link)
    request = urllib.request.Request(f"{endpoint}/?{parts.query}", headers={"Host": parts.netloc})
    with urllib.request.urlopen(request) as reply:
        return reply.read().decode()


def metric(server, name):
    """The sum of a metric of the topic so far."""
    at = time.time()
    got = server.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/SNS", MetricName=name, Dimensions=[{"Name": "TopicName", "Value": "t"}], StartTime=at - 86_400,
        EndTime=at + 864_000, Period=86_400, Statistics=["Sum"])["Datapoints"]
    return sum(each["Sum"] for each in got)


@pytest.mark.parametrize("implicit", [False, True], ids=["STARTTLS", "smtps"])
def test_a_mail_leaves_encrypted_and_by_a_password(serve, mail_server, authority, certificate, tmp_path, implicit):
    mail = mail_server(certificate, implicit=implicit, user="shop", password=PASSWORD)
    file = definition(tmp_path, mail, "" if implicit else "starttls = true\n")
    server = serve("--file", str(file), SSL_CERT_FILE=str(authority.pem), TILL_SMTP_USER="shop",
                   TILL_SMTP_PASSWORD=PASSWORD)
    shop = Subscribed(server, mail)
    shop.publish("Größe: 1 €\nzweite Zeile\n.\nEnde", Subject="Order 1")
    [got] = shop.got()
    assert (got.sender, got.recipient, got.encrypted, got.user) == ("shop@example.com", "a@example.com", True, "shop")
    assert got.message["From"] == "shop@example.com" and got.message["Subject"] == "Order 1"
    assert "Größe: 1 €\nzweite Zeile\n.\nEnde" in got.body.replace("\r\n", "\n")
    assert got.message["Message-ID"].endswith("@example.com>")
    eventually(lambda: len(files(server, "sent")) == 2 and not files(server, "waiting"), what="the two to be moved")
    assert eventually(lambda: metric(server, "NumberOfNotificationsDelivered")) == 1
    server.stop()
    told = server.stderr_text()
    everything = told + "".join(path.read_text() for path in (server.data / "outbox").rglob("*.*"))
    assert f"mail: e-mails leave by {mail.url}" in told and PASSWORD not in everything
    assert not any(PASSWORD.encode() in path.read_bytes() for path in server.data.rglob("*") if path.is_file())


def test_what_is_wrong_with_the_server_is_told_and_tried_again(tmp_path, mail_server, authority, certificate, serve):
    """A certificate that nobody vouches for, no STARTTLS at all, a wrong password: nothing leaves, and nothing is lost."""
    mail = mail_server(certificate, user="shop", password=PASSWORD)
    bare = mail_server()
    for name, by, trusted, password, reason in (
            ("untrusted", mail, {}, PASSWORD, "certificate"),
            ("bare", bare, {"SSL_CERT_FILE": str(authority.pem)}, PASSWORD, "STARTTLS"),
            ("wrong", mail, {"SSL_CERT_FILE": str(authority.pem)}, "no-" + PASSWORD, "535 5.7.8 bad credentials")):
        (tmp_path / name).mkdir()
        file = definition(tmp_path / name, by, "starttls = true\n")
        server = serve("--file", str(file), data=tmp_path / name / "data", TILL_SMTP_USER="shop",
                       TILL_SMTP_PASSWORD=password, **trusted)
        sns = server.client("sns")
        sns.subscribe(TopicArn=sns.create_topic(Name="t")["TopicArn"], Protocol="email", Endpoint="a@example.com")
        eventually(lambda: "takes no mails" in server.stderr_text(), what="the reason")
        assert reason in server.stderr_text() and PASSWORD not in server.stderr_text(), server.stderr_text()
        assert len(files(server, "waiting")) == 1 and not files(server, "failed")
        server.stop()
    assert not mail.taken and not bare.taken and not any(text.startswith("AUTH") for text in bare.commands)


class VirtualMail(TillServer):
    """An engine in memory with a clock that stands still, so that pauses take no time."""

    def __init__(self, data, file):
        super().__init__(data, "--memory", "--clock", "virtual", "--file", str(file))

    def advance(self, seconds):
        urllib.request.urlopen(urllib.request.Request(self.endpoint + "/_till/clock/advance", method="POST",
                                                      data=b'{"seconds": %d}' % seconds)).close()


@pytest.fixture
def virtual(tmp_path, mail_server):
    mail = mail_server()
    server = VirtualMail(tmp_path / "data", definition(tmp_path, mail))
    yield server, mail, Subscribed(server, mail)
    server.stop()


def test_a_no_of_the_moment_is_tried_again_and_others_pass(virtual):
    server, mail, shop = virtual
    mail.say(RCPT, "451 4.7.1 greylisted")
    shop.publish("one")
    eventually(lambda: "451 4.7.1 greylisted" in server.stderr_text(), what="the first no")
    shop.publish("two")
    assert "two" in shop.got()[0].body, "another mail does not wait"
    server.advance(10)
    assert "one" in shop.got(2)[1].body
    mail.taken.clear()
    mail.say(MAIL, "421 4.3.2 closing")
    shop.publish("three")
    eventually(lambda: "takes no mails: 421" in server.stderr_text(), what="the closing")
    shop.publish("four")
    assert not mail.taken, "the server takes none, so all wait"
    server.advance(10)
    assert [text in got.body for text, got in zip(("three", "four"), shop.got(2))] == [True, True], "in order"
    assert "takes mails again" in server.stderr_text()
    assert not files(server, "failed")


def test_a_final_no_is_kept_with_its_reason_and_counted(virtual):
    server, mail, shop = virtual
    mail.say(RCPT, "550-5.1.1 no such\r\n550 5.1.1 user here")
    shop.publish()
    [failed] = eventually(lambda: files(server, "failed"), what="the file of the failure")
    reason = eventually(lambda: failed.with_suffix(".txt").exists() and failed.with_suffix(".txt").read_text())
    assert "a@example.com" in reason and "550 5.1.1 user here" in reason
    assert "not sent to a@example.com" in server.stderr_text()
    assert eventually(lambda: metric(server, "NumberOfNotificationsFailed")) == 1
    assert metric(server, "NumberOfNotificationsDelivered") == 0
    shop.publish("the next one")
    assert "the next one" in shop.got()[0].body


def test_tries_come_to_an_end(virtual):
    server, mail, shop = virtual
    mail.say(CONTENT, *["452 4.3.1 disk full"] * 60)
    shop.publish()
    eventually(lambda: "disk full" in server.stderr_text(), what="the first no")
    for _ in range(42):
        server.advance(600)
    [failed] = eventually(lambda: files(server, "failed"), what="the end of the tries")
    assert "given up after 50 tries" in eventually(lambda: failed.with_suffix(".txt").exists() and
                                                   failed.with_suffix(".txt").read_text())
    assert len(mail.answers[CONTENT]) == 10, "50 tries in about six hours"


def test_a_connection_that_is_lost_after_the_mail_costs_a_repetition_at_most(virtual):
    server, mail, shop = virtual
    mail.say(CONTENT, "drop")
    shop.publish()
    shop.got()
    eventually(lambda: "is tried again: the server closed the connection" in server.stderr_text(), what="the loss")
    server.advance(10)
    one, two = shop.got(2)
    assert one.message["Message-ID"] == two.message["Message-ID"], "so that who gets both can tell"
    eventually(lambda: not files(server, "waiting"), what="the end")


@pytest.mark.parametrize("at, how", [(RCPT, "drop"), (DATA, "drop"), (CONTENT, "drop"), (CONTENT, "421 4.3.0 bye")])
def test_a_mail_on_which_the_server_hangs_up_holds_up_no_other_and_has_an_end(virtual, at, how):
    server, mail, shop = virtual
    mail.say(at, *[how] * 60)
    shop.publish("the bad one")
    eventually(lambda: "is tried again: " in server.stderr_text(), what="the first loss")
    told = server.stderr_text()
    assert how in told or "is tried again: the server closed the connection" in told, told
    assert "takes no mails" not in told and "errno" not in told, told
    mail.answers[at].clear()
    mail.taken.clear()
    shop.publish("the good one")
    assert "the good one" in shop.got()[0].body, "its turn comes at once"
    mail.say(at, *[how] * 60)
    for _ in range(42):
        server.advance(600)
    [failed] = eventually(lambda: files(server, "failed"), what="the end of the tries")
    assert "given up after 50 tries" in eventually(lambda: failed.with_suffix(".txt").exists() and
                                                   failed.with_suffix(".txt").read_text())


def test_a_server_that_hangs_up_before_any_mail_takes_none(virtual):
    server, mail, shop = virtual
    shop.publish("to end the connection that is kept")
    shop.got()
    mail.say(GREETING, "drop")
    shop.publish("later")
    eventually(lambda: "takes no mails: the server closed the connection" in server.stderr_text(), what="the reason")
    server.advance(10)
    shop.got(2)
    assert not files(server, "failed")


def test_mails_outlive_a_server_that_is_down_and_an_engine_that_is_killed(serve, mail_server, tmp_path):
    mail = mail_server()
    file = definition(tmp_path, mail, 'public_url = "https://till.example.com/"\n')
    server = serve("--file", str(file))
    shop = Subscribed(server, mail)
    mail.close()
    shop.publish("while it is down")
    eventually(lambda: files(server, "waiting") and "takes no mails" in server.stderr_text(), what="the outage")
    server.kill()
    again = mail_server(port=mail.port)
    server = serve("--file", str(file))
    [got] = eventually(lambda: again.taken, what="the mail after the restart")
    assert "while it is down" in got.body
    [link] = [each for each in links(got) if "Unsubscribe" in each]
    assert link.startswith("https://till.example.com/?Action=Unsubscribe")
    assert "UnsubscribeResponse" in open_link(link, server.endpoint)
    sns = server.client("sns")
    assert not sns.list_subscriptions_by_topic(TopicArn=shop.topic)["Subscriptions"]
    with pytest.raises(urllib.error.HTTPError) as refused:
        open_link(link.replace("till.example.com", "evil.example.com"), server.endpoint)
    assert b"evil.example.com" in refused.value.read() or refused.value.code in (403, 421), "the host of public_url alone"


def test_a_server_that_hangs_holds_up_neither_the_engine_nor_its_end(serve, mail_server, tmp_path):
    mail = mail_server()
    server = serve("--file", str(definition(tmp_path, mail)))
    shop = Subscribed(server, mail)
    mail.say(CONTENT, "hang")
    shop.publish()
    shop.got()
    at = time.monotonic()
    shop.publish("another one")
    server.stop()
    assert time.monotonic() - at < 10
    assert len(files(server, "waiting")) >= 1


def test_a_command_without_serve_sends_and_its_links_work_later(serve, mail_server, tmp_path):
    """`till up` has an engine of its own, with a port that is gone when the mail is read."""
    mail = mail_server()
    file = definition(tmp_path, mail, '[notifications]\nemails = ["a@example.com"]\n')
    data = tmp_path / "data"
    assert till("up", "--data", data, "--file", file).code == OK
    assert mail.taken, "by the time that the command ends"
    till("status", "--data", data, "--file", file)
    engine = serve("--file", str(file), data=data)
    sns = engine.client("sns")

    def states():
        return [each["SubscriptionArn"] for each in sns.list_subscriptions()["Subscriptions"] if each["Protocol"] == "email"]
    pending = states()
    assert pending and set(pending) == {"PendingConfirmation"}
    for each in eventually(lambda: len(mail.taken) >= len(pending) and list(mail.taken), what="the requests to confirm"):
        [link] = [link for link in links(each) if "ConfirmSubscription" in link]
        assert link.startswith("http://127.0.0.1:4566/?"), "where `till serve` is, unless it is told otherwise"
        assert "ConfirmSubscriptionResponse" in open_link(link, engine.endpoint)
    assert "PendingConfirmation" not in states()


@pytest.mark.parametrize("leaves", [False, True], ids=["outbox", "waiting"])
def test_that_mails_cannot_be_written_is_told_when_it_begins_and_when_it_is_over(tmp_path, mail_server, leaves):
    mail = mail_server()
    server = VirtualMail(tmp_path / "data", definition(tmp_path, mail) if leaves else "none")
    directory = server.data / "outbox" / ("waiting" if leaves else "")
    sns = server.client("sns")
    topic = sns.create_topic(Name="t")["TopicArn"]
    directory.parent.mkdir(exist_ok=True)
    directory.write_text("in the way")
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="a@example.com")
    if not leaves:
        sns.publish(TopicArn=topic, Message="a boat was sold")
    told = eventually(lambda: "cannot be written" in server.stderr_text() and server.stderr_text(), what="the line")
    assert f"mail: e-mails cannot be written to {directory}: Not a directory. They are tried again: " in told
    server.advance(20)
    directory.unlink()
    server.advance(20)
    eventually(lambda: f"mail: e-mails can be written to {directory} again" in server.stderr_text(), what="the end")
    assert server.stderr_text().count("cannot be written") == 1
    assert eventually(lambda: mail.taken if leaves else files(server, ""), what="the mail")
    server.stop()


def test_a_file_that_is_no_mail_is_named(virtual):
    server, mail, shop = virtual
    (server.data / "outbox/waiting/letter.eml").write_text("dear")
    shop.publish()
    told = eventually(lambda: "is not sent" in server.stderr_text() and server.stderr_text(), what="the line")
    assert "mail: letter.eml is not sent: the file is no mail of this program" in told and "not sent to" not in told


@pytest.mark.parametrize("text, line, fault", [
    ('smtp = "smtp://user:hunter2@mail.example.com"\nfrom = "a@b.c"', 2, "TILL_SMTP_USER and TILL_SMTP_PASSWORD"),
    ('smtp = "http://mail.example.com"\nfrom = "a@b.c"', 2, "must begin with smtp:// or smtps://"),
    ('smtp = "smtp://mail.example.com:99999"\nfrom = "a@b.c"', 2, "must be a host and perhaps a port"),
    ('smtp = "smtp://mail.example.com"', 1, "from is missing"),
    ('smtp = "smtp://mail.example.com"\nfrom = "Shop <a@b.c>"', 3, "from is no address"),
    ('smtp = "smtp://mail.example.com"\nfrom = "a@b.c"\nstarttls = false', 4, "unencrypted"),
    ('smtp = "smtps://mail.example.com"\nfrom = "a@b.c"\nstarttls = true', 4, "starttls is for smtp://"),
    ('from = "a@b.c"', 1, "smtp is missing"),
    ('public_url = "till.example.com"', 2, "public_url must be"),
    ('smpt = "x"', 2, "smpt"),
], ids=lambda value: str(value)[:30])
def test_faults_have_their_line_and_no_secret(tmp_path, text, line, fault):
    file = tmp_path / "till.toml"
    file.write_text(f"[email]\n{text}\n")
    for command in (("config", "show"), ("serve", "--port", "0", "--data", tmp_path / "data")):
        told = till(*command, "--file", file)
        assert told.code == USAGE and f"{file}:{line}: [email] " in told.err and fault in told.err, told
        assert "hunter2" not in told.err + told.out
    assert not (tmp_path / "data").exists()


def test_settings_have_their_origin_and_credentials_come_together(tmp_path):
    file = definition(tmp_path, "smtp://mail.example.com")
    shown = {each["key"]: (each["value"], each["origin"]) for each in till(
        "config", "show", "--json", "--file", file, TILL_SMTP_PASSWORD=PASSWORD).json["settings"]}
    assert shown["email.smtp"] == ("smtp://mail.example.com", f"{file}:2")
    assert shown["email.starttls"] == (True, "default") and PASSWORD not in str(shown)
    told = till("serve", "--port", "0", "--data", tmp_path / "data", "--file", file, TILL_SMTP_PASSWORD=PASSWORD)
    assert told.code == USAGE and "TILL_SMTP_USER is not" in told.err and PASSWORD not in told.err, told
