#include "engine/dynamodb/expression_lexer.h"

#include <algorithm>

namespace engine::dynamodb {

namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_word_part(char c) {
  return is_letter(c) || is_digit(c) || c == '_';
}
bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f';
}

Token cut(std::string_view text, std::size_t begin) {
  const char first = text[begin];
  std::size_t end = begin + 1;
  const auto run = [&](auto accept) {
    while (end < text.size() && accept(text[end])) ++end;
  };
  Token::Kind kind = Token::Kind::wrong;
  if (is_letter(first)) {
    kind = Token::Kind::word;
    run(is_word_part);
  } else if (is_digit(first)) {
    kind = Token::Kind::number;
    run(is_digit);
  } else if (first == '#' || first == ':') {
    run(is_word_part);
    if (end > begin + 1) kind = first == '#' ? Token::Kind::name : Token::Kind::value;
  } else if (std::string_view("()[],.=<>+-").find(first) != std::string_view::npos) {
    kind = Token::Kind::symbol;
    const std::string_view pair = text.substr(begin, 2);
    if (pair == "<=" || pair == ">=" || pair == "<>") ++end;
  } else {
    // A character of several bytes is one token, so that the message stays valid UTF-8.
    run([](char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; });
  }
  return {kind, text.substr(begin, end - begin), begin};
}

}  // namespace

bool Token::is_keyword(std::string_view upper_case) const {
  return kind == Kind::word && std::ranges::equal(text, upper_case, [](char c, char upper) {
           return (c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c) == upper;
         });
}

Lexer::Lexer(std::string_view text) : text_(text) {
  std::size_t at = 0;
  while (true) {
    while (at < text.size() && is_space(text[at])) ++at;
    if (at >= text.size()) break;
    tokens_.push_back(cut(text, at));
    at += tokens_.back().text.size();
  }
  tokens_.push_back({Token::Kind::end, "<EOF>", text.size()});
}

const Token& Lexer::peek(std::size_t ahead) const {
  return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
}

Token Lexer::take() {
  const Token token = peek();
  if (at_ + 1 < tokens_.size()) ++at_;
  return token;
}

std::string Lexer::syntax_error() const {
  const Token& wrong = tokens_[at_];
  // "near" is the stretch of the text from the token before to the token after.
  const std::size_t begin = tokens_[at_ == 0 ? 0 : at_ - 1].begin;
  const Token& after = tokens_[std::min(at_ + 1, tokens_.size() - 1)];
  const std::size_t end = after.kind == Token::Kind::end ? text_.size() : after.begin + after.text.size();
  std::string_view near = text_.substr(begin, end - begin);
  while (!near.empty() && is_space(near.back())) near.remove_suffix(1);
  return "Syntax error; token: \"" + std::string(wrong.text) + "\", near: \"" + std::string(near) + "\"";
}

}  // namespace engine::dynamodb
