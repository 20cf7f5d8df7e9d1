#include "like_aws/conditions.h"

#include <gtest/gtest.h>

#include "aws/sqs/sqs.h"
#include "base/manual/manual_env.h"
#include "like_aws/names.h"

namespace like_aws {
namespace {

using std::chrono::seconds;

Call call_of(aws::Context& context, uint64_t count, std::string caller = "root") {
  return {.service = aws::sqs::kService,
          .operation = *aws::sqs::kService.find("SendMessage"),
          .context = context,
          .in = nullptr,
          .out = nullptr,
          .caller = std::move(caller),
          .count = count};
}

TEST(ChanceTest, ACallIsDecidedByTheSeedItsCallerAndItsNumber) {
  aws::Context context;
  int as_first = 0, as_other_seed = 0, as_other_caller = 0, as_other_question = 0;
  const Chance first(1), same(1), other(2);
  for (uint64_t i = 1; i <= 1000; ++i) {
    const Call call = call_of(context, i);
    const bool happens = first.happens(call, "a", 0.5);
    as_first += happens == same.happens(call, "a", 0.5);
    as_other_seed += happens == other.happens(call, "a", 0.5);
    as_other_caller += happens == first.happens(call_of(context, i, "role"), "a", 0.5);
    as_other_question += happens == first.happens(call, "b", 0.5);
  }
  EXPECT_EQ(as_first, 1000);
  for (const int alike : {as_other_seed, as_other_caller, as_other_question}) EXPECT_NEAR(alike, 500, 80);
}

TEST(ChanceTest, RatesAndBoundsHold) {
  aws::Context context;
  const Chance chance(7);
  int happened = 0;
  for (uint64_t i = 1; i <= 20'000; ++i) {
    const Call call = call_of(context, i);
    happened += chance.happens(call, "a", 0.015);
    EXPECT_FALSE(chance.happens(call, "never", 0));
    EXPECT_TRUE(chance.happens(call, "always", 1));
    EXPECT_LT(chance.below(call, "b", 3), 3u);
    const base::Duration between = chance.between(call, "c", seconds(2), seconds(3));
    EXPECT_TRUE(between >= seconds(2) && between <= seconds(3));
  }
  EXPECT_NEAR(happened, 300, 70);
}

// Whoever has written down a seed wants the same faults of a later build: these are the first 64 of seed 1.
TEST(ChanceTest, ASeedMeansTheSameInEachBuild) {
  aws::Context context;
  const Chance chance(1);
  uint64_t bits = 0;
  for (uint64_t i = 1; i <= 64; ++i) bits = bits << 1 | (chance.happens(call_of(context, i), "throttle", 0.5) ? 1 : 0);
  EXPECT_EQ(bits, 13158694939342291467u);
}

TEST(DelaysTest, TheyEndOnTheirClockAndTheLongerOneCounts) {
  base::ManualEnv env;
  Delays delays;
  const base::Timestamp start = env.clock.now();
  delays.begin("kind", "a", start, start + seconds(5));
  delays.begin("kind", "a", start, start + seconds(2));
  EXPECT_EQ(delays.until("kind", "a", start + seconds(4)), start + seconds(5));
  EXPECT_FALSE(delays.runs("kind", "a", start + seconds(5)));
  EXPECT_FALSE(delays.runs("kind", "b", start));
  EXPECT_FALSE(delays.runs("other", "a", start));
  delays.end("kind", "a");
  EXPECT_FALSE(delays.runs("kind", "a", start));
}

TEST(DelaysTest, WhatIsOverIsForgottenAndWhatIsNotIsKept) {
  base::ManualEnv env;
  Delays delays;
  const base::Timestamp start = env.clock.now();
  delays.begin("kind", "long", start, start + std::chrono::hours(10));
  for (int i = 0; i < 10'000; ++i) delays.begin("kind", std::to_string(i), start + seconds(i), start + seconds(i + 1));
  EXPECT_TRUE(delays.runs("kind", "long", start + seconds(3000)));
}

TEST(NamesTest, OfResources) {
  for (const char* text : {"work", "work:PROD", "000000000000:function:work", "function:work:3",
                           "arn:aws:lambda:us-east-1:000000000000:function:work",
                           "arn:aws:lambda:us-east-1:000000000000:function:work:$LATEST"})
    EXPECT_EQ(function_name(text), "work") << text;
  EXPECT_EQ(last_part("arn:aws:iam::000000000000:role/service/worker"), "worker");
  EXPECT_EQ(last_part("worker"), "worker");
  EXPECT_EQ(arn_resource("arn:aws:sns:us-east-1:000000000000:topic"), "topic");
  EXPECT_EQ(table_name("arn:aws:dynamodb:us-east-1:000000000000:table/items/index/i"), "items");
  EXPECT_EQ(table_name("items"), "items");
  for (const char* url : {"http://127.0.0.1:4566/000000000000/q", "https://sqs.us-east-1.amazonaws.com/000000000000/q",
                          "/000000000000/q"})
    EXPECT_EQ(queue_key("us-east-1", url), "us-east-1/000000000000/q") << url;
  EXPECT_EQ(queue_key("us-east-1", "q"), "us-east-1/q");
}

}  // namespace
}  // namespace like_aws
