// PolicyPattern: one text of a policy that request values are compared with, compiled when the policy is parsed: an
// action, a resource ARN, or a value of a condition. Internal to Policy. Immutable, safe from any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "aws/auth/policy.h"

namespace aws::auth {

class PolicyPattern {
 public:
  enum class Syntax : uint8_t {
    literal,        // no wildcards
    glob,           // '*' is any text, '?' any one character
    resource_arn,   // the same, but in the first five parts of an ARN a wildcard stays within its part, unless it is a
                    // '*' that ends the part (IAM User Guide, "IAM JSON policy elements: Resource")
    condition_arn,  // wildcards of the first five parts always stay within ("...: Condition operators", ArnLike)
  };

  // nullopt if `text` has a malformed ${variable}; with `variables` false (policies older than 2012-10-17) a '$' is
  // itself.
  static std::optional<PolicyPattern> compile(std::string_view text, Syntax syntax, bool variables);

  // True if the whole of `text` matches. Takes time in proportion to text times pattern at worst, whatever they are. A
  // variable stands for the first value of that name in `values`; with none, and no default, nothing matches.
  [[nodiscard]] bool matches(std::string_view text, std::span<const ConditionValue> values) const;
  [[nodiscard]] bool uses_variables() const { return uses_variables_; }

 private:
  static std::optional<std::string> expand(std::string_view text, Syntax syntax, bool variables,
                                           std::optional<std::span<const ConditionValue>> values);
  void classify();
  [[nodiscard]] bool match_code(std::string_view text) const;

  // The pattern with wildcards replaced by bytes that UTF-8 does not have; or, with variables, its source.
  std::string code_;
  Syntax syntax_ = Syntax::literal;
  bool uses_variables_ = false;
  bool wild_ = false;
  bool bounded_stars_ = false;  // has a '*' that must stay within its part
};

}  // namespace aws::auth
