// DeliveryPolicy: how often and when SNS tries an http(s) endpoint again, as a topic and a subscription say it. Plain
// values; pure functions. Rules: SNS Developer Guide, "Creating an HTTP/S delivery policy"; the default is what
// GetTopicAttributes shows as EffectiveDeliveryPolicy (protocols.md 4.2 item 2).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace engine::sns {

// The four phases: at once, every min_delay_seconds, backing off, every max_delay_seconds.
struct RetryPolicy {
  enum class Backoff : uint8_t { linear, arithmetic, geometric, exponential };
  int64_t min_delay_seconds = 20;
  int64_t max_delay_seconds = 20;
  int64_t retries = 3;  // in all phases together
  int64_t max_delay_retries = 0;
  int64_t no_delay_retries = 0;
  int64_t min_delay_retries = 0;
  Backoff backoff = Backoff::linear;

  // How long to wait before retry `number` (the first is 0); nullopt: it is not made.
  [[nodiscard]] std::optional<base::Duration> delay(uint64_t number) const;
};

struct DeliveryPolicy {
  std::optional<RetryPolicy> retry;
  std::optional<std::string> content_type;
  bool disables_overrides = false;  // of a topic: what subscriptions say does not count

  // Each fails with InvalidParameter, naming the member, unless the text is a JSON object of members that are honoured
  // (throttlePolicy is not). The two levels have different names for the same things.
  static base::Result<DeliveryPolicy> parse_topic(std::string_view json);
  static base::Result<DeliveryPolicy> parse_subscription(std::string_view json);
};

// What holds for a subscription.
struct EffectiveDeliveryPolicy {
  RetryPolicy retry;
  std::string content_type;
};
// Texts as stored (parsed when they were set); an empty one is unset.
EffectiveDeliveryPolicy effective_policy(std::string_view topic_json, std::string_view subscription_json);

// As GetTopicAttributes and GetSubscriptionAttributes show it.
std::string effective_topic_text(std::string_view topic_json);
std::string effective_subscription_text(std::string_view topic_json, std::string_view subscription_json);

}  // namespace engine::sns
