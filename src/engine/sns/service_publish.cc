#include <algorithm>
#include <set>

#include "aws/sns/errors.h"
#include "engine/sns/limits.h"
#include "engine/sns/message_checks.h"
#include "engine/sns/service.h"

namespace engine::sns {

using namespace aws::sns;

namespace {

bool has_only_id_characters(std::string_view id) {
  return std::ranges::all_of(id, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

base::Result<void> check_count(std::size_t entries) {
  if (entries == 0) {
    return base::fail(errors::empty_batch_request_exception("The batch request doesn't contain any entries."));
  }
  if (entries > kBatchEntriesMax) {
    return base::fail(errors::too_many_entries_in_batch_request_exception(
        "The batch request contains more entries than permissible."));
  }
  return {};
}

// Texts as recorded 2025-12-23.
base::Result<void> check_ids(const std::vector<PublishBatchRequestEntry>& entries) {
  std::set<std::string> ids;
  for (const PublishBatchRequestEntry& entry : entries) {
    if (!ids.insert(entry.id.value_or("")).second) {
      return base::fail(
          errors::batch_entry_ids_not_distinct_exception("Two or more batch entries in the request have the same Id."));
    }
  }
  for (const PublishBatchRequestEntry& entry : entries) {
    const std::string id = entry.id.value_or("");
    if (id.size() > kBatchEntryIdLengthMax) {
      return base::fail(
          errors::invalid_batch_entry_id_exception("The Id of a batch entry in the batch request is too long: " + id));
    }
    if (id.empty() || !has_only_id_characters(id)) {
      return base::fail(errors::invalid_batch_entry_id_exception(
          "The Id of a batch entry in the batch request contains an impermissible character: " + id));
    }
  }
  return {};
}

// What AWS refuses in one message it refuses of the whole batch.
base::Result<std::vector<OutgoingMessage>> read_messages(std::vector<PublishBatchRequestEntry>& entries) {
  std::vector<OutgoingMessage> out;
  std::size_t bytes = 0;
  for (PublishBatchRequestEntry& entry : entries) {
    OutgoingMessage sizes{entry.message.value_or("")};
    if (entry.message_attributes) sizes.attributes = *entry.message_attributes;
    bytes += sizes.bytes();
    // A message that is too long for itself is so for the batch as well, which has a text of its own.
    if (bytes > kMessageBytesMax) break;
    TRY_ASSIGN(OutgoingMessage message, read_message(std::move(entry), out.size() + 1));
    out.push_back(std::move(message));
  }
  if (bytes > kMessageBytesMax) {
    return base::fail(errors::batch_request_too_long_exception(
        "The length of all the messages put together is more than the limit."));
  }
  return out;
}

}  // namespace

base::Result<SnsService::Audience> SnsService::audience(const aws::Context& context, const OptionalText& topic_arn) {
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto found, find_topic(context, topic_arn, "TopicArn", "sns:Publish"));
  Audience out{found->second.record, found->second.metrics, {}};
  for (const auto& [uuid, subscription] : found->second.subscriptions)
    if (!subscription->record.pending) out.subscriptions.push_back(subscription);
  return out;
}

base::Result<void> SnsService::send(const aws::Context& context, const Audience& audience,
                                    const std::vector<OutgoingMessage>& messages,
                                    const std::vector<std::string>& message_ids) {
  const std::string* version = audience.topic.attributes.find("SignatureVersion");
  store::WriteBatch batch;
  std::vector<std::pair<Outbox*, Outbox::Ticket>> tickets;
  if (outbox_.size() + web_outbox_.size() + messages.size() * audience.subscriptions.size() > kOutboxMax) {
    return base::fail({.code = "Throttling", .message = "Rate exceeded"});
  }
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const OutgoingMessage& message = messages[i];
    DeliveryRecord delivery;
    delivery.message_id = message_ids[i];
    delivery.subject = message.subject;
    delivery.message_group_id = message.message_group_id;
    delivery.published_at = context.now;
    delivery.signature_version = version == nullptr ? "1" : *version;
    delivery.base_url = context.endpoint.empty() ? options_.endpoint : context.endpoint;
    delivery.attributes = message.attributes;
    delivery.trace_header = context.trace_header;
    audience.metrics->published(message.bytes(), context.now);
    for (const SubscriptionPtr& subscription : audience.subscriptions) {
      const std::string& text = message.text_for(subscription->record.protocol);
      if (subscription->filter) {
        if (const auto mismatch = subscription->filter->mismatch(message.attributes, text)) {
          audience.metrics->filtered_out(*mismatch, context.now);
          continue;
        }
      }
      delivery.subscription_arn = subscription->record.arn();
      delivery.message = text;
      Outbox& outbox = outbox_for(subscription->record);
      tickets.emplace_back(&outbox, outbox.add(batch, context.now, context.now, delivery.encode()));
    }
  }
  store_.write(batch);
  for (const auto& [outbox, ticket] : tickets) outbox->release(ticket);
  return {};
}

base::Result<PublishResponse> SnsService::publish(aws::Context& context, PublishInput in) {
  if (in.topic_arn && in.target_arn) {
    return invalid_parameter("TopicArn or TargetArn Reason: both were given");
  }
  if (in.target_arn && in.target_arn->find(":endpoint/") != std::string::npos) {
    return invalid_parameter("TargetArn Reason: platform endpoints are not supported by this engine");
  }
  const OptionalText arn = in.topic_arn ? in.topic_arn : in.target_arn;
  if (!arn) return invalid_parameter("TopicArn or TargetArn Reason: no value for required parameter");
  TRY_ASSIGN(const Audience to, audience(context, arn));
  std::vector<OutgoingMessage> messages;
  TRY_ASSIGN(OutgoingMessage message, read_message(std::move(in)));
  messages.push_back(std::move(message));
  PublishResponse out{base::make_uuid(env_.random), {}};
  TRY(send(context, to, messages, {*out.message_id}));
  return out;
}

base::Result<PublishBatchResponse> SnsService::publish_batch(aws::Context& context, PublishBatchInput in) {
  auto entries = std::move(in.publish_batch_request_entries).value_or(std::vector<PublishBatchRequestEntry>());
  TRY(check_count(entries.size()));
  TRY_ASSIGN(const Audience to, audience(context, in.topic_arn));
  TRY(check_ids(entries));
  PublishBatchResponse out;
  auto& successful = out.successful.emplace();
  out.failed.emplace();
  std::vector<std::string> message_ids;
  for (PublishBatchRequestEntry& entry : entries) {
    message_ids.push_back(base::make_uuid(env_.random));
    successful.push_back({*entry.id, message_ids.back(), {}});
  }
  TRY_ASSIGN(const std::vector<OutgoingMessage> messages, read_messages(entries));
  TRY(send(context, to, messages, message_ids));
  return out;
}

}  // namespace engine::sns
