#include "pipeline/notification_state.h"

#include <algorithm>
#include <array>

#include "pipeline/notification_rule.h"

namespace pipeline {
namespace {

using Rules = std::vector<std::string>;

Rules members(const Item& row, std::string_view attribute) {
  const auto* value = row.find(attribute);
  return value != nullptr && value->is_ss() ? value->ss() : Rules();
}

bool is_pending(const Item& row) {
  return text_of(row, orders::kNotifyState) == orders::kPending;
}

// Those that were told, or refused for good.
Rules settled_rules(const Item& row) {
  Rules out = members(row, orders::kNotifiedRules);
  if (is_pending(row) || !row.contains(orders::kNotifyState)) return out;
  const Rules refused = members(row, orders::kNotifyRules);
  out.insert(out.end(), refused.begin(), refused.end());
  if (out.empty()) out.emplace_back(kThresholdRule);
  return out;
}

}  // namespace

std::vector<std::string> owed_rules(const Item& row) {
  if (!is_pending(row)) return {};
  Rules out = members(row, orders::kNotifyRules);
  if (out.empty()) out.emplace_back(kThresholdRule);
  return out;
}

void owe(const std::vector<std::string>& rules, base::Timestamp lease_until, Item& row) {
  row[orders::kNotifyState] = text(orders::kPending);
  row[orders::kLeaseUntil] = number(base::to_epoch_milliseconds(lease_until));
  if (rules.size() > 1 || rules.front() != kThresholdRule)
    row[orders::kNotifyRules] = aws::dynamodb::AttributeValue::of_ss(rules);
}

bool carry_over(const Item& old, Item& row) {
  const Rules settled = settled_rules(old);
  Rules owed = owed_rules(old);
  Rules fresh = owed_rules(row);
  std::erase_if(fresh, [&](const std::string& rule) {
    return std::ranges::find(settled, rule) != settled.end() || std::ranges::find(owed, rule) != owed.end();
  });
  const bool pending = !owed.empty();
  const auto lease = base::from_epoch_milliseconds(number_of(pending ? old : row, orders::kLeaseUntil).value_or(0));
  constexpr std::array kAttributes{orders::kNotifyState,  orders::kNotifyRules,   orders::kNotifiedRules,
                                   orders::kLeaseUntil,   orders::kNotifiedAt,    orders::kNotifyError,
                                   orders::kSnsMessageId, orders::kNotifyAttempts};
  for (const std::string_view attribute : kAttributes) {
    row.erase(attribute);
    if (const auto* value = old.find(attribute)) row.append(std::string(attribute)) = *value;
  }
  if (fresh.empty()) return !pending;
  owed.insert(owed.end(), fresh.begin(), fresh.end());
  row.erase(orders::kNotifyRules);
  owe(owed, lease, row);
  if (!settled.empty()) row[orders::kNotifiedRules] = aws::dynamodb::AttributeValue::of_ss(settled);
  return !pending;
}

}  // namespace pipeline
