// RedrivePolicy and RedriveAllowPolicy: the JSON texts with which a queue names its dead-letter queue, and a
// dead-letter queue names who may use it. Plain values; pure functions, safe from any thread. Rules: SQS API reference,
// SetQueueAttributes; protocols.md 4.1 item 32.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace engine::sqs {

struct RedrivePolicy {
  std::string target_arn;
  uint32_t max_receive_count = 0;  // 1 to 1000
};

struct RedriveAllowPolicy {
  enum class Permission { allow_all, deny_all, by_queue } permission = Permission::allow_all;
  std::vector<std::string> source_arns;  // for by_queue; at most 10
  [[nodiscard]] bool allows(std::string_view source_arn) const;
};

// Each fails with InvalidParameterValue and the reason unless the text is a JSON object with the members it needs.
base::Result<RedrivePolicy> parse_redrive_policy(std::string_view json);
base::Result<RedriveAllowPolicy> parse_redrive_allow_policy(std::string_view json);

// Whether `text` is a well-formed JSON object (what Policy must be before anybody evaluates it).
bool is_json_object(std::string_view text);

}  // namespace engine::sqs
