// NotificationRule: which orders somebody wants to hear of, in the words of SNS's filter policies (payload scope), and
// in what words. Each rule has a topic of its own. Without any rule the threshold decides (config.h). Values; safe from
// any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "aws/filter/filter_policy.h"
#include "base/decimal.h"
#include "pipeline/text_template.h"
#include "pipeline/transaction.h"

namespace pipeline {

// The name of what is notified where there are no rules: orders above the threshold. No rule can have it.
inline constexpr std::string_view kThresholdRule = "threshold";

struct NotificationRule {
  std::string name;
  aws::filter::FilterPolicy filter;  // of an order's own fields, as kNotificationFields names them
  bool is_for_refunds = false;       // the filter has a condition on `type`; else no refund is notified
  TextTemplate subject;              // empty: "<rule>: <transaction_id>"
  TextTemplate text;                 // empty: a JSON object of the fields
  std::vector<std::string> emails;
  std::vector<std::string> webhooks;
};
using NotificationRules = std::vector<NotificationRule>;

// What a text may name: the fields of an order, and `rule`.
const std::vector<std::string>& notification_fields();

// A field that a filter policy (which is one) asks for and no order has, so that it would never match; empty: none.
std::string foreign_field(std::string_view filter);

// Whether the JSON text of a filter policy has a condition under `key`, at any depth.
bool has_condition_on(std::string_view filter, std::string_view key);

// The names of the rules that want the order; of no rules kThresholdRule if it is above `threshold` and no refund.
std::vector<std::string> rules_for(const Transaction& order, const NotificationRules& rules,
                                   const base::Decimal& threshold);

// A URL that SNS can deliver to.
bool is_webhook_url(std::string_view text);
// Whether what is no address of e-mail is likely to be several of them in one text.
bool may_be_several(std::string_view text);
// An address of either kind as it may be shown: without the password of a URL.
std::string shown_address(std::string_view text);

}  // namespace pipeline
