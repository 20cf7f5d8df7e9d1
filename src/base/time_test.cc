#include "base/time.h"

#include <gtest/gtest.h>

namespace base {
namespace {

TEST(Time, FormatsEveryForm) {
  const Timestamp t = from_epoch_milliseconds(1'704'164'645'678);
  EXPECT_EQ(format_iso8601_seconds(t), "2024-01-02T03:04:05Z");
  EXPECT_EQ(format_iso8601_milliseconds(t), "2024-01-02T03:04:05.678Z");
  EXPECT_EQ(format_http_date(t), "Tue, 02 Jan 2024 03:04:05 GMT");
  EXPECT_EQ(format_amz_date(t), "20240102T030405Z");
  EXPECT_EQ(format_iso8601_milliseconds(Timestamp(Duration(-1))), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(format_iso8601_seconds(kTimestampMax), "294247-01-10T04:00:54Z");
  EXPECT_EQ(format_iso8601_seconds(from_epoch_seconds(951'782'400)), "2000-02-29T00:00:00Z");
}

TEST(Time, ParsesIso8601) {
  const Timestamp t = from_epoch_seconds(1'704'164'645);
  EXPECT_EQ(parse_iso8601("2024-01-02T03:04:05Z"), t);
  EXPECT_EQ(parse_iso8601("2024-01-02T03:04:05.6Z"), t + std::chrono::milliseconds(600));
  EXPECT_EQ(parse_iso8601("2024-01-02T03:04:05.123456789Z"), t + Duration(123'456));
  EXPECT_EQ(parse_iso8601("2024-01-02T04:34:05+01:30"), t);
  EXPECT_EQ(parse_iso8601("2024-01-01T22:04:05-0500"), t);
  for (const char* bad :
       {"", "2024-01-02", "2024-01-02T03:04:05", "2024-01-02 03:04:05Z", "2024-02-30T00:00:00Z", "2023-02-29T00:00:00Z",
        "2024-13-01T00:00:00Z", "2024-01-02T24:00:00Z", "2024-01-02T03:60:05Z", "2024-01-02T03:04:60Z",
        "2024-01-02T03:04:05.Z", "2024-01-02T03:04:05.1234567890Z", "2024-01-02T03:04:05Zx", "2024-01-02T03:04:05+1",
        "2024-01-02T03:04:05+24:00", "2024-1-02T03:04:05Z", " 2024-01-02T03:04:05Z", "2024-01-02T03:04:05z"})
    EXPECT_EQ(parse_iso8601(bad), std::nullopt) << bad;
}

TEST(Time, ParsesHttpAndAmzDates) {
  const Timestamp t = from_epoch_seconds(1'704'164'645);
  EXPECT_EQ(parse_http_date("Tue, 02 Jan 2024 03:04:05 GMT"), t);
  EXPECT_EQ(parse_amz_date("20240102T030405Z"), t);
  for (const char* bad :
       {"", "Mon, 02 Jan 2024 03:04:05 GMT", "Tue, 2 Jan 2024 03:04:05 GMT", "Tue, 02 Jan 2024 03:04:05 UTC",
        "Tue, 02 Jan 2024 03:04:05 GMT ", "Tue, 02 Foo 2024 03:04:05 GMT"})
    EXPECT_EQ(parse_http_date(bad), std::nullopt) << bad;
  for (const char* bad :
       {"", "20240102T030405", "20240102030405Z", "20240230T030405Z", "20240102T030405ZZ", "2024010aT030405Z"})
    EXPECT_EQ(parse_amz_date(bad), std::nullopt) << bad;
}

TEST(Time, EveryDayOfFourCenturiesRoundTrips) {
  for (Timestamp t = *parse_amz_date("18990101T000000Z"); t < *parse_amz_date("23010101T000000Z");
       t += std::chrono::hours(24) + std::chrono::milliseconds(1)) {
    ASSERT_EQ(parse_iso8601(format_iso8601_milliseconds(t)), t);
    ASSERT_EQ(parse_http_date(format_http_date(t)), std::chrono::floor<std::chrono::seconds>(t));
  }
}

}  // namespace
}  // namespace base
