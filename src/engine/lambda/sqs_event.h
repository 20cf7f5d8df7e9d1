// SqsEvent: the event that a function receives for a batch of messages, written record by record in the order and case
// of AWS's own (protocols.md 4.4 item 26). Not thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "aws/sqs/shapes.h"

namespace engine::lambda {

// Appends one element of Records. With a batching window, md5OfMessageAttributes is null where a message has no
// attributes, without one it is absent (recorded 2025-11-25).
void write_sqs_record(const aws::sqs::Message& message, std::string_view queue_arn, std::string_view region,
                      bool has_window, std::string& out);

class SqsEvent {
 public:
  // False, and nothing added, if the event would exceed `bytes_max`; the first record always fits.
  bool add(std::string_view record, std::size_t bytes_max) {
    if (count_ != 0 && text_.size() + record.size() + 3 > bytes_max) return false;
    if (count_++ != 0) text_ += ',';
    text_ += record;
    return true;
  }
  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] std::string take() { return std::move(text_ += "]}"); }

 private:
  std::string text_ = R"({"Records":[)";
  std::size_t count_ = 0;
};

}  // namespace engine::lambda
