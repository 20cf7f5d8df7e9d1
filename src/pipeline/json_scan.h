// Finding the way through JSON byte by byte, without holding or checking it: where a value ends, and where in an object
// an array stands. For documents larger than memory. Values; not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "pipeline/field_path.h"

namespace pipeline {

// Where a value ends, whatever is in it.
class ValueScan {
 public:
  enum class Seen : uint8_t {
    inside,    // the value goes on
    closed,    // this byte closes the value's own bracket
    outside,   // this byte, a comma or a bracket that nothing opened, stands behind the value
    too_deep,  // more than kDepthMax brackets are open
  };
  static constexpr std::size_t kDepthMax = 1000;  // orders themselves may nest 32 levels
  Seen see(char c);
  // No bracket and no string is open.
  [[nodiscard]] bool is_closed() const { return depth_ == 0 && !in_string_; }

 private:
  std::size_t depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
};

// Where in an object the array at a path stands.
class ArrayScan {
 public:
  explicit ArrayScan(FieldPath path) : path_(std::move(path)) {}
  enum class Seen : uint8_t {
    on,     // nothing yet
    array,  // this byte opens the array; the bytes from there to behind its end are the caller's
    end,    // this byte closes the object
    wrong,  // see error()
  };
  Seen see(char c);
  // The object has had its array.
  [[nodiscard]] bool has_array() const { return has_array_; }
  // For people: why the array cannot be there.
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  enum class State : uint8_t { before, between, key, colon, value, skipping };
  Seen between(char c);
  Seen value(char c);
  Seen skipped(char c);
  Seen close();
  Seen wrong(std::string why);

  FieldPath path_;
  State state_ = State::before;
  std::size_t level_ = 0;  // of the objects on the way that are open
  std::string key_;        // as it is spelled
  bool escaped_ = false;
  ValueScan skip_;
  bool has_array_ = false;
  std::string error_;
};

}  // namespace pipeline
