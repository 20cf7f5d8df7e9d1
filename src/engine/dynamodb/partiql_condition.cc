// WHERE clauses.
#include "engine/dynamodb/limits.h"
#include "engine/dynamodb/partiql_parser.h"

namespace engine::dynamodb {

uint32_t PartiqlParts::add(Expression& e, Condition condition) {
  if (condition.op != Operator::call) ++operators_;
  e.conditions.push_back(std::move(condition));
  return static_cast<uint32_t>(e.conditions.size() - 1);
}

bool PartiqlParts::parse_condition(Clause& clause, Expression& e, uint32_t& condition) {
  if (!parse_and(clause, e, condition)) return false;
  while (take_keyword("OR")) {
    uint32_t right = 0;
    if (!parse_and(clause, e, right)) return false;
    condition = add(e, {Operator::or_, condition, right, {}});
  }
  return true;
}

bool PartiqlParts::parse_and(Clause& clause, Expression& e, uint32_t& condition) {
  if (!parse_not(clause, e, condition)) return false;
  while (take_keyword("AND")) {
    uint32_t right = 0;
    if (!parse_not(clause, e, right)) return false;
    condition = add(e, {Operator::and_, condition, right, {}});
  }
  return true;
}

bool PartiqlParts::parse_not(Clause& clause, Expression& e, uint32_t& condition) {
  if (++depth_ > kExpressionNestingMax) return refuse("The statement nests too deep");
  bool ok = false;
  if (take_keyword("NOT")) {
    ok = parse_not(clause, e, condition);
    if (ok) condition = add(e, {Operator::not_, condition, 0, {}});
  } else if (take_symbol("(")) {
    ok = parse_condition(clause, e, condition) && expect_symbol(")");
  } else {
    ok = parse_predicate(clause, e, condition);
  }
  --depth_;
  return ok;
}

bool PartiqlParts::parse_is(Clause& clause, Expression& e, Operand left, uint32_t& condition) {
  const bool negated = take_keyword("NOT");
  if (left.kind != Operand::Kind::path) return refuse("IS takes an attribute on its left side");
  Call call{Function::attribute_not_exists, {left}};
  if (take_keyword("NULL")) {
    call.function = Function::attribute_type;
    call.arguments.push_back({Operand::Kind::value, static_cast<uint32_t>(e.value_names.size())});
    e.value_names.emplace_back("?");
    clause.values.emplace_back().literal = AttributeValue::of_s("NULL");
  } else if (!take_keyword("MISSING")) {
    return refuse("Unsupported type after IS: " + std::string(peek().raw) + " (NULL and MISSING are supported)");
  }
  e.calls.push_back(std::move(call));
  condition = add(e, {Operator::call, 0, 0, {{Operand::Kind::call, static_cast<uint32_t>(e.calls.size() - 1)}}});
  if (negated) condition = add(e, {Operator::not_, condition, 0, {}});
  return true;
}

bool PartiqlParts::parse_operands_of(Clause& clause, Expression& e, Operator op, std::vector<Operand>& operands) {
  const auto operand = [&] { return parse_operand(clause, e, operands.emplace_back()); };
  if (op == Operator::between) return operand() && expect_keyword("AND") && operand();
  if (op != Operator::in) return operand();
  const std::string_view close = peek().is_symbol("[") ? "]" : ")";
  if (!take_symbol("[") && !expect_symbol("(")) return false;
  do {
    if (!operand()) return false;
  } while (take_symbol(","));
  if (operands.size() - 1 > kInOperandsMax)
    return refuse("The IN operator is provided with too many operands; number of operands: " +
                  std::to_string(operands.size() - 1));
  return expect_symbol(close);
}

bool PartiqlParts::parse_predicate(Clause& clause, Expression& e, uint32_t& condition) {
  std::vector<Operand> operands(1);
  if (!parse_operand(clause, e, operands[0])) return false;
  const Operand left = operands[0];
  const bool is_call = left.kind == Operand::Kind::call;
  if (is_call && e.calls[left.index].function != Function::size) {
    condition = add(e, {Operator::call, 0, 0, std::move(operands)});
    return true;
  }
  if (take_keyword("IS")) return parse_is(clause, e, left, condition);
  static constexpr std::pair<std::string_view, Operator> kComparisons[] = {
      {"=", Operator::equal},       {"<>", Operator::not_equal}, {"!=", Operator::not_equal},    {"<", Operator::less},
      {"<=", Operator::less_equal}, {">", Operator::greater},    {">=", Operator::greater_equal}};
  std::optional<Operator> op;
  for (const auto& [symbol, comparison] : kComparisons)
    if (!op && take_symbol(symbol)) op = comparison;
  const bool negated = !op && (peek(1).is_keyword("IN") || peek(1).is_keyword("BETWEEN")) && take_keyword("NOT");
  if (!op && take_keyword("IN")) op = Operator::in;
  if (!op && take_keyword("BETWEEN")) op = Operator::between;
  if (!op && peek().is_keyword("LIKE")) return refuse("Unsupported operator: LIKE");
  if (!op) return not_well_formed("Unexpected term");
  if (!parse_operands_of(clause, e, *op, operands)) return false;
  for (const Operand& operand : operands)
    if (operand.kind == Operand::Kind::call && e.calls[operand.index].function != Function::size)
      return refuse("The function is not allowed to be used this way in an expression; function: " +
                    std::string(function_name(e.calls[operand.index].function)));
  condition = add(e, {*op, 0, 0, std::move(operands)});
  if (negated) condition = add(e, {Operator::not_, condition, 0, {}});
  return true;
}

}  // namespace engine::dynamodb
