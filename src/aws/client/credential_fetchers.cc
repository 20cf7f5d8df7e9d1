#include "aws/client/credential_fetchers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>
#include <vector>

#include "aws/auth/text.h"
#include "aws/client/client.h"
#include "aws/client/credential_text.h"
#include "aws/client/web_identity.h"
#include "aws/client/words.h"
#include "aws/http/shown_url.h"
#include "aws/sts/caller.h"
#include "base/encoding.h"

namespace aws::client {
namespace {

constexpr base::Duration kStsTimeout = std::chrono::seconds(30);
constexpr base::Duration kContainerTimeout = std::chrono::seconds(2);
constexpr int kAttemptsMax = 3;
constexpr std::string_view kContainerHost = "169.254.170.2";
constexpr std::string_view kInstanceEndpoint = "http://169.254.169.254";
constexpr std::string_view kInstanceEndpoint6 = "http://[fd00:ec2::254]";

// What has expired when it comes is no credentials, whoever gave it.
base::Result<ExpiringCredentials> unless_expired(const Surroundings& from, std::string_view source,
                                                 base::Result<ExpiringCredentials> got) {
  const base::Timestamp now = from.wall_clock.now();
  if (!got.has_value() || !got->expires.has_value() || *got->expires > now) return got;
  return no_credentials(
      fmt::format("{}: Credentials were refreshed, but the refreshed credentials are still expired: since {}, and this "
                  "machine's clock shows {}",
                  source, base::format_iso8601_seconds(*got->expires), base::format_iso8601_seconds(now)));
}

// A token as it stands in a file, with the line's end.
std::string_view stripped(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\r\n";
  text.remove_prefix(std::min(text.find_first_not_of(kSpaces), text.size()));
  return text.substr(0, text.find_last_not_of(kSpaces) + 1);
}

struct Url {
  http::Endpoint endpoint;
  std::string target;
};

// http(s)://host[:port][/path][?query]
std::optional<Url> parse_url(std::string_view text) {
  const std::size_t scheme = text.find("://");
  if (scheme == std::string_view::npos) return std::nullopt;
  const std::size_t path = std::min(text.find_first_of("/?", scheme + 3), text.size());
  const auto endpoint = http::parse_endpoint(text.substr(0, path));
  if (!endpoint.has_value()) return std::nullopt;
  std::string target(text.substr(path));
  if (!target.starts_with('/')) target.insert(0, "/");
  return Url{*endpoint, std::move(target)};
}

// The body of a 2xx answer. Lost connections, 429 and 5xx are tried again; all of these requests only read.
base::Result<std::string> ask(const Surroundings& from, std::string_view source, const http::Endpoint& endpoint,
                              const http::Request& request, base::Duration timeout, int attempts_max) {
  for (int tried = 1;; ++tried) {
    auto answer = from.transport.round_trip(endpoint, request, timeout);
    if (answer.has_value() && answer->status / 100 == 2) return std::move(answer->body);
    const bool is_final = answer.has_value() && answer->status < 500 && answer->status != 429;
    if (is_final || tried >= attempts_max) {
      const std::string attempts = tried > 1 ? fmt::format("; there were {} attempts", tried) : "";
      if (!answer.has_value()) return no_credentials(fmt::format("{}: {}{}", source, answer.error().message, attempts));
      const std::string message = member_of(answer->body, "message") + member_of(answer->body, "Message");
      auto refused = no_credentials(fmt::format("{}: HTTP status {}{}{}{}", source, answer->status,
                                                message.empty() ? "" : ": ", message, attempts));
      refused.error().http_status = answer->status;
      return refused;
    }
    base::pause(from.env, std::chrono::milliseconds(50) * (1 << tried));
  }
}

std::string session_name(const Surroundings& from, const std::string& wanted) {
  if (!wanted.empty()) return wanted;
  const auto since_epoch = from.wall_clock.now().time_since_epoch();
  return fmt::format("till-{}", std::chrono::duration_cast<std::chrono::seconds>(since_epoch).count());
}

// Hosts that the agent may have without TLS. Source: AWS SDKs and Tools Reference Guide, "Container credential
// provider".
bool is_agent_host(std::string_view host) {
  constexpr std::array<std::string_view, 3> kHosts = {kContainerHost, "169.254.170.23", "fd00:ec2::23"};
  return http::is_loopback(host) || std::ranges::find(kHosts, host) != kHosts.end();
}

int number_or(const std::string& text, int otherwise) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value > 0 ? value : otherwise;
}

}  // namespace

FetchCredentials by_assume_role(const Surroundings& from, AssumedRole role,
                                std::shared_ptr<CredentialProvider> source) {
  ClientOptions options{.endpoints = from.endpoints, .timeout = kStsTimeout, .signing_clock = &from.wall_clock};
  auto client = std::make_shared<Client>(from.transport, *source, from.env, std::move(options));
  return [&from, role = std::move(role), source = std::move(source),
          client = std::move(client)]() -> base::Result<ExpiringCredentials> {
    sts::AssumeRoleRequest in;
    in.role_arn = role.role_arn;
    in.role_session_name = session_name(from, role.session_name);
    if (!role.external_id.empty()) in.external_id = role.external_id;
    if (!role.duration_seconds.empty()) {
      in.duration_seconds = number_or(role.duration_seconds, 0);
      if (in.duration_seconds == 0)
        return no_credentials(
            fmt::format("role {}: duration_seconds is a number, not {}", role.role_arn, role.duration_seconds));
    }
    Context context;
    auto answer = sts::StsCaller(*client).assume_role(context, std::move(in));
    if (!answer.has_value()) {
      const base::AwsError& error = answer.error();
      // Of the source's credentials it says all itself.
      if (error.code == kNoCredentials) return no_credentials(fmt::format("role {}: {}", role.role_arn, error.message));
      return no_credentials(fmt::format("role {}: AssumeRole: {}: {}", role.role_arn, error.code, error.message));
    }
    if (!answer->credentials.has_value()) return no_credentials("role " + role.role_arn + ": STS gives no credentials");
    const sts::Credentials& got = *answer->credentials;
    return unless_expired(from, "role " + role.role_arn,
                          ExpiringCredentials{{got.access_key_id.value_or(""), got.secret_access_key.value_or(""),
                                               got.session_token.value_or("")},
                                              got.expiration});
  };
}

FetchCredentials by_web_identity(const Surroundings& from, AssumedRole role, std::string token_file) {
  return [&from, role = std::move(role), file = std::move(token_file)]() -> base::Result<ExpiringCredentials> {
    const auto token = from.read_file(file);
    if (!token.has_value()) return no_credentials("the web identity token " + file + " cannot be read");
    AssumedRole now = role;
    now.session_name = session_name(from, role.session_name);
    const http::Endpoint endpoint = from.endpoints.of(sts::kService);
    const std::string source = "role " + role.role_arn;
    // It may always be sent again: a second one does no harm.
    for (int tried = 1;; ++tried) {
      const auto answer = from.transport.round_trip(endpoint, web_identity_request(now, stripped(*token)), kStsTimeout);
      auto got = answer.has_value() ? parse_web_identity_answer(*answer) : base::fail(answer.error());
      if (got.has_value()) return unless_expired(from, source, std::move(got));
      const base::AwsError& error = got.error();
      const Failure failure = failure_of(error);
      if (failure.effect == Failure::Effect::final || tried >= kAttemptsMax)
        return no_credentials(fmt::format("{}: AssumeRoleWithWebIdentity: {}: {}{}", source, error.code, error.message,
                                          tried > 1 ? fmt::format("; there were {} attempts", tried) : ""));
      base::pause(from.env, back_off(sts::kService, tried, failure.is_throttling,
                                     answer.has_value() ? answer->headers : http::Headers(), from.wall_clock.now(),
                                     from.env.random));
    }
  };
}

FetchCredentials by_sso(const Surroundings& from, SsoLogin login) {
  return [&from, login = std::move(login)]() -> base::Result<ExpiringCredentials> {
    const std::string& key = login.session.empty() ? login.start_url : login.session;
    const std::string path =
        fmt::format("{}/.aws/sso/cache/{}.json", from.variable("HOME"), base::hex_encode(base::sha1(key)));
    const std::string advice = fmt::format("log in by `aws sso login --profile {}`", login.profile);
    const auto cached = from.read_file(path);
    if (!cached.has_value())
      return no_credentials(fmt::format("Error loading SSO Token: Token for {} does not exist: {}", key, advice));
    const std::string token = member_of(*cached, "accessToken");
    if (token.empty() || has_control(token))
      return no_credentials(
          fmt::format("Error loading SSO Token: Token for {} is damaged, in {}: {}", key, path, advice));
    std::string expires_at = member_of(*cached, "expiresAt");
    if (expires_at.ends_with("UTC")) expires_at.replace(expires_at.size() - 3, 3, "Z");  // of older AWS CLIs
    const auto expires = base::parse_iso8601(expires_at);
    if (!expires.has_value() || *expires <= from.wall_clock.now())
      return no_credentials("The SSO session associated with this profile has expired or is otherwise invalid: " +
                            advice);
    Endpoints there = from.endpoints;
    there.region = login.region;
    ServiceDesc portal{};
    portal.id = "sso";
    portal.endpoint_prefix = "portal.sso";
    http::Request request{
        .method = "GET",
        .target = fmt::format("/federation/credentials?role_name={}&account_id={}",
                              base::percent_encode(login.role_name), base::percent_encode(login.account_id)),
        .headers = {},
        .body = {}};
    request.headers.add("x-amz-sso_bearer_token", token);
    const std::string source = fmt::format("SSO's role {} of account {}", login.role_name, login.account_id);
    auto answer = ask(from, source, there.of(portal), request, kStsTimeout, kAttemptsMax);
    if (!answer.has_value() && answer.error().http_status == 401) answer.error().message += ": " + advice;
    TRY_ASSIGN(const std::string given, std::move(answer));
    return unless_expired(from, source, parse_role_credentials(given, source));
  };
}

FetchCredentials by_process(const Surroundings& from, std::string profile, std::string command) {
  return [&from, profile = std::move(profile), command = std::move(command)]() -> base::Result<ExpiringCredentials> {
    const auto words = split_words(command);
    if (!words.has_value() || words->empty())
      return no_credentials("credential_process: no command, or one with a quote that does not end");
    const std::string source = "credential_process " + words->front();
    const auto written =
        from.run(*words, fmt::format("the credential_process of profile {}, {}", profile, words->front()));
    if (!written.has_value()) return no_credentials(fmt::format("{}: {}", source, written.error()));
    // Neither is shown: there may be keys in it.
    if (stripped(*written).empty()) return no_credentials(source + ": it has printed nothing, where JSON is expected");
    if (!is_object(*written))
      return no_credentials(
          fmt::format("{}: the {} bytes that it has printed are no JSON object", source, written->size()));
    if (const std::string version = member_of(*written, "Version"); version != "1")
      return no_credentials(fmt::format(
          "{}: Unsupported version '{}' for credential process provider, supported versions: 1", source, version));
    return unless_expired(from, source, parse_credentials(*written, source));
  };
}

FetchCredentials by_container(const Surroundings& from) {
  return [&from]() -> base::Result<ExpiringCredentials> {
    const std::string source = "the container's credentials";
    const std::string relative = from.variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const auto url = parse_url(relative.empty() ? from.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI")
                                                : fmt::format("http://{}{}", kContainerHost, relative));
    if (!url.has_value()) return no_credentials(source + ": AWS_CONTAINER_CREDENTIALS_FULL_URI is no URL");
    if (!url->endpoint.tls && !is_agent_host(url->endpoint.host))
      return no_credentials(fmt::format("{}: Unsupported host '{}' without TLS: loopback, {} and those of EKS are",
                                        source, url->endpoint.host, kContainerHost));
    http::Request request{.method = "GET", .target = url->target, .headers = {}, .body = {}};
    std::string token = from.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    if (const std::string file = from.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"); !file.empty()) {
      const auto text = from.read_file(file);
      if (!text.has_value()) return no_credentials(fmt::format("{}: {} cannot be read", source, file));
      token = stripped(*text);
    }
    if (has_control(token))
      return no_credentials(source +
                            ": a line break or another control character in AWS_CONTAINER_AUTHORIZATION_TOKEN");
    if (!token.empty()) request.headers.add("Authorization", token);
    request.headers.add("Accept", "application/json");
    TRY_ASSIGN(const std::string answer, ask(from, source, url->endpoint, request, kContainerTimeout, kAttemptsMax));
    return unless_expired(from, source, parse_credentials(answer, source));
  };
}

FetchCredentials by_instance(const Surroundings& from, std::string endpoint_url) {
  return [&from, configured = std::move(endpoint_url)]() -> base::Result<ExpiringCredentials> {
    const std::string source = "the instance's metadata service";
    const bool is_ipv6 = aws::auth::lower_case(from.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE")) == "ipv6";
    std::string url = from.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    if (url.empty()) url = configured;
    if (url.empty()) url = is_ipv6 ? kInstanceEndpoint6 : kInstanceEndpoint;
    while (url.ends_with('/')) url.pop_back();
    const auto endpoint = http::parse_endpoint(url);
    if (!endpoint.has_value())
      return no_credentials(fmt::format("{}: not an endpoint: {}", source, http::why_no_endpoint(url)));
    const base::Duration timeout = std::chrono::seconds(number_or(from.variable("AWS_METADATA_SERVICE_TIMEOUT"), 1));
    const int attempts = number_or(from.variable("AWS_METADATA_SERVICE_NUM_ATTEMPTS"), 1);
    http::Request begin{.method = "PUT", .target = "/latest/api/token", .headers = {}, .body = {}};
    begin.headers.add("x-aws-ec2-metadata-token-ttl-seconds", "21600");
    TRY_ASSIGN(const std::string token, ask(from, source, *endpoint, begin, timeout, attempts));
    http::Request read{
        .method = "GET", .target = "/latest/meta-data/iam/security-credentials/", .headers = {}, .body = {}};
    read.headers.add("x-aws-ec2-metadata-token", token);
    TRY_ASSIGN(const std::string roles, ask(from, source, *endpoint, read, timeout, attempts));
    const std::string_view role = stripped(std::string_view(roles).substr(0, roles.find('\n')));
    if (role.empty()) return no_credentials(source + ": the instance has no role");
    read.target.append(role);
    TRY_ASSIGN(const std::string answer, ask(from, source, *endpoint, read, timeout, attempts));
    return unless_expired(from, source, parse_credentials(answer, source));
  };
}

}  // namespace aws::client
