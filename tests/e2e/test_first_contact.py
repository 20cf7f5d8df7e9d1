"""Who comes with keys and names of another engine's, and engines that others than this machine reach."""
import socket
import stat
import urllib.error
import urllib.request

import pytest
from botocore.exceptions import ClientError
from test_cli import FAILED, OK, USAGE
from till_process import make_client, till

ROOT = {"TILL_ROOT_ACCESS_KEY_ID": "OWNER", "TILL_ROOT_SECRET_ACCESS_KEY": "own-secret-of-ours"}


def account_of(endpoint, key, secret="whatever", token=None):
    return make_client("sts", endpoint, key, secret, token).get_caller_identity()["Account"]


def code_of(call, *arguments, **more):
    with pytest.raises(ClientError) as refused:
        call(*arguments, **more)
    return refused.value.response["Error"]["Code"]


def health_status(endpoint, host):
    try:
        return urllib.request.urlopen(urllib.request.Request(f"{endpoint}/_till/health", headers={"Host": host})).status
    except urllib.error.HTTPError as refused:
        return refused.code


def has_ipv6_loopback():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


def test_any_key_is_root(serve, name):
    server = serve("--memory", "--any-key")
    assert "--any-key" in server.stderr_text(), "said at the start"
    for key, token in (("dummy", None), ("testing", "a-stray-token"), ("local", None), ("ASIAFOREIGN", "t"),
                       ("test", None), ("test", "a-stray-token")):
        assert account_of(server.endpoint, key, "test", token) == "000000000000"
    assert account_of(server.endpoint, "123456789012", "test") == "123456789012"
    assert code_of(account_of, server.endpoint, "test", "wrong") == "SignatureDoesNotMatch", "that key is known"
    s3 = make_client("s3", server.endpoint, "dummy", "x")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="k", Body=b"body")
    for signature in ("s3", "s3v4"):
        signer = make_client("s3", server.endpoint, "dummy", "x", signature_version=signature)
        url = signer.generate_presigned_url("get_object", {"Bucket": name, "Key": "k"})
        assert urllib.request.urlopen(url).read() == b"body"


def test_a_foreign_key_is_told_of_once(serve):
    server = serve("--memory")
    for key in ("dummy", "testing"):
        assert code_of(account_of, server.endpoint, key, "my-secret") == "InvalidClientTokenId"
    hints = [line for line in server.stderr_text().splitlines() if "hint" in line]
    assert len(hints) == 1 and "dummy" in hints[0] and "--any-key" in hints[0] and "AWS_ACCESS_KEY_ID=test" in hints[0]
    assert "my-secret" not in server.stderr_text()


def test_beyond_loopback_nobody_is_told_to_take_any_key(serve):
    server = serve("--memory", "--listen", "0.0.0.0", **ROOT)
    assert code_of(account_of, server.endpoint, "dummy", "x") == "InvalidClientTokenId"
    [hint] = [line for line in server.stderr_text().splitlines() if "hint" in line]
    assert "dummy" in hint and "OWNER" in hint and "--any-key" not in hint


@pytest.mark.parametrize("arguments, environment, names", [
    (["--any-key", "--listen", "0.0.0.0"], ROOT, "--any-key"),
    (["--listen", "0.0.0.0"], {}, "TILL_ROOT_ACCESS_KEY_ID"),
    (["--listen", "::"], {"TILL_ROOT_ACCESS_KEY_ID": "test", "TILL_ROOT_SECRET_ACCESS_KEY": "test"}, "test/test"),
    (["--listen", "0.0.0.0"], {"TILL_ROOT_ACCESS_KEY_ID": "OWNER"}, "TILL_ROOT_SECRET_ACCESS_KEY"),
    (["--listen", "0.0.0.0"], {"TILL_ROOT_ACCESS_KEY_ID": "OWNER", "TILL_ROOT_SECRET_ACCESS_KEY": 15 * "x"}, "16 char"),
    (["--root-key", ""], {}, "--root-key: it is empty"),
    (["--port", "99999"], {}, "65535"),
    (["--port", "-1"], {}, "65535"),
    ([], {"TILL_ROOT_ACCESS_KEY_ID": "a/b", "TILL_ROOT_SECRET_ACCESS_KEY": "x"}, "TILL_ROOT_ACCESS_KEY_ID"),
    (["--listen", "example.com"], ROOT, "example.com"),
    (["--host", "http://till:4566"], {}, "http://till:4566"),
])
def test_what_would_let_anybody_in_does_not_start(tmp_path, arguments, environment, names):
    refused = till("serve", "--port", "0", "--data", tmp_path / "data", *arguments, **environment)
    assert refused.code == USAGE and names in refused.err, refused
    assert not (tmp_path / "data").exists()


def test_names_by_which_clients_come(serve):
    server = serve("--memory", "--host", "till", "--host", "host.docker.internal")
    for host in ("till:4566", "host.docker.internal", "localhost.localstack.cloud:4566",
                 "sqs.us-east-1.localhost.localstack.cloud:4566", "bucket.s3.localhost.localstack.cloud"):
        assert health_status(server.endpoint, host) == 200, host
    for host in ("else", "172.17.0.2:4566", "docker.internal"):
        assert health_status(server.endpoint, host) == 403, host


@pytest.mark.parametrize("address, url", [("0.0.0.0", "http://127.0.0.1:"), ("::1", "http://[::1]:")])
def test_another_address_and_another_root(serve, tmp_path, address, url):
    if ":" in address and not has_ipv6_loopback():
        pytest.skip("this machine has no IPv6")
    server = serve("--listen", address, "--host", "till-of-mine", **ROOT)
    assert server.endpoint.startswith(url)
    assert account_of(server.endpoint, "OWNER", "own-secret-of-ours") == "000000000000"
    assert code_of(account_of, server.endpoint, "test", "test") == "InvalidClientTokenId"
    if address == "0.0.0.0":
        assert health_status(server.endpoint, "172.17.0.2:4566") == 200, "by any address, but by no name"
        assert health_status(server.endpoint, "till-of-mine:4566") == 200
        assert health_status(server.endpoint, "till") == 403
    # Functions reach the engine, and commands find it and its root without being told.
    file = tmp_path / "orders.json"
    file.write_text('[{"transaction_id": "a", "amount": 60000, "item": "boat"}]')
    ran = till("run", file, "--data", server.data, "--json")
    assert ran.code == OK and ran.json["accepted"] == 1, ran
    assert till("status", "--data", server.data).code == OK
    assert stat.S_IMODE((server.data / "endpoint").stat().st_mode) == 0o600, "the secret is in it"
    server.stop()
    # Without the engine a command opens the directory itself, as the root of its own environment.
    assert till("tx", "get", "a", "--data", server.data).code == OK
    assert till("tx", "get", "a", "--data", server.data, **ROOT).code == OK


def test_a_start_that_is_refused_names_what_accepts_the_loss(serve, tmp_path):
    server = serve()
    server.client("sqs").create_queue(QueueName="kept")
    server.kill()
    (server.data / "store" / "watermark").unlink()
    refused = till("status", "--data", server.data)
    assert refused.code == FAILED and "watermark is missing" in refused.err, refused
    assert "till serve --accept-data-loss" in refused.err
    again = serve("--accept-data-loss")
    assert len(again.client("sqs").list_queues()["QueueUrls"]) == 1
