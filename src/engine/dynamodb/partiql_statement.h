// Statement: a parsed PartiQL statement before its parameters are known, so that it can be cached by its text. Its
// clauses are the same Expressions that the API's expressions become (expression.h), with literals and `?` in the place
// of :values, so that one evaluator serves both. Immutable after parsing; shared by threads.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "aws/partiql.h"
#include "engine/dynamodb/attribute_value.h"
#include "engine/dynamodb/expression.h"

namespace engine::dynamodb {

// A value as it is written: a literal, a parameter, or a list or map with a parameter somewhere in it.
struct ValueTemplate {
  struct Part;
  enum class Kind : uint8_t { literal, parameter, list, map } kind = Kind::literal;
  AttributeValue literal;   // in normal form
  uint32_t parameter = 0;   // 0 is the first `?` of the statement; each occurs once
  std::vector<Part> parts;  // of a list (without names) or map
};
struct ValueTemplate::Part {
  std::string name;
  ValueTemplate value = {};
};

struct Clause {
  std::shared_ptr<const Expression> expression;  // null: the statement has no such clause
  std::vector<ValueTemplate> values;             // parallel to Expression::value_names
};

struct Statement {
  // Why it is no statement that we can carry out, as the message of a ValidationException; else empty.
  std::string error;
  aws::PartiqlVerb verb = aws::PartiqlVerb::select;
  std::string table;  // name or ARN
  std::string index;  // of SELECT
  uint32_t parameters = 0;
  ValueTemplate item;     // of INSERT, always a map
  Clause where;           // kind condition; of UPDATE and DELETE never absent
  Clause update;          // of UPDATE
  Clause projection;      // of SELECT; absent for *
  std::string returning;  // ALL_OLD, ALL_NEW, UPDATED_OLD, UPDATED_NEW, or empty
  struct Order {
    std::string attribute;
    bool descending = false;
  };
  std::vector<Order> order;  // of SELECT
};

}  // namespace engine::dynamodb
