#include "aws/codec/error_shape.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

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

bool holds_message(const AnyShape& detail) {
  return std::ranges::any_of(detail.desc->members, [&](const MemberDesc& member) {
    return is_message(member.name) && !member.unsupported() && member.get(detail.value.get()) != nullptr;
  });
}

constexpr TypeDesc kText = {
    .kind = Kind::string, .shape_name = "String", .holder = &OptionalHolder<std::string>::kAccess};

constexpr MemberDesc text_member(std::string_view name, uint16_t offset) {
  return {.name = name, .type = &kText, .offset = offset};
}

// "com.amazonaws.sqs#QueueDoesNotExist:http://..." -> "QueueDoesNotExist"
std::string_view bare_code(std::string_view type) {
  if (const auto hash = type.find('#'); hash != std::string_view::npos) type.remove_prefix(hash + 1);
  return type.substr(0, type.find(':'));
}

const ErrorDesc* find_in(const OperationDesc& operation, std::string_view code) {
  for (const ErrorDesc* error : operation.errors)
    if (error->code == code || (!error->query_code.empty() && error->query_code == code)) return error;
  return nullptr;
}

}  // namespace

const ErrorDesc* find_error(const ServiceDesc& service, const OperationDesc* operation, std::string_view code) {
  if (operation != nullptr)
    if (const ErrorDesc* error = find_in(*operation, code)) return error;
  for (const OperationDesc& other : service.operations)
    if (const ErrorDesc* error = find_in(other, code)) return error;
  return nullptr;
}

base::AwsError error_from_wire(const ErrorDesc* desc, std::string code, std::string message, int status) {
  base::AwsError error;
  if (desc != nullptr) {
    error = make_error(*desc, std::move(message));
  } else {
    error.code = std::move(code);
    error.message = std::move(message);
    error.fault = status >= 500 ? base::Fault::receiver : base::Fault::sender;
  }
  error.http_status = status;
  return error;
}

base::AwsError invalid_response(const ServiceDesc& service, const OperationDesc& operation, std::string_view why) {
  base::AwsError error;
  error.code = "InvalidResponse";
  error.message = fmt::format("The answer to {} {} cannot be read: {}", service.service_id, operation.name, why);
  error.http_status = 502;
  error.fault = base::Fault::receiver;
  return error;
}

std::string error_type(const ServiceDesc& service, const base::AwsError& error) {
  // The query protocol's word for it is ValidationError; json has its own (protocols.md 1.3).
  if (error.code == "ValidationException" || error.code == "ValidationError")
    return fmt::format("{}#ValidationException", kValidationNamespace);
  const bool framework = std::ranges::find(kFrameworkCodes, error.code) != kFrameworkCodes.end();
  const std::string_view space = framework ? kFrameworkNamespace : service.error_namespace;
  return space.empty() ? error.code : fmt::format("{}#{}", space, error.code);
}

const AnyShape* error_detail(const base::AwsError& error) {
  const auto* typed = dynamic_cast<const ShapeDetail*>(error.detail.get());
  return typed != nullptr && typed->shape().desc != nullptr ? &typed->shape() : nullptr;
}

std::string_view message_name(const base::AwsError& error, const AnyShape* detail) {
  if (error.message.empty() || (detail != nullptr && holds_message(*detail))) return {};
  if (detail != nullptr)
    for (const MemberDesc& member : detail->desc->members)
      if (is_message(member.name)) return member.name;
  const bool capital = error.code == "SerializationException" || error.code == "AccessDeniedException";
  return capital ? "Message" : "message";
}

std::string query_error(const base::AwsError& error) {
  return fmt::format("{};{}", error.query_code.empty() ? error.code : error.query_code,
                     error.fault == base::Fault::sender ? "Sender" : "Receiver");
}

const StructDesc& ErrorBody::desc() {
  static constexpr MemberDesc kMembers[] = {text_member("__type", offsetof(ErrorBody, type)),
                                            text_member("code", offsetof(ErrorBody, code)),
                                            text_member("message", offsetof(ErrorBody, message)),
                                            text_member("Message", offsetof(ErrorBody, capital_message))};
  static constexpr StructDesc kDesc = {.name = "Error", .members = kMembers};
  return kDesc;
}

base::AwsError typed_error(const ServiceDesc& service, const OperationDesc& operation, const http::Response& response,
                           const ErrorBody& body, const ErrorDesc*& desc) {
  std::string code(bare_code(body.type.value_or(body.code.value_or(""))));
  if (code.empty()) code = bare_code(response.headers.get("x-amzn-ErrorType"));
  std::string message = body.message.value_or(body.capital_message.value_or(""));
  if (code.empty()) {
    code = "UnknownError";
    if (message.empty()) message = fmt::format("{} answered HTTP status {}", service.service_id, response.status);
  }
  desc = find_error(service, &operation, code);
  base::AwsError error = error_from_wire(desc, std::move(code), std::move(message), response.status);
  if (const std::string_view query = response.headers.get("x-amzn-query-error"); !query.empty())
    error.query_code = query.substr(0, query.find(';'));
  return error;
}

}  // namespace aws::codec
