// The operations on single items.
#include <algorithm>

#include "engine/dynamodb/item_request.h"
#include "engine/dynamodb/projection.h"
#include "engine/dynamodb/service.h"
#include "engine/dynamodb/update_apply.h"

namespace engine::dynamodb {

namespace {

base::Result<void> check_return_values(const std::optional<std::string>& wanted) {
  if (!wanted || *wanted == "NONE" || *wanted == "ALL_OLD") return {};
  return invalid("ReturnValues can only be ALL_OLD or NONE");
}

base::Result<void> require_map(const std::optional<Item>& map, std::string_view name) {
  if (map) return {};
  return invalid("1 validation error detected: Value null at '" + std::string(name) +
                 "' failed to satisfy constraint: Member must not be null");
}

bool nests_too_deep(const AttributeValue& value, int depth) {
  if (depth > kNestingMax) return true;
  if (value.is_m())
    return std::ranges::any_of(value.m(), [&](const auto& e) { return nests_too_deep(e.second, depth + 1); });
  return value.is_l() && std::ranges::any_of(value.l(), [&](const auto& e) { return nests_too_deep(e, depth + 1); });
}

base::Result<void> check_updated_item(const Table& table, const Item& item, std::size_t bytes) {
  if (bytes > kItemBytesMax) return invalid("Item size to update has exceeded the maximum allowed size");
  for (const auto& [name, value] : item)
    if (nests_too_deep(value, 0))
      return invalid(
          "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported "
          "limit");
  return check_index_keys(table, item);
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

}  // namespace

base::Result<wire::GetItemOutput> DynamoDbService::get_item(aws::Context& context, wire::GetItemInput in) {
  TRY(require_map(in.key, "key"));
  std::optional<aws::Map<AttributeValue>> no_values;
  ExpressionBinder binder(expressions_, in.expression_attribute_names, no_values);
  TRY(binder.check({{ExpressionKind::projection, in.projection_expression.has_value()}}));
  TRY(validate_item(*in.key));
  TRY_ASSIGN(const auto projection, bind_if_given(binder, ExpressionKind::projection, in.projection_expression));
  TRY(binder.check_all_used());
  TRY_ASSIGN(const TableUse table, use_table(context, in.table_name));
  TRY_ASSIGN(const ItemKey key, key_of_request(table->schema, *in.key));
  TRY(check_key_paths(*table, projection));
  TRY_ASSIGN(auto item, load_item(*table, key));

  wire::GetItemOutput out;
  Units units;
  units.table = read_units(item ? item->size_bytes : 0, in.consistent_read.value_or(false));
  out.consumed_capacity = consumed_capacity(in.return_consumed_capacity, *in.table_name, units);
  if (item && projection) out.item = project(item->attributes, projection->target_paths());
  if (item && !projection) out.item = std::move(item->attributes);
  return out;
}

base::Result<wire::PutItemOutput> DynamoDbService::put_item(aws::Context& context, wire::PutItemInput in) {
  TRY(require_map(in.item, "item"));
  ExpressionBinder binder(expressions_, in.expression_attribute_names, in.expression_attribute_values);
  TRY(binder.check({{ExpressionKind::condition, in.condition_expression.has_value()}}));
  TRY(validate_item(*in.item));
  TRY(check_return_values(in.return_values));
  const std::size_t bytes = item_size(*in.item);
  if (bytes > kItemBytesMax) return invalid("Item size has exceeded the maximum allowed size");
  TRY_ASSIGN(const auto condition, bind_if_given(binder, ExpressionKind::condition, in.condition_expression));
  TRY(binder.check_all_used());
  TRY_ASSIGN(const TableUse table, use_table(context, in.table_name));
  TRY_ASSIGN(const ItemKey key, key_of_item(table->schema, *in.item));
  TRY(check_index_keys(*table, *in.item));
  TRY(check_key_paths(*table, condition));
  TRY(check_collection_metrics(*table, in.return_item_collection_metrics));

  wire::PutItemOutput out;
  Units units;
  {
    const std::lock_guard lock(table->stripe_of(key).mutex);
    TRY_ASSIGN(auto before, load_item(*table, key));
    TRY(check_write_condition(condition, before, in.return_values_on_condition_check_failure));
    write_item(*table, key, before ? &*before : nullptr, &*in.item, bytes, units);
    if (before && in.return_values == "ALL_OLD") out.attributes = std::move(before->attributes);
  }
  out.consumed_capacity = consumed_capacity(in.return_consumed_capacity, *in.table_name, units);
  return out;
}

base::Result<wire::DeleteItemOutput> DynamoDbService::delete_item(aws::Context& context, wire::DeleteItemInput in) {
  TRY(require_map(in.key, "key"));
  ExpressionBinder binder(expressions_, in.expression_attribute_names, in.expression_attribute_values);
  TRY(binder.check({{ExpressionKind::condition, in.condition_expression.has_value()}}));
  TRY(validate_item(*in.key));
  TRY(check_return_values(in.return_values));
  TRY_ASSIGN(const auto condition, bind_if_given(binder, ExpressionKind::condition, in.condition_expression));
  TRY(binder.check_all_used());
  TRY_ASSIGN(const TableUse table, use_table(context, in.table_name));
  TRY_ASSIGN(const ItemKey key, key_of_request(table->schema, *in.key));
  TRY(check_key_paths(*table, condition));
  TRY(check_collection_metrics(*table, in.return_item_collection_metrics));

  wire::DeleteItemOutput out;
  Units units;
  {
    const std::lock_guard lock(table->stripe_of(key).mutex);
    TRY_ASSIGN(auto before, load_item(*table, key));
    TRY(check_write_condition(condition, before, in.return_values_on_condition_check_failure));
    write_item(*table, key, before ? &*before : nullptr, nullptr, 0, units);
    if (before && in.return_values == "ALL_OLD") out.attributes = std::move(before->attributes);
  }
  out.consumed_capacity = consumed_capacity(in.return_consumed_capacity, *in.table_name, units);
  return out;
}

base::Result<wire::UpdateItemOutput> DynamoDbService::update_item(aws::Context& context, wire::UpdateItemInput in) {
  TRY(require_map(in.key, "key"));
  ExpressionBinder binder(expressions_, in.expression_attribute_names, in.expression_attribute_values);
  TRY(binder.check({{ExpressionKind::update, in.update_expression.has_value()},
                    {ExpressionKind::condition, in.condition_expression.has_value()}}));
  TRY(validate_item(*in.key));
  TRY_ASSIGN(const auto update, bind_if_given(binder, ExpressionKind::update, in.update_expression));
  TRY_ASSIGN(const auto condition, bind_if_given(binder, ExpressionKind::condition, in.condition_expression));
  TRY(binder.check_all_used());
  TRY_ASSIGN(const TableUse table, use_table(context, in.table_name));
  TRY_ASSIGN(const ItemKey key, key_of_request(table->schema, *in.key));
  TRY(check_update_targets(*table, update));
  TRY(check_key_paths(*table, update));
  TRY(check_key_paths(*table, condition));
  TRY(check_collection_metrics(*table, in.return_item_collection_metrics));

  wire::UpdateItemOutput out;
  Units units;
  {
    const std::lock_guard lock(table->stripe_of(key).mutex);
    TRY_ASSIGN(const auto before, load_item(*table, key));
    TRY(check_write_condition(condition, before, in.return_values_on_condition_check_failure));
    Item after = before ? before->attributes : std::move(*in.key);
    if (update) {
      TRY_ASSIGN(after, apply_update(*update, after));
    }
    const std::size_t bytes = item_size(after);
    TRY(check_updated_item(*table, after, bytes));
    write_item(*table, key, before ? &*before : nullptr, &after, bytes, units);
    out.attributes = returned_attributes(in.return_values.value_or("NONE"), update, before, std::move(after));
  }
  out.consumed_capacity = consumed_capacity(in.return_consumed_capacity, *in.table_name, units);
  return out;
}

}  // namespace engine::dynamodb
