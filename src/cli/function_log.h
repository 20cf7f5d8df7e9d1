// FunctionLog: the lines that one of the stack's functions has written since a moment, each once: for a command that
// waits for its work. Used from one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "pipeline/stack.h"

namespace cli {

class FunctionLog {
 public:
  // `since_ms` is epoch milliseconds by the services' clock; `stack` outlives this object. With a filter pattern of
  // CloudWatch Logs only the lines that match are there.
  FunctionLog(const pipeline::Stack& stack, std::string_view function, int64_t since_ms, std::string pattern = "")
      : site_(stack.site()), function_(function), since_ms_(since_ms), pattern_(std::move(pattern)) {}

  // The lines that the last call has not answered.
  base::Result<std::vector<std::string>> read();
  // Of the lines that tell_errors() looks for, in a log that has many.
  static constexpr const char* kErrors = "?ERROR ?\"Task timed out\" ?\"Error: \"";
  // Tells the user, each kind of error once, what has gone wrong by the lines not read yet. A log that cannot be read
  // tells nothing.
  void tell_errors();

 private:
  const pipeline::Site& site_;
  const std::string function_;
  const int64_t since_ms_;
  const std::string pattern_;
  std::set<std::string> seen_;  // ids of log events
  std::set<std::string> told_;
};

}  // namespace cli
