#include "engine/dynamodb/item_request.h"

#include "aws/dynamodb/errors.h"
#include "engine/dynamodb/condition_evaluate.h"

namespace engine::dynamodb {

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

}  // namespace engine::dynamodb
