#include "engine/dynamodb/update_apply.h"

#include <algorithm>
#include <unordered_set>

#include "engine/dynamodb/condition_evaluate.h"

namespace engine::dynamodb {

namespace {

using Kind = UpdateAction::Kind;

std::unexpected<base::AwsError> wrong_type() {
  return invalid("An operand in the update expression has an incorrect data type");
}
std::unexpected<base::AwsError> wrong_path() {
  return invalid("The document path provided in the update expression is invalid for update");
}

base::Result<AttributeValue> sum(const AttributeValue& a, const AttributeValue& b, bool plus) {
  if (!a.is_n() || !b.is_n()) return wrong_type();
  const auto x = base::Decimal::parse(a.n());
  const auto y = base::Decimal::parse(b.n());
  if (!x || !y) return wrong_type();
  const auto result = plus ? x->add(*y) : x->subtract(*y);
  if (!result) return invalid(number_error_text(result.error(), ""));
  return AttributeValue::of_n(result->to_string());
}

// Right-hand sides, all read from the item as it was.
class RightSide {
 public:
  RightSide(const BoundExpression& bound, const Item& before) : bound_(bound), before_(before) {}

  base::Result<AttributeValue> value(const Operand& operand) {
    if (operand.kind == Operand::Kind::value) return *bound_.values[operand.index];
    if (operand.kind == Operand::Kind::path) {
      const AttributeValue* found = find_path(before_, bound_.path(operand.index));
      if (found == nullptr)
        return invalid("The provided expression refers to an attribute that does not exist in the item");
      return *found;
    }
    const Call& call = bound_.expression->calls[operand.index];
    if (call.function == Function::if_not_exists) {
      const AttributeValue* found = find_path(before_, bound_.path(call.arguments[0].index));
      if (found != nullptr) return *found;
      return value(call.arguments[1]);
    }
    TRY_ASSIGN(AttributeValue first, value(call.arguments[0]));
    TRY_ASSIGN(AttributeValue second, value(call.arguments[1]));
    if (call.function != Function::list_append) return sum(first, second, call.function == Function::plus);
    if (!first.is_l() || !second.is_l()) return wrong_type();
    std::ranges::move(second.l(), std::back_inserter(first.l()));
    return first;
  }

 private:
  const BoundExpression& bound_;
  const Item& before_;
};

class Updater {
 public:
  explicit Updater(Item item) : item_(std::move(item)) {}

  base::Result<void> apply(Kind kind, BoundPath path, AttributeValue&& value) {
    if (path.size() == 1) return apply_to_map(kind, item_, path, std::move(value));
    auto* parent = const_cast<AttributeValue*>(find_path(item_, path.first(path.size() - 1)));
    const BoundStep& last = path.back();
    if (parent == nullptr || !(last.index < 0 ? parent->is_m() : parent->is_l())) return wrong_path();
    if (last.index < 0) return apply_to_map(kind, parent->m(), path, std::move(value));
    return apply_to_list(kind, parent->l(), path, std::move(value));
  }

  // Appends and then removes list elements, which had to wait so that indexes kept their meaning.
  Item finish() {
    std::ranges::stable_sort(appends_, {}, [](const Append& a) { return a.path.back().index; });
    for (Append& append : appends_) list_of(append.path).push_back(std::move(append.value));
    // Larger indexes first, so that an erasure never moves an element that is still to be found.
    std::ranges::sort(removals_, [](BoundPath a, BoundPath b) {
      return std::ranges::lexicographical_compare(b, a, [](const BoundStep& x, const BoundStep& y) {
        return x.index != y.index ? x.index < y.index : x.name < y.name;
      });
    });
    for (const BoundPath path : removals_) {
      auto& list = list_of(path);
      list.erase(list.begin() + path.back().index);
    }
    return std::move(item_);
  }

 private:
  struct Append {
    BoundPath path;
    AttributeValue value;
  };

  std::vector<AttributeValue>& list_of(BoundPath path) {
    return const_cast<AttributeValue*>(find_path(item_, path.first(path.size() - 1)))->l();
  }

  base::Result<void> apply_to_map(Kind kind, Item& map, BoundPath path, AttributeValue&& value) {
    const std::string_view name = path.back().name;
    AttributeValue* existing = map.find(name);
    if (kind == Kind::remove) {
      if (existing != nullptr) map.erase(name);
    } else if (kind == Kind::set || (kind == Kind::add && existing == nullptr)) {
      (existing != nullptr ? *existing : map.append(std::string(name))) = std::move(value);
    } else if (existing != nullptr) {
      TRY_ASSIGN(const bool empty, change(kind, *existing, value));
      if (empty) map.erase(name);
    }
    return {};
  }

  base::Result<void> apply_to_list(Kind kind, std::vector<AttributeValue>& list, BoundPath path,
                                   AttributeValue&& value) {
    const auto index = static_cast<std::size_t>(path.back().index);
    const bool exists = index < list.size();
    if (kind == Kind::remove) {
      if (exists) removals_.push_back(path);
    } else if (!exists) {
      if (kind != Kind::delete_) appends_.push_back({path, std::move(value)});
    } else if (kind == Kind::set) {
      list[index] = std::move(value);
    } else {
      TRY_ASSIGN(const bool empty, change(kind, list[index], value));
      if (empty) removals_.push_back(path);
    }
    return {};
  }

  // ADD or DELETE on an existing value; answers whether a set became empty.
  static base::Result<bool> change(Kind kind, AttributeValue& existing, const AttributeValue& value) {
    if (existing.value.index() != value.value.index()) return wrong_type();
    if (value.is_n()) {
      TRY_ASSIGN(existing, sum(existing, value, true));
      return false;
    }
    auto& elements = const_cast<std::vector<std::string>&>(*set_elements(existing));
    const auto& operand = *set_elements(value);
    if (kind == Kind::delete_) {
      const std::unordered_set<std::string_view> gone(operand.begin(), operand.end());
      std::erase_if(elements, [&](const std::string& e) { return gone.contains(e); });
      return elements.empty();
    }
    std::unordered_set<std::string> present(elements.begin(), elements.end());
    for (const std::string& element : operand)
      if (present.insert(element).second) elements.push_back(element);
    return false;
  }

  Item item_;
  std::vector<Append> appends_;
  std::vector<BoundPath> removals_;
};

}  // namespace

base::Result<Item> apply_update(const BoundExpression& update, const Item& before) {
  const std::vector<UpdateAction>& actions = update.expression->actions;
  std::vector<AttributeValue> values(actions.size());
  RightSide right(update, before);
  for (std::size_t i = 0; i < actions.size(); ++i) {
    if (actions[i].kind == Kind::remove) continue;
    TRY_ASSIGN(values[i], right.value(actions[i].value));
  }
  Updater updater(before);
  for (std::size_t i = 0; i < actions.size(); ++i)
    TRY(updater.apply(actions[i].kind, update.path(actions[i].path), std::move(values[i])));
  return updater.finish();
}

}  // namespace engine::dynamodb
