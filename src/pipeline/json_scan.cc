#include "pipeline/json_scan.h"

#include <string_view>
#include <utility>

namespace pipeline {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

}  // namespace

ValueScan::Seen ValueScan::see(char c) {
  if (in_string_) {
    if (escaped_)
      escaped_ = false;
    else if (c == '\\')
      escaped_ = true;
    else if (c == '"')
      in_string_ = false;
    return Seen::inside;
  }
  if (c == '"') {
    in_string_ = true;
  } else if (c == '{' || c == '[') {
    if (++depth_ > kDepthMax) return Seen::too_deep;
  } else if (c == '}' || c == ']') {
    if (depth_ == 0) return Seen::outside;
    if (--depth_ == 0) return Seen::closed;
  } else if (c == ',' && depth_ == 0) {
    return Seen::outside;
  }
  return Seen::inside;
}

ArrayScan::Seen ArrayScan::wrong(std::string why) {
  error_ = std::move(why);
  return Seen::wrong;
}

ArrayScan::Seen ArrayScan::close() {
  state_ = State::between;
  return --level_ == 0 ? Seen::end : Seen::on;
}

ArrayScan::Seen ArrayScan::between(char c) {
  if (is_space(c) || c == ',') return Seen::on;
  if (c == '}') return close();
  if (c != '"') return wrong("an object has something that is no key");
  key_.clear();
  state_ = State::key;
  return Seen::on;
}

// The value of key_.
ArrayScan::Seen ArrayScan::value(char c) {
  if (is_space(c)) return Seen::on;
  if (key_ == path_.steps()[level_ - 1]) {
    const bool last = level_ == path_.steps().size();
    if (c != (last ? '[' : '{')) return wrong("there is no array at " + path_.pointer());
    state_ = State::between;
    if (!last) ++level_;
    has_array_ = has_array_ || last;
    return last ? Seen::array : Seen::on;
  }
  skip_ = ValueScan();
  state_ = State::skipping;
  return skipped(c);
}

ArrayScan::Seen ArrayScan::skipped(char c) {
  const ValueScan::Seen seen = skip_.see(c);
  if (seen == ValueScan::Seen::too_deep) return wrong("the file is nested too deeply");
  if (seen == ValueScan::Seen::inside) return Seen::on;
  state_ = State::between;
  return seen == ValueScan::Seen::closed ? Seen::on : between(c);
}

ArrayScan::Seen ArrayScan::see(char c) {
  switch (state_) {
    case State::before:
      if (is_space(c)) return Seen::on;
      if (c != '{') return wrong("a page is a JSON object");
      level_ = 1;
      state_ = State::between;
      return Seen::on;
    case State::between:
      return between(c);
    case State::key:
      if (!escaped_ && c == '"') {
        state_ = State::colon;
        return Seen::on;
      }
      escaped_ = !escaped_ && c == '\\';
      key_.push_back(c);
      return Seen::on;
    case State::colon:
      if (is_space(c)) return Seen::on;
      if (c != ':') return wrong("a key has no value");
      state_ = State::value;
      return Seen::on;
    case State::value:
      return value(c);
    case State::skipping:
      return skipped(c);
  }
  return Seen::on;
}

}  // namespace pipeline
