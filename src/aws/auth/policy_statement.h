// The parsed form of a policy's statements. Internal to Policy: policy_parser.cc makes them, policy.cc evaluates them.
// Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "aws/auth/address_range.h"
#include "aws/auth/condition_date.h"
#include "aws/auth/policy.h"
#include "aws/auth/policy_pattern.h"
#include "aws/auth/text.h"
#include "base/decimal.h"
#include "base/time.h"

namespace aws::auth {

struct PrincipalPattern {
  enum class Kind : uint8_t {
    anyone,
    account,    // everybody in `account`
    role,       // sessions of role `name` in `account`
    session,    // exactly the session with ARN `name`
    unique_id,  // sessions of the role with id `name`
    service,    // the service `name`
    never,      // a kind of principal that this engine does not have: users, federated, canonical users
  };
  Kind kind = Kind::never;
  std::string account;
  std::string name;
};

struct Condition {
  enum class Compare : uint8_t { pattern, pattern_ignoring_case, number, date, boolean, address, null };
  enum class Relation : uint8_t { equal, less, less_equal, greater, greater_equal };
  enum class Quantifier : uint8_t { none, all_values, any_value };
  using Value = std::variant<PolicyPattern, base::Decimal, base::Timestamp, AddressRange, bool>;

  Compare compare = Compare::pattern;
  Relation relation = Relation::equal;
  Quantifier quantifier = Quantifier::none;
  bool negated = false;
  bool if_exists = false;
  PolicyPattern::Syntax syntax = PolicyPattern::Syntax::literal;  // of patterns
  std::string key;                                                // lower case
  std::vector<Value> values;                                      // one of them suffices
};

struct Policy::Statement {
  bool allow = false;
  bool not_principal = false, not_action = false, not_resource = false;
  bool reads_only = true;                    // every action, if they are named, is one that only reads
  std::vector<PrincipalPattern> principals;  // none: the element is absent, anybody matches
  std::vector<PolicyPattern> actions;        // in lower case
  std::vector<PolicyPattern> resources;      // none: the element is absent, anything matches
  std::vector<Condition> conditions;
};

}  // namespace aws::auth
