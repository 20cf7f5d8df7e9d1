#include "like_aws/refusals.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "aws/sqs/sqs.h"
#include "like_aws/rate_limit.h"
#include "like_aws/test_bed.h"

namespace like_aws {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Call call_of(aws::Context& context, std::string_view operation, uint64_t count) {
  return {.service = aws::sqs::kService,
          .operation = *aws::sqs::kService.find(operation),
          .context = context,
          .in = nullptr,
          .out = nullptr,
          .caller = "root",
          .count = count};
}

TEST(RefusalsTest, TheSdksThreeAttemptsAlwaysGetThrough) {
  base::ManualEnv env;
  aws::Context context = root_call(env);
  int refused_in_all = 0;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Conditions conditions(env.env, seed, {});
    Refusals refusals(conditions);
    int in_a_row = 0, longest = 0;
    for (uint64_t i = 1; i <= 5000; ++i) {
      Call call = call_of(context, "SendMessage", i);
      const bool ok = refusals.around(call, [] { return base::Result<void>(); }).has_value();
      in_a_row = ok ? 0 : in_a_row + 1;
      refused_in_all += !ok;
      longest = std::max(longest, in_a_row);
    }
    EXPECT_LE(longest, kRefusalsInARowMax) << seed;
  }
  EXPECT_NEAR(refused_in_all, 100'000 * (kThrottleRate + kServerErrorRate + kLostReplyRate), 400);
}

TEST(RefusalsTest, OnlyALostReplyComesAfterTheWorkAndOnlyWhereASecondTimeIsHarmless) {
  base::ManualEnv env;
  Told told;
  Conditions conditions(env.env, 3, told.tell());
  Refusals refusals(conditions);
  aws::Context context = root_call(env);
  for (const std::string_view operation : {"SendMessage", "ReceiveMessage", "DeleteQueue"}) {
    std::size_t done_and_refused = 0;
    const std::size_t lost_before = told.count("LostReply");
    for (uint64_t i = 1; i <= 3000; ++i) {
      bool done = false;
      Call call = call_of(context, operation, i);
      const auto result = refusals.around(call, [&] {
        done = true;
        return base::Result<void>();
      });
      EXPECT_TRUE(done || !result.has_value());
      done_and_refused += done && !result.has_value();
    }
    EXPECT_EQ(done_and_refused, told.count("LostReply") - lost_before);
    EXPECT_EQ(done_and_refused > 0, operation == "SendMessage");
  }
}

TEST(RefusalsTest, ACallThatWaitsIsNoFailure) {
  base::ManualEnv env;
  Conditions conditions(env.env, 3, {});
  Refusals refusals(conditions);
  aws::Context context = root_call(env);
  for (uint64_t i = 1; i <= 500; ++i) {
    Call call = call_of(context, "ReceiveMessage", i);
    const auto result = refusals.around(call, [] { return base::Result<void>(base::fail({.code = "Parked"})); });
    ASSERT_FALSE(result.has_value());
    EXPECT_TRUE(is_unfinished(result.error()) || result.error().code == "ThrottlingException" ||
                result.error().code == "InternalFailure");
  }
}

TEST(RateLimitTest, ABucketOfOneSecond) {
  base::ManualEnv env;
  Told told;
  Conditions conditions(env.env, 1, told.tell());
  RateLimit limit(conditions, env.clock, 2);
  aws::Context context = root_call(env);
  const auto passes = [&] {
    Call call = call_of(context, "ListQueues", 1);
    return limit.around(call, [] { return base::Result<void>(); }).has_value();
  };
  EXPECT_TRUE(passes() && passes());
  EXPECT_FALSE(passes());
  env.clock.advance(milliseconds(500));
  EXPECT_TRUE(passes());
  EXPECT_FALSE(passes());
  env.clock.advance(seconds(100));
  EXPECT_TRUE(passes() && passes());
  EXPECT_FALSE(passes());
  EXPECT_EQ(told.count("RateLimit"), 3u);
  context.account = "111111111111";
  EXPECT_TRUE(passes()) << "another account";
}

}  // namespace
}  // namespace like_aws
