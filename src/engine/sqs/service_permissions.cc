// SqsService: AddPermission and RemovePermission, which change the queue's Policy. Rules: SQS API reference.
#include <algorithm>

#include "aws/sqs/errors.h"
#include "engine/arn.h"
#include "engine/policy_statements.h"
#include "engine/sqs/limits.h"
#include "engine/sqs/message_checks.h"
#include "engine/sqs/service.h"

namespace engine::sqs {
namespace {

namespace errors = aws::sqs::errors;
using namespace aws::sqs;

constexpr std::size_t kLabelLengthMax = 80;
// What a policy made this way may allow (AddPermission, "Actions"): all but what only the owner may do.
constexpr std::string_view kActions[] = {"*",
                                         "SendMessage",
                                         "ReceiveMessage",
                                         "DeleteMessage",
                                         "ChangeMessageVisibility",
                                         "GetQueueAttributes",
                                         "GetQueueUrl",
                                         "PurgeQueue",
                                         "ListDeadLetterSourceQueues"};

bool is_label(std::string_view text) {
  return !text.empty() && text.size() <= kLabelLengthMax && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

base::Result<void> check_permission(const AddPermissionRequest& in) {
  if (!in.label) return base::fail(missing_parameter("Label"));
  if (!is_label(*in.label)) {
    return base::fail(invalid_value(*in.label, "Label",
                                    "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in "
                                    "length."));
  }
  const auto accounts = in.aws_account_ids.value_or(std::vector<std::string>());
  const auto actions = in.actions.value_or(std::vector<std::string>());
  if (accounts.empty()) return base::fail(missing_parameter("AWSAccountIds"));
  if (actions.empty()) return base::fail(missing_parameter("Actions"));
  for (const std::string& account : accounts) {
    if (!is_account_id(account)) return base::fail(invalid_value(account, "PrincipalId", "Unable to verify."));
  }
  for (const std::string& action : actions) {
    if (std::ranges::count(kActions, action)) continue;
    return base::fail(
        invalid_value("SQS:" + action, "ActionName", "Only the queue owner is allowed to invoke this action."));
  }
  if (accounts.size() > kPermissionAccountsMax || actions.size() > kPermissionActionsMax) {
    return base::fail(
        errors::over_limit(std::to_string(actions.size()) +
                           " Actions were found, maximum allowed is 7. The maximum number of principals is 20."));
  }
  return {};
}

}  // namespace

base::Result<AddPermissionResponse> SqsService::add_permission(aws::Context& context, AddPermissionRequest in) {
  TRY(check_permission(in));
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto entry, find_entry(context, in.queue_url, "sqs:AddPermission"));
  QueueRecord record = *entry->second.record;
  std::string& policy = record.attributes.policy;
  if (has_statement(policy, *in.label)) {
    return base::fail(invalid_value(*in.label, "Label", "Already exists."));
  }
  for (std::string& action : *in.actions) action.insert(0, "SQS:");
  const std::string statement = permission_statement(*in.label, *in.aws_account_ids, *in.actions, record.arn());
  policy = with_statement(policy, record.arn() + "/SQSDefaultPolicy", statement);
  if (policy.size() > kPolicyBytesMax) return base::fail(errors::over_limit("The policy would be too long."));
  replace_record(entry, std::move(record));
  return AddPermissionResponse{};
}

base::Result<RemovePermissionResponse> SqsService::remove_permission(aws::Context& context,
                                                                     RemovePermissionRequest in) {
  if (!in.label) return base::fail(missing_parameter("Label"));
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto entry, find_entry(context, in.queue_url, "sqs:RemovePermission"));
  QueueRecord record = *entry->second.record;
  auto policy = without_statement(record.attributes.policy, *in.label);
  if (!policy) {
    return base::fail(invalid_value(*in.label, "Label", "can't find label."));
  }
  record.attributes.policy = std::move(*policy);
  replace_record(entry, std::move(record));
  return RemovePermissionResponse{};
}

}  // namespace engine::sqs
