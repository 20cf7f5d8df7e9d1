"""Orders by webhook: the intake function behind its URL, from the signed request to the stored row."""
import base64
import hashlib
import hmac
import json
import time
import urllib.error
import urllib.request

import pytest
from till_process import eventually, till

OK, FAILED, USAGE, CHECK_FAILED = range(4)  # src/cli/exit_code.h
SECRET = "whsec-of-this-test"
ORDER = """
[order]
id = "/id"
amount = "/total"
"""
HMAC = ORDER + """
[intake]
verify = "hmac"
header = "X-Shop-Signature"
secret_variable = "SHOP_SECRET"
"""
TIMESTAMPED = ORDER + """
[intake]
verify = "timestamped"
header = "Shop-Signature"
secret_variable = "SHOP_SECRET"
records = "/data/object"
"""


def mac(body, secret=SECRET):
    return hmac.new(secret.encode(), body, hashlib.sha256)


def post(url, body, **headers):
    request = urllib.request.Request(url, data=body, headers={"Content-Type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


@pytest.fixture
def shop(tmp_path, serve):
    server = serve()

    def up(definition):
        (tmp_path / "till.toml").write_text(definition)
        made = till("up", "--json", "--file", tmp_path / "till.toml", "--data", server.data, SHOP_SECRET=SECRET)
        assert made.code == OK, made
        return made.json["intake_url"]

    up.arguments = ["--file", tmp_path / "till.toml", "--data", server.data]
    up.server = server
    return up


def stored(shop):
    return {row["transaction_id"]: row["amount"] for row in till("tx", "list", "--json", *shop.arguments).json["rows"]}


def test_a_signed_order_is_stored_and_others_are_not(shop):
    url = shop(HMAC)
    signed = lambda body, secret=SECRET: {"X-Shop-Signature": base64.b64encode(mac(body, secret).digest()).decode()}
    body = b'{"id": 7, "total": "12.50"}'
    assert post(url, body, **signed(body)) == (200, {"accepted": 1})
    eventually(lambda: stored(shop) == {"7": 12.5}, what="the order")
    status, told = post(url, b'{"id": 8, "total": 1}', **signed(body))
    assert status == 401 and SECRET not in json.dumps(told)
    assert post(url, body)[0] == 401 and post(url, body, **signed(body, "other"))[0] == 401
    assert post(url, b"nonsense", **signed(b"nonsense"))[0] == 400
    both = b'[{"id": 9, "total": 1}, {"id": 10, "total": -1}]'
    assert post(url, both, **signed(both)) == (200, {"accepted": 2})
    eventually(lambda: stored(shop) == {"7": 12.5, "9": 1}, what="the good one of two")
    [bad] = eventually(lambda: till("tx", "list", "--quarantine", "--json", *shop.arguments).json["rows"])
    assert bad["reason"] == "AMOUNT_NONPOSITIVE"
    logged = eventually(lambda: "no header x-shop-signature" in (out := till("logs", "intake", *shop.arguments).out)
                        and out, what="the log")
    assert SECRET not in logged


def test_a_timestamped_signature_that_is_stale_is_refused(shop):
    url = shop(TIMESTAMPED)
    body = b'{"type": "charge.succeeded", "data": {"object": {"id": "ch_1", "total": 5}}}'

    def signed(at):
        return {"Shop-Signature": f"t={at},v1={mac(str(at).encode() + b'.' + body).hexdigest()}"}

    now = int(time.time())
    assert post(url, body, **signed(now - 400))[0] == 401
    assert post(url, body, **signed(now + 400))[0] == 401
    assert post(url, body, **signed(now)) == (200, {"accepted": 1})
    eventually(lambda: stored(shop) == {"ch_1": 5}, what="the order")


def test_the_secret_stays_where_it_is_and_is_never_shown(shop, tmp_path):
    shop(HMAC)
    planned = till("plan", "--json", *shop.arguments)
    assert planned.code == OK, "without the variable the function keeps its secret"
    other = till("plan", "--json", *shop.arguments, SHOP_SECRET="another-one")
    assert other.code == CHECK_FAILED and "another-one" not in other.out + other.err and SECRET not in other.out
    assert [d["property"] for s in other.json["plan"] for d in s["differences"]] == ["TILL_INTAKE_SECRET"]
    for command in (["config", "show"], ["status"], ["plan"]):
        assert SECRET not in till(*command, *shop.arguments, SHOP_SECRET=SECRET).out
    # A new one cannot be made without it.
    assert till("down", "--yes", *shop.arguments).code == OK
    for empty in ({}, {"SHOP_SECRET": ""}):
        fresh = till("up", *shop.arguments[:2], "--data", tmp_path / "fresh", **empty)
        assert fresh.code == USAGE and "SHOP_SECRET" in fresh.err, fresh
    assert till("status", "--json", "--data", tmp_path / "fresh").json["resources"] == [], "nothing was made"


def test_an_intake_that_the_definition_has_no_more_goes(shop):
    url = shop(HMAC)
    (shop.arguments[1]).write_text(ORDER)
    planned = till("plan", *shop.arguments)
    assert planned.code == CHECK_FAILED and "- delete  function      tillstream-intake" in planned.out, planned
    assert shop(ORDER) is None
    assert post(url, b"{}")[0] == 404
    assert till("plan", *shop.arguments).code == OK
    assert "tillstream-intake" not in till("status", *shop.arguments).out


@pytest.mark.parametrize("intake, line, text", [
    ("", 1, "verify is missing"),
    ("verify = 'hmac'", 1, "header is missing"),
    ("verify = 'nobody'\nheader = 'x'", 3, "header is not looked at"),
    ("verify = 'hmac'\nheader = 'x'\nsecret_variable = 'y'\ntolerance = 5", 5, "tolerance is not looked at"),
    ("verify = 'timestamped'\nheader = 'x'\nsecret_variable = 'y'\ntolerance = 0", 5, "whole number from 1 to 86400"),
    ("verify = 'hmac'\nheader = 'x'\nsecret = 'y'", 4, "has no key \"secret\""),
])
def test_faults_of_the_intake_are_told_with_their_lines(tmp_path, intake, line, text):
    (tmp_path / "till.toml").write_text(f"[intake]\n{intake}\n")
    result = till("config", "show", "--file", tmp_path / "till.toml")
    assert result.code == USAGE and any(
        f"till.toml:{line}: [intake] " in one and text in one for one in result.err.splitlines()), result
