#include "engine/sns/message_checks.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "aws/rules/subject.h"
#include "aws/sns/errors.h"
#include "aws/sns/shapes.h"
#include "base/decimal.h"
#include "engine/sns/limits.h"

namespace engine::sns {
namespace {

namespace errors = aws::sns::errors;

std::unexpected<base::AwsError> bad_value(std::string message) {
  return base::fail(errors::invalid_parameter_value_exception(std::move(message)));
}

base::Result<void> check_attribute_name(std::string_view name) {
  if (name.size() > kAttributeNameLengthMax) {
    return bad_value("Length of message attribute name must be less than 256 bytes.");
  }
  for (const char c : name) {
    const bool valid =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    if (!valid) {
      return bad_value(
          fmt::format("Invalid non-alphanumeric character '#x{:X}' was found in the message attribute name. "
                      "Can only include alphanumeric characters, hyphens, underscores, or dots.",
                      static_cast<unsigned char>(c)));
    }
  }
  if (name.empty()) return bad_value("Length of message attribute name must be between 1 and 256 bytes.");
  if (name.front() == '.') return bad_value("Invalid message attribute name starting with character '.' was found.");
  if (name.back() == '.') return bad_value("Invalid message attribute name ending with character '.' was found.");
  if (name.find("..") != name.npos) return bad_value("Message attribute name can not have successive '.' character.");
  return {};
}

bool has_type(std::string_view type, std::string_view base_type) {
  return type == base_type ||
         (type.size() > base_type.size() + 1 && type.starts_with(base_type) && type[base_type.size()] == '.');
}

base::Result<void> check_attribute(const std::string& name, const aws::sns::MessageAttributeValue& value,
                                   std::size_t position) {
  if (!value.data_type) {
    const std::string entry = position == 0 ? "" : fmt::format("publishBatchRequestEntries.{}.member.", position);
    // Not the model's ValidationException: the constraint is checked before SNS sees the request.
    return base::fail({.code = "ValidationError",
                       .message = fmt::format("1 validation error detected: Value null at "
                                              "'{}messageAttributes.{}.member.dataType' failed to satisfy constraint: "
                                              "Member must not be null",
                                              entry, name)});
  }
  TRY(check_attribute_name(name));
  const std::string& type = *value.data_type;
  const bool binary = has_type(type, "Binary");
  const bool number = has_type(type, "Number");
  if (!binary && !number && !has_type(type, "String")) {
    return bad_value(
        fmt::format("The message attribute '{}' has an invalid message attribute type, the set of supported "
                    "type prefixes is Binary, Number, and String.",
                    name));
  }
  const auto& used = binary ? value.binary_value : value.string_value;
  const auto& unused = binary ? value.string_value : value.binary_value;
  if (unused && !used) {
    return bad_value(fmt::format("The message attribute '{}' with type '{}' must use field '{}'.", name, type,
                                 binary ? "Binary" : "String"));
  }
  if (used.value_or("").empty() || unused) {
    return bad_value(
        fmt::format("The message attribute '{}' must contain non-empty message attribute value for message "
                    "attribute type '{}'.",
                    name, type));
  }
  if (number && !base::Decimal::parse(*used)) {
    return bad_value(fmt::format("Could not cast message attribute '{}' value to number.", name));
  }
  return {};
}

base::Result<void> read_structure(OutgoingMessage& out) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(out.message).get(object) != simdjson::SUCCESS) {
    return invalid_parameter("Message Structure - JSON message body failed to parse");
  }
  for (const auto [protocol, value] : object) {
    std::string_view text;
    if (value.get(text) == simdjson::SUCCESS) out.by_protocol[std::string(protocol)] = text;
  }
  if (!out.by_protocol.contains("default")) {
    return invalid_parameter("Message Structure - No default entry in JSON message body");
  }
  return {};
}

}  // namespace

std::unexpected<base::AwsError> invalid_parameter(std::string_view text) {
  return base::fail(errors::invalid_parameter_exception(fmt::format("Invalid parameter: {}", text)));
}

std::size_t OutgoingMessage::bytes() const {
  std::size_t out = message.size();
  for (const auto& [name, value] : attributes) {
    out += name.size();
    for (const auto* part : {&value.data_type, &value.string_value, &value.binary_value})
      if (*part) out += (*part)->size();
  }
  return out;
}

const std::string& OutgoingMessage::text_for(std::string_view protocol) const {
  if (by_protocol.empty()) return message;
  const auto found = by_protocol.find(protocol);
  return found != by_protocol.end() ? found->second : by_protocol.find("default")->second;
}

template <class In>
base::Result<OutgoingMessage> read_message(In in, std::size_t position) {
  OutgoingMessage out;
  if (in.message.value_or("").empty()) return invalid_parameter("Empty message");
  out.message = std::move(*in.message);
  if (in.message_attributes) {
    for (const auto& [name, value] : *in.message_attributes) TRY(check_attribute(name, value, position));
    out.attributes = std::move(*in.message_attributes);
  }
  if (out.bytes() > kMessageBytesMax) return invalid_parameter("Message too long");
  if (in.subject && !aws::rules::is_subject(*in.subject)) return invalid_parameter("Subject");
  out.subject = std::move(in.subject);
  if (in.message_deduplication_id) {
    return invalid_parameter(
        "MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for "
        "this "
        "topic type");
  }
  if (in.message_group_id) {
    const bool printable = std::ranges::all_of(*in.message_group_id, [](char c) { return c > ' ' && c <= '~'; });
    if (in.message_group_id->empty() || in.message_group_id->size() > kIdLengthMax || !printable) {
      return invalid_parameter(
          "MessageGroupId Reason: MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in "
          "length");
    }
    out.message_group_id = std::move(in.message_group_id);
  }
  if (in.message_structure.value_or("") == "json") {
    TRY(read_structure(out));
  } else if (in.message_structure.value_or("") != "") {
    return invalid_parameter("MessageStructure");
  }
  return out;
}

template base::Result<OutgoingMessage> read_message(aws::sns::PublishInput in, std::size_t position);
template base::Result<OutgoingMessage> read_message(aws::sns::PublishBatchRequestEntry in, std::size_t position);

}  // namespace engine::sns
