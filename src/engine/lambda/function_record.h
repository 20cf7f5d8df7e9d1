// FunctionRecord: one function as it stands in the store. A value; the service shares immutable copies.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/lambda/shapes.h"
#include "base/time.h"

namespace engine::lambda {

struct PolicyStatement {
  std::string sid;
  std::string json;
};

struct FunctionRecord {
  using Pairs = std::vector<std::pair<std::string, std::string>>;

  uint64_t id = 0;  // never used again, unlike the name
  std::string account;
  std::string region;
  std::string name;
  std::string runtime;
  std::string role;
  std::string handler;
  std::string description;
  int32_t timeout_seconds = 3;
  int32_t memory_size_mb = 128;
  int32_t ephemeral_storage_mb = 512;
  std::optional<Pairs> environment;
  std::string log_group;
  uint64_t code_id = 0;
  uint64_t code_size = 0;
  std::string code_sha256;  // base64
  base::Timestamp last_modified;
  std::string revision_id;
  std::optional<int32_t> reserved_concurrency;
  std::vector<PolicyStatement> policy;
  std::string policy_revision_id;
  Pairs tags;

  [[nodiscard]] std::string arn() const;
  [[nodiscard]] std::string key() const;
  // The policy document, or empty if there is none.
  [[nodiscard]] std::string policy_json() const;
  [[nodiscard]] std::string encode() const;
  static std::optional<FunctionRecord> decode(std::string_view bytes);
};

// The function in AWS's terms, ready to use ("Active", "Successful"); see protocols.md 4.4 items 1 to 3.
aws::lambda::FunctionConfiguration configuration_of(const FunctionRecord& record);
// As lists show it: without states and runtime version (item 3).
aws::lambda::FunctionConfiguration list_entry_of(const FunctionRecord& record);

}  // namespace engine::lambda
