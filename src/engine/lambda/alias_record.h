// AliasRecord: a name for a version of a function, as it stands in the store. A value; the service shares immutable
// copies.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "aws/lambda/shapes.h"
#include "engine/lambda/function_record.h"

namespace engine::lambda {

struct AliasRecord {
  std::string account;
  std::string region;
  std::string function_name;
  std::string name;
  std::string version;
  std::string description;
  std::string revision_id;
  // Which share of the invocations, from 0 to below 1, goes to another version; empty: none.
  std::string additional_version;
  double additional_weight = 0;
  ResourcePolicy policy;

  [[nodiscard]] std::string arn() const;
  [[nodiscard]] std::string key() const;
  [[nodiscard]] aws::lambda::AliasConfiguration configuration() const;
  [[nodiscard]] std::string encode() const;
  static std::optional<AliasRecord> decode(std::string_view bytes);
};

}  // namespace engine::lambda
