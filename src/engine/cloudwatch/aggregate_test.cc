// Merging of many values: counts stay exact, and what is kept is bounded.
#include "engine/cloudwatch/aggregate.h"

#include <gtest/gtest.h>

namespace engine::cloudwatch {
namespace {

TEST(Aggregate, MergesManyValuesIntoFew) {
  constexpr std::size_t kValuesMax = 64;
  Aggregate all;
  double sum = 0;
  for (int part = 0; part < 100; ++part) {
    Aggregate one;
    for (int i = 0; i < 60; ++i) {
      const double value = (part * 60 + i) * 7919 % 6000;
      one.add(value, 1, kValuesMax);
      sum += value;
    }
    all.merge(one, kValuesMax);
    EXPECT_LE(all.distinct_values(), kValuesMax);
  }
  EXPECT_EQ(all.count(), 6000);
  EXPECT_EQ(all.sum(), sum);
  EXPECT_EQ(all.percentile(0), 0);
  EXPECT_EQ(all.percentile(100), 5999);
  EXPECT_NEAR(*all.percentile(50), 3000, 300);
  EXPECT_NEAR(*all.percentile(90), 5400, 300);
}

TEST(Aggregate, EqualValuesMeet) {
  Aggregate a;
  Aggregate b;
  for (const double value : {1, 2, 3}) {
    a.add(value, 1, 3);
    b.add(value, 2, 3);
  }
  a.merge(b, 3);
  EXPECT_EQ(a.distinct_values(), 3u);
  EXPECT_EQ(a.count(), 9);
  EXPECT_EQ(a.percentile(33), 1);
  EXPECT_EQ(a.percentile(34), 2);
}

}  // namespace
}  // namespace engine::cloudwatch
