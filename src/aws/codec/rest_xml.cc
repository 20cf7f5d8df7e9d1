#include "aws/codec/rest_xml.h"

#include <fmt/format.h>

#include <algorithm>

#include "aws/codec/error_shape.h"
#include "aws/codec/rest.h"
#include "aws/codec/xml_shape.h"
#include "aws/validate.h"
#include "base/encoding.h"

namespace aws::codec {

namespace {

constexpr std::string_view kDeclaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
constexpr std::size_t kRequestXmlBytesMax = 16ULL << 20U;  // 10,000 parts with checksums take 5 MiB

// Root elements of answers, where they are not the output shape's name (S3 API reference, response syntax of each).
struct Root {
  std::string_view operation;
  std::string_view element;
};
constexpr Root kRoots[] = {
    {"CompleteMultipartUpload", "CompleteMultipartUploadResult"},
    {"CreateMultipartUpload", "InitiateMultipartUploadResult"},
    {"DeleteObjects", "DeleteResult"},
    {"GetBucketAccelerateConfiguration", "AccelerateConfiguration"},
    {"GetBucketAcl", "AccessControlPolicy"},
    {"GetBucketCors", "CORSConfiguration"},
    {"GetBucketLifecycleConfiguration", "LifecycleConfiguration"},
    {"GetBucketLogging", "BucketLoggingStatus"},
    {"GetBucketNotificationConfiguration", "NotificationConfiguration"},
    {"GetBucketRequestPayment", "RequestPaymentConfiguration"},
    {"GetBucketTagging", "Tagging"},
    {"GetBucketVersioning", "VersioningConfiguration"},
    {"GetBucketWebsite", "WebsiteConfiguration"},
    {"GetObjectAcl", "AccessControlPolicy"},
    {"GetObjectAttributes", "GetObjectAttributesResponse"},
    {"GetObjectTagging", "Tagging"},
    {"ListBucketAnalyticsConfigurations", "ListBucketAnalyticsConfigurationResult"},
    {"ListBucketInventoryConfigurations", "ListInventoryConfigurationsResult"},
    {"ListBucketMetricsConfigurations", "ListMetricsConfigurationsResult"},
    {"ListBuckets", "ListAllMyBucketsResult"},
    {"ListMultipartUploads", "ListMultipartUploadsResult"},
    {"ListObjectVersions", "ListVersionsResult"},
    {"ListObjects", "ListBucketResult"},
    {"ListObjectsV2", "ListBucketResult"},
    {"ListParts", "ListPartsResult"},
};

std::string_view root_of(const OperationDesc& operation) {
  const auto found = std::ranges::find(kRoots, operation.name, &Root::operation);
  return found != std::end(kRoots) ? found->element : operation.output->name;
}

// The bucket's location is the root element's own text.
bool is_bare(const OperationDesc& operation) {
  return operation.name == "GetBucketLocation";
}

void set_request_ids(http::Response& response, std::string_view request_id) {
  response.headers.set("x-amz-request-id", std::string(request_id));
  response.headers.set("x-amz-id-2", base::base64_encode(base::sha256(request_id)));
}

class RestXmlCodec final : public Codec {
 public:
  base::Result<void> decode_request(const ServiceDesc& service, const OperationDesc& operation, http::Request& request,
                                    const UriLabels& labels, void* in) const override {
    if (operation.input == nullptr) return {};
    TRY(read_request_bindings(service, operation, request, labels, in));
    const MemberDesc* payload = payload_member(*operation.input);
    if (payload != nullptr && is_raw(*payload)) {
      if (!payload->unsupported()) take_raw_payload(*payload, request.body, in);
      return {};
    }
    if (request.body.empty() || (payload == nullptr && !has_body_members(*operation.input))) return {};
    if (payload != nullptr && payload->unsupported())
      return base::fail(unsupported_parameter(service, payload->wire()));
    if (request.body.size() > kRequestXmlBytesMax) {
      base::AwsError error;
      error.code = "MaxMessageLengthExceeded";
      error.message = "Your request was too big.";
      return base::fail(std::move(error));
    }
    const StructDesc& desc = payload != nullptr ? *payload->type->structure : *operation.input;
    void* object = payload != nullptr ? payload->emplace(in) : in;
    auto read =
        read_xml_request(desc, request.body, payload != nullptr ? payload->wire() : operation.input_root, object);
    if (!read && read.error().code == "Unsupported")
      return base::fail(unsupported_parameter(service, read.error().message));
    return read;
  }

  http::Response encode_response(const ServiceDesc& service, const OperationDesc& operation, void* out,
                                 std::string_view request_id) const override {
    http::Response response;
    response.status = operation.http_status;
    set_request_ids(response, request_id);
    if (operation.output == nullptr) return response;
    write_response_bindings(*operation.output, out, response);
    if (response.headers.contains("Content-Range")) response.status = 206;  // a part of an object
    const MemberDesc* payload = payload_member(*operation.output);
    if (payload != nullptr && is_raw(*payload)) {
      if (!payload->unsupported()) give_raw_payload(*payload, out, response);
      if (payload->type->kind == Kind::string) set_content_type(response.headers, "application/json");  // policies
      return response;
    }
    std::string_view root;
    std::string content;
    if (payload != nullptr) {
      const void* value = payload->unsupported() ? nullptr : payload->get(out);
      if (value == nullptr) return response;
      root = payload->wire();
      write_xml_members(*payload->type->structure, value, content, IsoDates::s3);
    } else if (is_bare(operation)) {
      root = "LocationConstraint";
      const MemberDesc& member = operation.output->members.front();
      if (const void* value = member.get(out)) write_xml_text(*static_cast<const std::string*>(value), content);
    } else if (has_body_members(*operation.output)) {
      root = root_of(operation);
      write_xml_members(*operation.output, out, content, IsoDates::s3);
    } else {
      return response;
    }
    response.body = fmt::format("{0}<{1} xmlns=\"{2}\">{3}</{1}>", kDeclaration, root, service.xml_namespace, content);
    set_content_type(response.headers, "application/xml");
    return response;
  }

  http::Response encode_error(const ServiceDesc& /*service*/, const base::AwsError& error,
                              std::string_view request_id) const override {
    http::Response response;
    response.status = error.http_status;
    set_request_ids(response, request_id);
    std::string elements;
    for (const auto& [name, value] : error.fields) {
      if (error.http_status == 304 || name.starts_with("x-amz-")) {
        response.headers.set(name, value);
        continue;
      }
      elements += '<' + name + '>';
      write_xml_text(value, elements);
      elements += "</" + name + '>';
    }
    if (error.http_status == 304) return response;
    response.headers.set("Content-Type", "application/xml");
    response.body = fmt::format("{}<Error><Code>", kDeclaration);
    write_xml_text(error.code, response.body);
    response.body += "</Code><Message>";
    write_xml_text(error.message, response.body);
    response.body += fmt::format("</Message>{}<RequestId>{}</RequestId><HostId>{}</HostId></Error>", elements,
                                 request_id, response.headers.get("x-amz-id-2"));
    return response;
  }

  base::Result<http::Request> encode_request(const ServiceDesc& service, const OperationDesc& operation,
                                             const void* in) const override {
    http::Request request;
    TRY(write_request_bindings(operation, in, request));
    if (operation.input == nullptr) return request;
    const MemberDesc* payload = payload_member(*operation.input);
    const void* value = payload == nullptr || payload->unsupported() ? nullptr : payload->get(in);
    if (value != nullptr && is_raw(*payload)) {
      request.body = *static_cast<const std::string*>(value);
    } else if (value != nullptr) {
      write_xml_element(*payload, value, request.body, IsoDates::s3);
      set_content_type(request.headers, "application/xml");
    } else if (payload == nullptr && has_body_members(*operation.input)) {
      request.body = fmt::format("<{} xmlns=\"{}\">", operation.input_root, service.xml_namespace);
      write_xml_members(*operation.input, in, request.body, IsoDates::s3);
      request.body += fmt::format("</{}>", operation.input_root);
      set_content_type(request.headers, "application/xml");
    }
    if (operation.checksum_required && !has_checksum(request.headers))
      request.headers.set("Content-MD5", base::base64_encode(base::md5(request.body)));
    return request;
  }

  base::Result<void> decode_response(const ServiceDesc& service, const OperationDesc& operation,
                                     http::Response& response, void* out) const override {
    if (response.status >= 300) return base::fail(read_error(service, operation, response));
    if (operation.output == nullptr) return {};
    const StructDesc& output = *operation.output;
    read_response_bindings(output, response, out);
    const MemberDesc* payload = payload_member(output);
    if (payload != nullptr && is_raw(*payload)) {
      if (!payload->unsupported()) take_raw_payload(*payload, response, out);
      return {};
    }
    const bool structured = payload != nullptr && !payload->unsupported();
    if (response.body.empty() || (!structured && !has_body_members(output))) return {};
    auto leaves = read_xml_leaves(response.body, "");
    if (!leaves) return base::fail(invalid_response(service, operation, leaves.error().message));
    if (leaves->root == "Error") {  // a copy may fail after its 200 has been sent (protocols.md 4.5 item 18)
      response.status = 500;
      return base::fail(read_error(service, operation, response));
    }
    if (is_bare(operation)) {
      if (!leaves->text.empty())
        *static_cast<std::string*>(output.members.front().emplace(out)) = std::move(leaves->text);
      return {};
    }
    const StructDesc& desc = structured ? *payload->type->structure : output;
    if (auto read = read_xml(desc, response.body, "", structured ? payload->emplace(out) : out); !read)
      return base::fail(invalid_response(service, operation, read.error().message));
    return {};
  }

 private:
  static bool has_checksum(const http::Headers& headers) {
    return std::ranges::any_of(headers.fields(), [](const http::Headers::Field& field) {
      constexpr std::string_view kPrefix = "x-amz-checksum-";
      return field.first.size() > kPrefix.size() &&
             http::equal_ignoring_case(std::string_view(field.first).substr(0, kPrefix.size()), kPrefix);
    });
  }

  static base::AwsError read_error(const ServiceDesc& service, const OperationDesc& operation,
                                   const http::Response& response) {
    std::string code;
    std::string message;
    std::vector<std::pair<std::string, std::string>> fields;
    if (auto leaves = read_xml_leaves(response.body, ""); leaves && leaves->root == "Error") {
      for (auto& [name, text] : leaves->leaves) {
        if (name == "Code") {
          code = std::move(text);
        } else if (name == "Message") {
          message = std::move(text);
        } else if (name != "RequestId" && name != "HostId") {
          fields.emplace_back(std::move(name), std::move(text));
        }
      }
    }
    // Answers to HEAD have no body; the SDKs then take the status for the code.
    if (code.empty()) code = std::to_string(response.status);
    const ErrorDesc* desc = find_error(service, &operation, code);
    base::AwsError error = error_from_wire(desc, std::move(code), std::move(message), response.status);
    error.fields = std::move(fields);
    if (desc != nullptr && desc->make != nullptr) {
      AnyShape detail = desc->make();
      if (read_xml(*desc->structure, response.body, "", detail.value.get()))
        error.detail = std::make_shared<ShapeDetail>(std::move(detail));
    }
    return error;
  }
};

}  // namespace

const Codec& rest_xml_codec(const ServiceDesc& /*service*/) {
  static const RestXmlCodec codec;
  return codec;
}

}  // namespace aws::codec
