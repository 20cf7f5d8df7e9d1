"""GET /_till/health: which part of the engine is well."""
import json
import urllib.request

from till_process import PATIENCE


def health(server, path="/_till/health"):
    with urllib.request.urlopen(server.endpoint + path, timeout=20 * PATIENCE) as answer:
        return answer.status, json.load(answer)


def test_each_part_says_how_it_does(serve):
    server = serve()
    status, told = health(server)
    assert status == 200 and told["services"]["sqs"] == "running" and told["edition"] == "tillstream"
    assert told["instance"] and told["version"]
    assert {"store", "http", "workers"} == set(told["parts"])
    for part in told["parts"].values():
        assert part["state"] in ("ok", "warning") and (part["state"] == "ok") == (part["reason"] == "")


def test_mails_that_nobody_takes_are_told(serve, tmp_path):
    import os
    definition = tmp_path / "till.toml"
    definition.write_text('[email]\nfrom = "shop@example.com"\nsmtp = "smtp://127.0.0.1:9"\n')
    waiting = tmp_path / "data" / "outbox" / "waiting"
    server = serve("--file", definition)
    assert health(server)[1]["parts"]["mail"] == {"state": "ok", "reason": ""}
    waiting.mkdir(parents=True, exist_ok=True)
    left = waiting / "not-a-mail"
    left.write_text("")
    os.utime(left, (1, 1))
    part = health(server)[1]["parts"]["mail"]
    assert part["state"] == "warning" and part["reason"].startswith("1 mails have waited")


def test_localstacks_format_has_no_more(serve):
    status, told = health(serve("--memory"), "/_localstack/health")
    assert status == 200 and set(told) == {"services", "edition", "version", "instance"}
