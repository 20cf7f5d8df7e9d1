// SnsService: AddPermission and RemovePermission, which change the topic's Policy. Rules: SNS API reference.
#include <algorithm>

#include "aws/sns/errors.h"
#include "engine/arn.h"
#include "engine/policy_statements.h"
#include "engine/sns/limits.h"
#include "engine/sns/message_checks.h"
#include "engine/sns/service.h"
#include "engine/sns/topic_attributes.h"

namespace engine::sns {

using namespace aws::sns;

namespace {

// What a policy of a topic may allow (SNS Developer Guide, "Amazon SNS API permissions: Actions and resources").
constexpr std::string_view kActions[] = {"*",
                                         "AddPermission",
                                         "DeleteTopic",
                                         "GetTopicAttributes",
                                         "ListSubscriptionsByTopic",
                                         "ListTagsForResource",
                                         "Publish",
                                         "Receive",
                                         "RemovePermission",
                                         "SetTopicAttributes",
                                         "Subscribe"};

}  // namespace

base::Result<void> SnsService::replace_policy(Topics::iterator topic, std::string policy) {
  TopicRecord record = topic->second.record;
  TRY(set_topic_attribute(record.attributes, "Policy", policy));
  store::WriteBatch batch;
  batch.put(topic->first, record.encode());
  store_.write(batch);
  topic->second.record = std::move(record);
  return {};
}

base::Result<AddPermissionResponse> SnsService::add_permission(aws::Context& context, AddPermissionInput in) {
  const std::string label = in.label.value_or("");
  auto actions = std::move(in.action_name).value_or(std::vector<std::string>());
  const auto accounts = std::move(in.aws_account_id).value_or(std::vector<std::string>());
  if (label.empty()) return invalid_parameter("Label");
  if (accounts.empty() || accounts.size() > kPermissionAccountsMax || !std::ranges::all_of(accounts, is_account_id)) {
    return invalid_parameter("AWSAccountId");
  }
  if (actions.empty() || actions.size() > std::size(kActions)) return invalid_parameter("ActionName");
  for (std::string& action : actions) {
    if (!std::ranges::count(kActions, action)) {
      return invalid_parameter("Policy statement action out of service scope!");
    }
    action.insert(0, "SNS:");
  }
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto found, find_topic(context, in.topic_arn, "TopicArn", "sns:AddPermission"));
  const TopicRecord& record = found->second.record;
  const std::string policy = topic_policy(record);
  if (has_statement(policy, label)) return invalid_parameter("Statement already exists");
  const std::string statement = permission_statement(label, accounts, actions, record.arn());
  TRY(replace_policy(found, with_statement(policy, "__default_policy_ID", statement)));
  return AddPermissionResponse{};
}

base::Result<RemovePermissionResponse> SnsService::remove_permission(aws::Context& context, RemovePermissionInput in) {
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto found, find_topic(context, in.topic_arn, "TopicArn", "sns:RemovePermission"));
  const auto policy = without_statement(topic_policy(found->second.record), in.label.value_or(""));
  // AWS does not mind a label that is not there.
  if (policy) TRY(replace_policy(found, *policy));
  return RemovePermissionResponse{};
}

}  // namespace engine::sns
