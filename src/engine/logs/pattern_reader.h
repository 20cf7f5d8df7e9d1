// PatternReader: a cursor over the text of a filter pattern, with what all kinds of patterns have in common: white
// space, quoted strings, bare terms, and the words of AWS's refusals. Used while a pattern is parsed, by one thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace engine::logs {

class PatternReader {
 public:
  // `kind` is what refusals call the pattern ("filter pattern", "metric filter pattern"). Both views outlive the
  // reader.
  PatternReader(std::string_view text, std::string_view kind) : text_(text), kind_(kind) {}

  [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
  [[nodiscard]] char peek() const { return at_end() ? '\0' : text_[at_]; }
  [[nodiscard]] std::string_view rest() const { return text_.substr(at_); }
  [[nodiscard]] std::size_t position() const { return at_; }
  [[nodiscard]] std::string_view since(std::size_t position) const { return text_.substr(position, at_ - position); }
  void skip_spaces();
  // Takes `token` if it is next.
  bool take(std::string_view token);
  // What is there up to the first character of which `allowed` says no.
  std::string_view take_while(bool (*allowed)(char));

  // REQUIRES: the next character is a double quotation mark. \" stands for one, \\ for a backslash.
  base::Result<std::string> take_quoted();
  // REQUIRES: the next character is %. What stands between it and the next one.
  base::Result<std::string_view> take_regex();
  // A term without quotes, up to white space or one of &|()<>=!,]}; only letters, digits and the characters in
  // `extra` may be in it.
  base::Result<std::string_view> take_bare(std::string_view extra);

  // InvalidParameterException "Invalid <kind>: <why>".
  [[nodiscard]] std::unexpected<base::AwsError> refuse(std::string_view why) const;
  // InvalidParameterException "Invalid character(s) in term '<term>'".
  [[nodiscard]] static std::unexpected<base::AwsError> refuse_term(std::string_view term);

 private:
  std::string_view text_;
  std::string_view kind_;
  std::size_t at_ = 0;
};

// ASCII white space.
bool is_pattern_space(char c);
// Letters, digits, the underscore, and every byte of a character beyond ASCII.
bool is_word_character(char c);

}  // namespace engine::logs
