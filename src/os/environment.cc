#include "os/environment.h"

#include <unistd.h>

#include <cstdlib>

#include "os/write_all.h"

namespace os {

std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return std::string(value);
}

void write_stdout(std::string_view bytes) {
  (void)write_all(STDOUT_FILENO, bytes);
}

}  // namespace os
