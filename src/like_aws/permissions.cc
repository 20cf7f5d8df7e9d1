#include "like_aws/permissions.h"

#include <algorithm>

#include "aws/lambda/lambda.h"
#include "aws/s3/errors.h"
#include "aws/s3/s3.h"
#include "aws/sns/sns.h"
#include "aws/sqs/sqs.h"
#include "like_aws/names.h"

namespace like_aws {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kNew = "permission new";
constexpr std::string_view kChanging = "bucket changing";
constexpr milliseconds kNewMin{500}, kNewMax{5000};
constexpr milliseconds kChangingMax{2000};
constexpr double kChangingRate = 0.15;  // of changes of buckets, which keep others away for a while

bool changes_bucket(std::string_view operation) {
  return operation == "CreateBucket" || operation.starts_with("PutBucket") || operation.starts_with("DeleteBucket");
}

// "lambda/ACCOUNT/REGION/NAME": what a permission is given for, by the ARN that S3 would know it by.
std::string key_of_arn(const std::string& arn) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= arn.size() && parts.size() < 6;) {
    const std::size_t end = std::min(arn.find(':', begin), arn.size());
    parts.push_back(arn.substr(begin, end - begin));
    begin = end + 1;
  }
  if (parts.size() < 6) return arn;
  const std::string name = parts[2] == "lambda" ? function_name(arn) : parts[5];
  return parts[2] + '/' + parts[4] + '/' + parts[3] + '/' + name;
}

// The resource whose policy the call changes; empty if it changes none.
std::string resource_of(const Call& call) {
  if (call.is("AddPermission") && call.service.id == "lambda")
    return "lambda/" + call.regional(function_name(call.text("FunctionName")));
  if (call.is("SetQueueAttributes")) {
    const auto& attributes = call.input<aws::sqs::SetQueueAttributesRequest>().attributes;
    return attributes && attributes->contains("Policy") ? "sqs/" + call.regional(last_part(call.text("QueueUrl"))) : "";
  }
  if (call.is("CreateQueue")) {
    const auto& attributes = call.input<aws::sqs::CreateQueueRequest>().attributes;
    return attributes && attributes->contains("Policy") ? "sqs/" + call.regional(call.text("QueueName")) : "";
  }
  if (call.is("SetTopicAttributes") && call.text("AttributeName") == "Policy")
    return "sns/" + call.regional(arn_resource(call.text("TopicArn")));
  return {};
}

}  // namespace

base::Result<void> Permissions::give(Call& call, const CarryOut& carry_out) {
  const std::string resource = resource_of(call);
  TRY(carry_out());
  if (resource.empty()) return {};
  conditions_.delay(call, kNew, resource, kNewMin, kNewMax);
  conditions_.tell(call, "PermissionNotYet", "not in force for a while: the policy of " + resource);
  return {};
}

base::Result<void> Permissions::check_destinations(const Call& call) {
  const auto& in = call.input<aws::s3::PutBucketNotificationConfigurationRequest>();
  if (!in.notification_configuration || in.skip_destination_validation.value_or(false)) return {};
  const auto& wanted = *in.notification_configuration;
  std::vector<std::pair<std::string, std::string_view>> arns;
  if (wanted.lambda_function_configurations)
    for (const auto& each : *wanted.lambda_function_configurations)
      arns.emplace_back(each.lambda_function_arn.value_or(""), "function");
  if (wanted.queue_configurations)
    for (const auto& each : *wanted.queue_configurations) arns.emplace_back(each.queue_arn.value_or(""), "queue");
  if (wanted.topic_configurations)
    for (const auto& each : *wanted.topic_configurations) arns.emplace_back(each.topic_arn.value_or(""), "topic");
  for (const auto& [arn, kind] : arns) {
    if (!conditions_.delayed(call, kNew, key_of_arn(arn))) continue;
    auto error = aws::s3::errors::invalid_argument("Unable to validate the following destination configurations");
    const std::string value = kind == "function" ? "Not authorized to invoke function [" + arn + "]"
                                                 : "Permissions on the destination " + std::string(kind) +
                                                       " do not allow S3 to publish notifications from this bucket";
    error.fields = {{"ArgumentName1", kind == "function" ? arn + ", null" : arn}, {"ArgumentValue1", value}};
    return conditions_.refuse(call, "PermissionNotYet", std::move(error));
  }
  return {};
}

base::Result<void> Permissions::change_bucket(Call& call, const CarryOut& carry_out) {
  const std::string bucket = call.text("Bucket");
  if (conditions_.delayed(call, kChanging, bucket))
    return conditions_.refuse(call, "OperationAborted",
                              aws::s3::errors::operation_aborted(
                                  "A conflicting conditional operation is currently in progress against this resource. "
                                  "Please try again."));
  if (call.is("PutBucketNotificationConfiguration")) TRY(check_destinations(call));
  TRY(carry_out());
  if (conditions_.chance.happens(call, "changing", kChangingRate))
    conditions_.delay(call, kChanging, bucket, milliseconds(0), kChangingMax);
  return {};
}

base::Result<void> Permissions::around(Call& call, const CarryOut& carry_out) {
  if (call.service.id != "s3") return give(call, carry_out);
  if (changes_bucket(call.operation.name)) return change_bucket(call, carry_out);
  return carry_out();
}

}  // namespace like_aws
