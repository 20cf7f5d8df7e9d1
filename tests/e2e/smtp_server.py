"""A mail server for tests, by SMTP: it says what `answers` has for it, and keeps what it took. Each command's answers are
used up one by one, then it says yes. An answer "drop" ends the connection without a word, "hang" says nothing more."""
import base64
import collections
import email
import email.policy
import socket
import ssl
import threading

from peers import server_context

GREETING, EHLO, AUTH, MAIL, RCPT, DATA, CONTENT = "greeting", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "content"


class Delivery(collections.namedtuple("Delivery", "sender recipient text encrypted user")):
    @property
    def message(self):
        return email.message_from_bytes(self.text, policy=email.policy.default)

    @property
    def body(self):
        return self.message.get_content()


class SmtpServer:
    """`certificate`: offers STARTTLS, or with `implicit` begins by TLS. `user` and `password`: whom it lets in."""

    def __init__(self, certificate=None, implicit=False, user=None, password=None, port=0):
        self.context = server_context(certificate) if certificate else None
        self.implicit, self.user, self.password = implicit, user, password
        self.answers = collections.defaultdict(collections.deque)
        self.taken, self.commands = [], []
        self.connections = []
        self.listener = socket.create_server(("127.0.0.1", port))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return f"{'smtps' if self.implicit else 'smtp'}://localhost:{self.port}"

    def say(self, command, *answers):
        self.answers[command].extend(answers)

    def close(self):
        if self.listener.fileno() < 0:
            return
        self.listener.shutdown(socket.SHUT_RDWR)  # else the thread that waits in accept() keeps it open
        self.listener.close()
        for each in self.connections:
            each.close()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.connections.append(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        try:
            if self.implicit:
                client = self.context.wrap_socket(client, server_side=True)
            _Conversation(self, client).run()
        except (OSError, _Dropped):  # it hung up, does not trust us, or was dropped
            pass
        finally:
            client.close()


class _Dropped(Exception):
    pass


class _Conversation:
    def __init__(self, server, client):
        self.server, self.user, self.sender, self.recipient = server, None, None, None
        self._talk_by(client)

    def _talk_by(self, client):
        self.client, self.file = client, client.makefile("rb")
        self.encrypted = isinstance(client, ssl.SSLSocket)

    def run(self):
        self._answer(GREETING, "220 test ESMTP")
        while line := self.file.readline():
            text = line.decode().rstrip("\r\n")
            verb = text.split(" ")[0].upper()
            self.server.commands.append(text)
            if verb in (EHLO, "HELO"):
                self._answer(EHLO, "\r\n".join(["250-test", *self._extensions(), "250 SIZE 1000000"]))
            elif verb == "STARTTLS":
                self._send("220 go ahead")
                self._talk_by(self.server.context.wrap_socket(self.client, server_side=True))
            elif verb == AUTH:
                self._log_in(text)
            elif verb == MAIL:
                self.sender = text.partition("<")[2].partition(">")[0]
                refused = self.server.user and self.user is None
                self._answer(MAIL, "530 5.7.0 Authentication required" if refused else "250 ok")
            elif verb == RCPT:
                self.recipient = text.partition("<")[2].partition(">")[0]
                self._answer(RCPT, "250 ok")
            elif verb == DATA:
                self._take()
            elif verb == "QUIT":
                self._send("221 bye")
                return
            else:
                self._send("250 ok")

    def _extensions(self):
        if self.server.context and not self.encrypted:
            yield "250-STARTTLS"
        if self.server.user and (self.encrypted or not self.server.context):
            yield "250-AUTH PLAIN"

    def _log_in(self, text):
        words = text.split(" ")
        if len(words) < 3:
            self._send("334 ")
            words.append(self.file.readline().decode().strip())
        _, user, password = base64.b64decode(words[2]).decode().split("\0")
        right = (user, password) == (self.server.user, self.server.password)
        self.user = user if right else None
        self._answer(AUTH, "235 welcome" if right else "535 5.7.8 bad credentials")

    def _take(self):
        if not self._answer(DATA, "354 end with a dot").startswith("354"):
            return
        lines = []
        while (line := self.file.readline()) != b".\r\n":
            if not line:
                raise _Dropped
            lines.append(line[1:] if line.startswith(b".") else line)
        mail = Delivery(self.sender, self.recipient, b"".join(lines), self.encrypted, self.user)
        if self._answer(CONTENT, "250 queued", before=lambda: self.server.taken.append(mail)).startswith("250"):
            return

    def _answer(self, command, usual, before=None):
        own = self.server.answers[command]
        text = own.popleft() if own else usual
        if before and text[0] not in "45":
            before()  # also if the answer is lost: the server has it
        if text == "drop":
            raise _Dropped
        if text == "hang":
            self.file.read()
            raise _Dropped
        self._send(text)
        if text.startswith("421"):
            raise _Dropped
        return text

    def _send(self, text):
        self.client.sendall(text.encode() + b"\r\n")
