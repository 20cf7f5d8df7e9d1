#include "aws/codec/cbor.h"

#include <fmt/format.h>

#include "aws/codec/cbor_shape.h"
#include "aws/codec/error_shape.h"
#include "aws/validate.h"

namespace aws::codec {
namespace {

constexpr std::string_view kContentType = "application/cbor";
constexpr char kEmptyMap = '\xA0';

std::string error_body(const ServiceDesc& service, const base::AwsError& error) {
  const AnyShape* detail = error_detail(error);
  const std::string_view name = message_name(error, detail);
  std::size_t entries = name.empty() ? 1 : 2;
  const auto each_member = [&](const auto& visit) {
    if (detail == nullptr) return;
    for (const MemberDesc& member : detail->desc->members) {
      const void* value = member.unsupported() ? nullptr : member.get(detail->value.get());
      if (value != nullptr) visit(member, value);
    }
  };
  each_member([&](const MemberDesc&, const void*) { ++entries; });
  std::string out;
  write_cbor_map_head(entries, out);
  write_cbor_text("__type", out);
  write_cbor_text(error_type(service, error), out);
  each_member([&](const MemberDesc& member, const void* value) { write_cbor_member(member, value, out); });
  if (!name.empty()) {
    write_cbor_text(name, out);
    write_cbor_text(error.message, out);
  }
  return out;
}

class CborCodec final : public Codec {
 public:
  base::Result<void> decode_request(const ServiceDesc& service, const OperationDesc& operation, http::Request& request,
                                    const UriLabels&, void* in) const override {
    if (request.body.empty()) return {};  // an operation without members
    auto read = read_cbor(*operation.input, request.body, true, in);
    if (read.has_value()) return {};
    if (read.error().code == "Unsupported") return base::fail(unsupported_parameter(service, read.error().message));
    return base::fail(std::move(read).error());
  }

  http::Response encode_response(const ServiceDesc&, const OperationDesc& operation, void* out,
                                 std::string_view request_id) const override {
    std::string body;
    if (operation.output != nullptr)
      write_cbor(*operation.output, out, body);
    else
      body += kEmptyMap;
    return respond(operation.http_status, std::move(body), request_id);
  }

  http::Response encode_error(const ServiceDesc& service, const base::AwsError& error,
                              std::string_view request_id) const override {
    http::Response response = respond(error.http_status, error_body(service, error), request_id);
    if (service.query_compatible) response.headers.add("x-amzn-query-error", query_error(error));
    return response;
  }

  base::Result<http::Request> encode_request(const ServiceDesc& service, const OperationDesc& operation,
                                             const void* in) const override {
    http::Request request;
    request.method = "POST";
    request.target = fmt::format("/service/{}/operation/{}", service.target_prefix, operation.name);
    request.headers.add("smithy-protocol", std::string(kCborProtocol));
    request.headers.add("Accept", std::string(kContentType));
    if (service.query_compatible) request.headers.add("x-amzn-query-mode", "true");
    if (operation.input == nullptr) return request;
    request.headers.add("Content-Type", std::string(kContentType));
    write_cbor(*operation.input, in, request.body);
    return request;
  }

  base::Result<void> decode_response(const ServiceDesc& service, const OperationDesc& operation,
                                     http::Response& response, void* out) const override {
    if (response.status < 200 || response.status > 299) return base::fail(read_error(service, operation, response));
    if (response.headers.get("smithy-protocol") != kCborProtocol)
      return base::fail(invalid_response(service, operation, "it is not of the protocol rpc-v2-cbor"));
    if (operation.output == nullptr || response.body.empty()) return {};
    const auto read = read_cbor(*operation.output, response.body, false, out);
    if (!read.has_value()) return base::fail(invalid_response(service, operation, read.error().message));
    return {};
  }

 private:
  static http::Response respond(int status, std::string body, std::string_view request_id) {
    http::Response response;
    response.status = status;
    response.body = std::move(body);
    response.headers.add("x-amzn-RequestId", std::string(request_id));
    response.headers.add("smithy-protocol", std::string(kCborProtocol));  // in lower case: protocols.md 1.2
    response.headers.add("Content-Type", std::string(kContentType));
    return response;
  }

  static base::AwsError read_error(const ServiceDesc& service, const OperationDesc& operation,
                                   const http::Response& response) {
    ErrorBody body;
    // A proxy's page instead of CBOR leaves the body's fields empty: the status says what is known.
    if (!read_cbor(ErrorBody::desc(), response.body, false, &body)) body = {};
    const ErrorDesc* desc = nullptr;
    base::AwsError error = typed_error(service, operation, response, body, desc);
    if (desc == nullptr || desc->structure == nullptr || desc->make == nullptr) return error;
    AnyShape detail = desc->make();
    if (read_cbor(*desc->structure, response.body, false, detail.value.get()))
      error.detail = std::make_shared<ShapeDetail>(std::move(detail));
    return error;
  }
};

}  // namespace

const Codec& cbor_codec() {
  static const CborCodec codec;
  return codec;
}

}  // namespace aws::codec
