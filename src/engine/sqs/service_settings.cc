// SqsService: attributes and tags of queues.
#include <algorithm>

#include "aws/sqs/errors.h"
#include "engine/sqs/limits.h"
#include "engine/sqs/message_checks.h"
#include "engine/sqs/service.h"
#include "engine/sqs/tags.h"

namespace engine::sqs {
namespace {

namespace errors = aws::sqs::errors;
using namespace aws::sqs;

constexpr std::string_view kReportedNames[] = {"ApproximateNumberOfMessages",
                                               "ApproximateNumberOfMessagesDelayed",
                                               "ApproximateNumberOfMessagesNotVisible",
                                               "CreatedTimestamp",
                                               "LastModifiedTimestamp",
                                               "QueueArn"};

struct Counts {
  std::size_t visible;
  std::size_t delayed;
  std::size_t in_flight;
};

std::string reported_text(std::string_view name, const QueueRecord& record, const Counts& counts) {
  if (name == "ApproximateNumberOfMessages") return std::to_string(counts.visible);
  if (name == "ApproximateNumberOfMessagesDelayed") return std::to_string(counts.delayed);
  if (name == "ApproximateNumberOfMessagesNotVisible") return std::to_string(counts.in_flight);
  if (name == "CreatedTimestamp") return std::to_string(base::to_epoch_seconds(record.created_at));
  if (name == "LastModifiedTimestamp") return std::to_string(base::to_epoch_seconds(record.modified_at));
  return record.arn();
}

}  // namespace

base::Result<GetQueueAttributesResult> SqsService::get_queue_attributes(aws::Context& context,
                                                                        GetQueueAttributesRequest in) {
  TRY_ASSIGN(const Queue queue, find_queue(context, in.queue_url, "sqs:GetQueueAttributes"));
  const auto& settable = settable_attribute_names();
  bool all = false;
  const auto names = std::move(in.attribute_names).value_or(std::vector<std::string>());
  for (const std::string& name : names) {
    all |= name == "All";
    if (name != "All" && !std::ranges::count(settable, name) && !std::ranges::count(kReportedNames, name)) {
      return base::fail(errors::invalid_attribute_name("Unknown Attribute " + name + "."));
    }
  }
  Counts counts{};
  {
    MessageIndex& index = *queue.messages;
    const base::Timestamp horizon = context.now - queue.record->attributes.retention();
    store::WriteBatch batch;
    const std::lock_guard lock(index.mutex);
    index.advance(context.now);
    if (!index.closed) index.expire(horizon, kExpiredPerOperation, batch);
    if (!batch.empty()) store_.write(batch);
    using State = MessageIndex::State;
    counts = {index.count(State::visible), index.count(State::delayed), index.count(State::in_flight)};
  }
  GetQueueAttributesResult out;
  const auto wanted = [&](std::string_view name) { return all || std::ranges::count(names, name) != 0; };
  aws::Map<std::string> attributes;
  for (const std::string_view name : kReportedNames)
    if (wanted(name)) attributes.append(std::string(name)) = reported_text(name, *queue.record, counts);
  for (const std::string_view name : settable) {
    const std::optional<std::string> text = queue.record->attributes.text(name);
    if (text && wanted(name)) attributes.append(std::string(name)) = *text;
  }
  if (!attributes.empty()) out.attributes = std::move(attributes);
  return out;
}

base::Result<SetQueueAttributesResponse> SqsService::set_queue_attributes(aws::Context& context,
                                                                          SetQueueAttributesRequest in) {
  if (!in.attributes) return base::fail(missing_parameter("Attributes"));
  TRY(check_policy(*in.attributes));
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto entry, find_entry(context, in.queue_url, "sqs:SetQueueAttributes"));
  const std::shared_ptr<MessageIndex> messages = entry->second.messages;
  QueueRecord record = *entry->second.record;
  const base::Duration old_delay = record.attributes.delay();
  TRY_ASSIGN(record.attributes, QueueAttributes::with(record.attributes, *in.attributes));
  if (in.attributes->contains("RedrivePolicy")) TRY(check_redrive(record, record.attributes));
  record.modified_at = context.now;
  const base::Duration delay = record.attributes.delay();
  replace_record(entry, std::move(record));
  if (messages->fifo() && delay != old_delay) {
    const std::lock_guard index_lock(messages->mutex);
    messages->delay_fifo(delay, context.now);
    messages->notify();  // a shorter delay may have ended
  }
  return SetQueueAttributesResponse{};
}

base::Result<ListQueueTagsResult> SqsService::list_queue_tags(aws::Context& context, ListQueueTagsRequest in) {
  TRY_ASSIGN(const Queue queue, find_queue(context, in.queue_url, "sqs:ListQueueTags"));
  ListQueueTagsResult out;
  if (!queue.record->tags.empty()) out.tags = queue.record->tags;
  return out;
}

base::Result<TagQueueResponse> SqsService::tag_queue(aws::Context& context, TagQueueRequest in) {
  if (!in.tags) return base::fail(missing_parameter("Tags"));
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto entry, find_entry(context, in.queue_url, "sqs:TagQueue"));
  QueueRecord record = *entry->second.record;
  for (const auto& [key, value] : *in.tags) record.tags[key] = value;
  TRY(check_tags(record.tags, record.name));
  replace_record(entry, std::move(record));
  return TagQueueResponse{};
}

base::Result<UntagQueueResponse> SqsService::untag_queue(aws::Context& context, UntagQueueRequest in) {
  if (!in.tag_keys) return base::fail(missing_parameter("TagKeys"));
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto entry, find_entry(context, in.queue_url, "sqs:UntagQueue"));
  QueueRecord record = *entry->second.record;
  for (const std::string& key : *in.tag_keys) record.tags.erase(key);
  replace_record(entry, std::move(record));
  return UntagQueueResponse{};
}

}  // namespace engine::sqs
