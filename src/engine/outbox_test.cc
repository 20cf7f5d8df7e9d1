#include "engine/outbox.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <future>
#include <thread>

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
  // Less than `count` of them if they do not come in `at_most` of real time.
  std::vector<std::string> wait_for(std::size_t count, std::chrono::seconds at_most) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, at_most, [&] { return got_.size() >= count; });
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

// An executor in which notify_one wakes one sleeper, as the machine's do, and always the one that fell asleep last: the
// worst choice that it may make. Time is moved by the test.
class OneByOne final : public base::Executor, public base::Clock {
 public:
  base::Timestamp now() override {
    const std::lock_guard lock(mutex_);
    return now_;
  }
  void advance(base::Duration by) {
    const std::lock_guard lock(mutex_);
    now_ += by;
    for (Sleeper* sleeper : sleepers_) wake_if(*sleeper, sleeper->deadline <= now_);
  }
  void await_sleepers(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(
        lock, [&] { return count == static_cast<std::size_t>(std::ranges::count(sleepers_, false, &Sleeper::awake)); });
  }
  std::unique_ptr<base::Condition> make_condition() override { return std::make_unique<Bell>(*this); }
  void wait_until(std::unique_lock<std::mutex>& lock, base::Condition& condition, base::Timestamp deadline) override {
    std::unique_lock own(mutex_);
    if (deadline <= now_) return;
    Sleeper sleeper{&condition, deadline};
    sleepers_.push_back(&sleeper);
    changed_.notify_all();
    lock.unlock();
    changed_.wait(own, [&] { return sleeper.awake; });
    std::erase(sleepers_, &sleeper);
    own.unlock();
    lock.lock();
  }
  std::unique_ptr<base::Task> try_spawn(std::string, std::function<void()> body) override {
    struct Thread final : base::Task {
      explicit Thread(std::function<void()> run) : thread(std::move(run)) {}
      ~Thread() override { thread.join(); }
      std::thread thread;
    };
    return std::make_unique<Thread>(std::move(body));
  }

 private:
  struct Sleeper {
    base::Condition* on;
    base::Timestamp deadline;
    bool awake = false;
  };
  struct Bell final : base::Condition {
    explicit Bell(OneByOne& executor) : owner(executor) {}
    void notify_one() override { owner.ring(*this, 1); }
    void notify_all() override { owner.ring(*this, SIZE_MAX); }
    OneByOne& owner;
  };
  void ring(base::Condition& bell, std::size_t count) {
    const std::lock_guard lock(mutex_);
    for (auto it = sleepers_.rbegin(); it != sleepers_.rend() && count > 0; ++it) {
      if ((*it)->on != &bell || (*it)->awake) continue;
      wake_if(**it, true);
      --count;
    }
  }
  void wake_if(Sleeper& sleeper, bool due) {
    sleeper.awake |= due;
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  base::Timestamp now_ = base::from_epoch_seconds(1'700'000'000);
  std::vector<Sleeper*> sleepers_;
};

// Two workers sleep; one is told of an entry that is due in ten seconds, and then of one that keeps it busy for longer.
// The first entry is due in time all the same: the other worker learns of it.
TEST(OutboxWakeUps, AnEntryIsNotForgottenWithTheWorkerThatKnewOfIt) {
  OneByOne time;
  base::SeededRandom random;
  base::Env env{time, random, time};
  const std::unique_ptr<store::KvStore> store = store::make_memory_store();
  Deliveries deliveries;
  std::promise<void> answered;
  std::shared_future<void> answer = answered.get_future().share();
  Outbox outbox(*store, env, "test/outbox", 2, [&](const Outbox::Entry& entry) {
    deliveries.take(entry, std::nullopt);
    if (entry.payload == "slow") answer.wait();
    return std::optional<base::Timestamp>();
  });
  const auto add = [&](base::Timestamp due, std::string_view payload) {
    store::WriteBatch batch;
    const Outbox::Ticket ticket = outbox.add(batch, time.now(), due, payload);
    store->write(batch);
    outbox.release(ticket);
  };
  outbox.start();
  time.await_sleepers(2);
  add(time.now() + seconds(10), "in time");
  time.await_sleepers(2);
  add(time.now(), "slow");
  EXPECT_EQ(deliveries.wait_for(1), std::vector<std::string>{"slow/0"});
  time.await_sleepers(1);
  time.advance(seconds(10));
  const bool in_time = deliveries.wait_for(2, std::chrono::seconds(10)).size() == 2;
  answered.set_value();
  EXPECT_TRUE(in_time);
  outbox.stop();
}

}  // namespace
}  // namespace engine
