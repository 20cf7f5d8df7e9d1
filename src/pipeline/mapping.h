// Mapping: how a shop's record becomes an order: where its fields stand and what they mean. The definition file says it
// (definition.h); without one it is original_mapping(). A value.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/amount.h"
#include "pipeline/field_path.h"
#include "pipeline/record_schema.h"

namespace pipeline {

// A text made of what stands at one place ("/id"), or of several and what is between ("{/channel}-{/number}").
class FieldTemplate {
 public:
  // A text with braces is a template, in which "{{" and "}}" are braces; any other is a FieldPath. The error says for
  // people what is wrong with `text`.
  static std::expected<FieldTemplate, std::string> parse(std::string_view text);

  struct Piece {
    std::string literal;            // before the path
    std::optional<FieldPath> path;  // none: the end of the text
  };
  [[nodiscard]] const std::vector<Piece>& pieces() const { return pieces_; }
  // For people: the pointer, or the template as it was written.
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  FieldTemplate() = default;
  std::vector<Piece> pieces_;
  std::string text_;
};

// Where a field may stand: the first place where it is there and not empty counts.
using FieldSource = std::vector<FieldTemplate>;

struct Mapping {
  enum class Meaning : uint8_t {
    refused,   // AMOUNT_NONPOSITIVE
    accepted,  // an order like others
    refund,    // stored with type "refund", and never notified as a large order
  };

  FieldSource transaction_id;
  FieldSource amount;
  AmountFormat amount_format;
  std::map<std::string, int, std::less<>> minor_digits;  // where a shop counts otherwise than ISO 4217
  FieldSource currency;                                  // empty: only default_currency
  std::string default_currency;                          // for records without; empty: they are refused
  std::vector<std::string> currencies;                   // that the shop takes; empty: all of ISO 4217
  FieldSource item;
  FieldSource occurred_at;
  FieldSource customer;
  FieldSource type;
  FieldSource version;                    // empty: an id is taken once and for all
  std::vector<std::string> refund_types;  // values of `type` that make the record a refund, whatever its sign
  Meaning zero_amount = Meaning::refused;
  Meaning negative_amount = Meaning::refused;
  std::shared_ptr<const RecordSchema> schema;  // null: a record may be anything that has the fields
  bool item_required = false;
  bool keeps_record = true;      // beside the order's own fields; else only if it has more members than those three
  bool numbers_are_text = true;  // an id, an item, a customer may be a number; it is kept as its digits

  // Nothing is said of currencies: orders have none.
  [[nodiscard]] bool has_currency() const { return !currency.empty() || !default_currency.empty(); }
};

// Orders with `transaction_id`, `amount` and `item`, as examples/ecommerce_100_transactions.json has them.
const Mapping& original_mapping();

}  // namespace pipeline
