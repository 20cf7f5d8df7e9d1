#include "pipeline/transaction.h"

#include <gtest/gtest.h>

#include <vector>

namespace pipeline {
namespace {

TEST(Transaction, AcceptsOrders) {
  struct Case {
    std::string_view text, id, amount, item;
    bool more;
  };
  for (const Case& c : std::vector<Case>{
           {R"({"transaction_id": "1", "amount": 100, "item": "Item1"})", "1", "100", "Item1", false},
           {R"({"transaction_id":"a","amount":0.10,"item":"x"})", "a", "0.1", "x", false},
           {R"({"transaction_id":"a","amount":"19.90","item":"x"})", "a", "19.9", "x", false},
           {R"({"transaction_id":"a","amount":1e2,"item":"x","note":null})", "a", "100", "x", true},
           {R"({"transaction_id":"é😀","amount":5E-1,"item":"x"})", "é😀", "0.5", "x", false},
           {R"({"transaction_id":"a","amount":1,"item":"x","n":123456789012345678901234567890123456789})", "a", "1",
            "x", true},
           {R"({"transaction_id":"a","amount":1,"item":"x","n":{"m":[-1e999, 1e-999999999999999999999999]}})", "a", "1",
            "x", true},
           {R"({"transaction_id":"a","amount":1234567890123456.10,"item":"x"})", "a", "1234567890123456.1", "x", false},
       }) {
    const auto order = parse_transaction(c.text);
    ASSERT_TRUE(order.has_value()) << c.text << ": " << order.error().message;
    EXPECT_EQ(order->transaction_id, c.id);
    EXPECT_EQ(order->amount.to_string(), c.amount);
    EXPECT_EQ(order->item, c.item);
    EXPECT_EQ(order->has_more_fields, c.more);
  }
}

TEST(Transaction, RejectsWithAReason) {
  struct Case {
    std::string text;
    std::string_view reason;
  };
  for (const Case& c : std::vector<Case>{
           {"", reason::kJsonSyntax},
           {"hello", reason::kJsonSyntax},
           {"{", reason::kJsonSyntax},
           {"not an order", reason::kJsonSyntax},
           {"[1", reason::kJsonSyntax},
           {"null", reason::kSchemaType},
           {R"({"transaction_id":"a","amount":1,"item":"x"} x)", reason::kJsonSyntax},
           {R"({"transaction_id":"a","amount":1,"item":"x"}{})", reason::kJsonSyntax},
           {R"({"transaction_id":"a","amount":01,"item":"x"})", reason::kJsonSyntax},
           {R"({"transaction_id":"a","amount":1.2.3,"item":"x"})", reason::kJsonSyntax},
           {R"({"transaction_id":"a","amount":NaN,"item":"x"})", reason::kJsonSyntax},
           {R"({"transaction_id":"a","amount":1,"item":"x","n":nul})", reason::kJsonSyntax},
           {R"({"transaction_id":"a","amount":1,"item":"x","n":nullx})", reason::kJsonSyntax},
           {R"({"transaction_id":"a","amount":1,"item":"x","n":tru})", reason::kJsonSyntax},
           {R"({"transaction_id":"a","transaction_id":"b","amount":1,"item":"x"})", reason::kJsonSyntax},
           {R"({"transaction_id":"a","amount":1,"item":"x","m":{"k":1,"k":2}})", reason::kJsonSyntax},
           {"{\"transaction_id\":\"a\xff\",\"amount\":1,\"item\":\"x\"}", reason::kJsonSyntax},
           {"[1]", reason::kSchemaType},
           {"17", reason::kSchemaType},
           {R"({"amount":1,"item":"x"})", reason::kSchemaMissing},
           {R"({"transaction_id":"a","item":"x"})", reason::kSchemaMissing},
           {R"({"transaction_id":"a","amount":1})", reason::kSchemaMissing},
           {R"({"transaction_id":"","amount":1,"item":"x"})", reason::kSchemaType},
           {R"({"transaction_id":7,"amount":1,"item":"x"})", reason::kSchemaType},
           {R"({"transaction_id":"a","amount":true,"item":"x"})", reason::kSchemaType},
           {R"({"transaction_id":"a","amount":"a lot","item":"x"})", reason::kSchemaType},
           {R"({"transaction_id":"a","amount":1,"item":["x"]})", reason::kSchemaType},
           {R"({"transaction_id":"a","amount":0,"item":"x"})", reason::kAmountNonpositive},
           {R"({"transaction_id":"a","amount":-0.01,"item":"x"})", reason::kAmountNonpositive},
           {R"({"transaction_id":"a","amount":123456789012345678901234567890123456789,"item":"x"})",
            reason::kAmountPrecision},
           {R"({"transaction_id":"a","amount":1e999999999,"item":"x"})", reason::kAmountPrecision},
           {R"({"transaction_id":"a","amount":1e99999999999999999999,"item":"x"})", reason::kAmountPrecision},
           {R"({"transaction_id":123456789012345678901234567890123456789,"amount":1,"item":"x"})", reason::kSchemaType},
           {R"({"transaction_id":"a","amount":1,"item":1e999})", reason::kSchemaType},
           {R"({"transaction_id":")" + std::string(2049, 'a') + R"(","amount":1,"item":"x"})", reason::kTooLarge},
           {R"({"transaction_id":"a","amount":1,"item":"x","deep":)" + std::string(40, '[') + std::string(40, ']') +
                "}",
            reason::kTooLarge},
       }) {
    const auto order = parse_transaction(c.text);
    ASSERT_FALSE(order.has_value()) << c.text;
    EXPECT_EQ(order.error().reason, c.reason) << c.text << ": " << order.error().message;
  }
}

FieldSource places(std::initializer_list<std::string_view> texts) {
  FieldSource out;
  for (const std::string_view text : texts) out.push_back(FieldTemplate::parse(text).value());
  return out;
}

Mapping shop() {
  Mapping m;
  m.transaction_id = places({"/id", "{/channel}-{/number}"});
  m.amount = places({"/total", "/totals/0/gross"});
  m.currency = places({"/currency"});
  m.default_currency = "EUR";
  m.item = places({"/lines/0/title"});
  m.customer = places({"/customer/email", "/customer/id"});
  m.type = places({"/kind"});
  m.refund_types = {"refund"};
  m.occurred_at = places({"/created_at"});
  return m;
}

// "id amount currency item customer type", or the reason.
std::string read(const Mapping& mapping, std::string_view record) {
  const auto order = TransactionReader(mapping).read(record);
  if (!order.has_value()) return std::string(order.error().reason) + ": " + order.error().message;
  return order->transaction_id + "|" + order->amount.to_string() + "|" + order->currency + "|" + order->item + "|" +
         order->customer + "|" + order->type + (order->is_refund ? "|refund" : "");
}

TEST(TransactionReader, TakesTheFirstPlaceThatIsThereAndNotEmpty) {
  EXPECT_EQ(read(shop(), R"({"id":450789469,"total":"398.00","currency":"usd","lines":[{"title":"a"}],
                            "customer":{"email":"","id":7},"kind":null})"),
            "450789469|398|USD|a|7|");
  EXPECT_EQ(read(shop(), R"({"id":null,"channel":"web","number":17,"totals":[{"gross":1.5}]})"), "web-17|1.5|EUR|||");
  EXPECT_EQ(read(shop(), R"({"id":123456789012345678901234567890123456789012345,"total":1})"),
            "123456789012345678901234567890123456789012345|1|EUR|||")
      << "kept exactly";
  EXPECT_EQ(read(shop(), R"({"id":true,"total":1})"), "SCHEMA_TYPE: /id must be a text or a number");
  EXPECT_EQ(read(shop(), R"({"channel":"web","total":1})"),
            "SCHEMA_TYPE: /id or {/channel}-{/number} must be a "
            "non-empty string");
  EXPECT_EQ(read(shop(), R"({"total":1})"), "SCHEMA_MISSING: none of /id or {/channel}-{/number} is there");
  EXPECT_EQ(read(shop(), R"({"id":1})"), "SCHEMA_MISSING: none of /total or /totals/0/gross is there");
}

// What is a little smaller the table itself refuses, which counts the other attributes, too.
TEST(TransactionReader, WhatCannotBeARowIsTooLarge) {
  const auto of = [](std::size_t bytes) {
    return read(shop(), R"({"id":1,"total":1,"note":")" + std::string(bytes, 'x') + "\"}").substr(0, 10);
  };
  EXPECT_EQ(of(kRowBytesMax), "TOO_LARGE:");
  EXPECT_EQ(of(kRowBytesMax - 1000).substr(0, 2), "1|");
}

TEST(TransactionReader, CurrenciesAreThoseOfIso4217ThatTheShopTakes) {
  Mapping m = shop();
  EXPECT_EQ(read(m, R"({"id":1,"total":1,"currency":"EURO"})"),
            "CURRENCY: /currency \"EURO\" is no currency of ISO 4217");
  m.currencies = {"EUR", "JPY"};
  EXPECT_EQ(read(m, R"({"id":1,"total":1,"currency":"USD"})"),
            "CURRENCY: /currency USD is not among the currencies that are taken");
  EXPECT_EQ(read(m, R"({"id":1,"total":5,"currency":" eur "})"), "1|5|EUR|||");
  m.amount_format.in_minor_units = true;
  EXPECT_EQ(read(m, R"({"id":1,"total":1999})"), "1|19.99|EUR|||");
  EXPECT_EQ(read(m, R"({"id":1,"total":1999,"currency":"JPY"})"), "1|1999|JPY|||");
  m.minor_digits["JPY"] = 2;
  EXPECT_EQ(read(m, R"({"id":1,"total":1999,"currency":"JPY"})"), "1|19.99|JPY|||");
  m.default_currency.clear();
  EXPECT_EQ(read(m, R"({"id":1,"total":1})"), "SCHEMA_MISSING: /currency is missing");
}

TEST(TransactionReader, AmountsAreReadAsTheShopWritesThem) {
  Mapping m = shop();
  m.amount_format = {.style = AmountFormat::Style::detect, .has_currency_sign = true};
  EXPECT_EQ(read(m, R"({"id":1,"total":"1.234,50 €"})"), "1|1234.5|EUR|||");
  EXPECT_EQ(read(m, R"({"id":1,"total":1234.5})"), "1|1234.5|EUR|||") << "a JSON number has one spelling";
  EXPECT_EQ(read(m, R"({"id":1,"total":1.234})"), "1|1.234|EUR|||");
  EXPECT_EQ(read(m, R"({"id":1,"total":"1,234"})"),
            "AMOUNT_AMBIGUOUS: /total or /totals/0/gross could be 1234 or 1.234");
}

TEST(TransactionReader, WhatIsNotPositiveMeansWhatTheShopSays) {
  Mapping m = shop();
  EXPECT_TRUE(read(m, R"({"id":1,"total":0})").starts_with("AMOUNT_NONPOSITIVE"));
  EXPECT_TRUE(read(m, R"({"id":1,"total":-5})").starts_with("AMOUNT_NONPOSITIVE"));
  EXPECT_EQ(read(m, R"({"id":1,"total":5,"kind":"refund"})"), "1|5|EUR|||refund|refund");
  m.zero_amount = Mapping::Meaning::accepted;
  m.negative_amount = Mapping::Meaning::refund;
  EXPECT_EQ(read(m, R"({"id":1,"total":0.00})"), "1|0|EUR|||");
  EXPECT_EQ(read(m, R"({"id":1,"total":-5})"), "1|-5|EUR||||refund");
}

TEST(FieldTemplate, SaysWhatIsWrongWithIt) {
  EXPECT_EQ(FieldTemplate::parse("{/a}{{x}}-{b}").value().pieces().size(), 2U);
  for (const std::string_view wrong : {"", "{", "{/a", "/a}", "{}", "{{}}", "a{/x~}"})
    EXPECT_FALSE(FieldTemplate::parse(wrong).has_value()) << wrong;
}

// The hash says whether two texts are the same order.
TEST(Transaction, HashFollowsTheContentNotTheSpelling) {
  const auto hash = [](std::string_view text) { return parse_transaction(text).value().payload_sha256; };
  const std::string base = hash(R"({"transaction_id":"a","amount":100,"item":"x","tags":[1,{"b":2,"a":1}]})");
  EXPECT_EQ(base, hash(R"({ "item":"x", "tags":[1.0,{"a":1,"b":2e0}], "amount":1e2, "transaction_id":"\u0061" })"));
  EXPECT_EQ(base, hash(R"({"transaction_id":"a","amount":"100.00","item":"x","tags":[1,{"b":2,"a":1}]})"));
  EXPECT_NE(base, hash(R"({"transaction_id":"a","amount":100.01,"item":"x","tags":[1,{"b":2,"a":1}]})"));
  EXPECT_NE(base, hash(R"({"transaction_id":"a","amount":100,"item":"x","tags":[{"b":2,"a":1},1]})"));
  EXPECT_NE(base, hash(R"({"transaction_id":"a","amount":100,"item":"x"})"));
  // Numbers longer than an amount may be.
  const auto with = [&hash](std::string_view number) {
    return hash(R"({"transaction_id":"a","amount":1,"item":"x","n":)" + std::string(number) + "}");
  };
  EXPECT_EQ(with("1234567890123456789012345678901234567890100"), with("1.2345678901234567890123456789012345678901e42"));
  EXPECT_EQ(with("0.1e1000"), with("1.00E+999"));
  EXPECT_NE(with("1234567890123456789012345678901234567890"), with("1234567890123456789012345678901234567891"));
  EXPECT_NE(with("1e999"), with("-1e999"));
}

}  // namespace
}  // namespace pipeline
