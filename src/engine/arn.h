// Arn: arn:partition:service:region:account:resource, taken apart. A value type.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace engine {

struct Arn {
  std::string service;
  std::string region;   // empty for global resources
  std::string account;  // empty for S3 buckets
  std::string resource;

  // nullopt unless there are six parts, the first two are "arn" and "aws" (there is no other partition here: policies
  // compare ARNs as texts, so nothing may have two), and service and resource are not empty. The resource may hold
  // colons.
  static std::optional<Arn> parse(std::string_view text);
  [[nodiscard]] std::string text() const;
};

// Whether `text` is the id of an account: 12 digits.
bool is_account_id(std::string_view text);

std::string make_arn(std::string_view service, std::string_view region, std::string_view account,
                     std::string_view resource);

}  // namespace engine
