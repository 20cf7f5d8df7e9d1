#include "engine/iam/managed_policies.h"

#include "base/encoding.h"

namespace engine::iam {
namespace {

constexpr std::string_view kArnPrefix = "arn:aws:iam::aws:policy";

}  // namespace

std::string AwsManagedPolicy::arn() const {
  return std::string(kArnPrefix).append(path).append(name);
}

std::string AwsManagedPolicy::document() const {
  return std::string(R"({"Version":"2012-10-17","Statement":[)").append(statement).append("]}");
}

std::string AwsManagedPolicy::id() const {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string out = "ANPA";
  for (const char c : base::sha256(arn()).substr(0, 17)) out += kAlphabet[static_cast<unsigned char>(c) % 32];
  return out;
}

const AwsManagedPolicy* find_aws_managed_policy(std::string_view arn) {
  if (!arn.starts_with(kArnPrefix)) return nullptr;
  const std::string_view rest = arn.substr(kArnPrefix.size());
  for (const AwsManagedPolicy& policy : aws_managed_policies())
    if (rest.starts_with(policy.path) && rest.substr(policy.path.size()) == policy.name) return &policy;
  return nullptr;
}

}  // namespace engine::iam
