// Tokens, paths and values.
#include <algorithm>
#include <array>
#include <charconv>

#include "engine/dynamodb/limits.h"
#include "engine/dynamodb/partiql_parser.h"

namespace engine::dynamodb {

namespace {

using Kind = aws::PartiqlToken::Kind;

// The words of the grammar, which are names only in quotes.
bool is_grammar_word(const aws::PartiqlToken& token) {
  static constexpr std::array<std::string_view, 34> kWords = {
      "ALL",    "AND",   "AS",      "ASC",    "BETWEEN", "BY",     "DELETE", "DESC",   "DISTINCT",
      "EXISTS", "FALSE", "FROM",    "GROUP",  "HAVING",  "IN",     "INSERT", "INTO",   "IS",
      "LIKE",   "LIMIT", "MISSING", "NOT",    "NULL",    "OR",     "ORDER",  "REMOVE", "RETURNING",
      "SELECT", "SET",   "TRUE",    "UPDATE", "VALUE",   "VALUES", "WHERE"};
  return std::ranges::any_of(kWords, [&](std::string_view word) { return token.is_keyword(word); });
}

}  // namespace

bool PartiqlParts::not_well_formed(std::string_view detail) {
  return refuse("Statement wasn't well formed, can't be processed: " + std::string(detail));
}

bool PartiqlParts::refuse(std::string text) {
  if (out_.error.empty()) out_.error = std::move(text);
  return false;
}

const aws::PartiqlToken& PartiqlParts::peek(std::size_t ahead) const {
  return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
}

const aws::PartiqlToken& PartiqlParts::take() {
  const aws::PartiqlToken& token = peek();
  if (at_ + 1 < tokens_.size()) ++at_;
  return token;
}

bool PartiqlParts::take_keyword(std::string_view keyword) {
  return peek().is_keyword(keyword) && (take(), true);
}
bool PartiqlParts::take_symbol(std::string_view symbol) {
  return peek().is_symbol(symbol) && (take(), true);
}
bool PartiqlParts::expect_symbol(std::string_view symbol) {
  return take_symbol(symbol) || not_well_formed("Expected " + std::string(symbol));
}
bool PartiqlParts::expect_keyword(std::string_view keyword) {
  return take_keyword(keyword) || not_well_formed("Expected " + std::string(keyword));
}

bool PartiqlParts::parse_path(Expression& e, uint32_t& path) {
  const auto attribute = [&] {
    if (!peek().is_name()) return not_well_formed("Expected identifier for simple path");
    if (is_grammar_word(peek())) return not_well_formed("Unexpected keyword");
    e.steps.push_back({take().value(), -1});
    return !e.steps.back().name.empty() || not_well_formed("Expected identifier for simple path");
  };
  Path parsed{static_cast<uint32_t>(e.steps.size()), 0};
  if (!attribute()) return false;
  while (true) {
    if (take_symbol(".")) {
      if (!attribute()) return false;
    } else if (take_symbol("[")) {
      const std::string_view number = peek().kind == Kind::number ? peek().raw : "";
      int64_t index = -1;
      const auto [end, code] = std::from_chars(number.data(), number.data() + number.size(), index);
      if (code != std::errc() || end != number.data() + number.size() || index < 0 || index > INT32_MAX)
        return not_well_formed("Expected a list index");
      take();
      e.steps.push_back({{}, index});
      if (!expect_symbol("]")) return false;
    } else {
      break;
    }
  }
  parsed.count = static_cast<uint32_t>(e.steps.size()) - parsed.begin;
  if (parsed.count > kExpressionPathDepthMax)
    return refuse("The document path has too many nesting elements; nesting level: " + std::to_string(parsed.count));
  path = static_cast<uint32_t>(e.paths.size());
  e.paths.push_back(parsed);
  return true;
}

Function PartiqlParts::function_named(std::string_view name) {
  std::string lower(name);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  for (const Function f : {Function::attribute_exists, Function::attribute_not_exists, Function::attribute_type,
                           Function::begins_with, Function::contains, Function::size, Function::list_append})
    if (function_name(f) == lower) return f;
  return Function::unknown;
}

bool PartiqlParts::parse_operand(Clause& clause, Expression& e, Operand& operand) {
  if (peek().kind == Kind::word && peek(1).is_symbol("(")) {
    const std::string name(take().raw);
    take();
    Call call;
    call.function = function_named(name);
    const bool in_update = e.kind == ExpressionKind::update;
    if (call.function == Function::unknown || in_update != (call.function == Function::list_append))
      return refuse("Unsupported function: " + name +
                    (name == "EXISTS" || name == "exists" ? " (outside of ExecuteTransaction)" : ""));
    if (++depth_ > kExpressionNestingMax) return refuse("The statement nests too deep");
    do {
      if (!parse_operand(clause, e, call.arguments.emplace_back())) return false;
      const Operand& argument = call.arguments.back();
      if (!in_update && argument.kind == Operand::Kind::call && e.calls[argument.index].function != Function::size)
        return refuse("The function is not allowed to be used this way in an expression; function: " +
                      std::string(function_name(e.calls[argument.index].function)));
    } while (take_symbol(","));
    --depth_;
    operand = {Operand::Kind::call, static_cast<uint32_t>(e.calls.size())};
    e.calls.push_back(std::move(call));
    return expect_symbol(")");
  }
  if (peek().is_name() && !is_grammar_word(peek())) {
    operand.kind = Operand::Kind::path;
    return parse_path(e, operand.index);
  }
  operand = {Operand::Kind::value, static_cast<uint32_t>(e.value_names.size())};
  e.value_names.emplace_back("?");
  ValueTemplate value;  // not in place: a nested value may make the vector grow
  if (!parse_value(value, "root", 0)) return false;
  clause.values.push_back(std::move(value));
  return true;
}

bool PartiqlParts::parse_value(ValueTemplate& value, const std::string& at, int depth) {
  if (depth >= kNestingMax)
    return refuse(
        "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported "
        "limit");
  const aws::PartiqlToken& token = peek();
  if (token.kind == Kind::parameter) {
    take();
    value.kind = ValueTemplate::Kind::parameter;
    value.parameter = out_.parameters++;
    return true;
  }
  if (token.kind == Kind::text) {
    value.literal = AttributeValue::of_s(take().value());
    return true;
  }
  if (token.kind == Kind::number || token.is_symbol("-") || token.is_symbol("+")) return parse_number(value, at);
  if (token.is_keyword("NULL")) {
    take();
    value.literal = AttributeValue::of_null_(true);
    return true;
  }
  if (token.is_keyword("TRUE") || token.is_keyword("FALSE")) {
    value.literal = AttributeValue::of_bool_(take().is_keyword("TRUE"));
    return true;
  }
  if (take_symbol("[")) return parse_list(value, at, depth);
  if (take_symbol("{")) return parse_map(value, at, depth);
  if (take_symbol("<<")) return parse_set(value);
  return not_well_formed(token.kind == Kind::word ? "Unexpected keyword" : "Unexpected term");
}

bool PartiqlParts::parse_number(ValueTemplate& value, const std::string& at) {
  const bool negative = peek().is_symbol("-");
  if (negative || peek().is_symbol("+")) take();
  if (peek().kind != Kind::number) return not_well_formed("Unexpected term");
  value.literal = AttributeValue::of_n((negative ? "-" : "") + std::string(take().raw));
  if (auto checked = validate_value(value.literal); !checked) return refuse(checked.error().message + " under " + at);
  return true;
}

bool PartiqlParts::parse_list(ValueTemplate& value, const std::string& at, int depth) {
  value.kind = ValueTemplate::Kind::list;
  if (!take_symbol("]")) {
    do {
      auto& part = value.parts.emplace_back();
      if (!parse_value(part.value, at + "[" + std::to_string(value.parts.size() - 1) + "]", depth + 1)) return false;
    } while (take_symbol(","));
    if (!expect_symbol("]")) return false;
  }
  if (std::ranges::any_of(value.parts, [](const auto& p) { return p.value.kind != ValueTemplate::Kind::literal; }))
    return true;
  std::vector<AttributeValue> elements;
  for (auto& part : value.parts) elements.push_back(std::move(part.value.literal));
  value = {};
  value.literal = AttributeValue::of_l(std::move(elements));
  return true;
}

bool PartiqlParts::parse_map(ValueTemplate& value, const std::string& at, int depth) {
  value.kind = ValueTemplate::Kind::map;
  if (!take_symbol("}")) {
    do {
      if (peek().kind != Kind::text) return not_well_formed("Expected a string as the name of an attribute");
      std::string name = take().value();
      if (std::ranges::find(value.parts, name, &ValueTemplate::Part::name) != value.parts.end())
        return refuse("The attribute " + name + " is given more than once");
      if (!expect_symbol(":")) return false;
      auto& part = value.parts.emplace_back(ValueTemplate::Part{std::move(name)});
      // The attributes of an item are roots themselves.
      if (!parse_value(part.value, at.empty() ? "root" : at + "." + part.name, depth + 1)) return false;
    } while (take_symbol(","));
    if (!expect_symbol("}")) return false;
  }
  if (at.empty() ||  // an item keeps its parts
      std::ranges::any_of(value.parts, [](const auto& p) { return p.value.kind != ValueTemplate::Kind::literal; }))
    return true;
  Item map;
  for (auto& part : value.parts) map.append(std::move(part.name)) = std::move(part.value.literal);
  value = {};
  value.literal = AttributeValue::of_m(std::move(map));
  if (auto checked = validate_value(value.literal); !checked) return refuse(checked.error().message);
  return true;
}

bool PartiqlParts::parse_set(ValueTemplate& value) {
  std::vector<std::string> elements;
  bool numbers = false;
  if (peek().is_symbol(">>")) return refuse("Empty bags are not supported");
  do {
    ValueTemplate element;
    if (peek().kind == Kind::parameter) return refuse("Unsupported data type in Bag");
    if (!parse_value(element, "root", 1)) return false;
    if (element.kind != ValueTemplate::Kind::literal || !(element.literal.is_s() || element.literal.is_n()))
      return refuse("Unsupported data type in Bag");
    if (elements.empty()) numbers = element.literal.is_n();
    if (numbers != element.literal.is_n()) return refuse("DynamoDB only supports either numbers or strings in bags");
    elements.push_back(numbers ? element.literal.n() : element.literal.s());
  } while (take_symbol(","));
  if (!expect_symbol(">>")) return false;
  value.literal = numbers ? AttributeValue::of_ns(std::move(elements)) : AttributeValue::of_ss(std::move(elements));
  if (auto checked = validate_value(value.literal); !checked) return refuse(checked.error().message);
  return true;
}

}  // namespace engine::dynamodb
