// RoleRecord and PolicyRecord: what IAM keeps of a role and of a customer managed policy, and their form in the store.
// Plain values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace engine::iam {

struct RoleRecord {
  std::string account;
  std::string name;
  std::string path = "/";
  std::string id;  // AROA..., never used again
  base::Timestamp created_at;
  std::string trust_document;
  std::optional<std::string> description;
  int32_t max_session_duration_seconds = 3'600;
  std::map<std::string, std::string> tags;
  std::map<std::string, std::string> inline_documents;  // by policy name
  std::vector<std::string> attached_arns;               // in the order of their attachment

  [[nodiscard]] std::string arn() const;
  [[nodiscard]] std::string encode() const;
  static std::optional<RoleRecord> decode(std::string_view bytes);  // nullopt: not a record
};

struct PolicyRecord {
  struct Version {
    std::string document;
    base::Timestamp created_at;
  };
  std::string account;
  std::string name;
  std::string path = "/";
  std::string id;  // ANPA...
  std::optional<std::string> description;
  base::Timestamp created_at;
  base::Timestamp updated_at;
  uint64_t default_version = 1;
  uint64_t last_version = 1;  // numbers of versions are not used again
  std::map<uint64_t, Version> versions;
  std::map<std::string, std::string> tags;

  [[nodiscard]] std::string arn() const;
  [[nodiscard]] std::string encode() const;
  static std::optional<PolicyRecord> decode(std::string_view bytes);  // nullopt: not a record
};

}  // namespace engine::iam
