#include "engine/dynamodb/condition_evaluate.h"

#include <algorithm>

namespace engine::dynamodb {

namespace {

// The value of an operand: somewhere in the item or the request, or computed (`made`), or missing.
struct Value {
  const AttributeValue* found = nullptr;
  std::optional<AttributeValue> made;
  [[nodiscard]] const AttributeValue* get() const { return made ? &*made : found; }
};

std::optional<std::size_t> size_of(const AttributeValue& value) {
  if (value.is_s()) return value.s().size();
  if (value.is_b()) return value.b().size();
  if (value.is_m()) return value.m().size();
  if (value.is_l()) return value.l().size();
  if (const auto* elements = set_elements(value)) return elements->size();
  return std::nullopt;
}

bool begins_with(const AttributeValue& value, const AttributeValue& prefix) {
  if (value.is_s() && prefix.is_s()) return value.s().starts_with(prefix.s());
  return value.is_b() && prefix.is_b() && value.b().starts_with(prefix.b());
}

bool contains(const AttributeValue& value, const AttributeValue& part) {
  if (value.is_s()) return part.is_s() && value.s().find(part.s()) != std::string::npos;
  if (value.is_b()) return part.is_b() && value.b().find(part.b()) != std::string::npos;
  if (value.is_ss()) return part.is_s() && std::ranges::find(value.ss(), part.s()) != value.ss().end();
  if (value.is_ns()) return part.is_n() && std::ranges::find(value.ns(), part.n()) != value.ns().end();
  if (value.is_bs()) return part.is_b() && std::ranges::find(value.bs(), part.b()) != value.bs().end();
  return value.is_l() && std::ranges::any_of(value.l(), [&](const auto& e) { return values_equal(e, part); });
}

class Evaluation {
 public:
  Evaluation(const BoundExpression& bound, const Item& item) : bound_(bound), item_(item) {}

  bool holds(uint32_t index) {
    const Condition& condition = bound_.expression->conditions[index];
    switch (condition.op) {
      case Operator::or_:
        return holds(condition.left) || holds(condition.right);
      case Operator::and_:
        return holds(condition.left) && holds(condition.right);
      case Operator::not_:
        return !holds(condition.left);
      case Operator::call:
        return call_holds(bound_.expression->calls[condition.operands[0].index]);
      default:
        return comparison_holds(condition);
    }
  }

 private:
  Value resolve(const Operand& operand) {
    if (operand.kind == Operand::Kind::path) return {find_path(item_, bound_.path(operand.index)), {}};
    if (operand.kind == Operand::Kind::value) return {bound_.values[operand.index], {}};
    // The parser lets no function but size() stand here.
    const Value argument = resolve(bound_.expression->calls[operand.index].arguments[0]);
    if (argument.get() == nullptr) return {};
    const auto size = size_of(*argument.get());
    if (!size) return {};
    return {nullptr, AttributeValue::of_n(std::to_string(*size))};
  }

  bool call_holds(const Call& call) {
    const Value first = resolve(call.arguments[0]);
    if (call.function == Function::attribute_exists) return first.get() != nullptr;
    if (call.function == Function::attribute_not_exists) return first.get() == nullptr;
    const Value second = resolve(call.arguments[1]);
    if (first.get() == nullptr || second.get() == nullptr) return false;
    if (call.function == Function::attribute_type) return type_name(*first.get()) == second.get()->s();
    if (call.function == Function::begins_with) return begins_with(*first.get(), *second.get());
    return contains(*first.get(), *second.get());
  }

  bool comparison_holds(const Condition& condition) {
    const Value left = resolve(condition.operands[0]);
    const AttributeValue* a = left.get();
    if (condition.op == Operator::in) {
      return a != nullptr &&
             std::ranges::any_of(condition.operands.begin() + 1, condition.operands.end(), [&](const Operand& operand) {
               const Value choice = resolve(operand);
               return choice.get() != nullptr && values_equal(*a, *choice.get());
             });
    }
    const Value right = resolve(condition.operands[1]);
    const AttributeValue* b = right.get();
    // What does not exist equals nothing and differs from everything.
    if (condition.op == Operator::not_equal) return a == nullptr || b == nullptr || !values_equal(*a, *b);
    if (a == nullptr || b == nullptr) return false;
    if (condition.op == Operator::equal) return values_equal(*a, *b);
    const auto order = compare_values(*a, *b);
    if (!order) return false;
    switch (condition.op) {
      case Operator::less:
        return *order < 0;
      case Operator::less_equal:
        return *order <= 0;
      case Operator::greater:
        return *order > 0;
      case Operator::greater_equal:
        return *order >= 0;
      default:
        break;
    }
    const Value high = resolve(condition.operands[2]);  // between
    if (*order < 0 || high.get() == nullptr) return false;
    const auto above = compare_values(*a, *high.get());
    return above && *above <= 0;
  }

  const BoundExpression& bound_;
  const Item& item_;
};

}  // namespace

const AttributeValue* find_path(const Item& item, BoundPath path) {
  const AttributeValue* at = item.find(path[0].name);
  for (const BoundStep& step : path.subspan(1)) {
    if (at == nullptr) return nullptr;
    if (step.index < 0) {
      at = at->is_m() ? at->m().find(step.name) : nullptr;
    } else {
      const auto index = static_cast<std::size_t>(step.index);
      at = at->is_l() && index < at->l().size() ? &at->l()[index] : nullptr;
    }
  }
  return at;
}

bool condition_holds(const BoundExpression& condition, const Item& item) {
  return Evaluation(condition, item).holds(condition.expression->root);
}

}  // namespace engine::dynamodb
