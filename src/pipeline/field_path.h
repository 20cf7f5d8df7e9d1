// FieldPath: where in a record a value stands: a JSON Pointer (RFC 6901, "/line_items/0/title"), or the bare name of a
// field of the record itself, which is how a column of a CSV file is named. A value.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace pipeline {

class FieldPath {
 public:
  // The error says for people what is wrong with `text`.
  static std::expected<FieldPath, std::string> parse(std::string_view text);

  // The names on the way from the record to the value, at least one; of an array the index in decimal.
  [[nodiscard]] const std::vector<std::string>& steps() const { return steps_; }
  // As a JSON Pointer.
  [[nodiscard]] const std::string& pointer() const { return pointer_; }

  friend bool operator==(const FieldPath&, const FieldPath&) = default;

 private:
  FieldPath() = default;
  std::vector<std::string> steps_;
  std::string pointer_;
};

// "/" and `step`, with '~' and '/' escaped.
void append_pointer_step(std::string_view step, std::string& pointer);

}  // namespace pipeline
