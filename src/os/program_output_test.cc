#include "os/program_output.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

namespace os {
namespace {

using std::chrono::milliseconds;

std::expected<std::string, std::string> shell(const std::string& script, const ProgramPatience& patience = {}) {
  return program_output({"sh", "-c", script}, patience);
}

bool is_alive(pid_t pid) {
  return ::kill(pid, 0) == 0;
}

TEST(ProgramOutput, IsWhatIsWrittenByTheEnd) {
  EXPECT_EQ(shell("echo a; echo b >&2; printf c").value(), "a\nc");
  EXPECT_EQ(shell("true").value(), "");
  EXPECT_EQ(shell("head -c 500000 /dev/zero | tr '\\0' x").value(), std::string(500'000, 'x'));
  EXPECT_EQ(shell("echo a; exit 3").error(), "exit code 3");
  EXPECT_EQ(shell("kill -9 $$").error(), "it was ended by signal 9");
  EXPECT_EQ(shell("yes").error(), "it writes more than 1 MiB");
  EXPECT_EQ(program_output({"/no/such/program"}).error(), "No such file or directory");
}

// A helper that leaves an agent behind has given what it has to give.
TEST(ProgramOutput, DoesNotWaitForWhatTheProgramLeavesBehind) {
  const auto begin = std::chrono::steady_clock::now();
  const auto written = shell("echo keys; sleep 300 & echo $!");
  ASSERT_TRUE(written.has_value()) << written.error();
  ASSERT_TRUE(written->starts_with("keys\n")) << *written;
  const pid_t left = std::stoi(written->substr(5));
  EXPECT_TRUE(is_alive(left));
  ::kill(left, SIGKILL);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::minutes(1));
}

TEST(ProgramOutput, WaitsForItsEndAlsoWhenItHasClosedItsOutput) {
  EXPECT_EQ(shell("echo keys; exec >&-; sleep 0.2; exit 4").error(), "exit code 4");
}

TEST(ProgramOutput, IsEndedWhenItTakesTooLong) {
  int told = 0;
  const ProgramPatience patience{
      .at_most = milliseconds(400), .tell_after = milliseconds(100), .tell = [&told] { ++told; }};
  for (const char* script :
       {"echo keys; exec sleep 300", "exec >&-; exec sleep 300", "trap '' TERM; while :; do sleep 0.1; done"}) {
    told = 0;
    EXPECT_EQ(shell(script, patience).error(), "it has not ended within 1 seconds, and was ended") << script;
    EXPECT_EQ(told, 1) << script;
  }
  told = 0;
  EXPECT_EQ(shell("echo soon", {.tell = patience.tell}).value(), "soon\n");
  EXPECT_EQ(told, 0);
}

// It may ask on the terminal, so it is in the foreground's process group.
TEST(ProgramOutput, StaysInTheProcessGroup) {
  EXPECT_EQ(shell("read pid name state parent group rest < /proc/$$/stat; echo $group").value(),
            std::to_string(::getpgrp()) + "\n");
}

}  // namespace
}  // namespace os
