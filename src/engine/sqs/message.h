// StoredMessage: one message as the store keeps it. The record is written when the message is sent and never changes;
// what changes with each receive (count, deadline, receipt) is in the leases of MessageIndex. A plain value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "aws/sqs/shapes.h"
#include "base/time.h"

namespace engine::sqs {

using MessageAttributes = aws::Map<aws::sqs::MessageAttributeValue>;

struct StoredMessage {
  std::string message_id;
  std::string body;
  std::string body_md5;  // 16 raw bytes
  std::string sender_id;
  base::Timestamp sent_at;
  // When retention began: sent_at, except for a message that came to a FIFO dead-letter queue, where it begins anew
  // (SQS Developer Guide, "Dead-letter queues and message retention periods").
  base::Timestamp enqueued_at;
  std::optional<base::Timestamp> visible_at;  // delayed until; standard queues only, see MessageIndex::delay_fifo()
  std::string group_id;
  std::string deduplication_id;
  std::string trace_header;
  std::string dead_letter_source_arn;
  MessageAttributes attributes;
  // The life in the queue it was moved from.
  uint32_t receive_count = 0;
  std::optional<base::Timestamp> first_received_at;

  [[nodiscard]] std::string encode() const;
  static std::optional<StoredMessage> decode(std::string_view bytes);  // nullopt: not a record
};

// The part of a record that the index needs; views into the record. Reads only the small fields in front of the body.
struct MessageSummary {
  base::Timestamp enqueued_at;
  std::optional<base::Timestamp> visible_at;
  std::optional<base::Timestamp> first_received_at;
  std::string_view group_id;
  uint32_t receive_count = 0;
  static std::optional<MessageSummary> decode(std::string_view bytes);
};

}  // namespace engine::sqs
