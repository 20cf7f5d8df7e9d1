#include "engine/dynamodb/partiql_binding.h"

#include <algorithm>

#include "engine/dynamodb/condition_evaluate.h"
#include "engine/dynamodb/operand_checks.h"

namespace engine::dynamodb {

namespace {

AttributeValue make_value(const ValueTemplate& value, std::vector<AttributeValue>& parameters) {
  switch (value.kind) {
    case ValueTemplate::Kind::literal:
      return value.literal;
    case ValueTemplate::Kind::parameter:
      return std::move(parameters[value.parameter]);  // each occurs once
    case ValueTemplate::Kind::list: {
      std::vector<AttributeValue> list;
      list.reserve(value.parts.size());
      for (const auto& [name, part] : value.parts) list.push_back(make_value(part, parameters));
      return AttributeValue::of_l(std::move(list));
    }
    case ValueTemplate::Kind::map:
      break;
  }
  Item map;
  for (const auto& [name, part] : value.parts) map.append(name) = make_value(part, parameters);
  return AttributeValue::of_m(std::move(map));
}

base::Result<void> check_clause(const BoundExpression& bound) {
  const Expression& e = *bound.expression;
  std::string error;
  if (e.kind == ExpressionKind::update) {
    for (const UpdateAction& action : e.actions) {
      const bool adds = action.kind == UpdateAction::Kind::add;
      if (!adds && action.kind != UpdateAction::Kind::delete_) continue;
      const AttributeValue& value = *bound.literal(action.value);
      if (set_elements(value) != nullptr) continue;
      return invalid("Incorrect operand type for operator or function; operator or function: " +
                     std::string(adds ? "set_add" : "set_delete") + ", operand type: " + std::string(type_name(value)));
    }
    error = check_paths(bound);
    if (error.empty()) error = check_update(bound);
  }
  for (const Condition& condition : e.conditions)
    if (error.empty()) error = check_condition(bound, condition);
  if (!error.empty()) return invalid(std::move(error));
  return {};
}

base::Result<std::optional<BoundExpression>> bind_clause(const Clause& clause, BoundStatement& out) {
  if (!clause.expression) return std::nullopt;
  BoundExpression bound;
  bound.expression = clause.expression;
  bound.steps.reserve(clause.expression->steps.size());
  for (const PathStep& step : clause.expression->steps) bound.steps.push_back({step.name, step.index});
  for (const ValueTemplate& value : clause.values) {
    if (value.kind == ValueTemplate::Kind::literal) {
      bound.values.push_back(&value.literal);
      continue;
    }
    out.made.push_back(make_value(value, out.parameters));
    TRY(validate_value(out.made.back()));
    bound.values.push_back(&out.made.back());
  }
  TRY(check_clause(bound));
  return std::optional(std::move(bound));
}

void collect_required(const BoundExpression& where, uint32_t index, std::vector<KeyConditionPart>& out) {
  const Condition& condition = where.expression->conditions[index];
  if (condition.op == Operator::and_) {
    collect_required(where, condition.left, out);
    collect_required(where, condition.right, out);
    return;
  }
  if (auto part = comparison_of(where, condition)) out.push_back(std::move(*part));
}

}  // namespace

base::Result<BoundStatement> bind_statement(std::shared_ptr<const Statement> statement,
                                            std::optional<std::vector<AttributeValue>>&& parameters) {
  if (!statement->error.empty()) return invalid(statement->error);
  BoundStatement out;
  if (parameters) out.parameters = std::move(*parameters);
  if (out.parameters.size() != statement->parameters)
    return invalid("Number of parameters in request and statement don't match.");
  TRY_ASSIGN(out.where, bind_clause(statement->where, out));
  TRY_ASSIGN(out.update, bind_clause(statement->update, out));
  TRY_ASSIGN(out.projection, bind_clause(statement->projection, out));
  if (statement->verb == aws::PartiqlVerb::insert) {
    out.item = std::move(make_value(statement->item, out.parameters).m());
    TRY(validate_item(out.item));
  }
  out.statement = std::move(statement);
  return out;
}

std::vector<KeyConditionPart> required_comparisons(const BoundExpression& where) {
  std::vector<KeyConditionPart> parts;
  collect_required(where, where.expression->root, parts);
  return parts;
}

base::Result<Item> key_of_where(const KeySchema& schema, const std::optional<BoundExpression>& where,
                                std::string_view missing) {
  if (!where) return invalid(std::string(missing));
  const std::vector<KeyConditionPart> parts = required_comparisons(*where);
  Item key;
  for (const bool is_hash : {true, false}) {
    const std::string& name = is_hash ? schema.hash : schema.range;
    if (name.empty()) break;
    const auto equals = [&](const KeyConditionPart& p) { return p.name == name && p.op == Operator::equal; };
    const auto part = std::ranges::find_if(parts, equals);
    if (part == parts.end()) return invalid(std::string(missing));
    if (std::find_if(part + 1, parts.end(), equals) != parts.end())
      return invalid("Multiple conditions on same key: " + name);
    if (type_name(*part->low) != (is_hash ? schema.hash_type : schema.range_type))
      return invalid("Key attribute's data type should match its data type in table's schema");
    key.append(name) = *part->low;
  }
  return key;
}

Item select_paths(const Item& item, const BoundExpression& projection) {
  Item out;
  for (const BoundPath path : projection.target_paths()) {
    const AttributeValue* value = find_path(item, path);
    if (value == nullptr) continue;
    std::size_t name = path.size() - 1;
    while (path[name].index >= 0) --name;
    std::string label(path[name].name);
    for (const BoundStep& step : path.subspan(name + 1)) label += "[" + std::to_string(step.index) + "]";
    out[label] = *value;
  }
  return out;
}

}  // namespace engine::dynamodb
