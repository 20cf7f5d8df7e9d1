#include "pipeline/splitter.h"

#include <algorithm>
#include <utility>

namespace pipeline {
namespace {

constexpr std::string_view kSpace = " \t\r\n";
// Between objects: also the record separator of RFC 7464, and byte order marks, which files that were put together have
// in their middle. The mark's three bytes are nothing else there.
constexpr std::string_view kSeparators = " \t\r\n\x1e\xef\xbb\xbf";
constexpr char kRecordSeparator = '\x1e';
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

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

Splitter::Step Splitter::fail(std::string why) {
  error_ = std::move(why) + " at byte " + std::to_string(before_ + at_);
  state_ = State::broken;
  return Step::wait;
}

// The piece is used up in the middle of `what`.
Splitter::Step Splitter::wait_within(std::string_view what) {
  return finished_ ? fail(std::string(what) + " is cut off") : Step::wait;
}

bool Splitter::skip_space() {
  while (at_ < piece_.size() && is_space(piece_[at_])) ++at_;
  return at_ < piece_.size();
}

bool Splitter::skip_separators() {
  while (at_ < piece_.size() && kSeparators.find(piece_[at_]) != std::string_view::npos) ++at_;
  return at_ < piece_.size();
}

void Splitter::append(std::string_view bytes) {
  const std::size_t room = kOrderBytesMax - std::min(kOrderBytesMax, text_.size());
  text_.append(bytes.substr(0, room));
  if (bytes.size() > room) too_long_ = true;
}

Splitter::Order Splitter::take() {
  Order order{count_++, std::move(text_), too_long_};
  while (!order.text.empty() && is_space(order.text.back())) order.text.pop_back();
  text_.clear();
  too_long_ = false;
  value_.reset();
  return order;
}

// The first byte that is not space decides what the document is.
Splitter::Step Splitter::begin() {
  // A byte order mark may stand first; it may come in several pieces.
  while (at_ < piece_.size() && before_ + at_ < kByteOrderMark.size() && piece_[at_] == kByteOrderMark[before_ + at_])
    ++at_;
  if (!skip_space()) return finished_ ? fail("the file is empty") : Step::wait;
  const char first = piece_[at_];
  has_separators_ = first == kRecordSeparator;
  if (first == '[') {
    ++at_;
    state_ = State::first_element;
  } else if (first == '{' || first == kRecordSeparator) {
    state_ = records_.has_value() ? State::page
             : !marks_.id.empty() ? State::first_object
             : first == '{'       ? State::line
                                  : State::object;
  } else {
    return fail("the file is neither a JSON array of orders nor one order (a JSON object) after the other");
  }
  return Step::on;
}

// What has been kept of the document is read as `as`.
void Splitter::read_again(State as) {
  before_ = before_ + at_ - text_.size();
  piece_ = std::exchange(text_, {}) + piece_.substr(at_);
  at_ = 0;
  value_.reset();
  state_ = as;
}

// A page may be larger than memory, so it is not waited for its end: what has begun shows.
Splitter::Step Splitter::first_object() {
  if (!value_.has_value()) {
    if (!skip_separators()) return Step::wait;
    value_.emplace();
  }
  ValueScan::Seen seen = ValueScan::Seen::inside;
  const std::size_t from = at_;
  while (at_ < piece_.size() && seen == ValueScan::Seen::inside && text_.size() + (at_ - from) < kOrderBytesMax)
    seen = value_->see(piece_[at_++]);
  text_.append(piece_, from, at_ - from);
  const bool is_enough = seen != ValueScan::Seen::inside || text_.size() >= kOrderBytesMax;
  if (!is_enough && !finished_) return Step::wait;
  if (const auto found = find_records(text_, marks_)) {
    records_ = FieldPath::parse(*found).value();
    is_found_ = true;
  }
  read_again(is_found_ ? State::page : has_separators_ ? State::object : State::line);
  return Step::on;
}

// An array's element ends with the comma or bracket behind it, which is not consumed.
Splitter::Step Splitter::element() {
  if (!value_.has_value()) {
    if (!skip_space()) return wait_within("the JSON array");
    if (piece_[at_] == ']' && state_ == State::first_element) {
      ++at_;
      state_ = page_.has_value() ? State::page : State::after;
      return Step::on;
    }
    if (piece_[at_] == ',' || piece_[at_] == ']') return fail("a value is missing");
    value_.emplace();
  }
  for (const std::size_t from = at_;; ++at_) {
    if (at_ == piece_.size()) {
      append(std::string_view(piece_).substr(from));
      return wait_within("the JSON array");
    }
    const ValueScan::Seen seen = value_->see(piece_[at_]);
    if (seen == ValueScan::Seen::too_deep) return fail("the file is nested too deeply");
    if (seen != ValueScan::Seen::outside) continue;
    if (piece_[at_] == '}') return fail("a closing bracket that nothing opened");
    append(std::string_view(piece_).substr(from, at_ - from));
    state_ = State::behind_element;
    return Step::order;
  }
}

Splitter::Step Splitter::line() {
  if (text_.empty() && !skip_separators()) return Step::wait;
  const std::size_t end = std::min(piece_.size(), piece_.find('\n', at_));
  append(std::string_view(piece_).substr(at_, end - at_));
  at_ = end;
  if (at_ == piece_.size() && !finished_) return Step::wait;
  if (text_.empty()) return Step::wait;
  if (count_ == 0 && !too_long_) return first_line();
  at_ += at_ < piece_.size();
  return Step::order;
}

// Whether it is an order tells files of one order per line from those whose objects end anywhere.
Splitter::Step Splitter::first_line() {
  ValueScan scan;
  std::size_t end = 0;
  for (ValueScan::Seen seen{}; end < text_.size() && seen != ValueScan::Seen::closed; ++end) {
    seen = scan.see(text_[end]);
    if (seen == ValueScan::Seen::too_deep) return fail("the file is nested too deeply");
  }
  while (end < text_.size() && kSeparators.find(text_[end]) != std::string_view::npos) ++end;
  const bool another = end < text_.size() && text_[end] == '{';
  if (scan.is_closed() && !another) {
    at_ += at_ < piece_.size();
    return Step::order;
  }
  read_again(State::object);
  return Step::on;
}

Splitter::Step Splitter::object() {
  if (!value_.has_value()) {
    if (!skip_separators()) return Step::wait;
    if (piece_[at_] != '{') return fail("there is something between two orders");
    value_.emplace();
  }
  for (const std::size_t from = at_; at_ < piece_.size();) {
    const ValueScan::Seen seen = value_->see(piece_[at_++]);
    if (seen == ValueScan::Seen::too_deep) return fail("the file is nested too deeply");
    if (seen != ValueScan::Seen::closed) {
      if (at_ == piece_.size()) append(std::string_view(piece_).substr(from));
      continue;
    }
    append(std::string_view(piece_).substr(from, at_ - from));
    return Step::order;
  }
  return wait_within("an order");
}

Splitter::Step Splitter::page() {
  if (!page_.has_value()) {
    if (!skip_separators()) return Step::wait;
    page_.emplace(*records_);
  }
  while (at_ < piece_.size()) {
    if (is_found_ && page_->has_array() && behind_.size() < kOrderBytesMax) behind_.push_back(piece_[at_]);
    switch (page_->see(piece_[at_++])) {
      case ArrayScan::Seen::on:
        break;
      case ArrayScan::Seen::array:
        state_ = State::first_element;
        return Step::on;
      case ArrayScan::Seen::end:
        return end_page();
      case ArrayScan::Seen::wrong:
        return fail(page_->error());
    }
  }
  return wait_within("a page");
}

Splitter::Step Splitter::end_page() {
  if (!page_->has_array()) return fail("there is no array at " + records_->pointer() + " in the object");
  page_.reset();
  const std::string wrong = is_found_ ? contradiction(std::exchange(behind_, {}), marks_) : std::string();
  if (wrong.empty()) return Step::on;
  return fail(wrong + ": say by `records` in the section [orders] where the records stand, if not at " +
              records_->pointer() + ";");
}

Splitter::Step Splitter::step() {
  switch (state_) {
    case State::start:
      return begin();
    case State::first_object:
      return first_object();
    case State::first_element:
    case State::element:
      return element();
    case State::behind_element:
      if (at_ >= piece_.size()) return wait_within("the JSON array");
      state_ = piece_[at_++] == ',' ? State::element : page_.has_value() ? State::page : State::after;
      return Step::on;
    case State::line:
      return line();
    case State::object:
      return object();
    case State::page:
      return page();
    case State::after:
      return skip_space() ? fail("something follows the JSON array") : Step::wait;
    case State::broken:
      return Step::wait;
  }
  return Step::wait;
}

std::optional<Splitter::Order> Splitter::next() {
  while (true) {
    const Step made = step();
    if (made == Step::order) return take();
    if (made == Step::wait) return std::nullopt;
  }
}

}  // namespace pipeline
