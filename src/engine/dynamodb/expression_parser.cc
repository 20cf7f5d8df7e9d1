#include "engine/dynamodb/expression_parser.h"

#include <array>
#include <charconv>

#include "engine/dynamodb/limits.h"
#include "engine/dynamodb/reserved_words.h"

namespace engine::dynamodb {

namespace {

constexpr std::array<std::string_view, 10> kFunctions = {"attribute_exists",
                                                         "attribute_not_exists",
                                                         "attribute_type",
                                                         "begins_with",
                                                         "contains",
                                                         "size",
                                                         "if_not_exists",
                                                         "list_append",
                                                         "+",
                                                         "-"};
constexpr std::size_t kConditionFunctions = 6;

class ProjectionParser : PartsParser {
 public:
  using PartsParser::PartsParser;
  void parse() {
    do {
      if (!parse_path(out_.projected.emplace_back())) return;
    } while (lexer_.peek().is_symbol(",") && (lexer_.take(), true));
    if (lexer_.peek().kind != Token::Kind::end) {
      syntax_error();
      return;
    }
    for (std::string* error : {&reserved_error_, &path_error_}) keep(out_.error, *error);
  }
};

}  // namespace

std::string_view parameter_name(ExpressionKind kind) {
  switch (kind) {
    case ExpressionKind::update:
      return "UpdateExpression";
    case ExpressionKind::condition:
      return "ConditionExpression";
    case ExpressionKind::key_condition:
      return "KeyConditionExpression";
    case ExpressionKind::filter:
      return "FilterExpression";
    case ExpressionKind::projection:
      break;
  }
  return "ProjectionExpression";
}

std::string_view function_name(Function function) {
  return function == Function::unknown ? "" : kFunctions[static_cast<std::size_t>(function)];
}

std::string_view operator_name(Operator op) {
  static constexpr std::array<std::string_view, 12> kNames = {"OR", "AND", "NOT", "=",       "<>", "<",
                                                              "<=", ">",   ">=",  "BETWEEN", "IN", ""};
  return kNames[static_cast<std::size_t>(op)];
}

bool PartsParser::syntax_error() {
  out_.error = lexer_.syntax_error();
  return false;
}

bool PartsParser::expect(std::string_view symbol) {
  if (!lexer_.peek().is_symbol(symbol)) return syntax_error();
  lexer_.take();
  return true;
}

uint32_t PartsParser::value_index(std::string_view name) {
  for (std::size_t i = 0; i < out_.value_names.size(); ++i)
    if (out_.value_names[i] == name) return static_cast<uint32_t>(i);
  out_.value_names.emplace_back(name);
  return static_cast<uint32_t>(out_.value_names.size() - 1);
}

bool PartsParser::parse_path(uint32_t& path) {
  const auto attribute = [&] {
    const Token& token = lexer_.peek();
    if (token.kind != Token::Kind::word && token.kind != Token::Kind::name) return syntax_error();
    if (token.kind == Token::Kind::word && is_reserved_word(token.text))
      keep(reserved_error_, "Attribute name is a reserved keyword; reserved keyword: " + std::string(token.text));
    out_.steps.push_back({std::string(token.text), -1});
    lexer_.take();
    return true;
  };
  Path parsed{static_cast<uint32_t>(out_.steps.size()), 0};
  if (!attribute()) return false;
  while (true) {
    if (lexer_.peek().is_symbol(".")) {
      lexer_.take();
      if (!attribute()) return false;
    } else if (lexer_.peek().is_symbol("[")) {
      lexer_.take();
      const Token number = lexer_.peek();
      if (number.kind != Token::Kind::number) return syntax_error();
      int64_t index = 0;
      const auto [end, code] = std::from_chars(number.text.data(), number.text.data() + number.text.size(), index);
      if (code != std::errc() || index > INT32_MAX)
        keep(path_error_, "List index is not within the allowable range; index: [" + std::string(number.text) + "]");
      lexer_.take();
      out_.steps.push_back({{}, index});
      if (!expect("]")) return false;
    } else {
      break;
    }
  }
  parsed.count = static_cast<uint32_t>(out_.steps.size()) - parsed.begin;
  if (parsed.count > kExpressionPathDepthMax)
    keep(path_error_,
         "The document path has too many nesting elements; nesting level: " + std::to_string(parsed.count));
  path = static_cast<uint32_t>(out_.paths.size());
  out_.paths.push_back(parsed);
  return true;
}

bool PartsParser::parse_operand(Operand& operand) {
  const Token token = lexer_.peek();
  if (token.kind == Token::Kind::value) {
    lexer_.take();
    operand = {Operand::Kind::value, value_index(token.text)};
    return true;
  }
  if (token.kind == Token::Kind::word && lexer_.peek(1).is_symbol("(")) return parse_call(operand);
  operand.kind = Operand::Kind::path;
  return parse_path(operand.index);
}

bool PartsParser::parse_call(Operand& operand) {
  if (++depth_ > kExpressionNestingMax) return syntax_error();
  const std::string_view name = lexer_.take().text;
  lexer_.take();  // the parenthesis
  Call call;
  const bool update = out_.kind == ExpressionKind::update;
  for (std::size_t i = update ? kConditionFunctions : 0; i < (update ? 8 : kConditionFunctions); ++i)
    if (kFunctions[i] == name) call.function = static_cast<Function>(i);
  if (call.function == Function::unknown)
    keep(unknown_function_error_, "Invalid function name; function: " + std::string(name));
  do {
    Operand argument;
    if (!parse_operand(argument)) return false;
    if (argument.kind == Operand::Kind::call) {
      const Function inner = out_.calls[argument.index].function;
      if (inner != (update ? Function::if_not_exists : Function::size) && inner != Function::unknown)
        keep(misused_function_error_, "The function is not allowed to be used this way in an expression; function: " +
                                          std::string(function_name(inner)));
    }
    call.arguments.push_back(argument);
  } while (lexer_.peek().is_symbol(",") && (lexer_.take(), true));
  if (!expect(")")) return false;
  operand = {Operand::Kind::call, static_cast<uint32_t>(out_.calls.size())};
  out_.calls.push_back(std::move(call));
  --depth_;
  return true;
}

Expression parse_expression(ExpressionKind kind, std::string_view text) {
  Expression out;
  out.kind = kind;
  if (text.empty()) {
    out.error = "The expression can not be empty;";
  } else if (text.size() > kExpressionBytesMax) {
    out.error =
        "Expression size has exceeded the maximum allowed size; expression size: " + std::to_string(text.size());
  } else if (kind == ExpressionKind::update) {
    parse_update(text, out);
  } else if (kind == ExpressionKind::projection) {
    ProjectionParser(text, out).parse();
  } else {
    parse_condition(text, out);
  }
  return out;
}

}  // namespace engine::dynamodb
