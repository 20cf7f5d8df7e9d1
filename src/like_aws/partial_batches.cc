#include "like_aws/partial_batches.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "aws/dynamodb/dynamodb.h"
#include "aws/s3/s3.h"
#include "aws/sns/sns.h"
#include "aws/sqs/sqs.h"

namespace like_aws {
namespace {

// Takes what is marked out of `entries` and answers with it.
template <class Entry>
std::vector<Entry> take_marked(std::vector<Entry>& entries, const std::vector<bool>& marked) {
  std::vector<Entry> taken, kept;
  for (std::size_t i = 0; i < entries.size(); ++i) (marked[i] ? taken : kept).push_back(std::move(entries[i]));
  entries = std::move(kept);
  return taken;
}

// Of a batch with an id twice AWS refuses all.
template <class Entry>
bool ids_differ(const std::vector<Entry>& entries) {
  std::set<std::string> ids;
  return std::ranges::all_of(entries, [&](const Entry& entry) { return ids.insert(entry.id.value_or("")).second; });
}

template <class Failure, class Entry>
Failure failure_of(const Entry& entry) {
  Failure out;
  out.id = entry.id;
  out.sender_fault = false;
  out.code = "InternalError";
  out.message = "The request processing has failed because of an unknown error, exception or failure.";
  return out;
}

}  // namespace

std::vector<bool> PartialBatches::left_out(const Call& call, std::size_t count) {
  if (count < 2 || !conditions_.chance.happens(call, "partial", kPartialBatchRate)) return {};
  std::vector<bool> out(count, false);
  for (std::size_t i = 0; i < count; ++i)
    out[i] = conditions_.chance.happens(call, "entry " + std::to_string(i), kFailedEntryRate);
  const std::size_t one = conditions_.chance.below(call, "one entry", count);
  out[one] = true;
  out[(one + 1) % count] = false;
  return out;
}

void PartialBatches::tell(const Call& call, std::size_t failed, std::size_t count) {
  conditions_.tell(call, "PartialBatch", std::to_string(failed) + " of " + std::to_string(count) + " not done");
}

template <class Request, class Response>
base::Result<void> PartialBatches::queue_batch(Call& call, const CarryOut& carry_out) {
  auto& in = call.input<Request>();
  if (!in.entries || !ids_differ(*in.entries) || call.text("QueueUrl").ends_with(".fifo")) return carry_out();
  const std::size_t count = in.entries->size();
  const auto marked = left_out(call, count);
  if (marked.empty()) return carry_out();
  const auto taken = take_marked(*in.entries, marked);
  TRY(carry_out());
  auto& out = call.output<Response>();
  if (!out.failed) out.failed.emplace();
  for (const auto& entry : taken) out.failed->push_back(failure_of<aws::sqs::BatchResultErrorEntry>(entry));
  tell(call, taken.size(), count);
  return {};
}

base::Result<void> PartialBatches::publish_batch(Call& call, const CarryOut& carry_out) {
  auto& entries = call.input<aws::sns::PublishBatchInput>().publish_batch_request_entries;
  if (!entries || !ids_differ(*entries) || call.text("TopicArn").ends_with(".fifo")) return carry_out();
  const std::size_t count = entries->size();
  const auto marked = left_out(call, count);
  if (marked.empty()) return carry_out();
  const auto taken = take_marked(*entries, marked);
  TRY(carry_out());
  auto& out = call.output<aws::sns::PublishBatchResponse>();
  if (!out.failed) out.failed.emplace();
  for (const auto& entry : taken) out.failed->push_back(failure_of<aws::sns::BatchResultErrorEntry>(entry));
  tell(call, taken.size(), count);
  return {};
}

// Requests are counted over all tables, in their order.
base::Result<void> PartialBatches::batch_write(Call& call, const CarryOut& carry_out) {
  auto& items = call.input<aws::dynamodb::BatchWriteItemInput>().request_items;
  if (!items) return carry_out();
  std::size_t count = 0;
  for (const auto& [table, writes] : *items) count += writes.size();
  const auto marked = left_out(call, count);
  if (marked.empty()) return carry_out();
  aws::Map<std::vector<aws::dynamodb::WriteRequest>> kept, unprocessed;
  std::size_t at = 0;
  for (auto& [table, writes] : *items) {
    for (auto& write : writes) (marked[at++] ? unprocessed : kept)[table].push_back(std::move(write));
  }
  items = std::move(kept);
  TRY(carry_out());
  auto& out = call.output<aws::dynamodb::BatchWriteItemOutput>().unprocessed_items;
  if (!out) out.emplace();
  for (auto& [table, writes] : unprocessed)
    for (auto& write : writes) (*out)[table].push_back(std::move(write));
  tell(call, static_cast<std::size_t>(std::ranges::count(marked, true)), count);
  return {};
}

base::Result<void> PartialBatches::batch_get(Call& call, const CarryOut& carry_out) {
  auto& items = call.input<aws::dynamodb::BatchGetItemInput>().request_items;
  if (!items) return carry_out();
  std::size_t count = 0;
  for (const auto& [table, keys] : *items) count += keys.keys ? keys.keys->size() : 0;
  const auto marked = left_out(call, count);
  if (marked.empty()) return carry_out();
  aws::Map<aws::dynamodb::KeysAndAttributes> kept, unprocessed;
  std::size_t at = 0;
  for (auto& [table, keys] : *items) {
    for (auto& key : keys.keys ? *keys.keys : std::vector<aws::Map<aws::dynamodb::AttributeValue>>()) {
      auto& side = marked[at++] ? unprocessed : kept;
      if (!side.contains(table)) {
        aws::dynamodb::KeysAndAttributes& same = side[table];
        same.consistent_read = keys.consistent_read;
        same.projection_expression = keys.projection_expression;
        same.expression_attribute_names = keys.expression_attribute_names;
        same.keys.emplace();
      }
      side[table].keys->push_back(std::move(key));
    }
  }
  items = std::move(kept);
  TRY(carry_out());
  auto& out = call.output<aws::dynamodb::BatchGetItemOutput>().unprocessed_keys;
  if (!out) out.emplace();
  for (auto& [table, keys] : unprocessed) {
    if (auto* there = out->find(table); there != nullptr && there->keys) {
      for (auto& key : *keys.keys) there->keys->push_back(std::move(key));
    } else {
      (*out)[table] = std::move(keys);
    }
  }
  tell(call, static_cast<std::size_t>(std::ranges::count(marked, true)), count);
  return {};
}

// Answers stand in the order of the statements.
base::Result<void> PartialBatches::batch_execute(Call& call, const CarryOut& carry_out) {
  auto& statements = call.input<aws::dynamodb::BatchExecuteStatementInput>().statements;
  if (!statements) return carry_out();
  const std::size_t count = statements->size();
  const auto marked = left_out(call, count);
  if (marked.empty()) return carry_out();
  const auto taken = take_marked(*statements, marked);
  TRY(carry_out());
  auto& responses = call.output<aws::dynamodb::BatchExecuteStatementOutput>().responses;
  if (!responses) return {};
  std::vector<aws::dynamodb::BatchStatementResponse> all;
  std::size_t done = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (!marked[i] && done < responses->size()) {
      all.push_back(std::move((*responses)[done++]));
      continue;
    }
    auto& error = all.emplace_back().error.emplace();
    error.code = "ProvisionedThroughputExceeded";
    error.message =
        "The level of configured provisioned throughput for the table was exceeded. Consider increasing your "
        "provisioning level with the UpdateTable API.";
  }
  responses = std::move(all);
  tell(call, taken.size(), count);
  return {};
}

base::Result<void> PartialBatches::delete_objects(Call& call, const CarryOut& carry_out) {
  auto& in = call.input<aws::s3::DeleteObjectsRequest>();
  if (!in.delete_ || !in.delete_->objects) return carry_out();
  const std::size_t count = in.delete_->objects->size();
  const auto marked = left_out(call, count);
  if (marked.empty()) return carry_out();
  const auto taken = take_marked(*in.delete_->objects, marked);
  TRY(carry_out());
  auto& errors = call.output<aws::s3::DeleteObjectsOutput>().errors;
  if (!errors) errors.emplace();
  for (const auto& object : taken) {
    auto& error = errors->emplace_back();
    error.key = object.key;
    error.version_id = object.version_id;
    error.code = "InternalError";
    error.message = "We encountered an internal error. Please try again.";
  }
  tell(call, taken.size(), count);
  return {};
}

base::Result<void> PartialBatches::around(Call& call, const CarryOut& carry_out) {
  namespace sqs = aws::sqs;
  if (call.is("SendMessageBatch"))
    return queue_batch<sqs::SendMessageBatchRequest, sqs::SendMessageBatchResult>(call, carry_out);
  if (call.is("DeleteMessageBatch"))
    return queue_batch<sqs::DeleteMessageBatchRequest, sqs::DeleteMessageBatchResult>(call, carry_out);
  if (call.is("ChangeMessageVisibilityBatch"))
    return queue_batch<sqs::ChangeMessageVisibilityBatchRequest, sqs::ChangeMessageVisibilityBatchResult>(call,
                                                                                                          carry_out);
  if (call.is("PublishBatch")) return publish_batch(call, carry_out);
  if (call.is("BatchWriteItem")) return batch_write(call, carry_out);
  if (call.is("BatchGetItem")) return batch_get(call, carry_out);
  if (call.is("BatchExecuteStatement")) return batch_execute(call, carry_out);
  if (call.is("DeleteObjects")) return delete_objects(call, carry_out);
  return carry_out();
}

}  // namespace like_aws
