#include "pipeline/json_edit.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include "aws/codec/json_shape.h"
#include "pipeline/canonical_json.h"
#include "pipeline/json_scan.h"

namespace pipeline {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

struct Span {
  std::size_t begin = 0, end = 0;
};

// What an object or array has, without looking into it.
struct Child {
  std::string key;  // of an object
  Span value;
};

std::size_t skip_space(std::string_view json, std::size_t at) {
  return std::min(json.size(), json.find_first_not_of(kSpace, at));
}

std::size_t value_end(std::string_view json, std::size_t begin) {
  ValueScan scan;
  std::size_t end = begin;
  for (; end < json.size(); ++end) {
    const ValueScan::Seen seen = scan.see(json[end]);
    if (seen == ValueScan::Seen::closed) return end + 1;
    if (seen == ValueScan::Seen::outside) break;
  }
  return json.find_last_not_of(kSpace, end - 1) + 1;
}

std::size_t string_end(std::string_view json, std::size_t begin) {
  for (std::size_t i = begin + 1; i < json.size(); ++i) {
    if (json[i] == '\\')
      ++i;
    else if (json[i] == '"')
      return i + 1;
  }
  return json.size();
}

std::string unescaped(std::string_view quoted) {
  simdjson::dom::parser parser;
  std::string_view text;
  const bool is_text = parser.parse(quoted.data(), quoted.size()).get_string().get(text) == simdjson::SUCCESS;
  return std::string(is_text ? text : quoted);
}

// Of the object or array that begins at `begin`.
std::vector<Child> children_of(std::string_view json, std::size_t begin) {
  const bool is_object = json[begin] == '{';
  std::vector<Child> out;
  for (std::size_t at = skip_space(json, begin + 1); at < json.size() && json[at] != '}' && json[at] != ']';) {
    Child child;
    if (is_object) {
      const std::size_t key_end = string_end(json, at);
      child.key = unescaped(json.substr(at, key_end - at));
      at = skip_space(json, json.find(':', key_end) + 1);
    }
    child.value = {at, value_end(json, at)};
    at = skip_space(json, child.value.end);
    if (at < json.size() && json[at] == ',') at = skip_space(json, at + 1);
    out.push_back(std::move(child));
  }
  return out;
}

// Where a path leads to.
struct Place {
  Span parent;  // the object or array that has it, or would have it
  bool parent_is_object = false;
  std::vector<Child> siblings = {};  // all that the parent has
  std::size_t count = 0;             // of those that the last step names: 1, or there is no such value
  Span value = {};
  std::string why_none = {};
};

std::optional<std::size_t> index_of(std::string_view step) {
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), index);
  const bool whole = error == std::errc() && end == step.data() + step.size();
  if (!whole || (step.size() > 1 && step.starts_with('0'))) return std::nullopt;
  return index;
}

// What the value at `parent` has under `step`. REQUIRES: it is an object or array.
Place child_of(std::string_view json, Span parent, const std::string& step) {
  Place out{.parent = parent, .parent_is_object = json[parent.begin] == '{'};
  out.siblings = children_of(json, parent.begin);
  const auto index = out.parent_is_object ? std::nullopt : index_of(step);
  for (std::size_t i = 0; i < out.siblings.size(); ++i) {
    if (out.parent_is_object ? out.siblings[i].key != step : index != i) continue;
    out.value = out.siblings[i].value;
    ++out.count;
  }
  out.why_none = out.count > 1          ? "stands there more than once"
                 : out.parent_is_object ? "is not there"
                 : index.has_value()    ? fmt::format("is not there; the array has {} elements", out.siblings.size())
                                        : "is no place in an array";
  return out;
}

// The error says what on the way to the last step is not there.
std::expected<Place, std::string> find(std::string_view json, const FieldPath& path) {
  Place place;
  place.value = {skip_space(json, 0), json.find_last_not_of(kSpace) + 1};
  place.count = 1;
  std::string pointer;
  for (const std::string& step : path.steps()) {
    if (place.count != 1) return std::unexpected(pointer + " " + place.why_none);
    const char first = json[place.value.begin];
    if (first != '{' && first != '[')
      return std::unexpected((pointer.empty() ? "the record" : pointer) + " is neither an object nor an array");
    place = child_of(json, place.value, step);
    append_pointer_step(step, pointer);
  }
  return place;
}

// Indents as it goes; what is in strings is copied.
class Indenter {
 public:
  std::string indented(std::string_view json) {
    for (std::size_t i = skip_space(json, 0); i < json.size(); i = skip_space(json, i)) {
      if (json[i] == '"') {
        const std::size_t end = string_end(json, i);
        out_.append(json, i, end - i);
        i = end;
      } else {
        mark(json, i);
        ++i;
      }
    }
    return std::move(out_);
  }

 private:
  void mark(std::string_view json, std::size_t i) {
    const char c = json[i];
    const bool closes = c == '}' || c == ']';
    const bool is_empty = closes && (out_.ends_with('{') || out_.ends_with('['));
    if (closes) --depth_;
    if (closes && !is_empty) line();
    out_.push_back(c);
    if (c == ':') out_.push_back(' ');
    if (c == ',') line();
    if (c != '{' && c != '[') return;
    ++depth_;
    const std::size_t next = skip_space(json, i + 1);
    if (next < json.size() && json[next] != '}' && json[next] != ']') line();
  }
  void line() { out_.append("\n").append(2 * depth_, ' '); }

  std::string out_;
  std::size_t depth_ = 0;
};

}  // namespace

// By the reader of records: simdjson's own document has no room for a long number.
bool is_json(std::string_view text) {
  const std::size_t first = skip_space(text, 0);
  if (first < text.size() && text[first] == '{') return canonicalise(text, {}).has_value();
  const auto wrapped = canonicalise(fmt::format("{{\"\":{}}}", text), {});
  return wrapped.has_value() && wrapped->members == 1;
}

std::expected<std::string_view, std::string> json_at(std::string_view json, const FieldPath& path) {
  const auto place = find(json, path);
  if (!place.has_value()) return std::unexpected(place.error());
  if (place->count != 1) return std::unexpected(path.pointer() + " " + place->why_none);
  return json.substr(place->value.begin, place->value.end - place->value.begin);
}

std::expected<std::string, std::string> json_set(std::string_view json, const FieldPath& path, std::string_view value) {
  const auto place = find(json, path);
  if (!place.has_value()) return std::unexpected(place.error());
  if (place->count == 1)
    return fmt::format("{}{}{}", json.substr(0, place->value.begin), value, json.substr(place->value.end));
  const std::string& name = path.steps().back();
  const bool is_new = place->parent_is_object ? place->count == 0 : name == "-";
  if (!is_new) return std::unexpected(path.pointer() + " " + place->why_none);
  std::string added = place->siblings.empty() ? "" : ",";
  if (place->parent_is_object) {
    aws::codec::write_json_string(name, added);
    added.push_back(':');
  }
  const std::size_t at = place->siblings.empty() ? place->parent.begin + 1 : place->siblings.back().value.end;
  return fmt::format("{}{}{}{}", json.substr(0, at), added, value, json.substr(at));
}

std::string json_indented(std::string_view json) {
  return Indenter().indented(json);
}

}  // namespace pipeline
