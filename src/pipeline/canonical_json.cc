#include "pipeline/canonical_json.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "aws/codec/json_shape.h"
#include "base/decimal.h"

namespace pipeline {
namespace {

namespace od = simdjson::ondemand;
using Kind = FoundValue::Kind;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\n' || text.back() == '\r' || text.back() == '\t'))
    text.remove_suffix(1);
  return text;
}

// -?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)?; simdjson does not look inside a number that is read as raw text.
bool is_json_number(std::string_view text) {
  const auto digits = [&text] {
    const std::size_t count = std::min(text.size(), text.find_first_not_of("0123456789"));
    text.remove_prefix(count);
    return count;
  };
  const auto skip = [&text](std::string_view any_of) {
    const bool there = !text.empty() && any_of.find(text.front()) != std::string_view::npos;
    if (there) text.remove_prefix(1);
    return there;
  };
  skip("-");
  const bool zero_first = text.starts_with('0');
  const std::size_t whole = digits();
  if (whole == 0 || (zero_first && whole > 1)) return false;
  if (skip(".") && digits() == 0) return false;
  if (skip("eE")) {
    skip("+-");
    if (digits() == 0) return false;
  }
  return text.empty();
}

// The normal form of a JSON number that Decimal does not hold: its significant digits and a power of ten. Only an
// amount has to be exact; in other fields a number may be as long as it likes, and still be told from others.
std::string long_number(std::string_view text) {
  const bool negative = text.starts_with('-');
  std::string digits;
  const std::size_t at = std::min(text.size(), text.find_first_of("eE"));
  std::string_view exponent_text = text.substr(std::min(text.size(), at + 1));
  if (exponent_text.starts_with('+')) exponent_text.remove_prefix(1);
  int64_t exponent = 0;
  const auto [end, error] =
      std::from_chars(exponent_text.data(), exponent_text.data() + exponent_text.size(), exponent);
  constexpr int64_t kExponentMax = INT64_MAX / 2;
  if ((at < text.size() && error != std::errc()) || exponent > kExponentMax || exponent < -kExponentMax)
    return std::string(text);  // beyond reason; it counts as it is spelled
  bool in_fraction = false;
  for (const char c : text.substr(0, at)) {
    if (c == '.') in_fraction = true;
    if (c < '0' || c > '9') continue;
    digits.push_back(c);
    exponent -= in_fraction;
  }
  while (digits.ends_with('0')) {
    digits.pop_back();
    ++exponent;
  }
  digits.erase(0, std::min(digits.size(), digits.find_first_not_of('0')));
  return (negative ? "-" : "") + digits + "e" + std::to_string(exponent);
}

// Walks over a record and writes its canonical text. Its functions answer false once there is a rejection.
class Walker {
 public:
  explicit Walker(std::span<const WantedValue> wanted) : wanted_(wanted) {
    record_.found.resize(wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) open_.push_back(i);
  }
  bool object(od::object object);
  bool refuse(std::string_view why, std::string_view what) {
    std::string pointer;
    for (const std::string& step : steps_) append_pointer_step(step, pointer);
    rejection_ = {why, pointer.empty() ? std::string(what) : pointer + " " + std::string(what)};
    return false;
  }
  [[nodiscard]] CanonicalRecord& record() { return record_; }
  [[nodiscard]] Rejection& rejection() { return rejection_; }

 private:
  // What of `wanted_` can still be at or below the current value: the end of open_ from its begin on.
  using Open = std::size_t;
  struct Member {
    std::string_view key;  // in simdjson's buffer of strings
    std::size_t begin, end;
  };

  bool value(od::value v);
  bool array(od::array array);
  bool number(std::string_view text);
  bool string(std::string_view text);
  bool child(std::string_view step, od::value v);
  bool in_order(std::vector<Member>& members, std::size_t begin);
  void found(Kind kind, std::string_view text = {});

  const std::span<const WantedValue> wanted_;
  CanonicalRecord record_;
  Rejection rejection_;
  std::vector<std::string> steps_;  // from the record to the current value
  std::vector<std::size_t> open_;   // indices into wanted_; those of the current value begin at open_begin_
  Open open_begin_ = 0;
};

void Walker::found(Kind kind, std::string_view text) {
  for (std::size_t i = open_begin_; i < open_.size(); ++i)
    if (wanted_[open_[i]].path.steps().size() == steps_.size()) record_.found[open_[i]] = {kind, std::string(text)};
}

bool Walker::child(std::string_view step, od::value v) {
  const Open begin = open_begin_;
  const std::size_t end = open_.size();
  for (std::size_t i = begin; i < end; ++i) {
    const std::vector<std::string>& path = wanted_[open_[i]].path.steps();
    if (path.size() > steps_.size() && path[steps_.size()] == step) open_.push_back(open_[i]);
  }
  open_begin_ = end;
  steps_.emplace_back(step);
  const bool done = value(v);
  if (!done) return false;  // the steps are those of the rejection
  steps_.pop_back();
  open_.resize(end);
  open_begin_ = begin;
  return true;
}

bool Walker::number(std::string_view text) {
  text = trimmed(text);
  if (!is_json_number(text)) return refuse(reason::kJsonSyntax, "is not a number");
  const auto number = base::Decimal::parse(text);
  const std::string normal = number.has_value() ? number->to_string() : long_number(text);
  record_.text.append(normal);
  found(Kind::number, number.has_value() ? normal : text);
  return true;
}

bool Walker::string(std::string_view text) {
  found(Kind::string, text);
  for (std::size_t i = open_begin_; i < open_.size(); ++i) {
    const WantedValue& wanted = wanted_[open_[i]];
    if (!wanted.is_number || wanted.path.steps().size() != steps_.size()) continue;
    if (const auto number = base::Decimal::parse(text); number.has_value()) {
      record_.text.append(number->to_string());
      return true;
    }
  }
  aws::codec::write_json_string(text, record_.text);
  return true;
}

bool Walker::value(od::value v) {
  if (steps_.size() >= kRecordDepthMax) {
    rejection_ = {reason::kTooLarge, "nested deeper than 32 levels"};
    return false;
  }
  od::json_type type{};
  if (v.type().get(type) != simdjson::SUCCESS) return refuse(reason::kJsonSyntax, "is malformed JSON");
  if (type == od::json_type::object) {
    od::object members;
    if (v.get_object().get(members) != simdjson::SUCCESS) return refuse(reason::kJsonSyntax, "is malformed JSON");
    found(Kind::object);
    return object(members);
  }
  if (type == od::json_type::array) {
    od::array elements;
    if (v.get_array().get(elements) != simdjson::SUCCESS) return refuse(reason::kJsonSyntax, "is malformed JSON");
    found(Kind::array);
    return array(elements);
  }
  if (type == od::json_type::number) return number(v.raw_json_token());
  if (type == od::json_type::string) {
    std::string_view text;
    if (v.get_string().get(text) != simdjson::SUCCESS)
      return refuse(reason::kJsonSyntax, "is not a well-formed string");
    return string(text);
  }
  bool truth = false;  // what an error leaves false
  if (type == od::json_type::boolean && v.get_bool().get(truth) == simdjson::SUCCESS) {
    record_.text.append(truth ? "true" : "false");
    found(Kind::boolean, truth ? "true" : "false");
    return true;
  }
  if (type == od::json_type::null && v.is_null().get(truth) == simdjson::SUCCESS && truth) {
    record_.text.append("null");
    found(Kind::null);
    return true;
  }
  return refuse(reason::kJsonSyntax, "is malformed JSON");
}

bool Walker::array(od::array array) {
  record_.text.push_back('[');
  std::size_t index = 0;
  for (auto element : array) {
    od::value v;
    if (element.get(v) != simdjson::SUCCESS) return refuse(reason::kJsonSyntax, "is malformed JSON");
    if (index != 0) record_.text.push_back(',');
    if (!child(std::to_string(index++), v)) return false;
  }
  record_.text.push_back(']');
  return true;
}

// Puts the members, whose texts stand one after the other from `begin` on, in the order of their keys.
bool Walker::in_order(std::vector<Member>& members, std::size_t begin) {
  std::ranges::sort(members, {}, &Member::key);
  const auto repeated = std::ranges::adjacent_find(members, {}, &Member::key);
  if (repeated != members.end()) {
    steps_.emplace_back(repeated->key);
    return refuse(reason::kJsonSyntax, "occurs more than once");
  }
  std::string sorted = "{";
  sorted.reserve(record_.text.size() - begin + members.size() + 2);
  for (const Member& member : members) {
    if (sorted.size() > 1) sorted.push_back(',');
    sorted.append(record_.text, member.begin, member.end - member.begin);
  }
  sorted.push_back('}');
  record_.text.resize(begin);
  record_.text.append(sorted);
  return true;
}

bool Walker::object(od::object object) {
  const std::size_t begin = record_.text.size();
  std::vector<Member> members;
  for (auto field : object) {
    std::string_view key;
    od::value v;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS || field.value().get(v) != simdjson::SUCCESS)
      return refuse(reason::kJsonSyntax, steps_.empty() ? "malformed JSON" : "is malformed JSON");
    const std::size_t at = record_.text.size();
    aws::codec::write_json_string(key, record_.text);
    record_.text.push_back(':');
    if (!child(key, v)) return false;
    members.push_back({key, at, record_.text.size()});
  }
  if (steps_.empty()) record_.members = members.size();
  return in_order(members, begin);
}

}  // namespace

std::expected<CanonicalRecord, Rejection> canonicalise(std::string_view json, std::span<const WantedValue> wanted) {
  static thread_local od::parser parser;
  const simdjson::padded_string padded(json);
  od::document document;
  od::object object;
  od::json_type type{};
  const auto malformed = [] { return std::unexpected(Rejection{reason::kJsonSyntax, "not well-formed JSON"}); };
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS || document.type().get(type) != simdjson::SUCCESS)
    return malformed();
  if (type != od::json_type::object) {
    // The type is told from the first character; whether the rest is JSON at all decides the reason.
    simdjson::dom::parser whole;
    if (whole.parse(padded).error() != simdjson::SUCCESS) return malformed();
    return std::unexpected(
        Rejection{reason::kSchemaType, json.starts_with('[')
                                           ? "an order is a JSON object; this is an array, as which a row of CSV "
                                             "with more cells than headings is kept"
                                           : "an order is a JSON object"});
  }
  if (document.get_object().get(object) != simdjson::SUCCESS) return malformed();
  Walker walker(wanted);
  if (!walker.object(object)) return std::unexpected(std::move(walker.rejection()));
  // Something behind the object: the location is then known instead of out of bounds.
  if (document.current_location().error() != simdjson::OUT_OF_BOUNDS) return malformed();
  return std::move(walker.record());
}

}  // namespace pipeline
