#include "os/signals.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>

namespace os {
namespace {

TEST(SignalWaiter, ReturnsEachSignalOnceAndInterrupts) {
  {
    SignalWaiter waiter;
    ::raise(SIGTERM);
    EXPECT_EQ(waiter.wait(), SIGTERM);
    ::raise(SIGINT);
    waiter.interrupt();
    EXPECT_EQ(waiter.wait(), SIGINT);
    EXPECT_EQ(waiter.wait(), 0);
    ::raise(SIGHUP);
    EXPECT_EQ(waiter.wait(), SIGHUP);

    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    ::close(ends[0]);
    EXPECT_EQ(::write(ends[1], "x", 1), -1);  // would end the process without the waiter
    EXPECT_EQ(errno, EPIPE);
    ::close(ends[1]);
  }
  struct sigaction now = {};
  ::sigaction(SIGTERM, nullptr, &now);
  EXPECT_EQ(now.sa_handler, SIG_DFL);
}

TEST(SignalWaiter, LeavesWhatNohupIgnores) {
  const auto before = ::signal(SIGHUP, SIG_IGN);
  {
    SignalWaiter waiter;
    ::raise(SIGHUP);
    waiter.interrupt();
    EXPECT_EQ(waiter.wait(), 0);
  }
  ::signal(SIGHUP, before);
}

}  // namespace
}  // namespace os
