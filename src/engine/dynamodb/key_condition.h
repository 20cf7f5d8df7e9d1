// KeyCondition: a KeyConditionExpression turned into what a Query needs, one partition and at most one range of sort
// keys (protocols.md 4.3 item 25). Pure, safe from any thread.
#pragma once

#include "engine/dynamodb/expression_binding.h"
#include "engine/dynamodb/item_key.h"

namespace engine::dynamodb {

struct KeyCondition {
  const AttributeValue* hash = nullptr;
  // equal, less, less_equal, greater, greater_equal, between, or call for begins_with.
  std::optional<Operator> range_operator;
  const AttributeValue* low = nullptr;   // of the range operator
  const AttributeValue* high = nullptr;  // of between
  ScanOrder order = ScanOrder::md5;      // of the schema
};

// Fails with ValidationException if the condition is not of that form. The result views the request's values.
struct KeyConditionPart {
  std::string name;
  Operator op = Operator::equal;
  const AttributeValue* low = nullptr;
  const AttributeValue* high = nullptr;
};
// The condition as a part if it compares one whole attribute with values (=, <, BETWEEN, begins_with, ...); else
// nullopt.
std::optional<KeyConditionPart> comparison_of(const BoundExpression& bound, const Condition& condition);
// The checks that need no schema: 1 or 2 conditions on different attributes.
base::Result<std::vector<KeyConditionPart>> split_key_condition(const BoundExpression& condition);
// The checks against the table's or index's schema.
base::Result<KeyCondition> match_key_condition(const std::vector<KeyConditionPart>& parts, const KeySchema& schema);

// The rows of table or index `index` that the condition selects.
RowRange rows_of(const KeyCondition& condition, uint64_t table, uint64_t index);

// Whether a sort key fulfils the range part.
bool sort_key_matches(const KeyCondition& condition, const AttributeValue& sort_key);

}  // namespace engine::dynamodb
