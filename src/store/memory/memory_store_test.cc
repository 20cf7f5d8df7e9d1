#include "store/memory/memory_store.h"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

#include "base/manual/manual_env.h"
#include "store/memory/held_store.h"
#include "store/testing/store_suite.h"

namespace store {
namespace {

CommitSequence put(KvStore& store, std::string key, std::string value) {
  WriteBatch batch;
  batch.put(std::move(key), std::move(value));
  return store.write(batch);
}

TEST(MemoryStore, BehavesLikeTheModel) {
  for (uint64_t seed = 1; seed <= 10 && !HasFailure(); ++seed) testing::check_against_model(*make_memory_store(), seed);
}

TEST(MemoryStore, Edges) {
  testing::check_edges(*make_memory_store());
}

TEST(MemoryStore, Concurrency) {
  base::ManualEnv manual;
  testing::check_concurrency(*make_memory_store(), manual.executor);
}

TEST(MemoryStore, KeysOfTheStoreAreABug) {
  const auto store = make_memory_store();
  EXPECT_DEATH(put(*store, "", "v"), "CHECK failed");
  EXPECT_DEATH(put(*store, std::string("\0commit", 7), "v"), "CHECK failed");
  EXPECT_DEATH(store->wait_durable(1), "CHECK failed");
}

TEST(HeldStore, NothingIsDurableBeforeItsRelease) {
  base::ManualEnv manual;
  HeldStore store(manual.executor);
  std::vector<int> called;
  const CommitSequence first = put(store, "a", "1");
  const CommitSequence second = put(store, "b", "2");
  EXPECT_EQ(store.get("b"), "2") << "visible at once";
  store.when_durable(second, [&] { called.push_back(2); });
  store.when_durable(first, [&] { called.push_back(1); });
  store.when_durable(0, [&] { called.push_back(0); });
  EXPECT_EQ(called, (std::vector{0}));
  EXPECT_EQ(store.durable(), 0u);
  store.release(first);
  EXPECT_EQ(called, (std::vector{0, 1}));
  store.release(0);
  EXPECT_EQ(store.durable(), first) << "durable() never goes back";
  const CommitSequence third = put(store, "c", "3");
  store.when_durable(third, [&] { called.push_back(3); });
  store.when_durable(second, [&] { called.push_back(4); });
  store.release_all();
  EXPECT_EQ(called, (std::vector{0, 1, 2, 4, 3})) << "by sequence, not by registration";
}

TEST(HeldStore, WaitersAreWokenByRelease) {
  base::ManualEnv manual;
  HeldStore store(manual.executor);
  const CommitSequence sequence = put(store, "a", "1");
  std::atomic<bool> released = false;
  std::atomic<bool> too_early = false;
  auto waiter = manual.executor.spawn("waiter", [&] {
    store.wait_durable(sequence);
    too_early = !released;
  });
  released = true;
  store.release(sequence);
  waiter.reset();
  EXPECT_FALSE(too_early);
}

}  // namespace
}  // namespace store
