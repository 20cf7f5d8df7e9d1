"""Peers of what is tested: HTTP servers whose answers a function gives, TLS with authorities of their own, a proxy."""
import collections
import http.server
import select
import socket
import ssl
import subprocess
import threading


Request = collections.namedtuple("Request", "method path headers body")


class Peer:
    """An HTTP server. `answer` gets the request (method, path, headers, body) and gives (status, headers, text)."""

    def __init__(self, answer, certificate=None):
        peer = self
        self.requests = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                request = Request(self.command, self.path, self.headers, body)
                peer.requests.append(request)
                status, headers, text = answer(request)
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(text))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text.encode())
            do_POST = do_PUT = do_GET

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # who asked is gone, or does not trust us
        self.port = self.server.server_port
        if certificate:
            self.server.socket = server_context(certificate).wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"


class Authority:
    """A certificate authority in a directory; `pem` is its certificate."""

    def __init__(self, directory):
        directory.mkdir()
        self.directory, self.pem, self.key = directory, directory / "ca.pem", directory / "ca.key"
        _openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=an authority",
                 "-keyout", self.key, "-out", self.pem)

    def issue(self, name, subjects, days=1):
        """A directory with cert.pem and key.pem for the subjects ("DNS:localhost"); expired if `days` is negative."""
        place = self.directory / name
        place.mkdir()
        (place / "extensions").write_text("subjectAltName=" + ",".join(subjects))
        _openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=a server", "-keyout", place / "key.pem",
                 "-out", place / "request.pem")
        _openssl("x509", "-req", "-in", place / "request.pem", "-CA", self.pem, "-CAkey", self.key, "-CAcreateserial",
                 "-days", str(days), "-extfile", place / "extensions", "-out", place / "cert.pem")
        return place


def server_context(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    return context


def _openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


class Listener:
    """Takes connections, each with a thread of its own. `target` is the port where they are to lead."""

    def __init__(self, target):
        self.target = target
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()


class Gateway(Listener):
    """Takes TLS, and passes what is in it on."""

    def __init__(self, target, certificate):
        self.context = server_context(certificate)
        super().__init__(target)

    def _serve(self, client):
        try:
            client = self.context.wrap_socket(client, server_side=True)
            pump(client, socket.create_connection(("127.0.0.1", self.target)))
        except OSError:  # an alert: the client does not trust us
            client.close()


class Cutter(Listener):
    """Passes everything on, but cuts a connection once a request with `word` in its head has been passed on."""

    def __init__(self, target, word):
        self.word = word.encode()
        super().__init__(target)

    def _serve(self, client):
        with client, socket.create_connection(("127.0.0.1", self.target)) as target:
            while True:
                source = select.select([client, target], [], [])[0][0]
                piece = source.recv(1 << 20)
                if not piece:
                    return
                (target if source is client else client).sendall(piece)
                if source is client and self.word in piece:
                    target.recv(1)  # it has been carried out
                    return


class Proxy(Listener):
    """An HTTP proxy for CONNECT and absolute addresses, all of which lead to one port."""

    def __init__(self, target, authorization=None):
        self.authorization = authorization
        self.asked = []  # the first lines of requests
        super().__init__(target)

    def _serve(self, client):
        with client:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                byte = client.recv(1)
                if not byte:
                    return
                head += byte
            lines = head.decode().split("\r\n")
            self.asked.append(lines[0])
            if self.authorization and f"Proxy-Authorization: {self.authorization}" not in lines:
                client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
                return
            target = socket.create_connection(("127.0.0.1", self.target))
            if lines[0].startswith("CONNECT"):
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                method, address, version = lines[0].split(" ")
                path = "/" + address.split("/", 3)[3]
                target.sendall("\r\n".join([f"{method} {path} {version}", *lines[1:]]).encode())
            pump(client, target)


class Onlooker(Listener):
    """Passes connections on; `look` gets each piece of what clients say before it goes on."""

    def __init__(self, target, look):
        self.look = look
        super().__init__(target)

    def _serve(self, client):
        pump(client, socket.create_connection(("127.0.0.1", self.target)), self.look)


def pump(one, other, look=lambda _: None):
    """Passes bytes both ways until one side ends."""
    try:
        while True:
            pending = [s for s in (one, other) if isinstance(s, ssl.SSLSocket) and s.pending()]
            for source in pending or select.select([one, other], [], [])[0]:
                piece = source.recv(65536)
                if not piece:
                    return
                if source is one:
                    look(piece)
                (other if source is one else one).sendall(piece)
    except OSError:
        pass
    finally:
        one.close()
        other.close()
