// Applying an UpdateExpression to an item (protocols.md 4.3 item 21). Pure, safe from any thread.
#pragma once

#include "engine/dynamodb/attribute_value.h"
#include "engine/dynamodb/expression_binding.h"

namespace engine::dynamodb {

// The item after the update. Every right-hand side and every list index means the item as it was before. Fails with
// AWS's ValidationException for wrong types, missing attributes and paths that lead nowhere.
base::Result<Item> apply_update(const BoundExpression& update, const Item& before);

}  // namespace engine::dynamodb
