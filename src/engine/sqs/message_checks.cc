#include "engine/sqs/message_checks.h"

#include <algorithm>
#include <vector>

#include "aws/sqs/errors.h"
#include "base/decimal.h"
#include "base/encoding.h"
#include "engine/sqs/limits.h"

namespace engine::sqs {
namespace {

namespace errors = aws::sqs::errors;

base::AwsError invalid_parameter(std::string message) {
  return errors::invalid_parameter_value_exception(std::move(message));
}

bool is_xml_text(std::string_view text) {
  bool ascii = true;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 && c != '\t' && c != '\n' && c != '\r') return false;
    if (byte >= 0x80) ascii = false;
  }
  if (ascii) return true;
  // Surrogates are not UTF-8; of the rest XML lacks only U+FFFE and U+FFFF (EF BF BE, EF BF BF).
  return base::is_utf8(text) && text.find("\xef\xbf\xbe") == text.npos && text.find("\xef\xbf\xbf") == text.npos;
}

base::Result<void> check_attribute_name(std::string_view name) {
  if (name.empty()) {
    return base::fail(invalid_parameter("The request must contain non-empty message (user) attribute name."));
  }
  if (name.size() > kMessageAttributeNameLengthMax) {
    return base::fail(invalid_parameter("Length of message (user) attribute name must be less than 256 bytes."));
  }
  const bool valid = std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  });
  if (!valid) {
    return base::fail(
        invalid_parameter("Message (user) attributes name can contain upper and lower score characters, "
                          "digits, periods, hyphens and underscores."));
  }
  if (name.starts_with('.') || name.ends_with('.') || name.find("..") != name.npos) {
    return base::fail(invalid_parameter(
        "Message (user) attribute name can not start or end with a period, or contain successive periods."));
  }
  std::string lower(name.substr(0, 7));
  std::ranges::transform(lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  if (lower.starts_with("aws.") || lower.starts_with("amazon.")) {
    return base::fail(invalid_parameter(
        "Message (user) attribute names starting with 'AWS.' or 'Amazon.' are reserved for use by Amazon."));
  }
  return {};
}

bool has_base_type(std::string_view type, std::string_view base_type) {
  return type == base_type || (type.starts_with(base_type) && type[base_type.size()] == '.');
}

base::Result<void> check_attribute(const std::string& name, const aws::sqs::MessageAttributeValue& value) {
  const std::string type = value.data_type.value_or("");
  if (type.empty()) {
    return base::fail(
        invalid_parameter("The message attribute '" + name + "' must contain non-empty message attribute type."));
  }
  const bool binary = has_base_type(type, "Binary");
  const bool number = has_base_type(type, "Number");
  if ((!binary && !number && !has_base_type(type, "String")) || type.size() > kMessageAttributeNameLengthMax) {
    return base::fail(invalid_parameter("The message attribute '" + name +
                                        "' has an invalid message attribute type, the set of supported type prefixes "
                                        "is Binary, Number, and String."));
  }
  if (!check_characters(type)) return check_characters(type);
  const auto& used = binary ? value.binary_value : value.string_value;
  const auto& unused = binary ? value.string_value : value.binary_value;
  const std::string_view field = binary ? "Binary" : "String";
  if (unused) {
    return base::fail(invalid_parameter("The message attribute '" + name + "' with type '" + type +
                                        "' must use field '" + std::string(field) + "'."));
  }
  if (used.value_or("").empty()) {
    return base::fail(invalid_parameter("Message (user) attribute '" + name +
                                        "' must contain a non-empty value of type '" + std::string(field) + "'."));
  }
  if (!binary) TRY(check_characters(*used));
  if (number && !base::Decimal::parse(*used)) {
    return base::fail(
        invalid_parameter("Can't cast the value of message (user) attribute '" + name + "' to a number."));
  }
  return {};
}

void append_field(std::string& out, std::string_view bytes) {
  const auto size = static_cast<uint32_t>(bytes.size());
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(size >> shift));
  out.append(bytes);
}

template <class Value>
std::string md5_of(const aws::Map<Value>& attributes) {
  std::vector<const std::pair<std::string, Value>*> sorted;
  for (const auto& attribute : attributes) sorted.push_back(&attribute);
  std::ranges::sort(sorted, {}, [](const auto* attribute) -> const std::string& { return attribute->first; });
  std::string bytes;
  for (const auto* attribute : sorted) {
    const Value& value = attribute->second;
    append_field(bytes, attribute->first);
    append_field(bytes, value.data_type.value_or(""));
    bytes.push_back(value.binary_value ? '\x02' : '\x01');
    append_field(bytes, value.binary_value ? *value.binary_value : value.string_value.value_or(""));
  }
  return base::md5(bytes);
}

}  // namespace

std::size_t message_bytes(std::string_view body, const MessageAttributes* attributes) {
  std::size_t bytes = body.size();
  if (attributes == nullptr) return bytes;
  for (const auto& [name, value] : *attributes) {
    bytes += name.size();
    for (const auto* part : {&value.data_type, &value.string_value, &value.binary_value})
      if (*part) bytes += (*part)->size();
  }
  return bytes;
}

base::Result<void> check_characters(std::string_view text) {
  if (is_xml_text(text)) return {};
  return base::fail(
      errors::invalid_message_contents("Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 "
                                       "to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF"));
}

base::Result<void> check_attributes(const MessageAttributes& attributes) {
  if (attributes.size() > kMessageAttributesMax) {
    return base::fail(invalid_parameter("Number of message attributes [" + std::to_string(attributes.size()) +
                                        "] exceeds the allowed maximum [10]."));
  }
  for (const auto& [name, value] : attributes) {
    TRY(check_attribute_name(name));
    TRY(check_attribute(name, value));
  }
  return {};
}

base::Result<void> check_system_attributes(const SystemAttributes& attributes) {
  for (const auto& [name, value] : attributes) {
    if (name != "AWSTraceHeader") {
      return base::fail(invalid_parameter("Message system attribute name '" + name + "' is invalid."));
    }
    if (value.data_type != "String" || value.string_value.value_or("").empty() || value.binary_value) {
      return base::fail(invalid_parameter(
          "Message system attribute 'AWSTraceHeader' must contain a non-empty value of type 'String'."));
    }
    TRY(check_characters(*value.string_value));
  }
  return {};
}

base::Result<void> check_id(std::string_view parameter, std::string_view id) {
  const bool printable = std::ranges::all_of(id, [](char c) { return c > ' ' && c <= '~'; });
  if (!id.empty() && id.size() <= kIdLengthMax && printable) return {};
  return base::fail(invalid_value(
      id, parameter,
      std::string(parameter) + " can only include alphanumeric and punctuation characters. 1 to 128 in length."));
}

std::string attributes_md5(const MessageAttributes& attributes) {
  return md5_of(attributes);
}
std::string attributes_md5(const SystemAttributes& attributes) {
  return md5_of(attributes);
}

base::AwsError invalid_value(std::string_view value, std::string_view parameter, std::string_view reason) {
  std::string message = "Value ";
  message.append(value).append(" for parameter ").append(parameter).append(" is invalid. Reason: ").append(reason);
  return invalid_parameter(std::move(message));
}

base::AwsError missing_parameter(std::string_view parameter) {
  return errors::missing_required_parameter_exception("The request must contain the parameter " +
                                                      std::string(parameter) + ".");
}

}  // namespace engine::sqs
