// The attributes of topics and subscriptions: which can be set, to what, and what is shown. Pure functions. Rules:
// SNS API reference, SetTopicAttributes and SetSubscriptionAttributes; protocols.md 4.2 items 2, 7 and 8.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "engine/sns/records.h"

namespace engine::sns {

// Sets a topic's attribute; an empty value brings the default back. Attributes that AWS has and this engine has not
// (FIFO topics, KMS keys, delivery status logging, ...) are refused by name, unless the value is what a topic has
// anyway.
base::Result<void> set_topic_attribute(aws::Map<std::string>& attributes, const std::string& name,
                                       const std::string& value);
// The access policy in force.
std::string topic_policy(const TopicRecord& topic);

// Sets an attribute of a subscription with `protocol`. FilterPolicy is only checked once all are set: check_filter().
base::Result<void> set_subscription_attribute(aws::Map<std::string>& attributes, std::string_view protocol,
                                              const std::string& name, const std::string& value);
// What AWS answers for a subscription, except PendingConfirmation and EffectiveDeliveryPolicy.
aws::Map<std::string> shown_attributes(const SubscriptionRecord& subscription);
// The queue of a RedrivePolicy; empty if there is none.
std::string dead_letter_queue_arn(const SubscriptionRecord& subscription);

}  // namespace engine::sns
