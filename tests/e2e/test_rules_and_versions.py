"""Rules of notifications and versions of amended orders, from till.toml to mails and rows."""
import email
import json
from email.header import decode_header, make_header

import pytest
from till_process import eventually, till

OK, FAILED, USAGE, CHECK_FAILED = range(4)  # src/cli/exit_code.h

ORDER = """
[order]
id = "/id"
amount = "/total"
currency = "/currency"
item = "/title"
"""
RULES = """
[[rules]]
name = "large-eur"
filter = '{"amount":[{"numeric":[">",50000]}],"currency":["EUR"]}'
emails = ["eur@example.com"]
subject = "Größe: {transaction_id} {item}"
text = "{amount} {currency} for {item}"

[[rules]]
name = "large-jpy"
filter = '{"amount":[{"numeric":[">",5000000]}],"currency":["JPY"]}'
emails = ["jpy@example.com", "boss@example.com"]

[[rules]]
name = "boats"
filter = '{"item":[{"prefix":"böat"}]}'

[notifications]
emails = ["shop@example.com"]
"""
ORDERS = [{"id": 1, "total": "50000.01", "currency": "EUR", "title": "böat, red"},
          {"id": 2, "total": "60000", "currency": "JPY", "title": "tea"},
          {"id": 3, "total": "5000001", "currency": "JPY", "title": "tea"},
          {"id": 4, "total": "50000", "currency": "EUR", "title": "tea"}]


def mails(data):
    out = []
    for file in (data / "outbox").glob("*"):
        message = email.message_from_bytes(file.read_bytes())
        out.append((message["To"], str(make_header(decode_header(message["Subject"]))), message.get_payload(decode=True).decode()))
    return out


@pytest.fixture
def shop(tmp_path):
    (tmp_path / "till.toml").write_text(ORDER + RULES)
    (tmp_path / "orders.json").write_text(json.dumps(ORDERS))
    return tmp_path


def test_each_rule_tells_its_own_people_in_its_own_words(shop, serve):
    server = serve()
    arguments = ["--file", shop / "till.toml", "--data", server.data]
    run = till("run", shop / "orders.json", "--json", *arguments)
    assert run.code == OK and run.json["accepted"] == 4 and run.json["large_orders_notified"] == 2, run
    got = eventually(lambda: len(mails(server.data)) >= 4 and mails(server.data), what="four mails")
    assert sorted((to, subject) for to, subject, _ in got) == [
        ("boss@example.com", "large-jpy: 3"), ("eur@example.com", "Größe: 1 böat, red"),
        ("jpy@example.com", "large-jpy: 3"), ("shop@example.com", "boats: 1")], got
    texts = {to: text for to, _, text in got}
    assert "50000.01 EUR for böat, red" in texts["eur@example.com"]
    assert '"event_id":"3/large-jpy"' in texts["jpy@example.com"]
    assert till("plan", *arguments).code == OK
    # A rule that goes is not told any more; its topic goes with the stack.
    (shop / "till.toml").write_text(ORDER + RULES.replace("boats", "ships"))
    assert till("up", *arguments).code == OK
    down = till("down", "--yes", "--json", *arguments)
    assert down.code == OK and "tillstream-rule-boats" in down.out, down
    assert server.client("sns").list_topics()["Topics"] == []


@pytest.mark.parametrize("rule, line, text", [
    ("", 2, "name must be 1 to 40 of a-z, 0-9 and -"),
    ("name = 'threshold'", 3, 'name "threshold" is the name of what is notified without rules'),
    ("name = 'a'", 2, "filter is missing"),
    ("name = 'a'\nfilter = '{'", 4, "filter is wrong: Invalid parameter: FilterPolicy: failed to parse JSON."),
    ("name = 'a'\nfilter = '{\"amount\":[{\"wildcard\":\"x\"}]}'", 4, "wildcard"),
    ("name = 'a'\nfilter = '{\"a\":[1]}'\ntext = '{color}'", 5, "text names {color}, and an order's notification has {transac"),
    ("name = 'a'\nfilter = '{\"a\":[1]}'\nemails = 'x'", 5, 'emails has "x", which is no address'),
])
def test_faults_of_rules_are_told_with_their_lines(shop, rule, line, text):
    (shop / "till.toml").write_text(f"\n[[rules]]\n{rule}\n")
    result = till("config", "show", "--file", shop / "till.toml")
    assert result.code == USAGE and any(
        f"till.toml:{line}: [rules] " in one and text in one for one in result.err.splitlines()), result


def test_the_threshold_is_for_pipelines_without_rules(shop, serve):
    result = till("up", "--threshold", "5", "--file", shop / "till.toml", "--data", serve().data)
    assert result.code == USAGE and "[[rules]]" in result.err


def test_a_newer_version_of_an_order_replaces_it(shop, serve):
    (shop / "till.toml").write_text(ORDER + 'version = "/updated_at"\n')
    arguments = ["--file", shop / "till.toml", "--data", serve().data]

    def run(name, *versions):
        (shop / name).write_text("\n".join(json.dumps(
            {"id": "a", "total": total, "currency": "EUR", "updated_at": at}) for total, at in versions))
        result = till("run", shop / name, "--json", *arguments)
        assert result.code in (OK, CHECK_FAILED), result
        return {key: result.json[key] for key in ("read", "accepted", "updated", "superseded", "duplicates", "missing")
                if result.json[key]} | result.json["quarantined"]

    assert run("1.json", ("10", "2024-01-01T00:00:00Z")) == {"read": 1, "accepted": 1}
    assert run("2.json", ("30", "2024-01-03T00:00:00Z")) == {"read": 1, "accepted": 1, "updated": 1}
    assert run("3.json", ("20", "2024-01-02T00:00:00Z")) == {"read": 1, "superseded": 1}
    assert run("4.json", ("30.0", "2024-01-03T00:00:00Z")) == {"read": 1, "duplicates": 1}
    assert run("5.json", ("31", "2024-01-03T00:00:00Z")) == {"read": 1, "DUPLICATE_CONFLICT": 1}
    assert run("6.json", ("40", "2024-01-04T00:00:00Z"), ("50", "2024-01-05T00:00:00Z")) == {
        "read": 2, "accepted": 1, "updated": 1, "superseded": 1}
    assert till("tx", "get", "a", "--json", *arguments).json["amount"] == 50
    without = run("7.json", ("1", None))
    assert without == {"read": 1, "SCHEMA_TYPE": 1}


@pytest.mark.parametrize("preset, modified, order", [
    ("shopify", "updated_at", {"id": 1, "total_price": "5.00", "currency": "USD", "created_at": "2024-01-10T11:00:00-05:00"}),
    ("woocommerce", "date_modified_gmt", {"id": 1, "total": "5.00", "currency": "EUR",
                                          "date_created_gmt": "2024-01-10T16:00:00"}),
    ("amazon", "LastUpdateDate", {"AmazonOrderId": "1", "OrderTotal": {"CurrencyCode": "GBP", "Amount": "5.00"},
                                  "PurchaseDate": "2024-01-10T16:00:00Z"})])
def test_presets_know_when_an_order_was_amended(tmp_path, serve, preset, modified, order):
    definition = tmp_path / "till.toml"
    assert till("init", "--preset", preset, "--file", definition).code == OK
    # What stands there as an example of a rule is one.
    text = definition.read_text()
    assert "# [[rules]]" in text
    definition.write_text(text.replace("# [[rules]]", "[[rules]]").replace("# name =", "name =").replace(
        "# filter =", "filter =").replace("# emails =", "emails ="))
    arguments = ["--file", definition, "--data", serve().data]
    wrap = {"shopify": lambda one: {"orders": [one]}, "amazon": lambda one: {"payload": {"Orders": [one]}},
            "woocommerce": lambda one: [one]}[preset]
    for name, one, updated in [("1.json", order, 0), ("2.json", order | {modified: "2024-02-01T00:00:00Z"}, 1)]:
        (tmp_path / name).write_text(json.dumps(wrap(one)))
        run = till("run", tmp_path / name, "--json", *arguments)
        assert run.code == OK and run.json["accepted"] == 1 and run.json["updated"] == updated, run
