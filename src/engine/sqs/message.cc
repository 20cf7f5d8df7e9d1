#include "engine/sqs/message.h"

#include "engine/record.h"

namespace engine::sqs {
namespace {

enum Field : uint32_t {
  kSentAt = 1,
  kEnqueuedAt = 2,  // if it is not sent_at
  kVisibleAt = 3,
  kGroupId = 4,
  kReceiveCount = 5,
  kFirstReceivedAt = 6,
  kBody = 7,  // the fields of MessageSummary come before it
  kMessageId = 8,
  kBodyMd5 = 9,
  kSenderId = 10,
  kDeduplicationId = 11,
  kTraceHeader = 12,
  kDeadLetterSourceArn = 13,
  kAttribute = 14,  // repeated: 1 name, 2 data type, 3 string value, 4 binary value
};

void decode_attribute(std::string_view bytes, MessageAttributes& out) {
  std::string_view name;
  aws::sqs::MessageAttributeValue value;
  for (RecordReader reader(bytes); reader.next();) {
    switch (reader.field()) {
      case 1:
        name = reader.text();
        break;
      case 2:
        value.data_type = reader.text();
        break;
      case 3:
        value.string_value = reader.text();
        break;
      case 4:
        value.binary_value = reader.text();
        break;
      default:
        break;
    }
  }
  out[name] = std::move(value);
}

}  // namespace

std::string StoredMessage::encode() const {
  RecordWriter writer;
  writer.time(kSentAt, sent_at);
  if (enqueued_at != sent_at) writer.time(kEnqueuedAt, enqueued_at);
  if (visible_at) writer.time(kVisibleAt, *visible_at);
  if (!group_id.empty()) writer.text(kGroupId, group_id);
  if (receive_count != 0) writer.number(kReceiveCount, receive_count);
  if (first_received_at) writer.time(kFirstReceivedAt, *first_received_at);
  writer.text(kBody, body).text(kMessageId, message_id).text(kBodyMd5, body_md5).text(kSenderId, sender_id);
  if (!deduplication_id.empty()) writer.text(kDeduplicationId, deduplication_id);
  if (!trace_header.empty()) writer.text(kTraceHeader, trace_header);
  if (!dead_letter_source_arn.empty()) writer.text(kDeadLetterSourceArn, dead_letter_source_arn);
  for (const auto& [name, value] : attributes) {
    RecordWriter nested;
    nested.text(1, name).text(2, value.data_type.value_or(""));
    if (value.string_value) nested.text(3, *value.string_value);
    if (value.binary_value) nested.text(4, *value.binary_value);
    writer.record(kAttribute, std::move(nested));
  }
  return writer.take();
}

std::optional<StoredMessage> StoredMessage::decode(std::string_view bytes) {
  StoredMessage out;
  bool has_enqueued_at = false;
  RecordReader reader(bytes);
  while (reader.next()) {
    switch (reader.field()) {
      case kSentAt:
        out.sent_at = reader.time();
        break;
      case kEnqueuedAt:
        out.enqueued_at = reader.time();
        has_enqueued_at = true;
        break;
      case kVisibleAt:
        out.visible_at = reader.time();
        break;
      case kGroupId:
        out.group_id = reader.text();
        break;
      case kReceiveCount:
        out.receive_count = static_cast<uint32_t>(reader.number());
        break;
      case kFirstReceivedAt:
        out.first_received_at = reader.time();
        break;
      case kBody:
        out.body = reader.text();
        break;
      case kMessageId:
        out.message_id = reader.text();
        break;
      case kBodyMd5:
        out.body_md5 = reader.text();
        break;
      case kSenderId:
        out.sender_id = reader.text();
        break;
      case kDeduplicationId:
        out.deduplication_id = reader.text();
        break;
      case kTraceHeader:
        out.trace_header = reader.text();
        break;
      case kDeadLetterSourceArn:
        out.dead_letter_source_arn = reader.text();
        break;
      case kAttribute:
        decode_attribute(reader.text(), out.attributes);
        break;
      default:
        break;
    }
  }
  if (!has_enqueued_at) out.enqueued_at = out.sent_at;
  return reader.ok() ? std::optional(std::move(out)) : std::nullopt;
}

std::optional<MessageSummary> MessageSummary::decode(std::string_view bytes) {
  MessageSummary out;
  bool has_enqueued_at = false;
  RecordReader reader(bytes);
  while (reader.next() && reader.field() < kBody) {
    switch (reader.field()) {
      case kSentAt:
        if (!has_enqueued_at) out.enqueued_at = reader.time();
        break;
      case kEnqueuedAt:
        out.enqueued_at = reader.time();
        has_enqueued_at = true;
        break;
      case kVisibleAt:
        out.visible_at = reader.time();
        break;
      case kGroupId:
        out.group_id = reader.text();
        break;
      case kReceiveCount:
        out.receive_count = static_cast<uint32_t>(reader.number());
        break;
      case kFirstReceivedAt:
        out.first_received_at = reader.time();
        break;
      default:
        break;
    }
  }
  return reader.ok() ? std::optional(out) : std::nullopt;
}

}  // namespace engine::sqs
