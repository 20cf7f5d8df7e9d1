#include "aws/codec/rest_json.h"

#include <fmt/format.h>

#include "aws/codec/error_shape.h"
#include "aws/codec/json_shape.h"
#include "aws/codec/rest.h"
#include "aws/validate.h"

namespace aws::codec {

namespace {

// What the body of an error may say, whatever its shape.
struct ErrorText {
  std::optional<std::string> message;
  std::optional<std::string> capital_message;
  std::optional<std::string> code;
  std::optional<std::string> type;
};

constexpr TypeDesc kText = {
    .kind = Kind::string, .shape_name = "String", .holder = &OptionalHolder<std::string>::kAccess};

constexpr MemberDesc text_member(std::string_view name, uint16_t offset) {
  return {.name = name, .type = &kText, .offset = offset};
}
constexpr MemberDesc kErrorTextMembers[] = {
    text_member("message", offsetof(ErrorText, message)), text_member("Message", offsetof(ErrorText, capital_message)),
    text_member("code", offsetof(ErrorText, code)), text_member("__type", offsetof(ErrorText, type))};
constexpr StructDesc kErrorText = {.name = "ErrorText", .members = kErrorTextMembers};

// "com.amazonaws.lambda#ServiceException:http://..." -> "ServiceException".
std::string bare_code(std::string_view code) {
  code = code.substr(0, code.find(':'));
  const std::size_t hash = code.find('#');
  return std::string(hash == std::string_view::npos ? code : code.substr(hash + 1));
}

bool is_present(const ShapeDetail* detail, std::string_view name) {
  if (detail == nullptr) return false;
  const MemberDesc* member = detail->shape().desc->find(name);
  return member != nullptr && !member->unsupported() && member->get(detail->shape().value.get()) != nullptr;
}

class RestJsonCodec final : public Codec {
 public:
  base::Result<void> decode_request(const ServiceDesc& service, const OperationDesc& operation, http::Request& request,
                                    const UriLabels& labels, void* in) const override {
    if (operation.input == nullptr) return {};
    const MemberDesc* payload = payload_member(*operation.input);
    if (payload != nullptr && is_raw(*payload)) {
      take_raw_payload(*payload, request.body, in);
    } else if (!request.body.empty() && (payload != nullptr || has_body_members(*operation.input))) {
      if (payload != nullptr && payload->unsupported())
        return base::fail(unsupported_parameter(service, payload->name));
      const StructDesc& desc = payload != nullptr ? *payload->type->structure : *operation.input;
      void* object = payload != nullptr ? payload->emplace(in) : in;
      auto read = read_json(desc, request.body, JsonNames::wire, JsonStrictness::request, object);
      if (!read && read.error().code == "Unsupported")
        return base::fail(unsupported_parameter(service, read.error().message));
      if (!read) return read;
    }
    return read_request_bindings(service, operation, request, labels, in);
  }

  http::Response encode_response(const ServiceDesc& /*service*/, const OperationDesc& operation, void* out,
                                 std::string_view request_id) const override {
    http::Response response;
    response.status = operation.http_status;
    response.headers.set("x-amzn-RequestId", std::string(request_id));
    if (operation.output == nullptr) return response;
    write_response_bindings(*operation.output, out, response);
    const MemberDesc* payload = payload_member(*operation.output);
    if (payload != nullptr && !payload->unsupported()) {
      if (is_raw(*payload)) {
        give_raw_payload(*payload, out, response);
      } else if (const void* value = payload->get(out)) {
        write_json(*payload->type->structure, value, JsonNames::wire, response.body);
      }
    } else if (has_body_members(*operation.output) && response.status != 204) {
      write_json(*operation.output, out, JsonNames::wire, response.body);
    }
    if (response.status != 204) set_content_type(response.headers, "application/json");
    return response;
  }

  http::Response encode_error(const ServiceDesc& service, const base::AwsError& error,
                              std::string_view request_id) const override {
    http::Response response;
    response.status = error.http_status;
    response.headers.set("x-amzn-RequestId", std::string(request_id));
    response.headers.set("x-amzn-ErrorType", error.code);
    response.headers.set("Content-Type", "application/json");
    const ErrorDesc* desc = find_error(service, nullptr, error.code);
    const auto* detail = dynamic_cast<const ShapeDetail*>(error.detail.get());
    const StructDesc* shape = detail != nullptr ? detail->shape().desc : desc != nullptr ? desc->structure : nullptr;
    // Only modelled errors have a Type; denials and broken JSON come from AWS's front end, which writes `Message`.
    const bool typed = shape != nullptr && shape->find("Type") != nullptr;
    const bool capital = shape != nullptr
                             ? shape->find("Message") != nullptr
                             : error.code == "AccessDeniedException" || error.code == "SerializationException";
    std::string own;
    if (typed && !is_present(detail, "Type"))
      own += fmt::format("\"Type\":\"{}\"", error.fault == base::Fault::sender ? "User" : "Service");
    if (const std::string_view name = capital ? "Message" : "message";
        !error.message.empty() && !is_present(detail, name)) {
      own += fmt::format("{}\"{}\":", own.empty() ? "" : ",", name);
      write_json_string(error.message, own);
    }
    response.body = "{}";
    if (detail != nullptr) {
      response.body.clear();
      write_json(*detail->shape().desc, detail->shape().value.get(), JsonNames::wire, response.body);
      write_response_bindings(*detail->shape().desc, detail->shape().value.get(), response);
    }
    if (response.body != "{}" && !own.empty()) own += ',';
    response.body.insert(1, own);
    return response;
  }

  base::Result<http::Request> encode_request(const ServiceDesc& /*service*/, const OperationDesc& operation,
                                             const void* in) const override {
    http::Request request;
    TRY(write_request_bindings(operation, in, request));
    if (operation.input == nullptr) return request;
    const MemberDesc* payload = payload_member(*operation.input);
    if (payload != nullptr) {
      const void* value = payload->unsupported() ? nullptr : payload->get(in);
      if (value == nullptr) return request;
      if (is_raw(*payload)) {
        request.body = *static_cast<const std::string*>(value);
        return request;
      }
      write_json(*payload->type->structure, value, JsonNames::wire, request.body);
    } else if (has_body_members(*operation.input)) {
      write_json(*operation.input, in, JsonNames::wire, request.body);
    } else {
      return request;
    }
    set_content_type(request.headers, "application/json");
    return request;
  }

  base::Result<void> decode_response(const ServiceDesc& service, const OperationDesc& operation,
                                     http::Response& response, void* out) const override {
    if (response.status >= 300) return base::fail(read_error(service, operation, response));
    if (operation.output == nullptr) return {};
    read_response_bindings(*operation.output, response, out);
    const MemberDesc* payload = payload_member(*operation.output);
    if (payload != nullptr && is_raw(*payload)) {
      take_raw_payload(*payload, response, out);
      return {};
    }
    if (response.body.empty() || (payload != nullptr && payload->unsupported())) return {};
    const StructDesc& desc = payload != nullptr ? *payload->type->structure : *operation.output;
    void* object = payload != nullptr ? payload->emplace(out) : out;
    if (auto read = read_json(desc, response.body, JsonNames::wire, JsonStrictness::response, object); !read)
      return base::fail(invalid_response(service, operation, read.error().message));
    return {};
  }

 private:
  static base::AwsError read_error(const ServiceDesc& service, const OperationDesc& operation,
                                   const http::Response& response) {
    ErrorText text;
    // A body that is no JSON comes from a proxy; then status and header have to do.
    if (!read_json(kErrorText, response.body, JsonNames::wire, JsonStrictness::response, &text)) text = {};
    std::string code = bare_code(response.headers.get("x-amzn-ErrorType"));
    if (code.empty()) code = bare_code(text.type.value_or(text.code.value_or("")));
    if (code.empty()) code = std::to_string(response.status);
    const ErrorDesc* desc = find_error(service, &operation, code);
    base::AwsError error = error_from_wire(desc, std::move(code),
                                           text.message.value_or(text.capital_message.value_or("")), response.status);
    if (desc != nullptr && desc->make != nullptr) {
      AnyShape detail = desc->make();
      if (read_json(*desc->structure, response.body, JsonNames::wire, JsonStrictness::response, detail.value.get())) {
        read_response_bindings(*desc->structure, response, detail.value.get());
        error.detail = std::make_shared<ShapeDetail>(std::move(detail));
      }
    }
    return error;
  }
};

}  // namespace

const Codec& rest_json_codec(const ServiceDesc& /*service*/) {
  static const RestJsonCodec codec;
  return codec;
}

}  // namespace aws::codec
