#include "cli/memory_use.h"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <string>

namespace cli {
namespace {

// A value of /proc/PID/status in bytes; 0 if the process is gone.
uint64_t memory_of(const std::string& pid, std::string_view name) {
  std::ifstream status("/proc/" + pid + "/status");
  for (std::string line; std::getline(status, line);) {
    if (!line.starts_with(name)) continue;
    uint64_t kib = 0;
    const std::size_t digits = line.find_first_of("0123456789");
    if (digits != std::string::npos) std::from_chars(line.data() + digits, line.data() + line.size(), kib);
    return kib << 10;
  }
  return 0;
}

uint64_t high_water_mark(const std::string& pid) {
  return memory_of(pid, "VmHWM:");
}

}  // namespace

uint64_t resident_bytes() {
  return memory_of("self", "VmRSS:");
}

uint64_t peak_resident_bytes() {
  return high_water_mark("self");
}

uint64_t children_peak_resident_bytes() {
  uint64_t sum = 0;
  std::error_code failed;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task", failed)) {
    std::ifstream children(task.path() / "children");
    for (std::string pid; children >> pid;) sum += high_water_mark(pid);
  }
  return sum;
}

}  // namespace cli
