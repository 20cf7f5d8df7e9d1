#include "engine/sns/envelope.h"

#include <string_view>

#include "base/encoding.h"
#include "runtime/json_text.h"

namespace engine::sns {
namespace {

std::string quoted(std::string_view text) {
  std::string out;
  runtime::append_json_string(out, text);
  return out;
}

const std::string& attribute_text(const aws::sns::MessageAttributeValue& value, std::string& scratch) {
  if (!value.binary_value) return *value.string_value;
  return scratch = base::base64_encode(*value.binary_value);
}

std::string certificate_url(const DeliveryRecord& delivery, const Signer& signer) {
  return delivery.base_url + "/" + signer.certificate_name();
}

std::string signature(const DeliveryRecord& delivery, const SubscriptionRecord& subscription, const Signer& signer) {
  return signer.sign(text_to_sign(delivery, subscription.topic_arn), delivery.signature_version);
}

}  // namespace

std::string text_to_sign(const DeliveryRecord& delivery, const std::string& topic_arn) {
  std::string out;
  const auto add = [&](std::string_view key, std::string_view value) {
    out.append(key).append("\n").append(value).append("\n");
  };
  add("Message", delivery.message);
  add("MessageId", delivery.message_id);
  if (delivery.subject) add("Subject", *delivery.subject);
  add("Timestamp", base::format_iso8601_milliseconds(delivery.published_at));
  add("TopicArn", topic_arn);
  add("Type", "Notification");
  return out;
}

std::string unsubscribe_url(const DeliveryRecord& delivery) {
  return delivery.base_url + "/?Action=Unsubscribe&SubscriptionArn=" + delivery.subscription_arn;
}

std::string notification_json(const DeliveryRecord& delivery, const SubscriptionRecord& subscription,
                              const Signer& signer) {
  std::string out = "{";
  const auto add = [&](std::string_view key, std::string_view value) {
    if (out.size() > 1) out += ",";
    out.append("\n  \"").append(key).append("\" : ");
    runtime::append_json_string(out, value);
  };
  add("Type", "Notification");
  add("MessageId", delivery.message_id);
  add("TopicArn", subscription.topic_arn);
  if (delivery.subject) add("Subject", *delivery.subject);
  add("Message", delivery.message);
  add("Timestamp", base::format_iso8601_milliseconds(delivery.published_at));
  add("SignatureVersion", delivery.signature_version);
  add("Signature", signature(delivery, subscription, signer));
  add("SigningCertURL", certificate_url(delivery, signer));
  add("UnsubscribeURL", unsubscribe_url(delivery));
  if (!delivery.attributes.empty()) {
    out += ",\n  \"MessageAttributes\" : {";
    bool first = true;
    std::string scratch;
    for (const auto& [name, value] : delivery.attributes) {
      out += (first ? "\n    " : ",\n    ") + quoted(name) + " : {\"Type\":" + quoted(*value.data_type) +
             ",\"Value\":" + quoted(attribute_text(value, scratch)) + "}";
      first = false;
    }
    out += "\n  }";
  }
  return out + "\n}";
}

std::string lambda_event_json(const DeliveryRecord& delivery, const SubscriptionRecord& subscription,
                              const Signer& signer) {
  std::string out = R"({"Records":[{"EventSource":"aws:sns","EventVersion":"1.0","EventSubscriptionArn":)";
  out += quoted(delivery.subscription_arn) + R"(,"Sns":{"Type":"Notification","MessageId":)";
  out += quoted(delivery.message_id) + R"(,"TopicArn":)" + quoted(subscription.topic_arn) + R"(,"Subject":)";
  out += (delivery.subject ? quoted(*delivery.subject) : "null") + R"(,"Message":)" + quoted(delivery.message);
  out += R"(,"Timestamp":)" + quoted(base::format_iso8601_milliseconds(delivery.published_at));
  out += R"(,"SignatureVersion":)" + quoted(delivery.signature_version) + R"(,"Signature":)";
  out += quoted(signature(delivery, subscription, signer)) + R"(,"SigningCertUrl":)";
  out += quoted(certificate_url(delivery, signer)) + R"(,"UnsubscribeUrl":)" + quoted(unsubscribe_url(delivery));
  out += R"(,"MessageAttributes":{)";
  bool first = true;
  std::string scratch;
  for (const auto& [name, value] : delivery.attributes) {
    out += (first ? "" : ",") + quoted(name) + R"(:{"Type":)" + quoted(*value.data_type) + R"(,"Value":)" +
           quoted(attribute_text(value, scratch)) + "}";
    first = false;
  }
  return out + "}}}]}";
}

std::string notification_mail(const DeliveryRecord& delivery) {
  return delivery.message +
         "\n\n--\nIf you wish to stop receiving notifications from this topic, please visit the link below to "
         "unsubscribe:\n" +
         unsubscribe_url(delivery) + "\n";
}

std::string confirmation_mail(const DeliveryRecord& delivery, const SubscriptionRecord& subscription) {
  return "You have chosen to subscribe to the topic:\n" + subscription.topic_arn +
         "\n\nTo confirm this subscription, visit the link below or confirm it with this token:\n" + delivery.base_url +
         "/?Action=ConfirmSubscription&TopicArn=" + subscription.topic_arn + "&Token=" + delivery.message +
         "\n\nToken: " + delivery.message + "\n\nIf this was in error, no action is necessary.\n";
}

}  // namespace engine::sns
