// Parsing of PartiQL for DynamoDB: the grammar of the Developer Guide's "PartiQL statements for DynamoDB", with what is
// known of AWS's messages for statements that are wrong. Pure, safe from any thread; time and recursion are bounded by
// limits.h.
#pragma once

#include <string_view>

#include "engine/dynamodb/partiql_statement.h"

namespace engine::dynamodb {

// Never fails: a wrong statement has `error` set and nothing else that is meaningful.
Statement parse_statement(std::string_view text);

// The parts that statements are made of. Used by parse_statement() and the tests only; one statement, one thread.
class PartiqlParts {
 public:
  PartiqlParts(std::vector<aws::PartiqlToken> tokens, Statement& out) : tokens_(std::move(tokens)), out_(out) {}

 protected:
  // Each answers false after an error, which `out_.error` then holds.
  bool not_well_formed(std::string_view detail);
  bool refuse(std::string text);
  bool expect_symbol(std::string_view symbol);
  bool expect_keyword(std::string_view keyword);
  bool parse_path(Expression& e, uint32_t& path);
  bool parse_operand(Clause& clause, Expression& e, Operand& operand);
  // A value; `at` is the path to it as messages show it ("root", "root.x", "root[1]").
  bool parse_value(ValueTemplate& value, const std::string& at, int depth);
  bool parse_condition(Clause& clause, Expression& e, uint32_t& condition);  // partiql_condition.cc

  [[nodiscard]] const aws::PartiqlToken& peek(std::size_t ahead = 0) const;
  const aws::PartiqlToken& take();
  bool take_keyword(std::string_view keyword);  // if it is there
  bool take_symbol(std::string_view symbol);
  // Of functions in conditions and on the right-hand side of SET, in lower case; unknown if there is none.
  static Function function_named(std::string_view name);

  std::vector<aws::PartiqlToken> tokens_;
  std::size_t at_ = 0;
  Statement& out_;
  std::size_t operators_ = 0;

 private:
  bool parse_number(ValueTemplate& value, const std::string& at);
  bool parse_list(ValueTemplate& value, const std::string& at, int depth);
  bool parse_map(ValueTemplate& value, const std::string& at, int depth);
  bool parse_set(ValueTemplate& value);
  bool parse_and(Clause& clause, Expression& e, uint32_t& condition);
  bool parse_not(Clause& clause, Expression& e, uint32_t& condition);
  bool parse_predicate(Clause& clause, Expression& e, uint32_t& condition);
  bool parse_is(Clause& clause, Expression& e, Operand left, uint32_t& condition);
  bool parse_operands_of(Clause& clause, Expression& e, Operator op, std::vector<Operand>& operands);
  uint32_t add(Expression& e, Condition condition);
  int depth_ = 0;
};

}  // namespace engine::dynamodb
