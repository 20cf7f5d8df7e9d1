#include "pipeline/definition_section.h"

#include <fmt/format.h>

#include <algorithm>

namespace pipeline {
namespace {

uint32_t line_of(const toml::node& node) {
  return node.source().begin.line;
}

// The known key that `wrong` is most likely meant to be; empty if none is near.
std::string nearest(std::string_view wrong, const std::set<std::string, std::less<>>& known) {
  const auto distance = [&](std::string_view to) {
    std::vector<std::size_t> row(to.size() + 1);
    for (std::size_t i = 0; i <= to.size(); ++i) row[i] = i;
    for (std::size_t i = 1; i <= wrong.size(); ++i) {
      std::size_t diagonal = std::exchange(row[0], i);
      for (std::size_t j = 1; j <= to.size(); ++j) {
        const std::size_t changed = diagonal + (wrong[i - 1] != to[j - 1]);
        diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, changed}));
      }
    }
    return row.back();
  };
  constexpr std::size_t kNear = 3;
  const auto best = std::ranges::min_element(known, {}, distance);
  return best != known.end() && distance(*best) < kNear ? *best : std::string();
}

}  // namespace

DefinitionSection::~DefinitionSection() {
  if (table_ == nullptr) return;
  for (const auto& [key, node] : *table_) {
    if (asked_.contains(key.str())) continue;
    const std::string meant = nearest(key.str(), asked_);
    fault(key.source().begin.line,
          fmt::format("has no key \"{}\"{}", key.str(), meant.empty() ? "" : ", perhaps \"" + meant + "\" is meant"));
  }
}

void DefinitionSection::fault(uint32_t line, std::string_view what) {
  faults_.push_back({line, fmt::format("[{}] {}", name_, what)});
}
void DefinitionSection::fault_at(std::string_view key, std::string_view what) {
  const toml::node* node = table_ == nullptr ? nullptr : table_->get(key);
  const uint32_t line = node != nullptr ? line_of(*node) : table_ != nullptr ? line_of(*table_) : 0;
  faults_.push_back({line, fmt::format("[{}] {} {}", name_, key, what)});
}

std::optional<std::string> DefinitionSection::text(std::string_view key) {
  const toml::node* node = get(key);
  if (node == nullptr) return std::nullopt;
  if (const auto value = node->value_exact<std::string>()) return *value;
  fault_at(key, "must be a string");
  return std::nullopt;
}

std::vector<std::string> DefinitionSection::texts(std::string_view key) {
  const toml::node* node = get(key);
  if (node == nullptr) return {};
  if (const auto value = node->value_exact<std::string>()) return {*value};
  std::vector<std::string> out;
  const toml::array* list = node->as_array();
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i)
    if (const auto value = (*list)[i].value_exact<std::string>()) out.push_back(*value);
  if (list != nullptr && out.size() == list->size() && !out.empty()) return out;
  fault_at(key, "must be a string or a list of strings");
  return {};
}

bool DefinitionSection::boolean(std::string_view key, bool otherwise) {
  const toml::node* node = get(key);
  if (node == nullptr) return otherwise;
  if (const auto value = node->value_exact<bool>()) return *value;
  fault_at(key, "must be true or false");
  return otherwise;
}

std::optional<int64_t> DefinitionSection::whole_number(std::string_view key, int64_t min, int64_t max) {
  const toml::node* node = get(key);
  if (node == nullptr) return std::nullopt;
  const auto value = node->value_exact<int64_t>();
  if (value.has_value() && *value >= min && *value <= max) return *value;
  fault_at(key, fmt::format("must be a whole number from {} to {}", min, max));
  return std::nullopt;
}

std::size_t DefinitionSection::one_of(std::string_view key, std::span<const std::string_view> names) {
  const auto value = text(key);
  if (!value.has_value()) return 0;
  const auto found = std::ranges::find(names, *value);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  std::string list;
  for (const std::string_view name : names) list += fmt::format("{}\"{}\"", list.empty() ? "" : ", ", name);
  fault_at(key, fmt::format("is \"{}\", and can be {}", *value, list));
  return 0;
}

std::vector<std::pair<std::string, int>> DefinitionSection::numbers(std::string_view key, int number_max) {
  std::vector<std::pair<std::string, int>> out;
  const toml::node* node = get(key);
  if (node == nullptr) return out;
  const toml::table* table = node->as_table();
  if (table == nullptr) fault_at(key, "must be a table, such as { JPY = 0 }");
  if (table == nullptr) return out;
  for (const auto& [name, value] : *table) {
    const auto number = value.value_exact<int64_t>();
    if (number.has_value() && *number >= 0 && *number <= number_max) {
      out.emplace_back(name.str(), static_cast<int>(*number));
    } else {
      fault_at(key, fmt::format("has for {} no whole number from 0 to {}", name.str(), number_max));
    }
  }
  return out;
}

std::optional<FieldPath> DefinitionSection::path(std::string_view key) {
  const auto value = text(key);
  if (!value.has_value()) return std::nullopt;
  auto path = FieldPath::parse(*value);
  if (path.has_value()) return std::move(*path);
  fault_at(key, "is wrong: " + path.error());
  return std::nullopt;
}

FieldSource DefinitionSection::source(std::string_view key) {
  FieldSource out;
  for (const std::string& one : texts(key)) {
    auto field = FieldTemplate::parse(one);
    if (field.has_value()) {
      out.push_back(std::move(*field));
    } else {
      fault_at(key, "is wrong: " + field.error());
    }
  }
  return out;
}

const toml::node* DefinitionSection::get(std::string_view key) {
  asked_.emplace(key);
  return table_ == nullptr ? nullptr : table_->get(key);
}

}  // namespace pipeline
