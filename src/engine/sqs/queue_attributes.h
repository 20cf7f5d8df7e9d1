// QueueAttributes: the settings of one queue, as parsed and checked from what CreateQueue and SetQueueAttributes take.
// A plain value. Rules and texts: SQS API reference, SetQueueAttributes; protocols.md 4.1 items 1 to 8.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/shape.h"
#include "base/result.h"
#include "base/time.h"
#include "engine/sqs/limits.h"
#include "engine/sqs/redrive_policy.h"

namespace engine::sqs {

struct QueueAttributes {
  bool fifo = false;
  int32_t delay_seconds = 0;
  int32_t maximum_message_size_bytes = 1'048'576;
  int32_t retention_seconds = 345'600;
  int32_t wait_seconds = 0;
  int32_t visibility_seconds = 30;
  bool content_based_deduplication = false;
  std::string deduplication_scope = "queue";
  std::string fifo_throughput_limit = "perQueue";
  // Reported as on AWS, where it is on unless switched off. Nothing here encrypts: the store's files are as readable as
  // the directory they are in.
  bool managed_sse = true;
  // The key that AWS owns, by its alias, or empty; and how long SQS would use one data key. Hints as well.
  std::string kms_master_key_id;
  int32_t kms_reuse_seconds = kKmsReuseSecondsDefault;
  // The JSON texts as they were sent; empty means unset.
  std::string policy;
  std::string redrive_policy;
  std::string redrive_allow_policy;
  std::optional<RedrivePolicy> redrive;  // what redrive_policy says

  [[nodiscard]] base::Duration delay() const { return std::chrono::seconds(delay_seconds); }
  [[nodiscard]] base::Duration retention() const { return std::chrono::seconds(retention_seconds); }

  // The value of a settable attribute as GetQueueAttributes shows it; nullopt if it is unset, or does not apply to
  // this type of queue, or is none of ours.
  [[nodiscard]] std::optional<std::string> text(std::string_view name) const;
  // Settings with `changes` applied. Fails, naming the attribute, if a name is unknown (InvalidAttributeName) or a
  // value is out of range or not honoured here (InvalidAttributeValue). `current.fifo` says what the queue is.
  static base::Result<QueueAttributes> with(QueueAttributes current, const aws::Map<std::string>& changes);

  // As record fields, for the store.
  [[nodiscard]] std::string encode() const;
  static std::optional<QueueAttributes> decode(std::string_view bytes);
};

// Fails with InvalidAttributeValue unless the Policy in `changes`, if there is one, can be evaluated. Not part of
// with(): what is stored has to stay readable whatever the rules for policies become.
base::Result<void> check_policy(const aws::Map<std::string>& changes);

// The names that text() knows, in alphabetical order.
const std::vector<std::string_view>& settable_attribute_names();

}  // namespace engine::sqs
