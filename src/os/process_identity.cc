#include "os/process_identity.h"

#include <unistd.h>

#include <array>
#include <fstream>
#include <iterator>

namespace os {
namespace {

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

// When it started, in ticks since the machine did (proc(5), field 22 of stat); empty if there is no such process.
std::string started_at(const std::string& pid) {
  std::ifstream file("/proc/" + pid + "/stat");
  const std::string stat(std::istreambuf_iterator<char>(file), {});
  std::size_t at = stat.rfind(')');  // the name before may hold anything
  for (int field = 2; at != std::string::npos && field < 22; ++field) at = stat.find(' ', at + 1);
  return at == std::string::npos ? "" : stat.substr(at + 1, stat.find(' ', at + 1) - at - 1);
}

std::string name_of(const std::string& pid) {
  return host_name() + ":" + pid + ":" + started_at(pid);
}

}  // namespace

std::string this_process() {
  return name_of(std::to_string(::getpid()));
}

bool may_run(std::string_view name) {
  const std::size_t host = name.find(':');
  if (name.substr(0, host) != host_name()) return true;
  if (host == std::string_view::npos) return false;
  const std::string_view pid = name.substr(host + 1, name.find(':', host + 1) - host - 1);
  return name_of(std::string(pid)) == name;
}

}  // namespace os
