#include "engine/outbox.h"

#include <gtest/gtest.h>

#include <condition_variable>

#include "base/manual/manual_env.h"
#include "store/key.h"
#include "store/memory/memory_store.h"

namespace engine {
namespace {

using std::chrono::seconds;

// Collects deliveries and answers what it is told to.
class Deliveries {
 public:
  std::optional<base::Timestamp> take(const Outbox::Entry& entry, std::optional<base::Timestamp> answer) {
    const std::lock_guard lock(mutex_);
    got_.push_back(entry.payload + "/" + std::to_string(entry.attempts));
    changed_.notify_all();
    return answer;
  }
  std::vector<std::string> wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return got_.size() >= count; });
    return got_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> got_;
};

class OutboxTest : public testing::Test {
 protected:
  void add(Outbox& outbox, base::Timestamp due, std::string_view payload) {
    store::WriteBatch batch;
    const Outbox::Ticket ticket = outbox.add(batch, env_.clock.now(), due, payload);
    store_->write(batch);
    outbox.release(ticket);
  }

  base::ManualEnv env_;
  std::unique_ptr<store::KvStore> store_ = store::make_memory_store();
  Deliveries deliveries_;
};

TEST_F(OutboxTest, DeliversWhenDueAndErases) {
  Outbox outbox(*store_, env_.env, "test/outbox", 1, [&](const auto& e) { return deliveries_.take(e, std::nullopt); });
  outbox.start();
  add(outbox, env_.clock.now() + seconds(5), "later");
  add(outbox, env_.clock.now(), "now");
  EXPECT_EQ(deliveries_.wait_for(1), std::vector<std::string>{"now/0"});
  env_.clock.advance(seconds(5));
  EXPECT_EQ(deliveries_.wait_for(2).back(), "later/0");
  outbox.stop();
  EXPECT_EQ(outbox.size(), 0u);
  EXPECT_FALSE(store_->scan("", "")->valid());
}

TEST_F(OutboxTest, RetriesAtTheTimeAskedFor) {
  Outbox outbox(*store_, env_.env, "test/outbox", 1, [&](const auto& e) {
    return deliveries_.take(e, e.attempts < 2 ? std::optional(env_.clock.now() + seconds(60)) : std::nullopt);
  });
  outbox.start();
  add(outbox, env_.clock.now(), "x");
  deliveries_.wait_for(1);
  env_.clock.await_waiters(1);
  env_.clock.advance(seconds(60));
  deliveries_.wait_for(2);
  env_.clock.await_waiters(1);
  env_.clock.advance(seconds(60));
  EXPECT_EQ(deliveries_.wait_for(3), (std::vector<std::string>{"x/0", "x/1", "x/2"}));
  outbox.stop();
  EXPECT_EQ(outbox.size(), 0u);
}

TEST_F(OutboxTest, WhatIsLeftIsDeliveredAfterARestart) {
  {
    Outbox stopped(*store_, env_.env, "test/outbox", 1, [](const auto&) { return std::nullopt; });
    add(stopped, env_.clock.now(), "left");
  }
  Outbox outbox(*store_, env_.env, "test/outbox", 1, [&](const auto& e) { return deliveries_.take(e, std::nullopt); });
  EXPECT_EQ(outbox.size(), 1u);
  outbox.start();
  EXPECT_EQ(deliveries_.wait_for(1), std::vector<std::string>{"left/0"});
}

// What is owed to others must not be forgotten because it cannot be read.
TEST_F(OutboxTest, DamageEndsTheProcess) {
  const auto outbox_with = [&](const std::string& key, const std::string& value) {
    store::WriteBatch batch;
    batch.put(key, value);
    store_->write(batch);
    Outbox outbox(*store_, env_.env, "test/outbox", 1, [](const auto&) { return std::nullopt; });
    outbox.start();
    env_.clock.await_waiters(1);
  };
  const std::string good_key = store::KeyWriter("test/outbox").number(1).number(1).take();
  const auto dies = testing::ExitedWithCode(store::kFatalExitCode);
  EXPECT_EXIT(outbox_with(store::KeyWriter("test/outbox").number(1).take(), ""), dies, "a key of the outbox");
  EXPECT_EXIT(outbox_with(good_key, "\x0a\xff"), dies, "an entry of an outbox");
}

TEST_F(OutboxTest, WhatIsHeldComesAgainUnchanged) {
  {
    Outbox outbox(*store_, env_.env, "test/outbox", 1, [&](const auto& e) {
      const bool first = deliveries_.wait_for(0).empty();
      deliveries_.take(e, std::nullopt);
      if (first) outbox.resume(e.ticket);
      return std::optional(Outbox::kHeld);
    });
    add(outbox, env_.clock.now(), "x");
    outbox.start();
    EXPECT_EQ(deliveries_.wait_for(2), (std::vector<std::string>{"x/0", "x/0"}));
    outbox.stop();
    EXPECT_EQ(outbox.size(), 1u);
  }
  Outbox again(*store_, env_.env, "test/outbox", 1, [&](const auto& e) { return deliveries_.take(e, std::nullopt); });
  again.start();
  EXPECT_EQ(deliveries_.wait_for(3).back(), "x/0");
  again.stop();
  EXPECT_EQ(again.size(), 0u);
}

}  // namespace
}  // namespace engine
