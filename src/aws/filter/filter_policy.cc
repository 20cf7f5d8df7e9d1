#include "aws/filter/filter_policy.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <iterator>

#include "aws/http/message.h"
#include "aws/sns/errors.h"

namespace aws::filter {
namespace {

namespace dom = simdjson::dom;
using Kind = FilterPolicy::Condition::Kind;
using Value = FilterPolicy::Value;
using Values = std::vector<Value>;
using Attributes = FilterPolicy::Attributes;

constexpr std::size_t kJsonDepthMax = 32;  // ours: of policies, and of bodies they look into

std::unexpected<base::AwsError> refuse(std::string_view reason) {
  return base::fail(
      aws::sns::errors::invalid_parameter_exception("Invalid parameter: FilterPolicy: " + std::string(reason)));
}

// "five digits of accuracy after the decimal point" (SNS Developer Guide, "Filter policy constraints"): further ones do
// not count, neither in a policy nor in what it is compared with.
base::Decimal five_digits(const base::Decimal& number) {
  constexpr std::size_t kDigitsMax = 5;
  const std::string text = number.to_string();
  const std::size_t point = text.find('.');
  if (point == text.npos || text.size() - point - 1 <= kDigitsMax) return number;
  return base::Decimal::parse(std::string_view(text).substr(0, point + 1 + kDigitsMax)).value_or(base::Decimal());
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
      return number ? std::optional<Value>(five_digits(*number)) : std::nullopt;
    }
    default:
      return std::nullopt;
  }
}

// The elements of "numeric": an operator and its number, and for a range a second pair. Texts as recorded from AWS.
class NumericReader {
 public:
  NumericReader(dom::array parts, FilterPolicy::Condition& out) : parts_(parts), out_(out) {}

  base::Result<void> read() {
    if (parts_.size() == 0) return refuse("Invalid member in numeric match: ]");
    std::string_view first;
    if (part(0).get(first) != simdjson::SUCCESS) {
      return refuse("Invalid member in numeric match: " + simdjson::minify(part(0)));
    }
    if (first != "=" && first != "<" && first != "<=" && first != ">" && first != ">=") {
      return refuse(fmt::format("Unrecognized numeric range operator: {}", first));
    }
    TRY(bound(0, first));
    if (parts_.size() == 2) return {};
    if (!first.starts_with('>')) return refuse("Too many elements in numeric expression");
    std::string_view second;
    if (part(2).get(second) != simdjson::SUCCESS) {
      return refuse("Bad value in numeric range: " + simdjson::minify(part(2)));
    }
    if (second != "<" && second != "<=") return refuse(fmt::format("Bad numeric range operator: {}", second));
    TRY(bound(2, second));
    if (parts_.size() != 4) return refuse("Too many terms in numeric range expression");
    if (*out_.high < *out_.low) return refuse("Bottom must be less than top");
    return {};
  }

 private:
  [[nodiscard]] dom::element part(std::size_t at) const { return parts_.at(at).value_unsafe(); }

  // The number after the operator at `at`.
  base::Result<void> bound(std::size_t at, std::string_view op) {
    const auto value = at + 1 < parts_.size() ? scalar(part(at + 1)) : std::nullopt;
    if (!value || !std::holds_alternative<base::Decimal>(*value)) {
      return refuse(fmt::format("Value of {} must be numeric", op == "=" ? "equals" : op));
    }
    const base::Decimal number = std::get<base::Decimal>(*value);
    if (!op.starts_with('<')) {
      out_.low = number;
      out_.low_open = op == ">";
    }
    if (!op.starts_with('>')) {
      out_.high = number;
      out_.high_open = op == "<";
    }
    return {};
  }

  dom::array parts_;
  FilterPolicy::Condition& out_;
};

base::Result<void> read_numeric(dom::element operand, FilterPolicy::Condition& out) {
  dom::array parts;
  if (operand.get(parts) != simdjson::SUCCESS) return refuse("Value of numeric must be an array");
  return NumericReader(parts, out).read();
}

base::Result<void> read_cidr(dom::element operand, FilterPolicy::Condition& out) {
  std::string_view text;
  if (operand.get(text) != simdjson::SUCCESS) return refuse("prefix match pattern must be a string");
  const std::size_t slash = text.find('/');
  // Java's split, which drops an empty end, and its parseInt.
  if (slash == text.npos || slash + 1 == text.size() || text.find('/', slash + 1) != text.npos) {
    return refuse("Malformed CIDR, one '/' required");
  }
  std::string_view mask = text.substr(slash + 1);
  if (mask.starts_with('+')) mask.remove_prefix(1);
  int bits = 0;
  const auto [end, error] = std::from_chars(mask.data(), mask.data() + mask.size(), bits);
  if (error != std::errc() || end != mask.data() + mask.size()) {
    return refuse("Malformed CIDR, mask bits must be an integer");
  }
  if (bits < 0) return refuse("Malformed CIDR, mask bits must not be negative");
  const std::string_view address = text.substr(0, slash);
  const bool v6 = address.find(':') != address.npos;
  if (!aws::auth::AddressRange::parse(address)) return refuse(fmt::format("Nonstandard IP address: {}", address));
  if (bits > (v6 ? 128 : 32)) return refuse(v6 ? "IPv6 mask bits must be <= 128" : "IPv4 mask bits must be <= 32");
  const auto range = aws::auth::AddressRange::parse(fmt::format("{}/{}", address, bits));
  if (!range) return refuse(fmt::format("Nonstandard IP address: {}", address));
  out.range = *range;
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
  } else if (name == "cidr") {
    out.kind = Kind::cidr;
    TRY(read_cidr(operand, out));
  } else if (name == "wildcard") {
    return refuse("the operator wildcard is not supported by this engine");
  } else {
    return refuse(fmt::format("Unrecognized match type {}", name));
  }
  return out;
}

// Rules that have to hold together, and how many combinations of values they stand for: AWS's measure of complexity,
// in which every condition counts as often as its key lies deep.
struct Conjunction {
  std::vector<FilterPolicy::Rule> rules;
  std::size_t combinations = 1;
};
using Alternatives = std::vector<Conjunction>;

// Each of `left` together with each of `right`. Bounded: a conjunction is at least one combination, and more rules than
// combinations may be (which a key with one value adds nothing to) none needs.
base::Result<Alternatives> combined(const Alternatives& left, const Alternatives& right) {
  Alternatives out;
  std::size_t combinations = 0;
  for (const Conjunction& a : left) {
    for (const Conjunction& b : right) {
      combinations += a.combinations * b.combinations;
      const std::size_t rules = a.rules.size() + b.rules.size();
      if (std::max(combinations, rules) > kFilterCombinationsMax) return refuse("Filter policy is too complex");
      Conjunction& both = out.emplace_back(a);
      both.rules.insert(both.rules.end(), b.rules.begin(), b.rules.end());
      both.combinations *= b.combinations;
    }
  }
  return out;
}

// "$or" is the operator only with two or more objects whose keys are no operators; else a key like any other (SNS
// Developer Guide, "OR operator").
bool is_or(std::string_view name, dom::array list) {
  constexpr std::string_view kOperators[] = {
      "prefix", "suffix", "equals-ignore-case", "anything-but", "numeric", "exists", "cidr", "wildcard"};
  if (name != "$or" || list.size() < 2) return false;
  return std::ranges::all_of(list, [&](dom::element element) {
    dom::object object;
    return element.get(object) == simdjson::SUCCESS && std::ranges::none_of(object, [&](const auto& member) {
             return std::ranges::find(kOperators, member.key) != std::end(kOperators);
           });
  });
}

base::Result<FilterPolicy::Rule> read_rule(std::string path, dom::array list) {
  FilterPolicy::Rule rule{std::move(path), {}};
  for (const dom::element element : list) {
    TRY_ASSIGN(auto condition, read_condition(element));
    rule.conditions.push_back(std::move(condition));
  }
  if (rule.conditions.empty()) return refuse("Empty arrays are not allowed");
  return rule;
}

// The members of an object at `depth` (the outermost is 1), whose keys come after `prefix`.
base::Result<Alternatives> read_rules(dom::object object, bool nested, const std::string& prefix, std::size_t depth) {
  Alternatives out(1);
  for (const auto [name, value] : object) {
    Alternatives factor;
    dom::array list;
    dom::object inner;
    const std::string path = prefix + std::string(name);
    const bool is_list = value.get(list) == simdjson::SUCCESS;
    if (is_list && is_or(name, list)) {
      for (const dom::element element : list) {
        TRY_ASSIGN(Alternatives some, read_rules(element.get_object().value_unsafe(), nested, prefix, depth));
        std::ranges::move(some, std::back_inserter(factor));
      }
    } else if (is_list) {
      TRY_ASSIGN(FilterPolicy::Rule rule, read_rule(path, list));
      const std::size_t combinations = rule.conditions.size() * depth;
      factor.push_back({{std::move(rule)}, combinations});
    } else if (value.get(inner) == simdjson::SUCCESS) {
      if (depth == kJsonDepthMax) return refuse("Filter policy is too complex");
      TRY_ASSIGN(factor, read_rules(inner, nested, path + ".", depth + 1));
      if (!nested) {
        return base::fail(aws::sns::errors::invalid_parameter_exception(
            "Invalid parameter: Filter policy scope MessageAttributes does not support nested filter policy"));
      }
    } else {
      return refuse(fmt::format("\"{}\" must be an object or an array", name));
    }
    TRY_ASSIGN(out, combined(out, factor));
  }
  return out;
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

// The values under `path`, whose parts are separated by dots, as keys of the message may be too; the lists on the way
// stand for each of their elements.
void find_values(dom::element element, std::string_view path, std::size_t depth, Values& out) {
  if (depth == kJsonDepthMax) return;
  dom::array list;
  dom::object object;
  if (element.get(list) == simdjson::SUCCESS) {
    for (const dom::element inner : list) find_values(inner, path, depth + 1, out);
  } else if (element.get(object) == simdjson::SUCCESS) {
    for (const auto [key, value] : object) {
      if (key == path) {
        add_scalars(value, depth, out);
      } else if (path.starts_with(key) && path[key.size()] == '.') {
        find_values(value, path.substr(key.size() + 1), depth + 1, out);
      }
    }
  }
}

Values attribute_values(const aws::sns::MessageAttributeValue& attribute) {
  Values out;
  const std::string& type = *attribute.data_type;
  const std::string text = attribute.string_value.value_or("");
  if (type.starts_with("Number")) {
    if (const auto number = base::Decimal::parse(text)) out.emplace_back(five_digits(*number));
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

// A property exists if it has a value, neither null nor empty; objects on the way to other properties have none (SNS
// Developer Guide, "Key matching").
bool is_value(const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  return !std::holds_alternative<std::monostate>(value) && (text == nullptr || !text->empty());
}

bool holds(const FilterPolicy::Rule& rule, const Values& values) {
  return std::ranges::any_of(rule.conditions, [&](const FilterPolicy::Condition& condition) {
    if (condition.kind == Kind::exists) return condition.wanted == std::ranges::any_of(values, is_value);
    return std::ranges::any_of(values, [&](const Value& value) { return condition.accepts(value); });
  });
}

// What a rule on attributes compares with. Of an absent attribute only exists:false holds, not even null (recorded
// 2024-05-14); and without any attribute, exists:false does not hold either (the same page).
bool holds(const FilterPolicy::Rule& rule, const Attributes& attributes) {
  const auto* attribute = attributes.find(rule.path);
  if (attribute != nullptr && attribute->binary_value) {
    return std::ranges::any_of(rule.conditions, [](const auto& it) { return it.kind == Kind::exists && it.wanted; });
  }
  if (attribute != nullptr) return holds(rule, attribute_values(*attribute));
  return std::ranges::any_of(rule.conditions, [&](const FilterPolicy::Condition& condition) {
    return condition.kind == Kind::exists && !condition.wanted && !attributes.empty();
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
    case Kind::cidr: {
      const auto address = text == nullptr ? std::nullopt : aws::auth::AddressRange::parse(*text);
      return address && range.contains(*address);
    }
    case Kind::exists:
      return wanted;
  }
  return false;
}

base::Result<FilterPolicy> FilterPolicy::parse(std::string_view json, bool in_body) {
  if (json.size() > kFilterPolicyBytesMax) return refuse("Filter policy is too complex");
  dom::parser parser;
  dom::element root;
  dom::object object;
  if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS) return refuse("failed to parse JSON.");
  if (root.get(object) != simdjson::SUCCESS) return refuse("Filter is not an object");
  TRY_ASSIGN(Alternatives alternatives, read_rules(object, in_body, "", 1));
  FilterPolicy out;
  out.in_body_ = in_body;
  out.key_count_ = object.size();
  for (Conjunction& each : alternatives) out.alternatives_.push_back(std::move(each.rules));
  return out;
}

base::Result<void> FilterPolicy::check(std::string_view json, bool in_body) {
  TRY_ASSIGN(const FilterPolicy policy, parse(json, in_body));
  // "For a nested policy, only parent keys are counted" (SNS Developer Guide, "Filter policy constraints").
  if (policy.key_count_ > kFilterKeysMax) return refuse("Filter policy can not have more than 5 keys");
  return {};
}

std::optional<FilterPolicy::Mismatch> FilterPolicy::mismatch(const Attributes& attributes,
                                                             std::string_view body) const {
  if (!in_body_) {
    const bool wanted = std::ranges::any_of(alternatives_, [&](const auto& rules) {
      return std::ranges::all_of(rules, [&](const Rule& rule) { return holds(rule, attributes); });
    });
    if (wanted) return std::nullopt;
    if (attributes.empty()) return Mismatch::no_attributes;
    const bool valid =
        std::ranges::none_of(attributes, [](const auto& entry) { return is_broken_array(entry.second); });
    return valid ? Mismatch::attributes : Mismatch::invalid_attributes;
  }
  if (alternatives_[0].empty()) return std::nullopt;  // it asks for nothing
  dom::parser parser;
  dom::element root;
  if (parser.parse(body.data(), body.size()).get(root) != simdjson::SUCCESS || !root.is_object()) {
    return Mismatch::invalid_body;
  }
  const bool wanted = std::ranges::any_of(alternatives_, [&](const auto& rules) {
    return std::ranges::all_of(rules, [&](const Rule& rule) {
      Values values;
      find_values(root, rule.path, 0, values);
      return holds(rule, values);
    });
  });
  return wanted ? std::nullopt : std::optional(Mismatch::body);
}

}  // namespace aws::filter
