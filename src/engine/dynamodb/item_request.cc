#include "engine/dynamodb/item_request.h"

#include <algorithm>

#include "aws/dynamodb/errors.h"
#include "engine/dynamodb/condition_evaluate.h"
#include "engine/dynamodb/projection.h"
#include "engine/dynamodb/row_change.h"

namespace engine::dynamodb {

namespace {

bool nests_too_deep(const AttributeValue& value, int depth) {
  if (depth >= kNestingMax) return true;
  if (value.is_m())
    return std::ranges::any_of(value.m(), [&](const auto& e) { return nests_too_deep(e.second, depth + 1); });
  return value.is_l() && std::ranges::any_of(value.l(), [&](const auto& e) { return nests_too_deep(e, depth + 1); });
}

// Whether the update says `SET name = :value`, which AWS refuses for what it is before it is applied.
bool sets_literal(const BoundExpression& update, std::string_view name) {
  return std::ranges::any_of(update.expression->actions, [&](const UpdateAction& action) {
    const BoundPath path = update.path(action.path);
    return action.kind == UpdateAction::Kind::set && action.value.kind == Operand::Kind::value && path.size() == 1 &&
           path[0].name == name;
  });
}

}  // namespace

base::Result<void> validate_written(Item& item) {
  auto checked = validate_item(item);
  if (checked || checked.error().message.starts_with("One or more parameter values were invalid: ") ||
      checked.error().message.starts_with("Input collection "))
    return detected(std::move(checked));
  return checked;
}

bool only_removes(const BoundExpression& update) {
  return std::ranges::all_of(update.expression->actions, [](const UpdateAction& action) {
    return action.kind == UpdateAction::Kind::remove || action.kind == UpdateAction::Kind::delete_;
  });
}

base::Result<void> check_write_condition(const std::optional<BoundExpression>& condition,
                                         const std::optional<StoredItem>& before,
                                         const std::optional<std::string>& on_failure) {
  static const Item kNoItem;
  if (!condition || condition_holds(*condition, before ? before->attributes : kNoItem)) return {};
  wire::ConditionalCheckFailedException detail;
  if (before && on_failure == "ALL_OLD") detail.item = before->attributes;
  return base::fail(
      wire::errors::conditional_check_failed_exception("The conditional request failed", std::move(detail)));
}

base::Result<void> check_key_paths(const Table& table, const std::optional<BoundExpression>& expression) {
  if (!expression) return {};
  for (const auto& [name, nested] : expression->heads()) {
    if (!nested) continue;
    constexpr std::string_view kText =
        "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: ";
    if (table.schema.contains(name)) return invalid(std::string(kText) + "Key: " + std::string(name));
    for (const Index& index : table.indexes)
      if (index.schema.contains(name)) return invalid(std::string(kText) + "IndexKey: " + std::string(name));
  }
  return {};
}

base::Result<std::optional<BoundExpression>> bind_if_given(ExpressionBinder& binder, ExpressionKind kind,
                                                           const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  TRY_ASSIGN(BoundExpression bound, binder.bind(kind, *text));
  return std::optional(std::move(bound));
}

base::Result<void> check_collection_metrics(const Table& table, const std::optional<std::string>& wanted) {
  if (wanted != "SIZE" || !table.has_local_index()) return {};
  return invalid("Unsupported parameter: ReturnItemCollectionMetrics=SIZE on a table with local secondary indexes");
}

base::Result<void> check_updated_item(const Table& table, const std::optional<BoundExpression>& update,
                                      const Item& item, std::size_t bytes) {
  if (bytes > kItemBytesMax) return invalid("Item size to update has exceeded the maximum allowed size");
  for (const auto& [name, value] : item)
    if (nests_too_deep(value, 0))
      return invalid(
          "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported "
          "limit");
  const auto fault = find_index_key_fault(table, item);
  if (!fault) return {};
  const std::string& name = fault->is_hash ? fault->index->schema.hash : fault->index->schema.range;
  switch (fault->kind) {
    case IndexKeyFault::Kind::type:
      if (update && sets_literal(*update, name)) return check_index_keys(table, item);
      return invalid("The update expression attempted to update the secondary index key to unsupported type");
    case IndexKeyFault::Kind::empty:
      return invalid(
          "One or more parameter values are not valid. The update expression attempted to update a secondary index key "
          "to a value that is not supported. The AttributeValue for a key attribute cannot contain an empty " +
          std::string(fault->value->is_s() ? "string" : "binary") + " value.");
    case IndexKeyFault::Kind::size:
      break;
  }
  return invalid("The update expression attempted to update the secondary index key beyond allowed size limits");
}

base::Result<void> check_update_targets(const Table& table, const std::optional<BoundExpression>& update) {
  if (!update) return {};
  for (const BoundPath path : update->target_paths())
    if (table.schema.contains(path[0].name))
      return invalid_parameters("Cannot update attribute " + std::string(path[0].name) +
                                ". This attribute is part of the key");
  return {};
}

// The Attributes that UpdateItem answers.
std::optional<Item> returned_attributes(const std::string& wanted, const std::optional<BoundExpression>& update,
                                        const std::optional<StoredItem>& before, Item&& after) {
  if (wanted == "ALL_NEW") return std::move(after);
  if (wanted == "ALL_OLD") return before ? std::optional(before->attributes) : std::nullopt;
  Item part;
  if (update && wanted == "UPDATED_NEW") part = project(after, update->target_paths());
  if (update && wanted == "UPDATED_OLD" && before) part = project(before->attributes, update->target_paths());
  return part.empty() ? std::nullopt : std::optional(std::move(part));
}

}  // namespace engine::dynamodb
