// Names for processes by which another one can tell later whether the process it was still runs: pids are used again.
// Safe from any thread.
#pragma once

#include <string>
#include <string_view>

namespace os {

// Of this process: its machine's name, its pid and when it started, "host:123:456".
std::string this_process();

// False if the process that `name` was given to has surely ended: it was of this machine, and is not there any more.
bool may_run(std::string_view name);

}  // namespace os
