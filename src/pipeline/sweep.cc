#include "pipeline/sweep.h"

#include <simdjson.h>

#include <algorithm>

namespace pipeline {
namespace {

constexpr base::Duration kReserve = std::chrono::seconds(3);
constexpr base::Duration kLeaseMargin = std::chrono::seconds(2);

std::string debt_of(const std::string& body) {
  simdjson::dom::parser parser;
  std::string_view id;
  simdjson::dom::element document;
  if (parser.parse(body).get(document) != simdjson::SUCCESS) return {};
  return document["transaction_id"].get_string().get(id) == simdjson::SUCCESS ? std::string(id) : std::string();
}

}  // namespace

Sweep::Sweep(aws::dynamodb::DynamoDb& dynamodb, aws::sns::Sns& sns, aws::sqs::Sqs& sqs, base::Env& env,
             PipelineConfig config, NotificationRules rules)
    : dynamodb_(dynamodb),
      env_(env),
      config_(std::move(config)),
      rules_(std::move(rules)),
      notifier_(dynamodb, sns, sqs, env, config_, rules_) {}

std::expected<Sweep::Answer, std::string> Sweep::handle(std::string_view payload, base::Timestamp deadline) {
  const auto records = parse_queue_event(payload);
  if (!records.has_value()) return std::unexpected(records.error());
  Answer answer;
  std::vector<std::string> failures;
  for (const QueueRecord& record : *records) {
    if (env_.clock.now() + kReserve >= deadline || !settle(record, deadline, answer))
      failures.push_back(record.message_id);
  }
  answer.payload = batch_item_failures(failures);
  return answer;
}

bool Sweep::settle(const QueueRecord& record, base::Timestamp deadline, Answer& answer) {
  const std::string id = debt_of(record.body);
  if (id.empty()) return false;  // not ours: ends in the dead-letter queue, where people look
  aws::dynamodb::GetItemInput get;
  get.table_name = config_.orders_table;
  get.key.emplace()[orders::kTransactionId] = text(id);
  get.consistent_read = true;
  aws::Context context = call_context(env_);
  const auto found = dynamodb_.get_item(context, std::move(get));
  ++answer.owed;
  if (!found.has_value()) return false;
  if (!found->item.has_value() || text_of(*found->item, orders::kNotifyState) != orders::kPending) {
    --answer.owed;
    return true;
  }
  const base::Timestamp now = env_.clock.now();
  const auto lease_until = base::from_epoch_milliseconds(number_of(*found->item, orders::kLeaseUntil).value_or(0));
  if (lease_until <= now && take_lease(id, deadline + kLeaseMargin) && notifier_.publish(*found->item)) {
    --answer.owed;
    ++answer.notified;
    return true;
  }
  if (const auto stored_at = number_of(*found->item, orders::kStoredAt))
    answer.oldest_owed = std::max(answer.oldest_owed, now - base::from_epoch_milliseconds(*stored_at));
  return lease_until > now && notifier_.defer(id, lease_until);
}

bool Sweep::take_lease(std::string_view transaction_id, base::Timestamp until) {
  aws::dynamodb::UpdateItemInput update;
  update.table_name = config_.orders_table;
  update.key.emplace()[orders::kTransactionId] = text(transaction_id);
  update.update_expression = "SET lease_until = :until ADD notify_attempts :one";
  update.condition_expression = "notify_state = :pending AND lease_until < :now";
  update.expression_attribute_values = {{":until", number(base::to_epoch_milliseconds(until))},
                                        {":one", number(1)},
                                        {":pending", text(orders::kPending)},
                                        {":now", number(base::to_epoch_milliseconds(env_.clock.now()))}};
  aws::Context context = call_context(env_);
  return dynamodb_.update_item(context, std::move(update)).has_value();
}

}  // namespace pipeline
