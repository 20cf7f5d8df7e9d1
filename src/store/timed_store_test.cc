#include "store/timed_store.h"

#include <gtest/gtest.h>

#include "base/manual/manual_env.h"
#include "store/memory/held_store.h"

namespace store {
namespace {

using std::chrono::milliseconds;

TEST(TimedStore, NoBatchIsNewerThanTheNewestTime) {
  base::ManualEnv manual;
  auto held = std::make_unique<HeldStore>(manual.executor);
  HeldStore& inner = *held;
  TimedStore store(std::move(held), manual.clock);
  EXPECT_EQ(store.newest(), std::nullopt);
  store.write(WriteBatch());
  EXPECT_EQ(store.newest(), std::nullopt) << "nothing was written";
  for (int i = 0; i < 30; ++i) {
    WriteBatch batch;
    batch.put("row", std::to_string(i));
    const CommitSequence before = inner.last_written();
    EXPECT_EQ(store.write(batch), before + 1) << "the time goes along and is no batch of its own";
    EXPECT_EQ(store.get("row"), std::to_string(i));
    ASSERT_TRUE(store.newest().has_value());
    EXPECT_GE(*store.newest(), manual.clock.now());
    EXPECT_LE(*store.newest(), manual.clock.now() + kTimeStep);
    manual.clock.advance(milliseconds(17));
  }
}

}  // namespace
}  // namespace store
