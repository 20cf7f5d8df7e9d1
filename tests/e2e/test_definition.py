"""A shop's own records by a definition file: `till check`, `config show`, and from the file to the stored rows."""
import base64
import gzip
import http.server
import io
import json
import subprocess
import threading
import urllib.request
import zipfile

import pytest
from till_process import BINARY, EXAMPLE, clean_environment, eventually, till

OK, FAILED, USAGE, CHECK_FAILED = range(4)  # src/cli/exit_code.h

DEFINITION = """
[order]
id = ["/id", "{/channel}-{/number}"]
amount = "/totals/gross"
amount_style = "detect"
currency_sign = true
currency = "/currency"
default_currency = "EUR"
currencies = ["EUR", "JPY", "KWD"]
item = ["/lines/0/title", "/lines/0/sku"]
customer = "/customer/email"
type = "/kind"
refund_types = ["refund"]
occurred_at = "/created_at"
zero = "accept"
negative = "refund"
"""

RECORDS = [
    {"id": 450789469, "totals": {"gross": "1.234,50 €"}, "lines": [{"title": "kettle"}],
     "customer": {"email": "a@example.com"}, "created_at": "2024-01-02 03:04:05 +0100", "big": 10 ** 60},
    {"id": 12345678901234567890123, "totals": {"gross": 60000}, "currency": "jpy", "lines": [{"sku": 7}]},
    {"channel": "web", "number": 17, "totals": {"gross": "0"}},
    {"channel": "web", "number": 18, "totals": {"gross": -60001.5}},
    {"id": "r1", "kind": "refund", "totals": {"gross": 70000}, "currency": "KWD"},
    {"id": "bad-1", "totals": {"gross": "1,234"}},
    {"id": "bad-2", "totals": {"gross": 5}, "currency": "USD"},
    {"totals": {"gross": 5}},
]
REFUSED = {"AMOUNT_AMBIGUOUS": 1, "CURRENCY": 1, "SCHEMA_MISSING": 1}


@pytest.fixture
def shop(tmp_path):
    (tmp_path / "till.toml").write_text(DEFINITION)
    (tmp_path / "orders.json").write_text(json.dumps(RECORDS))
    return tmp_path


def test_a_file_is_checked_without_an_engine(shop):
    checked = till("check", shop / "orders.json", "--json", "--file", shop / "till.toml", "--data", shop / "none")
    assert checked.code == CHECK_FAILED, checked
    [of_file] = checked.json["files"]
    assert (of_file["read"], of_file["orders"], of_file["refunds"], of_file["error"]) == (8, 3, 2, None)
    assert {why: one["count"] for why, one in of_file["refused"].items()} == REFUSED
    first = of_file["refused"]["AMOUNT_AMBIGUOUS"]["first"]
    assert first["index"] == 5 and json.loads(first["record"]) == RECORDS[5]
    assert first["message"] == "/totals/gross could be 1234 or 1.234"
    text = till("check", shop / "orders.json", TILL_FILE=str(shop / "till.toml")).out
    assert "8 records, 3 orders, 2 refunds" in text and "SCHEMA_MISSING" in text
    assert not (shop / "none").exists()
    original = till("check", shop / "orders.json", "--json").json["files"][0]
    assert original["refused"]["SCHEMA_MISSING"]["count"] == 8, "without a definition"


def test_a_definition_is_checked_as_a_whole_before_anything_is_touched(shop):
    (shop / "till.toml").write_text("[order]\nid = ''\namont = '/a'\n[rule]\n")
    for command in (["up"], ["run", shop / "orders.json"], ["check", shop / "orders.json"], ["config", "show"]):
        result = till(*command, "--file", shop / "till.toml", "--data", shop / "none")
        assert result.code == USAGE and result.out == "", result
        assert [line.split(": ", 1)[0] for line in result.err.removeprefix("till: ").splitlines()] == [
            f"{shop}/till.toml:{line}" for line in (1, 2, 3, 4)], result
        assert not (shop / "none").exists()
    missing = till("config", "show", "--file", shop / "other.toml")
    assert missing.code == USAGE and "other.toml" in missing.err


def test_what_is_in_force_is_shown(shop):
    assert till("config", "show", "--text", "--json").json == {"file": None, "definition": ""}
    shown = till("config", "show", "--text", "--file", shop / "till.toml")
    assert shown.out.startswith(f"# from {shop}/till.toml\n") and DEFINITION.strip() in shown.out


def test_records_of_a_shop_become_orders(shop, serve):
    server = serve()
    arguments = ["--file", shop / "till.toml", "--data", server.data]
    run = till("run", shop / "orders.json", "--json", *arguments)
    assert run.code == OK, run
    assert run.json["read"] == 8 and run.json["accepted"] == 5 and run.json["quarantined"] == REFUSED
    assert run.json["large_orders_notified"] == 1, "of the orders above 50000 those that are no refunds"
    rows = {row["transaction_id"]: row for row in till("tx", "list", "--json", *arguments).json["rows"]}
    assert set(rows) == {"450789469", "12345678901234567890123", "web-17", "web-18", "r1"}
    table = server.client("dynamodb")
    row = lambda key: table.get_item(TableName="tillstream-orders", Key={"transaction_id": {"S": key}})["Item"]
    first = row("450789469")
    assert (first["amount"], first["currency"], first["item"], first["customer"]) == (
        {"N": "1234.5"}, {"S": "EUR"}, {"S": "kettle"}, {"S": "a@example.com"})
    assert first["occurred_at"] == {"N": "1704161045000"} and "type" not in first
    assert json.loads(first["raw"]["S"]) == RECORDS[0], "all of it is kept as it came"
    assert row("12345678901234567890123")["currency"] == {"S": "JPY"}
    assert row("12345678901234567890123")["item"] == {"S": "7"}
    assert row("web-17")["amount"] == {"N": "0"} and "item" not in row("web-17")
    assert row("web-18")["type"] == row("r1")["type"] == {"S": "refund"}
    assert "notify_state" not in row("r1") and row("r1")["amount"] == {"N": "70000"}
    again = till("ingest", shop / "orders.json", "--json", *arguments)
    assert again.json["duplicates"] == 8, "whatever was accepted or refused counts once"


def test_the_definition_travels_in_the_package_and_a_change_is_planned(shop, serve):
    server = serve()
    arguments = ["--file", shop / "till.toml", "--data", server.data]
    assert till("up", *arguments).code == OK
    assert till("plan", *arguments).code == OK, "nothing to change"
    lambda_ = server.client("lambda")
    with zipfile.ZipFile(io.BytesIO(urllib.request.urlopen(lambda_.get_function(
            FunctionName="tillstream-process")["Code"]["Location"]).read())) as package:
        assert package.read("till.toml").decode() == DEFINITION and "bootstrap" in package.namelist()
    (shop / "till.toml").write_text(DEFINITION.replace('zero = "accept"\n', ""))
    planned = till("plan", "--json", *arguments)
    changes = {step["name"]: [difference["property"] for difference in step["differences"]]
               for step in planned.json["plan"] if step["action"] == "change"}
    assert planned.code == CHECK_FAILED
    assert changes == {f"tillstream-{stage}": ["code", "TILL_DEFINITION"] for stage in ("ingest", "process", "sweep")}
    for command in (["deploy"], ["ingest", shop / "orders.json"]):
        other = till(*command, *arguments)
        assert other.code == USAGE and other.out == "" and "another definition" not in other.out, other
        assert "by the definition" in other.err and "till up" in other.err
    assert till("up", *arguments).code == OK and till("deploy", *arguments).code == OK
    assert till("plan", *arguments).code == OK
    assert till("run", shop / "orders.json", "--json", *arguments).json["quarantined"] == REFUSED | {
        "AMOUNT_NONPOSITIVE": 1}


def test_pages_have_their_records_in_an_array(shop, serve):
    definition = shop / "till.toml"
    definition.write_text('[orders]\nrecords = "/data/orders"\n' + DEFINITION)
    pages = [{"page": 1, "data": {"next": "x", "orders": RECORDS[:3]}}, {"data": {"orders": RECORDS[3:]}, "last": True}]
    (shop / "pages.json").write_text("\n".join(json.dumps(page, indent=1) for page in pages))
    arguments = ["--file", definition, "--data", serve().data]
    [checked] = till("check", shop / "pages.json", "--json", *arguments).json["files"]
    assert (checked["read"], checked["orders"], checked["refunds"], checked["error"]) == (8, 3, 2, None)
    run = till("run", shop / "pages.json", "--json", *arguments).json
    assert run["accepted"] == 5 and run["quarantined"] == REFUSED
    (shop / "other.json").write_text('{"orders": []}')
    other = till("run", shop / "other.json", *arguments)
    assert other.code == FAILED and "there is no array at /data/orders" in other.err


@pytest.mark.parametrize("write", [
    lambda records: json.dumps(records[0], indent=2),
    lambda records: "".join(json.dumps(record, indent=2) for record in records),
    lambda records: "".join("\x1e" + json.dumps(record) + "\n" for record in records),
    lambda records: "\ufeff" + json.dumps(records[0]) + "\n\ufeff" + json.dumps(records[1]),
], ids=["one object over lines", "objects over lines", "RFC 7464", "byte order marks"])
def test_objects_may_end_anywhere(shop, write):
    (shop / "some.json").write_text(write(RECORDS[:3]))
    [checked] = till("check", shop / "some.json", "--json", "--file", shop / "till.toml").json["files"]
    assert checked["error"] is None and checked["refused"] == {} and checked["read"] == checked["orders"] > 0


def test_a_definition_is_not_taken_away_without_a_word(shop, serve):
    server = serve()
    with_file, without = ["--file", shop / "till.toml", "--data", server.data], ["--data", server.data]
    assert till("run", shop / "orders.json", *with_file).code == OK
    for command in (["run", shop / "orders.json"], ["up"]):
        refused = till(*command, *without)
        assert refused.code == USAGE and "works by a definition" in refused.err and "--file none" in refused.err, refused
    assert till("ingest", shop / "orders.json", *without).code == USAGE
    assert till("tx", "list", *without).code == OK and till("plan", *with_file).code == OK
    original = till("run", shop / "orders.json", "--file", "none", "--json", *without)
    assert original.code == CHECK_FAILED and original.json["quarantined"] == {"SCHEMA_MISSING": 5}, original
    assert original.json["duplicates"] == 3, "which were refused before"


SHOPIFY = {"orders": [
    {"id": 450789469, "name": "#1001", "total_price": "598.94", "current_total_price": "398.00", "currency": "USD",
     "created_at": "2024-01-10T11:00:00-05:00", "email": "bob@example.com", "financial_status": "paid",
     "line_items": [{"id": 466157049, "title": "IPod Nano - 8gb", "quantity": 1, "price": "199.00"}]},
    {"id": 450789470, "total_price": "0.00", "currency": "JPY", "created_at": "2024-01-10T11:00:00-05:00", "email": "",
     "customer": {"id": 207119551}, "line_items": []}]}
WOOCOMMERCE = [
    {"id": 727, "number": "727", "status": "processing", "currency": "EUR", "total": "29.35",
     "date_created": "2017-03-22T16:28:02", "date_created_gmt": "2017-03-22T19:28:02", "customer_id": 0,
     "billing": {"email": "john@example.com"}, "line_items": [{"id": 315, "name": "Woo Single #1", "total": "6.00"}]},
    {"id": 728, "currency": "EUR", "total": "-5.00", "date_created": "2017-03-22T16:28:02", "billing": {"email": ""},
     "customer_id": 26, "line_items": []}]
STRIPE = {"object": "list", "url": "/v1/charges", "has_more": False, "data": [
    {"id": "ch_3MmlLrLkdIwHu7ix0snN0B15", "object": "charge", "amount": 1099, "currency": "usd", "created": 1679090539,
     "customer": None, "receipt_email": "a@example.com", "description": "Order 17", "paid": True},
    {"id": "re_1Nispe2eZvKYlo2Cd31jOCgZ", "object": "refund", "amount": 1000, "currency": "jpy", "created": 1692942318},
    {"id": "ch_2", "object": "charge", "amount": 500, "currency": "isk", "created": 1679090539}]}
AMAZON = {"payload": {"NextToken": "x", "Orders": [
    {"AmazonOrderId": "902-3159896-1390916", "PurchaseDate": "2024-01-20T19:49:35Z", "OrderStatus": "Shipped",
     "OrderTotal": {"CurrencyCode": "GBP", "Amount": "11.01"}, "BuyerInfo": {"BuyerEmail": "b@marketplace.example"}},
    {"AmazonOrderId": "902-8745147-1934268", "PurchaseDate": "2024-01-20T20:49:35Z", "OrderStatus": "Pending"}]}}


@pytest.mark.parametrize("preset, export, rows, refused", [
    ("original", [{"transaction_id": "a", "amount": 1.50, "item": "x"}], {"a": ("1.5", None, None)}, {}),
    ("shopify", SHOPIFY, {"450789469": ("398", "USD", "bob@example.com"), "450789470": ("0", "JPY", "207119551")}, {}),
    ("woocommerce", WOOCOMMERCE, {"727": ("29.35", "EUR", "john@example.com"), "728": ("-5", "EUR", "26")}, {}),
    ("stripe", STRIPE, {"ch_3MmlLrLkdIwHu7ix0snN0B15": ("10.99", "USD", "a@example.com"), "ch_2": ("5", "ISK", None),
                        "re_1Nispe2eZvKYlo2Cd31jOCgZ": ("1000", "JPY", None)}, {}),
    ("amazon", AMAZON, {"902-3159896-1390916": ("11.01", "GBP", "b@marketplace.example")}, {"SCHEMA_MISSING": 1}),
])
def test_presets_work_on_what_the_systems_export(tmp_path, serve, preset, export, rows, refused):
    definition, file = tmp_path / "shop.toml", tmp_path / "export.json"
    assert till("init", "--preset", preset, "--file", definition).code == OK
    before = definition.read_text()
    again = till("init", "--preset", preset, "--file", definition)
    assert again.code == FAILED and str(definition) in again.err and definition.read_text() == before
    file.write_text(json.dumps(export))
    server = serve()
    run = till("run", file, "--json", "--file", definition, "--data", server.data).json
    assert run["accepted"] == len(rows) and run["quarantined"] == refused, run
    stored = server.client("dynamodb").scan(TableName="tillstream-orders")["Items"]
    text = lambda row, name: row[name]["S"] if name in row else None
    assert {row["transaction_id"]["S"]: (row["amount"]["N"], text(row, "currency"), text(row, "customer"))
            for row in stored} == rows


def test_a_preset_that_is_not_there_is_named(tmp_path):
    result = till("init", "--preset", "magento", "--file", tmp_path / "till.toml")
    assert result.code == USAGE and '"magento"' in result.err and "shopify" in result.err
    assert not (tmp_path / "till.toml").exists()
    none = till("init", "--file", "none")
    assert none.code == USAGE and "no definition" in none.err


@pytest.mark.parametrize("pack", [lambda text: gzip.compress(text.encode()), lambda text: text.encode("utf-16"),
                                  lambda text: gzip.compress(text[:40].encode()) + gzip.compress(text[40:].encode())],
                         ids=["gzip", "UTF-16", "gzip of two members"])
def test_packed_and_wide_files_are_read(shop, serve, pack):
    file = shop / "orders.gz"
    file.write_bytes(pack(json.dumps(RECORDS)))
    arguments = ["--file", shop / "till.toml", "--data", serve().data]
    assert till("check", file, "--json", *arguments).json["files"][0]["orders"] == 3
    run = till("run", file, "--json", *arguments).json
    assert run["accepted"] == 5 and run["quarantined"] == REFUSED
    workbook = shop / "orders.xlsx"
    workbook.write_bytes(b"PK\x03\x04" + bytes(100))
    refused = till("run", workbook, *arguments)
    assert refused.code == FAILED and "Excel workbook" in refused.err


CSV = ("\ufeffName,Email,Currency,Total,Created at,Lineitem name,Notes\r\n"
       '#1001,a@example.com,EUR,"1.234,50 €",2024-01-02 03:04:05 +0100,"Kettle, ""big""\r\nand blue",\r\n'
       "#1002,,USD,$12.50,2024-01-02,x,\r\n"
       "#1003,,USD,-5.00,,x,\r\n"
       '#1004,,USD,"1,234",,x,\r\n'
       "#1005,,USD,,,,\r\n"
       "#1006,,USD,5,,,,too many\r\n")


def test_rows_of_csv_become_orders(tmp_path, serve):
    file, definition = tmp_path / "orders.csv", tmp_path / "till.toml"
    file.write_text(CSV, newline="")
    assert till("init", "--preset", "csv", "--file", definition).code == OK
    server = serve()
    arguments = ["--file", definition, "--data", server.data]
    refused = {"AMOUNT_AMBIGUOUS": 1, "SCHEMA_TYPE": 2}
    [checked] = till("check", file, "--json", *arguments).json["files"]
    assert (checked["orders"], checked["refunds"], checked["error"]) == (2, 1, None)
    run = till("run", file, "--json", *arguments).json
    assert run["accepted"] == 3 and run["quarantined"] == refused and run["read"] == 6, run
    row = server.client("dynamodb").get_item(TableName="tillstream-orders", Key={"transaction_id": {"S": "#1001"}})["Item"]
    assert (row["amount"], row["currency"], row["item"], row["customer"]) == (
        {"N": "1234.5"}, {"S": "EUR"}, {"S": 'Kettle, "big"\r\nand blue'}, {"S": "a@example.com"})
    assert json.loads(row["raw"]["S"])["Notes"] == ""
    file.write_text(CSV + '#1007,"x', newline="")
    broken = till("run", file, "--json", *arguments)
    assert broken.code == FAILED and "row 8 of the file has a quote that is not closed" in broken.json["error"]


@pytest.mark.parametrize("extra, text", [('delimiter = ";"', "id;total\n1;2,50\n"), ("", "id\ttotal\n1\t2,50\n")])
def test_other_delimiters(tmp_path, extra, text):
    kind = "csv" if extra else "tsv"
    (tmp_path / "till.toml").write_text(
        f'[orders]\nformat = "{kind}"\n{extra}\n[order]\nid = "id"\namount = "total"\namount_style = "comma"\n')
    (tmp_path / "orders.txt").write_text(text)
    [checked] = till("check", tmp_path / "orders.txt", "--json", "--file", tmp_path / "till.toml").json["files"]
    assert checked["orders"] == 1 and checked["refused"] == {}


def test_several_files_and_directories(tmp_path, serve):
    data = ["--data", serve().data]
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    for name, records in (("b.json", [{"transaction_id": "b", "amount": 1, "item": "x"}, {"amount": 1}]),
                          ("a.json", [{"transaction_id": "a", "amount": 1, "item": "x"}]), (".hidden", "no orders"),
                          ("till.toml", {}), ("order.schema.json", {})):
        (inbox / name).write_text(json.dumps(records))
    (tmp_path / "c.json").write_text('[{"amount": 1}]')
    run = till("run", inbox, tmp_path / "c.json", "--json", *data)
    assert run.code == CHECK_FAILED and "every order of the file was refused" in run.err
    assert [(each["file"], each["read"], each["accepted"]) for each in run.json["files"]] == [
        (f"{inbox}/a.json", 1, 1), (f"{inbox}/b.json", 2, 1), (f"{tmp_path}/c.json", 1, 0)]
    again = till("ingest", inbox, *data)
    assert again.code == OK and f"{inbox}/a.json:\n" in again.out and again.out.count("accepted") == 2
    some = till("ingest", inbox / "b.json", "--max-rejected", "0", *data)
    assert some.code == CHECK_FAILED and "--max-rejected is 0" in some.err
    for wrong in (tmp_path / "none.json", tmp_path / "empty"):
        (tmp_path / "empty").mkdir(exist_ok=True)
        result = till("run", inbox, wrong, *data)
        assert result.code == FAILED and str(wrong) in result.err and "accepted" not in result.out


def test_records_have_to_meet_the_shops_own_schema(shop, serve):
    schema = {"$schema": "http://json-schema.org/draft-07/schema#", "required": ["id", "lines"], "properties": {
        "total": {"type": "number", "multipleOf": 0.01}, "lines": {"minItems": 1, "items": {"required": ["sku"]}}}}
    (shop / "shop.schema.json").write_text(json.dumps(schema))
    (shop / "till.toml").write_text("[order]\nid = '/id'\namount = '/total'\nschema = 'shop.schema.json'\n")
    (shop / "orders.json").write_text(json.dumps([
        {"id": 1, "total": 19.99, "lines": [{"sku": "a"}]}, {"id": 2, "total": 5, "lines": [{"sku": "a"}, {}]},
        {"id": 3, "total": 0.001, "lines": [{"sku": "a"}]}, {"id": 4, "total": 5}]))
    definition = ["--file", shop / "till.toml"]
    checked = till("check", shop / "orders.json", "--json", *definition).json["files"][0]
    assert checked["orders"] == 1 and checked["refused"]["JSON_SCHEMA"]["count"] == 3
    assert checked["refused"]["JSON_SCHEMA"]["first"]["message"] == "/lines/1: Missing required property 'sku'."
    server = serve()
    stack = ["--data", server.data, *definition]
    run = till("run", shop / "orders.json", "--json", *stack)
    assert run.code == OK and run.json["quarantined"] == {"JSON_SCHEMA": 3}, run
    assert till("orders", "get", "1", "--json", *stack).json["amount"] == 19.99
    schema["required"] = ["id"]
    (shop / "shop.schema.json").write_text(json.dumps(schema))
    planned = till("plan", *stack)
    assert planned.code == CHECK_FAILED and "TILL_DEFINITION" in planned.out, planned
    other = till("ingest", shop / "orders.json", *stack)
    assert other.code != OK and "definition" in other.err, "the packages have the schema as it was"
    (shop / "orders.json").write_text(json.dumps([{"id": 5, "total": 5}, {"id": 6, "total": 0.001}]))
    assert till("run", shop / "orders.json", "--json", *stack).json["quarantined"] == {"JSON_SCHEMA": 1}
    (shop / "shop.schema.json").write_text('{"uniqueItems": true}')
    wrong = till("check", shop / "orders.json", *definition)
    assert wrong.code == USAGE and 'till.toml:4: [order] schema "shop.schema.json": /uniqueItems: is a' in wrong.err
    (shop / "shop.schema.json").unlink()
    missing = till("plan", *stack)
    assert missing.code == USAGE and 'till.toml:4: [order] schema "shop.schema.json": No such file' in missing.err


def test_the_password_of_a_url_is_shown_nowhere(tmp_path):
    file = tmp_path / "till.toml"
    file.write_text('# was https://u:pw@example.com/old\n'
                    '[notifications]\nwebhooks = ["https://u:pw@example.com/hook"]\nemails = ["a@example.com"]\n'
                    '[alarms]\nwebhooks = ["https://u:pw@example.com/alarm"]\n')
    shown = till("config", "show", "--file", file)
    assert 'notifications.webhooks = ["https://***@example.com/hook"]' in shown.out, shown
    assert 'notifications.emails = ["a@example.com"]' in shown.out
    text = till("config", "show", "--text", "--file", file)
    assert text.out.endswith("\n" + file.read_text().replace("u:pw@", "***@") + "\n"), text
    as_json = till("config", "show", "--text", "--json", "--file", file)
    assert as_json.json["definition"] == file.read_text().replace("u:pw@", "***@")
    plan = till("plan", "--file", file, "--data", tmp_path / "data", "--webhook", "https://u:pw@example.com/more")
    assert "-> https://***@example.com/alarm" in plan.out and "-> https://***@example.com/more" in plan.out, plan
    doctor = till("doctor", "--file", file, "--data", tmp_path / "data")
    file.write_text('[alarms]\nwebhooks = ["https://u:p\\u0077@example.com/hook"]\n')
    escaped = till("plan", "--file", file, "--data", tmp_path / "data")
    assert escaped.code == USAGE and f'{file}:2: alarms.webhooks has "https://***@example.com/hook"' in escaped.err
    file.write_text('[notifications]\nwebhooks = ["https://u:%zzpw@example.com"]\n')
    broken = till("check", "--file", file, "-", stdin="[]")
    assert broken.code == USAGE and ":2: [notifications] webhooks has" in broken.err, broken
    file.write_text('[notifications]\nwebhooks = ["ftp://u:pw@example.com"]\n')
    fault = till("config", "show", "--file", file)
    for result in (shown, text, as_json, plan, doctor, escaped, broken, fault,
                   till("plan", "--webhook", "ftp://u:pw@example.com", "--data", tmp_path / "data")):
        assert "pw" not in (result.out + result.err).replace(str(tmp_path), ""), result


class AskingWebhook(http.server.BaseHTTPRequestHandler):
    """Confirms subscriptions and keeps notifications, of whoever says user and password."""
    seen = []

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        known = self.headers.get("Authorization") == "Basic " + base64.b64encode(b"shop:a b").decode()
        self.seen.append((known, body["Type"]))
        self.send_response(200 if known else 401)
        if not known:
            self.send_header("WWW-Authenticate", 'Basic realm="shop"')
        self.end_headers()
        if known and body["Type"] == "SubscriptionConfirmation":
            urllib.request.urlopen(body["SubscribeURL"], timeout=30).read()

    def log_message(self, *_):
        pass


def test_a_webhook_with_a_password_is_told_it_when_it_asks(tmp_path, serve):
    server = serve()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), AskingWebhook) as asking:
        thread = threading.Thread(target=asking.serve_forever)
        thread.start()
        try:
            file = tmp_path / "till.toml"
            file.write_text(f'[notifications]\nwebhooks = ["http://shop:a%20b@127.0.0.1:{asking.server_port}/x"]\n')
            options = ["--file", file, "--endpoint", server.endpoint]
            up = till("up", *options)
            assert up.code == OK, up
            kind = "SubscriptionConfirmation"
            eventually(lambda: AskingWebhook.seen.count((True, kind)) == 2, what="both topics confirmed")
            assert AskingWebhook.seen.count((False, kind)) == 2
            subscriptions = eventually(lambda: [each for each in server.client("sns").list_subscriptions()["Subscriptions"]
                                                if each["SubscriptionArn"].startswith("arn:")] or None)
            assert {each["Endpoint"] for each in subscriptions} == {
                f"http://shop:****@127.0.0.1:{asking.server_port}/x"}
            again = till("plan", "--json", *options)
            assert again.code == OK and not [each for each in again.json["plan"] if each["action"] != "leave"], again
            ran = till("run", EXAMPLE, *options)
            assert ran.code == OK, ran
            eventually(lambda: (True, "Notification") in AskingWebhook.seen, what="a notification")
            status = till("status", *options)
            for result in (up, again, ran, status):
                assert "a%20b" not in result.out + result.err, result
        finally:
            asking.shutdown()
            thread.join()


def test_a_byte_order_mark_says_nothing(tmp_path):
    for name, text in (("till.toml", '[order]\nid = "/id"\namount = "/a"\nitem = "/i"\nschema = "s.json"\n'),
                       ("s.json", '{"required": ["i"]}')):
        (tmp_path / name).write_text("\ufeff" + text)
    checked = till("check", "--file", tmp_path / "till.toml", "-", stdin='[{"id": "a", "a": 1, "i": "x"}]')
    assert checked.code == OK and "1 records, 1 orders" in checked.out, checked
    key = tmp_path / "key"
    key.write_text("\ufeffAWS_ACCESS_KEY_ID=AKIASHOP\nAWS_SECRET_ACCESS_KEY=a-secret-of-the-shop\n")
    key.chmod(0o600)
    # It has read the key when it speaks of the address.
    busy = till("serve", "--root-key", key, "--listen", "192.0.2.1", "--port", "0", "--data", tmp_path / "data")
    assert busy.code != OK and "has no two lines" not in busy.err, busy


def test_a_link_to_nothing_is_no_definition_that_is_not_there(tmp_path):
    (tmp_path / "till.toml").symlink_to("nowhere.toml")
    result = subprocess.run([BINARY, "config", "show"], cwd=tmp_path, capture_output=True, text=True, env=clean_environment())
    assert result.returncode == 2 and "till.toml: No such file" in result.stderr, result
