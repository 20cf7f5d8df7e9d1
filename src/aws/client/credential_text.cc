#include "aws/client/credential_text.h"

#include <fmt/format.h>
#include <simdjson.h>

namespace aws::client {
namespace {

using simdjson::dom::object;

std::string text_of(const object& from, std::string_view name) {
  std::string_view text;
  if (from[name].get(text) == simdjson::SUCCESS) return std::string(text);
  int64_t number = 0;
  return from[name].get(number) == simdjson::SUCCESS ? std::to_string(number) : std::string();
}

std::unexpected<base::AwsError> not_whole(std::string_view source, std::string_view why) {
  return no_credentials(fmt::format("{}: {}", source, why));
}

constexpr std::string_view kControl = "a key or the token that it gives has a line break or another control character";

bool has_control_character(const auth::Credentials& keys) {
  return has_control(keys.access_key_id) || has_control(keys.secret_access_key) || has_control(keys.session_token);
}

}  // namespace

base::Result<ExpiringCredentials> parse_credentials(std::string_view json, std::string_view source) {
  simdjson::dom::parser parser;
  object from;
  if (parser.parse(simdjson::padded_string(json)).get(from) != simdjson::SUCCESS)
    return not_whole(source, "what it gives is no JSON object");
  const std::string code = text_of(from, "Code");  // of instances: "Success"
  if (!code.empty() && code != "Success") return not_whole(source, code + ": " + text_of(from, "Message"));
  ExpiringCredentials out{{text_of(from, "AccessKeyId"), text_of(from, "SecretAccessKey"), text_of(from, "Token")}};
  if (out.keys.session_token.empty()) out.keys.session_token = text_of(from, "SessionToken");
  if (out.keys.access_key_id.empty() || out.keys.secret_access_key.empty())
    return not_whole(source, "AccessKeyId or SecretAccessKey is missing in what it gives");
  if (has_control_character(out.keys)) return not_whole(source, kControl);
  if (const std::string expires = text_of(from, "Expiration"); !expires.empty()) {
    out.expires = base::parse_iso8601(expires);
    if (!out.expires.has_value()) return not_whole(source, "Expiration is no time");
  }
  return out;
}

base::Result<ExpiringCredentials> parse_role_credentials(std::string_view json, std::string_view source) {
  simdjson::dom::parser parser;
  object from;
  int64_t expires = 0;
  if (parser.parse(simdjson::padded_string(json))["roleCredentials"].get(from) != simdjson::SUCCESS ||
      from["expiration"].get(expires) != simdjson::SUCCESS)
    return not_whole(source, "its answer has no roleCredentials");
  ExpiringCredentials out{
      {text_of(from, "accessKeyId"), text_of(from, "secretAccessKey"), text_of(from, "sessionToken")},
      base::from_epoch_milliseconds(expires)};
  if (out.keys.access_key_id.empty() || out.keys.secret_access_key.empty())
    return not_whole(source, "its answer has no keys");
  if (has_control_character(out.keys)) return not_whole(source, kControl);
  return out;
}

std::string member_of(std::string_view json, std::string_view name) {
  simdjson::dom::parser parser;
  object from;
  if (parser.parse(simdjson::padded_string(json)).get(from) != simdjson::SUCCESS) return {};
  return text_of(from, name);
}

bool is_object(std::string_view json) {
  simdjson::dom::parser parser;
  object from;
  return parser.parse(simdjson::padded_string(json)).get(from) == simdjson::SUCCESS;
}

}  // namespace aws::client
