// The operations on single items.
#include <algorithm>

#include "engine/dynamodb/admission.h"
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

// The condition of an admitted write, which costs what it costs even if it fails.
base::Result<void> check_condition(Table& table, const std::optional<BoundExpression>& condition,
                                   const std::optional<StoredItem>& before,
                                   const std::optional<std::string>& on_failure, std::size_t after_bytes,
                                   base::Timestamp now) {
  auto checked = check_write_condition(condition, before, on_failure);
  if (!checked) settle_failed_write(table, before ? before->size_bytes : 0, after_bytes, now);
  return checked;
}

const Item* attributes_of(const std::optional<StoredItem>& item) {
  return item ? &item->attributes : nullptr;
}

base::Result<void> require_map(const std::optional<Item>& map, std::string_view name) {
  if (map) return {};
  return invalid("1 validation error detected: Value null at '" + std::string(name) +
                 "' failed to satisfy constraint: Member must not be null");
}

}  // namespace

base::Result<wire::GetItemOutput> DynamoDbService::get_item(Call& call, wire::GetItemInput in) {
  TRY(require_map(in.key, "key"));
  std::optional<aws::Map<AttributeValue>> no_values;
  ExpressionBinder binder(expressions_, in.expression_attribute_names, no_values);
  TRY(binder.check({{ExpressionKind::projection, in.projection_expression.has_value()}}));
  TRY(validate_item(*in.key));
  TRY_ASSIGN(const auto projection, bind_if_given(binder, ExpressionKind::projection, in.projection_expression));
  TRY(binder.check_all_used());
  TRY_ASSIGN(const TableUse table, use_table(call, in.table_name));
  TRY_ASSIGN(const ItemKey key, key_of_request(table->schema, *in.key));
  TRY(check_key_paths(*table, projection));
  const bool consistent = in.consistent_read.value_or(false);
  const auto bytes = store_.get(row_key(table->number, key));
  if (bytes && bytes->size() > kQuickItemBytesMax && call.context.on_io_thread)
    return base::fail(aws::too_long_for_io_thread());
  TRY(admit_read(*table, nullptr, consistent, call.context.now));
  auto item = bytes ? std::optional(read_item(*bytes, table->schema)) : std::nullopt;

  wire::GetItemOutput out;
  Units units;
  units.table = read_units(item ? item->size_bytes : 0, consistent);
  settle_read(*table, nullptr, consistent, units, call.context.now);
  out.consumed_capacity = consumed_capacity(in.return_consumed_capacity, *in.table_name, units);
  if (item && projection) out.item = project(item->attributes, projection->target_paths());
  if (item && !projection) out.item = std::move(item->attributes);
  return out;
}

base::Result<wire::PutItemOutput> DynamoDbService::put_item(Call& call, wire::PutItemInput in) {
  TRY(require_map(in.item, "item"));
  ExpressionBinder binder(expressions_, in.expression_attribute_names, in.expression_attribute_values,
                          ExpressionBinder::Wording::detected);
  TRY(binder.check({{ExpressionKind::condition, in.condition_expression.has_value()}}));
  TRY(validate_written(*in.item));
  TRY(detected(check_return_values(in.return_values)));
  const std::size_t bytes = item_size(*in.item);
  if (bytes > kItemBytesMax) return invalid("Item size has exceeded the maximum allowed size");
  TRY_ASSIGN(const auto condition, bind_if_given(binder, ExpressionKind::condition, in.condition_expression));
  TRY(binder.check_all_used());
  TRY_ASSIGN(const TableUse table, use_table(call, in.table_name));
  TRY_ASSIGN(const ItemKey key, key_of_item(table->schema, *in.item));
  TRY(check_index_keys(*table, *in.item));
  TRY(check_key_paths(*table, condition));
  TRY(check_collection_metrics(*table, in.return_item_collection_metrics));
  TRY(admit_write(*table, call.context.now));

  wire::PutItemOutput out;
  Units units;
  {
    const std::lock_guard lock(table->stripe_of(key).mutex);
    TRY_ASSIGN(auto before, load_item_to_write(call, *table, key));
    TRY(check_condition(*table, condition, before, in.return_values_on_condition_check_failure, bytes,
                        call.context.now));
    TRY(admit_index_writes(*table, attributes_of(before), &*in.item, call.context.now));
    write_item(*table, key, before ? &*before : nullptr, &*in.item, bytes, units);
    if (before && in.return_values == "ALL_OLD") out.attributes = std::move(before->attributes);
  }
  settle_write(*table, units, call.context.now);
  out.consumed_capacity = consumed_capacity(in.return_consumed_capacity, *in.table_name, units);
  return out;
}

base::Result<wire::DeleteItemOutput> DynamoDbService::delete_item(Call& call, wire::DeleteItemInput in) {
  TRY(require_map(in.key, "key"));
  ExpressionBinder binder(expressions_, in.expression_attribute_names, in.expression_attribute_values,
                          ExpressionBinder::Wording::detected);
  TRY(binder.check({{ExpressionKind::condition, in.condition_expression.has_value()}}));
  TRY(validate_written(*in.key));
  TRY(detected(check_return_values(in.return_values)));
  TRY_ASSIGN(const auto condition, bind_if_given(binder, ExpressionKind::condition, in.condition_expression));
  TRY(binder.check_all_used());
  TRY_ASSIGN(const TableUse table, use_table(call, in.table_name));
  TRY_ASSIGN(const ItemKey key, key_of_request(table->schema, *in.key));
  TRY(check_key_paths(*table, condition));
  TRY(check_collection_metrics(*table, in.return_item_collection_metrics));
  TRY(admit_write(*table, call.context.now));

  wire::DeleteItemOutput out;
  Units units;
  {
    const std::lock_guard lock(table->stripe_of(key).mutex);
    TRY_ASSIGN(auto before, load_item_to_write(call, *table, key));
    TRY(check_condition(*table, condition, before, in.return_values_on_condition_check_failure, 0, call.context.now));
    TRY(admit_index_writes(*table, attributes_of(before), nullptr, call.context.now));
    write_item(*table, key, before ? &*before : nullptr, nullptr, 0, units);
    if (before && in.return_values == "ALL_OLD") out.attributes = std::move(before->attributes);
  }
  settle_write(*table, units, call.context.now);
  out.consumed_capacity = consumed_capacity(in.return_consumed_capacity, *in.table_name, units);
  return out;
}

base::Result<wire::UpdateItemOutput> DynamoDbService::update_item(Call& call, wire::UpdateItemInput in) {
  TRY(require_map(in.key, "key"));
  ExpressionBinder binder(expressions_, in.expression_attribute_names, in.expression_attribute_values,
                          ExpressionBinder::Wording::detected);
  TRY(binder.check({{ExpressionKind::update, in.update_expression.has_value()},
                    {ExpressionKind::condition, in.condition_expression.has_value()}}));
  TRY(validate_item(*in.key));
  TRY_ASSIGN(const auto update, bind_if_given(binder, ExpressionKind::update, in.update_expression));
  TRY_ASSIGN(const auto condition, bind_if_given(binder, ExpressionKind::condition, in.condition_expression));
  TRY(binder.check_all_used());
  TRY_ASSIGN(const TableUse table, use_table(call, in.table_name));
  TRY_ASSIGN(const ItemKey key, key_of_request(table->schema, *in.key));
  TRY(check_update_targets(*table, update));
  TRY(check_key_paths(*table, update));
  TRY(check_key_paths(*table, condition));
  TRY(check_collection_metrics(*table, in.return_item_collection_metrics));
  TRY(admit_write(*table, call.context.now));

  wire::UpdateItemOutput out;
  Units units;
  {
    const std::lock_guard lock(table->stripe_of(key).mutex);
    TRY_ASSIGN(const auto before, load_item_to_write(call, *table, key));
    TRY(check_condition(*table, condition, before, in.return_values_on_condition_check_failure, 0, call.context.now));
    if (!before && update && only_removes(*update)) {
      write_item(*table, key, nullptr, nullptr, 0, units);  // it costs what a write costs and makes nothing
    } else {
      Item after = before ? before->attributes : std::move(*in.key);
      if (update) {
        TRY_ASSIGN(after, apply_update(*update, after));
      }
      const std::size_t bytes = item_size(after);
      TRY(check_updated_item(*table, update, after, bytes));
      TRY(admit_index_writes(*table, attributes_of(before), &after, call.context.now));
      write_item(*table, key, before ? &*before : nullptr, &after, bytes, units);
      out.attributes = returned_attributes(in.return_values.value_or("NONE"), update, before, std::move(after));
    }
  }
  settle_write(*table, units, call.context.now);
  out.consumed_capacity = consumed_capacity(in.return_consumed_capacity, *in.table_name, units);
  return out;
}

}  // namespace engine::dynamodb
