#include "pipeline/average.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace pipeline {
namespace {

TEST(Average, IsRoundedHalfToEven) {
  struct Case {
    std::string_view sum;
    uint64_t count;
    int digits;
    std::string_view wanted;
  };
  for (const Case& c : {Case{"10", 4, 2, "2.5"},
                        {"10", 3, 2, "3.33"},
                        {"20", 3, 2, "6.67"},
                        {"0.25", 2, 2, "0.12"},
                        {"0.75", 2, 2, "0.38"},
                        {"-0.25", 2, 2, "-0.12"},
                        {"-20", 3, 0, "-7"},
                        {"1", 2, 0, "0"},
                        {"3", 2, 0, "2"},
                        {"999.995", 1, 2, "1000"},
                        {"0.0050001", 1, 2, "0.01"},
                        {"0.005", 1, 2, "0"},
                        {"0", 7, 2, "0"},
                        {"1e100", 8, 2,
                         "125"
                         "0000000000000000000000000000000000000000000000000"
                         "000000000000000000000000000000000000000000000000"},
                        {"1e-100", 1, 2, "0"},
                        {"99999999999999999999999999999999999999", 1, 2, "99999999999999999999999999999999999999"}}) {
    const auto got = average(*base::Decimal::parse(c.sum), c.count, c.digits);
    EXPECT_EQ(got.has_value() ? got->to_string() : "none", c.wanted) << c.sum << " / " << c.count;
  }
  EXPECT_EQ(average(*base::Decimal::parse("99999999999999999999999999999999999997"), 2, 2), std::nullopt)
      << "it has 39 digits";
}

}  // namespace
}  // namespace pipeline
