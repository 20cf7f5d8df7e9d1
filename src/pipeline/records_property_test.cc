// Any document, by any definition: each record has exactly one outcome, and none is lost or made up on the way.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <array>
#include <set>

#include "pipeline/canonical_json.h"
#include "pipeline/document_reader.h"
#include "pipeline/transaction.h"

namespace pipeline {
namespace {

template <std::size_t N>
std::string one_of(const std::array<const char*, N>& choices) {
  return choices[static_cast<std::size_t>(*rc::gen::inRange(0, static_cast<int>(N)))];
}

std::string any_scalar() {
  return one_of(std::to_array({"null", "true", "1", "-0", "12.50", "1e3", "0.1e400",
                               "123456789012345678901234567890123456789", "\"\"", "\"a\"", "\"1.234,50 \xe2\x82\xac\"",
                               "\"EUR\"", "\"refund\"", "\"[{\\\"}\"", "\"2024-01-02\"", "\"\\u00e9\""}));
}

std::string any_json(int depth);

std::string any_array(int depth) {
  std::string out = "[";
  for (int i = *rc::gen::inRange(0, 5); i > 0; --i) out += (out.size() > 1 ? ", " : "") + any_json(depth + 1);
  return out + "]";
}

std::string any_object(int depth) {
  std::string out = "{";
  std::set<std::string> keys;
  for (int i = *rc::gen::inRange(0, 5); i > 0; --i) {
    const std::string key = one_of(std::to_array({"id", "amount", "currency", "a", "b/c", "~", ""}));
    if (!keys.insert(key).second) continue;
    if (out.size() > 1) out += one_of(std::to_array({",", " , ", ",\n"}));
    out += fmt::format("\"{}\":{}", key, any_json(depth + 1));
  }
  return out + "}";
}

std::string any_json(int depth) {
  switch (*rc::gen::inRange(0, depth > 2 ? 1 : 4)) {
    case 2:
      return any_array(depth);
    case 3:
      return any_object(depth);
    default:
      return any_scalar();
  }
}

FieldSource any_source(int count_max) {
  FieldSource out;
  for (int i = *rc::gen::inRange(0, count_max + 1); i > 0; --i)
    out.push_back(FieldTemplate::parse(one_of(std::to_array({"/id", "/amount", "currency", "/a/0", "/a/id", "/b~1c",
                                                             "{/id}-{a}", "/~0"})))
                      .value());
  return out;
}

Mapping any_mapping() {
  using Meaning = Mapping::Meaning;
  const auto meaning = [] { return *rc::gen::element(Meaning::refused, Meaning::accepted, Meaning::refund); };
  Mapping m;
  m.transaction_id = any_source(3);
  m.amount = any_source(3);
  m.amount_format.style = *rc::gen::element(AmountFormat::Style::plain, AmountFormat::Style::point,
                                            AmountFormat::Style::comma, AmountFormat::Style::detect);
  m.amount_format.in_minor_units = *rc::gen::arbitrary<bool>();
  m.amount_format.has_currency_sign = *rc::gen::arbitrary<bool>();
  m.currency = any_source(1);
  m.default_currency = one_of(std::to_array({"", "EUR", "JPY"}));
  if (*rc::gen::arbitrary<bool>()) m.currencies = {"EUR"};
  m.item = any_source(2);
  m.item_required = *rc::gen::arbitrary<bool>();
  m.customer = any_source(2);
  m.type = any_source(1);
  m.refund_types = {"refund"};
  m.occurred_at = any_source(1);
  m.zero_amount = meaning();
  m.negative_amount = meaning();
  m.numbers_are_text = *rc::gen::arbitrary<bool>();
  return m;
}

TEST(Records, AnyRecordIsAnOrderOrRefusedForAReason) {
  const std::set<std::string_view> reasons{
      reason::kJsonSyntax,      reason::kSchemaMissing,   reason::kSchemaType, reason::kAmountNonpositive,
      reason::kAmountAmbiguous, reason::kAmountPrecision, reason::kCurrency,   reason::kTooLarge};
  EXPECT_TRUE(rc::check([&] {
    const TransactionReader reader(any_mapping());
    std::string record = *rc::gen::inRange(0, 5) == 0 ? any_json(0) : any_object(0);
    if (*rc::gen::inRange(0, 4) == 0 && !record.empty())  // and what is nearly one
      record[static_cast<std::size_t>(*rc::gen::inRange(0, static_cast<int>(record.size())))] =
          *rc::gen::arbitrary<char>();
    const auto order = reader.read(record);
    if (order.has_value()) {
      RC_ASSERT(!order->transaction_id.empty());
      RC_ASSERT(reader.read(record)->payload_sha256 == order->payload_sha256);
    } else {
      RC_ASSERT(reasons.contains(order.error().reason));
      RC_ASSERT(!order.error().message.empty());
    }
  }));
}

TEST(Records, TheCanonicalTextIsItsOwn) {
  EXPECT_TRUE(rc::check([] {
    const auto once = canonicalise(any_object(0), {});
    RC_ASSERT(once.has_value());
    RC_ASSERT(canonicalise(once->text, {})->text == once->text);
  }));
}

// Of an array, of pages or one behind the other, in pieces of any size.
TEST(Records, NoneIsLostOrMadeUpOnTheWay) {
  EXPECT_TRUE(rc::check([] {
    std::vector<std::string> records;
    for (int i = *rc::gen::inRange(1, 8); i > 0; --i) records.push_back(any_object(0));
    const bool in_pages = *rc::gen::arbitrary<bool>();
    const bool in_array = *rc::gen::arbitrary<bool>();
    if (!in_pages && !in_array)  // a file of lines has its records in lines
      for (std::string& record : records) std::ranges::replace(record, '\n', ' ');
    const std::string between = in_array || in_pages ? one_of(std::to_array({",", " ,\n"}))
                                                     : one_of(std::to_array({" ", "\n", "\n\x1e", "\xef\xbb\xbf"}));
    std::string document;
    for (const std::string& record : records) document += (document.empty() ? "" : between) + record;
    if (in_array && !in_pages) document = "[" + document + "]";
    if (in_pages) document = fmt::format(R"({{"x":{},"page":{{"id":[7],"orders":[{}]}}}})", any_json(1), document);
    DocumentFormat format;
    if (in_pages) format.records = FieldPath::parse("/page/orders").value();
    DocumentReader reader(format);
    std::vector<std::string> found;
    const auto drain = [&] {
      while (auto record = reader.next()) found.push_back(std::move(record->text));
    };
    for (std::size_t at = 0; at < document.size();) {
      const auto bytes = static_cast<std::size_t>(*rc::gen::inRange(1, 30));
      reader.feed(std::string_view(document).substr(at, bytes));
      at += bytes;
      drain();
    }
    reader.finish();
    drain();
    RC_ASSERT(reader.error() == "");
    RC_ASSERT(found == records);
  }));
}

}  // namespace
}  // namespace pipeline
