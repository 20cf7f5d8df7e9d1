#include "os/local_time.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace os {
namespace {

// The process's zone, put back at the end.
class LocalTimeTest : public testing::Test {
 protected:
  void SetUp() override { ::setenv("TZ", "XXX-2", 1); }  // POSIX: two hours ahead of UTC
  void TearDown() override { ::unsetenv("TZ"); }
};

TEST_F(LocalTimeTest, IsWrittenAndRead) {
  const auto time = base::parse_iso8601("2024-01-02T23:30:00Z");
  EXPECT_EQ(local_text(*time), "2024-01-03 01:30:00");
  EXPECT_EQ(zone_text(), "XXX");
  EXPECT_EQ(parse_local("2024-01-03 01:30:00"), time);
  EXPECT_EQ(parse_local("2024-01-03T01:30"), time);
  EXPECT_EQ(parse_local("2024-01-03"), base::parse_iso8601("2024-01-02T22:00:00Z"));
}

TEST_F(LocalTimeTest, RefusesWhatIsNone) {
  for (const std::string_view text :
       {"", "2024", "2024-02-30", "2024-01-03 25:00", "2024-01-03T01:30:00Z", "yesterday"})
    EXPECT_EQ(parse_local(text), std::nullopt) << text;
}

}  // namespace
}  // namespace os
