#include "pipeline/definition.h"

#include <gtest/gtest.h>

#include "pipeline/transaction.h"

namespace pipeline {
namespace {

std::vector<std::string> faults(std::string_view toml) {
  std::vector<std::string> out;
  const auto read = read_definition(toml);
  if (read.has_value()) return out;
  for (const DefinitionFault& fault : read.error()) out.push_back(std::to_string(fault.line) + ": " + fault.message);
  return out;
}

TEST(Definition, SaysHowARecordBecomesAnOrder) {
  const auto read = read_definition(R"(
[order]
id = ["/id", "{/channel}-{/number}"]
amount = "/total"
amount_style = "comma"
amount_units = "major"
currency_sign = true
currency = "/currency"
default_currency = "EUR"
currencies = ["EUR", "JPY"]
minor_digits = { JPY = 0 }
item = "/lines/0/title"
customer = "Email"
type = "/kind"
refund_types = "refund"
occurred_at = "/at"
zero = "accept"
negative = "refund"
)");
  ASSERT_TRUE(read.has_value()) << read.error().front().message;
  const TransactionReader reader(read->mapping);
  const auto order = reader.read(
      R"({"channel":"web","number":7,"total":"-1.234,50 €","Email":"a@example.com","at":"2024-01-02 03:04:05 +0100"})");
  ASSERT_TRUE(order.has_value()) << order.error().message;
  EXPECT_EQ(order->transaction_id, "web-7");
  EXPECT_EQ(order->amount.to_string(), "-1234.5");
  EXPECT_EQ(order->currency, "EUR");
  EXPECT_EQ(order->customer, "a@example.com");
  EXPECT_TRUE(order->is_refund);
  EXPECT_EQ(base::format_iso8601_seconds(order->occurred_at.value()), "2024-01-02T02:04:05Z");
}

TEST(Definition, SaysWhichServerTakesMails) {
  const auto email = [](const std::string& url) {
    return read_definition("[email]\nsmtp = \"" + url + "\"\nfrom = \"a@example.com\"\n").value().email;
  };
  EXPECT_EQ(email("smtp://mail.example.com").smtp, "smtp://mail.example.com:587");
  EXPECT_TRUE(email("smtp://mail.example.com").starttls);
  EXPECT_EQ(email("smtps://mail.example.com/").smtp, "smtps://mail.example.com:465");
  EXPECT_FALSE(email("smtps://mail.example.com").starttls);
  EXPECT_EQ(email("smtp://[::1]:25").smtp, "smtp://[::1]:25");
  for (const char* loopback : {"smtp://[::1]:25", "smtp://localhost:25", "smtp://127.0.0.1:1025"})
    EXPECT_FALSE(email(loopback).starttls) << loopback;
  EXPECT_TRUE(email("smtp://127.mail.example.com").starttls);
  EXPECT_TRUE(read_definition("").value().email.smtp.empty());
  EXPECT_EQ(read_definition("[email]\npublic_url = \"https://a.example:8443/\"\n").value().email.public_url,
            "https://a.example:8443");
  for (const char* wrong : {"smtp://", "smtp://:25", "smtp://a b", "smtp://a:0", "smtp://a/b", "smtp://[::1", "a:25"})
    EXPECT_EQ(faults("[email]\nsmtp = \"" + std::string(wrong) + "\"\nfrom = \"a@example.com\"\n").size(), 1U) << wrong;
}

TEST(Definition, SaysWhereThePagesHaveTheirRecords) {
  EXPECT_EQ(read_definition("[orders]\nrecords = \"/data/orders\"\n").value().documents.records.value().pointer(),
            "/data/orders");
  EXPECT_FALSE(read_definition("[orders]\n").value().documents.records.has_value());
  EXPECT_EQ(read_definition("[orders]\nformat = \"csv\"\ndelimiter = \";\"\n").value().documents.delimiter, ';');
  EXPECT_EQ(read_definition("[orders]\nformat = \"tsv\"\n").value().documents.delimiter, '\t');
  EXPECT_EQ(faults("[orders]\nformat = \"csv\"\nrecords = \"/a\"\ndelimiter = \"ab\"\n"),
            (std::vector<std::string>{"3: [orders] records is for JSON: a row is a record",
                                      "4: [orders] delimiter must be one ASCII character, and no quote"}));
  EXPECT_EQ(faults("[orders]\nrecords = \"\"\nrecord = 1\n"),
            (std::vector<std::string>{"2: [orders] records is wrong: an empty path names no field",
                                      "3: [orders] has no key \"record\", perhaps \"records\" is meant"}));
}

TEST(Definition, WithoutAnOrderSectionIsTheOriginal) {
  const auto read = read_definition("# nothing yet\n");
  ASSERT_TRUE(read.has_value());
  EXPECT_TRUE(TransactionReader(read->mapping).read(R"({"transaction_id":"a","amount":1,"item":"x"})").has_value());
}

TEST(Definition, TellsEveryFaultWithItsLine) {
  EXPECT_EQ(faults(R"([order]
id = ""
amont = "/total"
amount_style = "roman"
amount_units = "minor"
currencies = ["EURO"]
minor_digits = { EUR = -1 }
item_required = "yes"
refund_types = ["refund"]
zero = "refund"
[shipping]
)"),
            (std::vector<std::string>{
                "1: [order] amount is missing: where in a record does it stand?",
                "2: [order] id is wrong: an empty path names no field",
                "3: [order] has no key \"amont\", perhaps \"amount\" is meant",
                "4: [order] amount_style is \"roman\", and can be \"plain\", \"point\", \"comma\", \"detect\"",
                "5: [order] amount_units is \"minor\", which needs `currency` or `default_currency`",
                "6: [order] currencies has \"EURO\", which is no currency of ISO 4217, such as EUR",
                "6: [order] currencies needs `currency` or `default_currency`: orders have none otherwise",
                "7: [order] minor_digits has for EUR no whole number from 0 to 8",
                "8: [order] item_required must be true or false", "9: [order] refund_types needs `type`",
                "10: [order] zero is \"refund\", and can be \"quarantine\", \"accept\"",
                "11: there is no section [shipping]"}));
  EXPECT_EQ(faults("[order]\nid = [\"/a\", 7]\namount = []\n"),
            (std::vector<std::string>{"2: [order] id must be a string or a list of strings",
                                      "3: [order] amount must be a string or a list of strings"}));
  EXPECT_EQ(faults("order = 5\n"), (std::vector<std::string>{"1: order must be a section, [order]"}));
  const auto syntax = faults("[order]\nid = \"/a\namount = 1\n");
  ASSERT_EQ(syntax.size(), 1U);
  EXPECT_TRUE(syntax.front().starts_with("2: ")) << syntax.front();
}

TEST(Definition, NamesOfAnIntakeAreNames) {
  const std::string intake = "[intake]\nverify = 'hmac'\n";
  EXPECT_EQ(faults(intake + "header = 'X-Shop-Hmac'\nsecret_variable = 'SHOP_SECRET'\n"), std::vector<std::string>());
  EXPECT_EQ(faults(intake + "header = 'X Shop'\nsecret_variable = 'SHOP=1'\n"),
            (std::vector<std::string>{"3: [intake] header is \"x shop\", which is no name of a header (RFC 9110)",
                                      "4: [intake] secret_variable is \"SHOP=1\", which is no name of a variable"}));
}

TEST(Definition, RulesAndWhoIsToldAreReadWhole) {
  const auto read = read_definition(R"toml(
[notifications]
emails = "shop@example.com"
[[rules]]
name = "a"
filter = '{"amount":[{"numeric":[">",5]}]}'
text = "{{{item}}}: {amount}"
webhooks = ["https://example.com/hook"]
[[rules]]
name = "b"
filter = '{"$or":[{"type":["refund"]},{"amount":[1]}]}'
)toml");
  ASSERT_TRUE(read.has_value()) << read.error().front().message;
  ASSERT_EQ(read->rules.size(), 2u);
  EXPECT_FALSE(read->rules[0].is_for_refunds);
  EXPECT_TRUE(read->rules[1].is_for_refunds);
  EXPECT_EQ(read->rules[0].text.render([](std::string_view name) { return std::string(name); }), "{item}: amount");
  EXPECT_EQ(read->rules[0].webhooks, std::vector<std::string>{"https://example.com/hook"});
  EXPECT_EQ(read->emails, std::vector<std::string>{"shop@example.com"});
  EXPECT_EQ(
      faults("[[rules]]\nname = 'a'\nfilter = '{\"amount\":[1]}'\n[[rules]]\nname = 'a'\nfilter = '{\"a\":[1]}'\n"
             "[rules2]\n[notifications]\nwebhooks = 'ftp://x'\n"),
      (std::vector<std::string>{
          "5: [rules] name \"a\" is the name of another rule",
          "6: [rules] filter asks for \"a\", which no order has; there are transaction_id, amount, currency, item, "
          "customer and type",
          "7: there is no section [rules2]",
          "9: [notifications] webhooks has \"ftp://x\", which is no URL of http:// or https://"}));
  EXPECT_EQ(faults("rules = 1\n"), std::vector<std::string>{"1: rules must be sections, [[rules]]"});
}

// Amounts of any size can be looked at, also those that no double or 64-bit integer holds.
TEST(NotificationRule, LargeNumbersAreSeenByFilters) {
  const auto rules =
      read_definition("[[rules]]\nname = 'a'\nfilter = '{\"amount\":[{\"numeric\":[\">\",1000]}]}'\n").value().rules;
  for (const char* amount : {"1001", "123456789012345678901234567890", "9999999999999999999", "1000.00001", "1e100"}) {
    const Transaction order{.transaction_id = "x", .amount = base::Decimal::parse(amount).value()};
    EXPECT_EQ(rules_for(order, rules, {}), std::vector<std::string>{"a"}) << amount;
  }
  const Transaction small{.transaction_id = "x", .amount = base::Decimal::from_integer(1000)};
  EXPECT_TRUE(rules_for(small, rules, {}).empty());
}

}  // namespace
}  // namespace pipeline
