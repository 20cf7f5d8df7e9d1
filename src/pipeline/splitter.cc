#include "pipeline/splitter.h"

#include <algorithm>

namespace pipeline {
namespace {

constexpr std::string_view kSpace = " \t\r\n";
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::size_t kDepthMax = 1000;  // deeper documents are refused; orders themselves may nest 32 levels

// As many brackets closed as opened, outside of strings.
bool is_balanced(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string && c == '\\')
      ++i;
    else if (c == '"')
      in_string = !in_string;
    else if (!in_string)
      depth += (c == '{' || c == '[') - (c == '}' || c == ']');
  }
  return depth == 0;
}

bool is_space(char c) {
  return kSpace.find(c) != std::string_view::npos;
}

}  // namespace

void Splitter::feed(std::string_view piece) {
  before_ += piece_.size();
  piece_.assign(piece);
  at_ = 0;
}

void Splitter::finish() {
  finished_ = true;
}

void Splitter::fail(std::string why) {
  error_ = std::move(why) + " at byte " + std::to_string(before_ + at_);
  state_ = State::broken;
}

bool Splitter::skip_space() {
  while (at_ < piece_.size() && is_space(piece_[at_])) ++at_;
  return at_ < piece_.size();
}

void Splitter::append(std::string_view bytes) {
  const std::size_t room = kOrderBytesMax - std::min(kOrderBytesMax, text_.size());
  text_.append(bytes.substr(0, room));
  if (bytes.size() > room) too_long_ = true;
}

// The first byte that is not space decides what the document is.
void Splitter::begin() {
  // A byte order mark may stand first; it may come in several pieces.
  while (at_ < piece_.size() && before_ + at_ < kByteOrderMark.size() && piece_[at_] == kByteOrderMark[before_ + at_])
    ++at_;
  if (!skip_space()) {
    if (finished_) fail("the file is empty");
    return;
  }
  if (piece_[at_] == '[') {
    ++at_;
    state_ = State::array_first;
  } else if (piece_[at_] == '{') {
    state_ = State::line;
  } else {
    fail("the file is neither a JSON array of orders nor one order (a JSON object) per line");
  }
}

// Reads on in an array's element until its end: the comma or bracket behind it, which is not consumed.
bool Splitter::scan_value() {
  const std::size_t from = at_;
  for (; at_ < piece_.size(); ++at_) {
    const char c = piece_[at_];
    if (in_string_) {
      if (escaped_)
        escaped_ = false;
      else if (c == '\\')
        escaped_ = true;
      else if (c == '"')
        in_string_ = false;
    } else if (c == '"') {
      in_string_ = true;
    } else if (c == '{' || c == '[') {
      if (++depth_ > kDepthMax) {
        fail("the file is nested too deeply");
        return false;
      }
    } else if (depth_ == 0 && (c == ',' || c == ']')) {
      append(std::string_view(piece_).substr(from, at_ - from));
      return true;
    } else if (c == '}' || c == ']') {
      if (depth_ == 0) {
        fail("a closing bracket that nothing opened");
        return false;
      }
      --depth_;
    }
  }
  append(std::string_view(piece_).substr(from));
  if (finished_) fail("the JSON array is cut off");
  return false;
}

bool Splitter::scan_line() {
  const std::size_t end = std::min(piece_.size(), piece_.find('\n', at_));
  append(std::string_view(piece_).substr(at_, end - at_));
  at_ = end;
  if (at_ < piece_.size()) {
    ++at_;
    return true;
  }
  return finished_ && !text_.empty();
}

std::optional<Splitter::Order> Splitter::take() {
  Order order{count_++, std::move(text_), too_long_};
  while (!order.text.empty() && is_space(order.text.back())) order.text.pop_back();
  text_.clear();
  too_long_ = false;
  in_value_ = false;
  return order;
}

std::optional<Splitter::Order> Splitter::next() {
  while (true) {
    switch (state_) {
      case State::start:
        begin();
        if (state_ == State::start || state_ == State::broken) return std::nullopt;
        break;
      case State::array_first:
      case State::array_value:
        if (!in_value_) {
          if (!skip_space()) {
            if (finished_) fail("the JSON array is cut off");
            return std::nullopt;
          }
          if (piece_[at_] == ']' && state_ == State::array_first) {
            ++at_;
            state_ = State::after;
            break;
          }
          if (piece_[at_] == ',' || piece_[at_] == ']') {
            fail("a value is missing");
            return std::nullopt;
          }
          in_value_ = true;
        }
        if (!scan_value()) return std::nullopt;
        state_ = State::array_separator;
        return take();
      case State::array_separator:
        if (at_ >= piece_.size()) return std::nullopt;
        state_ = piece_[at_++] == ',' ? State::array_value : State::after;
        break;
      case State::line:
        if (text_.empty() && !skip_space()) return std::nullopt;
        if (!scan_line()) return std::nullopt;
        if (count_ == 0 && !too_long_ && !is_balanced(text_)) {
          fail("the file is one JSON object over several lines, neither an array of orders nor one order per line");
          return std::nullopt;
        }
        return take();
      case State::after:
        if (skip_space()) fail("something follows the JSON array");
        return std::nullopt;
      case State::broken:
        return std::nullopt;
    }
  }
}

}  // namespace pipeline
