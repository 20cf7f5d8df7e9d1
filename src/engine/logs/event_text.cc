#include "engine/logs/event_text.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "engine/logs/pattern_reader.h"

namespace engine::logs {
namespace {

// The same document with numbers that the parser takes: integers of more than 64 bits get a fraction, and numbers
// beyond a double become texts.
std::string with_readable_numbers(std::string_view json) {
  constexpr std::string_view kNumberCharacters = "0123456789+-.eE";
  constexpr std::size_t kDigitsMax = 18;  // of an integer that is surely readable
  std::string out;
  for (std::size_t at = 0; at < json.size();) {
    const std::size_t begin = at;
    if (json[at] == '"') {
      for (++at; at < json.size() && json[at] != '"'; ++at)
        if (json[at] == '\\') ++at;
      at = std::min(at + 1, json.size());
      out.append(json.substr(begin, at - begin));
      continue;
    }
    while (at < json.size() && kNumberCharacters.find(json[at]) != kNumberCharacters.npos) ++at;
    const std::string_view number = json.substr(begin, at - begin);
    double value = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
    const bool whole = !number.empty() && end == number.data() + number.size();
    if (whole && error == std::errc::result_out_of_range && number.find("e-") == number.npos) {
      out.append("\"").append(number).append("\"");
    } else if (whole && number.size() > kDigitsMax && number.find_first_of(".eE") == number.npos) {
      out.append(number).append(".0");
    } else {  // no number, as the e of true is none, or a bad one that the parser is to refuse again
      at = std::max(at, begin + 1);
      out.append(json.substr(begin, at - begin));
    }
  }
  return out;
}

}  // namespace

bool occurs_in(std::string_view text, std::string_view part) {
  return memmem(text.data(), text.size(), part.data(), part.size()) != nullptr;
}

struct EventText::Parts {
  std::string_view message;
  bool json_read = false;
  bool is_object = false;
  bool fields_read = false;
  std::vector<std::string_view> fields;
  std::vector<std::size_t> field_begins;  // with the quotation mark or bracket
  simdjson::dom::parser parser;
  simdjson::dom::element root;
};

EventText::EventText() : parts_(std::make_unique<Parts>()) {}
EventText::~EventText() = default;

void EventText::set(std::string_view message) {
  parts_->message = message;
  parts_->json_read = parts_->fields_read = false;
}

std::string_view EventText::message() const {
  return parts_->message;
}

const simdjson::dom::element* EventText::json() {
  Parts& parts = *parts_;
  if (!parts.json_read) {
    parts.json_read = true;
    std::size_t begin = 0;
    while (begin < parts.message.size() && is_pattern_space(parts.message[begin])) ++begin;
    // Most lines are no JSON, and the parser need not find that out.
    parts.is_object = false;
    if (begin == parts.message.size() || parts.message[begin] != '{') return nullptr;
    auto error = parts.parser.parse(parts.message.data(), parts.message.size()).get(parts.root);
    if (error == simdjson::NUMBER_ERROR)
      error = parts.parser.parse(with_readable_numbers(parts.message)).get(parts.root);
    parts.is_object = error == simdjson::SUCCESS && parts.root.is_object();
  }
  return parts.is_object ? &parts.root : nullptr;
}

const std::vector<std::string_view>& EventText::fields() {
  Parts& parts = *parts_;
  if (parts.fields_read) return parts.fields;
  parts.fields_read = true;
  parts.fields.clear();
  parts.field_begins.clear();
  const std::string_view text = parts.message;
  std::string unclosed;  // the closing characters that do not come any more, so that nobody looks for them again
  for (std::size_t at = 0; at < text.size();) {
    if (is_pattern_space(text[at])) {
      ++at;
      continue;
    }
    parts.field_begins.push_back(at);
    const char closing = text[at] == '"' ? '"' : text[at] == '[' ? ']' : '\0';
    if (closing != '\0' && unclosed.find(closing) == unclosed.npos) {
      std::size_t end = at + 1;
      while (end < text.size() && text[end] != closing) end += closing == '"' && text[end] == '\\' ? 2 : 1;
      if (end < text.size()) {
        parts.fields.push_back(text.substr(at + 1, end - at - 1));
        at = end + 1;
        continue;
      }
      unclosed.push_back(closing);  // and this is a field like any other
    }
    const std::size_t begin = at;
    while (at < text.size() && !is_pattern_space(text[at])) ++at;
    parts.fields.push_back(text.substr(begin, at - begin));
  }
  return parts.fields;
}

std::string_view EventText::from_field(std::size_t index) {
  fields();
  std::string_view out = parts_->message.substr(parts_->field_begins[index]);
  while (!out.empty() && is_pattern_space(out.back())) out.remove_suffix(1);
  return out;
}

}  // namespace engine::logs
