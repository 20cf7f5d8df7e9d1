#include "engine/dynamodb/projection.h"

#include <algorithm>
#include <span>

namespace engine::dynamodb {

namespace {

// The paths are sorted, so those that share their first `depth` steps stand together.
bool step_less(const BoundStep& a, const BoundStep& b) {
  return a.index != b.index ? a.index < b.index : a.name < b.name;
}

bool project_value(const AttributeValue& value, std::span<const BoundPath> paths, std::size_t depth,
                   AttributeValue& out);

// Calls `visit(step, group)` for each group of paths that agree at `depth`.
template <class Visit>
void for_each_group(std::span<const BoundPath> paths, std::size_t depth, Visit visit) {
  for (std::size_t begin = 0; begin < paths.size();) {
    std::size_t end = begin + 1;
    const BoundStep& step = paths[begin][depth];
    while (end < paths.size() && paths[end][depth].index == step.index && paths[end][depth].name == step.name) ++end;
    visit(step, paths.subspan(begin, end - begin));
    begin = end;
  }
}

void project_map(const Item& map, std::span<const BoundPath> paths, std::size_t depth, Item& out) {
  for_each_group(paths, depth, [&](const BoundStep& step, std::span<const BoundPath> group) {
    const AttributeValue* child = step.index < 0 ? map.find(step.name) : nullptr;
    AttributeValue kept;
    if (child != nullptr && project_value(*child, group, depth + 1, kept))
      out.append(std::string(step.name)) = std::move(kept);
  });
}

// False if nothing of the value is named by a path that exists.
bool project_value(const AttributeValue& value, std::span<const BoundPath> paths, std::size_t depth,
                   AttributeValue& out) {
  if (paths[0].size() == depth) {
    out = value;
    return true;
  }
  if (value.is_m()) {
    Item kept;
    project_map(value.m(), paths, depth, kept);
    if (kept.empty()) return false;
    out = AttributeValue::of_m(std::move(kept));
    return true;
  }
  if (!value.is_l()) return false;
  std::vector<AttributeValue> kept;
  for_each_group(paths, depth, [&](const BoundStep& step, std::span<const BoundPath> group) {
    AttributeValue element;
    if (step.index >= 0 && static_cast<std::size_t>(step.index) < value.l().size() &&
        project_value(value.l()[static_cast<std::size_t>(step.index)], group, depth + 1, element))
      kept.push_back(std::move(element));
  });
  if (kept.empty()) return false;
  out = AttributeValue::of_l(std::move(kept));
  return true;
}

}  // namespace

Item project(const Item& item, const std::vector<BoundPath>& paths) {
  std::vector<BoundPath> sorted = paths;
  std::ranges::sort(sorted,
                    [](BoundPath a, BoundPath b) { return std::ranges::lexicographical_compare(a, b, step_less); });
  Item out;
  if (!sorted.empty()) project_map(item, sorted, 0, out);
  return out;
}

}  // namespace engine::dynamodb
