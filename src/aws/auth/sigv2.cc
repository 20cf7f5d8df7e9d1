#include "aws/auth/sigv2.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>
#include <vector>

#include "aws/auth/failure.h"
#include "aws/auth/text.h"
#include "aws/http/virtual_host.h"
#include "base/encoding.h"

namespace aws::auth {
namespace {

constexpr std::string_view kTokenName = "x-amz-security-token";
// The parameters that are part of the resource: the guide's list, and those that signers have added since.
constexpr std::string_view kSubresources[] = {"accelerate",
                                              "acl",
                                              "analytics",
                                              "cors",
                                              "defaultObjectAcl",
                                              "delete",
                                              "inventory",
                                              "lifecycle",
                                              "location",
                                              "logging",
                                              "metrics",
                                              "notification",
                                              "object-lock",
                                              "partNumber",
                                              "policy",
                                              "replication",
                                              "requestPayment",
                                              "restore",
                                              "select",
                                              "select-type",
                                              "storageClass",
                                              "tagging",
                                              "torrent",
                                              "uploadId",
                                              "uploads",
                                              "versionId",
                                              "versioning",
                                              "versions",
                                              "website",
                                              "response-cache-control",
                                              "response-content-disposition",
                                              "response-content-encoding",
                                              "response-content-language",
                                              "response-content-type",
                                              "response-expires"};

struct Parameter {
  std::string name;
  std::optional<std::string> value;  // nullopt: the name stands alone
  std::string_view raw_value;
};

// Decoded as the codec decodes them (codec/uri.cc): what is checked here is what is read there.
std::vector<Parameter> parameters_of(std::string_view query) {
  std::vector<Parameter> out;
  while (!query.empty()) {
    const std::string_view part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(part.size() + 1, query.size()));
    const std::size_t equals = part.find('=');
    const auto name = base::percent_decode(part.substr(0, equals), true);
    if (!name || part.empty()) continue;
    Parameter& parameter = out.emplace_back(Parameter{*name, std::nullopt, {}});
    if (equals == std::string_view::npos) continue;
    parameter.raw_value = part.substr(equals + 1);
    parameter.value = base::percent_decode(parameter.raw_value, true).value_or("");
  }
  return out;
}

// Whether an x-amz-* parameter could be taken for more than one line of the text that is signed.
bool blurs(const Parameter& parameter) {
  if (!lower_case(parameter.name).starts_with("x-amz-")) return false;
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' '; };
  return parameter.name.find(':') != std::string::npos || std::ranges::any_of(parameter.name, is_control) ||
         std::ranges::any_of(parameter.value.value_or(""), is_control);
}

// Of headers and parameters alike, because S3 takes the one for the other. A name that stands in both counts once if
// the values are the same.
std::string amz_headers(const http::Request& request, const std::vector<Parameter>& parameters) {
  std::map<std::string, std::string> found;
  std::map<std::string, std::string> in_query;
  const auto add = [](std::map<std::string, std::string>& to, std::string_view name, std::string_view value) {
    const std::string lower = lower_case(name);
    if (!lower.starts_with("x-amz-")) return;
    const auto [at, is_new] = to.try_emplace(lower, trim(value));
    if (!is_new) at->second.append(",").append(trim(value));
  };
  for (const auto& [name, value] : request.headers.fields()) add(found, name, value);
  for (const Parameter& parameter : parameters) add(in_query, parameter.name, parameter.value.value_or(""));
  for (const auto& [name, value] : in_query) {
    const auto [at, is_new] = found.try_emplace(name, value);
    if (!is_new && at->second != value) at->second.append(",").append(value);
  }
  std::string out;
  for (const auto& [name, value] : found) out.append(name).append(":").append(value).append("\n");
  return out;
}

// Bucket and path as they stand on the wire, then the sub-resources with their values as they are meant.
std::string resource(const http::Request& request, std::vector<Parameter> parameters) {
  std::string out;
  if (const std::string_view bucket = http::virtual_host_bucket(request.headers.get("Host")); !bucket.empty())
    out.append("/").append(bucket);
  out.append(request.path());
  if (out.find('/', 1) == std::string::npos && out.size() > 1) out += '/';  // a bucket is signed so however it is asked
  std::erase_if(parameters,
                [](const Parameter& p) { return std::ranges::find(kSubresources, p.name) == std::end(kSubresources); });
  std::ranges::stable_sort(parameters, {}, &Parameter::name);
  char separator = '?';
  for (const Parameter& parameter : parameters) {
    out.append(1, std::exchange(separator, '&')).append(parameter.name);
    if (parameter.value) out.append("=").append(*parameter.value);
  }
  return out;
}

}  // namespace

bool is_presigned_v2(const http::Request& request) {
  const std::string_view query = request.query();
  if (query.find("AWSAccessKeyId=") == std::string_view::npos) return false;
  const std::vector<Parameter> parameters = parameters_of(query);
  const auto has = [&](std::string_view name) {
    return std::ranges::find(parameters, name, &Parameter::name) != parameters.end();
  };
  return has("AWSAccessKeyId") && has("Signature");
}

base::Result<V2Claim> read_v2_claim(const http::Request& request) {
  V2Claim out;
  const std::array<std::pair<std::string_view, std::string*>, 4> slots = {{{"AWSAccessKeyId", &out.access_key_id},
                                                                           {"Signature", &out.signature},
                                                                           {"Expires", &out.expires},
                                                                           {kTokenName, &out.security_token}}};
  for (const Parameter& parameter : parameters_of(request.query())) {
    if (blurs(parameter)) return base::fail(failure(FailureKind::incomplete_query_v2, ErrorFamily::s3));
    const auto slot = std::ranges::find(slots, parameter.name, &std::pair<std::string_view, std::string*>::first);
    if (slot == slots.end()) continue;
    // Twice: no two readers may differ about which one counts.
    if (!slot->second->empty()) return base::fail(failure(FailureKind::incomplete_query_v2, ErrorFamily::s3));
    // Here '+' is itself: of base64.
    *slot->second = base::percent_decode(parameter.raw_value).value_or("");
  }
  if (out.security_token.empty()) out.security_token = request.headers.get(kTokenName);
  if (out.access_key_id.empty() || out.signature.empty() || out.expires.empty())
    return base::fail(failure(FailureKind::incomplete_query_v2, ErrorFamily::s3));
  return out;
}

std::string string_to_sign_v2(const http::Request& request, const V2Claim& claim) {
  const std::vector<Parameter> parameters = parameters_of(request.query());
  std::string out = request.method;
  out.append("\n").append(trim(request.headers.get("Content-MD5")));
  out.append("\n").append(trim(request.headers.get("Content-Type")));
  out.append("\n").append(claim.expires).append("\n");
  return out.append(amz_headers(request, parameters)).append(resource(request, parameters));
}

std::string signature_v2(std::string_view secret_access_key, std::string_view string_to_sign) {
  return base::base64_encode(base::hmac_sha1(secret_access_key, string_to_sign));
}

}  // namespace aws::auth
