#include "os/signals.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "base/check.h"

namespace os {
namespace {

// A pipe and not signalfd, because that needs the signals blocked, and child processes would inherit the blocked mask;
// handlers are reset by exec.
std::atomic<int> write_end{-1};

void write_notice(int signal_number) {
  const int saved_errno = errno;
  const char notice = static_cast<char>(signal_number);
  // The pipe does not block: when 64 KiB of notices are unread, losing one changes nothing.
  [[maybe_unused]] const ssize_t written = ::write(write_end.load(), &notice, 1);
  errno = saved_errno;
}

}  // namespace

SignalWaiter::SignalWaiter() {
  CHECK(write_end.load() == -1, "only one SignalWaiter at a time");
  int ends[2];
  CHECK(::pipe2(ends, O_CLOEXEC) == 0, "no pipe for signals");
  CHECK(::fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0, "pipe for signals");
  read_end_ = ends[0];
  write_end.store(ends[1]);
  struct sigaction action = {};
  action.sa_handler = write_notice;
  action.sa_flags = SA_RESTART;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(SIGTERM, &action, &previous_term_);
  ::sigaction(SIGINT, &action, &previous_int_);
  ::sigaction(SIGHUP, nullptr, &previous_hup_);
  if (previous_hup_.sa_handler != SIG_IGN) ::sigaction(SIGHUP, &action, nullptr);
  action.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &action, &previous_pipe_);
}

SignalWaiter::~SignalWaiter() {
  ::sigaction(SIGTERM, &previous_term_, nullptr);
  ::sigaction(SIGINT, &previous_int_, nullptr);
  ::sigaction(SIGHUP, &previous_hup_, nullptr);
  ::sigaction(SIGPIPE, &previous_pipe_, nullptr);
  ::close(write_end.exchange(-1));
  ::close(read_end_);
}

int SignalWaiter::wait() {
  for (;;) {
    char notice = 0;
    const ssize_t got = ::read(read_end_, &notice, 1);
    if (got == 1) return notice;
    CHECK(got < 0 && errno == EINTR, "the pipe for signals is broken");
  }
}

void SignalWaiter::interrupt() {
  write_notice(0);
}

}  // namespace os
