#include "aws/client/client_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "aws/auth/text.h"
#include "aws/http/shown_url.h"

namespace aws::client {
namespace {

// "CloudWatch Logs" -> "cloudwatch_logs"
std::string key_of(std::string_view service_id) {
  std::string key = aws::auth::lower_case(service_id);
  std::ranges::replace(key, ' ', '_');
  return key;
}

std::string upper_case(std::string text) {
  for (char& c : text)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return text;
}

}  // namespace

ClientSettings::Value ClientSettings::value(const std::string& variable_name, const std::string& key) const {
  if (std::string set = variable(variable_name); !set.empty()) return {std::move(set), variable_name};
  return {value_of(profile, key), key};
}

std::expected<bool, std::string> ClientSettings::flag(const std::string& variable_name, const std::string& key) const {
  const auto [text, name] = value(variable_name, key);
  const std::string lower = aws::auth::lower_case(text);
  if (lower.empty() || lower == "false") return false;
  if (lower == "true") return true;
  return std::unexpected(fmt::format("{} is true or false, not {}", name, text));
}

std::expected<void, std::string> ClientSettings::set_retries(ClientOptions& options) const {
  const auto [mode, mode_name] = value("AWS_RETRY_MODE", "retry_mode");
  if (const std::string lower = aws::auth::lower_case(mode); lower == "legacy") {
    options.retry_mode = RetryMode::legacy;
  } else if (!lower.empty() && lower != "standard") {
    return std::unexpected(fmt::format("{} is standard or legacy here, not {}", mode_name, mode));
  }
  const auto [attempts, attempts_name] = value("AWS_MAX_ATTEMPTS", "max_attempts");
  if (attempts.empty()) return {};
  int count = 0;
  const auto [end, error] = std::from_chars(attempts.data(), attempts.data() + attempts.size(), count);
  if (error != std::errc() || end != attempts.data() + attempts.size() || count < 1)
    return std::unexpected(fmt::format("{} is a number of 1 or more, not {}", attempts_name, attempts));
  options.attempts_max = count;
  return {};
}

std::expected<void, std::string> ClientSettings::set_variants(Endpoints& endpoints) const {
  const auto fips = flag("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint");
  if (!fips.has_value()) return std::unexpected(fips.error());
  const auto dual_stack = flag("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint");
  if (!dual_stack.has_value()) return std::unexpected(dual_stack.error());
  endpoints.fips = *fips;
  endpoints.dual_stack = *dual_stack;
  return {};
}

bool ClientSettings::ignores_endpoints() const {
  return flag("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls").value_or(false);
}

std::expected<void, std::string> ClientSettings::set_own_endpoints(std::span<const ServiceDesc* const> services,
                                                                   Endpoints& endpoints) const {
  const auto ignored = flag("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls");
  if (!ignored.has_value()) return std::unexpected(ignored.error());
  if (*ignored) return {};
  const auto set = [&](std::string_view id, std::string_view service_id) -> std::expected<void, std::string> {
    const std::string key = key_of(service_id);
    std::string name = "AWS_ENDPOINT_URL_" + upper_case(key);
    std::string url = variable(name);
    if (url.empty()) {
      name = key + ".endpoint_url";
      url = value_of(own_endpoints, name);
    }
    if (url.empty()) return {};
    const auto endpoint = http::parse_endpoint(url);
    if (!endpoint.has_value())
      return std::unexpected(fmt::format("{} is not an endpoint: {}", name, http::why_no_endpoint(url)));
    endpoints.by_service.insert_or_assign(std::string(id), *endpoint);
    return {};
  };
  for (const ServiceDesc* service : services)
    if (auto done = set(service->id, service->service_id); !done.has_value()) return done;
  return set("sso", "SSO");
}

}  // namespace aws::client
