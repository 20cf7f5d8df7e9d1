#include "engine/dynamodb/admission.h"

#include <algorithm>

#include "aws/dynamodb/errors.h"
#include "engine/dynamodb/row_change.h"

namespace engine::dynamodb {

namespace {

using Kind = Throttle::Kind;

constexpr double kWriteReserved = 1;

double read_reserved(bool consistent) {
  return consistent ? 1 : 0.5;
}

Throttle::Rate rate_of(const Table& table, const Index* index, Kind kind) {
  const Throughput& throughput = index == nullptr ? table.throughput : index->throughput;
  Throttle::Rate rate;
  rate.kind = kind;
  rate.index = index == nullptr ? 0 : index->number;
  rate.units_per_second = static_cast<double>(kind == Kind::read ? throughput.read_units : throughput.write_units);
  return rate;
}

std::unexpected<base::AwsError> exceeded(const Table& table, const Index* index, Kind kind, base::Timestamp now) {
  const bool writes = kind == Kind::write;
  if (table.metrics) table.metrics->throttled(table, writes, index == nullptr ? "" : index->name, now);
  wire::ProvisionedThroughputExceededException detail;
  auto& reason = detail.throttling_reasons.emplace().emplace_back();
  reason.reason =
      std::string(index == nullptr ? "Table" : "Index") + (writes ? "Write" : "Read") + "ProvisionedThroughputExceeded";
  reason.resource = table.arn() + (index == nullptr ? "" : "/index/" + index->name);
  return base::fail(wire::errors::provisioned_throughput_exceeded_exception(
      index == nullptr
          ? "The level of configured provisioned throughput for the table was exceeded. Consider increasing your "
            "provisioning level with the UpdateTable API."
          : "The level of configured provisioned throughput for one or more global secondary indexes of the table was "
            "exceeded. Consider increasing your provisioning level for the under-provisioned global secondary indexes "
            "with the UpdateTable API",
      std::move(detail)));
}

}  // namespace

base::Result<void> admit_read(Table& table, const Index* index, bool consistent, base::Timestamp now) {
  if (table.pay_per_request) return {};
  const Index* metered = index != nullptr && index->global ? index : nullptr;
  if (table.throttle.take(rate_of(table, metered, Kind::read), read_reserved(consistent), now)) return {};
  return exceeded(table, metered, Kind::read, now);
}

base::Result<void> admit_write(Table& table, base::Timestamp now) {
  if (table.pay_per_request) return {};
  if (table.throttle.take(rate_of(table, nullptr, Kind::write), kWriteReserved, now)) return {};
  return exceeded(table, nullptr, Kind::write, now);
}

void withdraw_write(Table& table) {
  if (!table.pay_per_request) table.throttle.charge(Kind::write, 0, -kWriteReserved);
}

base::Result<void> admit_index_writes(Table& table, const Item* before, const Item* after, base::Timestamp now) {
  if (table.pay_per_request) return {};
  for (const Index& index : table.indexes) {
    if (!index.global || table.throttle.has_any(rate_of(table, &index, Kind::write), now)) continue;
    if (!changes_entry(table, index, before, after)) continue;
    withdraw_write(table);
    return exceeded(table, &index, Kind::write, now);
  }
  return {};
}

void settle_read(Table& table, const Index* index, bool consistent, const Units& units, base::Timestamp now,
                 std::size_t requests) {
  if (table.metrics) table.metrics->consumed_read(table, units, now);
  if (table.pay_per_request) return;
  const bool global = index != nullptr && index->global;
  const double reserved = read_reserved(consistent) * static_cast<double>(requests);
  table.throttle.charge(Kind::read, global ? index->number : 0, units.total() - reserved);
}

void settle_write(Table& table, const Units& units, base::Timestamp now, std::size_t requests) {
  if (table.metrics) table.metrics->consumed_write(table, units, now);
  if (table.pay_per_request) return;
  double of_table = units.table - kWriteReserved * static_cast<double>(requests);
  for (const auto& [name, used] : units.local_indexes) of_table += used;
  table.throttle.charge(Kind::write, 0, of_table);
  for (const auto& [name, used] : units.global_indexes)
    if (const Index* index = table.find_index(name)) table.throttle.charge(Kind::write, index->number, used);
}

void settle_failed_write(Table& table, std::size_t before_bytes, std::size_t after_bytes, base::Timestamp now) {
  Units units;
  units.table = write_units(std::max(before_bytes, after_bytes));
  settle_write(table, units, now);
}

}  // namespace engine::dynamodb
