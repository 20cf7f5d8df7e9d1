#include "engine/dynamodb/attribute_value.h"

#include <algorithm>
#include <vector>

#include "aws/dynamodb/errors.h"
#include "base/encoding.h"
#include "engine/dynamodb/limits.h"

namespace engine::dynamodb {

std::unexpected<base::AwsError> invalid(std::string message) {
  return base::fail(wire::errors::validation_exception(std::move(message)));
}

std::unexpected<base::AwsError> not_found(const std::string& what) {
  return base::fail(wire::errors::resource_not_found_exception("Requested resource not found" +
                                                               (what.empty() ? "" : ": " + what + " not found")));
}

std::unexpected<base::AwsError> invalid_parameters(std::string_view message) {
  return invalid("One or more parameter values were invalid: " + std::string(message));
}

std::string_view type_name(const AttributeValue& value) {
  static constexpr std::string_view kNames[] = {"", "S", "N", "B", "SS", "NS", "BS", "M", "L", "NULL", "BOOL"};
  return kNames[value.value.index()];
}

std::string number_error_text(base::DecimalError error, std::string_view text) {
  switch (error) {
    case base::DecimalError::not_a_number:
      if (text.empty()) return "The parameter cannot be converted to a numeric value";
      return "The parameter cannot be converted to a numeric value: " + std::string(text);
    case base::DecimalError::too_many_digits:
      return "Attempting to store more than 38 significant digits in a Number";
    case base::DecimalError::overflow:
      return "Number overflow. Attempting to store a number with magnitude larger than supported range";
    case base::DecimalError::underflow:
      break;
  }
  return "Number underflow. Attempting to store a number with magnitude smaller than supported range";
}

namespace {

// True for what Decimal would leave as it is, found without arithmetic: most numbers are short integers.
bool is_short_normal_integer(std::string_view text) {
  if (text.starts_with('-')) {
    text.remove_prefix(1);
    if (text == "0") return false;
  }
  if (text.empty() || text.size() > 18 || (text[0] == '0' && text.size() > 1)) return false;
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

base::Result<void> normalise_number(std::string& text) {
  if (is_short_normal_integer(text)) return {};
  const auto number = base::Decimal::parse(text);
  if (!number) return invalid(number_error_text(number.error(), text));
  text = number->to_string();
  return {};
}

bool has_duplicates(const std::vector<std::string>& elements) {
  std::vector<std::string_view> sorted(elements.begin(), elements.end());
  std::ranges::sort(sorted);
  return std::ranges::adjacent_find(sorted) != sorted.end();
}

std::string list_text(const std::vector<std::string>& elements, bool base64) {
  std::string text = "[";
  for (std::size_t i = 0; i < elements.size(); ++i) {
    if (i != 0) text += ", ";
    text += base64 ? base::base64_encode(elements[i]) : elements[i];
  }
  return text + "]";
}

base::Result<void> validate_at(AttributeValue& value, int depth);

base::Result<void> validate_set(AttributeValue& value) {
  if (value.is_ns()) {
    if (value.ns().empty()) return invalid_parameters("An number set  may not be empty");
    for (std::string& number : value.ns()) TRY(normalise_number(number));
    if (has_duplicates(value.ns())) return invalid("Input collection contains duplicates");
  } else if (value.is_ss()) {
    if (value.ss().empty()) return invalid_parameters("An string set  may not be empty");
    if (has_duplicates(value.ss()))
      return invalid_parameters("Input collection " + list_text(value.ss(), false) + " contains duplicates.");
  } else {
    if (value.bs().empty()) return invalid_parameters("Binary sets should not be empty");
    if (has_duplicates(value.bs()))
      return invalid_parameters("Input collection " + list_text(value.bs(), true) + "of type BS contains duplicates.");
  }
  return {};
}

base::Result<void> validate_map(Item& map, int depth) {
  for (auto& [name, value] : map) {
    if (name.empty()) return invalid_parameters("Attribute name must not be empty");
    if (name.size() > kAttributeNameBytesMax)
      return invalid_parameters("Attribute name is too large, must be less than 65536 bytes");
    TRY(validate_at(value, depth));
  }
  return {};
}

base::Result<void> validate_at(AttributeValue& value, int depth) {
  if (depth >= kNestingMax)
    return invalid(
        "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported "
        "limit");
  if (value.value.index() == 0)
    return invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes");
  if (value.is_n()) return normalise_number(value.n());
  if (value.is_null_() && !value.null_())
    return invalid_parameters("Null attribute value types must have the value of true");
  if (set_elements(value) != nullptr) return validate_set(value);
  if (value.is_m()) return validate_map(value.m(), depth + 1);
  if (value.is_l())
    for (AttributeValue& element : value.l()) TRY(validate_at(element, depth + 1));
  return {};
}

std::size_t number_size(std::string_view text) {
  const bool negative = text.starts_with('-');
  const std::size_t first = text.find_first_of("123456789");
  if (first == std::string_view::npos) return 1;
  const std::size_t last = text.find_last_of("123456789");
  std::size_t digits = last - first + 1;
  if (const auto point = text.find('.'); point != std::string_view::npos && point > first && point < last) --digits;
  return 1 + (digits + 1) / 2 + (negative ? 1 : 0);
}

bool sets_equal(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  if (a.size() != b.size()) return false;
  std::vector<std::string_view> x(a.begin(), a.end());
  std::vector<std::string_view> y(b.begin(), b.end());
  std::ranges::sort(x);
  std::ranges::sort(y);
  return x == y;
}

bool maps_equal(const Item& a, const Item& b) {
  if (a.size() != b.size()) return false;
  const auto sorted = [](const Item& map) {
    std::vector<const Item::Entry*> entries;
    entries.reserve(map.size());
    for (const Item::Entry& entry : map) entries.push_back(&entry);
    std::ranges::sort(entries, {}, [](const Item::Entry* entry) -> const std::string& { return entry->first; });
    return entries;
  };
  return std::ranges::equal(sorted(a), sorted(b), [](const Item::Entry* x, const Item::Entry* y) {
    return x->first == y->first && values_equal(x->second, y->second);
  });
}

}  // namespace

base::Result<void> validate_value(AttributeValue& value) {
  return validate_at(value, 0);
}

base::Result<void> validate_item(Item& item) {
  return validate_map(item, 0);
}

std::size_t item_size(const Item& item) {
  std::size_t size = 0;
  for (const auto& [name, value] : item) size += name.size() + value_size(value);
  return size;
}

std::size_t value_size(const AttributeValue& value) {
  std::size_t size = 0;
  if (value.is_s()) return value.s().size();
  if (value.is_b()) return value.b().size();
  if (value.is_n()) return number_size(value.n());
  if (value.is_ns()) {
    for (const std::string& number : value.ns()) size += number_size(number);
  } else if (const auto* elements = set_elements(value)) {
    for (const std::string& element : *elements) size += element.size();
  } else if (value.is_m()) {
    size = 3 + value.m().size() + item_size(value.m());
  } else if (value.is_l()) {
    size = 3;
    for (const AttributeValue& element : value.l()) size += 1 + value_size(element);
  } else {
    size = 1;
  }
  return size;
}

const std::vector<std::string>* set_elements(const AttributeValue& value) {
  if (value.is_ss()) return &value.ss();
  if (value.is_ns()) return &value.ns();
  if (value.is_bs()) return &value.bs();
  return nullptr;
}

bool values_equal(const AttributeValue& a, const AttributeValue& b) {
  if (a.value.index() != b.value.index()) return false;
  if (const auto* elements = set_elements(a)) return sets_equal(*elements, *set_elements(b));
  if (a.is_m()) return maps_equal(a.m(), b.m());
  if (a.is_l()) return std::ranges::equal(a.l(), b.l(), values_equal);
  return a == b;
}

std::optional<std::strong_ordering> compare_values(const AttributeValue& a, const AttributeValue& b) {
  if (a.value.index() != b.value.index()) return std::nullopt;
  if (a.is_s()) return a.s().compare(b.s()) <=> 0;
  if (a.is_b()) return a.b().compare(b.b()) <=> 0;
  if (!a.is_n()) return std::nullopt;
  const auto x = base::Decimal::parse(a.n());
  const auto y = base::Decimal::parse(b.n());
  if (!x || !y) return std::nullopt;
  return *x <=> *y;
}

}  // namespace engine::dynamodb
