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

std::string signature(const DeliveryRecord& delivery, const SubscriptionRecord& subscription, const Signer& signer,
                      std::string_view version) {
  return signer.sign(text_to_sign(delivery, subscription.topic_arn), version);
}

std::string confirmation_text(const DeliveryRecord& delivery, const std::string& topic_arn) {
  if (delivery.kind == DeliveryRecord::Kind::end) {
    return "You have chosen to deactivate subscription " + delivery.subscription_arn +
           ".\nTo cancel this operation and restore the subscription, visit the SubscribeURL included in this message.";
  }
  return "You have chosen to subscribe to the topic " + topic_arn +
         ".\nTo confirm the subscription, visit the SubscribeURL included in this message.";
}

// Writes the members of an envelope one under the other, as AWS does.
class EnvelopeWriter {
 public:
  void add(std::string_view key, std::string_view value) {
    if (out_.size() > 1) out_ += ",";
    out_.append("\n  \"").append(key).append("\" : ");
    runtime::append_json_string(out_, value);
  }
  void add_raw(std::string_view text) { out_.append(text); }
  std::string take() { return out_ + "\n}"; }

 private:
  std::string out_ = "{";
};

void add_signature(EnvelopeWriter& writer, const DeliveryRecord& delivery, const SubscriptionRecord& subscription,
                   const Signer& signer) {
  writer.add("Timestamp", base::format_iso8601_milliseconds(delivery.published_at));
  writer.add("SignatureVersion", delivery.signature_version);
  writer.add("Signature", signature(delivery, subscription, signer, delivery.signature_version));
  writer.add("SigningCertURL", certificate_url(delivery, signer));
}

}  // namespace

std::string_view type_of(DeliveryRecord::Kind kind) {
  switch (kind) {
    case DeliveryRecord::Kind::confirmation:
      return "SubscriptionConfirmation";
    case DeliveryRecord::Kind::end:
      return "UnsubscribeConfirmation";
    case DeliveryRecord::Kind::notification:
      break;
  }
  return "Notification";
}

std::string confirmation_json(const DeliveryRecord& delivery, const SubscriptionRecord& subscription,
                              const Signer& signer) {
  EnvelopeWriter writer;
  writer.add("Type", type_of(delivery.kind));
  writer.add("MessageId", delivery.message_id);
  writer.add("Token", delivery.message);
  writer.add("TopicArn", subscription.topic_arn);
  writer.add("Message", confirmation_text(delivery, subscription.topic_arn));
  writer.add("SubscribeURL", subscribe_url(delivery, subscription.topic_arn));
  add_signature(writer, delivery, subscription, signer);
  return writer.take();
}

std::string text_to_sign(const DeliveryRecord& delivery, const std::string& topic_arn) {
  std::string out;
  const auto add = [&](std::string_view key, std::string_view value) {
    out.append(key).append("\n").append(value).append("\n");
  };
  const bool confirmation = delivery.kind != DeliveryRecord::Kind::notification;
  add("Message", confirmation ? confirmation_text(delivery, topic_arn) : delivery.message);
  add("MessageId", delivery.message_id);
  if (delivery.subject) add("Subject", *delivery.subject);
  if (confirmation) add("SubscribeURL", subscribe_url(delivery, topic_arn));
  add("Timestamp", base::format_iso8601_milliseconds(delivery.published_at));
  if (confirmation) add("Token", delivery.message);
  add("TopicArn", topic_arn);
  add("Type", type_of(delivery.kind));
  return out;
}

std::string subscribe_url(const DeliveryRecord& delivery, const std::string& topic_arn) {
  return delivery.base_url + "/?Action=ConfirmSubscription&TopicArn=" + topic_arn + "&Token=" + delivery.message;
}

std::string unsubscribe_url(const DeliveryRecord& delivery) {
  return delivery.base_url + "/?Action=Unsubscribe&SubscriptionArn=" + delivery.subscription_arn;
}

std::string notification_json(const DeliveryRecord& delivery, const SubscriptionRecord& subscription,
                              const Signer& signer) {
  EnvelopeWriter writer;
  writer.add("Type", "Notification");
  writer.add("MessageId", delivery.message_id);
  writer.add("TopicArn", subscription.topic_arn);
  if (delivery.subject) writer.add("Subject", *delivery.subject);
  writer.add("Message", delivery.message);
  add_signature(writer, delivery, subscription, signer);
  writer.add("UnsubscribeURL", unsubscribe_url(delivery));
  if (!delivery.attributes.empty()) {
    std::string out = ",\n  \"MessageAttributes\" : {";
    bool first = true;
    std::string scratch;
    for (const auto& [name, value] : delivery.attributes) {
      out += (first ? "\n    " : ",\n    ") + quoted(name) + " : {\"Type\":" + quoted(*value.data_type) +
             ",\"Value\":" + quoted(attribute_text(value, scratch)) + "}";
      first = false;
    }
    writer.add_raw(out + "\n  }");
  }
  return writer.take();
}

std::string lambda_event_json(const DeliveryRecord& delivery, const SubscriptionRecord& subscription,
                              const Signer& signer) {
  std::string out = R"({"Records":[{"EventSource":"aws:sns","EventVersion":"1.0","EventSubscriptionArn":)";
  out += quoted(delivery.subscription_arn) + R"(,"Sns":{"Type":"Notification","MessageId":)";
  out += quoted(delivery.message_id) + R"(,"TopicArn":)" + quoted(subscription.topic_arn) + R"(,"Subject":)";
  out += (delivery.subject ? quoted(*delivery.subject) : "null") + R"(,"Message":)" + quoted(delivery.message);
  out += R"(,"Timestamp":)" + quoted(base::format_iso8601_milliseconds(delivery.published_at));
  // Always "1", whatever the topic's SignatureVersion.
  out += R"(,"SignatureVersion":"1","Signature":)" + quoted(signature(delivery, subscription, signer, "1"));
  out += R"(,"SigningCertUrl":)";
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
         "\n\nTo confirm this subscription, visit the link below or confirm it with this token:\n" +
         subscribe_url(delivery, subscription.topic_arn) + "\n\nToken: " + delivery.message +
         "\n\nIf this was in error, no action is necessary.\n";
}

}  // namespace engine::sns
