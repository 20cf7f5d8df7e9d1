#include "pipeline/schema_keywords.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "pipeline/canonical_json.h"

namespace pipeline {
namespace {

using Json = nlohmann::json;
using Pointer = nlohmann::json_pointer<std::string>;

constexpr int kDepthMax = 64;
constexpr uint64_t kCostMax = 2000;

// RFC 3339 5.6; RFC 4122 3; of addresses and URIs what tells them from other texts, as JSON Schema wants no more.
using Format = std::pair<std::string_view, const char*>;
constexpr std::array<Format, 7> kFormats{{
    {"date", R"(^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$)"},
    {"time", R"((?i)^([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?(z|[+-]([01]\d|2[0-3]):[0-5]\d)$)"},
    {"date-time",
     R"((?i)^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])t([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?(z|[+-]([01]\d|2[0-3]):[0-5]\d)$)"},
    {"email", R"(^[^@\s]+@[^@\s]+$)"},
    {"uuid", R"((?i)^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$)"},
    {"uri", R"((?i)^[a-z][a-z0-9+.-]*:\S*$)"},
    {"ipv4", R"(^((25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(25[0-5]|2[0-4]\d|1?\d?\d)$)"},
}};

// What stands behind a keyword.
enum class Holds : uint8_t {
  nothing,        // that anything is checked by
  anything,       // a value that valijson compares with
  number,         // the bounds that valijson checks
  count,          //
  type,           // a type's name or a list of them
  values,         // a list of them
  names,          // a list of texts
  pattern,        // replaced
  format,         // replaced
  multiple,       // replaced
  schema,         // one, of the value's parts
  schemas,        // a list, or one, of the value's parts
  named_schemas,  // an object of them, of the value's parts or of nothing yet
  same_schema,    // one, of the same value
  same_schemas,   // a list, of the same value
  reference,      // of the same value
  dependent,      // an object of schemas of the same value, or of lists of names
};

struct Keyword {
  Holds holds = Holds::nothing;
  bool is_of_draft_4 = true;
};

// Null: it is not known.
const Keyword* find_keyword(std::string_view name) {
  constexpr bool kNewer = false;
  static const std::map<std::string_view, Keyword> known{
      {"$schema", {Holds::nothing}},
      {"$id", {Holds::nothing}},
      {"id", {Holds::nothing}},
      {"$comment", {Holds::nothing}},
      {"title", {Holds::nothing}},
      {"description", {Holds::nothing}},
      {"default", {Holds::nothing}},
      {"examples", {Holds::nothing}},
      {"readOnly", {Holds::nothing}},
      {"writeOnly", {Holds::nothing}},
      {"deprecated", {Holds::nothing}},
      {"type", {Holds::type}},
      {"enum", {Holds::values}},
      {"const", {Holds::anything, kNewer}},
      {"minimum", {Holds::number}},
      {"maximum", {Holds::number}},
      {"exclusiveMinimum", {Holds::number}},
      {"exclusiveMaximum", {Holds::number}},
      {"minLength", {Holds::count}},
      {"maxLength", {Holds::count}},
      {"minItems", {Holds::count}},
      {"maxItems", {Holds::count}},
      {"minProperties", {Holds::count}},
      {"maxProperties", {Holds::count}},
      {"required", {Holds::names}},
      {"pattern", {Holds::pattern}},
      {"format", {Holds::format}},
      {"multipleOf", {Holds::multiple}},
      {"additionalProperties", {Holds::schema}},
      {"additionalItems", {Holds::schema}},
      {"contains", {Holds::schema, kNewer}},
      {"propertyNames", {Holds::schema, kNewer}},
      {"items", {Holds::schemas}},
      {"properties", {Holds::named_schemas}},
      {"definitions", {Holds::named_schemas}},
      {"$defs", {Holds::named_schemas}},
      {"not", {Holds::same_schema}},
      {"if", {Holds::same_schema, kNewer}},
      {"then", {Holds::same_schema, kNewer}},
      {"else", {Holds::same_schema, kNewer}},
      {"allOf", {Holds::same_schemas}},
      {"anyOf", {Holds::same_schemas}},
      {"oneOf", {Holds::same_schemas}},
      {"$ref", {Holds::reference}},
      {"dependencies", {Holds::dependent}},
  };
  const auto found = known.find(name);
  return found == known.end() ? nullptr : &found->second;
}

Holds held_by(std::string_view name) {
  const Keyword* keyword = find_keyword(name);
  return keyword == nullptr ? Holds::nothing : keyword->holds;
}

bool is_type(const Json& value) {
  constexpr std::array<std::string_view, 7> kTypes{"null", "boolean", "object", "array", "number", "string", "integer"};
  return value.is_string() && std::ranges::find(kTypes, value.get_ref<const std::string&>()) != kTypes.end();
}

bool is_names(const Json& value) {
  return value.is_array() && std::ranges::all_of(value, [](const Json& one) { return one.is_string(); });
}

// What a keyword that valijson checks by itself must be, for people; empty: it is.
std::string_view wrong_value(Holds holds, const Json& value, bool is_boolean_bound) {
  switch (holds) {
    case Holds::number:
      return is_boolean_bound ? (value.is_boolean() ? "" : "must be true or false in draft 4")
                              : (value.is_number() ? "" : "must be a number");
    case Holds::count:
      return value.is_number_unsigned() ? "" : "must be a whole number of 0 or more";
    case Holds::type:
      return is_type(value) || (value.is_array() && !value.empty() && std::ranges::all_of(value, is_type))
                 ? ""
                 : "must be one or more of null, boolean, object, array, number, string, integer";
    case Holds::values:
      return value.is_array() && !value.empty() ? "" : "must be a list of values";
    case Holds::names:
      return is_names(value) ? "" : "must be a list of names";
    default:
      return "";
  }
}

class Preparation {
 public:
  explicit Preparation(Json& root) : root_(root), is_draft_4_(is_of_draft_4(root)) {}

  std::optional<std::string> run() {
    check_draft();
    visit(root_, Pointer(), 0);
    if (!fault_.has_value()) check_cost();
    return std::move(fault_);
  }

 private:
  void fault(const Pointer& at, std::string_view what) {
    if (!fault_.has_value()) fault_ = fmt::format("{}: {}", at.empty() ? "the schema" : at.to_string(), what);
  }

  void check_draft() {
    if (!root_.is_object() || !root_.contains("$schema")) return;
    const Json& draft = root_["$schema"];
    const std::string name = draft.is_string() ? draft.get<std::string>() : draft.dump();
    for (const char* known : {"draft-04", "draft-06", "draft-07"})
      if (draft.is_string() && name.find(std::string("json-schema.org/") + known + "/schema") != std::string::npos)
        return;
    fault(Pointer("/$schema"), fmt::format("{} is not a draft that is checked here: 4, 6 and 7 are", name));
  }

  void visit(Json& schema, const Pointer& at, int depth) {
    if (fault_.has_value()) return;
    if (schema.is_boolean()) {
      note(schema, at);
      return;
    }
    if (depth > kDepthMax) return fault(at, "is nested too deeply");
    if (!schema.is_object()) return fault(at, "must be a schema: an object, true or false");
    std::vector<std::pair<std::string, Json>> replaced;
    for (auto& [key, value] : schema.items()) {
      const Keyword* known = find_keyword(key);
      if (known == nullptr || (is_draft_4_ && !known->is_of_draft_4))
        return fault(at / key,
                     "is a keyword that is not checked here; of JSON Schema there is draft 7, without "
                     "patternProperties and uniqueItems");
      if (schema.contains("$ref") && known->holds != Holds::nothing && key != "$ref" && key != "definitions" &&
          key != "$defs")
        return fault(at / key, "does not count beside $ref in draft 7; put both into allOf");
      if (const auto wrong = wrong_value(known->holds, value, is_draft_4_ && key.starts_with("exclusive"));
          !wrong.empty())
        return fault(at / key, wrong);
      visit_keyword(known->holds, value, at / key, depth + 1, replaced);
    }
    for (auto& [key, value] : replaced) schema[key] = std::move(value);
    for (const char* key : {"pattern", "format", "multipleOf"}) schema.erase(key);
    note(schema, at);
  }

  void note(const Json& schema, const Pointer& at) {
    if (schemas_.emplace(&schema, at).second) in_order_.push_back(&schema);
  }

  void visit_keyword(Holds holds, Json& value, const Pointer& at, int depth,
                     std::vector<std::pair<std::string, Json>>& replaced) {
    switch (holds) {
      case Holds::nothing:
      case Holds::anything:
      case Holds::number:
      case Holds::count:
      case Holds::type:
      case Holds::values:
      case Holds::names:
        return;
      case Holds::pattern:
        if (!value.is_string()) return fault(at, "must be a text");
        return add_pattern(value.get<std::string>(), replaced);
      case Holds::format:
        if (!value.is_string()) return fault(at, "must be a text");
        if (const char* pattern = pattern_of_format(value.get<std::string>()); pattern != nullptr)
          return add_pattern(pattern, replaced);
        return fault(at,
                     fmt::format("\"{}\" is a format that is not checked here; leave it out, or say it by a pattern",
                                 value.get<std::string>()));
      case Holds::multiple:
        if (!value.is_number() || value.get<double>() <= 0) return fault(at, "must be a number above 0");
        replaced.emplace_back(kMultipleKeyword, value);
        return;
      case Holds::schema:
      case Holds::same_schema:
        return visit(value, at, depth);
      case Holds::schemas:
        if (!value.is_array()) return visit(value, at, depth);
        return visit_all(value, at, depth);
      case Holds::same_schemas:
        if (!value.is_array() || value.empty()) return fault(at, "must be a list of schemas");
        return visit_all(value, at, depth);
      case Holds::named_schemas:
        if (!value.is_object()) return fault(at, "must be an object of schemas");
        return visit_all(value, at, depth);
      case Holds::dependent:
        if (!value.is_object()) return fault(at, "must be an object");
        for (auto& [key, one] : value.items()) {
          if (!one.is_array()) visit(one, at / key, depth);
          if (one.is_array() && !is_names(one)) return fault(at / key, "must be a schema or a list of names");
        }
        return;
      case Holds::reference:
        if (!value.is_string() || !value.get_ref<const std::string&>().starts_with('#'))
          return fault(at, "must be a place in this file, as \"#/definitions/address\"");
        return;
    }
  }

  void visit_all(Json& values, const Pointer& at, int depth) {
    for (auto& [key, one] : values.items())
      visit(one, values.is_array() ? at / static_cast<std::size_t>(std::stoul(key)) : at / key, depth);
  }

  // A value has to match every pattern that is asked of it.
  static void add_pattern(const std::string& pattern, std::vector<std::pair<std::string, Json>>& replaced) {
    const auto there = std::ranges::find(replaced, kPatternKeyword, &std::pair<std::string, Json>::first);
    if (there == replaced.end()) {
      replaced.emplace_back(kPatternKeyword, Json::array({pattern}));
    } else {
      there->second.push_back(pattern);
    }
  }

  const Json* referred(const Json& reference) const {
    const std::string pointer = reference.get<std::string>().substr(1);
    if (!pointer.empty() && !pointer.starts_with('/')) return nullptr;
    try {
      const Pointer parsed(pointer);
      return root_.contains(parsed) && (root_.at(parsed).is_object() || root_.at(parsed).is_boolean())
                 ? &root_.at(parsed)
                 : nullptr;
    } catch (const Json::exception&) {
      return nullptr;
    }
  }

  using Costs = std::map<const Json*, uint64_t>;

  // With how many schemas a value may be compared, by way of all that is around it, in a record as deep as records are:
  // some kinds of schema double it with each level, or never end.
  void check_cost() {
    Costs of_parts;
    for (std::size_t level = 0; level <= kRecordDepthMax && !fault_.has_value(); ++level) {
      Costs costs;
      for (const Json* schema : in_order_) {
        if (cost_of(*schema, of_parts, costs, 0) <= kCostMax || fault_.has_value()) continue;
        return fault(schemas_.at(schema), "asks for so many comparisons of one value that a record could take minutes");
      }
      of_parts = std::move(costs);
    }
  }

  // What is asked of the value itself, and the most that is asked of one of its parts.
  uint64_t cost_of(const Json& schema, const Costs& of_parts, Costs& costs, int depth) {
    if (fault_.has_value() || !schema.is_object()) return 1;
    const Pointer& at = schemas_.at(&schema);
    if (depth > kDepthMax) {
      fault(at, "leads through too many other schemas, or back to itself");
      return 1;
    }
    if (const auto known = costs.find(&schema); known != costs.end()) return known->second;
    uint64_t sum = 1;
    uint64_t part = 0;
    const auto ask = [&](const Json& one) { sum += cost_of(one, of_parts, costs, depth + 1); };
    const auto look = [&](const Json& one) {
      if (const auto known = of_parts.find(&one); known != of_parts.end()) part = std::max(part, known->second);
    };
    for (const auto& [key, value] : schema.items()) {
      const Holds holds = held_by(key);
      if (holds == Holds::same_schema) ask(value);
      if (holds == Holds::same_schemas || holds == Holds::dependent) std::ranges::for_each(value, ask);
      if (holds == Holds::reference) {
        const Json* other = referred(value);
        if (other == nullptr || !schemas_.contains(other)) {
          fault(at / key, value.get<std::string>() + " leads to no schema");
          return 1;
        }
        ask(*other);
      }
      if (holds == Holds::schema || (holds == Holds::schemas && !value.is_array())) look(value);
      if (holds == Holds::schemas && value.is_array()) std::ranges::for_each(value, look);
      if (key == "properties") std::ranges::for_each(value, look);
      sum = std::min(sum, kCostMax + 1);
    }
    return costs[&schema] = std::min(sum + part, kCostMax + 1);
  }

  Json& root_;
  const bool is_draft_4_;
  std::optional<std::string> fault_;
  std::map<const Json*, Pointer> schemas_;  // all
  std::vector<const Json*> in_order_;       // the same, as they were visited: each time the same one is at fault first
};

}  // namespace

bool is_of_draft_4(const Json& schema) {
  return schema.is_object() && schema.contains("$schema") && schema["$schema"].is_string() &&
         schema["$schema"].get_ref<const std::string&>().find("draft-04") != std::string::npos;
}

const char* pattern_of_format(const std::string& format) {
  const auto found = std::ranges::find(kFormats, format, &Format::first);
  return found == kFormats.end() ? nullptr : found->second;
}

std::string_view format_of_pattern(std::string_view pattern) {
  const auto found = std::ranges::find(kFormats, pattern, &Format::second);
  return found == kFormats.end() ? "" : found->first;
}

std::optional<std::string> prepare_schema(Json& schema) {
  return Preparation(schema).run();
}

}  // namespace pipeline
