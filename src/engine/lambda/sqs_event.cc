#include "engine/lambda/sqs_event.h"

#include <array>

#include "aws/codec/json_shape.h"
#include "base/encoding.h"

namespace engine::lambda {
namespace {

using aws::codec::write_json_string;

constexpr std::array<std::string_view, 9> kAttributeOrder = {
    "ApproximateReceiveCount",          "SentTimestamp",  "SenderId",
    "ApproximateFirstReceiveTimestamp", "SequenceNumber", "MessageGroupId",
    "MessageDeduplicationId",           "AWSTraceHeader", "DeadLetterQueueSourceArn"};

void member(std::string& out, std::string_view key, std::string_view value) {
  out.append(",\"").append(key).append("\":");
  write_json_string(value, out);
}

void write_attribute(const aws::sqs::MessageAttributeValue& value, std::string& out) {
  out += '{';
  if (value.string_value) {
    out += "\"stringValue\":";
    write_json_string(*value.string_value, out);
    out += ',';
  }
  if (value.binary_value) {
    out += "\"binaryValue\":";
    write_json_string(base::base64_encode(*value.binary_value), out);
    out += ',';
  }
  out += R"("stringListValues":[],"binaryListValues":[])";
  member(out, "dataType", value.data_type.value_or(""));
  out += '}';
}

}  // namespace

void write_sqs_record(const aws::sqs::Message& message, std::string_view queue_arn, std::string_view region,
                      bool has_window, std::string& out) {
  out += R"({"messageId":)";
  write_json_string(message.message_id.value_or(""), out);
  member(out, "receiptHandle", message.receipt_handle.value_or(""));
  member(out, "body", message.body.value_or(""));
  out += R"(,"attributes":{)";
  bool first = true;
  for (const std::string_view name : kAttributeOrder) {
    const std::string* value = message.attributes ? message.attributes->find(name) : nullptr;
    if (!value) continue;
    if (!first) out += ',';
    first = false;
    write_json_string(name, out);
    out += ':';
    write_json_string(*value, out);
  }
  out += R"(},"messageAttributes":{)";
  first = true;
  if (message.message_attributes) {
    for (const auto& [name, value] : *message.message_attributes) {
      if (!first) out += ',';
      first = false;
      write_json_string(name, out);
      out += ':';
      write_attribute(value, out);
    }
  }
  out += '}';
  if (message.md5_of_message_attributes) {
    member(out, "md5OfMessageAttributes", *message.md5_of_message_attributes);
  } else if (has_window) {
    out += R"(,"md5OfMessageAttributes":null)";
  }
  member(out, "md5OfBody", message.md5_of_body.value_or(""));
  member(out, "eventSource", "aws:sqs");
  member(out, "eventSourceARN", queue_arn);
  member(out, "awsRegion", region);
  out += '}';
}

}  // namespace engine::lambda
