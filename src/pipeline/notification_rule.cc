#include "pipeline/notification_rule.h"

#include <simdjson.h>

#include <algorithm>

#include "aws/codec/json_shape.h"
#include "aws/http/message.h"
#include "aws/http/shown_url.h"
#include "base/encoding.h"
#include "pipeline/rows.h"

namespace pipeline {
namespace {

namespace dom = simdjson::dom;

bool has_key(const dom::element& value, std::string_view key) {
  dom::object object;
  dom::array array;
  if (value.get(object) == simdjson::SUCCESS) {
    for (const auto& [name, member] : object)
      if (name == key || has_key(member, key)) return true;
  } else if (value.get(array) == simdjson::SUCCESS) {
    for (const dom::element member : array)
      if (has_key(member, key)) return true;
  }
  return false;
}

std::string foreign_field_of(const dom::object& policy) {
  for (const auto& [name, value] : policy) {
    dom::array alternatives;
    if (name == "$or" && value.get(alternatives) == simdjson::SUCCESS) {
      for (const dom::element one : alternatives) {
        dom::object inner;
        if (one.get(inner) != simdjson::SUCCESS) continue;
        if (std::string found = foreign_field_of(inner); !found.empty()) return found;
      }
    } else if (name == "rule" || std::ranges::find(notification_fields(), name) == notification_fields().end()) {
      return std::string(name);
    }
  }
  return {};
}

// A number that every reader of JSON takes: integers of more than 18 digits as a fraction.
std::string json_number(const base::Decimal& number) {
  constexpr std::size_t kIntegerDigitsMax = 18;
  std::string text = number.to_string();
  if (text.size() > kIntegerDigitsMax && text.find('.') == text.npos) text += ".0";
  return text;
}

// What a filter looks at.
std::string filter_body(const Transaction& order) {
  std::string out = "{\"amount\":" + json_number(order.amount);
  const auto append = [&out](std::string_view name, std::string_view value) {
    if (value.empty()) return;
    out.append(",\"").append(name).append("\":");
    aws::codec::write_json_string(value, out);
  };
  append(orders::kTransactionId, order.transaction_id);
  append(orders::kCurrency, order.currency);
  append(orders::kItem, order.item);
  append(orders::kCustomer, order.customer);
  append(orders::kType, order.is_refund ? orders::kRefund : std::string_view(order.type));
  return out + "}";
}

}  // namespace

const std::vector<std::string>& notification_fields() {
  static const std::vector<std::string> names{std::string(orders::kTransactionId),
                                              std::string(orders::kAmount),
                                              std::string(orders::kCurrency),
                                              std::string(orders::kItem),
                                              std::string(orders::kCustomer),
                                              std::string(orders::kType),
                                              "rule"};
  return names;
}

bool has_condition_on(std::string_view filter, std::string_view key) {
  dom::parser parser;
  dom::element document;
  return parser.parse(filter.data(), filter.size()).get(document) == simdjson::SUCCESS && has_key(document, key);
}

std::string foreign_field(std::string_view filter) {
  dom::parser parser;
  dom::object policy;
  if (parser.parse(filter.data(), filter.size()).get(policy) != simdjson::SUCCESS) return {};
  return foreign_field_of(policy);
}

std::vector<std::string> rules_for(const Transaction& order, const NotificationRules& rules,
                                   const base::Decimal& threshold) {
  std::vector<std::string> out;
  if (rules.empty() && !order.is_refund && order.amount > threshold) out.emplace_back(kThresholdRule);
  if (rules.empty()) return out;
  const std::string body = filter_body(order);
  for (const NotificationRule& rule : rules)
    if ((rule.is_for_refunds || !order.is_refund) && rule.filter.matches({}, body)) out.push_back(rule.name);
  return out;
}

bool is_webhook_url(std::string_view text) {
  constexpr std::size_t kLengthMax = 2'048;
  if (!text.starts_with("http://") && !text.starts_with("https://")) return false;
  const std::size_t host = text.find("://") + 3;
  const std::string_view authority = text.substr(host, text.find_first_of("/?", host) - host);
  const std::string place = std::string(text.substr(0, host)).append(authority.substr(authority.rfind('@') + 1));
  return text.size() <= kLengthMax && aws::http::parse_endpoint(place).has_value() && text.find('#') == text.npos &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; }) &&
         base::percent_decode(authority.substr(0, authority.rfind('@') + 1)).has_value();
}

bool may_be_several(std::string_view text) {
  return text.find_first_of(",; ") != text.npos && std::ranges::count(text, '@') > 1;
}

std::string shown_address(std::string_view text) {
  return is_webhook_url(text) ? aws::http::without_user(text) : std::string(text);
}

}  // namespace pipeline
