// The process environment, read in one place. Only mains read it, at start; nothing writes it. Safe from any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace os {

// The value of the variable `name`; nullopt if it is not set. A variable set to nothing is "".
std::optional<std::string> environment(const std::string& name);

// HOME, or where that is not set, as for cron, the home of the user in the password database; "" if there is none.
std::string home_directory();

// Writes all of `bytes` to standard output, unbuffered and in one piece as long as the pipe takes it, which keeps log
// lines of several threads apart. Failures are dropped: there is nowhere to report them.
void write_stdout(std::string_view bytes);

}  // namespace os
