// SqsService: what is done with a receipt handle, deleting messages and moving their deadlines.
#include <algorithm>

#include "aws/sqs/errors.h"
#include "engine/sqs/batch.h"
#include "engine/sqs/limits.h"
#include "engine/sqs/message_checks.h"
#include "engine/sqs/receipt_handle.h"
#include "engine/sqs/service.h"

namespace engine::sqs {
namespace {

namespace errors = aws::sqs::errors;
using namespace aws::sqs;

base::Result<ReceiptHandle> parse_handle(const std::optional<std::string>& text, uint64_t queue_id) {
  if (!text || text->empty()) return base::fail(missing_parameter("ReceiptHandle"));
  const auto handle = ReceiptHandle::parse(*text);
  if (handle && handle->queue_id == queue_id) return *handle;
  return base::fail(
      errors::receipt_handle_is_invalid("The input receipt handle \"" + *text + "\" is not a valid receipt handle."));
}

base::AwsError queue_gone() {
  return errors::queue_does_not_exist("The specified queue does not exist.");
}

}  // namespace

// A standard queue takes any handle it ever gave out, and a message that is gone already (item 25). A FIFO queue wants
// the newest one, in time (item 26).
base::Result<void> SqsService::delete_by_handle(const Queue& queue, const std::optional<std::string>& handle,
                                                store::WriteBatch& batch) {
  TRY_ASSIGN(const ReceiptHandle receipt, parse_handle(handle, queue.record->id));
  const MessageIndex::Entry* entry = queue.messages->find(receipt.sequence);
  if (entry == nullptr) return {};
  if (queue.messages->fifo() && (entry->nonce != receipt.nonce || entry->state != MessageIndex::State::in_flight)) {
    return base::fail(invalid_value(*handle, "ReceiptHandle", "The receipt handle has expired."));
  }
  queue.messages->erase(receipt.sequence, batch);
  return {};
}

base::Result<DeleteMessageResponse> SqsService::delete_message(aws::Context& context, DeleteMessageRequest in) {
  TRY_ASSIGN(const Queue queue, find_queue(context, in.queue_url, "sqs:DeleteMessage"));
  store::WriteBatch batch;
  const std::lock_guard lock(queue.messages->mutex);
  if (queue.messages->closed) return base::fail(queue_gone());
  queue.messages->advance(context.now);
  TRY(delete_by_handle(queue, in.receipt_handle, batch));
  if (!batch.empty()) store_.write(batch);
  if (queue.messages->fifo()) queue.messages->notify();  // the group may be free now
  queue.metrics->deleted(1, context.now);
  return DeleteMessageResponse{};
}

base::Result<DeleteMessageBatchResult> SqsService::delete_message_batch(aws::Context& context,
                                                                        DeleteMessageBatchRequest in) {
  TRY_ASSIGN(const Queue queue, find_queue(context, in.queue_url, "sqs:DeleteMessage"));
  TRY(check_batch(in.entries, "DeleteMessageBatchRequestEntry"));
  DeleteMessageBatchResult out;
  out.successful.emplace();
  store::WriteBatch batch;
  const std::lock_guard lock(queue.messages->mutex);
  if (queue.messages->closed) return base::fail(queue_gone());
  queue.messages->advance(context.now);
  for (auto& entry : *in.entries) {
    auto done = delete_by_handle(queue, entry.receipt_handle, batch);
    if (done) {
      out.successful->emplace_back().id = std::move(entry.id);
    } else {
      if (!out.failed) out.failed.emplace();
      out.failed->push_back(failed_entry(std::move(*entry.id), std::move(done).error()));
    }
  }
  if (!batch.empty()) store_.write(batch);
  if (queue.messages->fifo()) queue.messages->notify();
  queue.metrics->deleted(out.successful->size(), context.now);
  return out;
}

// A standard queue takes any handle it ever gave out for a message that it still has, also after the deadline has
// passed; a FIFO queue that of the newest receive (item 27). A deadline is at most 12 hours after that receive.
base::Result<void> SqsService::change_by_handle(const Queue& queue, const std::optional<std::string>& handle,
                                                std::optional<int32_t> timeout_seconds, base::Timestamp now,
                                                std::vector<uint64_t>& changed) {
  TRY_ASSIGN(const ReceiptHandle receipt, parse_handle(handle, queue.record->id));
  if (!timeout_seconds) return base::fail(missing_parameter("VisibilityTimeout"));
  const std::string timeout_text = std::to_string(*timeout_seconds);
  if (*timeout_seconds < 0 || *timeout_seconds > kVisibilitySecondsMax) {
    return base::fail(
        invalid_value(timeout_text, "VisibilityTimeout", "VisibilityTimeout must be an integer between 0 and 43200."));
  }
  const MessageIndex::Entry* entry = queue.messages->find(receipt.sequence);
  if (entry == nullptr || (queue.messages->fifo() && entry->nonce != receipt.nonce)) {
    return base::fail(invalid_value(*handle, "ReceiptHandle",
                                    "Message does not exist or is not available for visibility timeout change."));
  }
  const base::Timestamp received_at = entry->enqueued_at + std::chrono::milliseconds(entry->received_after_ms);
  const base::Timestamp visible_at = now + std::chrono::seconds(*timeout_seconds);
  // received_at is in whole milliseconds, hence the allowance.
  if (visible_at > received_at + std::chrono::seconds(kVisibilitySecondsMax) + std::chrono::milliseconds(1)) {
    return base::fail(invalid_value(timeout_text, "VisibilityTimeout",
                                    "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]"));
  }
  queue.messages->change_visibility(receipt.sequence, now, visible_at);
  if (std::ranges::find(changed, receipt.sequence) == changed.end()) changed.push_back(receipt.sequence);
  return {};
}

base::Result<ChangeMessageVisibilityResponse> SqsService::change_message_visibility(aws::Context& context,
                                                                                    ChangeMessageVisibilityRequest in) {
  TRY_ASSIGN(const Queue queue, find_queue(context, in.queue_url, "sqs:ChangeMessageVisibility"));
  std::vector<uint64_t> changed;
  store::WriteBatch batch;
  const std::lock_guard lock(queue.messages->mutex);
  if (queue.messages->closed) return base::fail(queue_gone());
  TRY(change_by_handle(queue, in.receipt_handle, in.visibility_timeout, context.now, changed));
  queue.messages->write_lease(changed, batch);
  store_.write(batch);
  queue.messages->notify();
  return ChangeMessageVisibilityResponse{};
}

base::Result<ChangeMessageVisibilityBatchResult> SqsService::change_message_visibility_batch(
    aws::Context& context, ChangeMessageVisibilityBatchRequest in) {
  TRY_ASSIGN(const Queue queue, find_queue(context, in.queue_url, "sqs:ChangeMessageVisibility"));
  TRY(check_batch(in.entries, "ChangeMessageVisibilityBatchRequestEntry"));
  ChangeMessageVisibilityBatchResult out;
  out.successful.emplace();
  std::vector<uint64_t> changed;
  store::WriteBatch batch;
  const std::lock_guard lock(queue.messages->mutex);
  if (queue.messages->closed) return base::fail(queue_gone());
  for (auto& entry : *in.entries) {
    auto done = change_by_handle(queue, entry.receipt_handle, entry.visibility_timeout, context.now, changed);
    if (done) {
      out.successful->emplace_back().id = std::move(entry.id);
    } else {
      if (!out.failed) out.failed.emplace();
      out.failed->push_back(failed_entry(std::move(*entry.id), std::move(done).error()));
    }
  }
  queue.messages->write_lease(changed, batch);
  if (!batch.empty()) store_.write(batch);
  queue.messages->notify();
  return out;
}

}  // namespace engine::sqs
