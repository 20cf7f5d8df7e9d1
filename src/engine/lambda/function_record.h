// FunctionRecord: one version of a function as it stands in the store: $LATEST, with what belongs to the function as a
// whole, or a published one. A value; the service shares immutable copies.
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

// Who may invoke a function, a version or an alias.
struct ResourcePolicy {
  std::vector<PolicyStatement> statements;
  std::string revision_id;
  // The document, or empty if there are no statements.
  [[nodiscard]] std::string json() const;
};

struct FunctionRecord {
  using Pairs = std::vector<std::pair<std::string, std::string>>;

  uint64_t id = 0;  // of the function; never used again, unlike the name
  std::string account;
  std::string region;
  std::string name;
  std::string version = "$LATEST";
  std::string runtime;
  std::string role;
  std::string handler;
  std::string description;
  int32_t timeout_seconds = 3;
  int32_t memory_size_mb = 128;
  int32_t ephemeral_storage_mb = 512;
  std::optional<Pairs> environment;
  std::string log_group;
  std::string log_format = "Text";    // or "JSON", and then also:
  std::string application_log_level;  // "TRACE" to "FATAL"
  std::string system_log_level;       // "DEBUG" to "WARN"
  std::string tracing_mode = "PassThrough";
  std::string dead_letter_arn;  // empty: none
  std::string architecture;
  uint64_t code_id = 0;
  uint64_t code_size = 0;
  std::string code_sha256;  // base64
  base::Timestamp last_modified;
  std::string revision_id;
  ResourcePolicy policy;
  // Of $LATEST only, because they are the function's:
  std::optional<int32_t> reserved_concurrency;
  uint64_t last_published = 0;  // the newest version there has been
  // Of published versions only: what $LATEST's description was, which the version's need not be.
  std::string published_description;
  Pairs tags;

  [[nodiscard]] bool is_latest() const { return version == "$LATEST"; }
  [[nodiscard]] bool logs_json() const { return log_format == "JSON"; }
  [[nodiscard]] std::string arn() const;            // without a version
  [[nodiscard]] std::string qualified_arn() const;  // with it
  [[nodiscard]] std::string key() const;
  // Whether publishing `latest` would make a version like this one.
  [[nodiscard]] bool was_published_from(const FunctionRecord& latest) const;
  [[nodiscard]] std::string encode() const;
  static std::optional<FunctionRecord> decode(std::string_view bytes);
};

// The version in AWS's terms, ready to use ("Active", "Successful"), under the unqualified ARN for $LATEST and the
// version's own for others; see protocols.md 4.4 items 1 to 3.
aws::lambda::FunctionConfiguration configuration_of(const FunctionRecord& record);
// The same as it is shown while its creation or its update is under way.
aws::lambda::FunctionConfiguration pending_configuration_of(const FunctionRecord& record);
aws::lambda::FunctionConfiguration updating_configuration_of(const FunctionRecord& record);
// As lists show it: without states and runtime version (item 3).
aws::lambda::FunctionConfiguration list_entry_of(const FunctionRecord& record);
std::string runtime_version_arn(const FunctionRecord& record);

}  // namespace engine::lambda
