// QueueRecord: everything about a queue except its messages, as the store keeps it. Immutable once it stands in the
// service's directory: a change replaces the whole record. Safe to read from any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "aws/shape.h"
#include "base/time.h"
#include "engine/sqs/queue_attributes.h"

namespace engine::sqs {

struct QueueRecord {
  uint64_t id = 0;  // never used again, also not for a queue of the same name
  std::string account;
  std::string region;
  std::string name;
  base::Timestamp created_at;
  base::Timestamp modified_at;
  std::optional<base::Timestamp> purged_at;
  // DeduplicationScope as of the creation: changing it later is reported but has no effect (protocols.md 4.1 item 30).
  bool deduplicates_per_group = false;
  QueueAttributes attributes;
  aws::Map<std::string> tags;

  [[nodiscard]] std::string arn() const;
  [[nodiscard]] std::string url(std::string_view endpoint) const;  // <endpoint>/<account>/<name>

  [[nodiscard]] std::string encode() const;
  static std::optional<QueueRecord> decode(std::string_view bytes);  // nullopt: not a record
};

// [A-Za-z0-9_-], and for FIFO queues the suffix ".fifo"; 1 to 80 characters in all.
bool is_queue_name(std::string_view name, bool fifo);

// What a queue URL says. The host is irrelevant: every form of protocols.md 1.6 is understood, and a bare name.
struct QueueAddress {
  std::string_view account;  // empty if the URL does not say
  std::string_view name;
};
// Views into `url`. nullopt if there is no name in it.
std::optional<QueueAddress> parse_queue_url(std::string_view url);

}  // namespace engine::sqs
