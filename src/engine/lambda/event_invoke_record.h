// EventInvokeRecord: how asynchronous invocations of a function, a version or an alias are retried and where their
// outcome goes, as it stands in the store. A value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "aws/lambda/shapes.h"
#include "base/time.h"

namespace engine::lambda {

struct EventInvokeRecord {
  std::string account;
  std::string region;
  std::string function_name;
  std::string qualifier = "$LATEST";
  std::optional<int32_t> retries_max;
  std::optional<int32_t> age_seconds_max;
  std::string on_success;  // ARNs; empty: none
  std::string on_failure;
  base::Timestamp last_modified;

  [[nodiscard]] std::string key() const;
  [[nodiscard]] std::string function_arn() const;  // with the qualifier
  [[nodiscard]] aws::lambda::FunctionEventInvokeConfig configuration() const;
  [[nodiscard]] std::string encode() const;
  static std::optional<EventInvokeRecord> decode(std::string_view bytes);
};

}  // namespace engine::lambda
