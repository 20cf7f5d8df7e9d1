// Rejection: why a record is no order that the pipeline takes. A value.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace pipeline {

// The names are what users see and filter by; never rename one.
namespace reason {
inline constexpr std::string_view kJsonSyntax = "JSON_SYNTAX";
inline constexpr std::string_view kSchemaMissing = "SCHEMA_MISSING";  // a required field is absent
inline constexpr std::string_view kSchemaType = "SCHEMA_TYPE";        // a field is of the wrong type or empty
inline constexpr std::string_view kJsonSchema =
    "JSON_SCHEMA";  // the record is not what the shop's own JSON Schema says
inline constexpr std::string_view kAmountNonpositive = "AMOUNT_NONPOSITIVE";
inline constexpr std::string_view kAmountAmbiguous = "AMOUNT_AMBIGUOUS";  // the text could be two numbers
inline constexpr std::string_view kAmountPrecision =
    "AMOUNT_PRECISION";                                    // of the amount: more than 38 digits, or out of range
inline constexpr std::string_view kCurrency = "CURRENCY";  // none of ISO 4217, or none that the shop takes
inline constexpr std::string_view kDuplicateConflict = "DUPLICATE_CONFLICT";  // the id is taken by another order
inline constexpr std::string_view kTooLarge = "TOO_LARGE";
inline constexpr std::string_view kEncoding = "ENCODING";  // bytes that are not UTF-8, or that a queue cannot carry
}  // namespace reason

struct Rejection {
  std::string_view reason;  // one of reason::*
  std::string message;      // for people; names the field by JSON Pointer
};

using ReasonCounts = std::map<std::string_view, uint64_t>;  // by reason::*

}  // namespace pipeline
