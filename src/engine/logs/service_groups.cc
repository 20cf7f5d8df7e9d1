#include <algorithm>
#include <array>

#include "aws/validate.h"
#include "base/encoding.h"
#include "engine/logs/event_text.h"
#include "engine/logs/keys.h"
#include "engine/logs/limits.h"
#include "engine/logs/refusals.h"
#include "engine/logs/service.h"
#include "engine/logs/tags.h"

namespace engine::logs {

using namespace aws::logs;

namespace {

constexpr std::array kRetentionDays = {1,   3,   5,   7,   14,   30,   60,   90,   120,  150,  180,
                                       365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653};

// Where a page of groups begins whose names begin with `prefix`; the token is the last name of the page before.
base::Result<std::string> page_begin(const aws::Context& context, const std::optional<std::string>& token,
                                     const std::string& prefix) {
  if (!token) return prefix;
  const auto last = base::base64_decode(*token);
  if (!last || last->empty()) return bad_token();
  return std::max(prefix, keys::group(context.account, context.region, *last) + '\0');
}

// The pattern of ListLogGroups: parts between "|", each of which must occur in the name, at its begin after "^" (API
// reference). Its form has been checked.
bool fits_pattern(std::string_view name, std::string_view pattern) {
  while (true) {
    std::string_view part = pattern.substr(0, pattern.find('|'));
    pattern.remove_prefix(part.size());
    const bool at_begin = part.starts_with('^');
    part.remove_prefix(at_begin ? 1 : 0);
    if (at_begin ? name.starts_with(part) : occurs_in(name, part)) return true;
    if (pattern.empty()) return false;
    pattern.remove_prefix(1);
  }
}

// Whether the group has all these tags; a filter without values asks for the key alone.
bool has_tags(const aws::Map<std::string>& tags, const std::vector<TagFilter>& filters) {
  return std::ranges::all_of(filters, [&](const TagFilter& filter) {
    const std::string* value = tags.find(filter.key.value_or(""));
    if (value == nullptr || !filter.values || filter.values->empty()) return value != nullptr;
    return std::ranges::find(*filter.values, *value) != filter.values->end();
  });
}

}  // namespace

base::Result<CreateLogGroupResponse> LogsService::create_log_group(aws::Context& context, CreateLogGroupRequest in) {
  if (!in.log_group_name || in.log_group_name->empty()) return missing("logGroupName");
  TRY(check_length(in.log_group_name));
  if (in.log_group_class.value_or("STANDARD") != "STANDARD") {
    return base::fail(aws::unsupported_parameter(kService, "logGroupClass " + *in.log_group_class));
  }
  if (in.tags) TRY(check_tags(*in.tags, *in.log_group_name));
  const auto lock = mutex_.lock();
  const std::string key = keys::group(context.account, context.region, *in.log_group_name);
  if (groups_.contains(key)) {
    return base::fail(errors::resource_already_exists_exception("The specified log group already exists"));
  }
  if (groups_.size() >= kGroupsMax) return base::fail(errors::limit_exceeded_exception("Resource limit exceeded."));
  store::WriteBatch batch;
  Group group;
  group.record.id = take_id(batch);
  group.record.account = context.account;
  group.record.region = context.region;
  group.record.name = std::move(*in.log_group_name);
  group.record.created_ms = base::to_epoch_milliseconds(context.now);
  if (in.tags) group.record.tags = std::move(*in.tags);
  batch.put(key, group.record.encode());
  store_.write(batch);
  groups_.emplace(key, std::move(group));
  return CreateLogGroupResponse{};
}

base::Result<DeleteLogGroupResponse> LogsService::delete_log_group(aws::Context& context, DeleteLogGroupRequest in) {
  Groups::node_type removed;  // destroyed without the lock: it may have many streams
  const auto lock = mutex_.lock();
  TRY_ASSIGN(const auto found, find_group(context, in.log_group_name));
  store::WriteBatch batch;
  batch.erase(found->first);
  for (const std::string_view table : {keys::kStreamTable, keys::kEventTable, keys::kMetricFilterTable}) {
    const std::string rows = keys::group_rows(table, found->second.record.id);
    batch.erase_range(rows, store::prefix_end(rows));
  }
  store_.write(batch);
  stream_count_ -= found->second.streams.size();
  metric_filter_count_ -= found->second.metric_filters.size();
  removed = groups_.extract(found);
  return DeleteLogGroupResponse{};
}

base::Result<DescribeLogGroupsResponse> LogsService::describe_log_groups(aws::Context& context,
                                                                         DescribeLogGroupsRequest in) {
  if (in.log_group_name_prefix && in.log_group_name_pattern) {
    return invalid_parameter("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.");
  }
  TRY(check_length(in.log_group_name_prefix));
  DescribeLogGroupsResponse out;
  auto& shown = out.log_groups.emplace();
  if (in.log_group_class.value_or("STANDARD") != "STANDARD") return out;  // there are none of another class
  const std::string prefix =
      keys::groups(context.account, context.region) + in.log_group_name_prefix.value_or("");  // names have no NUL
  TRY_ASSIGN(const std::string from, page_begin(context, in.next_token, prefix));
  const auto limit = static_cast<std::size_t>(std::clamp(in.limit.value_or(kDescribeMax), 1, kDescribeMax));
  each_group(from, prefix, [&](const Groups::value_type& at) {
    const GroupRecord& record = at.second.record;
    if (in.log_group_name_pattern && !occurs_in(record.name, *in.log_group_name_pattern)) return true;
    if (shown.size() == limit) {
      out.next_token = base::base64_encode(*shown.back().log_group_name);
      return false;
    }
    LogGroup& group = shown.emplace_back();
    group.log_group_name = record.name;
    group.log_group_arn = record.arn();
    group.arn = record.arn() + ":*";
    group.creation_time = record.created_ms;
    group.log_group_class = "STANDARD";
    group.metric_filter_count = static_cast<int32_t>(at.second.metric_filters.size());
    if (record.retention_days != 0) group.retention_in_days = record.retention_days;
    if (in.log_group_name_pattern) return true;  // which AWS's answer is shorter for
    group.deletion_protection_enabled = false;
    group.stored_bytes = static_cast<int64_t>(at.second.stored_bytes);
    return true;
  });
  return out;
}

base::Result<ListLogGroupsResponse> LogsService::list_log_groups(aws::Context& context, ListLogGroupsRequest in) {
  ListLogGroupsResponse out;
  auto& shown = out.log_groups.emplace();
  if (in.log_group_class.value_or("STANDARD") != "STANDARD") return out;  // there are none of another class
  const std::string prefix = keys::groups(context.account, context.region);
  TRY_ASSIGN(const std::string from, page_begin(context, in.next_token, prefix));
  const auto limit = static_cast<std::size_t>(std::clamp(in.limit.value_or(kDescribeMax), 1, kListGroupsMax));
  each_group(from, prefix, [&](const Groups::value_type& at) {
    const GroupRecord& record = at.second.record;
    if (in.log_group_name_pattern && !fits_pattern(record.name, *in.log_group_name_pattern)) return true;
    if (in.log_group_tags && !has_tags(record.tags, *in.log_group_tags)) return true;
    if (shown.size() == limit) {
      out.next_token = base::base64_encode(*shown.back().log_group_name);
      return false;
    }
    shown.push_back({record.name, record.arn(), "STANDARD"});
    return true;
  });
  return out;
}

base::Result<void> LogsService::set_retention(const aws::Context& context, const OptionalText& name, int32_t days) {
  const auto lock = mutex_.lock();
  TRY_ASSIGN(const auto found, find_group(context, name));
  found->second.record.retention_days = days;
  write_record(*found);
  return {};
}

base::Result<PutRetentionPolicyResponse> LogsService::put_retention_policy(aws::Context& context,
                                                                           PutRetentionPolicyRequest in) {
  if (!in.retention_in_days) return missing("retentionInDays");
  if (std::ranges::find(kRetentionDays, *in.retention_in_days) == kRetentionDays.end()) {
    std::string valid;
    for (const int days : kRetentionDays) valid += (valid.empty() ? "" : ", ") + std::to_string(days);
    return invalid_parameter("1 validation error detected: Value '" + std::to_string(*in.retention_in_days) +
                             "' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value "
                             "set: [" +
                             valid + "]");
  }
  TRY(set_retention(context, in.log_group_name, *in.retention_in_days));
  return PutRetentionPolicyResponse{};
}

base::Result<DeleteRetentionPolicyResponse> LogsService::delete_retention_policy(aws::Context& context,
                                                                                 DeleteRetentionPolicyRequest in) {
  TRY(set_retention(context, in.log_group_name, 0));
  return DeleteRetentionPolicyResponse{};
}

}  // namespace engine::logs
