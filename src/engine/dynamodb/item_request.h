// The checks that the operations on items share. Pure functions, safe from any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/dynamodb/expression_binding.h"
#include "engine/dynamodb/item_codec.h"
#include "engine/dynamodb/table.h"

namespace engine::dynamodb {

// What AWS finds in a request before it looks for the table stands, in the operations that write one item and in parts
// of Query, behind these words since summer 2026.
template <class T>
base::Result<T> detected(base::Result<T> result) {
  if (!result) result.error().message.insert(0, "1 validation error detected: ");
  return result;
}
// validate_item() of a PutItem's Item or a DeleteItem's Key in these words: what is wrong with sets and NULLs has them,
// what is wrong with numbers and depth has not.
base::Result<void> validate_written(Item& item);

// Whether the update only takes away, and so makes no item where there is none.
bool only_removes(const BoundExpression& update);

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

// An update may not set key attributes, nor make an item that may not be (too large, too deep, bad keys of indexes).
base::Result<void> check_update_targets(const Table& table, const std::optional<BoundExpression>& update);
base::Result<void> check_updated_item(const Table& table, const std::optional<BoundExpression>& update,
                                      const Item& item, std::size_t bytes);
// What an update answers for `wanted` (ALL_NEW, ALL_OLD, UPDATED_NEW, UPDATED_OLD or anything for nothing).
std::optional<Item> returned_attributes(const std::string& wanted, const std::optional<BoundExpression>& update,
                                        const std::optional<StoredItem>& before, Item&& after);

// ReturnItemCollectionMetrics=SIZE asks for a measurement of item collections that this engine does not make; they
// exist only in tables with local indexes, and only there it is refused.
base::Result<void> check_collection_metrics(const Table& table, const std::optional<std::string>& wanted);

}  // namespace engine::dynamodb
