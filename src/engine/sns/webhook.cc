#include "engine/sns/webhook.h"

#include <algorithm>

#include "aws/auth/text.h"
#include "base/encoding.h"
#include "engine/sns/envelope.h"
#include "engine/sns/limits.h"
#include "engine/sns/message_checks.h"

namespace engine::sns {

namespace {

// "user:password@" of a URL -> "user:password", decoded; nullopt: its encoding is broken.
std::optional<std::string> credentials_of(std::string_view part) {
  if (part.ends_with('@')) part.remove_suffix(1);
  const std::size_t colon = std::min(part.find(':'), part.size());
  const auto user = base::percent_decode(part.substr(0, colon));
  const auto password = base::percent_decode(part.substr(std::min(colon + 1, part.size())));
  if (!user || !password) return std::nullopt;
  return *user + ":" + *password;
}

}  // namespace

base::Result<Webhook> parse_webhook(std::string_view protocol, std::string_view url) {
  const std::string scheme = std::string(protocol) + "://";
  if (!url.starts_with(scheme)) return invalid_parameter("Endpoint must match the specified protocol");
  const bool printable = std::ranges::all_of(url, [](char c) { return c > ' ' && c <= '~'; });
  if (url.size() > kEndpointLengthMax || !printable || url.find('#') != url.npos) {
    return invalid_parameter("Endpoint Reason: it is not a well-formed URL");
  }
  const std::size_t end = std::min(url.find_first_of("/?", scheme.size()), url.size());
  const std::string_view authority = url.substr(scheme.size(), end - scheme.size());
  const std::size_t host = authority.rfind('@') + 1;  // npos + 1 is 0
  auto endpoint = aws::http::parse_endpoint(scheme + std::string(authority.substr(host)));
  const auto credentials = credentials_of(authority.substr(0, host));
  if (!endpoint || !credentials) return invalid_parameter("Endpoint Reason: it is not a well-formed URL");
  std::string target = url.substr(end).starts_with('/') ? "" : "/";
  target.append(url.substr(end));
  return Webhook{std::move(*endpoint), std::move(target),
                 host == 0 ? std::nullopt : std::optional(std::move(*credentials))};
}

aws::http::Request webhook_request(const Webhook& webhook, const DeliveryRecord& delivery,
                                   const SubscriptionRecord& subscription, const std::string& content_type,
                                   const Signer& signer) {
  const bool notification = delivery.kind == DeliveryRecord::Kind::notification;
  const bool raw = notification && subscription.raw();
  aws::http::Request out{"POST", webhook.target, {}, {}};
  out.headers.add("x-amz-sns-message-type", std::string(type_of(delivery.kind)));
  out.headers.add("x-amz-sns-message-id", delivery.message_id);
  out.headers.add("x-amz-sns-topic-arn", subscription.topic_arn);
  if (delivery.kind != DeliveryRecord::Kind::confirmation)
    out.headers.add("x-amz-sns-subscription-arn", delivery.subscription_arn);
  if (raw) out.headers.add("x-amz-sns-rawdelivery", "true");
  out.headers.add("Content-Type", content_type);
  out.headers.add("Host", aws::http::host_header(webhook.endpoint));
  out.headers.add("User-Agent", "Amazon Simple Notification Service Agent");
  if (notification) {
    out.body = raw ? delivery.message : notification_json(delivery, subscription, signer);
  } else {
    out.body = confirmation_json(delivery, subscription, signer);
  }
  return out;
}

std::string webhook_authorization(const Webhook& webhook, const aws::http::Response& answer) {
  constexpr int kUnauthorized = 401;
  const std::string challenge = aws::auth::lower_case(answer.headers.get("WWW-Authenticate"));
  if (!webhook.credentials || answer.status != kUnauthorized || !challenge.starts_with("basic ") ||
      challenge.find("realm=") == challenge.npos)
    return {};
  return "Basic " + base::base64_encode(*webhook.credentials);
}

WebhookVerdict webhook_verdict(int status) {
  if (status >= 200 && status < 300) return WebhookVerdict::done;
  if (status == 429 || status < 200 || status >= 500) return WebhookVerdict::failed;
  return WebhookVerdict::refused;
}

}  // namespace engine::sns
