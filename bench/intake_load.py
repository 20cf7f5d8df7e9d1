#!/usr/bin/env python3
"""How fast orders that come by webhook are answered and stored: bench/intake_load.py [TILL] [SECONDS]

Starts `till serve` on a directory of its own with an [intake] that verifies signatures, finds how many webhooks a second
the pipeline takes (answered and stored), and sends half as many, each at its time whether or not those before it have
been answered. Prints one JSON object: the rates, and at half load the milliseconds from the moment when a webhook was to
be sent until it was answered, and until its row was made (its `stored_at`). The client runs on the same machine and in Python."""
import base64
import hashlib
import hmac
import json
import os
import pathlib
import selectors
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

CONNECTIONS = 16
SECRET = "of-this-run"
DEFINITION = """
[order]
id = "/id"
amount = "/total"

[intake]
verify = "hmac"
header = "X-Signature"
secret_variable = "INTAKE_SECRET"
"""


def percentile(values, percent):
    ordered = sorted(values)
    return round(ordered[max(0, -(-len(ordered) * percent // 100) - 1)], 2)


class Shop:
    def __init__(self, till, directory):
        self.till, self.data = till, directory / "data"
        self.environment = {**os.environ, "INTAKE_SECRET": SECRET}
        definition = directory / "till.toml"
        definition.write_text(DEFINITION)
        self.options = ["--data", self.data, "--file", definition]
        self.run("up")
        self.server = subprocess.Popen([till, "serve", "--data", self.data, "--port", "0"], stdout=subprocess.PIPE)
        self.server.stdout.readline()  # says that it is ready
        self.url = urllib.parse.urlsplit(json.loads(self.run("up", "--json"))["intake_url"])

    def run(self, *command):
        return subprocess.run([self.till, *command, *self.options], env=self.environment, check=True,
                              capture_output=True).stdout

    def rows(self):
        exported = self.run("orders", "export", "--format", "ndjson").splitlines()
        return {row["transaction_id"]: row["stored_at"] / 1000 for row in map(json.loads, exported)}

    def request(self, order):
        body = json.dumps({"id": order, "total": "19.99", "lines": [{"sku": "a", "quantity": 1}] * 5}).encode()
        signature = base64.b64encode(hmac.new(SECRET.encode(), body, hashlib.sha256).digest()).decode()
        return (f"POST {self.url.path} HTTP/1.1\r\nHost: {self.url.netloc}\r\nX-Signature: {signature}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body


class Client:
    """Sends requests that were made before, over connections that are kept; one thread, so that it costs the machine
    little beside what it measures."""

    def __init__(self, shop):
        self.selector, self.idle, self.answered = selectors.DefaultSelector(), [], {}
        for _ in range(CONNECTIONS):
            connection = socket.create_connection((shop.url.hostname, shop.url.port))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.selector.register(connection, selectors.EVENT_READ, {"order": None, "bytes": b""})
            self.idle.append(connection)

    def send(self, order, request):
        connection = self.idle.pop()
        self.selector.get_key(connection).data.update(order=order, bytes=b"")
        connection.sendall(request)

    def receive(self, until):
        """What is answered by then."""
        for key, _ in self.selector.select(max(0, until - time.time())):
            key.data["bytes"] += key.fileobj.recv(65536)
            head, separator, body = key.data["bytes"].partition(b"\r\n\r\n")
            length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
            if not separator or len(body) < length:
                continue
            if not head.startswith(b"HTTP/1.1 200 "):
                raise SystemError(key.data["bytes"])
            self.answered[key.data["order"]] = time.time()
            self.idle.append(key.fileobj)

    def finish(self):
        while len(self.idle) < CONNECTIONS:
            self.receive(time.time() + 1)


def full_load(shop, name, seconds, requests_max):
    """Webhooks a second that are answered and stored, as fast as the answers come."""
    requests = [(f"{name}-{i}", shop.request(f"{name}-{i}")) for i in range(requests_max)]
    client, begun, sent = Client(shop), time.time(), 0
    while time.time() < begun + seconds and sent < len(requests):
        while client.idle and sent < len(requests):
            client.send(*requests[sent])
            sent += 1
        client.receive(time.time() + 1)
    client.finish()
    while not client.answered.keys() <= (rows := shop.rows()).keys():
        time.sleep(0.2)
    return sent / (max(rows[order] for order in client.answered) - begun)


def half_load(shop, rate, seconds):
    """The milliseconds from the moment when each was to be sent until it was answered, and until it was stored."""
    requests = [(f"half-{i}", shop.request(f"half-{i}")) for i in range(int(rate * seconds))]
    client, begun, due = Client(shop), time.time(), {}
    for i, (order, request) in enumerate(requests):
        due[order] = begun + i / rate
        while not client.idle or time.time() < due[order]:
            client.receive(due[order] if client.idle else time.time() + 1)
        client.send(order, request)
    client.finish()
    while not due.keys() <= (rows := shop.rows()).keys():
        time.sleep(0.2)
    return [[1000 * (at[order] - moment) for order, moment in due.items()] for at in (client.answered, rows)]


def main():
    till = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build/release/till").resolve()
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 10
    with tempfile.TemporaryDirectory() as directory:
        shop = Shop(till, pathlib.Path(directory))
        try:
            full_load(shop, "first", 1, 1000)  # starts the functions
            rate = full_load(shop, "full", seconds, int(10_000 * seconds))
            answered, stored = half_load(shop, rate / 2, seconds)
        finally:
            shop.server.terminate()
            shop.server.wait()
    print(json.dumps({
        "connections": CONNECTIONS, "full_load_per_second": round(rate), "half_load_per_second": round(rate / 2),
        "webhooks": len(answered),
        "answered_ms": {"p50": percentile(answered, 50), "p99": percentile(answered, 99), "max": round(max(answered), 2)},
        "stored_ms": {"p50": percentile(stored, 50), "p99": percentile(stored, 99), "max": round(max(stored), 2)}}))


if __name__ == "__main__":
    main()
