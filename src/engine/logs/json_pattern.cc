#include "engine/logs/json_pattern.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <charconv>

namespace engine::logs {
namespace {

namespace dom = simdjson::dom;

constexpr std::string_view kBareCharacters = ".*+-";

bool is_name_character(char c) {
  return is_word_character(c) || c == '-';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// What stands between brackets: an index, *, or a name in single or double quotation marks.
base::Result<JsonSelector::Part> read_bracket(PatternReader& reader) {
  JsonSelector::Part out;
  if (reader.take("*")) {
    out = JsonSelector::AnyPart();
  } else if (reader.peek() == '"') {
    TRY_ASSIGN(out, reader.take_quoted());
  } else if (reader.take("'")) {
    out = std::string(reader.take_while([](char c) { return c != '\''; }));
    if (!reader.take("'")) return reader.refuse("a quotation mark is missing");
  } else {
    const std::string_view digits = reader.take_while(is_digit);
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
    if (error != std::errc()) return reader.refuse("an index must be a number, * or a name in quotation marks");
    out = index;
  }
  if (!reader.take("]")) return reader.refuse("a closing ] is missing");
  return out;
}

base::Result<JsonTest> read_test(PatternReader& reader) {
  if (reader.peek() != '$') return reader.refuse("a property selector ($.name) is missing");
  TRY_ASSIGN(JsonSelector selector, JsonSelector::parse(reader));
  JsonTest out{std::move(selector)};
  reader.skip_spaces();
  const std::size_t begin = reader.position();
  const auto take_word = [&](std::string_view word) {
    reader.skip_spaces();
    return reader.take(word) && !is_name_character(reader.peek());
  };
  if (is_name_character(reader.peek())) {
    if (reader.take("IS")) {
      if (take_word("NULL")) {
        out.kind = JsonTest::Kind::is_null;
      } else if (take_word("TRUE")) {
        out.kind = JsonTest::Kind::is_true;
      } else if (take_word("FALSE")) {
        out.kind = JsonTest::Kind::is_false;
      } else {
        return reader.refuse("only NULL, TRUE or FALSE can follow IS");
      }
      return out;
    }
    if (reader.take("NOT") && take_word("EXISTS")) {
      out.kind = JsonTest::Kind::not_exists;
      return out;
    }
    reader.take_while(is_name_character);
    if (reader.since(begin) == "EXISTS")
      return reader.refuse("EXISTS is not supported, write " + out.selector.text + " = *");
    return PatternReader::refuse_term(reader.since(begin));
  }
  TRY_ASSIGN(out.comparison, Comparison::parse(reader, kBareCharacters));
  return out;
}

// nullopt for objects, arrays and null, which equal nothing and differ from nothing. `buffer` keeps the digits.
std::optional<Comparison::Value> scalar(dom::element element, std::string& buffer) {
  switch (element.type()) {
    case dom::element_type::STRING:
      return Comparison::Value{element.get_string().value_unsafe(), std::nullopt};
    case dom::element_type::BOOL:
      return Comparison::Value{element.get_bool().value_unsafe() ? "true" : "false", std::nullopt};
    case dom::element_type::INT64:
      buffer = fmt::format("{}", element.get_int64().value_unsafe());
      return Comparison::Value{buffer, static_cast<double>(element.get_int64().value_unsafe())};
    case dom::element_type::UINT64:
      buffer = fmt::format("{}", element.get_uint64().value_unsafe());
      return Comparison::Value{buffer, static_cast<double>(element.get_uint64().value_unsafe())};
    case dom::element_type::DOUBLE:
      buffer = fmt::format("{}", element.get_double().value_unsafe());
      if (buffer.find_first_of(".e") == buffer.npos) buffer += ".0";  // 12.0 is not the text 12
      return Comparison::Value{buffer, element.get_double().value_unsafe()};
    default:
      return std::nullopt;
  }
}

// Calls `visit` with each element that the selector points at, until it says true; answers whether it did.
template <class Visit>
bool find(dom::element element, std::span<const JsonSelector::Part> parts, const Visit& visit) {
  for (; !parts.empty(); parts = parts.subspan(1)) {
    if (std::holds_alternative<JsonSelector::AnyPart>(parts.front())) {
      if (dom::array array; element.get(array) == simdjson::SUCCESS) {
        for (const dom::element each : array) {
          if (find(each, parts.subspan(1), visit)) return true;
        }
      } else if (dom::object object; element.get(object) == simdjson::SUCCESS) {
        for (const auto field : object) {
          if (find(field.value, parts.subspan(1), visit)) return true;
        }
      }
      return false;
    }
    dom::element inner;
    if (const auto* name = std::get_if<std::string>(&parts.front())) {
      dom::object object;
      if (element.get(object) != simdjson::SUCCESS || object.at_key(*name).get(inner) != simdjson::SUCCESS)
        return false;
    } else {
      dom::array array;
      if (element.get(array) != simdjson::SUCCESS ||
          array.at(std::get<std::size_t>(parts.front())).get(inner) != simdjson::SUCCESS) {
        return false;
      }
    }
    element = inner;
  }
  return visit(element);
}

bool holds(const JsonTest& test, dom::element root) {
  using Kind = JsonTest::Kind;
  std::string buffer;
  const auto fits = [&](dom::element element) {
    bool truth = false;
    switch (test.kind) {
      case Kind::not_exists:
        return true;
      case Kind::is_null:
        return element.is_null();
      case Kind::is_true:
      case Kind::is_false:
        return element.get(truth) == simdjson::SUCCESS && truth == (test.kind == Kind::is_true);
      case Kind::compare:
        break;
    }
    const auto value = scalar(element, buffer);
    return value && test.comparison->accepts(*value);
  };
  return find(root, test.selector.parts, fits) != (test.kind == Kind::not_exists);
}

}  // namespace

base::Result<JsonSelector> JsonSelector::parse(PatternReader& reader) {
  JsonSelector out;
  const std::size_t begin = reader.position();
  if (!reader.take("$")) return reader.refuse("a property selector begins with $");
  while (reader.peek() == '.' || reader.peek() == '[') {
    const bool dotted = reader.take(".");
    if (dotted && reader.take("*")) {
      out.parts.emplace_back(AnyPart());
    } else if (reader.take("[")) {
      TRY_ASSIGN(Part part, read_bracket(reader));
      out.parts.push_back(std::move(part));
    } else {
      const std::string_view name = reader.take_while(is_name_character);
      if (name.empty()) return reader.refuse("a property selector has an empty name");
      out.parts.emplace_back(std::string(name));
    }
    if (out.parts.size() > kSelectorPartsMax) return reader.refuse("a property selector is too long");
  }
  if (out.parts.empty()) return reader.refuse("a property selector must name a property");
  if (std::ranges::count_if(out.parts, [](const Part& p) { return std::holds_alternative<AnyPart>(p); }) > 1) {
    return reader.refuse("a property selector can have only one wildcard");
  }
  out.text = reader.since(begin);
  return out;
}

bool JsonSelector::has_wildcard() const {
  return std::ranges::any_of(parts, [](const Part& part) { return std::holds_alternative<AnyPart>(part); });
}

std::optional<std::string> JsonSelector::find_in(EventText& event) const {
  std::optional<std::string> out;
  const dom::element* root = event.json();
  if (root == nullptr) return out;
  std::string buffer;
  find(*root, parts, [&](dom::element element) {
    if (const auto value = scalar(element, buffer)) out = std::string(value->text);
    return out.has_value();
  });
  return out;
}

base::Result<JsonPattern> JsonPattern::parse(PatternReader& reader) {
  if (!reader.take("{")) return reader.refuse("a { is missing");
  TRY_ASSIGN(auto expression, Expression<JsonTest>::parse(reader, read_test));
  reader.skip_spaces();
  if (!reader.take("}")) return reader.refuse("a closing } is missing");
  std::size_t wildcards = 0;
  expression.each_test([&](const JsonTest& test) { wildcards += test.selector.has_wildcard() ? 1 : 0; });
  if (wildcards > kPatternWildcardsMax) return reader.refuse("it can have only three wildcard selectors");
  return JsonPattern(std::move(expression));
}

bool JsonPattern::matches(EventText& event) const {
  const dom::element* root = event.json();
  return root != nullptr && expression_.holds([&](const JsonTest& test) { return holds(test, *root); });
}

aws::Map<std::string> JsonPattern::extract(EventText& event) const {
  aws::Map<std::string> out;
  expression_.each_test([&](const JsonTest& test) {
    if (auto text = test.selector.find_in(event)) out[test.selector.text] = std::move(*text);
  });
  return out;
}

bool JsonPattern::names(std::string_view selector) const {
  bool out = false;
  expression_.each_test([&](const JsonTest& test) { out = out || test.selector.text == selector; });
  return out;
}

std::size_t JsonPattern::work() const {
  std::size_t out = 2;  // to read the object
  expression_.each_test([&](const JsonTest& test) { out += test.comparison ? test.comparison->work() + 1 : 1; });
  return out;
}

std::size_t JsonPattern::regex_count() const {
  std::size_t out = 0;
  expression_.each_test([&](const JsonTest& test) { out += test.comparison && test.comparison->has_regex() ? 1 : 0; });
  return out;
}

}  // namespace engine::logs
