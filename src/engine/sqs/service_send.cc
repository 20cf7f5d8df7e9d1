// SqsService: sending. Everything about a message is decided and encoded before any lock is taken; under the lock it
// only gets its place.
#include "aws/sqs/errors.h"
#include "base/encoding.h"
#include "engine/sqs/batch.h"
#include "engine/sqs/keys.h"
#include "engine/sqs/limits.h"
#include "engine/sqs/message.h"
#include "engine/sqs/message_checks.h"
#include "engine/sqs/sequence_number.h"
#include "engine/sqs/service.h"

namespace engine::sqs {

// A message that may be sent.
struct PreparedMessage {
  std::string message_id;
  std::string record;  // the StoredMessage, encoded
  base::Timestamp visible_at;
  std::string group_id;
  std::string dedup_scope;  // FIFO
  std::string body_md5;     // the digests are in hexadecimal
  std::optional<std::string> attributes_md5;
  std::optional<std::string> system_attributes_md5;
  std::size_t bytes = 0;  // that count against the limit
  uint64_t sequence = 0;  // given by append()
};

namespace {

namespace errors = aws::sqs::errors;
using namespace aws::sqs;

struct SendRules {
  const QueueRecord& record;
  bool batch;
  // The size limit has a text of its own in batches (item 11).
  [[nodiscard]] std::string_view size_text() const {
    return batch ? "One or more parameters cannot be validated. Reason: Message must be shorter than "
                 : "One or more parameters are invalid. Reason: Message must be shorter than ";
  }
};

template <class Entry>
base::Result<void> check_contents(const SendRules& rules, const Entry& in) {
  if (!in.message_body || in.message_body->empty()) return base::fail(missing_parameter("MessageBody"));
  const MessageAttributes* attributes = in.message_attributes ? &*in.message_attributes : nullptr;
  const auto limit = static_cast<std::size_t>(rules.record.attributes.maximum_message_size_bytes);
  if (message_bytes(*in.message_body, attributes) > limit) {
    return base::fail(
        errors::invalid_parameter_value_exception(std::string(rules.size_text()) + std::to_string(limit) + " bytes."));
  }
  TRY(check_characters(*in.message_body));
  if (attributes != nullptr) TRY(check_attributes(*attributes));
  if (in.message_system_attributes) TRY(check_system_attributes(*in.message_system_attributes));
  return {};
}

constexpr std::string_view kWrongQueueType = "The request include parameter that is not valid for this queue type";

// What every message of a FIFO queue needs. One entry of a batch that lacks it makes AWS refuse the whole call
// (recorded 2024-04-30), with a code of its own (items 13 and 14).
template <class Entry>
base::Result<void> check_fifo_ids(const SendRules& rules, const Entry& in) {
  const QueueAttributes& attributes = rules.record.attributes;
  if (!attributes.fifo) return {};
  if (!in.message_group_id) {
    base::AwsError missing = missing_parameter("MessageGroupId");
    return base::fail(rules.batch ? errors::invalid_parameter_value_exception(std::move(missing.message)) : missing);
  }
  if (!in.message_deduplication_id && !attributes.content_based_deduplication) {
    return base::fail(errors::invalid_parameter_value_exception(
        "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided "
        "explicitly"));
  }
  return {};
}

template <class Entry>
base::Result<void> check_parameters(const SendRules& rules, const Entry& in) {
  const QueueAttributes& attributes = rules.record.attributes;
  if (in.message_group_id) TRY(check_id("MessageGroupId", *in.message_group_id));
  if (in.message_deduplication_id) TRY(check_id("MessageDeduplicationId", *in.message_deduplication_id));
  if (in.delay_seconds && (*in.delay_seconds < 0 || *in.delay_seconds > kDelaySecondsMax)) {
    return base::fail(
        invalid_value(std::to_string(*in.delay_seconds), "DelaySeconds", "DelaySeconds must be >= 0 and <= 900."));
  }
  if (!attributes.fifo) {
    if (!in.message_deduplication_id) return {};
    return base::fail(invalid_value(*in.message_deduplication_id, "MessageDeduplicationId", kWrongQueueType));
  }
  if (in.delay_seconds.value_or(0) > 0) {
    return base::fail(
        invalid_value(std::to_string(*in.delay_seconds), "DelaySeconds", std::string(kWrongQueueType) + "."));
  }
  return {};
}

// `Entry` is SendMessageRequest or SendMessageBatchRequestEntry, which have the same members here. Consumes `in`.
template <class Entry>
base::Result<PreparedMessage> prepare(const SendRules& rules, const aws::Context& context, base::Random& random,
                                      Entry& in) {
  TRY(check_contents(rules, in));
  TRY(check_parameters(rules, in));
  TRY(check_fifo_ids(rules, in));
  const QueueAttributes& attributes = rules.record.attributes;
  PreparedMessage out;
  out.bytes = message_bytes(*in.message_body, in.message_attributes ? &*in.message_attributes : nullptr);
  StoredMessage stored;
  stored.message_id = base::make_uuid(random);
  stored.body = std::move(*in.message_body);
  stored.body_md5 = base::md5(stored.body);
  stored.sender_id = context.principal.user_id;
  stored.sent_at = stored.enqueued_at = context.now;
  stored.trace_header = context.trace_header;
  if (in.message_system_attributes && !in.message_system_attributes->empty()) {
    stored.trace_header = in.message_system_attributes->begin()->second.string_value.value_or("");
    out.system_attributes_md5 = base::hex_encode(attributes_md5(*in.message_system_attributes));
  }
  if (in.message_attributes && !in.message_attributes->empty()) {
    stored.attributes = std::move(*in.message_attributes);
    out.attributes_md5 = base::hex_encode(attributes_md5(stored.attributes));
  }
  stored.group_id = std::move(in.message_group_id).value_or("");
  const bool own_delay = !attributes.fifo && in.delay_seconds.has_value();
  out.visible_at = context.now + (own_delay ? std::chrono::seconds(*in.delay_seconds) : attributes.delay());
  if (!attributes.fifo && out.visible_at > context.now) stored.visible_at = out.visible_at;
  if (attributes.fifo) {
    stored.deduplication_id = in.message_deduplication_id ? std::move(*in.message_deduplication_id)
                                                          : base::hex_encode(base::sha256(stored.body));
    out.dedup_scope = DedupWindow::scope(stored.deduplication_id, stored.group_id, rules.record.deduplicates_per_group);
  }
  out.record = stored.encode();
  out.body_md5 = base::hex_encode(stored.body_md5);
  out.message_id = std::move(stored.message_id);
  out.group_id = std::move(stored.group_id);
  return out;
}

// SendMessageResult and SendMessageBatchResultEntry have the same members here.
template <class Output>
Output answer(PreparedMessage& message, bool fifo) {
  Output out;
  out.message_id = std::move(message.message_id);
  out.md5_of_message_body = std::move(message.body_md5);
  out.md5_of_message_attributes = std::move(message.attributes_md5);
  out.md5_of_message_system_attributes = std::move(message.system_attributes_md5);
  if (fifo) out.sequence_number = sequence_number_text(message.sequence);
  return out;
}

}  // namespace

base::Result<void> SqsService::append(const aws::Context& context, const Queue& queue,
                                      std::span<PreparedMessage> messages) {
  MessageIndex& index = *queue.messages;
  const uint64_t id = queue.record->id;
  store::WriteBatch batch;
  std::vector<std::size_t> sizes;
  const std::lock_guard lock(index.mutex);
  if (index.closed) return base::fail(errors::queue_does_not_exist("The specified queue does not exist."));
  index.advance(context.now);  // what is due now comes before what is sent now
  index.expire(context.now - queue.record->attributes.retention(), kExpiredPerOperation, batch);
  index.dedup.expire(id, context.now, kExpiredPerOperation, batch);
  for (PreparedMessage& message : messages) {
    if (index.fifo()) {
      if (const auto* first = index.dedup.find(message.dedup_scope, context.now)) {
        message.message_id = first->message_id;
        message.sequence = first->sequence;
        continue;
      }
    }
    sizes.push_back(message.bytes);
    message.sequence = index.next_number();
    batch.put(keys::message(id, message.sequence), std::move(message.record));
    index.add(message.sequence, context.now, message.visible_at, message.group_id, context.now);
    if (index.fifo()) {
      index.dedup.add(id, message.dedup_scope, {context.now, message.sequence, message.message_id}, batch);
    }
  }
  if (!batch.empty()) store_.write(batch);
  index.notify();
  queue.metrics->sent(sizes, context.now);
  return {};
}

base::Result<SendMessageResult> SqsService::send_message(aws::Context& context, SendMessageRequest in) {
  TRY_ASSIGN(const Queue queue, find_queue(context, in.queue_url, "sqs:SendMessage"));
  TRY_ASSIGN(PreparedMessage message, prepare(SendRules{*queue.record, false}, context, env_.random, in));
  TRY(append(context, queue, std::span(&message, 1)));
  return answer<SendMessageResult>(message, queue.messages->fifo());
}

base::Result<SendMessageBatchResult> SqsService::send_message_batch(aws::Context& context, SendMessageBatchRequest in) {
  TRY_ASSIGN(const Queue queue, find_queue(context, in.queue_url, "sqs:SendMessage"));
  TRY(check_batch(in.entries, "SendMessageBatchRequestEntry"));
  std::size_t bytes = 0;
  for (const auto& entry : *in.entries) {
    const MessageAttributes* attributes = entry.message_attributes ? &*entry.message_attributes : nullptr;
    bytes += message_bytes(entry.message_body ? std::string_view(*entry.message_body) : std::string_view(), attributes);
  }
  if (bytes > kMessageBytesMax) {
    return base::fail(errors::batch_request_too_long("Batch requests cannot be longer than " +
                                                     std::to_string(kMessageBytesMax) + " bytes. You have sent " +
                                                     std::to_string(bytes) + " bytes."));
  }
  const SendRules rules{*queue.record, true};
  for (const auto& entry : *in.entries) TRY(check_fifo_ids(rules, entry));
  SendMessageBatchResult out;
  out.successful.emplace();
  std::vector<PreparedMessage> messages;
  messages.reserve(in.entries->size());
  for (auto& entry : *in.entries) {
    auto message = prepare(rules, context, env_.random, entry);
    if (message) {
      messages.push_back(std::move(*message));
      out.successful->emplace_back().id = std::move(entry.id);
    } else {
      if (!out.failed) out.failed.emplace();
      out.failed->push_back(failed_entry(std::move(*entry.id), std::move(message).error()));
    }
  }
  TRY(append(context, queue, messages));
  for (std::size_t i = 0; i < messages.size(); ++i) {
    std::optional<std::string> id = std::move(out.successful->at(i).id);
    out.successful->at(i) = answer<SendMessageBatchResultEntry>(messages[i], queue.messages->fifo());
    out.successful->at(i).id = std::move(id);
  }
  return out;
}

}  // namespace engine::sqs
