#include <algorithm>

#include "aws/sns/errors.h"
#include "aws/validate.h"
#include "base/encoding.h"
#include "engine/record.h"
#include "engine/sns/delivery_policy.h"
#include "engine/sns/keys.h"
#include "engine/sns/limits.h"
#include "engine/sns/message_checks.h"
#include "engine/sns/service.h"
#include "engine/sns/topic_attributes.h"
#include "engine/tags.h"

namespace engine::sns {

using namespace aws::sns;

namespace {

bool is_topic_name(std::string_view name) {
  return !name.empty() && name.size() <= kTopicNameLengthMax && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

base::Result<void> check_tags(const aws::Map<std::string>& tags) {
  const std::optional<TagFault> fault = find_tag_fault(tags);
  if (!fault) return {};
  if (fault->kind == TagFault::Kind::too_many) {
    return base::fail(
        errors::tag_limit_exceeded_exception("Could not complete request: tag quota of per resource exceeded"));
  }
  const bool value = fault->kind == TagFault::Kind::value_length;
  return invalid_parameter("Tags Reason: " + (value ? "the value of " + fault->key : fault->key));
}

base::Result<aws::Map<std::string>> read_tags(const std::vector<Tag>& tags) {
  aws::Map<std::string> out;
  for (const Tag& tag : tags) {
    const std::string key = tag.key.value_or("");
    if (out.contains(key)) return invalid_parameter("Duplicated keys are not allowed.");
    out[key] = tag.value.value_or("");
  }
  TRY(check_tags(out));
  return out;
}

}  // namespace

base::Result<CreateTopicResponse> SnsService::create_topic(aws::Context& context, CreateTopicInput in) {
  const std::string name = in.name.value_or("");
  TopicRecord record;
  for (const auto& [key, value] : in.attributes.value_or(aws::Map<std::string>())) {
    if (key == "FifoTopic" && value == "true") {
      return invalid_parameter("Attributes Reason: FifoTopic=true is not supported by this engine");
    }
    TRY(set_topic_attribute(record.attributes, key, value));
  }
  if (!is_topic_name(name)) return invalid_parameter("Topic Name");
  TRY_ASSIGN(record.tags, read_tags(in.tags.value_or(std::vector<Tag>())));
  const std::lock_guard lock(mutex_);
  const std::string key = keys::topic(context.account, context.region, name);
  if (const auto found = topics_.find(key); found != topics_.end()) {
    const TopicRecord& existing = found->second.record;
    const auto same = [](const aws::Map<std::string>& asked, const aws::Map<std::string>& has) {
      return std::ranges::all_of(asked, [&](const auto& entry) {
        const std::string* value = has.find(entry.first);
        return value != nullptr && *value == entry.second;
      });
    };
    if (!same(record.attributes, existing.attributes)) {
      return invalid_parameter("Attributes Reason: Topic already exists with different attributes");
    }
    if (!same(record.tags, existing.tags)) {
      return invalid_parameter("Tags Reason: Topic already exists with different tags");
    }
    return CreateTopicResponse{existing.arn()};
  }
  if (topics_.size() >= kTopicsMax) {
    return base::fail(errors::topic_limit_exceeded_exception("The maximum number of topics has been reached"));
  }
  record.id = next_topic_id_++;
  record.account = context.account;
  record.region = context.region;
  record.name = name;
  store::WriteBatch batch;
  batch.put(std::string(keys::kNextIdKey), RecordWriter().number(1, next_topic_id_).take());
  batch.put(key, record.encode());
  store_.write(batch);
  CreateTopicResponse out{record.arn()};
  Topic& topic = topics_[key];
  topic.metrics = std::make_shared<TopicMetrics>(options_.metrics, record);
  topic.record = std::move(record);
  return out;
}

base::Result<DeleteTopicResponse> SnsService::delete_topic(aws::Context& context, DeleteTopicInput in) {
  const std::lock_guard lock(mutex_);
  const auto found = find_topic(context, in.topic_arn, "TopicArn", "sns:DeleteTopic");
  if (!found) {
    if (found.error().http_status == 404) return DeleteTopicResponse{};  // deleting twice is fine
    return base::fail(found.error());
  }
  const std::string subscriptions = keys::subscriptions((*found)->second.record.id);
  store::WriteBatch batch;
  batch.erase((*found)->first);
  batch.erase_range(subscriptions, store::prefix_end(subscriptions));
  store_.write(batch);
  subscription_count_ -= (*found)->second.subscriptions.size();
  topics_.erase(*found);
  return DeleteTopicResponse{};
}

base::Result<GetTopicAttributesResponse> SnsService::get_topic_attributes(aws::Context& context,
                                                                          GetTopicAttributesInput in) {
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto found, find_topic(context, in.topic_arn, "TopicArn", "sns:GetTopicAttributes"));
  const TopicRecord& record = found->second.record;
  std::size_t confirmed = 0;
  std::size_t pending = 0;
  std::size_t ended = 0;
  for (const auto& [uuid, subscription] : found->second.subscriptions) {
    const SubscriptionRecord& it = subscription->record;
    ++(it.ended ? ended : it.pending ? pending : confirmed);
  }
  GetTopicAttributesResponse out;
  auto& attributes = out.attributes.emplace();
  attributes["DisplayName"] = "";
  attributes["EffectiveDeliveryPolicy"] = effective_topic_text(attribute_of(record.attributes, "DeliveryPolicy"));
  attributes["Owner"] = record.account;
  attributes["Policy"] = topic_policy(record);
  attributes["SubscriptionsConfirmed"] = std::to_string(confirmed);
  attributes["SubscriptionsDeleted"] = std::to_string(ended);
  attributes["SubscriptionsPending"] = std::to_string(pending);
  attributes["TopicArn"] = record.arn();
  for (const auto& [name, value] : record.attributes) attributes[name] = value;
  return out;
}

base::Result<SetTopicAttributesResponse> SnsService::set_topic_attributes(aws::Context& context,
                                                                          SetTopicAttributesInput in) {
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto found, find_topic(context, in.topic_arn, "TopicArn", "sns:SetTopicAttributes"));
  if (in.attribute_name == "FifoTopic") return invalid_parameter("AttributeName");  // only CreateTopic takes it
  TopicRecord record = found->second.record;
  TRY(set_topic_attribute(record.attributes, in.attribute_name.value_or(""), in.attribute_value.value_or("")));
  store::WriteBatch batch;
  batch.put(found->first, record.encode());
  store_.write(batch);
  found->second.record = std::move(record);
  return SetTopicAttributesResponse{};
}

base::Result<ListTopicsResponse> SnsService::list_topics(aws::Context& context, ListTopicsInput in) {
  const std::string prefix = keys::topics(context.account, context.region);
  std::string from = prefix;
  if (in.next_token) {
    const auto last = base::base64_decode(*in.next_token);
    if (!last || !is_topic_name(*last)) return invalid_parameter("NextToken");
    from = keys::topic(context.account, context.region, *last) + '\0';
  }
  ListTopicsResponse out;
  auto& topics = out.topics.emplace();
  const std::lock_guard lock(mutex_);
  std::string last;
  for (auto at = topics_.lower_bound(from); at != topics_.end() && at->first.starts_with(prefix); ++at) {
    if (topics.size() == kPageMax) {
      out.next_token = base::base64_encode(last);
      break;
    }
    last = at->second.record.name;
    topics.push_back({at->second.record.arn()});
  }
  return out;
}

base::Result<SnsService::Topics::iterator> SnsService::find_tagged(const aws::Context& context,
                                                                   const OptionalText& arn) {
  auto found = find_topic(context, arn, "ResourceArn", "sns:TagResource");
  if (!found && found.error().http_status == 404) {
    return base::fail(errors::resource_not_found_exception("Resource does not exist"));
  }
  return found;
}

base::Result<TagResourceResponse> SnsService::tag_resource(aws::Context& context, TagResourceRequest in) {
  TRY_ASSIGN(const auto tags, read_tags(in.tags.value_or(std::vector<Tag>())));
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto found, find_tagged(context, in.resource_arn));
  TopicRecord record = found->second.record;
  for (const auto& [key, value] : tags) record.tags[key] = value;
  TRY(check_tags(record.tags));
  store::WriteBatch batch;
  batch.put(found->first, record.encode());
  store_.write(batch);
  found->second.record = std::move(record);
  return TagResourceResponse{};
}

base::Result<UntagResourceResponse> SnsService::untag_resource(aws::Context& context, UntagResourceRequest in) {
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto found, find_tagged(context, in.resource_arn));
  for (const std::string& key : in.tag_keys.value_or(std::vector<std::string>())) found->second.record.tags.erase(key);
  store::WriteBatch batch;
  batch.put(found->first, found->second.record.encode());
  store_.write(batch);
  return UntagResourceResponse{};
}

base::Result<ListTagsForResourceResponse> SnsService::list_tags_for_resource(aws::Context& context,
                                                                             ListTagsForResourceRequest in) {
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto found, find_tagged(context, in.resource_arn));
  ListTagsForResourceResponse out;
  auto& tags = out.tags.emplace();
  for (const auto& [key, value] : found->second.record.tags) tags.push_back({key, value});
  return out;
}

}  // namespace engine::sns
