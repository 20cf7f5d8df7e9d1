// Rows in an order, as many as are wanted. Used from one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "cli/row_scan.h"

namespace cli {

struct RowOrder {
  // A text for each row; the rows are in the order of these. None: they come as the table has them.
  std::function<std::string(const pipeline::Item&)> key;
  bool descending = false;
  uint64_t limit = UINT64_MAX;
};

// A text whose order is that of the times.
std::string time_key(base::Timestamp time);

// Calls `each` with the first `limit` rows in that order until it answers false. With a key these are held in memory,
// and no others; without one none is. Answers whether there are more than these.
base::Result<bool> for_each_row_in_order(const pipeline::Site& site, const aws::dynamodb::ScanInput& scan,
                                         const RowOrder& order,
                                         const std::function<base::Result<bool>(const pipeline::Item&)>& each);

}  // namespace cli
