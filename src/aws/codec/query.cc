#include "aws/codec/query.h"

#include <fmt/format.h>

#include <algorithm>

#include "aws/codec/error_shape.h"
#include "aws/codec/json_shape.h"
#include "aws/codec/query_form.h"
#include "aws/codec/xml_shape.h"

namespace aws::codec {

namespace {

// Query words for errors of the framework, which the rest of the project names as json protocols do. Denials are 403
// here and 400 there (protocols.md 4.8 item 12).
struct FrameworkError {
  std::string_view code;
  std::string_view query_code;
  int http_status;  // 0: as it is
};
constexpr FrameworkError kFrameworkErrors[] = {
    {"AccessDeniedException", "AccessDenied", 403},
    {"IncompleteSignatureException", "IncompleteSignature", 400},
    {"InvalidSignatureException", "SignatureDoesNotMatch", 403},
    {"MissingAuthenticationTokenException", "MissingAuthenticationToken", 403},
    {"SerializationException", "MalformedInput", 400},
    {"ThrottlingException", "Throttling", 400},
    {"UnknownOperationException", "InvalidAction", 400},
    {"UnrecognizedClientException", "InvalidClientTokenId", 403},
    {"ValidationException", "ValidationError", 400},
};
// SQS's own, on top (protocols.md 1.3).
constexpr FrameworkError kSqsErrors[] = {
    {"InvalidParameterValueException", "InvalidParameterValue", 0},
    {"MissingRequiredParameterException", "MissingParameter", 0},
    {"QueueNameExists", "QueueAlreadyExists", 0},
};

class QueryCodec : public Codec {
 public:
  explicit QueryCodec(IsoDates dates) : dates_(dates) {}

  base::Result<void> decode_request(const ServiceDesc& service, const OperationDesc& operation, http::Request& request,
                                    const UriLabels& /*labels*/, void* in) const override {
    auto parameters = query_parameters(request);
    if (!parameters) {
      base::AwsError error;
      error.code = "MalformedQueryString";
      error.message = "The query string is malformed.";
      return base::fail(std::move(error));
    }
    if (operation.input == nullptr) return {};
    return read_form(service, *operation.input, *std::move(parameters), in);
  }

  http::Response encode_response(const ServiceDesc& service, const OperationDesc& operation, void* out,
                                 std::string_view request_id) const override {
    http::Response response = make_response(operation.http_status, request_id);
    response.body = declaration();
    response.body += fmt::format("<{}Response xmlns=\"{}\">", operation.name, service.xml_namespace);
    if (!operation.output_wrapper.empty()) response.body += fmt::format("<{}>", operation.output_wrapper);
    if (operation.output != nullptr) write_xml_members(*operation.output, out, response.body, dates_);
    if (!operation.output_wrapper.empty()) response.body += fmt::format("</{}>", operation.output_wrapper);
    response.body += fmt::format("<ResponseMetadata><RequestId>{}</RequestId></ResponseMetadata></{}Response>",
                                 request_id, operation.name);
    return response;
  }

  http::Response encode_error(const ServiceDesc& service, const base::AwsError& error,
                              std::string_view request_id) const override {
    int status = error.http_status;
    const std::string code = query_code(error, status);
    http::Response response = make_response(status, request_id);
    std::string& body = response.body;
    body = declaration();
    body += fmt::format("<ErrorResponse xmlns=\"{}\"><Error><Type>{}</Type><Code>", service.xml_namespace,
                        error.fault == base::Fault::sender ? "Sender" : "Receiver");
    write_xml_text(code, body);
    body += "</Code>";
    if (!message(error).empty()) {  // SetAlarmState of an alarm that is not there
      body += "<Message>";
      write_xml_text(message(error), body);
      body += "</Message>";
    }
    body += error_tail();
    if (const auto* detail = dynamic_cast<const ShapeDetail*>(error.detail.get())) write_detail(*detail, body);
    body += fmt::format("</Error><RequestId>{}</RequestId></ErrorResponse>", request_id);
    return response;
  }

  base::Result<http::Request> encode_request(const ServiceDesc& service, const OperationDesc& operation,
                                             const void* in) const override {
    http::Request request;
    request.method = "POST";
    request.target = "/";
    request.headers.set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
    request.body = fmt::format("Action={}&Version={}", operation.name, service.api_version);
    if (operation.input != nullptr) write_form(*operation.input, in, request.body);
    return request;
  }

  base::Result<void> decode_response(const ServiceDesc& service, const OperationDesc& operation,
                                     http::Response& response, void* out) const override {
    if (response.status >= 300) return base::fail(read_error(service, operation, response));
    if (operation.output == nullptr || (operation.output->members.empty() && operation.output_wrapper.empty()))
      return {};
    if (auto read = read_xml(*operation.output, response.body, operation.output_wrapper, out); !read)
      return base::fail(invalid_response(service, operation, read.error().message));
    return {};
  }

 protected:
  [[nodiscard]] virtual std::string_view declaration() const { return {}; }
  [[nodiscard]] virtual std::string_view error_tail() const { return {}; }

  [[nodiscard]] virtual std::string_view message(const base::AwsError& error) const { return error.message; }

  // The code for the wire; may correct the status.
  [[nodiscard]] virtual std::string query_code(const base::AwsError& error, int& status) const {
    if (!error.query_code.empty()) return error.query_code;
    return translate(error, kFrameworkErrors, status);
  }

  static std::string translate(const base::AwsError& error, std::span<const FrameworkError> table, int& status) {
    const auto found = std::ranges::find(table, error.code, &FrameworkError::code);
    if (found == table.end()) return error.code;
    if (found->http_status != 0) status = found->http_status;
    return std::string(found->query_code);
  }

  static http::Response make_response(int status, std::string_view request_id) {
    http::Response response;
    response.status = status;
    response.headers.set("x-amzn-RequestId", std::string(request_id));
    response.headers.set("Content-Type", "text/xml");
    return response;
  }

 private:
  static bool is_message(const MemberDesc& member) { return member.name == "message" || member.name == "Message"; }

  void write_detail(const ShapeDetail& detail, std::string& body) const {
    const AnyShape& shape = detail.shape();
    for (const MemberDesc& member : shape.desc->members) {
      const void* value = member.unsupported() || is_message(member) ? nullptr : member.get(shape.value.get());
      if (value != nullptr) write_xml_element(member, value, body, dates_);
    }
  }

  static base::AwsError read_error(const ServiceDesc& service, const OperationDesc& operation,
                                   const http::Response& response) {
    std::string code;
    std::string message;
    if (const auto leaves = read_xml_leaves(response.body, "Error")) {
      for (const auto& [name, text] : leaves->leaves) {
        if (name == "Code") code = text;
        if (name == "Message" || name == "message") message = text;
      }
    }
    if (code.empty()) code = std::to_string(response.status);  // from a proxy, not from the service
    const ErrorDesc* desc = find_error(service, &operation, code);
    base::AwsError error = error_from_wire(desc, code, std::move(message), response.status);
    if (desc != nullptr && desc->make != nullptr) {
      AnyShape detail = desc->make();
      if (read_xml(*desc->structure, response.body, "Error", detail.value.get()))
        error.detail = std::make_shared<ShapeDetail>(std::move(detail));
    }
    return error;
  }

  IsoDates dates_;
};

class QueryJsonCodec final : public QueryCodec {
 public:
  QueryJsonCodec() : QueryCodec(IsoDates::seconds) {}

  http::Response encode_response(const ServiceDesc& /*service*/, const OperationDesc& operation, void* out,
                                 std::string_view request_id) const override {
    http::Response response = json_response(operation.http_status, request_id);
    response.body = fmt::format("{{\"{}Response\":{{", operation.name);
    if (!operation.output_wrapper.empty()) {
      response.body += fmt::format("\"{}\":", operation.output_wrapper);
      write_json(*operation.output, out, JsonNames::model, response.body);
      response.body += ',';
    }
    response.body += fmt::format("\"ResponseMetadata\":{{\"RequestId\":\"{}\"}}}}}}", request_id);
    return response;
  }

  http::Response encode_error(const ServiceDesc& /*service*/, const base::AwsError& error,
                              std::string_view request_id) const override {
    int status = error.http_status;
    const std::string code = query_code(error, status);
    http::Response response = json_response(status, request_id);
    response.body = "{\"Error\":{\"Code\":";
    write_json_string(code, response.body);
    response.body += ",\"Message\":";
    write_json_string(message(error), response.body);
    response.body += fmt::format(",\"Type\":\"{}\"}},\"RequestId\":\"{}\"}}",
                                 error.fault == base::Fault::sender ? "Sender" : "Receiver", request_id);
    return response;
  }

 private:
  static http::Response json_response(int status, std::string_view request_id) {
    http::Response response = make_response(status, request_id);
    response.headers.set("Content-Type", "application/json");
    return response;
  }
};

class SqsQueryCodec final : public QueryCodec {
 public:
  SqsQueryCodec() : QueryCodec(IsoDates::as_needed) {}

  // Clients may post to the queue's URL instead of naming it; a QueueUrl in the form beats the path (protocols.md 1.6).
  base::Result<void> decode_request(const ServiceDesc& service, const OperationDesc& operation, http::Request& request,
                                    const UriLabels& labels, void* in) const override {
    TRY(QueryCodec::decode_request(service, operation, request, labels, in));
    const MemberDesc* url = operation.input == nullptr ? nullptr : operation.input->find("QueueUrl");
    if (url == nullptr || url->unsupported() || url->get(in) != nullptr || request.path().size() <= 1) return {};
    *static_cast<std::string*>(url->emplace(in)) =
        fmt::format("http://{}{}", request.headers.get("Host"), request.path());
    return {};
  }

 protected:
  [[nodiscard]] std::string_view declaration() const override { return "<?xml version=\"1.0\"?>"; }
  [[nodiscard]] std::string_view error_tail() const override { return "<Detail/>"; }
  // Only the query protocol says it so (protocols.md 4.1 item 9).
  [[nodiscard]] std::string_view message(const base::AwsError& error) const override {
    return error.message == "The specified queue does not exist."
               ? "The specified queue does not exist for this wsdl version."
               : std::string_view(error.message);
  }
  [[nodiscard]] std::string query_code(const base::AwsError& error, int& status) const override {
    if (error.query_code.empty() || error.query_code == error.code) {
      std::string code = translate(error, kSqsErrors, status);
      if (code != error.code) return code;
    }
    return QueryCodec::query_code(error, status);
  }
};

// EC2's errors, which its clients read although the service is not here.
class Ec2QueryCodec final : public QueryCodec {
 public:
  Ec2QueryCodec() : QueryCodec(IsoDates::as_needed) {}

  http::Response encode_error(const ServiceDesc& /*service*/, const base::AwsError& error,
                              std::string_view request_id) const override {
    int status = error.http_status;
    const std::string code = query_code(error, status);
    http::Response response = make_response(status, request_id);
    std::string& body = response.body;
    body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Errors><Error><Code>";
    write_xml_text(code, body);
    body += "</Code><Message>";
    write_xml_text(message(error), body);
    body += fmt::format("</Message></Error></Errors><RequestID>{}</RequestID></Response>", request_id);
    return response;
  }
};

}  // namespace

const Codec& query_json_codec() {
  static const QueryJsonCodec codec;
  return codec;
}

const Codec& query_codec(const ServiceDesc& service) {
  static const QueryCodec plain(IsoDates::as_needed);
  static const QueryCodec seconds(IsoDates::seconds);
  static const SqsQueryCodec sqs;
  static const Ec2QueryCodec ec2;
  if (service.id == "sqs") return sqs;
  if (service.id == "ec2") return ec2;
  return service.id == "iam" || service.id == "sts" ? seconds : plain;
}

std::optional<std::vector<Parameter>> query_parameters(const http::Request& request) {
  if (request.method != "POST") return parse_parameters(request.query());
  // A POST may also carry Action in the URL and an empty body.
  return parse_parameters(request.body.empty() ? request.query() : std::string_view(request.body));
}

std::string query_action(const http::Request& request) {
  if (const auto parameters = query_parameters(request))
    if (const std::string* action = find_parameter(*parameters, "Action")) return *action;
  return {};
}

}  // namespace aws::codec
