"""Commands over TLS: whom they trust, by which proxy they go, and AWS's own names, which a proxy leads to an engine."""
import json

import pytest
from peers import Authority, Gateway, Proxy
from till_process import EXAMPLE, till

OK, FAILED, USAGE, UNREACHABLE = 0, 1, 2, 4  # src/cli/exit_code.h
KEY, SECRET = "AKIAOFTHISTEST", "secret-of-this-test"
REGION = "eu-west-1"
KEYS = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}


@pytest.fixture
def engine(serve):
    return serve(TILL_ROOT_ACCESS_KEY_ID=KEY, TILL_ROOT_SECRET_ACCESS_KEY=SECRET)


def port_of(engine):
    return int(engine.endpoint.rpartition(":")[2])


def test_whom_a_command_trusts(engine, tmp_path):
    authority = Authority(tmp_path / "ca")
    other = Authority(tmp_path / "other")
    gateways = {name: Gateway(port_of(engine), authority.issue(name, subjects, days)) for name, subjects, days in (
        ("good", ["DNS:localhost"], 1), ("wrong-name", ["DNS:example.com", "IP:127.0.0.2"], 1),
        ("expired", ["DNS:localhost"], -1))}

    def status(name, **environment):
        return till("status", "--endpoint", f"https://localhost:{gateways[name].port}", **KEYS,
                    HOME=str(tmp_path), **environment)
    for trusted in ({"AWS_CA_BUNDLE": str(authority.pem)}, {"SSL_CERT_FILE": str(authority.pem)},
                    {"AWS_CA_BUNDLE": str(authority.pem), "SSL_CERT_FILE": str(other.pem)}):
        assert status("good", **trusted).code == OK, trusted
    bundle = tmp_path / ".aws"
    bundle.mkdir()
    (bundle / "config").write_text(f"[default]\nca_bundle = {authority.pem}\n")
    assert status("good").code == OK
    assert status("good", AWS_CA_BUNDLE=str(other.pem)).code == FAILED, "the variable before the profile"
    (bundle / "config").unlink()
    trusted = {"AWS_CA_BUNDLE": str(authority.pem)}
    (tmp_path / "empty").mkdir()
    for name, variables, why in (("good", {}, "unable to get local issuer certificate"),
                                 ("good", {"AWS_CA_BUNDLE": str(other.pem)}, "unable to get local issuer certificate"),
                                 ("wrong-name", trusted, "hostname mismatch"),
                                 ("expired", trusted, "certificate has expired"),
                                 ("good", {"AWS_CA_BUNDLE": str(tmp_path / "none.pem")}, "AWS_CA_BUNDLE: cannot read"),
                                 ("good", {"AWS_CA_BUNDLE": str(tmp_path / "empty")}, "AWS_CA_BUNDLE: there are no cert"),
                                 ("good", {"SSL_CERT_FILE": "/nope", "SSL_CERT_DIR": "/nope.d"},
                                  "no certificates of authorities were found in /nope, /nope.d: install ca-certificates")):
        refused = status(name, **variables)
        # Not 4: somebody is there, and trying again later does no better.
        assert refused.code == FAILED and why in refused.err, (name, refused)


@pytest.fixture
def aws(engine, tmp_path):
    """Variables by which AWS's names lead to the engine, over TLS, by a proxy that wants a password."""
    authority = Authority(tmp_path / "ca")
    gateway = Gateway(port_of(engine), authority.issue("aws", [f"DNS:*.{REGION}.amazonaws.com", "DNS:iam.amazonaws.com",
                                                               f"DNS:*.{REGION}.api.aws", "DNS:iam-fips.global.api.aws",
                                                               f"DNS:s3-fips.dualstack.{REGION}.amazonaws.com"]))
    proxy = Proxy(gateway.port, authorization="Basic c2hvcDpwYTpzcw==")
    proxy.variables = {**KEYS, "HTTPS_PROXY": f"http://shop:pa%3Ass@127.0.0.1:{proxy.port}", "HOME": str(tmp_path),
                       "AWS_CA_BUNDLE": str(authority.pem), "AWS_REGION": REGION}
    return proxy


def test_a_pipeline_under_awss_own_names(aws, engine):
    """`run` as at AWS: each service at its own host."""
    run = till("run", EXAMPLE, "--endpoint", "aws", "--json", **aws.variables)
    assert run.code == OK and json.loads(run.out)["accepted"] == 96, run
    assert {line.split()[1] for line in aws.asked} == {
        f"{service}.{REGION}.amazonaws.com:443" for service in (
            "s3", "sqs", "sns", "lambda", "dynamodb", "sts", "logs", "monitoring")} | {"iam.amazonaws.com:443"}
    aws.asked.clear()
    status = till("status", "--endpoint", "aws", AWS_USE_FIPS_ENDPOINT="true", AWS_USE_DUALSTACK_ENDPOINT="True",
                  **aws.variables)
    assert status.code == OK, status
    asked = {line.split()[1] for line in aws.asked}
    assert f"sqs-fips.{REGION}.api.aws:443" in asked and f"s3-fips.dualstack.{REGION}.amazonaws.com:443" in asked
    assert "iam-fips.global.api.aws:443" in asked


def test_a_proxy(aws, engine, tmp_path):
    variables = {**aws.variables, "HTTPS_PROXY": f"http://shop:wrong@127.0.0.1:{aws.port}"}
    refused = till("status", "--endpoint", "aws", **variables)
    assert refused.code == FAILED and f"proxy 127.0.0.1:{aws.port}: it refuses" in refused.err, refused
    assert "407 Proxy Authentication Required" in refused.err and "wrong" not in refused.err
    gone = till("status", "--endpoint", "aws", **{**aws.variables, "HTTPS_PROXY": "127.0.0.1:9"})
    assert gone.code == UNREACHABLE and "proxy 127.0.0.1:9: connect: Connection refused" in gone.err
    # Bare HTTP goes by the proxy's own requests; this machine is reached straight.
    plain = Proxy(port_of(engine))
    environment = {**KEYS, "HOME": str(tmp_path), "http_proxy": f"http://127.0.0.1:{plain.port}"}
    far = till("status", "--endpoint", "http://sqs.example.com:4566", **environment)
    assert plain.asked and plain.asked[0].startswith("POST http://sqs.example.com:4566/ "), far
    plain.asked.clear()
    assert till("status", "--endpoint", engine.endpoint, **environment).code == OK and not plain.asked
