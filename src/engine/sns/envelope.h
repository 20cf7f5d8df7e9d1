// The documents in which SNS delivers a message. Pure functions. Layouts: protocols.md 4.2 items 12, 14 and 15.
#pragma once

#include <string>

#include "engine/sns/records.h"
#include "engine/sns/signer.h"

namespace engine::sns {

// The body for SQS without raw delivery, and for email-json.
std::string notification_json(const DeliveryRecord& delivery, const SubscriptionRecord& subscription,
                              const Signer& signer);
// The Type of an envelope.
std::string_view type_of(DeliveryRecord::Kind kind);
// What an http(s) endpoint gets to confirm a subscription with, or to restore it with once it has ended it.
std::string confirmation_json(const DeliveryRecord& delivery, const SubscriptionRecord& subscription,
                              const Signer& signer);
// The event for Lambda.
std::string lambda_event_json(const DeliveryRecord& delivery, const SubscriptionRecord& subscription,
                              const Signer& signer);
// What is signed: "Key\nValue\n" for Message, MessageId, Subject (if any), Timestamp, TopicArn and Type of a
// notification; for Message, MessageId, SubscribeURL, Timestamp, Token, TopicArn and Type of the others.
std::string text_to_sign(const DeliveryRecord& delivery, const std::string& topic_arn);
std::string unsubscribe_url(const DeliveryRecord& delivery);
std::string subscribe_url(const DeliveryRecord& delivery, const std::string& topic_arn);
// The text of mails: the message and how to unsubscribe, or how to confirm.
std::string notification_mail(const DeliveryRecord& delivery);
std::string confirmation_mail(const DeliveryRecord& delivery, const SubscriptionRecord& subscription);

}  // namespace engine::sns
