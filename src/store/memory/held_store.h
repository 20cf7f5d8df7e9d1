// HeldStore: a memory store whose writes become durable only when the test says so, to show that a reply waits for
// its sync. Owned by the test; safe from any thread.
#pragma once

#include <memory>

#include "base/env.h"
#include "store/durability_gate.h"
#include "store/kv_store.h"

namespace store {

class HeldStore final : public KvStore {
 public:
  // Empty; `executor` (what wait_durable() sleeps on) outlives the store.
  explicit HeldStore(base::Executor& executor);
  ~HeldStore() override;

  // Makes everything up to `sequence` (at most last_written()) durable: wakes the waiters and runs the callbacks of
  // when_durable() that are due on the calling thread before it returns.
  void release(CommitSequence sequence);
  // release(last_written()).
  void release_all();

  std::optional<std::string> get(std::string_view key) override;
  std::unique_ptr<Cursor> scan(std::string_view begin, std::string_view end, Direction direction) override;
  CommitSequence write(const WriteBatch& batch) override;
  CommitSequence last_written() override;
  CommitSequence durable() override;
  void wait_durable(CommitSequence sequence) override;
  void when_durable(CommitSequence sequence, std::function<void()> done) override;

 private:
  const std::unique_ptr<KvStore> memory_;
  DurabilityGate gate_;
};

namespace memory {
using store::HeldStore;
}  // namespace memory

}  // namespace store
