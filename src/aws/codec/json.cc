#include "aws/codec/json.h"

#include <fmt/format.h>

#include "aws/codec/error_shape.h"
#include "aws/codec/json_shape.h"
#include "aws/validate.h"
#include "base/check.h"
#include "base/encoding.h"

namespace aws::codec {
namespace {

std::string error_body(const ServiceDesc& service, const base::AwsError& error) {
  const AnyShape* detail = error_detail(error);
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
  if (const std::string_view name = message_name(error, detail); !name.empty()) {
    out += fmt::format(",\"{}\":", name);
    write_json_string(error.message, out);
  }
  out += '}';
  return out;
}

class JsonCodec : public Codec {
 public:
  explicit JsonCodec(std::string_view content_type) : content_type_(content_type) {}

  base::Result<void> decode_request(const ServiceDesc& service, const OperationDesc& operation, http::Request& request,
                                    const UriLabels&, void* in) const override {
    // A body that is not there is an operation without members, as Smithy's awsJson has it.
    if (request.body.empty() && accepts_empty_body()) return {};
    auto read =
        read_json(*operation.input, request.body, JsonNames::model, JsonStrictness::request, in, java_package());
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
    if (service.query_compatible) response.headers.add("x-amzn-query-error", query_error(error));
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
  // See read_json().
  virtual std::string_view java_package() const { return {}; }
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
    const ErrorDesc* desc = nullptr;
    base::AwsError error = typed_error(service, operation, response, body, desc);
    if (desc == nullptr || desc->structure == nullptr || desc->make == nullptr) return error;
    AnyShape detail = desc->make();
    if (read_json(*desc->structure, response.body, JsonNames::model, JsonStrictness::response, detail.value.get()))
      error.detail = std::make_shared<ShapeDetail>(std::move(detail));
    return error;
  }

  std::string_view content_type_;
};

// DynamoDB's answers carry the CRC-32 of their bytes, which its clients check (protocols.md 1.4), and two of them are
// empty (protocols.md 1.2). Its errors name Java's types.
class DynamoDbJsonCodec final : public JsonCodec {
 public:
  using JsonCodec::JsonCodec;

 protected:
  bool accepts_empty_body() const override { return false; }
  std::string_view java_package() const override { return "com.amazonaws.dynamodb.v20120810"; }
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
