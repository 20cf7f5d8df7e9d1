// FunctionUrlRecord: a function URL, as it stands in the store: what CreateFunctionUrlConfig has made of a function or
// an alias. A value.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "aws/lambda/shapes.h"
#include "base/time.h"

namespace engine::lambda {

struct FunctionUrlRecord {
  std::string account;
  std::string region;
  std::string function_name;
  std::string alias;   // empty: $LATEST
  std::string url_id;  // of no other URL, and unguessable
  std::string auth_type;
  std::string invoke_mode;
  std::optional<aws::lambda::Cors> cors;
  base::Timestamp created;
  base::Timestamp last_modified;

  [[nodiscard]] std::string key() const;
  [[nodiscard]] std::string function_arn() const;  // with the alias
  // `endpoint`: scheme://host:port under which the engine is reached.
  [[nodiscard]] aws::lambda::FunctionUrlConfig configuration(std::string_view endpoint) const;
  [[nodiscard]] std::string encode() const;
  static std::optional<FunctionUrlRecord> decode(std::string_view bytes);
};

}  // namespace engine::lambda
