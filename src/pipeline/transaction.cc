#include "pipeline/transaction.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <vector>

#include "aws/codec/json_shape.h"
#include "base/encoding.h"

namespace pipeline {
namespace {

using simdjson::ondemand::json_type;
using simdjson::ondemand::value;

// Thrown nowhere: the canonicaliser answers with a Rejection in its state and false.
class Canonicaliser {
 public:
  // Appends the canonical text of `v` to `out`. False: see rejection().
  bool append(value v, const std::string& pointer, std::size_t depth, std::string& out);
  bool append_object(simdjson::ondemand::object object, const std::string& pointer, std::size_t depth,
                     std::string& out);
  [[nodiscard]] Rejection& rejection() { return rejection_; }
  bool refuse(std::string_view why, std::string message) {
    rejection_ = {why, std::move(message)};
    return false;
  }

 private:
  bool append_array(simdjson::ondemand::array array, const std::string& pointer, std::size_t depth, std::string& out);
  bool append_number(std::string_view text, const std::string& pointer, std::string& out);
  bool append_scalar(value v, json_type type, const std::string& pointer, std::string& out);

  Rejection rejection_;
};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\n' || text.back() == '\r' || text.back() == '\t'))
    text.remove_suffix(1);
  return text;
}

// -?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)?; simdjson does not look inside a number that is read as raw text.
bool is_json_number(std::string_view text) {
  const auto digits = [&text] {
    const std::size_t count = std::min(text.size(), text.find_first_not_of("0123456789"));
    text.remove_prefix(count);
    return count;
  };
  const auto skip = [&text](std::string_view any_of) {
    const bool there = !text.empty() && any_of.find(text.front()) != std::string_view::npos;
    if (there) text.remove_prefix(1);
    return there;
  };
  skip("-");
  const bool zero_first = text.starts_with('0');
  const std::size_t whole = digits();
  if (whole == 0 || (zero_first && whole > 1)) return false;
  if (skip(".") && digits() == 0) return false;
  if (skip("eE")) {
    skip("+-");
    if (digits() == 0) return false;
  }
  return text.empty();
}

// The normal form of a JSON number that Decimal does not hold: its significant digits and a power of ten. Only an
// amount has to be exact; in other fields a number may be as long as it likes, and still be told from others.
std::string long_number(std::string_view text) {
  const bool negative = text.starts_with('-');
  std::string digits;
  const std::size_t at = std::min(text.size(), text.find_first_of("eE"));
  std::string_view exponent_text = text.substr(std::min(text.size(), at + 1));
  if (exponent_text.starts_with('+')) exponent_text.remove_prefix(1);
  int64_t exponent = 0;
  const auto [end, error] =
      std::from_chars(exponent_text.data(), exponent_text.data() + exponent_text.size(), exponent);
  constexpr int64_t kExponentMax = INT64_MAX / 2;
  if ((at < text.size() && error != std::errc()) || exponent > kExponentMax || exponent < -kExponentMax)
    return std::string(text);  // beyond reason; it counts as it is spelled
  bool in_fraction = false;
  for (const char c : text.substr(0, at)) {
    if (c == '.') in_fraction = true;
    if (c < '0' || c > '9') continue;
    digits.push_back(c);
    exponent -= in_fraction;
  }
  while (digits.ends_with('0')) {
    digits.pop_back();
    ++exponent;
  }
  digits.erase(0, std::min(digits.size(), digits.find_first_not_of('0')));
  return (negative ? "-" : "") + digits + "e" + std::to_string(exponent);
}

bool Canonicaliser::append_number(std::string_view text, const std::string& pointer, std::string& out) {
  text = trimmed(text);
  if (!is_json_number(text)) return refuse(reason::kJsonSyntax, pointer + " is not a number");
  const auto number = base::Decimal::parse(text);
  if (!number.has_value() && number.error() == base::DecimalError::not_a_number)
    return refuse(reason::kJsonSyntax, pointer + " is not a number");
  out.append(number.has_value() ? number->to_string() : long_number(text));
  return true;
}

bool Canonicaliser::append_array(simdjson::ondemand::array array, const std::string& pointer, std::size_t depth,
                                 std::string& out) {
  out.push_back('[');
  std::size_t index = 0;
  for (auto element : array) {
    value v;
    if (element.get(v) != simdjson::SUCCESS) return refuse(reason::kJsonSyntax, "malformed JSON in " + pointer);
    if (index != 0) out.push_back(',');
    if (!append(v, pointer + "/" + std::to_string(index++), depth, out)) return false;
  }
  out.push_back(']');
  return true;
}

bool Canonicaliser::append_object(simdjson::ondemand::object object, const std::string& pointer, std::size_t depth,
                                  std::string& out) {
  std::vector<std::pair<std::string, std::string>> members;
  for (auto field : object) {
    std::string_view key;
    value v;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS || field.value().get(v) != simdjson::SUCCESS)
      return refuse(reason::kJsonSyntax, "malformed JSON in the object at \"" + pointer + "\"");
    members.emplace_back(key, std::string());
    if (!append(v, pointer + "/" + members.back().first, depth, members.back().second)) return false;
  }
  std::ranges::sort(members);
  const auto repeated =
      std::ranges::adjacent_find(members, [](const auto& a, const auto& b) { return a.first == b.first; });
  if (repeated != members.end())
    return refuse(reason::kJsonSyntax, pointer + "/" + repeated->first + " occurs more than once");
  out.push_back('{');
  for (const auto& [key, text] : members) {
    if (out.back() != '{') out.push_back(',');
    aws::codec::write_json_string(key, out);
    out.append(":").append(text);
  }
  out.push_back('}');
  return true;
}

bool Canonicaliser::append_scalar(value v, json_type type, const std::string& pointer, std::string& out) {
  if (type == json_type::number) return append_number(v.raw_json_token(), pointer, out);
  if (type == json_type::string) {
    std::string_view text;
    if (v.get_string().get(text) != simdjson::SUCCESS)
      return refuse(reason::kJsonSyntax, pointer + " is not a well-formed string");
    aws::codec::write_json_string(text, out);
    return true;
  }
  bool truth = false;
  if (type == json_type::boolean && v.get_bool().get(truth) == simdjson::SUCCESS) {
    out.append(truth ? "true" : "false");
    return true;
  }
  if (type == json_type::null && v.is_null()) {
    out.append("null");
    return true;
  }
  return refuse(reason::kJsonSyntax, "malformed JSON at " + pointer);
}

bool Canonicaliser::append(value v, const std::string& pointer, std::size_t depth, std::string& out) {
  if (depth >= kOrderDepthMax) return refuse(reason::kTooLarge, "nested deeper than 32 levels");
  json_type type{};
  if (v.type().get(type) != simdjson::SUCCESS) return refuse(reason::kJsonSyntax, "malformed JSON at " + pointer);
  if (type == json_type::object) {
    simdjson::ondemand::object object;
    if (v.get_object().get(object) != simdjson::SUCCESS)
      return refuse(reason::kJsonSyntax, "malformed JSON at " + pointer);
    return append_object(object, pointer, depth + 1, out);
  }
  if (type == json_type::array) {
    simdjson::ondemand::array array;
    if (v.get_array().get(array) != simdjson::SUCCESS)
      return refuse(reason::kJsonSyntax, "malformed JSON at " + pointer);
    return append_array(array, pointer, depth + 1, out);
  }
  return append_scalar(v, type, pointer, out);
}

// One field of the order beside its canonical text.
struct Field {
  std::string key;
  std::string canonical;
  json_type type;
  std::string text;  // of a string: its characters
};

// Top-level fields of the order in the order they stand.
bool read_fields(simdjson::ondemand::object object, Canonicaliser& canonicaliser, std::vector<Field>& fields) {
  for (auto member : object) {
    std::string_view key;
    value v;
    Field field{};
    if (member.unescaped_key().get(key) != simdjson::SUCCESS || member.value().get(v) != simdjson::SUCCESS ||
        v.type().get(field.type) != simdjson::SUCCESS)
      return canonicaliser.refuse(reason::kJsonSyntax, "malformed JSON");
    field.key = key;
    if (field.type == json_type::string) {
      std::string_view text;
      if (v.get_string().get(text) != simdjson::SUCCESS)
        return canonicaliser.refuse(reason::kJsonSyntax, "/" + field.key + " is not a well-formed string");
      field.text = text;
      aws::codec::write_json_string(text, field.canonical);
    } else if (!canonicaliser.append(v, "/" + field.key, 1, field.canonical)) {
      return false;
    }
    fields.push_back(std::move(field));
  }
  return true;
}

const Field* find(const std::vector<Field>& fields, std::string_view key) {
  const auto at = std::ranges::find(fields, key, &Field::key);
  return at == fields.end() ? nullptr : &*at;
}

std::expected<std::string, Rejection> required_text(const std::vector<Field>& fields, std::string_view key) {
  const Field* field = find(fields, key);
  const std::string pointer = "/" + std::string(key);
  if (field == nullptr) return std::unexpected(Rejection{reason::kSchemaMissing, pointer + " is missing"});
  if (field->type != json_type::string || field->text.empty())
    return std::unexpected(Rejection{reason::kSchemaType, pointer + " must be a non-empty string"});
  return field->text;
}

std::expected<base::Decimal, Rejection> required_amount(const std::vector<Field>& fields) {
  const Field* field = find(fields, "amount");
  if (field == nullptr) return std::unexpected(Rejection{reason::kSchemaMissing, "/amount is missing"});
  if (field->type != json_type::number && field->type != json_type::string)
    return std::unexpected(Rejection{reason::kSchemaType, "/amount must be a decimal number"});
  const auto amount = base::Decimal::parse(field->type == json_type::string ? field->text : field->canonical);
  if (!amount.has_value()) {
    if (amount.error() == base::DecimalError::not_a_number)
      return std::unexpected(Rejection{reason::kSchemaType, "/amount must be a decimal number"});
    return std::unexpected(Rejection{reason::kAmountPrecision, "/amount has more than 38 digits or is out of range"});
  }
  if (amount->sign() <= 0)
    return std::unexpected(
        Rejection{reason::kAmountNonpositive, "/amount is " + amount->to_string() + ", not positive"});
  return *amount;
}

// The canonical text of the whole order; an amount given as text counts as the number it spells.
std::expected<std::string, Rejection> canonical_text(std::vector<Field> fields, const base::Decimal& amount) {
  std::ranges::sort(fields, {}, &Field::key);
  const auto repeated = std::ranges::adjacent_find(fields, {}, &Field::key);
  if (repeated != fields.end())
    return std::unexpected(Rejection{reason::kJsonSyntax, "/" + repeated->key + " occurs more than once"});
  std::string out = "{";
  for (const Field& field : fields) {
    if (out.size() > 1) out.push_back(',');
    aws::codec::write_json_string(field.key, out);
    out.append(":").append(field.key == "amount" ? amount.to_string() : field.canonical);
  }
  return out + "}";
}

}  // namespace

std::expected<Transaction, Rejection> parse_transaction(std::string_view text) {
  static thread_local simdjson::ondemand::parser parser;
  const simdjson::padded_string padded(text);
  simdjson::ondemand::document document;
  simdjson::ondemand::object object;
  json_type type{};
  const auto malformed = [] { return std::unexpected(Rejection{reason::kJsonSyntax, "not well-formed JSON"}); };
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS || document.type().get(type) != simdjson::SUCCESS)
    return malformed();
  if (type != json_type::object) {
    // The type is told from the first character; whether the rest is JSON at all decides the reason.
    simdjson::dom::parser whole;
    if (whole.parse(padded).error() != simdjson::SUCCESS) return malformed();
    return std::unexpected(Rejection{reason::kSchemaType, "an order is a JSON object"});
  }
  if (document.get_object().get(object) != simdjson::SUCCESS) return malformed();
  Canonicaliser canonicaliser;
  std::vector<Field> fields;
  if (!read_fields(object, canonicaliser, fields)) return std::unexpected(std::move(canonicaliser.rejection()));
  // Something behind the object: the location is then known instead of out of bounds.
  if (document.current_location().error() != simdjson::OUT_OF_BOUNDS) return malformed();
  Transaction order;
  auto id = required_text(fields, "transaction_id");
  if (!id.has_value()) return std::unexpected(std::move(id).error());
  if (id->size() > kTransactionIdBytesMax)
    return std::unexpected(Rejection{reason::kTooLarge, "/transaction_id is longer than 2048 bytes"});
  auto amount = required_amount(fields);
  if (!amount.has_value()) return std::unexpected(std::move(amount).error());
  auto item = required_text(fields, "item");
  if (!item.has_value()) return std::unexpected(std::move(item).error());
  order.has_more_fields = fields.size() > 3;
  auto canonical = canonical_text(std::move(fields), *amount);
  if (!canonical.has_value()) return std::unexpected(std::move(canonical).error());
  order.transaction_id = std::move(*id);
  order.amount = *amount;
  order.item = std::move(*item);
  order.payload_sha256 = "v1:" + base::hex_encode(base::sha256(*canonical));
  return order;
}

}  // namespace pipeline
