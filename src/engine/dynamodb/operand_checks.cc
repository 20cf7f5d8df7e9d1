#include "engine/dynamodb/operand_checks.h"

#include <algorithm>

#include "base/encoding.h"

namespace engine::dynamodb {

namespace {

// What is known about an operand's type before there is an item: of literals and of size(). Empty: nothing.
std::string_view static_type(const BoundExpression& bound, const Operand& operand) {
  if (const AttributeValue* value = bound.literal(operand)) return type_name(*value);
  if (operand.kind != Operand::Kind::call) return {};
  return bound.expression->calls[operand.index].function == Function::size ? "N" : "BOOL";
}

std::string wrong_type(std::string_view function, std::string_view type) {
  return "Incorrect operand type for operator or function; operator or function: " + std::string(function) +
         ", operand type: " + std::string(type);
}

std::string wrong_count(const Call& call) {
  return "Incorrect number of operands for operator or function; operator or function: " +
         std::string(function_name(call.function)) + ", number of operands: " + std::to_string(call.arguments.size());
}

std::string needs_path(Function function) {
  return "Operator or function requires a document path; operator or function: " + std::string(function_name(function));
}

// The first two operands must not be the same path.
std::string check_distinct(const BoundExpression& bound, std::string_view name, const std::vector<Operand>& operands) {
  if (operands.size() != 2 || operands[0].kind != Operand::Kind::path || operands[1].kind != Operand::Kind::path)
    return {};
  const BoundPath a = bound.path(operands[0].index);
  const BoundPath b = bound.path(operands[1].index);
  const auto same = [](const BoundStep& x, const BoundStep& y) { return x.index == y.index && x.name == y.name; };
  if (!std::ranges::equal(a, b, same)) return {};
  return "The first operand must be distinct from the remaining operands for this operator or function; operator: " +
         std::string(name) + ", first operand: " + path_text(a);
}

std::string check_attribute_type(const BoundExpression& bound, const Call& call) {
  std::string_view type = static_type(bound, call.arguments[1]);
  if (type != "S") return wrong_type("attribute_type", type.empty() ? "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}" : type);
  static constexpr std::string_view kTypes[] = {"S", "N", "B", "NULL", "SS", "BOOL", "L", "BS", "NS", "M"};
  const std::string& wanted = bound.literal(call.arguments[1])->s();
  if (std::ranges::find(kTypes, wanted) != std::end(kTypes)) return {};
  return "Invalid attribute type name found; type: " + wanted + ", valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}";
}

std::string check_condition_call(const BoundExpression& bound, const Call& call) {
  for (const Operand& argument : call.arguments)
    if (argument.kind == Operand::Kind::call)
      if (std::string error = check_condition_call(bound, bound.expression->calls[argument.index]); !error.empty())
        return error;
  const Function f = call.function;
  const std::string_view name = function_name(f);
  const bool unary = f == Function::attribute_exists || f == Function::attribute_not_exists || f == Function::size;
  if (call.arguments.size() != (unary ? 1u : 2u)) return wrong_count(call);
  if (std::string error = check_distinct(bound, name, call.arguments); !error.empty()) return error;
  const std::string_view type = static_type(bound, call.arguments[0]);
  switch (f) {
    case Function::attribute_exists:
    case Function::attribute_not_exists:
      if (call.arguments[0].kind != Operand::Kind::path) return needs_path(f);
      break;
    case Function::begins_with:
      for (const Operand& argument : call.arguments) {
        const std::string_view t = static_type(bound, argument);
        if (!t.empty() && t != "S" && t != "B") return wrong_type(name, t);
      }
      break;
    case Function::attribute_type:
      return check_attribute_type(bound, call);
    case Function::size:
      if (type == "N" || type == "BOOL" || type == "NULL") return wrong_type(name, type);
      break;
    default:
      break;
  }
  return {};
}

std::string literal_text(const AttributeValue& value) {
  const std::string text = value.is_s() ? value.s() : value.is_n() ? value.n() : base::base64_encode(value.b());
  return "AttributeValue: {" + std::string(type_name(value)) + ":" + text + "}";
}

std::string check_bounds(const BoundExpression& bound, const Condition& condition) {
  const AttributeValue* low = bound.literal(condition.operands[1]);
  const AttributeValue* high = bound.literal(condition.operands[2]);
  if (low == nullptr || high == nullptr) return {};
  if (!is_scalar_key_type(*low)) return wrong_type("BETWEEN", type_name(*low));
  if (!is_scalar_key_type(*high)) return wrong_type("BETWEEN", type_name(*high));
  const auto order = compare_values(*low, *high);
  if (order && *order <= 0) return {};
  return std::string(order ? "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; "
                           : "The BETWEEN operator requires same data type for lower and upper bounds; ") +
         "lower bound operand: " + literal_text(*low) + ", upper bound operand: " + literal_text(*high);
}

std::string check_update_call(const BoundExpression& bound, const Call& call) {
  for (const Operand& argument : call.arguments)
    if (argument.kind == Operand::Kind::call)
      if (std::string error = check_update_call(bound, bound.expression->calls[argument.index]); !error.empty())
        return error;
  if (call.arguments.size() != 2) return wrong_count(call);
  if (call.function == Function::if_not_exists)
    return call.arguments[0].kind == Operand::Kind::path ? std::string() : needs_path(call.function);
  const std::string_view wanted = call.function == Function::list_append ? "L" : "N";
  for (const Operand& argument : call.arguments)
    if (const AttributeValue* value = bound.literal(argument); value != nullptr && type_name(*value) != wanted)
      return wrong_type(function_name(call.function), type_name(*value));
  return {};
}

}  // namespace

std::string check_condition(const BoundExpression& bound, const Condition& condition) {
  for (const Operand& operand : condition.operands)
    if (operand.kind == Operand::Kind::call)
      if (std::string error = check_condition_call(bound, bound.expression->calls[operand.index]); !error.empty())
        return error;
  switch (condition.op) {
    case Operator::less:
    case Operator::less_equal:
    case Operator::greater:
    case Operator::greater_equal:
      for (const Operand& operand : condition.operands)
        if (const AttributeValue* value = bound.literal(operand); value != nullptr && !is_scalar_key_type(*value))
          return "Incorrect operand type for operator or function; operator: " +
                 std::string(operator_name(condition.op)) + ", operand type: " + std::string(type_name(*value));
      [[fallthrough]];
    case Operator::equal:
    case Operator::not_equal:
      return check_distinct(bound, operator_name(condition.op), condition.operands);
    case Operator::between:
      return check_bounds(bound, condition);
    default:
      return {};
  }
}

std::string check_update(const BoundExpression& bound) {
  for (const UpdateAction& action : bound.expression->actions) {
    const bool adds = action.kind == UpdateAction::Kind::add;
    if (!adds && action.kind != UpdateAction::Kind::delete_) continue;
    const AttributeValue& value = *bound.literal(action.value);
    if (set_elements(value) != nullptr || (adds && value.is_n())) continue;
    static constexpr std::string_view kNames[] = {"", "STRING", "NUMBER", "BINARY", "",       "",
                                                  "", "MAP",    "LIST",   "NULL",   "BOOLEAN"};
    return std::string("Incorrect operand type for operator or function; operator: ") + (adds ? "ADD" : "DELETE") +
           ", operand type: " + std::string(kNames[value.value.index()]);
  }
  for (const UpdateAction& action : bound.expression->actions)
    if (action.kind == UpdateAction::Kind::set && action.value.kind == Operand::Kind::call)
      if (std::string error = check_update_call(bound, bound.expression->calls[action.value.index]); !error.empty())
        return error;
  return {};
}

std::string check_paths(const BoundExpression& bound) {
  const std::vector<BoundPath> paths = bound.target_paths();
  std::string conflict;
  for (std::size_t second = 1; second < paths.size(); ++second) {
    for (std::size_t first = 0; first < second; ++first) {
      const BoundPath a = paths[first];
      const BoundPath b = paths[second];
      const std::size_t shared = std::min(a.size(), b.size());
      std::size_t i = 0;
      while (i < shared && a[i].index == b[i].index && a[i].name == b[i].name) ++i;
      const auto text = [&](const char* verb) {
        return std::string("Two document paths ") + verb +
               " with each other; must remove or rewrite one of these paths; path one: " + path_text(a) +
               ", path two: " + path_text(b);
      };
      if (i == shared) return text("overlap");
      if ((a[i].index < 0) != (b[i].index < 0) && conflict.empty()) conflict = text("conflict");
    }
  }
  return conflict;
}

}  // namespace engine::dynamodb
