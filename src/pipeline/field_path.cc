#include "pipeline/field_path.h"

#include <fmt/format.h>

namespace pipeline {
namespace {

// "~0" is '~', "~1" is '/'.
std::expected<std::string, std::string> unescaped(std::string_view step) {
  std::string out;
  for (std::size_t i = 0; i < step.size(); ++i) {
    if (step[i] != '~') {
      out.push_back(step[i]);
      continue;
    }
    const char next = i + 1 < step.size() ? step[++i] : ' ';
    if (next != '0' && next != '1')
      return std::unexpected(fmt::format("\"{}\": in a JSON Pointer ~ is followed by 0 or 1", step));
    out.push_back(next == '0' ? '~' : '/');
  }
  return out;
}

}  // namespace

void append_pointer_step(std::string_view step, std::string& pointer) {
  pointer.push_back('/');
  for (const char c : step) {
    if (c == '~') {
      pointer.append("~0");
    } else if (c == '/') {
      pointer.append("~1");
    } else {
      pointer.push_back(c);
    }
  }
}

std::expected<FieldPath, std::string> FieldPath::parse(std::string_view text) {
  if (text.empty()) return std::unexpected("an empty path names no field");
  FieldPath out;
  if (!text.starts_with('/')) {
    out.steps_.emplace_back(text);
    append_pointer_step(text, out.pointer_);
    return out;
  }
  while (!text.empty()) {
    text.remove_prefix(1);
    const std::string_view step = text.substr(0, text.find('/'));
    auto plain = unescaped(step);
    if (!plain.has_value()) return std::unexpected(std::move(plain).error());
    append_pointer_step(*plain, out.pointer_);
    out.steps_.push_back(std::move(*plain));
    text.remove_prefix(step.size());
  }
  return out;
}

}  // namespace pipeline
