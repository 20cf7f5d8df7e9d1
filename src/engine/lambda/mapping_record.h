// MappingRecord: one event source mapping, from a queue to a function, as it stands in the store. A value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "aws/lambda/shapes.h"
#include "base/time.h"

namespace engine::lambda {

struct MappingRecord {
  std::string uuid;
  std::string account;
  std::string region;
  std::string function_name;
  std::string qualifier;      // a version or an alias; empty: none
  bool names_latest = false;  // none, but $LATEST was written where it stands
  std::string queue_arn;
  int32_t batch_size = 10;
  int32_t batching_window_seconds = 0;
  std::optional<int32_t> maximum_concurrency;
  bool reports_item_failures = false;
  bool enabled = true;
  std::string state_transition_reason = "USER_INITIATED";
  base::Timestamp last_modified;

  [[nodiscard]] std::string key() const;
  // The mapping in AWS's terms; `state` as it is to be shown.
  [[nodiscard]] aws::lambda::EventSourceMappingConfiguration configuration(std::string_view state) const;
  [[nodiscard]] std::string_view settled_state() const { return enabled ? "Enabled" : "Disabled"; }
  [[nodiscard]] std::string encode() const;
  static std::optional<MappingRecord> decode(std::string_view bytes);
};

}  // namespace engine::lambda
