// The AWS managed policies that templates and users of this engine name, as a fixed table: names, versions and the
// permissions they grant, at least on the services that the engine has. Pure functions over constants.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace engine::iam {

struct AwsManagedPolicy {
  std::string_view path;  // "/", "/service-role/", "/job-function/"
  std::string_view name;
  std::string_view version;                 // the one that is the default on AWS; the only one here
  std::string_view created_at, updated_at;  // ISO 8601
  std::string_view statement;               // JSON objects, to be put in the list of statements

  [[nodiscard]] std::string arn() const;  // arn:aws:iam::aws:policy/...
  [[nodiscard]] std::string document() const;
  [[nodiscard]] std::string id() const;  // ANPA and 17 characters, the same in every process
};

std::span<const AwsManagedPolicy> aws_managed_policies();
// The policy with exactly this ARN, or nullptr.
const AwsManagedPolicy* find_aws_managed_policy(std::string_view arn);

}  // namespace engine::iam
