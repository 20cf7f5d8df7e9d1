#include "pipeline/definition.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include "base/encoding.h"
#include "pipeline/currency.h"

#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

namespace pipeline {
namespace {

using Faults = std::vector<DefinitionFault>;

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

// One table of the file: gives its values out, checked, and tells of keys that nobody asked for.
class Section {
 public:
  Section(std::string name, const toml::table* table, Faults& faults)
      : name_(std::move(name)), table_(table), faults_(faults) {}
  ~Section() {
    if (table_ == nullptr) return;
    for (const auto& [key, node] : *table_) {
      if (asked_.contains(key.str())) continue;
      const std::string meant = nearest(key.str(), asked_);
      fault(key.source().begin.line,
            fmt::format("has no key \"{}\"{}", key.str(), meant.empty() ? "" : ", perhaps \"" + meant + "\" is meant"));
    }
  }
  Section(const Section&) = delete;
  Section& operator=(const Section&) = delete;

  [[nodiscard]] bool has(std::string_view key) const { return table_ != nullptr && table_->contains(key); }
  void fault(uint32_t line, std::string_view what) { faults_.push_back({line, fmt::format("[{}] {}", name_, what)}); }
  void fault_at(std::string_view key, std::string_view what) {
    const toml::node* node = table_ == nullptr ? nullptr : table_->get(key);
    const uint32_t line = node != nullptr ? line_of(*node) : table_ != nullptr ? line_of(*table_) : 0;
    faults_.push_back({line, fmt::format("[{}] {} {}", name_, key, what)});
  }

  std::optional<std::string> text(std::string_view key) {
    const toml::node* node = get(key);
    if (node == nullptr) return std::nullopt;
    if (const auto value = node->value_exact<std::string>()) return *value;
    fault_at(key, "must be a string");
    return std::nullopt;
  }

  // One string or a list of them.
  std::vector<std::string> texts(std::string_view key) {
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

  bool boolean(std::string_view key, bool otherwise) {
    const toml::node* node = get(key);
    if (node == nullptr) return otherwise;
    if (const auto value = node->value_exact<bool>()) return *value;
    fault_at(key, "must be true or false");
    return otherwise;
  }

  // The index of the value among `names`; 0 if the key is absent.
  std::size_t one_of(std::string_view key, std::span<const std::string_view> names) {
    const auto value = text(key);
    if (!value.has_value()) return 0;
    const auto found = std::ranges::find(names, *value);
    if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
    std::string list;
    for (const std::string_view name : names) list += fmt::format("{}\"{}\"", list.empty() ? "" : ", ", name);
    fault_at(key, fmt::format("is \"{}\", and can be {}", *value, list));
    return 0;
  }

  // A table of whole numbers from 0 to `number_max`.
  std::vector<std::pair<std::string, int>> numbers(std::string_view key, int number_max) {
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

  std::optional<FieldPath> path(std::string_view key) {
    const auto value = text(key);
    if (!value.has_value()) return std::nullopt;
    auto path = FieldPath::parse(*value);
    if (path.has_value()) return std::move(*path);
    fault_at(key, "is wrong: " + path.error());
    return std::nullopt;
  }

  FieldSource source(std::string_view key) {
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

 private:
  const toml::node* get(std::string_view key) {
    asked_.emplace(key);
    return table_ == nullptr ? nullptr : table_->get(key);
  }

  const std::string name_;
  const toml::table* const table_;
  Faults& faults_;
  std::set<std::string, std::less<>> asked_;
};

void check_currency(Section& order, std::string_view key, const std::string& code) {
  if (!minor_unit_digits(code).has_value())
    order.fault_at(key, fmt::format("has \"{}\", which is no currency of ISO 4217, such as EUR", code));
}

void read_currencies(Section& order, Mapping& mapping) {
  constexpr int kDigitsMax = 8;
  mapping.currency = order.source("currency");
  mapping.default_currency = order.text("default_currency").value_or("");
  if (!mapping.default_currency.empty()) check_currency(order, "default_currency", mapping.default_currency);
  mapping.currencies = order.texts("currencies");
  for (const std::string& code : mapping.currencies) check_currency(order, "currencies", code);
  for (auto& [code, digits] : order.numbers("minor_digits", kDigitsMax)) {
    check_currency(order, "minor_digits", code);
    mapping.minor_digits.emplace(std::move(code), digits);
  }
  const auto& taken = mapping.currencies;
  if (!mapping.default_currency.empty() && !taken.empty() &&
      std::ranges::find(taken, mapping.default_currency) == taken.end())
    order.fault_at("default_currency", "is not among `currencies`");
  if (!taken.empty() && !mapping.has_currency())
    order.fault_at("currencies", "needs `currency` or `default_currency`: orders have none otherwise");
}

void read_amount_format(Section& order, Mapping& mapping) {
  constexpr std::array<std::string_view, 4> kStyles{"plain", "point", "comma", "detect"};  // of AmountFormat::Style
  constexpr std::array<std::string_view, 2> kUnits{"major", "minor"};
  AmountFormat& format = mapping.amount_format;
  format.style = static_cast<AmountFormat::Style>(order.one_of("amount_style", kStyles));
  format.in_minor_units = order.one_of("amount_units", kUnits) == 1;
  format.has_currency_sign = order.boolean("currency_sign", false);
  if (format.in_minor_units && !mapping.has_currency())
    order.fault_at("amount_units", "is \"minor\", which needs `currency` or `default_currency`");
}

DocumentFormat read_documents(Section& orders) {
  constexpr std::array<std::string_view, 3> kFormats{"json", "csv", "tsv"};
  DocumentFormat documents;
  const std::size_t format = orders.one_of("format", kFormats);
  if (format > 0) documents.kind = DocumentFormat::Kind::csv;
  documents.records = orders.path("records");
  if (format > 0 && documents.records.has_value()) orders.fault_at("records", "is for JSON: a row is a record");
  documents.delimiter = kFormats.at(format) == "tsv" ? '\t' : ',';
  const auto delimiter = orders.text("delimiter");
  if (!delimiter.has_value()) return documents;
  if (kFormats.at(format) != "csv") orders.fault_at("delimiter", "is for the format \"csv\"");
  if (delimiter->size() != 1 || *delimiter == "\"" || *delimiter == "\n" || *delimiter == "\r") {
    orders.fault_at("delimiter", "must be one ASCII character, and no quote");
  } else {
    documents.delimiter = delimiter->front();
  }
  return documents;
}

Mapping read_order(Section& order) {
  constexpr std::array<std::string_view, 3> kMeanings{"quarantine", "accept", "refund"};  // of Mapping::Meaning
  Mapping mapping;
  mapping.transaction_id = order.source("id");
  mapping.amount = order.source("amount");
  for (const std::string_view required : {"id", "amount"})
    if (!order.has(required)) order.fault_at(required, "is missing: where in a record does it stand?");
  read_currencies(order, mapping);
  read_amount_format(order, mapping);
  mapping.item = order.source("item");
  mapping.item_required = order.boolean("item_required", false);
  if (mapping.item_required && mapping.item.empty()) order.fault_at("item_required", "needs `item`");
  mapping.customer = order.source("customer");
  mapping.occurred_at = order.source("occurred_at");
  mapping.type = order.source("type");
  mapping.refund_types = order.texts("refund_types");
  if (!mapping.refund_types.empty() && mapping.type.empty()) order.fault_at("refund_types", "needs `type`");
  mapping.zero_amount = static_cast<Mapping::Meaning>(order.one_of("zero", std::span(kMeanings).first(2)));
  mapping.negative_amount = static_cast<Mapping::Meaning>(order.one_of("negative", kMeanings));
  return mapping;
}

}  // namespace

std::string definition_id(std::string_view toml) {
  constexpr std::size_t kShown = 16;
  return base::hex_encode(base::sha256(toml)).substr(0, kShown);
}

std::expected<Definition, std::vector<DefinitionFault>> read_definition(std::string_view toml) {
  const toml::parse_result parsed = toml::parse(toml);
  if (!parsed) {
    const toml::parse_error& error = parsed.error();
    return std::unexpected(Faults{{error.source().begin.line, std::string(error.description())}});
  }
  const toml::table& file = parsed.table();
  Faults faults;
  Definition definition;
  for (const auto& [key, node] : file) {
    if (key.str() != "order" && key.str() != "orders")
      faults.push_back({key.source().begin.line, fmt::format("there is no section [{}]", key.str())});
    else if (!node.is_table())
      faults.push_back({key.source().begin.line, fmt::format("{0} must be a section, [{0}]", key.str())});
  }
  if (const toml::node* orders = file.get("orders"); orders != nullptr && orders->is_table()) {
    Section section("orders", orders->as_table(), faults);
    definition.documents = read_documents(section);
  }
  if (const toml::node* order = file.get("order"); order == nullptr) {
    definition.mapping = original_mapping();
  } else if (order->is_table()) {
    Section section("order", order->as_table(), faults);
    definition.mapping = read_order(section);
  }
  if (faults.empty()) return definition;
  std::ranges::stable_sort(faults, {}, &DefinitionFault::line);
  return std::unexpected(std::move(faults));
}

}  // namespace pipeline
