// Evaluation of conditions and filters on an item. Pure functions, safe from any thread.
#pragma once

#include "engine/dynamodb/attribute_value.h"
#include "engine/dynamodb/expression_binding.h"

namespace engine::dynamodb {

// The value at `path`, or nullptr if some step of it does not exist.
const AttributeValue* find_path(const Item& item, BoundPath path);

// Whether the condition (or filter) holds for `item`; an item that does not exist is an empty one.
bool condition_holds(const BoundExpression& condition, const Item& item);

}  // namespace engine::dynamodb
