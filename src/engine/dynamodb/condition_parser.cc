#include <optional>

#include "engine/dynamodb/expression_parser.h"
#include "engine/dynamodb/limits.h"

namespace engine::dynamodb {

namespace {

// What a stretch of a condition turned out to be: a condition, or an operand that still needs a comparison.
struct Piece {
  std::optional<Operand> operand;
  uint32_t condition = 0;
  bool in_parentheses = false;
};

class ConditionParser : PartsParser {
 public:
  using PartsParser::PartsParser;

  void parse() {
    Piece piece;
    if (!parse_or(piece) || !require_condition(piece)) return;
    if (lexer_.peek().kind != Token::Kind::end) {
      syntax_error();
      return;
    }
    out_.root = piece.condition;
    if (operators_ > kExpressionOperatorsMax)
      operators_error_ = "The expression contains too many operators; operator count: " + std::to_string(operators_);
    for (std::string* error : {&parentheses_error_, &unknown_function_error_, &misused_function_error_,
                               &reserved_error_, &operators_error_, &path_error_, &in_error_})
      keep(out_.error, *error);
  }

 private:
  uint32_t add(Operator op, uint32_t left, uint32_t right) {
    ++operators_;
    out_.conditions.push_back({op, left, right, {}});
    return static_cast<uint32_t>(out_.conditions.size() - 1);
  }
  uint32_t add(Operator op, std::vector<Operand> operands) {
    if (op != Operator::call) ++operators_;
    out_.conditions.push_back({op, 0, 0, std::move(operands)});
    return static_cast<uint32_t>(out_.conditions.size() - 1);
  }

  // A call is a condition by itself; any other operand is not.
  bool require_condition(Piece& piece) {
    if (!piece.operand) return true;
    if (piece.operand->kind != Operand::Kind::call) return syntax_error();
    if (out_.calls[piece.operand->index].function == Function::size)
      keep(misused_function_error_, "The function is not allowed to be used this way in an expression; function: size");
    piece.condition = add(Operator::call, {*piece.operand});
    piece.operand.reset();
    return true;
  }

  bool parse_or(Piece& piece) {
    if (!parse_and(piece)) return false;
    while (lexer_.peek().is_keyword("OR")) {
      if (!require_condition(piece)) return false;
      lexer_.take();
      Piece right;
      if (!parse_and(right) || !require_condition(right)) return false;
      piece = {std::nullopt, add(Operator::or_, piece.condition, right.condition), false};
    }
    return true;
  }

  bool parse_and(Piece& piece) {
    if (!parse_not(piece)) return false;
    while (lexer_.peek().is_keyword("AND")) {
      if (!require_condition(piece)) return false;
      lexer_.take();
      Piece right;
      if (!parse_not(right) || !require_condition(right)) return false;
      piece = {std::nullopt, add(Operator::and_, piece.condition, right.condition), false};
    }
    return true;
  }

  bool parse_not(Piece& piece) {
    if (!lexer_.peek().is_keyword("NOT") || lexer_.peek(1).is_symbol(".") || lexer_.peek(1).is_symbol("["))
      return parse_comparison(piece);
    if (++depth_ > kExpressionNestingMax) return syntax_error();
    lexer_.take();
    if (!parse_not(piece) || !require_condition(piece)) return false;
    piece = {std::nullopt, add(Operator::not_, piece.condition, 0), false};
    --depth_;
    return true;
  }

  bool parse_primary(Piece& piece) {
    if (!lexer_.peek().is_symbol("(")) return parse_operand(piece.operand.emplace());
    if (++depth_ > kExpressionNestingMax) return syntax_error();
    lexer_.take();
    if (!parse_or(piece) || !expect(")")) return false;
    // Parentheses around an operand or around parentheses serve nothing, which AWS refuses.
    if (piece.in_parentheses || (piece.operand && piece.operand->kind != Operand::Kind::call))
      keep(parentheses_error_, "The expression has redundant parentheses;");
    piece.in_parentheses = true;
    --depth_;
    return true;
  }

  // The right-hand side of a comparison, which may stand in (redundant) parentheses.
  bool parse_side(std::vector<Operand>& operands) {
    Piece piece;
    if (!parse_primary(piece)) return false;
    if (!piece.operand) return syntax_error();
    if (piece.in_parentheses) keep(parentheses_error_, "The expression has redundant parentheses;");
    check_operand(*piece.operand);
    operands.push_back(*piece.operand);
    return true;
  }

  void check_operand(const Operand& operand) {
    if (operand.kind != Operand::Kind::call) return;
    const Function function = out_.calls[operand.index].function;
    if (function != Function::size && function != Function::unknown)
      keep(misused_function_error_, "The function is not allowed to be used this way in an expression; function: " +
                                        std::string(function_name(function)));
  }

  bool parse_comparison(Piece& piece) {
    if (!parse_primary(piece)) return false;
    const Token token = lexer_.peek();
    static constexpr Operator kComparisons[] = {Operator::equal,      Operator::not_equal, Operator::less,
                                                Operator::less_equal, Operator::greater,   Operator::greater_equal};
    std::optional<Operator> op;
    for (const Operator candidate : kComparisons)
      if (token.is_symbol(operator_name(candidate))) op = candidate;
    if (token.is_keyword("BETWEEN")) op = Operator::between;
    if (token.is_keyword("IN")) op = Operator::in;
    if (!op) return true;
    if (!piece.operand) return syntax_error();
    if (piece.in_parentheses) keep(parentheses_error_, "The expression has redundant parentheses;");
    check_operand(*piece.operand);
    lexer_.take();
    std::vector<Operand> operands = {*piece.operand};
    if (*op == Operator::between ? !parse_bounds(operands)
        : *op == Operator::in    ? !parse_choices(operands)
                                 : !parse_side(operands))
      return false;
    piece = {std::nullopt, add(*op, std::move(operands)), false};
    return true;
  }

  bool parse_bounds(std::vector<Operand>& operands) {
    if (!parse_side(operands)) return false;
    if (!lexer_.peek().is_keyword("AND")) return syntax_error();
    lexer_.take();
    return parse_side(operands);
  }

  bool parse_choices(std::vector<Operand>& operands) {
    if (!expect("(")) return false;
    do {
      if (!parse_side(operands)) return false;
    } while (lexer_.peek().is_symbol(",") && (lexer_.take(), true));
    if (operands.size() - 1 > kInOperandsMax)
      keep(in_error_, "The IN operator is provided with too many operands; number of operands: " +
                          std::to_string(operands.size() - 1));
    return expect(")");
  }

  std::size_t operators_ = 0;
  std::string parentheses_error_;
  std::string operators_error_;
  std::string in_error_;
};

}  // namespace

void parse_condition(std::string_view text, Expression& out) {
  ConditionParser(text, out).parse();
}

}  // namespace engine::dynamodb
