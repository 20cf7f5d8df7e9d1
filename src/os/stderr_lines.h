// StderrLines: lines to standard error for one thread of its own, which nobody may have to wait for at the end: a pipe
// that is full because its reader does not read takes no more, and then the lines are lost, not the program.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string_view>

namespace os {

class StderrLines {
 public:
  // A line, with its end, up to this size is never mixed with those of other processes on the same pipe.
  static constexpr std::size_t kLineBytesMax = 4096;

  // Waits until the line can be written; false if it cannot any more (the disk is full, nobody reads). By one thread.
  bool write(std::string_view line);
  // From now on write() waits for `patience` all together, and then no more. From any thread.
  void end_within(std::chrono::milliseconds patience) { left_ms_ = patience.count(); }

 private:
  // Whether standard error takes something now.
  bool await_room();
  std::atomic<int64_t> left_ms_ = INT64_MAX;
};

}  // namespace os
