#include "os/descriptor_limit.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

namespace os {
namespace {

TEST(DescriptorLimit, ConnectionsLeaveAReserve) {
  EXPECT_EQ(connections_within(1024), 512U);
  EXPECT_EQ(connections_within(4096), 3072U);
  EXPECT_EQ(connections_within(1 << 20), 20'000U);
  EXPECT_EQ(connections_within(400), 100U) << "too few for both: a share";
  EXPECT_EQ(connections_within(10), 16U);
}

TEST(DescriptorLimit, RaisesTheSoftLimitOnly) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit low = before;
  low.rlim_cur = std::min<rlim_t>(before.rlim_max, 100);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  const uint64_t raised = raise_descriptor_limit();
  rlimit after{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &after), 0);
  EXPECT_EQ(after.rlim_cur, raised);
  EXPECT_EQ(after.rlim_max, before.rlim_max);
  EXPECT_EQ(raised, std::min<rlim_t>(before.rlim_max, 32'768));
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

}  // namespace
}  // namespace os
