// The contract of KvStore as checks that every implementation runs. Called from a gtest test with a fresh, empty store
// that nobody else uses; failures are reported to that test.
#pragma once

#include <cstdint>

#include "base/env.h"
#include "store/kv_store.h"

namespace store::testing {

// Random batches (puts, erasures, range erasures short and long) against a std::map, with scans in both directions
// over random bounds, gets, and cursors that are kept across later writes and must not see them.
void check_against_model(KvStore& store, uint64_t seed);
// Order of operations in one batch, empty batches, bounds of scans, keys of the store's own, values of 1 MiB.
void check_edges(KvStore& store);
// Writers and readers on several tasks: sequences are distinct, callbacks come after their sequence is durable and in
// its order, and last_written() covers whatever a reader has seen.
void check_concurrency(KvStore& store, base::Executor& executor);

}  // namespace store::testing
