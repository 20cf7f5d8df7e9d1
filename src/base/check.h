// CHECK: an invariant that holds on every input. It stays on in release builds and ends the process with the
// place and the condition, because a broken invariant must not go on to acknowledge writes. Bytes from a client,
// a disk or a network never reach a CHECK: those are errors, not bugs. Safe from any thread.
#pragma once

#include <string_view>

namespace base {

// Prints `file:line: CHECK failed: condition (why)` to stderr and aborts.
[[noreturn]] void check_failed(const char* file, int line, const char* condition, std::string_view why);

}  // namespace base

#define CHECK(condition, why)                                      \
  do {                                                             \
    if (!(condition)) [[unlikely]]                                 \
      ::base::check_failed(__FILE__, __LINE__, #condition, (why)); \
  } while (false)
