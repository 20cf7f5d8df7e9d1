// LogLines: cuts a function's output into lines, whatever pieces it is read in, and remembers the last of it for
// X-Amz-Log-Result. Bounded: at most one line and the tail are held. Owned by an instance; not thread-safe.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace runtime {

class LogLines {
 public:
  using Emit = std::function<void(std::string_view line)>;

  // Calls `emit` for each line completed by `bytes`, without its line feed. A line above kLogLineBytesMax is emitted in
  // pieces of that size.
  void feed(std::string_view bytes, const Emit& emit);
  // Emits an unfinished line, if there is one: the writer has paused or ended.
  void flush(const Emit& emit);
  // The last kLogTailBytesMax bytes fed since the last call.
  std::string take_tail();

 private:
  std::string partial_;
  std::string tail_;
};

}  // namespace runtime
