#include "engine/sns/webhook.h"

#include <algorithm>

#include "aws/sns/sns.h"
#include "aws/validate.h"
#include "engine/sns/envelope.h"
#include "engine/sns/limits.h"
#include "engine/sns/message_checks.h"

namespace engine::sns {

base::Result<Webhook> parse_webhook(std::string_view protocol, std::string_view url) {
  const std::string scheme = std::string(protocol) + "://";
  if (!url.starts_with(scheme)) return invalid_parameter("Endpoint must match the specified protocol");
  const bool printable = std::ranges::all_of(url, [](char c) { return c > ' ' && c <= '~'; });
  if (url.size() > kEndpointLengthMax || !printable || url.find('#') != url.npos) {
    return invalid_parameter("Endpoint Reason: it is not a well-formed URL");
  }
  const std::size_t end = std::min(url.find_first_of("/?", scheme.size()), url.size());
  const std::string_view authority = url.substr(0, end);
  if (authority.find('@') != authority.npos) {
    return base::fail(aws::unsupported_parameter(aws::sns::kService, "Endpoint user and password"));
  }
  auto endpoint = aws::http::parse_endpoint(authority);
  if (!endpoint) return invalid_parameter("Endpoint Reason: it is not a well-formed URL");
  std::string target = url.substr(end).starts_with('/') ? "" : "/";
  target.append(url.substr(end));
  return Webhook{std::move(*endpoint), std::move(target)};
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

WebhookVerdict webhook_verdict(int status) {
  if (status >= 200 && status < 300) return WebhookVerdict::done;
  if (status == 429 || status < 200 || status >= 500) return WebhookVerdict::failed;
  return WebhookVerdict::refused;
}

}  // namespace engine::sns
