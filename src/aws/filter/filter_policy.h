// FilterPolicy: which messages a subscription of SNS wants, by attributes or by the JSON body; the pipeline's rules say
// in the same words which orders they want. Immutable, safe from any thread. Rules: SNS Developer Guide, "Amazon SNS
// subscription filter policies"; protocols.md 4.2 item 19.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "aws/auth/address_range.h"
#include "aws/sns/shapes.h"
#include "base/decimal.h"
#include "base/result.h"

namespace aws::filter {

// AWS's quotas of a policy ("Filter policy constraints").
constexpr std::size_t kFilterKeysMax = 5;
constexpr std::size_t kFilterCombinationsMax = 150;
constexpr std::size_t kFilterPolicyBytesMax = 262'144;

class FilterPolicy {
 public:
  using Attributes = aws::Map<aws::sns::MessageAttributeValue>;

  // `in_body`: FilterPolicyScope MessageBody. Fails with InvalidParameter; the operator wildcard is refused by name.
  // Reads all that was ever stored.
  static base::Result<FilterPolicy> parse(std::string_view json, bool in_body);
  // For one that is not stored yet: also whether it has more keys than it may have.
  static base::Result<void> check(std::string_view json, bool in_body);
  [[nodiscard]] bool matches(const Attributes& attributes, std::string_view body) const {
    return !mismatch(attributes, body).has_value();
  }
  // Why a message is not wanted, in the kinds that AWS counts; nullopt if it is.
  enum class Mismatch : uint8_t { attributes, no_attributes, invalid_attributes, body, invalid_body };
  static constexpr std::size_t kMismatches = 5;
  [[nodiscard]] std::optional<Mismatch> mismatch(const Attributes& attributes, std::string_view body) const;

  // A scalar of JSON: null, a boolean, a number or text.
  using Value = std::variant<std::monostate, bool, base::Decimal, std::string>;
  struct Condition {
    enum class Kind { exact, prefix, suffix, ignore_case, anything_but, but_prefix, but_suffix, numeric, cidr, exists };
    Kind kind = Kind::exact;
    std::vector<Value> values = {};         // exact, anything_but: what counts; else one text
    std::optional<base::Decimal> low = {};  // numeric
    std::optional<base::Decimal> high = {};
    bool low_open = false;
    bool high_open = false;
    aws::auth::AddressRange range = {};  // cidr
    bool wanted = true;                  // exists
    [[nodiscard]] bool accepts(const Value& value) const;
  };
  // All conditions on the values under one key; one of them has to accept.
  struct Rule {
    std::string path;  // the attribute's name; of a body, the keys from the outermost to the last, joined by dots
    std::vector<Condition> conditions;
  };

 private:
  bool in_body_ = false;
  std::size_t key_count_ = 0;                    // of the outermost object
  std::vector<std::vector<Rule>> alternatives_;  // all rules of one of them have to hold; at least one
};

}  // namespace aws::filter
