// Admission: whether a table's provisioned throughput lets a request in, and what the request consumed in the end, for
// the throttle and the metrics. On-demand tables let everything in. The caller holds the table's mutex shared.
#pragma once

#include "base/result.h"
#include "engine/dynamodb/capacity.h"
#include "engine/dynamodb/table.h"

namespace engine::dynamodb {

// Called when everything that needs no item is checked, before the item is read. Reserves the least that a request can
// cost (1 unit, or 0.5 for a read that need not be consistent), or fails with ProvisionedThroughputExceededException.
base::Result<void> admit_read(Table& table, const Index* index, bool consistent, base::Timestamp now);
base::Result<void> admit_write(Table& table, base::Timestamp now);
// The admitted write is not done now: gives back what was reserved for it.
void withdraw_write(Table& table);
// Called for an admitted write when its change from `before` to `after` (null: no item) is known and nothing else can
// fail: whether the global indexes that the change concerns have capacity left. A refusal gives back the reserved unit.
base::Result<void> admit_index_writes(Table& table, const Item* before, const Item* after, base::Timestamp now);

// What was consumed by `requests` admitted requests; the rest beyond what was reserved is taken now.
void settle_read(Table& table, const Index* index, bool consistent, const Units& units, base::Timestamp now,
                 std::size_t requests = 1);
void settle_write(Table& table, const Units& units, base::Timestamp now, std::size_t requests = 1);
// What an admitted write whose condition failed consumed: as much as the larger of the item that is there and the one
// that would have been (Developer Guide, "Capacity units consumed by conditional writes"). No answer tells of it.
void settle_failed_write(Table& table, std::size_t before_bytes, std::size_t after_bytes, base::Timestamp now);

}  // namespace engine::dynamodb
