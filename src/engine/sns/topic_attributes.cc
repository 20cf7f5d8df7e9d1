#include "engine/sns/topic_attributes.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>

#include "aws/auth/policy.h"
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
                                                        {"KmsMasterKeyId", ""},
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
                                                        {"DataProtectionPolicy", ""},
                                                        {"TracingConfig", "PassThrough"}};

std::unexpected<base::AwsError> not_supported(std::string_view path) {
  return base::fail(aws::unsupported_parameter(aws::sns::kService, path));
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
  if (name != "DisplayName" && name != "Policy" && name != "SignatureVersion" && name != "DeliveryPolicy") {
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
    if (value != "true" && value != "false") {
      return invalid_parameter(fmt::format("RawMessageDelivery: Invalid value [{}]. Must be true or false.", value));
    }
    if (value == "true" && protocol != "sqs" && !web) {
      return invalid_parameter(
          fmt::format("RawMessageDelivery: Delivery protocol [{}] does not support raw message delivery.", protocol));
    }
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
  out["Endpoint"] = subscription.endpoint;
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
