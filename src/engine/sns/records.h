// The records of SNS in the store: topics, subscriptions and deliveries owed. Plain values; records that stand in the
// service's directory are immutable and replaced as a whole.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "aws/sns/shapes.h"
#include "base/time.h"

namespace engine::sns {

using MessageAttributes = aws::Map<aws::sns::MessageAttributeValue>;

struct TopicRecord {
  uint64_t id = 0;  // never used again, also not for a topic of the same name
  std::string account;
  std::string region;
  std::string name;
  aws::Map<std::string> attributes;  // as set; what is absent has its default
  aws::Map<std::string> tags;

  [[nodiscard]] std::string arn() const;
  [[nodiscard]] std::string encode() const;
  static std::optional<TopicRecord> decode(std::string_view bytes);  // nullopt: not a record
};

struct SubscriptionRecord {
  std::string uuid;  // the last part of the ARN
  std::string topic_arn;
  std::string protocol;
  std::string endpoint;
  std::string owner;
  std::string principal;  // ARN of who subscribed
  bool pending = false;
  bool authenticated = false;  // the confirmation was
  bool signed_unsubscribe =
      false;          // only a signed call may end it: AuthenticateOnUnsubscribe, in a signed confirmation
  std::string token;  // of the confirmation, also afterwards; empty if none was needed
  base::Timestamp token_expires_at;
  // Its endpoint ended it by the link in a message; until the token expires it can be restored. Pending meanwhile.
  bool ended = false;
  aws::Map<std::string> attributes;  // FilterPolicy, FilterPolicyScope, RawMessageDelivery, RedrivePolicy as set

  [[nodiscard]] std::string arn() const { return topic_arn + ":" + uuid; }
  [[nodiscard]] bool raw() const;
  [[nodiscard]] bool web() const { return protocol == "http" || protocol == "https"; }
  [[nodiscard]] bool mail() const { return protocol == "email" || protocol == "email-json"; }
  [[nodiscard]] std::string encode() const;
  static std::optional<SubscriptionRecord> decode(std::string_view bytes);
};

// What the attribute is set to, or empty.
std::string_view attribute_of(const aws::Map<std::string>& attributes, std::string_view name);

// One message on its way to one subscription: the payload of an outbox entry.
struct DeliveryRecord {
  // confirmation: a request to confirm a subscription; end: that it was ended, and how to restore it.
  enum class Kind : uint8_t { notification = 1, confirmation = 2, end = 3 };
  Kind kind = Kind::notification;
  std::string subscription_arn;
  std::string message_id;
  std::string message;  // the one for the subscription's protocol; the token if this is no notification
  std::optional<std::string> subject = {};
  std::optional<std::string> message_group_id = {};
  base::Timestamp published_at;
  std::string signature_version = "1";
  std::string base_url;  // for the URLs in the envelope
  MessageAttributes attributes = {};
  std::string trace_header = {};  // X-Amzn-Trace-Id of the publish, or empty

  [[nodiscard]] std::string encode() const;
  static std::optional<DeliveryRecord> decode(std::string_view bytes);
};

}  // namespace engine::sns
