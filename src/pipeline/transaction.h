// Transaction: one order as the pipeline understands it, read from the text a shop sent, or the reason why it is not
// one. Amounts are decimal from end to end. Values; reading is pure and safe from any thread.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/decimal.h"
#include "base/time.h"
#include "pipeline/canonical_json.h"
#include "pipeline/mapping.h"
#include "pipeline/rejection.h"

namespace pipeline {

struct Transaction {
  std::string transaction_id;
  base::Decimal amount;
  std::string currency = {};  // of ISO 4217; empty if the mapping says nothing of currencies
  std::string item = {};      // empty if there is none
  std::string customer = {};
  std::string type = {};
  std::optional<base::Timestamp> occurred_at = {};
  std::optional<base::Decimal> version = {};  // there if the mapping has one; a time in seconds since 1970
  bool is_refund = false;
  bool has_more_fields = false;  // beyond those that `transaction_id`, `amount` and `item` are; all are kept and hashed
  // "v1:" + SHA-256 in hex of the canonical text: fields sorted, numbers in normal form. Two texts with the same hash
  // are the same order however they were spelled.
  std::string payload_sha256 = {};
};

constexpr std::size_t kTransactionIdBytesMax = 2048;  // DynamoDB's limit for a partition key

constexpr std::size_t kRowBytesMax = 400 << 10;  // and for an item, with the names of its attributes

// Reads records by one mapping, which it copies.
class TransactionReader {
 public:
  explicit TransactionReader(Mapping mapping);
  [[nodiscard]] std::expected<Transaction, Rejection> read(std::string_view record) const;

 private:
  // A field's alternatives: the index of each path among wanted_, in the order of the pieces.
  using Places = std::vector<std::vector<std::size_t>>;
  Places places_of(const FieldSource& source, bool is_number = false);

  const Mapping mapping_;
  std::vector<WantedValue> wanted_;
  Places transaction_id_, amount_, currency_, item_, occurred_at_, customer_, type_, version_;
};

// TransactionReader(original_mapping()).read(record).
std::expected<Transaction, Rejection> parse_transaction(std::string_view record);

}  // namespace pipeline
