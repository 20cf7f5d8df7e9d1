#include "engine/logs/filter_pattern.h"

#include <algorithm>

#include "aws/logs/errors.h"
#include "engine/logs/limits.h"

namespace engine::logs {
namespace {

std::unexpected<base::AwsError> refuse(std::string message) {
  return base::fail(aws::logs::errors::invalid_parameter_exception(std::move(message)));
}

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// What a term may hold without quotes.
bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

}  // namespace

base::Result<FilterPattern> FilterPattern::parse(std::string_view text) {
  FilterPattern out;
  if (text.size() > kFilterPatternLengthMax) return refuse("Invalid filter pattern: longer than 1024 characters");
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  std::size_t terms = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (is_space(text[at])) {
      ++at;
      continue;
    }
    if (text[at] == '{') return refuse("JSON filter patterns ({ $.field = ... }) are not supported by this engine");
    if (text[at] == '[') return refuse("Space-delimited filter patterns ([a, b]) are not supported by this engine");
    std::vector<std::string>* list = &out.required_;
    if (text[at] == '-' || text[at] == '?') list = text[at++] == '-' ? &out.excluded_ : &out.alternatives_;
    if (at < text.size() && text[at] == '%') {
      return refuse("Regular expressions (%...%) in filter patterns are not supported by this engine");
    }
    std::string term;
    if (at < text.size() && text[at] == '"') {
      for (++at; at < text.size() && text[at] != '"'; ++at) {
        if (text[at] == '\\' && at + 1 < text.size()) ++at;
        term.push_back(text[at]);
      }
      if (at == text.size()) return refuse("Invalid filter pattern: a quotation mark is missing");
      ++at;
    } else {
      while (at < text.size() && is_plain(text[at])) term.push_back(text[at++]);
    }
    if (term.empty() || (at < text.size() && !is_space(text[at]))) {
      return refuse(
          "Invalid filter pattern: terms with characters other than letters, digits and underscores must be in "
          "double quotation marks");
    }
    if (++terms > kFilterTermsMax) return refuse("Invalid filter pattern: too many terms");
    list->push_back(std::move(term));
  }
  return out;
}

bool FilterPattern::matches(std::string_view message) const {
  const auto occurs = [&](const std::string& term) { return message.find(term) != message.npos; };
  return std::ranges::all_of(required_, occurs) && std::ranges::none_of(excluded_, occurs) &&
         (alternatives_.empty() || std::ranges::any_of(alternatives_, occurs));
}

}  // namespace engine::logs
