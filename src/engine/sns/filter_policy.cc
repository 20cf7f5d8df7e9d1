#include "engine/sns/filter_policy.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "aws/http/message.h"
#include "aws/sns/errors.h"
#include "engine/sns/limits.h"

namespace engine::sns {
namespace {

namespace dom = simdjson::dom;
using Kind = FilterPolicy::Condition::Kind;
using Value = FilterPolicy::Value;
using Values = std::vector<Value>;

std::unexpected<base::AwsError> refuse(std::string_view reason) {
  return base::fail(
      aws::sns::errors::invalid_parameter_exception("Invalid parameter: FilterPolicy: " + std::string(reason)));
}

// nullopt for lists, objects and numbers beyond what Decimal holds.
std::optional<Value> scalar(dom::element element) {
  switch (element.type()) {
    case dom::element_type::STRING:
      return std::string(element.get_string().value_unsafe());
    case dom::element_type::BOOL:
      return element.get_bool().value_unsafe();
    case dom::element_type::NULL_VALUE:
      return std::monostate();
    case dom::element_type::INT64:
      return base::Decimal::from_integer(element.get_int64().value_unsafe());
    case dom::element_type::UINT64:
    case dom::element_type::DOUBLE: {
      // Through the shortest text that reads back as the same double, so that 0.1 is the decimal 0.1.
      const auto number = base::Decimal::parse(element.type() == dom::element_type::DOUBLE
                                                   ? fmt::format("{}", element.get_double().value_unsafe())
                                                   : fmt::format("{}", element.get_uint64().value_unsafe()));
      return number ? std::optional<Value>(*number) : std::nullopt;
    }
    default:
      return std::nullopt;
  }
}

base::Result<void> read_numeric(dom::element operand, FilterPolicy::Condition& out) {
  dom::array parts;
  if (operand.get(parts) != simdjson::SUCCESS || parts.size() == 0) {
    return refuse("Value of numeric must be an array");
  }
  if (parts.size() % 2 != 0 || parts.size() > 4) return refuse("Unterminated numeric match");
  for (std::size_t i = 0; i < parts.size(); i += 2) {
    std::string_view op;
    const auto bound = scalar(parts.at(i + 1).value_unsafe());
    if (parts.at(i).get(op) != simdjson::SUCCESS) return refuse("Invalid member in numeric match");
    if (!bound || !std::holds_alternative<base::Decimal>(*bound)) {
      return refuse(fmt::format("Value of {} must be numeric", op));
    }
    const base::Decimal number = std::get<base::Decimal>(*bound);
    if (op == "=" && parts.size() == 2) {
      out.low = out.high = number;
    } else if (op == ">" || op == ">=") {
      if (i != 0) return refuse("Bad numeric range operator: " + std::string(op));
      out.low = number;
      out.low_open = op == ">";
    } else if (op == "<" || op == "<=") {
      if (i == 0 && parts.size() == 4) return refuse("Too many elements in numeric expression");
      out.high = number;
      out.high_open = op == "<";
    } else {
      return refuse("Unrecognized numeric range operator: " + std::string(op));
    }
  }
  if (out.low && out.high && *out.high < *out.low) return refuse("Bottom must be less than top");
  return {};
}

base::Result<void> read_text(std::string_view name, dom::element operand, FilterPolicy::Condition& out) {
  std::string_view text;
  if (operand.get(text) != simdjson::SUCCESS) return refuse(fmt::format("{} match pattern must be a string", name));
  out.values.emplace_back(std::string(text));
  return {};
}

base::Result<void> read_anything_but(dom::element operand, FilterPolicy::Condition& out) {
  out.kind = Kind::anything_but;
  if (dom::object object; operand.get(object) == simdjson::SUCCESS) {
    if (object.size() != 1) return refuse("anything-but must hold exactly one operator");
    const auto member = *object.begin();
    if (member.key != "prefix" && member.key != "suffix") {
      return refuse(fmt::format("Unsupported anything-but pattern: {}", member.key));
    }
    out.kind = member.key == "prefix" ? Kind::but_prefix : Kind::but_suffix;
    return read_text(member.key, member.value, out);
  }
  dom::array list;
  if (operand.get(list) != simdjson::SUCCESS) {
    const auto value = scalar(operand);
    if (!value) return refuse("Value of anything-but must be an array or single string/number value.");
    out.values.push_back(*value);
    return {};
  }
  for (const dom::element element : list) {
    const auto value = scalar(element);
    if (!value || value->index() < 2) return refuse("Inside anything but list, number|start|null|boolean is invalid");
    out.values.push_back(*value);
  }
  if (out.values.empty()) return refuse("Value of anything-but must not be empty");
  return {};
}

base::Result<FilterPolicy::Condition> read_condition(dom::element element) {
  FilterPolicy::Condition out;
  dom::object object;
  if (element.get(object) != simdjson::SUCCESS) {
    const auto value = scalar(element);
    if (!value) return refuse("Match value must be String, number, true, false, or null");
    out.values.push_back(*value);
    return out;
  }
  if (object.size() != 1) return refuse("Only one key allowed in match expression");
  const auto [name, operand] = *object.begin();
  if (name == "prefix" || name == "suffix" || name == "equals-ignore-case") {
    out.kind = name == "prefix" ? Kind::prefix : name == "suffix" ? Kind::suffix : Kind::ignore_case;
    TRY(read_text(name, operand, out));
  } else if (name == "anything-but") {
    TRY(read_anything_but(operand, out));
  } else if (name == "numeric") {
    out.kind = Kind::numeric;
    TRY(read_numeric(operand, out));
  } else if (name == "exists") {
    out.kind = Kind::exists;
    if (operand.get(out.wanted) != simdjson::SUCCESS)
      return refuse("exists match pattern must be either true or false.");
  } else if (name == "cidr" || name == "wildcard") {
    return refuse(fmt::format("the operator {} is not supported by this engine", name));
  } else {
    return refuse(fmt::format("Unrecognized match type {}", name));
  }
  return out;
}

base::Result<void> read_rules(dom::object object, bool nested, std::vector<std::string>& path,
                              std::size_t& combinations, std::vector<FilterPolicy::Rule>& out) {
  for (const auto [name, value] : object) {
    if (name == "$or") return refuse("the operator $or is not supported by this engine");
    path.emplace_back(name);
    dom::array list;
    dom::object inner;
    if (value.get(list) == simdjson::SUCCESS) {
      FilterPolicy::Rule rule{path, {}};
      for (const dom::element element : list) {
        TRY_ASSIGN(auto condition, read_condition(element));
        rule.conditions.push_back(std::move(condition));
      }
      if (rule.conditions.empty()) return refuse("Empty arrays are not allowed");
      combinations = std::min(combinations * rule.conditions.size() * path.size(), kFilterCombinationsMax + 1);
      out.push_back(std::move(rule));
      if (out.size() > kFilterKeysMax) return refuse("Filter policy can not have more than 5 keys");
    } else if (value.get(inner) == simdjson::SUCCESS) {
      if (!nested) {
        return base::fail(aws::sns::errors::invalid_parameter_exception(
            "Invalid parameter: Filter policy scope MessageAttributes does not support nested filter policy"));
      }
      if (path.size() == kJsonDepthMax) return refuse("Filter policy is too complex");
      TRY(read_rules(inner, nested, path, combinations, out));
    } else {
      return refuse(fmt::format("\"{}\" must be an object or an array", name));
    }
    path.pop_back();
  }
  return {};
}

// The scalars of an element, or of what is in a list of any depth.
void add_scalars(dom::element element, std::size_t depth, Values& out) {
  dom::array list;
  if (element.get(list) == simdjson::SUCCESS) {
    if (depth == kJsonDepthMax) return;
    for (const dom::element inner : list) add_scalars(inner, depth + 1, out);
  } else if (auto value = scalar(element)) {
    out.push_back(std::move(*value));
  }
}

// The values under `path`; the lists on the way stand for each of their elements.
void find_values(dom::element element, const std::vector<std::string>& path, std::size_t at, std::size_t depth,
                 bool& exists, Values& out) {
  if (at == path.size()) {
    exists = true;
    add_scalars(element, depth, out);
    return;
  }
  if (depth == kJsonDepthMax) return;
  dom::array list;
  dom::object object;
  if (element.get(list) == simdjson::SUCCESS) {
    for (const dom::element inner : list) find_values(inner, path, at, depth + 1, exists, out);
  } else if (element.get(object) == simdjson::SUCCESS) {
    dom::element inner;
    if (object.at_key(path[at]).get(inner) == simdjson::SUCCESS)
      find_values(inner, path, at + 1, depth + 1, exists, out);
  }
}

Values attribute_values(const aws::sns::MessageAttributeValue& attribute) {
  Values out;
  const std::string& type = *attribute.data_type;
  const std::string text = attribute.string_value.value_or("");
  if (type.starts_with("Number")) {
    if (const auto number = base::Decimal::parse(text)) out.emplace_back(*number);
  } else if (type == "String.Array") {
    dom::parser parser;
    dom::element element;
    if (parser.parse(text).get(element) == simdjson::SUCCESS) add_scalars(element, 0, out);
  } else if (type.starts_with("String")) {
    out.emplace_back(text);
  }
  return out;  // nothing matches a Binary attribute but exists
}

// A String.Array whose text is no JSON array.
bool is_broken_array(const aws::sns::MessageAttributeValue& attribute) {
  if (*attribute.data_type != "String.Array") return false;
  dom::parser parser;
  dom::array list;
  return parser.parse(attribute.string_value.value_or("")).get(list) != simdjson::SUCCESS;
}

bool holds(const FilterPolicy::Rule& rule, bool exists, const Values& values) {
  return std::ranges::any_of(rule.conditions, [&](const FilterPolicy::Condition& condition) {
    if (condition.kind == Kind::exists) return condition.wanted == exists;
    return std::ranges::any_of(values, [&](const Value& value) { return condition.accepts(value); });
  });
}

}  // namespace

bool FilterPolicy::Condition::accepts(const Value& value) const {
  const auto* text = std::get_if<std::string>(&value);
  const auto operand = [&]() -> const std::string& { return std::get<std::string>(values[0]); };
  switch (kind) {
    case Kind::exact:
      return value == values[0];
    case Kind::prefix:
      return text != nullptr && text->starts_with(operand());
    case Kind::suffix:
      return text != nullptr && text->ends_with(operand());
    case Kind::ignore_case:
      return text != nullptr && aws::http::equal_ignoring_case(*text, operand());
    case Kind::anything_but:
      return std::ranges::find(values, value) == values.end();
    case Kind::but_prefix:
      return text != nullptr && !text->starts_with(operand());
    case Kind::but_suffix:
      return text != nullptr && !text->ends_with(operand());
    case Kind::numeric: {
      const auto* number = std::get_if<base::Decimal>(&value);
      return number != nullptr && (!low || (low_open ? *number > *low : *number >= *low)) &&
             (!high || (high_open ? *number < *high : *number <= *high));
    }
    case Kind::exists:
      return wanted;
  }
  return false;
}

base::Result<FilterPolicy> FilterPolicy::parse(std::string_view json, bool in_body) {
  if (json.size() > kPolicyBytesMax) return refuse("Filter policy is too complex");
  dom::parser parser;
  dom::element root;
  dom::object object;
  if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS) return refuse("failed to parse JSON.");
  if (root.get(object) != simdjson::SUCCESS) return refuse("Filter is not an object");
  FilterPolicy out;
  out.in_body_ = in_body;
  std::vector<std::string> path;
  std::size_t combinations = 1;
  TRY(read_rules(object, in_body, path, combinations, out.rules_));
  if (combinations > kFilterCombinationsMax) return refuse("Filter policy is too complex");
  return out;
}

std::optional<FilterPolicy::Mismatch> FilterPolicy::mismatch(const MessageAttributes& attributes,
                                                             std::string_view body) const {
  if (rules_.empty()) return std::nullopt;
  if (!in_body_) {
    if (attributes.empty()) return Mismatch::no_attributes;
    const bool all = std::ranges::all_of(rules_, [&](const Rule& rule) {
      const auto* attribute = attributes.find(rule.path[0]);
      return holds(rule, attribute != nullptr, attribute == nullptr ? Values() : attribute_values(*attribute));
    });
    if (all) return std::nullopt;
    const bool valid =
        std::ranges::none_of(attributes, [](const auto& entry) { return is_broken_array(entry.second); });
    return valid ? Mismatch::attributes : Mismatch::invalid_attributes;
  }
  dom::parser parser;
  dom::element root;
  if (parser.parse(body.data(), body.size()).get(root) != simdjson::SUCCESS || !root.is_object()) {
    return Mismatch::invalid_body;
  }
  const bool all = std::ranges::all_of(rules_, [&](const Rule& rule) {
    Values values;
    bool exists = false;
    find_values(root, rule.path, 0, 0, exists, values);
    return holds(rule, exists, values);
  });
  return all ? std::nullopt : std::optional(Mismatch::body);
}

}  // namespace engine::sns
