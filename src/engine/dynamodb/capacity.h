// Capacity units, counted from bytes as AWS bills them (protocols.md 4.3 item 31), and the ConsumedCapacity of answers.
// Pure functions and values, safe from any thread.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "aws/dynamodb/shapes.h"

namespace engine::dynamodb {

// Units of one call on one table.
struct Units {
  double table = 0;
  std::map<std::string, double> global_indexes;
  std::map<std::string, double> local_indexes;
  [[nodiscard]] double total() const;
  Units& operator+=(const Units& more);
};

// Of one item or of the summed bytes of a page; at least one step even for nothing.
double read_units(std::size_t bytes, bool consistent);
double write_units(std::size_t bytes);

// What the request asked for with ReturnConsumedCapacity (absent means NONE); nullopt for NONE. `table_name` is the
// table as the caller named it.
std::optional<aws::dynamodb::ConsumedCapacity> consumed_capacity(const std::optional<std::string>& wanted,
                                                                 std::string_view table_name, const Units& units);

}  // namespace engine::dynamodb
