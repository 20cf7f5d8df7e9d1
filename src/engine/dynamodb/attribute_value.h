// What DynamoDB knows about attribute values beyond their shape: which are legal, their normal form, their size, their
// order. Values inside the engine are always in normal form (validate_value), so numbers are equal exactly if their
// texts are. Pure functions, safe from any thread.
#pragma once

#include <compare>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "aws/dynamodb/shapes.h"
#include "base/decimal.h"
#include "base/result.h"

namespace engine::dynamodb {

namespace wire = aws::dynamodb;
using wire::AttributeValue;
using Item = aws::Map<AttributeValue>;

// The failure of every check of this service: ValidationException with `message`.
std::unexpected<base::AwsError> invalid(std::string message);
// ResourceNotFoundException; `what` ("Table: t") is named by the operations on tables, not by those on items.
std::unexpected<base::AwsError> not_found(const std::string& what = "");
// The same with "One or more parameter values were invalid: " before it.
std::unexpected<base::AwsError> invalid_parameters(std::string_view message);

// "S", "N", ... as on the wire; "" for a value that is none.
std::string_view type_name(const AttributeValue& value);
// AWS's sentence about a number that cannot be stored; `text` as the caller wrote it.
std::string number_error_text(base::DecimalError error, std::string_view text);

// Checks one value (protocols.md 4.3 items 3 to 8) and brings its numbers into normal form.
base::Result<void> validate_value(AttributeValue& value);
// validate_value() of every attribute, and the limits on names.
base::Result<void> validate_item(Item& item);

// Sizes as AWS bills and limits them (Developer Guide, "DynamoDB item sizes and formats"), in bytes.
std::size_t value_size(const AttributeValue& value);
std::size_t item_size(const Item& item);

// Same type and same value; the order of sets and of map entries does not matter.
bool values_equal(const AttributeValue& a, const AttributeValue& b);
// The order of two strings (by UTF-8 bytes), numbers or binaries; nullopt for other types or different ones.
std::optional<std::strong_ordering> compare_values(const AttributeValue& a, const AttributeValue& b);
// True for S, N and B, the types that have an order and may be keys.
inline bool is_scalar_key_type(const AttributeValue& v) {
  return v.is_s() || v.is_n() || v.is_b();
}
// The elements of a set of any kind, or nullptr.
const std::vector<std::string>* set_elements(const AttributeValue& value);

}  // namespace engine::dynamodb
