// How a delivery leaves the outbox: by the subscription's protocol, else to its dead-letter queue.
#include <algorithm>

#include "aws/http/message.h"
#include "aws/lambda/lambda.h"
#include "aws/sqs/sqs.h"
#include "engine/arn.h"
#include "engine/internal_call.h"
#include "engine/sns/delivery_policy.h"
#include "engine/sns/envelope.h"
#include "engine/sns/limits.h"
#include "engine/sns/service.h"
#include "engine/sns/topic_attributes.h"
#include "engine/sns/webhook.h"

namespace engine::sns {
namespace {

constexpr std::string_view kPrincipal = "sns.amazonaws.com";

// Errors of the caller stay what they are, but for those that say "not now".
bool is_transient(const base::AwsError& error) {
  return error.fault == base::Fault::receiver || error.http_status == 429 || error.code == "OverLimit" ||
         error.code == "RequestThrottled" || error.code.starts_with("Throttl") ||
         error.code == "TooManyRequestsException";
}

}  // namespace

std::optional<base::Timestamp> SnsService::deliver(const Outbox::Entry& entry) {
  const auto delivery = DeliveryRecord::decode(entry.payload);
  store::require_intact(delivery.has_value(), "a delivery of SNS");
  const std::optional<Destination> destination = lookup(delivery->subscription_arn);
  if (!destination) return std::nullopt;  // unsubscribed meanwhile
  if (delivery->kind == DeliveryRecord::Kind::notification && destination->subscription->record.ended)
    return std::nullopt;  // by the link, which can be taken back; what was on its way is not wanted all the same
  const Outcome outcome = attempt(*delivery, *destination);
  if (outcome == Outcome::failed && stopping_) return Outbox::kHeld;  // cancelled, which is no fault of the endpoint
  return settle(entry, *delivery, *destination, outcome);
}

std::optional<base::Timestamp> SnsService::deliver_to_web(const Outbox::Entry& entry) {
  if (stopping_) return Outbox::kHeld;
  std::optional<std::string> host = web_hosts_.passed_on(entry.ticket);
  if (!host) {
    host = host_of(entry);
    if (!host) return std::nullopt;  // unsubscribed meanwhile
    if (!web_hosts_.enter(*host, entry.ticket)) return Outbox::kHeld;
  }
  const std::optional<base::Timestamp> out = deliver(entry);
  if (const auto next = web_hosts_.leave(*host)) web_outbox_.resume(*next);
  return out;
}

std::optional<std::string> SnsService::host_of(const Outbox::Entry& entry) {
  const auto delivery = DeliveryRecord::decode(entry.payload);
  store::require_intact(delivery.has_value(), "a delivery of SNS");
  const std::optional<Destination> destination = lookup(delivery->subscription_arn);
  if (!destination) return std::nullopt;
  const SubscriptionRecord& record = destination->subscription->record;
  const auto webhook = parse_webhook(record.protocol, record.endpoint);
  return webhook ? aws::http::host_header(webhook->endpoint) : record.endpoint;
}

std::optional<base::Timestamp> SnsService::settle(const Outbox::Entry& entry, const DeliveryRecord& delivery,
                                                  const Destination& destination, Outcome outcome) {
  const SubscriptionRecord& record = destination.subscription->record;
  const bool counts = delivery.kind == DeliveryRecord::Kind::notification;
  const base::Timestamp now = env_.clock.now();
  if (outcome == Outcome::done) {
    const bool ends_later = record.mail() && options_.mailer->ends_later();
    if (counts && !ends_later) destination.metrics->delivered(now);
    return std::nullopt;
  }
  const auto again = outcome == Outcome::failed ? next_attempt(entry, destination, now) : std::nullopt;
  // AWS counts each failed attempt of http(s), and of the others only that nothing more is tried.
  if (counts && (record.web() || !again)) destination.metrics->failed(now);
  if (again) return again;
  const std::string queue = dead_letter_queue_arn(record);
  if (queue.empty() || !counts) return std::nullopt;
  const Outcome redriven = send_to_queue(queue, delivery, record);
  if (redriven == Outcome::failed && now - entry.created_at < kGiveUpAfter) return now + kRetryMax;
  destination.metrics->redriven(redriven == Outcome::done, now);
  return std::nullopt;
}

std::optional<base::Timestamp> SnsService::next_attempt(const Outbox::Entry& entry, const Destination& destination,
                                                        base::Timestamp now) const {
  const SubscriptionRecord& record = destination.subscription->record;
  if (record.web()) {
    const auto policy =
        effective_policy(destination.delivery_policy, attribute_of(record.attributes, "DeliveryPolicy"));
    const auto delay = policy.retry.delay(entry.attempts);
    return delay ? std::optional(now + *delay) : std::nullopt;
  }
  if (now - entry.created_at >= kGiveUpAfter) return std::nullopt;
  const auto delay = std::chrono::seconds(1LL << std::min<uint64_t>(entry.attempts, 10));
  return now + std::min<base::Duration>(delay, kRetryMax);
}

SnsService::Outcome SnsService::attempt(const DeliveryRecord& delivery, const Destination& destination) {
  const SubscriptionRecord& subscription = destination.subscription->record;
  if (delivery.kind != DeliveryRecord::Kind::notification &&
      (!subscription.pending || delivery.message != subscription.token)) {
    return Outcome::done;  // confirmed or restored meanwhile, or a newer one was sent
  }
  if (subscription.protocol == "sqs") return send_to_queue(subscription.endpoint, delivery, subscription);
  if (subscription.protocol == "lambda") return send_to_function(delivery, subscription);
  if (subscription.web()) return send_to_web(delivery, destination);
  return send_mail(delivery, subscription);
}

SnsService::Outcome SnsService::send_to_web(const DeliveryRecord& delivery, const Destination& destination) {
  const SubscriptionRecord& subscription = destination.subscription->record;
  const auto webhook = parse_webhook(subscription.protocol, subscription.endpoint);
  if (options_.transport == nullptr || !webhook) return Outcome::refused;
  const auto policy =
      effective_policy(destination.delivery_policy, attribute_of(subscription.attributes, "DeliveryPolicy"));
  aws::http::Request request = webhook_request(*webhook, delivery, subscription, policy.content_type, signer());
  auto answer = options_.transport->round_trip(webhook->endpoint, request, kWebhookTimeout);
  if (!answer) return Outcome::failed;
  if (std::string authorization = webhook_authorization(*webhook, *answer); !authorization.empty()) {
    request.headers.add("Authorization", std::move(authorization));
    answer = options_.transport->round_trip(webhook->endpoint, std::move(request), kWebhookTimeout);
    if (!answer) return Outcome::failed;
  }
  switch (webhook_verdict(answer->status)) {
    case WebhookVerdict::done:
      return Outcome::done;
    case WebhookVerdict::failed:
      return Outcome::failed;
    case WebhookVerdict::refused:
      break;
  }
  return Outcome::refused;
}

SnsService::Outcome SnsService::send_to_queue(const std::string& queue_arn, const DeliveryRecord& delivery,
                                              const SubscriptionRecord& subscription) {
  const auto arn = Arn::parse(queue_arn);
  if (!arn) return Outcome::refused;
  aws::Context context = service_call(env_, arn->account, arn->region, kPrincipal, subscription.topic_arn);
  context.trace_header = delivery.trace_header;  // becomes the message's AWSTraceHeader
  aws::sqs::SendMessageRequest in;
  in.queue_url = arn->resource;
  in.message_group_id = delivery.message_group_id;
  if (subscription.raw()) {
    if (delivery.attributes.size() > kRawAttributesMax) return Outcome::refused;
    in.message_body = delivery.message;
    for (const auto& [name, value] : delivery.attributes) {
      if (!in.message_attributes) in.message_attributes.emplace();
      auto& attribute = (*in.message_attributes)[name];
      attribute.data_type = value.data_type;
      attribute.string_value = value.string_value;
      attribute.binary_value = value.binary_value;
    }
  } else {
    in.message_body = notification_json(delivery, subscription, signer());
  }
  const auto sent = sqs_.send_message(context, std::move(in));
  if (sent) return Outcome::done;
  return is_transient(sent.error()) ? Outcome::failed : Outcome::refused;
}

SnsService::Outcome SnsService::send_to_function(const DeliveryRecord& delivery,
                                                 const SubscriptionRecord& subscription) {
  const auto arn = Arn::parse(subscription.endpoint);
  if (!arn) return Outcome::refused;
  aws::Context context = service_call(env_, arn->account, arn->region, kPrincipal, subscription.topic_arn);
  context.trace_header = delivery.trace_header;
  aws::lambda::InvocationRequest in;
  in.function_name = subscription.endpoint;
  in.invocation_type = "Event";
  in.payload = lambda_event_json(delivery, subscription, signer());
  const auto invoked = lambda_.invoke(context, std::move(in));
  if (invoked) return Outcome::done;
  return is_transient(invoked.error()) ? Outcome::failed : Outcome::refused;
}

SnsService::Outcome SnsService::send_mail(const DeliveryRecord& owed, const SubscriptionRecord& subscription) {
  if (options_.mailer == nullptr) return Outcome::failed;
  DeliveryRecord delivery = owed;
  if (!options_.mail_endpoint.empty()) delivery.base_url = options_.mail_endpoint;
  std::string subject = delivery.subject.value_or("AWS Notification Message");
  std::string body;
  if (delivery.kind == DeliveryRecord::Kind::confirmation) {
    subject = "AWS Notification - Subscription Confirmation";
    body = confirmation_mail(delivery, subscription);
  } else {
    body = subscription.protocol == "email-json" ? notification_json(delivery, subscription, signer())
                                                 : notification_mail(delivery);
  }
  const bool counts = delivery.kind == DeliveryRecord::Kind::notification;
  const bool taken =
      options_.mailer->send({subscription.endpoint, subject, body, counts ? delivery.subscription_arn : ""});
  return taken ? Outcome::done : Outcome::failed;
}

void SnsService::mail_ended(const std::string& subscription_arn, bool is_sent) {
  const std::optional<Destination> destination = lookup(subscription_arn);
  if (!destination) return;  // unsubscribed meanwhile, or it was no notification
  const base::Timestamp now = env_.clock.now();
  if (is_sent)
    destination->metrics->delivered(now);
  else
    destination->metrics->failed(now);
}

}  // namespace engine::sns
