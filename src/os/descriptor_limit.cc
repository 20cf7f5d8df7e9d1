#include "os/descriptor_limit.h"

#include <sys/resource.h>

#include <algorithm>

namespace os {
namespace {

constexpr uint64_t kDescriptorsWanted = 32'768;
constexpr uint64_t kConnectionsMax = 20'000;
constexpr uint64_t kConnectionsMin = 16;
constexpr uint64_t kReserved =
    512;  // 256 files of the store (RocksDbOptions::open_files_max), and a few dozen functions

}  // namespace

uint64_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  const rlim_t wanted = std::min<rlim_t>(limit.rlim_max, kDescriptorsWanted);
  if (limit.rlim_cur >= wanted) return limit.rlim_cur;
  const rlim_t before = limit.rlim_cur;
  limit.rlim_cur = wanted;
  return ::setrlimit(RLIMIT_NOFILE, &limit) == 0 ? wanted : before;
}

uint32_t connections_within(uint64_t descriptors) {
  const uint64_t reserved = std::max(kReserved, descriptors / 4);
  const uint64_t left = descriptors > reserved ? descriptors - reserved : 0;
  return static_cast<uint32_t>(std::clamp(std::max(left, descriptors / 4), kConnectionsMin, kConnectionsMax));
}

}  // namespace os
