#include "engine/dynamodb/capacity.h"

#include <algorithm>

#include "engine/dynamodb/limits.h"

namespace engine::dynamodb {

double Units::total() const {
  double sum = table;
  for (const auto& [name, units] : global_indexes) sum += units;
  for (const auto& [name, units] : local_indexes) sum += units;
  return sum;
}

Units& Units::operator+=(const Units& more) {
  table += more.table;
  for (const auto& [name, units] : more.global_indexes) global_indexes[name] += units;
  for (const auto& [name, units] : more.local_indexes) local_indexes[name] += units;
  return *this;
}

double read_units(std::size_t bytes, bool consistent) {
  const std::size_t steps = std::max<std::size_t>(1, (bytes + kReadUnitBytes - 1) / kReadUnitBytes);
  return static_cast<double>(steps) * (consistent ? 1 : 0.5);
}

double write_units(std::size_t bytes) {
  return static_cast<double>(std::max<std::size_t>(1, (bytes + 1023) / 1024));
}

std::optional<aws::dynamodb::ConsumedCapacity> consumed_capacity(const std::optional<std::string>& wanted,
                                                                 std::string_view table_name, const Units& units) {
  if (!wanted || *wanted == "NONE") return std::nullopt;
  aws::dynamodb::ConsumedCapacity out;
  out.table_name = std::string(table_name);
  out.capacity_units = units.total();
  if (*wanted != "INDEXES") return out;
  const auto capacity = [](double value) {
    aws::dynamodb::Capacity c;
    c.capacity_units = value;
    return c;
  };
  out.table = capacity(units.table);
  for (const auto& [name, value] : units.global_indexes) {
    if (!out.global_secondary_indexes) out.global_secondary_indexes.emplace();
    (*out.global_secondary_indexes)[name] = capacity(value);
  }
  for (const auto& [name, value] : units.local_indexes) {
    if (!out.local_secondary_indexes) out.local_secondary_indexes.emplace();
    (*out.local_secondary_indexes)[name] = capacity(value);
  }
  return out;
}

}  // namespace engine::dynamodb
