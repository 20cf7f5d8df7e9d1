// The checks that the operations on items share. Pure functions, safe from any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/dynamodb/expression_binding.h"
#include "engine/dynamodb/item_codec.h"
#include "engine/dynamodb/table.h"

namespace engine::dynamodb {

// Fails with ConditionalCheckFailedException if the condition is given and does not hold for `before`; the error
// carries the item if `on_failure` is ALL_OLD (protocols.md 4.3 item 23).
base::Result<void> check_write_condition(const std::optional<BoundExpression>& condition,
                                         const std::optional<StoredItem>& before,
                                         const std::optional<std::string>& on_failure);

// Paths may not lead into key attributes, which are scalars.
base::Result<void> check_key_paths(const Table& table, const std::optional<BoundExpression>& expression);

// Binds the expression if it is given.
base::Result<std::optional<BoundExpression>> bind_if_given(ExpressionBinder& binder, ExpressionKind kind,
                                                           const std::optional<std::string>& text);

// ReturnItemCollectionMetrics=SIZE asks for a measurement of item collections that this engine does not make; they
// exist only in tables with local indexes, and only there it is refused.
base::Result<void> check_collection_metrics(const Table& table, const std::optional<std::string>& wanted);

}  // namespace engine::dynamodb
