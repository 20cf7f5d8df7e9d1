#include "engine/logs/pattern_reader.h"

#include "aws/logs/errors.h"

namespace engine::logs {

bool is_pattern_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool is_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

void PatternReader::skip_spaces() {
  while (!at_end() && is_pattern_space(text_[at_])) ++at_;
}

bool PatternReader::take(std::string_view token) {
  if (!rest().starts_with(token)) return false;
  at_ += token.size();
  return true;
}

std::string_view PatternReader::take_while(bool (*allowed)(char)) {
  const std::size_t begin = at_;
  while (!at_end() && allowed(text_[at_])) ++at_;
  return since(begin);
}

base::Result<std::string> PatternReader::take_quoted() {
  std::string out;
  for (++at_; !at_end() && text_[at_] != '"'; ++at_) {
    const bool escapes = text_[at_] == '\\' && at_ + 1 < text_.size();
    if (escapes && (text_[at_ + 1] == '"' || text_[at_ + 1] == '\\')) ++at_;
    out.push_back(text_[at_]);
  }
  if (!take("\"")) return refuse("a quotation mark is missing");
  return out;
}

base::Result<std::string_view> PatternReader::take_regex() {
  const std::size_t begin = ++at_;
  while (!at_end() && text_[at_] != '%') ++at_;
  const std::string_view out = since(begin);
  if (!take("%")) return refuse("the % that ends the regular expression is missing");
  return out;
}

base::Result<std::string_view> PatternReader::take_bare(std::string_view extra) {
  constexpr std::string_view kEnds = "&|()<>=!,]}";
  const std::size_t begin = at_;
  bool allowed = true;
  for (; !at_end() && !is_pattern_space(text_[at_]) && kEnds.find(text_[at_]) == kEnds.npos; ++at_) {
    allowed = allowed && (is_word_character(text_[at_]) || extra.find(text_[at_]) != extra.npos);
  }
  if (at_ == begin) return refuse("a value is missing");
  if (!allowed) return refuse_term(since(begin));
  return since(begin);
}

std::unexpected<base::AwsError> PatternReader::refuse(std::string_view why) const {
  return base::fail(
      aws::logs::errors::invalid_parameter_exception("Invalid " + std::string(kind_) + ": " + std::string(why)));
}

std::unexpected<base::AwsError> PatternReader::refuse_term(std::string_view term) {
  return base::fail(
      aws::logs::errors::invalid_parameter_exception("Invalid character(s) in term '" + std::string(term) + "'"));
}

}  // namespace engine::logs
