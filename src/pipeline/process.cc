#include "pipeline/process.h"

#include <set>

#include "base/check.h"
#include "base/encoding.h"
#include "pipeline/notification_state.h"

namespace pipeline {
namespace {

constexpr base::Duration kReserve = std::chrono::seconds(3);      // no record is begun this short before the deadline
constexpr base::Duration kLeaseMargin = std::chrono::seconds(2);  // past the deadline nobody can be publishing still

constexpr std::string_view kIfNew = "attribute_not_exists(transaction_id)";
constexpr std::size_t kStatementsMax = 25;  // of one BatchExecuteStatement

// INSERT INTO "table" VALUE {'a': ?, 'b': ?}, the values as parameters: few texts in all, which DynamoDB may remember.
aws::dynamodb::BatchStatementRequest insert_statement(const std::string& table, const Item& row) {
  aws::dynamodb::BatchStatementRequest out;
  std::string& statement = out.statement.emplace("INSERT INTO \"" + table + "\" VALUE {");
  for (const auto& [name, value] : row) {
    if (!out.parameters.has_value()) out.parameters.emplace();
    statement.append(out.parameters->empty() ? "'" : ", '").append(name).append("': ?");
    out.parameters->push_back(value);
  }
  statement.append("}");
  out.return_values_on_condition_check_failure = "ALL_OLD";
  return out;
}

}  // namespace

std::string source_of(const QueueRecord& record) {
  return record.source.empty() ? "message#" + record.message_id : record.source;
}

Process::Process(aws::dynamodb::DynamoDb& dynamodb, aws::sns::Sns& sns, aws::sqs::Sqs& sqs, base::Env& env,
                 PipelineConfig config, const Definition& definition)
    : dynamodb_(dynamodb),
      env_(env),
      config_(std::move(config)),
      reader_(definition.mapping),
      rules_(definition.rules),
      notifier_(dynamodb, sns, sqs, env, config_, rules_) {}

std::expected<Process::Answer, std::string> Process::handle(std::string_view payload, base::Timestamp deadline) {
  const auto records = parse_queue_event(payload);
  if (!records.has_value()) return std::unexpected(records.error());
  ProcessCounts counts;
  counts.records_in = records->size();
  const std::vector<Outcome> outcomes = process(*records, deadline, counts);
  std::vector<std::string> failures;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    switch (outcomes[i]) {
      case Outcome::stored:
        ++counts.stored;
        break;
      case Outcome::updated:
        ++counts.updated;
        break;
      case Outcome::superseded:
        ++counts.superseded;
        break;
      case Outcome::duplicate:
        ++counts.duplicate;
        break;
      case Outcome::quarantined:
        ++counts.quarantined;
        break;
      case Outcome::retry:
        ++counts.retried;
        failures.push_back((*records)[i].message_id);
        break;
    }
  }
  CHECK(counts.stored + counts.updated + counts.superseded + counts.duplicate + counts.quarantined + counts.retried ==
            counts.records_in,
        "every record has one outcome");
  return Answer{batch_item_failures(failures), counts};
}

bool Process::too_late(base::Timestamp deadline) const {
  return env_.clock.now() + kReserve >= deadline;
}

// The outcome of each record, in their order.
std::vector<Process::Outcome> Process::process(std::span<const QueueRecord> records, base::Timestamp deadline,
                                               ProcessCounts& counts) {
  std::vector<Outcome> outcomes(records.size(), Outcome::retry);
  std::vector<Entry> entries;
  std::vector<Entry> repeated;  // one call may name a row only once
  std::set<std::string, std::less<>> ids;
  for (std::size_t i = 0; i < records.size() && !too_late(deadline); ++i) {
    auto order = reader_.read(records[i].body);
    if (!order.has_value()) {
      outcomes[i] = quarantine(records[i], order.error(), counts);
      continue;
    }
    Item row = make_row(records[i], *order, deadline);
    std::vector<Entry>& list = ids.insert(order->transaction_id).second ? entries : repeated;
    list.push_back({i, records[i], std::move(*order), std::move(row)});
  }
  for (std::size_t i = 0; i < entries.size() && !too_late(deadline); i += kStatementsMax)
    insert(std::span(entries).subspan(i, std::min(kStatementsMax, entries.size() - i)), outcomes, counts);
  for (const Entry& entry : repeated) {
    if (!too_late(deadline)) outcomes[entry.position] = put(entry, counts);
  }
  return outcomes;
}

Item Process::make_row(const QueueRecord& record, const Transaction& order, base::Timestamp deadline) {
  const base::Timestamp now = env_.clock.now();
  Item row;
  row.append(std::string(orders::kTransactionId)) = text(order.transaction_id);
  row.append(std::string(orders::kAmount)) = aws::dynamodb::AttributeValue::of_n(order.amount.to_string());
  const auto append_text = [&row](std::string_view name, std::string_view value) {
    if (!value.empty()) row.append(std::string(name)) = text(value);
  };
  append_text(orders::kCurrency, order.currency);
  append_text(orders::kItem, order.item);
  append_text(orders::kCustomer, order.customer);
  append_text(orders::kType, order.is_refund ? orders::kRefund : std::string_view(order.type));
  if (order.occurred_at.has_value())
    row.append(std::string(orders::kOccurredAt)) = number(base::to_epoch_milliseconds(*order.occurred_at));
  if (order.has_more_fields) row.append(std::string(orders::kRaw)) = text(record.body);
  row.append(std::string(orders::kPayloadSha256)) = text(order.payload_sha256);
  row.append(std::string(orders::kSource)) = text(source_of(record));
  row.append(std::string(orders::kWriteToken)) =
      text(base::random_string(env_.random, 16, "0123456789abcdefghijklmnopqrstuvwxyz"));
  row.append(std::string(orders::kStoredAt)) = number(base::to_epoch_milliseconds(now));
  if (order.version.has_value())
    row.append(std::string(orders::kVersion)) = aws::dynamodb::AttributeValue::of_n(order.version->to_string());
  const auto wanting = rules_for(order, rules_, config_.large_order_threshold);
  if (!wanting.empty()) owe(wanting, deadline + kLeaseMargin, row);
  return row;
}

// Inserts the rows of `entries`, at most kStatementsMax, in one call, and settles each.
void Process::insert(std::span<const Entry> entries, std::vector<Outcome>& outcomes, ProcessCounts& counts) {
  if (entries.size() == 1) {
    outcomes[entries.front().position] = put(entries.front(), counts);
    return;
  }
  aws::dynamodb::BatchExecuteStatementInput batch;
  batch.statements.emplace();
  for (const Entry& entry : entries) batch.statements->push_back(insert_statement(config_.orders_table, entry.row));
  aws::Context context = call_context(env_);
  const auto answer = dynamodb_.batch_execute_statement(context, std::move(batch));
  // The call as such is refused (the endpoint may not know it), so nothing was done.
  if (!answer.has_value() && answer.error().fault == base::Fault::sender && answer.error().http_status == 400) {
    for (const Entry& entry : entries) outcomes[entry.position] = put(entry, counts);
    return;
  }
  // Unclear what was done: all come again, and the rows that were made are known by their source then.
  if (!answer.has_value() || !answer->responses.has_value() || answer->responses->size() != entries.size()) return;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const auto& refused = (*answer->responses)[i].error;
    Outcome& outcome = outcomes[entries[i].position];
    if (!refused.has_value()) {
      outcome = settle(entries[i].row, /*hold_lease=*/true, Outcome::stored, counts);
    } else if (refused->code == "DuplicateItem" && refused->item.has_value()) {
      outcome = already_there(entries[i], *refused->item, counts);
    } else if (refused->code == "DuplicateItem" || refused->code == "ValidationError" ||
               refused->code == "AccessDenied") {
      outcome = put(entries[i], counts);  // which tells the old row or what is wrong with the item, or may be allowed
    }
  }
}

Process::Outcome Process::put(const Entry& entry, ProcessCounts& counts) {
  aws::dynamodb::PutItemInput put;
  put.table_name = config_.orders_table;
  put.item = entry.row;
  put.condition_expression = std::string(kIfNew);
  put.return_values_on_condition_check_failure = "ALL_OLD";
  aws::Context context = call_context(env_);
  const auto written = dynamodb_.put_item(context, std::move(put));
  if (written.has_value()) return settle(entry.row, /*hold_lease=*/true, Outcome::stored, counts);
  const auto* refused = aws::ShapeDetail::find<aws::dynamodb::ConditionalCheckFailedException>(written.error());
  if (refused != nullptr && refused->item.has_value()) return already_there(entry, *refused->item, counts);
  // The item is larger than a row may be: no later attempt changes that.
  if (written.error().code == "ValidationException")
    return quarantine(entry.record, {reason::kTooLarge, written.error().message}, counts);
  return Outcome::retry;
}

Process::Outcome Process::already_there(const Entry& entry, const Item& old, ProcessCounts& counts) {
  // An earlier attempt of this very invocation whose answer was lost: the lease is still ours.
  const bool own_write = text_of(old, orders::kWriteToken) == text_of(entry.row, orders::kWriteToken);
  const auto& version = entry.order.version;
  const auto old_version = base::Decimal::parse(text_of(old, orders::kVersion));  // a row of before has none
  if (version.has_value() && !own_write) {
    if (!old_version.has_value() || *old_version < *version) return replace(entry, old, counts);
    if (*version < *old_version) return Outcome::superseded;
  }
  if (text_of(old, orders::kPayloadSha256) != entry.order.payload_sha256) {
    return quarantine(
        entry.record,
        {reason::kDuplicateConflict, "/transaction_id " + entry.order.transaction_id +
                                         (version.has_value() ? " has this version with other content"
                                                              : " is taken by an order with other content")},
        counts);
  }
  const bool own_order = text_of(old, orders::kSource) == text_of(entry.row, orders::kSource);
  const Outcome own = number_of(old, orders::kUpdates).has_value() ? Outcome::updated : Outcome::stored;
  return settle(old, own_write, own_order ? own : Outcome::duplicate, counts);
}

// In one conditional write: the row as it was read, and its notifications as they stood, or nothing.
Process::Outcome Process::replace(const Entry& entry, const Item& old, ProcessCounts& counts) {
  Item row = entry.row;
  const bool hold_lease = carry_over(old, row);
  row[orders::kUpdates] = number(number_of(old, orders::kUpdates).value_or(0) + 1);
  aws::dynamodb::PutItemInput put;
  put.table_name = config_.orders_table;
  put.item = row;
  auto& values = put.expression_attribute_values.emplace();
  values[":token"] = text(text_of(old, orders::kWriteToken));
  if (old.contains(orders::kNotifyState)) values[":state"] = text(text_of(old, orders::kNotifyState));
  put.condition_expression = values.contains(":state") ? "write_token = :token AND notify_state = :state"
                                                       : "write_token = :token AND attribute_not_exists(notify_state)";
  put.return_values_on_condition_check_failure = "ALL_OLD";
  aws::Context context = call_context(env_);
  const auto written = dynamodb_.put_item(context, std::move(put));
  if (written.has_value()) return settle(row, hold_lease, Outcome::updated, counts);
  if (written.error().code == "ValidationException")
    return quarantine(entry.record, {reason::kTooLarge, written.error().message}, counts);
  const auto* refused = aws::ShapeDetail::find<aws::dynamodb::ConditionalCheckFailedException>(written.error());
  if (refused == nullptr || !refused->item.has_value()) return Outcome::retry;
  // Our own try whose answer was lost, or somebody was faster.
  const bool own = text_of(*refused->item, orders::kWriteToken) == text_of(row, orders::kWriteToken);
  return own ? settle(*refused->item, hold_lease, Outcome::updated, counts)
             : already_there(entry, *refused->item, counts);
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

Process::Outcome Process::quarantine(const QueueRecord& record, const Rejection& rejection, ProcessCounts& counts) {
  const std::string source = source_of(record);
  aws::dynamodb::PutItemInput put;
  put.table_name = config_.quarantine_table;
  put.item = quarantine_row(record.body, rejection, source, env_.clock.now());
  // Over a row that is being sent again, too, or the sender would take this refusal away with it.
  put.condition_expression = "attribute_not_exists(body_sha256) OR #state = :sending";
  put.expression_attribute_names.emplace()["#state"] = quarantine::kState;
  put.expression_attribute_values.emplace()[":sending"] = text(quarantine::kSending);
  put.return_values_on_condition_check_failure = "ALL_OLD";
  aws::Context context = call_context(env_);
  const auto written = dynamodb_.put_item(context, std::move(put));
  if (!written.has_value()) {
    const auto* refused = aws::ShapeDetail::find<aws::dynamodb::ConditionalCheckFailedException>(written.error());
    if (refused == nullptr || !refused->item.has_value()) return Outcome::retry;
    if (text_of(*refused->item, quarantine::kSource) != source) return Outcome::duplicate;
  }
  ++counts.reasons[rejection.reason];
  return Outcome::quarantined;
}

}  // namespace pipeline
