// Joining a parsed PartiQL statement with the parameters of one request, and finding the keys that its WHERE clause
// names. Pure functions; what they answer views the statement and the parameters, which must outlive it.
#pragma once

#include <list>
#include <vector>

#include "engine/dynamodb/expression_binding.h"
#include "engine/dynamodb/item_key.h"
#include "engine/dynamodb/key_condition.h"
#include "engine/dynamodb/partiql_statement.h"

namespace engine::dynamodb {

// A statement of one request. Not copied: the bound clauses view `parameters` and `made`.
struct BoundStatement {
  std::shared_ptr<const Statement> statement;
  std::vector<AttributeValue> parameters;
  std::list<AttributeValue> made;  // values with parameters inside
  std::optional<BoundExpression> where;
  std::optional<BoundExpression> update;
  std::optional<BoundExpression> projection;
  Item item;  // of INSERT
};

// Fails with ValidationException: the statement is wrong, the count of parameters is, or a value is.
base::Result<BoundStatement> bind_statement(std::shared_ptr<const Statement> statement,
                                            std::optional<std::vector<AttributeValue>>&& parameters);

// The conditions that every row must fulfil (those joined by AND) and that compare one attribute with values, as a
// KeyCondition can use them; in the order of the clause.
std::vector<KeyConditionPart> required_comparisons(const BoundExpression& where);

// The primary key that the WHERE clause names by equality; `missing` is the message if it does not name all of it.
base::Result<Item> key_of_where(const KeySchema& schema, const std::optional<BoundExpression>& where,
                                std::string_view missing);

// What SELECT answers of an item: each path's value under the path's last name with the indexes behind it.
Item select_paths(const Item& item, const BoundExpression& projection);

}  // namespace engine::dynamodb
