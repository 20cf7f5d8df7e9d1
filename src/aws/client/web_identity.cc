#include "aws/client/web_identity.h"

#include <fmt/format.h>

#include <pugixml.hpp>

#include "base/encoding.h"

namespace aws::client {

http::Request web_identity_request(const AssumedRole& role, std::string_view token) {
  http::Request request{.method = "POST", .target = "/", .headers = {}, .body = {}};
  request.headers.add("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
  request.body = fmt::format(
      "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn={}&RoleSessionName={}&WebIdentityToken={}",
      base::percent_encode(role.role_arn), base::percent_encode(role.session_name), base::percent_encode(token));
  if (!role.duration_seconds.empty()) request.body += "&DurationSeconds=" + base::percent_encode(role.duration_seconds);
  return request;
}

base::Result<ExpiringCredentials> parse_web_identity_answer(const http::Response& answer) {
  pugi::xml_document document;
  (void)document.load_buffer(answer.body.data(), answer.body.size());  // what is none has no nodes
  if (const pugi::xml_node error = document.child("ErrorResponse").child("Error"); error)
    return base::fail(
        {.code = error.child_value("Code"), .message = error.child_value("Message"), .http_status = answer.status});
  const pugi::xml_node keys =
      document.child("AssumeRoleWithWebIdentityResponse").child("AssumeRoleWithWebIdentityResult").child("Credentials");
  ExpiringCredentials out{
      {keys.child_value("AccessKeyId"), keys.child_value("SecretAccessKey"), keys.child_value("SessionToken")},
      base::parse_iso8601(keys.child_value("Expiration"))};
  if (out.keys.access_key_id.empty() || out.keys.secret_access_key.empty() || !out.expires.has_value())
    return base::fail({.code = "InvalidResponse",
                       .message = fmt::format("STS's answer (HTTP status {}) has no credentials", answer.status),
                       .http_status = answer.status});
  return out;
}

}  // namespace aws::client
