#pragma once

#include <string_view>

namespace os {

// Writes all of `bytes` to the open descriptor, however many calls that takes. False: errno says why not. Safe from any
// thread.
bool write_all(int file, std::string_view bytes);

}  // namespace os
