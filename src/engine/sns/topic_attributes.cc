#include "engine/sns/topic_attributes.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>

#include "aws/auth/policy.h"
#include "aws/http/shown_url.h"
#include "aws/sns/sns.h"
#include "aws/validate.h"
#include "engine/arn.h"
#include "engine/sns/delivery_policy.h"
#include "engine/sns/limits.h"
#include "engine/sns/message_checks.h"

namespace engine::sns {
namespace {

// Attributes of AWS that this engine does not honour, with the value that a topic has without them. That one, or none,
// says nothing and is taken; any other is refused by name.
struct ForeignAttribute {
  std::string_view name;
  std::string_view otherwise;
};
constexpr ForeignAttribute kForeignTopicAttributes[] = {{"FifoTopic", "false"},
                                                        {"ContentBasedDeduplication", "false"},
                                                        {"FifoThroughputScope", ""},
                                                        {"ArchivePolicy", "{}"},
                                                        {"HTTPSuccessFeedbackRoleArn", ""},
                                                        {"HTTPSuccessFeedbackSampleRate", "0"},
                                                        {"HTTPFailureFeedbackRoleArn", ""},
                                                        {"FirehoseSuccessFeedbackRoleArn", ""},
                                                        {"FirehoseSuccessFeedbackSampleRate", "0"},
                                                        {"FirehoseFailureFeedbackRoleArn", ""},
                                                        {"LambdaSuccessFeedbackRoleArn", ""},
                                                        {"LambdaSuccessFeedbackSampleRate", "0"},
                                                        {"LambdaFailureFeedbackRoleArn", ""},
                                                        {"SQSSuccessFeedbackRoleArn", ""},
                                                        {"SQSSuccessFeedbackSampleRate", "0"},
                                                        {"SQSFailureFeedbackRoleArn", ""},
                                                        {"ApplicationSuccessFeedbackRoleArn", ""},
                                                        {"ApplicationSuccessFeedbackSampleRate", "0"},
                                                        {"ApplicationFailureFeedbackRoleArn", ""},
                                                        {"DataProtectionPolicy", ""}};
constexpr std::string_view kTopicAttributes[] = {"DisplayName",    "Policy",         "SignatureVersion",
                                                 "DeliveryPolicy", "KmsMasterKeyId", "TracingConfig"};

std::unexpected<base::AwsError> not_supported(std::string_view path) {
  return base::fail(aws::unsupported_parameter(aws::sns::kService, path));
}

// AWS's own key can be named by its alias and by the alias' ARN.
bool is_managed_key(std::string_view id) {
  constexpr std::string_view kAlias = "alias/aws/sns";
  if (id == kAlias) return true;
  const auto arn = Arn::parse(id);
  return arn && arn->service == "kms" && arn->resource == kAlias;
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  return out;
}

// nullopt: no JSON; empty: no queue in it.
std::optional<std::string> redrive_target(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(json.data(), json.size()).get(object) != simdjson::SUCCESS) return std::nullopt;
  std::string_view arn;
  if (object.at_key("deadLetterTargetArn").get(arn) != simdjson::SUCCESS) return "";
  return std::string(arn);
}

}  // namespace

base::Result<void> set_topic_attribute(aws::Map<std::string>& attributes, const std::string& name,
                                       const std::string& value) {
  const auto foreign = std::ranges::find(kForeignTopicAttributes, name, &ForeignAttribute::name);
  if (foreign != std::end(kForeignTopicAttributes)) {
    if (value.empty() || value == foreign->otherwise) return {};
    return not_supported("Attributes " + name);
  }
  if (std::ranges::find(kTopicAttributes, name) == std::end(kTopicAttributes)) {
    return invalid_parameter("AttributeName");
  }
  if (value.empty()) {
    attributes.erase(name);
    return {};
  }
  if (name == "DisplayName" && value.size() > 100) return invalid_parameter("DisplayName");
  if (name == "Policy") {
    const auto policy = aws::auth::Policy::parse(value, aws::auth::PolicyKind::resource);
    if (!policy) return invalid_parameter("Policy Error: null");
    if (const auto key = policy->undecidable_key())
      return invalid_parameter("Policy Error: Unsupported condition key: " + *key);
  }
  // Hints, taken and shown: nothing here is encrypted, with whatever key, and X-Ray's header goes along with every
  // message anyway. A key of the owner's is a promise and refused.
  if (name == "KmsMasterKeyId" && !is_managed_key(value)) return not_supported("Attributes " + name);
  if (name == "TracingConfig" && value != "PassThrough" && value != "Active") return invalid_parameter("TracingConfig");
  if (name == "SignatureVersion" && value != "1" && value != "2") return invalid_parameter("SignatureVersion");
  if (name == "DeliveryPolicy") TRY(DeliveryPolicy::parse_topic(value));
  attributes[name] = value;
  return {};
}

std::string topic_policy(const TopicRecord& topic) {
  if (const std::string* policy = topic.attributes.find("Policy")) return *policy;
  return fmt::format(
      R"({{"Version":"2008-10-17","Id":"__default_policy_ID","Statement":[{{"Sid":"__default_statement_ID",)"
      R"("Effect":"Allow","Principal":{{"AWS":"*"}},"Action":["SNS:GetTopicAttributes","SNS:SetTopicAttributes",)"
      R"("SNS:AddPermission","SNS:RemovePermission","SNS:DeleteTopic","SNS:Subscribe","SNS:ListSubscriptionsByTopic",)"
      R"("SNS:Publish"],"Resource":"{}","Condition":{{"StringEquals":{{"AWS:SourceOwner":"{}"}}}}}}]}})",
      topic.arn(), topic.account);
}

base::Result<void> set_subscription_attribute(aws::Map<std::string>& attributes, std::string_view protocol,
                                              const std::string& name, const std::string& value) {
  const bool web = protocol == "http" || protocol == "https";
  if (name == "SubscriptionRoleArn" || name == "ReplayPolicy") {
    return value.empty() ? base::Result<void>() : base::Result<void>(not_supported("Attributes " + name));
  }
  if (name == "FilterPolicy") {
    if (value.empty() || value == "{}") {
      attributes.erase(name);
      attributes.erase("FilterPolicyScope");
      return {};
    }
  } else if (name == "FilterPolicyScope") {
    if (value != "MessageAttributes" && value != "MessageBody") {
      return invalid_parameter(
          fmt::format("FilterPolicyScope: Invalid value [{}]. Please use either MessageBody or "
                      "MessageAttributes",
                      value));
    }
  } else if (name == "RawMessageDelivery") {
    const std::string raw = lower_case(value);  // shown this way, however it was written (recorded 2025-10-06)
    if (raw != "true" && raw != "false") {
      return invalid_parameter(fmt::format("RawMessageDelivery: Invalid value [{}]. Must be true or false.", value));
    }
    if (raw == "true" && protocol != "sqs" && !web) {
      return invalid_parameter(
          fmt::format("RawMessageDelivery: Delivery protocol [{}] does not support raw message delivery.", protocol));
    }
    attributes[name] = raw;
    return {};
  } else if (name == "DeliveryPolicy") {
    if (value.empty()) {
      attributes.erase(name);
      return {};
    }
    if (!web) {
      return invalid_parameter(
          fmt::format("DeliveryPolicy: Delivery protocol [{}] does not support delivery policies.", protocol));
    }
    TRY(DeliveryPolicy::parse_subscription(value));
  } else if (name == "RedrivePolicy") {
    if (value.empty() || value == "{}") {
      attributes.erase(name);
      return {};
    }
    const auto target = redrive_target(value);
    if (!target) return invalid_parameter("RedrivePolicy: failed to parse JSON.");
    const auto arn = Arn::parse(*target);
    if (!arn || arn->service != "sqs") return invalid_parameter("RedrivePolicy: deadLetterTargetArn is an invalid arn");
    if (arn->resource.ends_with(".fifo")) {
      return invalid_parameter("RedrivePolicy: must use a standard queue as DLQ for a standard topic subscription");
    }
  } else {
    return invalid_parameter("AttributeName");
  }
  attributes[name] = value;
  return {};
}

aws::Map<std::string> shown_attributes(const SubscriptionRecord& subscription) {
  aws::Map<std::string> out;
  out["ConfirmationWasAuthenticated"] = subscription.authenticated ? "true" : "false";
  out["Endpoint"] = aws::http::with_hidden_password(subscription.endpoint);
  out["Owner"] = subscription.owner;
  out["Protocol"] = subscription.protocol;
  out["RawMessageDelivery"] = subscription.raw() ? "true" : "false";
  out["SubscriptionArn"] = subscription.arn();
  out["SubscriptionPrincipal"] = subscription.principal;
  out["TopicArn"] = subscription.topic_arn;
  for (const char* name : {"DeliveryPolicy", "FilterPolicy", "RedrivePolicy"})
    if (const std::string* value = subscription.attributes.find(name)) out[name] = *value;
  if (subscription.attributes.contains("FilterPolicy")) {
    const std::string* scope = subscription.attributes.find("FilterPolicyScope");
    out["FilterPolicyScope"] = scope == nullptr ? "MessageAttributes" : *scope;
  }
  return out;
}

std::string dead_letter_queue_arn(const SubscriptionRecord& subscription) {
  const std::string* policy = subscription.attributes.find("RedrivePolicy");
  return policy == nullptr ? "" : redrive_target(*policy).value_or("");
}

}  // namespace engine::sns
