#include "aws/auth/condition_date.h"

#include <gtest/gtest.h>

namespace aws::auth {
namespace {

std::string read(std::string_view text) {
  const auto date = parse_condition_date(text);
  return date ? base::format_iso8601_milliseconds(*date) : "";
}

TEST(ConditionDate, WhatIamReads) {
  const struct {
    const char* text;
    const char* date;
  } rows[] = {
      {"0", "1970-01-01T00:00:00.000Z"},
      {"1700000000", "2023-11-14T22:13:20.000Z"},
      {"9223372036854775807", "9999-12-31T23:59:59.000Z"},
      {"2024-02", "2024-02-01T00:00:00.000Z"},
      {"2024-02-03", "2024-02-03T00:00:00.000Z"},
      {"2024T", "2024-01-01T00:00:00.000Z"},
      {"2024-02-03T04", "2024-02-03T04:00:00.000Z"},
      {"2009-01-31T12:00Z", "2009-01-31T12:00:00.000Z"},
      {"2016-12-13t2:00:00.593194+23", "2016-12-12T03:00:00.593Z"},
      {"2016-12-13T21:20:37.5-01:30", "2016-12-13T22:50:37.500Z"},
      {"2016-12-13T21:20:37+0100", "2016-12-13T20:20:37.000Z"},
      {"292278993-01-01", "9999-12-31T23:59:59.000Z"},
  };
  for (const auto& row : rows) EXPECT_EQ(read(row.text), row.date) << row.text;
  EXPECT_TRUE(parse_condition_date("-292275054"));
  for (const char* text : {"",
                           "yesterday",
                           "sdfdsf",
                           "234-13",
                           "2016-12-13t2:00:00.593194+1",
                           "1.5",
                           "12x",
                           "-",
                           "2016-12-13t2:00:00.1999999999+10:59",
                           "9223372036854775808",
                           "-292275055",
                           "292278994-01",
                           "2024-01-32",
                           "2024-01-01-01",
                           "2024-01-01T24",
                           "2024-01-01T00:60",
                           "2024-01-01T00:00:60",
                           "2024-01-01T00:00:00+24",
                           "2024-01-01T00:00:00Zz",
                           "2024-01-01T00:00:00:00"})
    EXPECT_FALSE(parse_condition_date(text)) << text;
}

}  // namespace
}  // namespace aws::auth
