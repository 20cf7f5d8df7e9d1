#include "engine/logs/refusals.h"
#include "engine/logs/service.h"
#include "engine/logs/tags.h"
#include "engine/tags.h"

namespace engine::logs {

using namespace aws::logs;

base::Result<void> check_tags(const aws::Map<std::string>& tags, const std::string& name) {
  const std::optional<TagFault> fault = find_tag_fault(tags);
  if (!fault) return {};
  if (fault->kind == TagFault::Kind::too_many) {
    TooManyTagsException detail;
    detail.resource_name = name;
    return base::fail(errors::too_many_tags_exception("The resource has more than the 50 tags allowed.", detail));
  }
  if (fault->kind == TagFault::Kind::key_length) {
    return invalid_parameter("Tag keys must have 1 to 128 characters.");
  }
  if (fault->kind == TagFault::Kind::value_length) {
    return invalid_parameter("Tag values must have at most 256 characters.");
  }
  return invalid_parameter("Tag keys must not begin with aws:.");
}

base::Result<void> LogsService::add_tags(const aws::Context& context, const OptionalText& name, const OptionalText& arn,
                                         const std::optional<aws::Map<std::string>>& tags) {
  if (!tags) return missing("tags");
  TRY_ASSIGN(const auto found, find_group(context, name, arn));
  aws::Map<std::string> all = found->second.record.tags;
  for (const auto& [key, value] : *tags) all[key] = value;
  TRY(check_tags(all, found->second.record.name));
  found->second.record.tags = std::move(all);
  write_record(*found);
  return {};
}

base::Result<void> LogsService::remove_tags(const aws::Context& context, const OptionalText& name,
                                            const OptionalText& arn,
                                            const std::optional<std::vector<std::string>>& tag_keys) {
  if (!tag_keys) return missing("tagKeys");
  TRY_ASSIGN(const auto found, find_group(context, name, arn));
  for (const std::string& key : *tag_keys) found->second.record.tags.erase(key);
  write_record(*found);
  return {};
}

base::Result<ListTagsForResourceResponse> LogsService::list_tags_for_resource(aws::Context& context,
                                                                              ListTagsForResourceRequest in) {
  const auto lock = mutex_.lock();
  TRY_ASSIGN(const auto found, find_group(context, {}, in.resource_arn));
  return ListTagsForResourceResponse{found->second.record.tags};
}

base::Result<ListTagsLogGroupResponse> LogsService::list_tags_log_group(aws::Context& context,
                                                                        ListTagsLogGroupRequest in) {
  const auto lock = mutex_.lock();
  TRY_ASSIGN(const auto found, find_group(context, in.log_group_name));
  return ListTagsLogGroupResponse{found->second.record.tags};
}

base::Result<TagLogGroupResponse> LogsService::tag_log_group(aws::Context& context, TagLogGroupRequest in) {
  const auto lock = mutex_.lock();
  TRY(add_tags(context, in.log_group_name, {}, in.tags));
  return TagLogGroupResponse{};
}

base::Result<TagResourceResponse> LogsService::tag_resource(aws::Context& context, TagResourceRequest in) {
  const auto lock = mutex_.lock();
  TRY(add_tags(context, {}, in.resource_arn, in.tags));
  return TagResourceResponse{};
}

base::Result<UntagLogGroupResponse> LogsService::untag_log_group(aws::Context& context, UntagLogGroupRequest in) {
  const auto lock = mutex_.lock();
  TRY(remove_tags(context, in.log_group_name, {}, in.tags));
  return UntagLogGroupResponse{};
}

base::Result<UntagResourceResponse> LogsService::untag_resource(aws::Context& context, UntagResourceRequest in) {
  const auto lock = mutex_.lock();
  TRY(remove_tags(context, {}, in.resource_arn, in.tag_keys));
  return UntagResourceResponse{};
}

}  // namespace engine::logs
