// Lexer: cuts the text of an expression into tokens. The grammar of tokens is that of the Developer Guide's "Using
// expressions in DynamoDB". A value type that views the text, which must outlive it; not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace engine::dynamodb {

struct Token {
  enum class Kind : uint8_t { word, name, value, number, symbol, wrong, end } kind = Kind::end;
  std::string_view text;  // a part of the expression; "<EOF>" for end
  std::size_t begin = 0;
  [[nodiscard]] bool is_symbol(std::string_view s) const { return kind == Kind::symbol && text == s; }
  // Keywords are words, whatever the case of their letters.
  [[nodiscard]] bool is_keyword(std::string_view upper_case) const;
};

class Lexer {
 public:
  explicit Lexer(std::string_view text);
  [[nodiscard]] const Token& peek(std::size_t ahead = 0) const;
  Token take();
  // AWS's words for the token at hand being out of place: `Syntax error; token: "x", near: "..."`.
  [[nodiscard]] std::string syntax_error() const;

 private:
  std::string_view text_;
  std::vector<Token> tokens_;  // the last one is the end
  std::size_t at_ = 0;
};

}  // namespace engine::dynamodb
