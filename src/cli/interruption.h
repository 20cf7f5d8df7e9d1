// Interruption: Ctrl-C (SIGINT) and SIGTERM as a question that a command asks between two steps, so that it can put
// things back and end. Made by a command that runs for long, one at a time per process; used from the command's thread.
#pragma once

#include <memory>
#include <mutex>

#include "base/env.h"
#include "os/signals.h"

namespace cli {

class Interruption {
 public:
  // `env` outlives this object; its clock is the machine's.
  explicit Interruption(base::Env& env);
  ~Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

  // Whether there is one in this process, so that Ctrl-C does not end it at once. From any thread.
  static bool is_awaited();
  // Whether a signal has come.
  [[nodiscard]] bool requested();
  // Sleeps, but not beyond a signal; not at all for a duration of 0. Answers !requested().
  bool pause(base::Duration how_long);

 private:
  base::Env& env_;
  os::SignalWaiter signals_;
  std::mutex mutex_;
  bool requested_ = false;
  std::unique_ptr<base::Condition> changed_;
  std::unique_ptr<base::Task> waiter_;
};

}  // namespace cli
