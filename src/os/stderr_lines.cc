#include "os/stderr_lines.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace os {
namespace {

constexpr int kLookMs = 50;  // how often the end is looked for

}  // namespace

bool StderrLines::await_room() {
  while (true) {
    pollfd error{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
    const int ready = ::poll(&error, 1, left_ms_ > 0 ? kLookMs : 0);
    if (ready > 0) return (error.revents & POLLOUT) != 0;
    if (ready < 0 && errno != EINTR) return false;
    if (left_ms_ <= 0) return false;
    if (left_ms_ != INT64_MAX) left_ms_ -= kLookMs;
  }
}

// A pipe that is ready takes PIPE_BUF bytes, which is kLineBytesMax, without waiting.
bool StderrLines::write(std::string_view line) {
  while (!line.empty()) {
    if (!await_room()) return false;
    const ssize_t count = ::write(STDERR_FILENO, line.data(), line.size());
    if (count > 0) line.remove_prefix(static_cast<std::size_t>(count));
    if (count < 0 && errno != EINTR && errno != EAGAIN) return false;
  }
  return true;
}

}  // namespace os
