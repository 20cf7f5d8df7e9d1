// The operations on items as the interface names them: each runs its body and counts how that ended.
#include <algorithm>
#include <utility>

#include "engine/dynamodb/service.h"
#include "engine/service_metrics.h"

namespace engine::dynamodb {

template <class Body>
auto DynamoDbService::measured(aws::Context& context, OperationKind kind, Body body)
    -> decltype(body(std::declval<Call&>())) {
  Call call{context, {}};
  if (metrics_ == nullptr) return body(call);
  // A latency is what the work took, so it is read from the clock and not from context.now.
  const base::Timestamp begun = env_.clock.now();
  auto result = body(call);
  count(call, kind, result ? nullptr : &result.error(), begun);
  return result;
}

void DynamoDbService::count(const Call& call, OperationKind kind, const base::AwsError* error, base::Timestamp begun) {
  const base::Timestamp now = env_.clock.now();
  const double milliseconds = std::chrono::duration<double, std::milli>(now - begun).count();
  const bool condition_failed = error != nullptr && error->code == "ConditionalCheckFailedException";
  const bool throttled = error != nullptr && error->code == "ProvisionedThroughputExceededException";
  for (std::size_t i = 0; i < call.tables.size(); ++i) {
    const TablePtr& table = call.tables[i];
    if (std::find(call.tables.begin(), call.tables.begin() + static_cast<std::ptrdiff_t>(i), table) !=
        call.tables.begin() + static_cast<std::ptrdiff_t>(i))
      continue;
    const std::shared_lock lock(table->mutex);  // `metrics` follows the definition
    const TableMetrics& metrics = *table->metrics;
    if (error == nullptr) metrics.succeeded(kind, milliseconds, call.context.now);
    if (condition_failed) metrics.condition_failed(call.context.now);
    if (throttled || (error != nullptr && error->http_status >= 500))
      metrics.request_failed(*table, kind, throttled, call.context.now);
  }
  if (error == nullptr || condition_failed || throttled || error->http_status >= 500) return;
  metrics_->add({call.context.account, call.context.region, "AWS/DynamoDB", "UserErrors", {}, "Count"}, 1,
                call.context.now);
}

void DynamoDbService::attach_metrics(Table& table) {
  if (metrics_ != nullptr) table.metrics = std::make_shared<const TableMetrics>(*metrics_, table);
}

void DynamoDbService::sample_metrics(base::Timestamp now) {
  // Metrics of provisioned throughput come each five minutes (developer guide, "DynamoDB metrics and dimensions").
  constexpr int64_t kIntervalMinutes = 5;
  if (metrics_ == nullptr || base::to_epoch_seconds(now) / 60 % kIntervalMinutes != 0) return;
  std::vector<TablePtr> tables;
  {
    const std::shared_lock lock(directory_mutex_);
    for (const auto& [key, table] : directory_) tables.push_back(table);
  }
  for (const TablePtr& table : tables) {
    const std::shared_lock lock(table->mutex);
    if (!table->deleted) table->metrics->sample(*table, now);
  }
}

base::Result<wire::BatchExecuteStatementOutput> DynamoDbService::batch_execute_statement(
    aws::Context& context, wire::BatchExecuteStatementInput in) {
  return measured(context, OperationKind::batch_execute_statement,
                  [&](Call& call) { return batch_execute_statement(call, std::move(in)); });
}
base::Result<wire::BatchGetItemOutput> DynamoDbService::batch_get_item(aws::Context& context,
                                                                       wire::BatchGetItemInput in) {
  return measured(context, OperationKind::batch_get_item,
                  [&](Call& call) { return batch_get_item(call, std::move(in)); });
}
base::Result<wire::BatchWriteItemOutput> DynamoDbService::batch_write_item(aws::Context& context,
                                                                           wire::BatchWriteItemInput in) {
  return measured(context, OperationKind::batch_write_item,
                  [&](Call& call) { return batch_write_item(call, std::move(in)); });
}
base::Result<wire::DeleteItemOutput> DynamoDbService::delete_item(aws::Context& context, wire::DeleteItemInput in) {
  return measured(context, OperationKind::delete_item, [&](Call& call) { return delete_item(call, std::move(in)); });
}
base::Result<wire::ExecuteStatementOutput> DynamoDbService::execute_statement(aws::Context& context,
                                                                              wire::ExecuteStatementInput in) {
  return measured(context, OperationKind::execute_statement,
                  [&](Call& call) { return execute_statement(call, std::move(in)); });
}
base::Result<wire::GetItemOutput> DynamoDbService::get_item(aws::Context& context, wire::GetItemInput in) {
  return measured(context, OperationKind::get_item, [&](Call& call) { return get_item(call, std::move(in)); });
}
base::Result<wire::PutItemOutput> DynamoDbService::put_item(aws::Context& context, wire::PutItemInput in) {
  return measured(context, OperationKind::put_item, [&](Call& call) { return put_item(call, std::move(in)); });
}
base::Result<wire::QueryOutput> DynamoDbService::query(aws::Context& context, wire::QueryInput in) {
  return measured(context, OperationKind::query, [&](Call& call) { return query(call, std::move(in)); });
}
base::Result<wire::ScanOutput> DynamoDbService::scan(aws::Context& context, wire::ScanInput in) {
  return measured(context, OperationKind::scan, [&](Call& call) { return scan(call, std::move(in)); });
}
base::Result<wire::UpdateItemOutput> DynamoDbService::update_item(aws::Context& context, wire::UpdateItemInput in) {
  return measured(context, OperationKind::update_item, [&](Call& call) { return update_item(call, std::move(in)); });
}

}  // namespace engine::dynamodb
