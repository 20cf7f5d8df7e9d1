// Exit codes of `till`, the same for every command; `till help` prints them.
#pragma once

namespace cli {

enum ExitCode : int {
  kOk = 0,
  kFailed = 1,       // the command could not do what it was asked
  kUsage = 2,        // the command line is wrong
  kCheckFailed = 3,  // it ran, and what it found is not as it should be (orders missing or all refused, resources left)
  // No engine at the endpoint, and nothing was sent there; or the data directory is in use.
  kUnreachable = 4,
  kInterrupted = 130,  // Ctrl-C before the command was done; it has put things back
};

}  // namespace cli
