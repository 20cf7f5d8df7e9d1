// TimedStore: a store that remembers the newest time at which something was written to it, so that the time of an
// engine does not go back over a restart when the machine's clock did. The time goes along with a batch, at most every
// kTimeStep, and so costs no sync of its own and survives what the batch survives. Owned by the composition root; safe
// from any thread.
#pragma once

#include <atomic>
#include <memory>
#include <optional>

#include "base/env.h"
#include "store/kv_store.h"

namespace store {

constexpr base::Duration kTimeStep = std::chrono::milliseconds(100);

class TimedStore final : public KvStore {
 public:
  // `clock` is the one by which the writers tell the time; it outlives this object.
  TimedStore(std::unique_ptr<KvStore> store, base::Clock& clock) : store_(std::move(store)), clock_(clock) {}

  // No batch that is in the store was written after this: the newest time, and up to kTimeStep more. nullopt if nothing
  // was ever written.
  [[nodiscard]] std::optional<base::Timestamp> newest();

  std::optional<std::string> get(std::string_view key) override;
  std::unique_ptr<Cursor> scan(std::string_view begin, std::string_view end, Direction direction) override;
  CommitSequence write(const WriteBatch& batch) override;
  CommitSequence last_written() override;
  CommitSequence durable() override;
  void wait_durable(CommitSequence sequence) override;
  void when_durable(CommitSequence sequence, std::function<void()> done) override;

 private:
  const std::unique_ptr<KvStore> store_;
  base::Clock& clock_;
  std::atomic<base::Timestamp> covered_{base::Timestamp()};  // what newest() answers, or is about to
};

}  // namespace store
