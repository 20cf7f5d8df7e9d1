// The KvStore without a disk: for tests, simulations and `--ephemeral` engines. A write is "durable" as soon as it is
// written, so an acknowledgement promises only as much as the process lives; everything else behaves like the real
// store, including snapshots. Values are kept in memory without a limit of its own. Safe from any thread.
#pragma once

#include <memory>

#include "store/kv_store.h"

namespace store {

// An empty store. Its cursors copy a page of at most 64 entries (about 1 MiB) at a time.
std::unique_ptr<KvStore> make_memory_store();

namespace memory {
using store::make_memory_store;
}  // namespace memory

}  // namespace store
