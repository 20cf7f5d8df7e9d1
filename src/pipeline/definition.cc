#include "pipeline/definition.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "base/encoding.h"
#include "pipeline/currency.h"
#include "pipeline/definition_section.h"
#include "pipeline/definition_text.h"

namespace pipeline {
namespace {

constexpr std::string_view kRules = "rules";
constexpr std::array<std::string_view, 9> kSections{"order", "orders", kRules,  "notifications", "intake",
                                                    "stack", "alarms", "email", "functions"};

void check_currency(DefinitionSection& order, std::string_view key, const std::string& code) {
  if (!minor_unit_digits(code).has_value())
    order.fault_at(key, fmt::format("has \"{}\", which is no currency of ISO 4217, such as EUR", code));
}

void read_currencies(DefinitionSection& order, Mapping& mapping) {
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

void read_amount_format(DefinitionSection& order, Mapping& mapping) {
  constexpr std::array<std::string_view, 4> kStyles{"plain", "point", "comma", "detect"};  // of AmountFormat::Style
  constexpr std::array<std::string_view, 2> kUnits{"major", "minor"};
  AmountFormat& format = mapping.amount_format;
  format.style = static_cast<AmountFormat::Style>(order.one_of("amount_style", kStyles));
  format.in_minor_units = order.one_of("amount_units", kUnits) == 1;
  format.has_currency_sign = order.boolean("currency_sign", false);
  if (format.in_minor_units && !mapping.has_currency())
    order.fault_at("amount_units", "is \"minor\", which needs `currency` or `default_currency`");
}

DocumentFormat read_documents(DefinitionSection& orders) {
  constexpr std::array<std::string_view, 3> kFormats{"json", "csv", "tsv"};
  DocumentFormat documents;
  const std::size_t format = orders.one_of("format", kFormats);
  if (format > 0) documents.kind = DocumentFormat::Kind::csv;
  documents.records = orders.path("records");
  if (format > 0 && documents.records.has_value()) orders.fault_at("records", "is for JSON: a row is a record");
  documents.delimiter = kFormats.at(format) == "tsv" ? '\t' : ',';
  documents.group_by = orders.text("group_by").value_or("");
  if (format == 0 && orders.has("group_by")) orders.fault_at("group_by", "is for the formats \"csv\" and \"tsv\"");
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

// Puts the schema's text, too, into `text`.
std::shared_ptr<const RecordSchema> read_schema(DefinitionSection& order, const NamedFiles& files, std::string& text) {
  const auto path = order.text("schema");
  if (!path.has_value()) return nullptr;
  auto read = files ? files(*path) : std::unexpected(std::string("no file can be read here"));
  if (!read.has_value()) {
    order.fault_at("schema", fmt::format("\"{}\": {}", *path, read.error()));
    return nullptr;
  }
  auto schema = RecordSchema::parse(*read);
  if (!schema.has_value()) {
    order.fault_at("schema", fmt::format("\"{}\": {}", *path, schema.error()));
    return nullptr;
  }
  text = std::move(*read);
  return std::move(*schema);
}

Mapping read_order(DefinitionSection& order) {
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
  mapping.version = order.source("version");
  mapping.negative_amount = static_cast<Mapping::Meaning>(order.one_of("negative", kMeanings));
  return mapping;
}

void check_sections(const toml::table& file, DefinitionFaults& faults) {
  for (const auto& [key, node] : file) {
    if (std::ranges::find(kSections, key.str()) == kSections.end())
      faults.push_back({key.source().begin.line, fmt::format("there is no section [{}]", key.str())});
    else if (key.str() == kRules && !node.is_array_of_tables())
      faults.push_back({key.source().begin.line, "rules must be sections, [[rules]]"});
    else if (key.str() != kRules && !node.is_table())
      faults.push_back({key.source().begin.line, fmt::format("{0} must be a section, [{0}]", key.str())});
  }
}

// Those that mean something also when they are not there.
void read_sections(const toml::table& file, DefinitionNotes& notes, Definition& definition) {
  const auto table = [&file](std::string_view name) {
    const toml::node* node = file.get(name);
    return node == nullptr ? nullptr : node->as_table();
  };
  {
    DefinitionSection section("stack", table("stack"), notes);
    definition.stack = read_stack(section);
  }
  {
    DefinitionSection section("orders", table("orders"), notes);
    definition.documents = read_documents(section);
  }
  {
    DefinitionSection section("notifications", table("notifications"), notes);
    definition.emails = section.texts("emails");
    definition.webhooks = section.texts("webhooks");
    check_addresses(section, definition.emails, definition.webhooks);
  }
  DefinitionSection section("alarms", table("alarms"), notes);
  definition.alarms = read_alarms(section);
}

}  // namespace

std::string definition_id(std::string_view toml, std::string_view schema) {
  constexpr std::size_t kShown = 16;
  std::string text(toml);
  if (!schema.empty()) text.append(1, '\0').append(schema);
  return base::hex_encode(base::sha256(text)).substr(0, kShown);
}

std::expected<Definition, std::vector<DefinitionFault>> read_definition(std::string_view toml, const NamedFiles& files,
                                                                        std::vector<DefinitionEntry>* entries) {
  if (auto place = unreadable_place(toml); place.has_value())
    return std::unexpected(DefinitionFaults{std::move(*place)});
  const toml::parse_result parsed = toml::parse(toml);
  if (!parsed) {
    const toml::parse_error& error = parsed.error();
    return std::unexpected(DefinitionFaults{{error.source().begin.line, std::string(error.description())}});
  }
  const toml::table& file = parsed.table();
  DefinitionNotes notes;
  Definition definition;
  check_sections(file, notes.faults);
  read_sections(file, notes, definition);
  if (const toml::node* order = file.get("order"); order != nullptr && order->is_table()) {
    DefinitionSection section("order", order->as_table(), notes);
    definition.mapping = read_order(section);
    definition.mapping.schema = read_schema(section, files, definition.schema);
  }
  definition.documents.marks = {definition.mapping.transaction_id, definition.mapping.amount};
  if (const toml::node* intake = file.get("intake"); intake != nullptr && intake->is_table()) {
    DefinitionSection section("intake", intake->as_table(), notes);
    definition.intake = read_intake(section);
  }
  if (const toml::node* email = file.get("email"); email != nullptr && email->is_table()) {
    DefinitionSection section("email", email->as_table(), notes);
    definition.email = read_email(section);
  }
  if (const toml::node* rules = file.get(kRules); rules != nullptr && rules->is_array_of_tables()) {
    for (const toml::node& rule : *rules->as_array()) {
      const std::size_t begin = notes.entries.size();
      {
        DefinitionSection section(std::string(kRules), rule.as_table(), notes);
        definition.rules.push_back(read_rule(section, definition.rules));
      }
      const std::string number = fmt::format("[{}]", definition.rules.size());
      for (std::size_t i = begin; i < notes.entries.size(); ++i) notes.entries[i].key.insert(kRules.size(), number);
    }
  }
  if (const toml::node* stages = file.get("functions"); stages != nullptr && stages->is_table())
    definition.stages = read_stages(*stages->as_table(), notes);
  if (entries != nullptr) *entries = std::move(notes.entries);
  if (notes.faults.empty()) return definition;
  std::ranges::stable_sort(notes.faults, {}, &DefinitionFault::line);
  return std::unexpected(std::move(notes.faults));
}

}  // namespace pipeline
