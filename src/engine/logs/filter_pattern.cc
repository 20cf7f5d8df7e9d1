#include "engine/logs/filter_pattern.h"

#include <algorithm>

#include "engine/logs/limits.h"

namespace engine::logs {
namespace {

base::Result<TermPattern> parse_terms(PatternReader& reader) {
  TermPattern out;
  std::size_t terms = 0;
  for (reader.skip_spaces(); !reader.at_end(); reader.skip_spaces()) {
    const std::size_t begin = reader.position();
    std::vector<std::string>* list = &out.required;
    if (reader.take("-")) {
      list = &out.excluded;
    } else if (reader.take("?")) {
      list = &out.alternatives;
    }
    std::string term;
    if (reader.peek() == '"') {
      TRY_ASSIGN(term, reader.take_quoted());
    } else {
      term = reader.take_while(is_word_character);
      if (term.empty()) reader.take_while([](char c) { return !is_pattern_space(c); });
      if (term.empty()) return PatternReader::refuse_term(reader.since(begin));
    }
    if (!reader.at_end() && !is_pattern_space(reader.peek())) {
      reader.take_while([](char c) { return !is_pattern_space(c); });
      return PatternReader::refuse_term(reader.since(begin));
    }
    if (++terms > kFilterTermsMax) return reader.refuse("it has too many terms");
    // AWS's way to match everything is a quoted space, whatever the message.
    if (std::ranges::all_of(term, is_pattern_space)) continue;
    list->push_back(std::move(term));
  }
  return out;
}

}  // namespace

bool TermPattern::matches(std::string_view message) const {
  const auto occurs = [&](const std::string& term) { return occurs_in(message, term); };
  if (required.empty() && excluded.empty()) {
    return alternatives.empty() || std::ranges::any_of(alternatives, occurs);
  }
  return std::ranges::all_of(required, occurs) && std::ranges::none_of(excluded, occurs);
}

base::Result<FilterPattern> FilterPattern::parse(std::string_view text, std::string_view kind) {
  FilterPattern out;
  PatternReader reader(text, kind);
  if (text.size() > kFilterPatternLengthMax) return reader.refuse("it is longer than 1024 characters");
  reader.skip_spaces();
  if (reader.peek() == '{') {
    TRY_ASSIGN(out.kind_, JsonPattern::parse(reader));
  } else if (reader.peek() == '[') {
    TRY_ASSIGN(out.kind_, FieldPattern::parse(reader));
  } else if (reader.peek() == '%') {
    TRY_ASSIGN(const std::string_view expression, reader.take_regex());
    auto regex = Regex::parse(expression);
    if (!regex) return reader.refuse("in the regular expression " + std::string(expression) + " " + regex.error());
    out.kind_ = std::move(*regex);
  } else {
    TRY_ASSIGN(out.kind_, parse_terms(reader));
  }
  reader.skip_spaces();
  if (!reader.at_end()) return reader.refuse("something stands behind its end");
  if (out.regex_count() > kPatternRegexesMax) return reader.refuse("it can have only two regular expressions");
  return out;
}

bool FilterPattern::matches(EventText& event) const {
  if (const auto* terms = std::get_if<TermPattern>(&kind_)) return terms->matches(event.message());
  if (const auto* regex = std::get_if<Regex>(&kind_)) return regex->found_in(event.message());
  if (const auto* json = std::get_if<JsonPattern>(&kind_)) return json->matches(event);
  return std::get<FieldPattern>(kind_).matches(event);
}

aws::Map<std::string> FilterPattern::extract(EventText& event) const {
  if (const auto* json = std::get_if<JsonPattern>(&kind_)) return json->extract(event);
  if (const auto* fields = std::get_if<FieldPattern>(&kind_)) return fields->extract(event);
  return {};
}

bool FilterPattern::names_values() const {
  return std::holds_alternative<JsonPattern>(kind_) || std::holds_alternative<FieldPattern>(kind_);
}

bool FilterPattern::names(std::string_view reference) const {
  if (const auto* json = std::get_if<JsonPattern>(&kind_)) return json->names(reference);
  const auto* fields = std::get_if<FieldPattern>(&kind_);
  return fields != nullptr && fields->names(reference);
}

std::size_t FilterPattern::work() const {
  if (const auto* terms = std::get_if<TermPattern>(&kind_)) return std::max<std::size_t>(terms->size(), 1);
  if (const auto* regex = std::get_if<Regex>(&kind_)) return regex->work();
  if (const auto* json = std::get_if<JsonPattern>(&kind_)) return json->work();
  return std::get<FieldPattern>(kind_).work();
}

std::size_t FilterPattern::regex_count() const {
  if (std::holds_alternative<Regex>(kind_)) return 1;
  if (const auto* json = std::get_if<JsonPattern>(&kind_)) return json->regex_count();
  const auto* fields = std::get_if<FieldPattern>(&kind_);
  return fields == nullptr ? 0 : fields->regex_count();
}

}  // namespace engine::logs
