#include "pipeline/definition_section.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "aws/codec/json_shape.h"

namespace pipeline {
namespace {

uint32_t line_of_node(const toml::node& node) {
  return node.source().begin.line;
}

void append_text(std::string_view text, std::string& out) {
  aws::codec::write_json_string(text, out);
}

// As JSON. Dates and times, which no key takes, are null.
void append_json(const toml::node& node, std::string& out) {
  if (const toml::table* table = node.as_table(); table != nullptr) {
    out += '{';
    for (bool first = true; const auto& [key, value] : *table) {
      if (!std::exchange(first, false)) out += ',';
      append_text(key.str(), out);
      out += ':';
      append_json(value, out);
    }
    out += '}';
  } else if (const toml::array* array = node.as_array(); array != nullptr) {
    out += '[';
    for (bool first = true; const toml::node& value : *array) {
      if (!std::exchange(first, false)) out += ',';
      append_json(value, out);
    }
    out += ']';
  } else if (const auto text = node.value_exact<std::string>()) {
    append_text(*text, out);
  } else if (const auto truth = node.value_exact<bool>()) {
    out += *truth ? "true" : "false";
  } else if (const auto whole = node.value_exact<int64_t>()) {
    out += std::to_string(*whole);
  } else if (const auto number = node.value_exact<double>(); number.has_value() && std::isfinite(*number)) {
    out += fmt::format("{}", *number);
  } else {
    out += "null";
  }
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
  notes_.faults.push_back({line, fmt::format("[{}] {}", name_, what)});
}
void DefinitionSection::fault_at(std::string_view key, std::string_view what) {
  fault(line_of(key), fmt::format("{} {}", key, what));
}
uint32_t DefinitionSection::line_of(std::string_view key) const {
  const toml::node* node = table_ == nullptr ? nullptr : table_->get(key);
  return node != nullptr ? line_of_node(*node) : table_ != nullptr ? line_of_node(*table_) : 0;
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
  const toml::node* node = get(key, otherwise ? "true" : "false");
  if (node == nullptr) return otherwise;
  if (const auto value = node->value_exact<bool>()) return *value;
  fault_at(key, "must be true or false");
  return otherwise;
}

std::size_t DefinitionSection::one_of(std::string_view key, std::span<const std::string_view> names) {
  std::string first;
  append_text(names.front(), first);
  get(key, first);
  const auto value = text(key);
  if (!value.has_value()) return 0;
  const auto found = std::ranges::find(names, *value);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  std::string list;
  for (const std::string_view name : names) list += fmt::format("{}\"{}\"", list.empty() ? "" : ", ", name);
  fault_at(key, fmt::format("is \"{}\", and can be {}", *value, list));
  return 0;
}

int32_t DefinitionSection::whole_number(std::string_view key, int32_t min, int32_t max, int32_t otherwise) {
  const toml::node* node = get(key, std::to_string(otherwise));
  if (node == nullptr) return otherwise;
  const auto value = node->value_exact<int64_t>();
  if (value.has_value() && *value >= min && *value <= max) return static_cast<int32_t>(*value);
  fault_at(key, fmt::format("must be a whole number from {} to {}", min, max));
  return otherwise;
}

double DefinitionSection::amount(std::string_view key, double otherwise) {
  const toml::node* node = get(key, fmt::format("{}", otherwise));
  if (node == nullptr) return otherwise;
  const auto whole = node->value_exact<int64_t>();
  const auto value = whole.has_value() ? static_cast<double>(*whole) : node->value_exact<double>().value_or(-1);
  if (std::isfinite(value) && value >= 0) return value;
  fault_at(key, "must be a number of 0 or more");
  return otherwise;
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

std::vector<std::pair<std::string, std::string>> DefinitionSection::named_texts(std::string_view key) {
  std::vector<std::pair<std::string, std::string>> out;
  const toml::node* node = get(key);
  if (node == nullptr) return out;
  const toml::table* table = node->as_table();
  if (table == nullptr) fault_at(key, R"(must be a table of strings, such as { team = "shop" })");
  if (table == nullptr) return out;
  for (const auto& [name, value] : *table) {
    const auto text = value.value_exact<std::string>();
    if (text.has_value()) out.emplace_back(name.str(), *text);
    if (!text.has_value()) fault(line_of_node(value), fmt::format("{} has for {} no string", key, name.str()));
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

const toml::node* DefinitionSection::get(std::string_view key, std::string_view otherwise) {
  const toml::node* node = table_ == nullptr ? nullptr : table_->get(key);
  if (!asked_.emplace(key).second) return node;
  DefinitionEntry entry{fmt::format("{}.{}", name_, key), std::string(otherwise), 0};
  if (node != nullptr) {
    entry.json.clear();
    append_json(*node, entry.json);
    entry.line = line_of_node(*node);
  }
  notes_.entries.push_back(std::move(entry));
  return node;
}

}  // namespace pipeline
