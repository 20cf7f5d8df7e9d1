#include "os/environment.h"

#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "os/write_all.h"

namespace os {

std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return std::string(value);
}

std::string home_directory() {
  if (auto home = environment("HOME"); home.has_value() && !home->empty()) return std::move(*home);
  std::array<char, 4096> strings{};
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(::geteuid(), &entry, strings.data(), strings.size(), &found) != 0 || found == nullptr) return "";
  return entry.pw_dir;
}

void write_stdout(std::string_view bytes) {
  (void)write_all(STDOUT_FILENO, bytes);
}

}  // namespace os
