// What an order's row says of its notifications, and how they go over to the row of a newer version. Pure.
//
// notify_state is absent where no rule has wanted the order. While it is PENDING the rules in notify_rules are owed
// (kThresholdRule if the row has none), and lease_until says until when somebody may be publishing. Each rule is told
// once of an order, by whichever version it first wanted it.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "pipeline/rows.h"

namespace pipeline {

// The rules that are still owed; none unless the row is PENDING.
std::vector<std::string> owed_rules(const Item& row);
// Makes the row PENDING for `rules`, at least one, under a lease.
void owe(const std::vector<std::string>& rules, base::Timestamp lease_until, Item& row);

// Gives `row`, of a newer version that has not been written yet, what `old` says of notifications; rules that were told
// or are owed by then are owed no second time. False: `old` was PENDING, so its lease holds on and nobody but the sweep
// function may publish; true: what is owed now is under the lease that `row` had.
bool carry_over(const Item& old, Item& row);

}  // namespace pipeline
