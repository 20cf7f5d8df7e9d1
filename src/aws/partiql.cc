#include "aws/partiql.h"

#include <algorithm>

namespace aws {
namespace {

using Kind = PartiqlToken::Kind;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_word_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}
bool is_word_part(char c) {
  return is_word_start(c) || is_digit(c);
}
bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f';
}

// The end of white space and comments that begin at `at`; npos if a comment never ends.
std::size_t skip_space(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    if (is_space(text[at])) {
      ++at;
    } else if (text.substr(at, 2) == "--") {
      at = std::min(text.size(), text.find('\n', at));
    } else if (text.substr(at, 2) == "/*") {
      const std::size_t end = text.find("*/", at + 2);
      if (end == std::string_view::npos) return end;
      at = end + 2;
    } else {
      break;
    }
  }
  return at;
}

// The end of a quoted stretch, in which a doubled quote is a quote; npos if it never ends.
std::size_t quoted_end(std::string_view text, std::size_t begin) {
  for (std::size_t at = begin + 1; at < text.size(); ++at) {
    if (text[at] != text[begin]) continue;
    if (at + 1 >= text.size() || text[at + 1] != text[begin]) return at + 1;
    ++at;
  }
  return std::string_view::npos;
}

std::size_t number_end(std::string_view text, std::size_t at) {
  const auto digits = [&] {
    while (at < text.size() && is_digit(text[at])) ++at;
  };
  digits();
  if (at < text.size() && text[at] == '.') {
    ++at;
    digits();
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    std::size_t exponent = at + 1;
    if (exponent < text.size() && (text[exponent] == '+' || text[exponent] == '-')) ++exponent;
    if (exponent < text.size() && is_digit(text[exponent])) {
      at = exponent;
      digits();
    }
  }
  return at;
}

PartiqlToken cut(std::string_view text, std::size_t begin) {
  const char first = text[begin];
  const auto token = [&](Kind kind, std::size_t end) { return PartiqlToken{kind, text.substr(begin, end - begin)}; };
  if (first == '\'' || first == '"') {
    const std::size_t end = quoted_end(text, begin);
    if (end == std::string_view::npos) return token(Kind::wrong, text.size());
    return token(first == '"' ? Kind::quoted : Kind::text, end);
  }
  if (is_word_start(first)) {
    std::size_t end = begin + 1;
    while (end < text.size() && is_word_part(text[end])) ++end;
    return token(Kind::word, end);
  }
  if (is_digit(first) || (first == '.' && begin + 1 < text.size() && is_digit(text[begin + 1])))
    return token(Kind::number, number_end(text, begin));
  if (first == '?') return token(Kind::parameter, begin + 1);
  for (const std::string_view pair : {"<=", ">=", "<>", "!=", "<<", ">>"})
    if (text.substr(begin, 2) == pair) return token(Kind::symbol, begin + 2);
  if (std::string_view("()[]{},.:=<>+-*;").find(first) != std::string_view::npos) return token(Kind::symbol, begin + 1);
  return token(Kind::wrong, begin + 1);
}

}  // namespace

bool PartiqlToken::is_keyword(std::string_view upper_case) const {
  return kind == Kind::word && std::ranges::equal(raw, upper_case, [](char c, char upper) {
           return (c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c) == upper;
         });
}

std::string PartiqlToken::value() const {
  if (kind != Kind::quoted && kind != Kind::text) return std::string(raw);
  std::string out;
  for (std::size_t at = 1; at + 1 < raw.size(); ++at) {
    out += raw[at];
    if (raw[at] == raw[0]) ++at;  // the second of a doubled quote
  }
  return out;
}

std::vector<PartiqlToken> partiql_tokens(std::string_view statement) {
  std::vector<PartiqlToken> tokens;
  for (std::size_t at = skip_space(statement, 0); at != statement.size(); at = skip_space(statement, at)) {
    if (at == std::string_view::npos) {
      tokens.push_back({Kind::wrong, {}});
      break;
    }
    tokens.push_back(cut(statement, at));
    at += tokens.back().raw.size();
  }
  tokens.push_back({Kind::end, {}});
  return tokens;
}

std::string_view verb_name(PartiqlVerb verb) {
  static constexpr std::string_view kNames[] = {"Select", "Insert", "Update", "Delete"};
  return kNames[static_cast<std::size_t>(verb)];
}

std::optional<PartiqlTarget> partiql_target(const std::vector<PartiqlToken>& tokens) {
  PartiqlTarget target;
  std::size_t at = 1;
  if (tokens[0].is_keyword("SELECT")) {
    while (at < tokens.size() && !tokens[at].is_keyword("FROM")) ++at;
    target.from = at++;
  } else if (tokens[0].is_keyword("UPDATE")) {
    target.verb = PartiqlVerb::update;
  } else {
    const bool inserts = tokens[0].is_keyword("INSERT");
    if (!inserts && !tokens[0].is_keyword("DELETE")) return std::nullopt;
    target.verb = inserts ? PartiqlVerb::insert : PartiqlVerb::delete_;
    if (!tokens[at++].is_keyword(inserts ? "INTO" : "FROM")) return std::nullopt;
  }
  if (at >= tokens.size() || !tokens[at].is_name()) return std::nullopt;
  target.table = tokens[at++].value();
  if (target.verb == PartiqlVerb::select && tokens[at].is_symbol(".") && tokens[at + 1].is_name()) {
    target.index = tokens[at + 1].value();
    at += 2;
  }
  target.behind = at;
  return target;
}

}  // namespace aws
