#include "runtime/log_lines.h"

#include <utility>

#include "runtime/function_host.h"

namespace runtime {

void LogLines::feed(std::string_view bytes, const Emit& emit) {
  tail_ += bytes.size() > kLogTailBytesMax ? bytes.substr(bytes.size() - kLogTailBytesMax) : bytes;
  // Trimmed only when it has doubled, so that many short lines do not move the tail each time.
  if (tail_.size() > 2 * kLogTailBytesMax) tail_.erase(0, tail_.size() - kLogTailBytesMax);
  while (!bytes.empty()) {
    const std::size_t room = kLogLineBytesMax - partial_.size();
    const std::size_t newline = bytes.substr(0, room + 1).find('\n');
    if (newline != std::string_view::npos) {
      if (partial_.empty()) {
        emit(bytes.substr(0, newline));
      } else {
        partial_ += bytes.substr(0, newline);
        emit(partial_);
        partial_.clear();
      }
      bytes.remove_prefix(newline + 1);
    } else if (bytes.size() > room) {
      partial_ += bytes.substr(0, room);
      emit(partial_);
      partial_.clear();
      bytes.remove_prefix(room);
    } else {
      partial_ += bytes;
      return;
    }
  }
}

void LogLines::flush(const Emit& emit) {
  if (partial_.empty()) return;
  emit(partial_);
  partial_.clear();
}

std::string LogLines::take_tail() {
  if (tail_.size() > kLogTailBytesMax) tail_.erase(0, tail_.size() - kLogTailBytesMax);
  return std::exchange(tail_, {});
}

}  // namespace runtime
