#include "engine/sns/records.h"

#include "engine/arn.h"
#include "engine/record.h"

namespace engine::sns {
namespace {

using Texts = aws::Map<std::string>;

void write_texts(RecordWriter& writer, uint32_t field, const Texts& texts) {
  for (const auto& [key, value] : texts) writer.pair(field, key, value);
}
void read_text(const RecordReader& reader, Texts& texts) {
  auto [key, value] = reader.pair();
  texts[key] = std::move(value);
}

}  // namespace

std::string TopicRecord::arn() const {
  return make_arn("sns", region, account, name);
}

std::string TopicRecord::encode() const {
  RecordWriter writer;
  writer.number(1, id).text(2, account).text(3, region).text(4, name);
  write_texts(writer, 5, attributes);
  write_texts(writer, 6, tags);
  return writer.take();
}

std::optional<TopicRecord> TopicRecord::decode(std::string_view bytes) {
  TopicRecord out;
  RecordReader reader(bytes);
  while (reader.next()) {
    switch (reader.field()) {
      case 1:
        out.id = reader.number();
        break;
      case 2:
        out.account = reader.text();
        break;
      case 3:
        out.region = reader.text();
        break;
      case 4:
        out.name = reader.text();
        break;
      case 5:
        read_text(reader, out.attributes);
        break;
      case 6:
        read_text(reader, out.tags);
        break;
      default:
        break;
    }
  }
  return reader.ok() ? std::optional(std::move(out)) : std::nullopt;
}

std::string_view attribute_of(const aws::Map<std::string>& attributes, std::string_view name) {
  const std::string* value = attributes.find(name);
  return value == nullptr ? std::string_view() : *value;
}

bool SubscriptionRecord::raw() const {
  return attribute_of(attributes, "RawMessageDelivery") == "true";
}

std::string SubscriptionRecord::encode() const {
  RecordWriter writer;
  writer.text(1, uuid).text(2, topic_arn).text(3, protocol).text(4, endpoint).text(5, owner).text(6, principal);
  writer.number(7, pending ? 1 : 0).number(8, authenticated ? 1 : 0).text(9, token);
  writer.time(10, token_expires_at);
  write_texts(writer, 11, attributes);
  writer.number(12, signed_unsubscribe ? 1 : 0).number(13, ended ? 1 : 0);
  return writer.take();
}

std::optional<SubscriptionRecord> SubscriptionRecord::decode(std::string_view bytes) {
  SubscriptionRecord out;
  RecordReader reader(bytes);
  while (reader.next()) {
    switch (reader.field()) {
      case 1:
        out.uuid = reader.text();
        break;
      case 2:
        out.topic_arn = reader.text();
        break;
      case 3:
        out.protocol = reader.text();
        break;
      case 4:
        out.endpoint = reader.text();
        break;
      case 5:
        out.owner = reader.text();
        break;
      case 6:
        out.principal = reader.text();
        break;
      case 7:
        out.pending = reader.number() != 0;
        break;
      case 8:
        out.authenticated = reader.number() != 0;
        break;
      case 9:
        out.token = reader.text();
        break;
      case 10:
        out.token_expires_at = reader.time();
        break;
      case 11:
        read_text(reader, out.attributes);
        break;
      case 12:
        out.signed_unsubscribe = reader.number() != 0;
        break;
      case 13:
        out.ended = reader.number() != 0;
        break;
      default:
        break;
    }
  }
  return reader.ok() ? std::optional(std::move(out)) : std::nullopt;
}

std::string DeliveryRecord::encode() const {
  RecordWriter writer;
  writer.number(1, static_cast<uint64_t>(kind)).text(2, subscription_arn).text(3, message_id).text(4, message);
  if (subject) writer.text(5, *subject);
  if (message_group_id) writer.text(6, *message_group_id);
  writer.time(7, published_at).text(8, signature_version).text(9, base_url);
  for (const auto& [name, value] : attributes) {
    RecordWriter attribute;
    attribute.text(1, name).text(2, value.data_type.value_or(""));
    if (value.string_value) attribute.text(3, *value.string_value);
    if (value.binary_value) attribute.text(4, *value.binary_value);
    writer.record(10, std::move(attribute));
  }
  if (!trace_header.empty()) writer.text(11, trace_header);
  return writer.take();
}

std::optional<DeliveryRecord> DeliveryRecord::decode(std::string_view bytes) {
  DeliveryRecord out;
  RecordReader reader(bytes);
  while (reader.next()) {
    switch (reader.field()) {
      case 1:
        out.kind = static_cast<Kind>(reader.number());
        break;
      case 2:
        out.subscription_arn = reader.text();
        break;
      case 3:
        out.message_id = reader.text();
        break;
      case 4:
        out.message = reader.text();
        break;
      case 5:
        out.subject = reader.text();
        break;
      case 6:
        out.message_group_id = reader.text();
        break;
      case 7:
        out.published_at = reader.time();
        break;
      case 8:
        out.signature_version = reader.text();
        break;
      case 9:
        out.base_url = reader.text();
        break;
      case 10: {
        std::string name;
        aws::sns::MessageAttributeValue value;
        for (RecordReader part(reader.text()); part.next();) {
          if (part.field() == 1) name = part.text();
          if (part.field() == 2) value.data_type = part.text();
          if (part.field() == 3) value.string_value = part.text();
          if (part.field() == 4) value.binary_value = part.text();
        }
        out.attributes[name] = std::move(value);
        break;
      }
      case 11:
        out.trace_header = reader.text();
        break;
      default:
        break;
    }
  }
  return reader.ok() ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace engine::sns
