// Admission: whether a table's provisioned throughput lets a request in, and what the request consumed in the end, for
// the throttle and the metrics. On-demand tables let everything in. The caller holds the table's mutex shared.
#pragma once

#include "base/result.h"
#include "engine/dynamodb/capacity.h"
#include "engine/dynamodb/table.h"

namespace engine::dynamodb {

// Called when everything that needs no item is checked, before the item is read. Reserves the least that a request can
// cost (1 unit, or 0.5 for a read that need not be consistent), or fails with ProvisionedThroughputExceededException.
// A write that then fails its condition keeps what was reserved, as in AWS.
base::Result<void> admit_read(Table& table, const Index* index, bool consistent, base::Timestamp now);
// `item` is the item to be put, if it is known: it tells which global indexes take part.
base::Result<void> admit_write(Table& table, const Item* item, base::Timestamp now);

// What was consumed by `requests` admitted requests; the rest beyond what was reserved is taken now.
void settle_read(Table& table, const Index* index, bool consistent, const Units& units, base::Timestamp now,
                 std::size_t requests = 1);
void settle_write(Table& table, const Units& units, base::Timestamp now, std::size_t requests = 1);

}  // namespace engine::dynamodb
