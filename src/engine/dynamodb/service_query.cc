// Query and Scan.
#include "engine/dynamodb/admission.h"
#include "engine/dynamodb/item_request.h"
#include "engine/dynamodb/key_condition.h"
#include "engine/dynamodb/keys.h"
#include "engine/dynamodb/page_read.h"
#include "engine/dynamodb/service.h"

namespace engine::dynamodb {

namespace {

base::Result<void> check_start_key(std::optional<Item>& start) {
  if (!start) return {};
  if (auto checked = validate_item(*start); !checked)
    return invalid("The provided starting key is invalid: " + checked.error().message);
  return {};
}

// Query and Scan do not say the same.
base::Result<void> check_limit(const std::optional<int32_t>& limit, bool of_query) {
  if (!limit || *limit >= 1) return {};
  return invalid("1 validation error detected: Value " +
                 (of_query ? "at 'Limit'" : "'" + std::to_string(*limit) + "' at 'limit'") +
                 " failed to satisfy constraint: Member must have value greater than or equal to 1");
}

// The starting key of a Query must lie within what it asks for.
base::Result<void> check_start_within(const KeyCondition& condition, const KeySchema& schema, const Item& start) {
  const bool same_partition = values_equal(*start.find(schema.hash), *condition.hash);
  if (!condition.range_operator || !schema.has_range()) {
    if (same_partition) return {};
    return invalid("The provided starting key is outside query boundaries based on provided conditions");
  }
  if (!sort_key_matches(condition, *start.find(schema.range)))
    return invalid("The provided starting key does not match the range key predicate");
  if (!same_partition)
    return invalid("The provided starting key is outside query boundaries based on provided conditions");
  return {};
}

base::Result<void> check_filter(const std::optional<BoundExpression>& filter, const KeySchema& schema) {
  if (!filter) return {};
  for (const auto& [name, nested] : filter->heads())
    if (schema.contains(name))
      return invalid("Filter Expression can only contain non-primary key attributes: Primary key attribute: " +
                     std::string(name));
  return {};
}

template <class Output>
Output answer(Page&& page, bool count_only, const std::optional<std::string>& return_capacity,
              const std::string& table_name) {
  Output out;
  out.count = page.count;
  out.scanned_count = page.scanned_count;
  if (!count_only) out.items = std::move(page.items);
  out.last_evaluated_key = std::move(page.last_key);
  out.consumed_capacity = consumed_capacity(return_capacity, table_name, page.units);
  return out;
}

base::Result<void> check_segments(const wire::ScanInput& in) {
  if (in.segment && !in.total_segments)
    return invalid(
        "The TotalSegments parameter is required but was not present in the request when Segment parameter is present");
  if (!in.total_segments) return {};
  if (!in.segment)
    return invalid(
        "The Segment parameter is required but was not present in the request when parameter TotalSegments is present");
  if (*in.total_segments < 1 || *in.total_segments > kScanSegmentsMax || *in.segment < 0)
    return invalid_parameters("TotalSegments must be 1 to 1000000 and Segment must not be negative");
  if (*in.segment >= *in.total_segments)
    return invalid("The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: " +
                   std::to_string(*in.segment) +
                   " is not less than TotalSegments: " + std::to_string(*in.total_segments));
  return {};
}

// The rows of a segment: an equal part of the range of hashes.
RowRange segment_rows(const Table& table, uint64_t index, const wire::ScanInput& in) {
  const std::string prefix = rows_prefix(table.number, index);
  RowRange all{prefix, store::prefix_end(prefix)};
  const auto total = static_cast<uint64_t>(in.total_segments.value_or(1));
  const auto segment = static_cast<uint64_t>(in.segment.value_or(0));
  if (total == 1) return all;
  const uint64_t width = UINT64_MAX / total;
  if (segment > 0) all.begin = rows_from_hash(table.number, index, width * segment);
  if (segment + 1 < total) all.end = rows_from_hash(table.number, index, width * (segment + 1));
  return all;
}

}  // namespace

base::Result<wire::QueryOutput> DynamoDbService::query(Call& call, wire::QueryInput in) {
  ExpressionBinder binder(expressions_, in.expression_attribute_names, in.expression_attribute_values);
  TRY(binder.check({{ExpressionKind::projection, in.projection_expression.has_value()},
                    {ExpressionKind::filter, in.filter_expression.has_value()},
                    {ExpressionKind::key_condition, in.key_condition_expression.has_value()}}));
  TRY(check_limit(in.limit, true));
  TRY(check_start_key(in.exclusive_start_key));
  TRY(detected(check_select(in.select, in.index_name.has_value(), in.projection_expression.has_value())));
  if (!in.key_condition_expression)
    return invalid("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.");
  TRY_ASSIGN(const auto key_expression, binder.bind(ExpressionKind::key_condition, *in.key_condition_expression));
  TRY_ASSIGN(const auto filter, bind_if_given(binder, ExpressionKind::filter, in.filter_expression));
  TRY_ASSIGN(const auto projection, bind_if_given(binder, ExpressionKind::projection, in.projection_expression));
  TRY(binder.check_all_used());
  TRY_ASSIGN(const auto parts, split_key_condition(key_expression));

  TRY_ASSIGN(TableUse table, use_table(call, in.table_name));
  PageRequest request;
  request.table = &*table;
  TRY(apply_selection(in.index_name, {in.select, in.consistent_read.value_or(false), &projection}, request));
  const KeySchema& schema = request.index == nullptr ? table->schema : request.index->schema;
  TRY_ASSIGN(const KeyCondition condition, match_key_condition(parts, schema));
  TRY(check_key_paths(*table, projection));
  TRY(check_filter(filter, schema));
  TRY(check_key_paths(*table, filter));
  request.forward = in.scan_index_forward.value_or(true);
  request.limit = in.limit;
  request.filter = filter ? &*filter : nullptr;
  request.rows = rows_of(condition, table->number, request.index == nullptr ? 0 : request.index->number);
  request.can_continue = request.index != nullptr || table->schema.has_range();
  if (in.exclusive_start_key) {
    TRY_ASSIGN(const std::string row, start_row(request, *in.exclusive_start_key));
    // In a table without sort keys nothing comes after the one item that a Query can find.
    if (!request.can_continue) return invalid("The provided exclusive start key is invalid");
    TRY(check_start_within(condition, schema, *in.exclusive_start_key));
    continue_after(request, row);
  }
  TRY_ASSIGN(Page page, read_metered(store_, *table, table.lock, request, OperationKind::query, call.context.now));
  return answer<wire::QueryOutput>(std::move(page), request.count_only, in.return_consumed_capacity, *in.table_name);
}

base::Result<wire::ScanOutput> DynamoDbService::scan(Call& call, wire::ScanInput in) {
  TRY(check_limit(in.limit, false));
  TRY(check_segments(in));
  ExpressionBinder binder(expressions_, in.expression_attribute_names, in.expression_attribute_values);
  TRY(binder.check({{ExpressionKind::projection, in.projection_expression.has_value()},
                    {ExpressionKind::filter, in.filter_expression.has_value()}}));
  TRY(check_start_key(in.exclusive_start_key));
  TRY(check_select(in.select, in.index_name.has_value(), in.projection_expression.has_value()));
  TRY_ASSIGN(const auto filter, bind_if_given(binder, ExpressionKind::filter, in.filter_expression));
  TRY_ASSIGN(const auto projection, bind_if_given(binder, ExpressionKind::projection, in.projection_expression));
  TRY(binder.check_all_used());

  TRY_ASSIGN(TableUse table, use_table(call, in.table_name));
  PageRequest request;
  request.table = &*table;
  TRY(apply_selection(in.index_name, {in.select, in.consistent_read.value_or(false), &projection}, request));
  TRY(check_key_paths(*table, projection));
  TRY(check_key_paths(*table, filter));
  request.limit = in.limit;
  request.filter = filter ? &*filter : nullptr;
  request.rows = segment_rows(*table, request.index == nullptr ? 0 : request.index->number, in);
  if (in.exclusive_start_key) {
    TRY_ASSIGN(const std::string row, start_row(request, *in.exclusive_start_key));
    if (row < request.rows.begin || (!request.rows.end.empty() && row >= request.rows.end))
      return invalid(
          "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct "
          "Segment. TotalSegments: " +
          std::to_string(in.total_segments.value_or(1)) + " Segment: " + std::to_string(in.segment.value_or(0)));
    continue_after(request, row);
  }
  TRY_ASSIGN(Page page, read_metered(store_, *table, table.lock, request, OperationKind::scan, call.context.now));
  return answer<wire::ScanOutput>(std::move(page), request.count_only, in.return_consumed_capacity, *in.table_name);
}

}  // namespace engine::dynamodb
