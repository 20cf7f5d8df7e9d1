"""Bodies and connections that are too many or too large to hold: they stream, wait, or are refused in words."""
import hashlib
import http.client
import io
import json
import resource
import socket

import botocore.auth
import botocore.awsrequest
import botocore.credentials
from till_process import REGION, SANITIZED, TillServer, eventually, resident_peak_mib

MIB = 1 << 20
KEPT_BY_SANITIZERS = 512 if SANITIZED else 0  # freed memory that they keep for a while, in MiB


class Pattern(io.RawIOBase):
    """`size` bytes that nobody holds."""

    def __init__(self, size):
        self._size, self._at = size, 0
        self._piece = hashlib.sha256(b"x").digest() * (MIB // 32)

    def readable(self):
        return True

    def seekable(self):
        return True

    def tell(self):
        return self._at

    def seek(self, offset, whence=io.SEEK_SET):
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def readinto(self, buffer):
        count = min(len(buffer), self._size - self._at, MIB - self._at % MIB)
        buffer[:count] = self._piece[self._at % MIB:self._at % MIB + count]
        self._at += count
        return count


def digest(stream):
    md5 = hashlib.md5()
    while piece := stream.read(MIB):
        md5.update(piece)
    return md5.hexdigest()


def head_of(server, service, method, path, headers):
    """A signed head whose body is not sent; the answer's status and body."""
    request = botocore.awsrequest.AWSRequest(method, server.endpoint + path, headers=headers, data=b"")
    signer = botocore.auth.S3SigV4Auth if service == "s3" else botocore.auth.SigV4Auth
    signer(botocore.credentials.Credentials("test", "test"), service, REGION).add_auth(request)
    connection = http.client.HTTPConnection(server.endpoint.removeprefix("http://"), timeout=30)
    connection.putrequest(method, path, skip_accept_encoding=True)
    for name, value in request.headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body


def test_a_large_object_is_never_held_whole(serve):
    server = serve()
    s3 = server.client("s3")
    s3.create_bucket(Bucket="large")
    before = resident_peak_mib(server.process.pid)
    size = 200 * MIB
    expected = digest(Pattern(size))
    put = s3.put_object(Bucket="large", Key="signed", Body=Pattern(size))
    assert put["ETag"] == f'"{expected}"'
    upload = s3.create_multipart_upload(Bucket="large", Key="parts")["UploadId"]
    part = s3.upload_part(Bucket="large", Key="parts", UploadId=upload, PartNumber=1, Body=Pattern(20 * MIB))
    s3.complete_multipart_upload(Bucket="large", Key="parts", UploadId=upload,
                                 MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})
    got = s3.get_object(Bucket="large", Key="signed")
    assert got["ContentLength"] == size and digest(got["Body"]) == expected
    assert resident_peak_mib(server.process.pid) - before < 120 + KEPT_BY_SANITIZERS


def test_an_upload_cut_off_by_a_kill_leaves_nothing(serve):
    server = serve()
    server.client("s3").create_bucket(Bucket="cut")
    url = server.client("s3").generate_presigned_url("put_object", {"Bucket": "cut", "Key": "k"})
    upload = http.client.HTTPConnection(server.endpoint.removeprefix("http://"), timeout=30)
    upload.putrequest("PUT", url.removeprefix(server.endpoint))
    upload.putheader("Content-Length", str(100 * MIB))
    upload.endheaders()
    for _ in range(40):
        upload.send(bytes(MIB))
    files = server.data / "store"
    eventually(lambda: sum(f.stat().st_size for f in files.rglob("*") if f.is_file()) > 20 * MIB, what="a part on disk")
    server.kill()
    again = serve()
    assert again.client("s3").list_objects_v2(Bucket="cut")["KeyCount"] == 0
    again.client("s3").put_object(Bucket="cut", Key="k", Body=b"small")
    assert again.client("s3").get_object(Bucket="cut", Key="k")["Body"].read() == b"small"


def test_bodies_that_are_too_large_are_refused_unread_and_in_words(server, s3, name):
    s3.create_bucket(Bucket=name)
    status, body = head_of(server, "s3", "PUT", f"/{name}/k", {"Content-Length": str((5 << 30) + 1)})
    assert status == 400 and b"<Code>EntityTooLarge</Code>" in body
    assert b"<Message>Your proposed upload exceeds the maximum allowed size</Message>" in body
    assert f"<ProposedSize>{(5 << 30) + 1}</ProposedSize>".encode() in body
    status, body = head_of(server, "lambda", "POST", "/2015-03-31/functions", {"Content-Length": "70167212"})
    assert status == 413
    assert json.loads(body)["message"] == "Request must be smaller than 70167211 bytes for the CreateFunction operation"
    status, body = head_of(server, "dynamodb", "POST", "/", {
        "Content-Length": str((16 << 20) + 1), "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Target": "DynamoDB_20120810.PutItem"})
    assert status == 413 and b"RequestEntityTooLarge" in body


def test_unsigned_uploads_cost_nothing(server):
    before = resident_peak_mib(server.process.pid)
    host, port = server.endpoint.removeprefix("http://").split(":")
    sockets = []
    for _ in range(30):
        sockets.append(socket.create_connection((host, int(port)), timeout=30))
        sockets[-1].sendall(b"PUT /bucket/key HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20971520\r\n"
                            b"Expect: 100-continue\r\n\r\n")
    for each in sockets:
        assert each.recv(1000).startswith(b"HTTP/1.1 403 "), "instead of 100"
        each.close()
    assert resident_peak_mib(server.process.pid) - before < 50


def test_silent_connections_lock_nobody_out(tmp_path):
    """With a limit of open files that cannot be raised, the store keeps its share of them."""
    limit = 400
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    server = TillServer(tmp_path / "data", wrapped_in=["prlimit", f"--nofile={limit}:{limit}"])
    try:
        s3 = server.client("s3")
        s3.create_bucket(Bucket="calm")
        host, port = server.endpoint.removeprefix("http://").split(":")
        silent = [socket.create_connection((host, int(port)), timeout=30) for _ in range(min(limit, before[0] - 100))]
        for number in range(78):
            s3.put_object(Bucket="calm", Key=str(number), Body=bytes(MIB))
        assert "clients are connected" in server.stderr_text()
        for each in silent:
            each.close()
    finally:
        server.stop()
