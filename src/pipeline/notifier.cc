#include "pipeline/notifier.h"

#include <algorithm>
#include <array>

#include "aws/codec/json_shape.h"
#include "aws/rules/subject.h"
#include "base/encoding.h"
#include "pipeline/notification_state.h"

namespace pipeline {
namespace {

constexpr int64_t kDelaySecondsMax = 900;  // SQS's bound; a longer debt is looked at early and put back

// Answers of SNS that no later attempt changes.
bool is_permanent(const base::AwsError& error) {
  constexpr std::array<std::string_view, 6> kCodes = {"NotFound",           "NotFoundException",
                                                      "InvalidParameter",   "InvalidParameterException",
                                                      "AuthorizationError", "AuthorizationErrorException"};
  return std::ranges::find(kCodes, error.code) != kCodes.end() ||
         std::ranges::find(kCodes, error.query_code) != kCodes.end();
}

void append_member(std::string_view name, std::string_view value, std::string& out) {
  out.append(out.empty() ? "{\"" : ",\"").append(name).append("\":");
  aws::codec::write_json_string(value, out);
}

// What a large order is told as where there are no rules.
std::string threshold_text(const Item& order, const PipelineConfig& config) {
  std::string out;
  append_member("event_id", text_of(order, orders::kTransactionId), out);
  append_member(orders::kTransactionId, text_of(order, orders::kTransactionId), out);
  out.append(",\"amount\":").append(text_of(order, orders::kAmount));
  if (const auto currency = text_of(order, orders::kCurrency); !currency.empty())
    append_member(orders::kCurrency, currency, out);
  append_member(orders::kItem, text_of(order, orders::kItem), out);
  out.append(",\"threshold\":").append(config.large_order_threshold.to_string());
  return out + "}";
}

std::string rule_text(const Item& order, std::string_view event_id, std::string_view rule) {
  std::string out;
  append_member("event_id", event_id, out);
  append_member("rule", rule, out);
  append_member(orders::kTransactionId, text_of(order, orders::kTransactionId), out);
  out.append(",\"amount\":").append(text_of(order, orders::kAmount));
  for (const std::string_view field : {orders::kCurrency, orders::kItem, orders::kCustomer, orders::kType})
    if (const auto value = text_of(order, field); !value.empty()) append_member(field, value, out);
  return out + "}";
}

aws::sns::MessageAttributeValue string_attribute(std::string value) {
  aws::sns::MessageAttributeValue out;
  out.data_type = "String";
  out.string_value = std::move(value);
  return out;
}

// What is published for `rule`, which a later definition may not have any more.
aws::sns::PublishInput notification(const Item& order, const std::string& rule, const PipelineConfig& config,
                                    const NotificationRules& rules) {
  const std::string id(text_of(order, orders::kTransactionId));
  aws::sns::PublishInput input;
  auto& attributes = input.message_attributes.emplace();
  attributes["event_id"] = string_attribute(id);
  if (rule == kThresholdRule) {
    input.topic_arn = config.topic_arn;
    input.subject = "Large order: " + std::string(text_of(order, orders::kAmount)).substr(0, 60);
    input.message = threshold_text(order, config);
    return input;
  }
  const std::string event_id = id + "/" + rule;
  attributes["event_id"] = string_attribute(event_id);
  attributes["rule"] = string_attribute(rule);
  input.topic_arn = config.rule_topic_prefix + rule;
  const auto value_of = [&](std::string_view name) {
    return name == "rule" ? rule : std::string(text_of(order, name));
  };
  const auto found = std::ranges::find(rules, rule, &NotificationRule::name);
  if (found != rules.end()) {
    input.subject = aws::rules::as_subject(found->subject.render(value_of));
    input.message = found->text.render(value_of);
  }
  if (input.subject.value_or("").empty()) input.subject = aws::rules::as_subject(rule + ": " + id);
  if (input.message.value_or("").empty()) input.message = rule_text(order, event_id, rule);
  return input;
}

}  // namespace

aws::Context call_context(base::Env& env) {
  aws::Context context;
  context.now = env.clock.now();
  return context;
}

Notifier::Notifier(aws::dynamodb::DynamoDb& dynamodb, aws::sns::Sns& sns, aws::sqs::Sqs& sqs, base::Env& env,
                   const PipelineConfig& config, const NotificationRules& rules)
    : dynamodb_(dynamodb), sns_(sns), sqs_(sqs), env_(env), config_(config), rules_(rules) {}

bool Notifier::publish(const Item& order) {
  Outcome outcome;
  for (const std::string& rule : owed_rules(order)) publish(order, rule, outcome);
  return mark(order, outcome) && outcome.all_settled;
}

void Notifier::publish(const Item& order, const std::string& rule, Outcome& outcome) {
  aws::Context context = call_context(env_);
  const auto published = sns_.publish(context, notification(order, rule, config_, rules_));
  if (published.has_value()) {
    outcome.told.push_back(rule);
    outcome.sns_message_id = published->message_id.value_or("");
  } else if (is_permanent(published.error())) {
    outcome.refusal = published.error().message;
  } else {
    outcome.all_settled = false;
  }
}

// Only the row that was read: a newer version has taken over what is owed, and whoever wrote it sees to that. No owner
// check beside it: whoever has published may say so, and a row that is no longer PENDING is settled already.
bool Notifier::mark(const Item& order, const Outcome& outcome) {
  if (!outcome.all_settled && outcome.told.empty()) return true;  // as it was
  aws::dynamodb::UpdateItemInput update;
  auto& values = update.expression_attribute_values.emplace();
  update.table_name = config_.orders_table;
  update.key.emplace()[orders::kTransactionId] = text(text_of(order, orders::kTransactionId));
  update.condition_expression = "notify_state = :pending AND write_token = :token";
  values[":pending"] = text(orders::kPending);
  values[":token"] = text(text_of(order, orders::kWriteToken));
  std::string& expression = update.update_expression.emplace();
  if (outcome.all_settled) {
    const bool sent = outcome.refusal.empty();
    expression = sent ? "SET notify_state = :state, notified_at = :now, sns_message_id = :detail REMOVE lease_until"
                      : "SET notify_state = :state, notified_at = :now, notify_error = :detail REMOVE lease_until";
    values[":state"] = text(sent ? orders::kSent : orders::kFailed);
    values[":detail"] = text(sent ? outcome.sns_message_id : outcome.refusal);
    values[":now"] = number(base::to_epoch_milliseconds(env_.clock.now()));
  }
  if (order.contains(orders::kNotifyRules) && !outcome.told.empty()) {
    expression += (expression.empty() ? "" : " ") + std::string("ADD notified_rules :told DELETE notify_rules :told");
    values[":told"] = aws::dynamodb::AttributeValue::of_ss(outcome.told);
  }
  aws::Context context = call_context(env_);
  const auto updated = dynamodb_.update_item(context, std::move(update));
  return updated.has_value() || updated.error().code == "ConditionalCheckFailedException";
}

bool Notifier::defer(std::string_view transaction_id, base::Timestamp lease_until) {
  std::string body = "{\"transaction_id\":";
  aws::codec::write_json_string(transaction_id, body);
  body.push_back('}');
  const int64_t seconds = std::chrono::ceil<std::chrono::seconds>(lease_until - env_.clock.now()).count() + 1;
  aws::sqs::SendMessageRequest request;
  request.queue_url = config_.notify_queue_url;
  request.message_body = std::move(body);
  request.delay_seconds = static_cast<int32_t>(std::clamp<int64_t>(seconds, 0, kDelaySecondsMax));
  aws::Context context = call_context(env_);
  return sqs_.send_message(context, std::move(request)).has_value();
}

}  // namespace pipeline
