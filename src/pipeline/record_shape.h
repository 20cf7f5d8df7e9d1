// RecordShape: synthetic records as a mapping expects them, for measuring a definition: JSON objects with a value at
// the first place of each field of an order. Immutable; safe from any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "pipeline/generate.h"
#include "pipeline/mapping.h"

namespace pipeline {

class RecordShape {
 public:
  explicit RecordShape(const Mapping& mapping);
  // The record of this order. Of one that shall be refused the amount is no number.
  [[nodiscard]] std::string record(const SyntheticOrder& order) const;

 private:
  enum class Field { none, id, amount, currency, item, customer, time };
  struct Piece {
    std::string literal;
    Field field = Field::none;  // behind the literal
  };
  struct Node;
  static void add(Node& root, const FieldSource& source, Field field);
  void write(const Node& node);

  std::vector<Piece> pieces_;
  std::string literal_;  // of the piece that is being written
  std::string currency_;
  bool is_in_minor_units_ = false;
  bool is_text_ = false;  // amounts are
};

}  // namespace pipeline
