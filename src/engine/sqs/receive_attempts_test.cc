#include "engine/sqs/receive_attempts.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include "base/manual/manual_env.h"
#include "engine/sqs/due_clock.h"
#include "engine/sqs/limits.h"

namespace engine::sqs {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

// Messages 1 to 3 of one group in a FIFO queue, received under "id" for 30 seconds.
struct Attempts : testing::Test {
  base::ManualEnv env;
  DueClock due_clock{env.env};
  std::shared_ptr<MessageIndex> shared = std::make_shared<MessageIndex>(1, true, 1'000, due_clock);
  MessageIndex& index = *shared;
  ReceiveAttempts attempts;
  store::WriteBatch batch;
  uint64_t nonce = 0;

  Attempts() {
    for (const uint64_t sequence : {1, 2, 3}) index.add(sequence, now(), now(), "g", now());
    receive({1, 2, 3}, "id");
  }
  base::Timestamp now() { return env.clock.now(); }
  void receive(std::vector<uint64_t> sequences, std::string_view id) {
    nonce = index.next_number();
    MessageIndex::Walk walk(index);
    for (const uint64_t sequence : sequences) {
      ASSERT_EQ(walk.next(), sequence);
      index.hide(sequence, now(), now() + seconds(30), nonce);
    }
    attempts.add(id, index, sequences, nonce, now(), now() + seconds(30));
  }
  const ReceiveAttempts::Attempt* repeat(std::string_view id = "id") {
    index.advance(now());
    return attempts.repeat(id, index, now(), now() + seconds(30), batch);
  }
};

TEST_F(Attempts, RepeatGivesTheSameAndHidesAnew) {
  env.clock.advance(seconds(20));
  const auto* again = repeat();
  ASSERT_NE(again, nullptr);
  EXPECT_EQ(again->sequences, (std::vector<uint64_t>{1, 2, 3}));
  EXPECT_EQ(again->nonce, nonce);
  EXPECT_FALSE(batch.empty());
  EXPECT_EQ(index.find(1)->receive_count, 1u);
  env.clock.advance(seconds(29));
  EXPECT_EQ(index.next_due(), now() + seconds(1));
  EXPECT_NE(repeat(), nullptr);
  EXPECT_EQ(repeat("other"), nullptr);
}

TEST_F(Attempts, NothingIsRepeatedOnceOneMessageWasTouched) {
  const std::vector<std::function<void()>> touches = {
      [&] { index.erase(2, batch); },
      [&] { index.change_visibility(3, now(), now() + seconds(10)); },
      [&] { index.change_visibility(3, now(), now()); },
      [&] { env.clock.advance(seconds(30)); },
      [&] { (void)index.clear(); },
  };
  for (std::size_t i = 0; i < touches.size(); ++i) {
    if (i > 0) {
      (void)index.clear();
      for (const uint64_t sequence : {1, 2, 3}) index.add(sequence, now(), now(), "g", now());
      receive({1, 2, 3}, "id");
    }
    ASSERT_NE(repeat(), nullptr) << i;
    touches[i]();
    EXPECT_EQ(repeat(), nullptr) << i;
  }
}

TEST_F(Attempts, EndAfterFiveMinutes) {
  for (int i = 0; i < 14; ++i) {
    env.clock.advance(seconds(20));
    ASSERT_NE(repeat(), nullptr);
  }
  env.clock.advance(seconds(20) - base::Duration(1));
  ASSERT_NE(repeat(), nullptr);
  env.clock.advance(base::Duration(1));
  EXPECT_EQ(repeat(), nullptr);
}

TEST_F(Attempts, AreForgottenWhenTheyAreOverOrTooMany) {
  index.erase(1, batch);
  attempts.add("second", index, std::vector<uint64_t>{2, 3}, nonce, now(), now() + seconds(30));
  EXPECT_EQ(attempts.size(), 1u);  // "id" lost a message
  for (std::size_t i = 0; i < 2 * kReceiveAttemptsMax; ++i) {
    attempts.add(std::to_string(i), index, std::vector<uint64_t>{2, 3}, nonce, now(), now() + seconds(30));
  }
  EXPECT_EQ(attempts.size(), kReceiveAttemptsMax);
}

}  // namespace
}  // namespace engine::sqs
