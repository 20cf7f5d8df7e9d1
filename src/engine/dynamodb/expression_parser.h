// Parsing of DynamoDB's expressions. Errors that need neither names nor values are found here and kept in the result,
// in the order in which AWS reports them (protocols.md 4.3 items 18 to 20). Pure, safe from any thread; time and
// recursion are bounded by limits.h.
#pragma once

#include <string_view>

#include "engine/dynamodb/expression.h"
#include "engine/dynamodb/expression_lexer.h"

namespace engine::dynamodb {

// Never fails: a wrong expression has `error` set and nothing else that is meaningful.
Expression parse_expression(ExpressionKind kind, std::string_view text);

// The part of the grammar that all kinds share: paths, operands and calls, and the errors kept for later. Used by the
// parsers of conditions, updates and projections only.
class PartsParser {
 public:
  PartsParser(std::string_view text, Expression& out) : lexer_(text), out_(out) {}

 protected:
  // Each answers false after a syntax error, which `out_.error` then holds.
  bool parse_path(uint32_t& path);
  bool parse_operand(Operand& operand);
  bool expect(std::string_view symbol);
  bool syntax_error();
  // Keeps `text` as the first error of its kind.
  static void keep(std::string& slot, std::string text) {
    if (slot.empty()) slot = std::move(text);
  }
  uint32_t value_index(std::string_view name);

  Lexer lexer_;
  Expression& out_;
  std::string reserved_error_;
  std::string unknown_function_error_;
  std::string misused_function_error_;
  std::string path_error_;
  int depth_ = 0;

 private:
  bool parse_call(Operand& operand);
};

// Defined in condition_parser.cc and update_parser.cc.
void parse_condition(std::string_view text, Expression& out);
void parse_update(std::string_view text, Expression& out);

}  // namespace engine::dynamodb
