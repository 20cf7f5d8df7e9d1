#include "pipeline/notifier.h"

#include <algorithm>
#include <array>

#include "aws/codec/json_shape.h"
#include "base/encoding.h"

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

std::string notification_text(const Item& order, const PipelineConfig& config) {
  std::string out = "{\"event_id\":";
  aws::codec::write_json_string(text_of(order, orders::kTransactionId), out);
  out.append(",\"transaction_id\":");
  aws::codec::write_json_string(text_of(order, orders::kTransactionId), out);
  out.append(",\"amount\":").append(text_of(order, orders::kAmount)).append(",\"item\":");
  aws::codec::write_json_string(text_of(order, orders::kItem), out);
  out.append(",\"threshold\":").append(config.large_order_threshold.to_string());
  return out + "}";
}

}  // namespace

aws::Context call_context(base::Env& env) {
  aws::Context context;
  context.now = env.clock.now();
  return context;
}

Notifier::Notifier(aws::dynamodb::DynamoDb& dynamodb, aws::sns::Sns& sns, aws::sqs::Sqs& sqs, base::Env& env,
                   const PipelineConfig& config)
    : dynamodb_(dynamodb), sns_(sns), sqs_(sqs), env_(env), config_(config) {}

bool Notifier::publish(const Item& order) {
  const std::string id(text_of(order, orders::kTransactionId));
  aws::sns::MessageAttributeValue event_id;
  event_id.data_type = "String";
  event_id.string_value = id;
  aws::sns::PublishInput input;
  input.topic_arn = config_.topic_arn;
  input.subject = "Large order: " + std::string(text_of(order, orders::kAmount)).substr(0, 60);
  input.message = notification_text(order, config_);
  input.message_attributes.emplace()["event_id"] = std::move(event_id);
  aws::Context context = call_context(env_);
  const auto published = sns_.publish(context, std::move(input));
  if (published.has_value()) return mark(id, orders::kSent, "sns_message_id", published->message_id.value_or(""));
  if (is_permanent(published.error())) return mark(id, orders::kFailed, "notify_error", published.error().message);
  return false;
}

// No owner check: whoever has published may say so, and a row that is no longer PENDING is settled already.
bool Notifier::mark(std::string_view transaction_id, std::string_view state, std::string_view detail_name,
                    std::string_view detail) {
  aws::dynamodb::UpdateItemInput update;
  update.table_name = config_.orders_table;
  update.key.emplace()[orders::kTransactionId] = text(transaction_id);
  update.update_expression = "SET #state = :state, #detail = :detail, notified_at = :now REMOVE lease_until";
  update.condition_expression = "#state = :pending";
  update.expression_attribute_names = {{"#state", std::string(orders::kNotifyState)},
                                       {"#detail", std::string(detail_name)}};
  update.expression_attribute_values = {{":state", text(state)},
                                        {":detail", text(detail)},
                                        {":now", number(base::to_epoch_milliseconds(env_.clock.now()))},
                                        {":pending", text(orders::kPending)}};
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
