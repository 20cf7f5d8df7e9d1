#include "engine/lambda/url_event.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "aws/auth/text.h"
#include "aws/codec/json_shape.h"
#include "base/encoding.h"

namespace engine::lambda {
namespace {

using aws::auth::lower_case;
using aws::auth::trim;
using aws::codec::write_json_string;
using aws::http::Request;

// Names with their values, in the order in which they came first; what comes again is joined by commas.
class Joined {
 public:
  void add(std::string name, std::string_view value) {
    const auto known = std::ranges::find(fields_, name, &Field::first);
    if (known == fields_.end()) {
      fields_.emplace_back(std::move(name), std::string(value));
    } else {
      known->second.append(",").append(value);
    }
  }
  [[nodiscard]] bool empty() const { return fields_.empty(); }
  void write(std::string& out) const {
    out += '{';
    for (const Field& field : fields_) {
      if (&field != &fields_.front()) out += ',';
      write_json_string(field.first, out);
      out += ':';
      write_json_string(field.second, out);
    }
    out += '}';
  }

 private:
  using Field = std::pair<std::string, std::string>;
  std::vector<Field> fields_;
};

void member(std::string& out, std::string_view key, std::string_view value) {
  if (!out.ends_with('{')) out += ',';
  write_json_string(key, out);
  out += ':';
  write_json_string(value, out);
}

template <class Use>
void for_each_part(std::string_view text, char separator, const Use& use) {
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find(separator));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    if (!trim(part).empty()) use(trim(part));
  }
}

// RFC 9110 section 7.6.1, and what Connection names: of one connection, and not of the request.
std::vector<std::string> hop_by_hop(const Request& request) {
  std::vector<std::string> out = {
      "connection", "keep-alive",        "proxy-connection", "proxy-authenticate", "proxy-authorization", "te",
      "trailer",    "transfer-encoding", "upgrade"};
  for_each_part(request.headers.get("Connection"), ',',
                [&](std::string_view name) { out.push_back(lower_case(name)); });
  return out;
}

// With what the load balancer in front of AWS's functions adds: our caller's address behind those that proxies have
// noted, and how he reached us in the place of what they say.
Joined headers_of(const Request& request, bool with_signature) {
  const std::vector<std::string> left_out = hop_by_hop(request);
  const std::string_view host = request.headers.get("Host");
  const std::size_t colon = host.rfind(':');
  Joined out;
  for (const auto& [name, value] : request.headers.fields()) {
    std::string key = lower_case(name);
    // What can be used again as it is for the next minutes is nobody's but ours.
    if (key == "cookie" || (with_signature && key == "authorization")) continue;
    if (key == "x-forwarded-proto" || key == "x-forwarded-port" || std::ranges::count(left_out, key) != 0) continue;
    out.add(std::move(key), value);
  }
  out.add("x-forwarded-for", request.peer);
  out.add("x-forwarded-proto", "http");
  out.add("x-forwarded-port", colon == host.npos || host.ends_with(']') ? "80" : host.substr(colon + 1));
  return out;
}

Joined parameters_of(std::string_view query) {
  Joined out;
  for_each_part(query, '&', [&](std::string_view pair) {
    const std::string_view name = pair.substr(0, pair.find('='));
    const std::string_view value = pair.substr(std::min(pair.size(), name.size() + 1));
    out.add(base::percent_decode(name, true).value_or(std::string(name)),
            base::percent_decode(value, true).value_or(std::string(value)));
  });
  return out;
}

void write_cookies(const Request& request, std::string& out) {
  std::string list;
  for (const auto& [name, value] : request.headers.fields()) {
    if (!aws::http::equal_ignoring_case(name, "Cookie")) continue;
    for_each_part(value, ';', [&](std::string_view cookie) {
      if (!list.empty()) list += ',';
      write_json_string(cookie, list);
    });
  }
  if (!list.empty()) out.append(R"(,"cookies":[)").append(list).append("]");
}

bool is_text(const Request& request) {
  if (request.headers.contains("Content-Encoding")) return false;
  const std::string_view given = request.headers.get("Content-Type");
  const std::string type = lower_case(trim(given.substr(0, given.find(';'))));
  return type.starts_with("text/") || type.ends_with("/json") || type.ends_with("+json") || type.ends_with("/xml") ||
         type.ends_with("+xml") || type == "application/javascript";
}

void write_body(const Request& request, std::string& out) {
  const bool text = request.body.empty() || (is_text(request) && base::is_utf8(request.body));
  if (!request.body.empty()) member(out, "body", text ? request.body : base::base64_encode(request.body));
  out += text ? R"(,"isBase64Encoded":false)" : R"(,"isBase64Encoded":true)";
}

// "12/Mar/2020:19:03:58 +0000", of "Thu, 12 Mar 2020 19:03:58 GMT".
std::string shown_time(base::Timestamp time) {
  const std::string date = base::format_http_date(time);
  return fmt::format("{}/{}/{}:{} +0000", date.substr(5, 2), date.substr(8, 3), date.substr(12, 4), date.substr(17, 8));
}

void write_caller(const aws::Principal& principal, std::string_view access_key_id, std::string& out) {
  out += R"(,"authorizer":{"iam":{)";
  member(out, "accessKey", access_key_id);
  member(out, "accountId", principal.account);
  member(out, "callerId", principal.user_id);
  out += R"(,"cognitoIdentity":null,"principalOrgId":null)";
  member(out, "userArn", principal.arn);
  member(out, "userId", principal.user_id);
  out += "}}";
}

}  // namespace

std::string url_event(const FunctionUrlRecord& url, const UrlTarget& target, const Request& request,
                      const aws::Context& context, std::string_view access_key_id) {
  const bool is_signed = url.auth_type == "AWS_IAM";
  const std::string_view path = target.raw_path.empty() ? std::string_view("/") : target.raw_path;
  const std::string_view host = request.headers.get("Host");
  // By the path the Host is the engine's own.
  const std::string domain = target.region.empty() ? url.url_id + ".lambda-url." + url.region + ".localhost"
                                                   : std::string(host.substr(0, host.find(':')));
  std::string out = R"({"version":"2.0","routeKey":"$default")";
  member(out, "rawPath", path);
  member(out, "rawQueryString", request.query());
  write_cookies(request, out);
  out += R"(,"headers":)";
  headers_of(request, is_signed).write(out);
  if (const Joined parameters = parameters_of(request.query()); !parameters.empty()) {
    out += R"(,"queryStringParameters":)";
    parameters.write(out);
  }
  out += R"(,"requestContext":{)";
  member(out, "accountId", is_signed ? std::string_view(url.account) : "anonymous");
  member(out, "apiId", url.url_id);
  if (is_signed) write_caller(context.principal, access_key_id, out);
  member(out, "domainName", domain);
  member(out, "domainPrefix", url.url_id);
  out += R"(,"http":{)";
  member(out, "method", request.method);
  member(out, "path", path);
  member(out, "protocol", "HTTP/1.1");
  member(out, "sourceIp", request.peer);
  member(out, "userAgent", request.headers.get("User-Agent"));
  out += '}';
  member(out, "requestId", context.request_id);
  member(out, "routeKey", "$default");
  member(out, "stage", "$default");
  member(out, "time", shown_time(context.now));
  out += fmt::format(R"(,"timeEpoch":{}}})", base::to_epoch_milliseconds(context.now));
  write_body(request, out);
  out += '}';
  return out;
}

}  // namespace engine::lambda
