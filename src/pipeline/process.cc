#include "pipeline/process.h"

#include "base/check.h"
#include "base/encoding.h"

namespace pipeline {
namespace {

constexpr base::Duration kReserve = std::chrono::seconds(3);      // no record is begun this short before the deadline
constexpr base::Duration kLeaseMargin = std::chrono::seconds(2);  // past the deadline nobody can be publishing still

constexpr std::string_view kIfNew = "attribute_not_exists(transaction_id)";

}  // namespace

std::string source_of(const QueueRecord& record) {
  return record.source.empty() ? "message#" + record.message_id : record.source;
}

Process::Process(aws::dynamodb::DynamoDb& dynamodb, aws::sns::Sns& sns, aws::sqs::Sqs& sqs, base::Env& env,
                 PipelineConfig config)
    : dynamodb_(dynamodb), env_(env), config_(std::move(config)), notifier_(dynamodb, sns, sqs, env, config_) {}

std::expected<Process::Answer, std::string> Process::handle(std::string_view payload, base::Timestamp deadline) {
  const auto records = parse_queue_event(payload);
  if (!records.has_value()) return std::unexpected(records.error());
  ProcessCounts counts;
  counts.records_in = records->size();
  std::vector<std::string> failures;
  for (const QueueRecord& record : *records) {
    const bool too_late = env_.clock.now() + kReserve >= deadline;
    switch (too_late ? Outcome::retry : process(record, deadline, counts)) {
      case Outcome::stored:
        ++counts.stored;
        break;
      case Outcome::duplicate:
        ++counts.duplicate;
        break;
      case Outcome::quarantined:
        ++counts.quarantined;
        break;
      case Outcome::retry:
        ++counts.retried;
        failures.push_back(record.message_id);
        break;
    }
  }
  CHECK(counts.stored + counts.duplicate + counts.quarantined + counts.retried == counts.records_in,
        "every record has one outcome");
  return Answer{batch_item_failures(failures), counts};
}

Process::Outcome Process::process(const QueueRecord& record, base::Timestamp deadline, ProcessCounts& counts) {
  const auto order = parse_transaction(record.body);
  return order.has_value() ? store(record, *order, deadline, counts) : quarantine(record, order.error());
}

Item Process::make_row(const QueueRecord& record, const Transaction& order, base::Timestamp deadline) {
  const base::Timestamp now = env_.clock.now();
  Item row;
  row.append(std::string(orders::kTransactionId)) = text(order.transaction_id);
  row.append(std::string(orders::kAmount)) = aws::dynamodb::AttributeValue::of_n(order.amount.to_string());
  row.append(std::string(orders::kItem)) = text(order.item);
  if (order.has_more_fields) row.append(std::string(orders::kRaw)) = text(record.body);
  row.append(std::string(orders::kPayloadSha256)) = text(order.payload_sha256);
  row.append(std::string(orders::kSource)) = text(source_of(record));
  row.append(std::string(orders::kWriteToken)) =
      text(base::random_string(env_.random, 16, "0123456789abcdefghijklmnopqrstuvwxyz"));
  row.append(std::string(orders::kStoredAt)) = number(base::to_epoch_milliseconds(now));
  if (order.amount > config_.large_order_threshold) {
    row.append(std::string(orders::kNotifyState)) = text(orders::kPending);
    row.append(std::string(orders::kLeaseUntil)) = number(base::to_epoch_milliseconds(deadline + kLeaseMargin));
  }
  return row;
}

Process::Outcome Process::store(const QueueRecord& record, const Transaction& order, base::Timestamp deadline,
                                ProcessCounts& counts) {
  Item row = make_row(record, order, deadline);
  aws::dynamodb::PutItemInput put;
  put.table_name = config_.orders_table;
  put.item = row;
  put.condition_expression = std::string(kIfNew);
  put.return_values_on_condition_check_failure = "ALL_OLD";
  aws::Context context = call_context(env_);
  const auto written = dynamodb_.put_item(context, std::move(put));
  if (written.has_value()) return settle(row, /*hold_lease=*/true, Outcome::stored, counts);
  const auto* refused = aws::ShapeDetail::find<aws::dynamodb::ConditionalCheckFailedException>(written.error());
  if (refused != nullptr && refused->item.has_value()) return already_there(record, order, row, *refused->item, counts);
  // The item is larger than a row may be: no later attempt changes that.
  if (written.error().code == "ValidationException")
    return quarantine(record, {reason::kTooLarge, written.error().message});
  return Outcome::retry;
}

Process::Outcome Process::already_there(const QueueRecord& record, const Transaction& order, const Item& mine,
                                        const Item& old, ProcessCounts& counts) {
  if (text_of(old, orders::kPayloadSha256) != order.payload_sha256) {
    return quarantine(record, {reason::kDuplicateConflict,
                               "/transaction_id " + order.transaction_id + " is taken by an order with other content"});
  }
  // An earlier attempt of this very invocation whose answer was lost: the lease is still ours.
  const bool own_write = text_of(old, orders::kWriteToken) == text_of(mine, orders::kWriteToken);
  const bool own_order = text_of(old, orders::kSource) == text_of(mine, orders::kSource);
  return settle(old, own_write, own_order ? Outcome::stored : Outcome::duplicate, counts);
}

// The message may be acknowledged once no notification is owed, or the debt is on the notify queue.
Process::Outcome Process::settle(const Item& row, bool hold_lease, Outcome outcome, ProcessCounts& counts) {
  if (text_of(row, orders::kNotifyState) != orders::kPending) return outcome;
  if (hold_lease && notifier_.publish(row)) {
    ++counts.notified;
    return outcome;
  }
  const auto lease_until = base::from_epoch_milliseconds(number_of(row, orders::kLeaseUntil).value_or(0));
  return notifier_.defer(text_of(row, orders::kTransactionId), lease_until) ? outcome : Outcome::retry;
}

Process::Outcome Process::quarantine(const QueueRecord& record, const Rejection& rejection) {
  const std::string source = source_of(record);
  aws::dynamodb::PutItemInput put;
  put.table_name = config_.quarantine_table;
  put.item = quarantine_row(record.body, rejection, source, env_.clock.now());
  put.condition_expression = "attribute_not_exists(body_sha256)";
  put.return_values_on_condition_check_failure = "ALL_OLD";
  aws::Context context = call_context(env_);
  const auto written = dynamodb_.put_item(context, std::move(put));
  if (written.has_value()) return Outcome::quarantined;
  const auto* refused = aws::ShapeDetail::find<aws::dynamodb::ConditionalCheckFailedException>(written.error());
  if (refused == nullptr || !refused->item.has_value()) return Outcome::retry;
  return text_of(*refused->item, quarantine::kSource) == source ? Outcome::quarantined : Outcome::duplicate;
}

}  // namespace pipeline
