#include <array>

#include "engine/dynamodb/expression_parser.h"
#include "engine/dynamodb/limits.h"

namespace engine::dynamodb {

namespace {

class UpdateParser : PartsParser {
 public:
  using PartsParser::PartsParser;

  void parse() {
    do {
      if (!parse_section()) return;
    } while (lexer_.peek().kind != Token::Kind::end);
    if (operators_ > kExpressionOperatorsMax)
      operators_error_ = "The expression contains too many operators; operator count: " + std::to_string(operators_);
    for (std::string* error : {&reserved_error_, &unknown_function_error_, &section_error_, &misused_function_error_,
                               &operators_error_, &path_error_})
      keep(out_.error, *error);
  }

 private:
  using Kind = UpdateAction::Kind;

  bool parse_section() {
    static constexpr std::array<std::string_view, 4> kSections = {"SET", "REMOVE", "ADD", "DELETE"};
    std::size_t section = 0;
    while (section < kSections.size() && !lexer_.peek().is_keyword(kSections[section])) ++section;
    if (section == kSections.size()) return syntax_error();
    lexer_.take();
    if (seen_[section])
      keep(section_error_,
           "The \"" + std::string(kSections[section]) + "\" section can only be used once in an update expression;");
    seen_[section] = true;
    do {
      if (!parse_action(static_cast<Kind>(section))) return false;
    } while (lexer_.peek().is_symbol(",") && (lexer_.take(), true));
    return true;
  }

  bool parse_action(Kind kind) {
    ++operators_;
    UpdateAction action;
    action.kind = kind;
    if (!parse_path(action.path)) return false;
    if (kind == Kind::set) {
      if (!expect("=") || !parse_sum(action.value)) return false;
    } else if (kind != Kind::remove) {
      if (lexer_.peek().kind != Token::Kind::value) return syntax_error();
      if (!parse_operand(action.value)) return false;
    }
    out_.actions.push_back(action);
    return true;
  }

  // operand, or operand + operand, or operand - operand; any of them may stand in parentheses.
  bool parse_sum(Operand& value) {
    if (!parse_term(value)) return false;
    const bool plus = lexer_.peek().is_symbol("+");
    if (!plus && !lexer_.peek().is_symbol("-")) return true;
    ++operators_;
    lexer_.take();
    Operand right;
    if (!parse_term(right)) return false;
    out_.calls.push_back({plus ? Function::plus : Function::minus, {value, right}});
    value = {Operand::Kind::call, static_cast<uint32_t>(out_.calls.size() - 1)};
    return true;
  }

  bool parse_term(Operand& value) {
    if (!lexer_.peek().is_symbol("(")) return parse_operand(value);
    if (++depth_ > kExpressionNestingMax) return syntax_error();
    lexer_.take();
    if (!parse_sum(value)) return false;
    --depth_;
    return expect(")");
  }

  std::array<bool, 4> seen_{};
  std::size_t operators_ = 0;
  std::string section_error_;
  std::string operators_error_;
};

}  // namespace

void parse_update(std::string_view text, Expression& out) {
  UpdateParser(text, out).parse();
}

}  // namespace engine::dynamodb
