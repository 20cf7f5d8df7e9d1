#include "server/router.h"

#include <algorithm>
#include <optional>

#include "aws/auth/sigv2.h"
#include "aws/codec/cbor.h"
#include "aws/codec/uri.h"
#include "aws/http/virtual_host.h"
#include "base/encoding.h"
#include "server/absent_service.h"
#include "server/content_encoding.h"

namespace server {
namespace {

using aws::Protocol;
using aws::http::Request;

bool speaks(const aws::ServiceDesc& service, Protocol protocol) {
  return std::ranges::find(service.protocols, protocol) != service.protocols.end();
}

base::AwsError unknown_operation(std::string message, int status = 400) {
  base::AwsError error;
  error.code = "UnknownOperationException";
  error.message = std::move(message);
  error.http_status = status;
  return error;
}

// The raw value of `name` in an unparsed form or query string.
std::string_view form_value(std::string_view form, std::string_view name) {
  while (!form.empty()) {
    const std::string_view pair = form.substr(0, form.find('&'));
    form.remove_prefix(std::min(form.size(), pair.size() + 1));
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=')
      return pair.substr(name.size() + 1);
  }
  return {};
}

// The fourth part of "key/date/region/service/aws4_request".
std::string_view service_of_credential(std::string_view credential, std::string_view separator) {
  for (int i = 0; i < 3; ++i) {
    const std::size_t at = credential.find(separator);
    if (at == std::string_view::npos) return {};
    credential.remove_prefix(at + separator.size());
  }
  return credential.substr(0, credential.find(separator));
}

// "/2015-03-31/...": how every rest-json path of Lambda begins.
bool is_dated(std::string_view path) {
  constexpr std::string_view kForm = "/dddd-dd-dd/";
  if (path.size() < kForm.size()) return false;
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    if (kForm[i] == 'd' ? path[i] < '0' || path[i] > '9' : path[i] != kForm[i]) return false;
  }
  return true;
}

bool is_json(std::string_view content_type) {
  return content_type.starts_with("application/x-amz-json-1.") || content_type.starts_with("application/json");
}

// The JSON that a request with this type speaks; of plain application/json, the service's own.
Protocol json_of(std::string_view content_type, const aws::ServiceDesc* service) {
  if (content_type.starts_with("application/x-amz-json-1.1")) return Protocol::json_1_1;
  const bool plain = !content_type.starts_with("application/x-amz-json-1.0");
  return plain && service != nullptr && speaks(*service, Protocol::json_1_1) ? Protocol::json_1_1 : Protocol::json_1_0;
}

bool is_form(const Request& request) {
  return request.headers.get("Content-Type").starts_with("application/x-www-form-urlencoded");
}

}  // namespace

std::string_view scope_service(const Request& request) {
  const std::string_view authorization = request.headers.get("Authorization");
  if (const std::size_t at = authorization.find("Credential="); at != std::string_view::npos)
    return service_of_credential(authorization.substr(at + 11), "/");
  // Of the services that ever took it, the only one here; the others name an action in the query too.
  if (aws::auth::is_presigned_v2(request) && form_value(request.query(), "Action").empty()) return "s3";
  const std::string_view credential = form_value(request.query(), "X-Amz-Credential");
  const std::string_view escaped = service_of_credential(credential, "%2F");
  return escaped.empty() ? service_of_credential(credential, "/") : escaped;
}

namespace {

// The service that the scope names, else the Host.
std::string_view asked_service(const Request& request) {
  const std::string_view scope = scope_service(request);
  return scope.empty() ? service_of_host(request.headers.get("Host")) : scope;
}

}  // namespace

bool Mount::serves_unsigned(std::string_view operation) const {
  return std::ranges::find(unsigned_operations, operation) != unsigned_operations.end();
}

Router::Router(std::vector<Mount> mounts) : mounts_(std::move(mounts)) {
  for (const Mount& mount : mounts_) {
    const bool rest = speaks(*mount.desc, Protocol::rest_json) || speaks(*mount.desc, Protocol::rest_xml);
    matchers_.push_back(rest ? std::make_unique<aws::codec::UriMatcher>(*mount.desc) : nullptr);
  }
}

Router::~Router() = default;

std::expected<Route, RouteError> Router::route(const Request& request) const {
  if (const auto protocol = request.headers.find("smithy-protocol")) return by_smithy_protocol(request, *protocol);
  if (const auto target = request.headers.find("X-Amz-Target")) return by_target(request, *target);
  const std::string_view scope = scope_service(request);
  const bool in_body = request.method == "POST" && is_form(request) && !request.body.empty();
  const std::string peeked = in_body && request.headers.contains("Content-Encoding") ? peek_body(request) : "";
  const std::string_view form = !in_body ? request.query() : peeked.empty() ? request.body : std::string_view(peeked);
  if (const std::string_view action = form_value(form, "Action"); !action.empty())
    return by_action(request, form, action, scope);
  return by_path(request, scope);
}

const Mount* Router::signed_for(std::string_view scope) const {
  const auto found = std::ranges::find_if(mounts_, [&](const Mount& m) { return m.desc->signing_name == scope; });
  return found == mounts_.end() ? nullptr : &*found;
}

Router::Found Router::nobody(std::string_view service, Protocol protocol, base::AwsError error) const {
  constexpr std::size_t kShownMax = 64;
  if (signed_for(service) == nullptr) {
    if (service.empty())
      error.message += " These services are here:";
    else
      error.message = "service " + std::string(service.substr(0, kShownMax)) + " is not here; these are:";
    for (const Mount& mount : mounts_) error.message.append(" ").append(mount.desc->id);
  }
  return std::unexpected(RouteError{&absent_service(service), protocol, std::move(error)});
}

const Mount* Router::by_scope(const Request& request) const {
  return signed_for(scope_service(request));
}

// Of the path only "/service/X/operation/Y" at its end counts: a prefix may stand before it. A request that names its
// operation in another protocol's way too is refused (Smithy's RPC v2, protocols.md 1.2).
Router::Found Router::by_smithy_protocol(const Request& request, std::string_view name) const {
  const auto voice =
      std::ranges::find_if(mounts_, [](const Mount& mount) { return speaks(*mount.desc, Protocol::cbor); });
  const aws::ServiceDesc* service = voice == mounts_.end() ? &absent_service("") : voice->desc;
  const auto refuse = [&](std::string message) {
    return std::unexpected(RouteError{service, Protocol::cbor, unknown_operation(std::move(message), 404)});
  };
  if (name != aws::codec::kCborProtocol) return refuse("The protocol " + std::string(name) + " is not known.");
  if (request.headers.contains("X-Amz-Target") || request.headers.contains("X-Amzn-Target"))
    return refuse("A request of the protocol rpc-v2-cbor must not carry X-Amz-Target.");
  std::string_view parts[4];  // from the end
  std::string_view path = request.path();
  for (std::string_view& part : parts) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string_view::npos) break;
    part = path.substr(slash + 1);
    path = path.substr(0, slash);
  }
  if (request.method != "POST" || parts[3] != "service" || parts[1] != "operation")
    return refuse("A request of the protocol rpc-v2-cbor is a POST to /service/{service}/operation/{operation}.");
  const std::string_view type = request.headers.get("Content-Type");
  if (!request.body.empty() && type.substr(0, type.find(';')) != "application/cbor")
    return refuse("A request of the protocol rpc-v2-cbor has the Content-Type application/cbor.");
  for (const Mount& mount : mounts_) {
    if (mount.desc->target_prefix != parts[2] || parts[2].empty() || !speaks(*mount.desc, Protocol::cbor)) continue;
    service = mount.desc;
    if (const aws::OperationDesc* operation = mount.desc->find(parts[0]); operation != nullptr)
      return Route{&mount, operation, Protocol::cbor, {}};
    return refuse("The operation " + std::string(parts[0]) + " is not implemented.");
  }
  std::string nothing = "No service has the name " + std::string(parts[2]) + " in the protocol rpc-v2-cbor.";
  const std::string_view scope = scope_service(request);
  if (signed_for(scope) != nullptr || scope.empty()) return refuse(std::move(nothing));
  return nobody(scope, Protocol::cbor, unknown_operation(std::move(nothing), 404));
}

Router::Found Router::by_target(const Request& request, std::string_view target) const {
  const std::size_t dot = target.rfind('.');
  const std::string_view prefix = target.substr(0, dot);
  const std::string_view type = request.headers.get("Content-Type");
  for (const Mount& mount : mounts_) {
    if (mount.desc->target_prefix != prefix || prefix.empty()) continue;
    const Protocol protocol = json_of(type, mount.desc);
    if (request.method != "POST" || !is_json(type)) {
      return std::unexpected(RouteError{
          mount.desc, protocol,
          unknown_operation("A request with X-Amz-Target is a POST with the Content-Type application/x-amz-json-1.0, "
                            "application/x-amz-json-1.1 or application/json.",
                            404)});
    }
    const aws::OperationDesc* operation =
        dot == std::string_view::npos ? nullptr : mount.desc->find(target.substr(dot + 1));
    if (operation != nullptr) return Route{&mount, operation, protocol, {}};
    return std::unexpected(RouteError{
        mount.desc, protocol, unknown_operation("The operation " + std::string(target) + " is not implemented.")});
  }
  const std::string_view service = asked_service(request);
  return nobody(service.empty() ? prefix : service, json_of(type, nullptr),
                unknown_operation("No service has the target " + std::string(target) + "."));
}

Router::Found Router::by_action(const Request& request, std::string_view form, std::string_view action,
                                std::string_view scope) const {
  const std::string_view version = form_value(form, "Version");
  const std::string name = base::percent_decode(action, true).value_or("");
  const Mount* mount = nullptr;
  for (const Mount& candidate : mounts_) {
    if (!speaks(*candidate.desc, Protocol::query)) continue;
    // The links in messages of SNS name no version.
    const bool unsigned_match =
        version.empty() ? candidate.serves_unsigned(name) : candidate.desc->api_version == version;
    if (scope.empty() ? unsigned_match : candidate.desc->signing_name == scope) mount = &candidate;
  }
  base::AwsError error;
  error.code = "InvalidAction";
  error.message = "The action " + name + " is not valid for this endpoint.";
  if (mount == nullptr) {
    const std::string_view service = asked_service(request);
    return nobody(service.empty() ? service_of_version(version) : service, Protocol::query, std::move(error));
  }
  if (const aws::OperationDesc* operation = mount->desc->find(name); operation != nullptr)
    return Route{mount, operation, Protocol::query, {}};
  return std::unexpected(RouteError{mount->desc, Protocol::query, std::move(error)});
}

Router::Found Router::by_path(const Request& request, std::string_view scope) const {
  // Signed for a REST service: that one. Unsigned or signed otherwise: a dated path is rest-json, the rest rest-xml.
  for (std::size_t i = 0; i < mounts_.size(); ++i) {
    const aws::ServiceDesc& service = *mounts_[i].desc;
    if (matchers_[i] == nullptr) continue;
    const bool xml = speaks(service, Protocol::rest_xml);
    const Protocol protocol = xml ? Protocol::rest_xml : Protocol::rest_json;
    if (scope.empty() ? xml == is_dated(request.path()) : scope != service.signing_name) continue;
    std::string path(request.path());
    if (const std::string_view bucket =
            xml ? aws::http::virtual_host_bucket(request.headers.get("Host")) : std::string_view();
        !bucket.empty())
      path.insert(0, "/" + std::string(bucket));
    auto match = matchers_[i]->match(request.method, path, request.query(), request.headers);
    if (match.has_value()) return Route{&mounts_[i], match->operation, protocol, std::move(match->labels)};
    return std::unexpected(RouteError{&service, protocol, std::move(match).error()});
  }
  const Mount* mount = signed_for(scope);
  base::AwsError error =
      unknown_operation("The request names no operation (no X-Amz-Target, no Action, no REST path).", 404);
  if (mount == nullptr) return nobody(scope, protocol_of_paths(scope), std::move(error));
  return std::unexpected(RouteError{mount->desc, mount->desc->protocols.front(), std::move(error)});
}

}  // namespace server
