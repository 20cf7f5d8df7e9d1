// Policy: a parsed IAM policy document, and the rules by which it allows or denies. Owned by whoever holds the
// document (IAM its roles' policies, SQS its queues'); immutable, cheap to copy, safe from any thread. Rules: IAM User
// Guide, "Policy evaluation logic" and "IAM JSON policy elements reference"; reference/reliability.md S11 to S14.
#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aws/context.h"

namespace aws::auth {

enum class Decision { allow, deny, none };

// What one policy adds to another: a deny beats everything, an allow beats nothing said.
constexpr Decision strongest(Decision a, Decision b) {
  if (a == Decision::deny || b == Decision::deny) return Decision::deny;
  return a == Decision::allow || b == Decision::allow ? Decision::allow : Decision::none;
}

// identity: of a role; names no principal. resource: of a queue, bucket, topic, function; names who may.
// trust: who may assume a role; names principals and no resource.
enum class PolicyKind { identity, resource, trust };

// One value of a condition key; a key with several values has several entries.
struct ConditionValue {
  std::string key;  // lower case, for example "aws:sourcearn"
  std::string value;
};

// What a context says of itself: aws:SourceArn, aws:SourceAccount, aws:PrincipalArn (the role's, without its path),
// aws:PrincipalAccount, aws:PrincipalType, aws:PrincipalIsAWSService, aws:PrincipalServiceName, aws:userid,
// aws:RequestedRegion, aws:CurrentTime, aws:EpochTime, aws:SecureTransport. Absent where AWS has them absent;
// aws:SourceIp and others that a context does not know are always absent.
std::vector<ConditionValue> condition_values(const Context& context);

struct PolicyRequest {
  const Principal& principal;
  std::string_view action;    // "sqs:SendMessage"; compared without regard to case
  std::string_view resource;  // an ARN, or "*" if the action has none
  std::span<const ConditionValue> conditions;
};

class Policy {
 public:
  static constexpr std::size_t kBytesMax = 131'072;  // policyDocumentType of IAM's model
  static constexpr std::size_t kDepthMax = 16;
  static constexpr std::size_t kStatementsMax = 1'000;

  // Fails with AWS's text for MalformedPolicyDocument at anything that is not wholly understood: bad JSON, an unknown
  // element, operator or principal, a value of the wrong type, or what `kind` does not have. Variables are for Version
  // 2012-10-17 only; without a Version it is 2008-10-17.
  static std::expected<Policy, std::string> parse(std::string_view json, PolicyKind kind);

  // deny if a Deny statement applies, else allow if an Allow statement does, else none. A condition on an absent key
  // fails, except with ...IfExists, Null, ForAllValues and the negated operators, as on AWS.
  [[nodiscard]] Decision evaluate(const PolicyRequest& request) const;

  // Whether evaluate() looks at request.conditions at all, so that callers may save themselves making them.
  [[nodiscard]] bool needs_conditions() const { return needs_conditions_; }
  [[nodiscard]] std::size_t statement_count() const;

  // A condition key (in lower case) of which AWS knows the value and this engine does not, if for want of it a
  // statement would allow more or deny less than on AWS: dynamodb:LeadingKeys for all values, aws:SourceIp in a Deny.
  [[nodiscard]] std::optional<std::string> undecidable_key() const;

  struct Statement;  // policy_statement.h

 private:
  explicit Policy(std::vector<Statement> statements);
  std::shared_ptr<const std::vector<Statement>> statements_;
  bool needs_conditions_ = false;
};

// Whether `name` is an operator of conditions, with its quantifier and IfExists: "ForAnyValue:StringLike".
bool is_condition_operator(std::string_view name);

// Whether a resource policy allows context.principal (a service on behalf of context.source_arn, or another account)
// to do `action` on `resource_arn`. False if it denies, says nothing, is empty or cannot be parsed.
bool service_may(std::string_view policy_json, const Context& context, std::string_view action,
                 std::string_view resource_arn);
// The same with condition keys that the call has beside those that condition_values() knows.
bool caller_may(std::string_view policy_json, const Context& context, std::string_view action,
                std::string_view resource_arn, std::span<const ConditionValue> more);

}  // namespace aws::auth
