#include "os/process_identity.h"

#include <gtest/gtest.h>

namespace os {
namespace {

TEST(ProcessIdentity, TellsWhoRuns) {
  const std::string self = this_process();
  EXPECT_TRUE(may_run(self));
  EXPECT_FALSE(may_run(self + "0")) << "another had the pid before";
  EXPECT_TRUE(may_run("elsewhere." + self)) << "nobody here knows";
  EXPECT_FALSE(may_run(self.substr(0, self.find(':')) + ":x:1"));
}

}  // namespace
}  // namespace os
