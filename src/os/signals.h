// SignalWaiter: turns SIGTERM, SIGINT and SIGHUP (a closed terminal, unless nohup ignores it) into the return of a
// blocking call, and makes writes to a closed pipe or socket fail with an error instead of ending the process (SIGPIPE
// is ignored). One per process, made by main before it needs it; the earlier dispositions come back when it is
// destroyed. wait() and interrupt() are safe from any thread.
#pragma once

#include <csignal>

namespace os {

class SignalWaiter {
 public:
  // Ends the process if a second one is made while one exists, or if the system has no pipe to give.
  SignalWaiter();
  ~SignalWaiter();
  SignalWaiter(const SignalWaiter&) = delete;
  SignalWaiter& operator=(const SignalWaiter&) = delete;

  // Blocks until one of these signals arrives and returns its number, or until interrupt() and returns 0. Each notice
  // ends one call; signals that came before the call count.
  int wait();
  // Ends one call of wait() with 0, for example because the store has failed.
  void interrupt();

 private:
  int read_end_ = -1;
  struct sigaction previous_term_ = {};
  struct sigaction previous_int_ = {};
  struct sigaction previous_hup_ = {};
  struct sigaction previous_pipe_ = {};
};

}  // namespace os
