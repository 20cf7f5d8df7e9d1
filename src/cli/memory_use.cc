#include "cli/memory_use.h"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <string>

namespace cli {
namespace {

// VmHWM of a process in bytes; 0 if it is gone.
uint64_t high_water_mark(const std::string& pid) {
  std::ifstream status("/proc/" + pid + "/status");
  for (std::string line; std::getline(status, line);) {
    if (!line.starts_with("VmHWM:")) continue;
    uint64_t kib = 0;
    const std::size_t digits = line.find_first_of("0123456789");
    if (digits != std::string::npos) std::from_chars(line.data() + digits, line.data() + line.size(), kib);
    return kib << 10;
  }
  return 0;
}

}  // namespace

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
