// TableMetrics: the metrics of AWS/DynamoDB about one table, each series looked up once. Names, dimensions and units
// are those of the Developer Guide's "DynamoDB metrics and dimensions". Owned by the table, immutable after it is made,
// so safe from any thread; the ServiceMetrics outlives it.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/time.h"

namespace engine {
class ServiceMetrics;
class MetricSeries;
}  // namespace engine

namespace engine::dynamodb {

struct Table;
struct Units;

enum class OperationKind : uint8_t {
  get_item,
  put_item,
  update_item,
  delete_item,
  query,
  scan,
  batch_get_item,
  batch_write_item,
  execute_statement,
  batch_execute_statement
};
constexpr std::size_t kOperationKinds = 10;
std::string_view operation_name(OperationKind kind);  // "GetItem", ...

class TableMetrics {
 public:
  // Of the table as it is defined now; made again when its indexes change.
  TableMetrics(ServiceMetrics& metrics, const Table& table);

  void consumed_read(const Table& table, const Units& units, base::Timestamp at) const;
  void consumed_write(const Table& table, const Units& units, base::Timestamp at) const;
  // ReadThrottleEvents or WriteThrottleEvents of the table, or of the global index with that name.
  void throttled(const Table& table, bool write, std::string_view index_name, base::Timestamp at) const;
  void condition_failed(base::Timestamp at) const;
  void succeeded(OperationKind kind, double milliseconds, base::Timestamp at) const;
  void returned_items(OperationKind kind, std::size_t count, base::Timestamp at) const;
  // ThrottledRequests and SystemErrors: a whole request that failed.
  void request_failed(const Table& table, OperationKind kind, bool throttled, base::Timestamp at) const;
  // Provisioned(Read|Write)CapacityUnits of the table and its global indexes, if it has any.
  void sample(const Table& table, base::Timestamp at) const;

 private:
  using Series = std::shared_ptr<MetricSeries>;
  struct Consumed {
    Series read;
    Series write;
  };
  ServiceMetrics& metrics_;
  Series condition_failed_;
  std::array<Series, kOperationKinds> latency_;
  std::array<Series, kOperationKinds> returned_;  // null for those that return no lists
  std::map<uint32_t, Consumed> consumed_;         // by index number, 0 being the table
};

}  // namespace engine::dynamodb
