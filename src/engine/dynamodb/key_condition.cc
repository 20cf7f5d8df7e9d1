#include "engine/dynamodb/key_condition.h"

#include <algorithm>

namespace engine::dynamodb {

namespace {

std::unexpected<base::AwsError> wrong(std::string_view message) {
  return invalid("Invalid KeyConditionExpression: " + std::string(message));
}

// `:v < a` is `a > :v`.
Operator mirrored(Operator op) {
  switch (op) {
    case Operator::less:
      return Operator::greater;
    case Operator::less_equal:
      return Operator::greater_equal;
    case Operator::greater:
      return Operator::less;
    case Operator::greater_equal:
      return Operator::less_equal;
    default:
      return op;
  }
}

// The operands of the condition: those of the call for begins_with.
base::Result<const std::vector<Operand>*> operands_of(const Expression& e, const Condition& condition) {
  const bool is_call = condition.op == Operator::call;
  if (condition.op == Operator::in || condition.op == Operator::not_equal || condition.op == Operator::or_ ||
      condition.op == Operator::not_)
    return invalid("Invalid operator used in KeyConditionExpression: " + std::string(operator_name(condition.op)));
  const Call* call = is_call ? &e.calls[condition.operands[0].index] : nullptr;
  if (call != nullptr && call->function != Function::begins_with)
    return invalid("Invalid operator used in KeyConditionExpression: " + std::string(function_name(call->function)));
  const std::vector<Operand>& operands = is_call ? call->arguments : condition.operands;
  for (const Operand& operand : operands)
    if (operand.kind == Operand::Kind::call) return invalid("KeyConditionExpressions cannot contain nested operations");
  if ((is_call || condition.op == Operator::between) && operands[0].kind != Operand::Kind::path)
    return invalid("Invalid condition in KeyConditionExpression: " + std::string(is_call ? "begins_with" : "BETWEEN") +
                   " operator must have the key attribute as its first operand");
  return &operands;
}

base::Result<KeyConditionPart> read_part(const BoundExpression& bound, const Condition& condition) {
  TRY_ASSIGN(const std::vector<Operand>* operands, operands_of(*bound.expression, condition));
  KeyConditionPart part;
  part.op = condition.op;
  bool first = true;
  for (const Operand& operand : *operands) {
    if (operand.kind == Operand::Kind::path) {
      const BoundPath path = bound.path(operand.index);
      if (!part.name.empty())
        return invalid("Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition");
      if (path.size() > 1) return invalid("KeyConditionExpressions cannot have conditions on nested attributes");
      part.name = path[0].name;
      if (!first) part.op = mirrored(part.op);
    } else {
      (part.low == nullptr ? part.low : part.high) = bound.values[operand.index];
    }
    first = false;
  }
  if (part.name.empty()) return invalid("Invalid condition in KeyConditionExpression: No key attribute specified");
  return part;
}

base::Result<void> split(const BoundExpression& bound, uint32_t index, std::vector<KeyConditionPart>& out) {
  const Condition& condition = bound.expression->conditions[index];
  if (condition.op == Operator::and_) {
    TRY(split(bound, condition.left, out));
    return split(bound, condition.right, out);
  }
  TRY_ASSIGN(KeyConditionPart part, read_part(bound, condition));
  if (std::ranges::find(out, part.name, &KeyConditionPart::name) != out.end())
    return invalid("KeyConditionExpressions must only contain one condition per key");
  out.push_back(std::move(part));
  return {};
}

}  // namespace

std::optional<KeyConditionPart> comparison_of(const BoundExpression& bound, const Condition& condition) {
  auto part = read_part(bound, condition);
  if (!part) return std::nullopt;
  return std::move(*part);
}

base::Result<std::vector<KeyConditionPart>> split_key_condition(const BoundExpression& condition) {
  std::vector<KeyConditionPart> parts;
  TRY(split(condition, condition.expression->root, parts));
  if (parts.size() > 2) return invalid("Conditions can be of length 1 or 2 only");
  return parts;
}

base::Result<KeyCondition> match_key_condition(const std::vector<KeyConditionPart>& parts, const KeySchema& schema) {
  KeyCondition out;
  out.order = schema.order;
  if (!schema.has_range() && parts.size() > 1) return invalid("Query key condition not supported");
  for (const bool is_hash : {true, false}) {
    const std::string& name = is_hash ? schema.hash : schema.range;
    const std::string& type = is_hash ? schema.hash_type : schema.range_type;
    const auto part = std::ranges::find(parts, name, &KeyConditionPart::name);
    if (name.empty()) break;
    if (part == parts.end()) {
      if (is_hash || parts.size() > 1) return invalid("Query condition missed key schema element: " + name);
      break;
    }
    for (const AttributeValue* value : {part->low, part->high}) {
      if (value == nullptr) continue;
      if (type_name(*value) != type) return invalid_parameters("Condition parameter type does not match schema type");
      if (!value->is_n() && value_size(*value) == 0 && (is_hash || part->op != Operator::call))
        return invalid(
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain "
            "an empty " +
            std::string(value->is_s() ? "string" : "binary") + " value. Key: " + name);
    }
    if (part->op == Operator::call && type == "N")
      return wrong(
          "Incorrect operand type for operator or function; operator or function: begins_with, operand type: N");
    if (is_hash) {
      if (part->op != Operator::equal) return invalid("Query key condition not supported");
      out.hash = part->low;
    } else {
      out.range_operator = part->op;
      out.low = part->low;
      out.high = part->high;
    }
  }
  return out;
}

RowRange rows_of(const KeyCondition& condition, uint64_t table, uint64_t index) {
  ItemKey key{key_bytes(*condition.hash), {}, scan_position(condition.order, *condition.hash)};
  RowRange all = partition_range(table, index, key);
  if (!condition.range_operator) return all;
  key.sort = key_bytes(*condition.low);
  const RowRange equal = sort_key_range(table, index, key);
  switch (*condition.range_operator) {
    case Operator::equal:
      return equal;
    case Operator::less:
      return {all.begin, equal.begin};
    case Operator::less_equal:
      return {all.begin, equal.end};
    case Operator::greater:
      return {equal.end, all.end};
    case Operator::greater_equal:
      return {equal.begin, all.end};
    case Operator::between:
      key.sort = key_bytes(*condition.high);
      return {equal.begin, sort_key_range(table, index, key).end};
    default:
      return sort_prefix_range(table, index, key);
  }
}

bool sort_key_matches(const KeyCondition& condition, const AttributeValue& sort_key) {
  if (!condition.range_operator) return true;
  const auto order = compare_values(sort_key, *condition.low);
  if (!order) return false;
  switch (*condition.range_operator) {
    case Operator::equal:
      return *order == 0;
    case Operator::less:
      return *order < 0;
    case Operator::less_equal:
      return *order <= 0;
    case Operator::greater:
      return *order > 0;
    case Operator::greater_equal:
      return *order >= 0;
    case Operator::between: {
      const auto above = compare_values(sort_key, *condition.high);
      return *order >= 0 && above && *above <= 0;
    }
    default:
      return key_bytes(sort_key).starts_with(key_bytes(*condition.low));
  }
}

}  // namespace engine::dynamodb
