// Transaction: one order as the pipeline understands it, read from the text a shop sent, or the reason why it is not
// one. Amounts are decimal from end to end. Values; parse() is pure and safe from any thread.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "base/decimal.h"

namespace pipeline {

// Why an order is quarantined. The names are what users see and filter by; never rename one.
namespace reason {
inline constexpr std::string_view kJsonSyntax = "JSON_SYNTAX";
inline constexpr std::string_view kSchemaMissing = "SCHEMA_MISSING";  // a required field is absent
inline constexpr std::string_view kSchemaType = "SCHEMA_TYPE";        // a field is of the wrong type or empty
inline constexpr std::string_view kAmountNonpositive = "AMOUNT_NONPOSITIVE";
inline constexpr std::string_view kAmountPrecision =
    "AMOUNT_PRECISION";  // of the amount: more than 38 digits, or out of range
inline constexpr std::string_view kDuplicateConflict = "DUPLICATE_CONFLICT";  // the id is taken by another order
inline constexpr std::string_view kTooLarge = "TOO_LARGE";
inline constexpr std::string_view kEncoding = "ENCODING";  // bytes that are not UTF-8, or that a queue cannot carry
}  // namespace reason

struct Rejection {
  std::string_view reason;  // one of reason::*
  std::string message;      // for people; names the field by JSON Pointer
};

struct Transaction {
  std::string transaction_id;
  base::Decimal amount;
  std::string item;
  bool has_more_fields = false;  // beyond the three; they are kept and are part of the hash
  // "v1:" + SHA-256 in hex of the canonical text: fields sorted, numbers in normal form. Two texts with the same hash
  // are the same order however they were spelled.
  std::string payload_sha256;
};

constexpr std::size_t kTransactionIdBytesMax = 2048;  // DynamoDB's limit for a partition key
constexpr std::size_t kOrderDepthMax = 32;

// Reads one order: a JSON object with `transaction_id` (non-empty string), `amount` (a number, or a string that holds
// one, > 0) and `item` (non-empty string). Repeated keys are refused, because readers disagree about which one counts.
std::expected<Transaction, Rejection> parse_transaction(std::string_view text);

}  // namespace pipeline
