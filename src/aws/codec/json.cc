#include "aws/codec/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "aws/codec/error_shape.h"
#include "aws/codec/json_shape.h"
#include "aws/validate.h"
#include "base/check.h"
#include "base/encoding.h"

namespace aws::codec {
namespace {

// Errors of the framework in front of AWS's services, which have its namespace and not the service's
// (protocols.md 1.3).
constexpr std::string_view kFrameworkNamespace = "com.amazon.coral.service";
constexpr std::string_view kValidationNamespace = "com.amazon.coral.validate";
constexpr auto kFrameworkCodes = std::to_array<std::string_view>({
    "AccessDeniedException",
    "ExpiredTokenException",
    "IncompleteSignatureException",
    "InternalFailure",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "SerializationException",
    "ServiceUnavailableException",
    "UnknownOperationException",
    "UnrecognizedClientException",
});

bool is_message(std::string_view name) {
  return name == "message" || name == "Message";
}

std::string error_type(const ServiceDesc& service, const base::AwsError& error) {
  // The query protocol's word for it is ValidationError; json has its own (protocols.md 1.3).
  if (error.code == "ValidationException" || error.code == "ValidationError")
    return fmt::format("{}#ValidationException", kValidationNamespace);
  const bool framework = std::ranges::find(kFrameworkCodes, error.code) != kFrameworkCodes.end();
  const std::string_view space = framework ? kFrameworkNamespace : service.error_namespace;
  return space.empty() ? error.code : fmt::format("{}#{}", space, error.code);
}

// The name under which the message goes: the error shape's own, else the framework's habit.
std::string_view message_name(const base::AwsError& error, const AnyShape* detail) {
  if (detail != nullptr)
    for (const MemberDesc& member : detail->desc->members)
      if (is_message(member.name)) return member.name;
  const bool capital = error.code == "SerializationException" || error.code == "AccessDeniedException";
  return capital ? "Message" : "message";
}

bool holds_message(const AnyShape& detail) {
  return std::ranges::any_of(detail.desc->members, [&](const MemberDesc& member) {
    return is_message(member.name) && !member.unsupported && member.get(detail.value.get()) != nullptr;
  });
}

std::string error_body(const ServiceDesc& service, const base::AwsError& error) {
  const auto* typed = dynamic_cast<const ShapeDetail*>(error.detail.get());
  const AnyShape* detail = typed != nullptr && typed->shape().desc != nullptr ? &typed->shape() : nullptr;
  std::string out = "{\"__type\":";
  write_json_string(error_type(service, error), out);
  if (detail != nullptr) {
    const std::size_t start = out.size();
    write_json(*detail->desc, detail->value.get(), JsonNames::model, out);
    out.pop_back();  // the members join ours: '{' becomes the comma, unless there are none
    if (out.size() == start + 1)
      out.pop_back();
    else
      out[start] = ',';
  }
  if (!error.message.empty() && (detail == nullptr || !holds_message(*detail))) {
    out += fmt::format(",\"{}\":", message_name(error, detail));
    write_json_string(error.message, out);
  }
  out += '}';
  return out;
}

// What every json error has in common, as a shape of our own, so that the one reader serves here too.
struct ErrorBody {
  std::optional<std::string> type;
  std::optional<std::string> code;
  std::optional<std::string> message;
  std::optional<std::string> capital_message;
  static const StructDesc& desc();
};

constexpr TypeDesc kText = {.kind = Kind::string, .shape_name = "String"};

template <auto M>
constexpr MemberDesc text_member(std::string_view name) {
  return {.name = name,
          .wire = name,
          .location = Location::body,
          .timestamp_format = TimestampFormat::protocol_default,
          .required = false,
          .unsupported = false,
          .idempotency_token = false,
          .streaming = false,
          .xml_attribute = false,
          .xml_namespace = {},
          .type = &kText,
          .get = MemberAccess<M>::get,
          .emplace = MemberAccess<M>::emplace};
}

const StructDesc& ErrorBody::desc() {
  static constexpr MemberDesc kMembers[] = {
      text_member<&ErrorBody::type>("__type"), text_member<&ErrorBody::code>("code"),
      text_member<&ErrorBody::message>("message"), text_member<&ErrorBody::capital_message>("Message")};
  static constexpr StructDesc kDesc = {.name = "Error", .members = kMembers};
  return kDesc;
}

// "com.amazonaws.sqs#QueueDoesNotExist:http://..." -> "QueueDoesNotExist"
std::string_view bare_code(std::string_view type) {
  if (const auto hash = type.find('#'); hash != std::string_view::npos) type.remove_prefix(hash + 1);
  return type.substr(0, type.find(':'));
}

class JsonCodec : public Codec {
 public:
  explicit JsonCodec(std::string_view content_type) : content_type_(content_type) {}

  base::Result<void> decode_request(const ServiceDesc& service, const OperationDesc& operation, http::Request& request,
                                    const UriLabels&, void* in) const override {
    // A body that is not there is an operation without members, as Smithy's awsJson has it.
    if (request.body.empty() && accepts_empty_body()) return {};
    auto read = read_json(*operation.input, request.body, JsonNames::model, JsonStrictness::request, in);
    if (read.has_value()) return {};
    base::AwsError error = std::move(read).error();
    if (error.code == "Unsupported") return base::fail(unsupported_parameter(service, error.message));
    if (error.code == "ValidationException") {
      // AWS looks at an AttributeValue's members only after the model's constraints (protocols.md 4.3 item 1).
      TRY(validate(service, operation, in));
      error.code = service.validation_code;
    }
    return base::fail(std::move(error));
  }

  http::Response encode_response(const ServiceDesc& service, const OperationDesc& operation, void* out,
                                 std::string_view request_id) const override {
    std::string body;
    if (has_body(operation)) write_json(*operation.output, out, JsonNames::model, body);
    return respond(service, operation.http_status, std::move(body), request_id);
  }

  http::Response encode_error(const ServiceDesc& service, const base::AwsError& error,
                              std::string_view request_id) const override {
    http::Response response = respond(service, error.http_status, error_body(service, error), request_id);
    if (service.query_compatible)
      response.headers.add("x-amzn-query-error",
                           fmt::format("{};{}", error.query_code.empty() ? error.code : error.query_code,
                                       error.fault == base::Fault::sender ? "Sender" : "Receiver"));
    return response;
  }

  base::Result<http::Request> encode_request(const ServiceDesc& service, const OperationDesc& operation,
                                             const void* in) const override {
    http::Request request;
    request.method = "POST";
    request.target = "/";
    request.headers.add("Content-Type", std::string(content_type_));
    request.headers.add("X-Amz-Target", fmt::format("{}.{}", service.target_prefix, operation.name));
    if (service.query_compatible) request.headers.add("x-amzn-query-mode", "true");
    if (operation.input != nullptr)
      write_json(*operation.input, in, JsonNames::model, request.body);
    else
      request.body = "{}";
    return request;
  }

  base::Result<void> decode_response(const ServiceDesc& service, const OperationDesc& operation,
                                     http::Response& response, void* out) const override {
    TRY(check_response(service, operation, response));
    if (response.status < 200 || response.status > 299) return base::fail(read_error(service, operation, response));
    if (operation.output == nullptr || response.body.empty()) return {};
    const auto read = read_json(*operation.output, response.body, JsonNames::model, JsonStrictness::response, out);
    if (!read.has_value()) return base::fail(invalid_response(service, operation, read.error().message));
    return {};
  }

 protected:
  virtual bool accepts_empty_body() const { return true; }
  // False for the answers that AWS leaves empty where others are "{}".
  virtual bool has_body(const OperationDesc&) const { return true; }
  virtual void add_headers(http::Response&) const {}
  virtual base::Result<void> check_response(const ServiceDesc&, const OperationDesc&, const http::Response&) const {
    return {};
  }

 private:
  http::Response respond(const ServiceDesc&, int status, std::string body, std::string_view request_id) const {
    http::Response response;
    response.status = status;
    response.body = std::move(body);
    response.headers.add("x-amzn-RequestId", std::string(request_id));
    response.headers.add("Content-Type", std::string(content_type_));
    add_headers(response);
    return response;
  }

  base::AwsError read_error(const ServiceDesc& service, const OperationDesc& operation,
                            const http::Response& response) const {
    ErrorBody body;
    // A proxy's page instead of JSON leaves the body's fields empty: the status says what is known.
    if (!read_json(ErrorBody::desc(), response.body, JsonNames::model, JsonStrictness::response, &body)) body = {};
    std::string code(bare_code(body.type.value_or(body.code.value_or(""))));
    if (code.empty()) code = bare_code(response.headers.get("x-amzn-ErrorType"));
    std::string message = body.message.value_or(body.capital_message.value_or(""));
    if (code.empty()) {
      code = "UnknownError";
      if (message.empty()) message = fmt::format("{} answered HTTP status {}", service.service_id, response.status);
    }
    const ErrorDesc* desc = find_error(service, &operation, code);
    base::AwsError error = error_from_wire(desc, std::move(code), std::move(message), response.status);
    if (const std::string_view query = response.headers.get("x-amzn-query-error"); !query.empty())
      error.query_code = query.substr(0, query.find(';'));
    if (desc == nullptr || desc->structure == nullptr || desc->make == nullptr) return error;
    AnyShape detail = desc->make();
    if (read_json(*desc->structure, response.body, JsonNames::model, JsonStrictness::response, detail.value.get()))
      error.detail = std::make_shared<ShapeDetail>(std::move(detail));
    return error;
  }

  std::string_view content_type_;
};

// DynamoDB's answers carry the CRC-32 of their bytes, which its clients check (protocols.md 1.4), and two of them are
// empty (protocols.md 1.2).
class DynamoDbJsonCodec final : public JsonCodec {
 public:
  using JsonCodec::JsonCodec;

 protected:
  bool accepts_empty_body() const override { return false; }
  bool has_body(const OperationDesc& operation) const override {
    return operation.name != "TagResource" && operation.name != "UntagResource";
  }
  void add_headers(http::Response& response) const override {
    response.headers.add("x-amz-crc32", std::to_string(base::crc32(response.body)));
  }
  base::Result<void> check_response(const ServiceDesc& service, const OperationDesc& operation,
                                    const http::Response& response) const override {
    const auto sent = response.headers.find("x-amz-crc32");
    if (!sent.has_value() || *sent == std::to_string(base::crc32(response.body))) return {};
    return base::fail(invalid_response(service, operation, "its CRC-32 is not that of x-amz-crc32"));
  }
};

}  // namespace

const Codec& json_codec(const ServiceDesc& service, Protocol protocol) {
  CHECK(protocol == Protocol::json_1_0 || protocol == Protocol::json_1_1, "a protocol of awsJson");
  static const JsonCodec one_zero("application/x-amz-json-1.0");
  static const JsonCodec one_one("application/x-amz-json-1.1");
  static const DynamoDbJsonCodec dynamodb("application/x-amz-json-1.0");
  if (service.target_prefix.starts_with("DynamoDB")) return dynamodb;  // the table service and its streams
  return protocol == Protocol::json_1_0 ? one_zero : one_one;
}

}  // namespace aws::codec
