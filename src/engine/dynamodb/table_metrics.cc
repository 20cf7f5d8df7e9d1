#include "engine/dynamodb/table_metrics.h"

#include "engine/dynamodb/capacity.h"
#include "engine/dynamodb/table.h"
#include "engine/service_metrics.h"

namespace engine::dynamodb {

namespace {

MetricName name_of(const Table& table, std::string_view metric, std::string_view unit = "Count") {
  return {table.account, table.region, "AWS/DynamoDB", metric, {{"TableName", table.name}}, unit};
}

MetricName with_index(MetricName name, std::string_view index) {
  if (!index.empty()) name.dimensions.emplace_back("GlobalSecondaryIndexName", index);
  return name;
}

MetricName with_operation(MetricName name, OperationKind kind) {
  name.dimensions.emplace_back("Operation", operation_name(kind));
  return name;
}

}  // namespace

std::string_view operation_name(OperationKind kind) {
  static constexpr std::array<std::string_view, kOperationKinds> kNames = {
      "GetItem", "PutItem",      "UpdateItem",     "DeleteItem",       "Query",
      "Scan",    "BatchGetItem", "BatchWriteItem", "ExecuteStatement", "BatchExecuteStatement"};
  return kNames[static_cast<std::size_t>(kind)];
}

TableMetrics::TableMetrics(ServiceMetrics& metrics, const Table& table) : metrics_(metrics) {
  condition_failed_ = metrics.series(name_of(table, "ConditionalCheckFailedRequests"));
  for (std::size_t i = 0; i < kOperationKinds; ++i) {
    const auto kind = static_cast<OperationKind>(i);
    latency_[i] = metrics.series(with_operation(name_of(table, "SuccessfulRequestLatency", "Milliseconds"), kind));
    if (kind == OperationKind::query || kind == OperationKind::scan || kind == OperationKind::execute_statement)
      returned_[i] = metrics.series(with_operation(name_of(table, "ReturnedItemCount"), kind));
  }
  const auto add = [&](uint32_t number, std::string_view index) {
    consumed_[number] = {metrics.series(with_index(name_of(table, "ConsumedReadCapacityUnits"), index)),
                         metrics.series(with_index(name_of(table, "ConsumedWriteCapacityUnits"), index))};
  };
  add(0, "");
  for (const Index& index : table.indexes)
    if (index.global) add(index.number, index.name);
}

void TableMetrics::consumed_read(const Table& table, const Units& units, base::Timestamp at) const {
  double of_table = units.table;
  for (const auto& [name, used] : units.local_indexes) of_table += used;
  if (of_table > 0) consumed_.at(0).read->add(of_table, at);
  for (const auto& [name, used] : units.global_indexes)
    if (const Index* index = table.find_index(name)) consumed_.at(index->number).read->add(used, at);
}

void TableMetrics::consumed_write(const Table& table, const Units& units, base::Timestamp at) const {
  double of_table = units.table;
  for (const auto& [name, used] : units.local_indexes) of_table += used;
  if (of_table > 0) consumed_.at(0).write->add(of_table, at);
  for (const auto& [name, used] : units.global_indexes)
    if (const Index* index = table.find_index(name)) consumed_.at(index->number).write->add(used, at);
}

void TableMetrics::throttled(const Table& table, bool write, std::string_view index_name, base::Timestamp at) const {
  metrics_.add(with_index(name_of(table, write ? "WriteThrottleEvents" : "ReadThrottleEvents"), index_name), 1, at);
}

void TableMetrics::condition_failed(base::Timestamp at) const {
  condition_failed_->add(1, at);
}

void TableMetrics::succeeded(OperationKind kind, double milliseconds, base::Timestamp at) const {
  latency_[static_cast<std::size_t>(kind)]->add(milliseconds, at);
}

void TableMetrics::returned_items(OperationKind kind, std::size_t count, base::Timestamp at) const {
  returned_[static_cast<std::size_t>(kind)]->add(static_cast<double>(count), at);
}

void TableMetrics::request_failed(const Table& table, OperationKind kind, bool throttled, base::Timestamp at) const {
  metrics_.add(with_operation(name_of(table, throttled ? "ThrottledRequests" : "SystemErrors"), kind), 1, at);
}

void TableMetrics::sample(const Table& table, base::Timestamp at) const {
  if (table.pay_per_request) return;
  const auto add = [&](const Throughput& throughput, std::string_view index) {
    metrics_.add(with_index(name_of(table, "ProvisionedReadCapacityUnits"), index),
                 static_cast<double>(throughput.read_units), at);
    metrics_.add(with_index(name_of(table, "ProvisionedWriteCapacityUnits"), index),
                 static_cast<double>(throughput.write_units), at);
  };
  add(table.throughput, "");
  for (const Index& index : table.indexes)
    if (index.global) add(index.throughput, index.name);
}

}  // namespace engine::dynamodb
