#include "pipeline/order_time.h"

#include <gtest/gtest.h>

namespace pipeline {
namespace {

TEST(OrderTime, TakesWhatShopsWrite) {
  const auto read = [](std::string_view text) {
    const auto time = parse_order_time(text);
    return time.has_value() ? base::format_iso8601_milliseconds(*time) : std::string("none");
  };
  for (const std::string_view text :
       {"2024-01-02T03:04:05Z", "2024-01-02T04:04:05+01:00", "2024-01-02 04:04:05 +0100", "2024-01-02 03:04:05",
        "2024-01-02T03:04:05", "2024-01-02 03:04:05 UTC", "2024-01-01T22:04:05-05:00", "1704164645", "1704164645000",
        "1704164645.0", " 2024-01-02t03:04:05z ", "2024-01-02T04:04:05+01"})
    EXPECT_EQ(read(text), "2024-01-02T03:04:05.000Z") << text;
  EXPECT_EQ(read("2024-01-02T03:04:05.678Z"), "2024-01-02T03:04:05.678Z");
  EXPECT_EQ(read("1704164645678"), "2024-01-02T03:04:05.678Z");
  EXPECT_EQ(read("1704164645.678"), "2024-01-02T03:04:05.678Z");
  EXPECT_EQ(read("2024-01-02T03:04:05,678Z"), "2024-01-02T03:04:05.678Z");
  for (const std::string_view text :
       {"2024-01-02T03:04", "2024-01-02 03:04", "2024-01-02 04:04 +0100", "2024-01-02T03:04Z"})
    EXPECT_EQ(read(text), "2024-01-02T03:04:00.000Z") << text;
  EXPECT_EQ(read("20240102"), "2024-01-02T00:00:00.000Z");
  EXPECT_EQ(read("20241302"), "none");
  EXPECT_EQ(read("2024-01-02"), "2024-01-02T00:00:00.000Z");
  for (const std::string_view text : {"", "yesterday", "01/02/2024", "2024-13-01", "2024-01-02T25:00:00Z", "-5", "1e9",
                                      "99999999999999999999", "2024-01-02 03:04:05 CET"})
    EXPECT_EQ(read(text), "none") << text;
}

}  // namespace
}  // namespace pipeline
