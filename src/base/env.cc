#include "base/env.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "base/check.h"

namespace base {
namespace {

constexpr int kNoThreadExitCode = 70;  // sysexits.h, EX_SOFTWARE: as for everything that ends the engine

}  // namespace

std::unique_ptr<Task> Executor::spawn(std::string name, std::function<void()> body) {
  if (auto task = try_spawn(name, std::move(body))) return task;
  std::fprintf(stderr,
               "cannot start the thread \"%s\": the system has none to give. Raise the limit that is in the way: of "
               "processes (ulimit -u), of memory (ulimit -v), or the container's of either.\n",
               name.c_str());
  std::_Exit(kNoThreadExitCode);
}

void pause(Env& env, Duration time) {
  const Timestamp until = env.clock.now() + time;
  std::mutex mutex;
  const auto never = env.executor.make_condition();
  std::unique_lock lock(mutex);
  while (env.clock.now() < until) env.executor.wait_until(lock, *never, until);
}

std::string make_uuid(Random& random) {
  std::array<std::byte, 16> bytes{};
  random.fill(bytes);
  bytes[6] = (bytes[6] & std::byte{0x0f}) | std::byte{0x40};  // version 4
  bytes[8] = (bytes[8] & std::byte{0x3f}) | std::byte{0x80};  // RFC 9562 variant
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  out.reserve(36);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    const auto value = std::to_integer<unsigned>(bytes[i]);
    out += kHex[value >> 4];
    out += kHex[value & 15];
  }
  return out;
}

std::string random_string(Random& random, std::size_t count, std::string_view alphabet) {
  CHECK(alphabet.size() >= 2 && alphabet.size() <= 256, "the alphabet must have 2 to 256 characters");
  // Bytes at or above the largest multiple of the alphabet's size would favour its first characters.
  const auto limit = static_cast<unsigned>(256 - 256 % alphabet.size());
  std::string out;
  out.reserve(count);
  std::array<std::byte, 64> bytes{};
  while (out.size() < count) {
    const auto chunk = std::span(bytes).first(std::min(bytes.size(), count - out.size()));
    random.fill(chunk);
    for (const std::byte b : chunk) {
      const auto value = std::to_integer<unsigned>(b);
      if (value < limit) out += alphabet[value % alphabet.size()];
    }
  }
  return out;
}

uint64_t random_below(Random& random, uint64_t bound) {
  CHECK(bound > 0, "nothing lies in an empty range");
  // 2^64 mod bound: values below it are drawn again, so that every remainder is equally likely.
  const uint64_t biased = (0 - bound) % bound;
  for (;;) {
    uint64_t value = 0;
    random.fill(std::as_writable_bytes(std::span(&value, 1)));
    if (value >= biased) return value % bound;
  }
}

}  // namespace base
