#include "engine/sqs/redrive_policy.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "aws/sqs/errors.h"
#include "base/encoding.h"
#include "engine/arn.h"
#include "engine/sqs/limits.h"

namespace engine::sqs {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

base::AwsError invalid(std::string_view json, std::string_view parameter, std::string_view reason) {
  std::string message = "Value ";
  message.append(json).append(" for parameter ").append(parameter).append(" is invalid. Reason: ").append(reason);
  return aws::sqs::errors::invalid_parameter_value_exception(std::move(message));
}

// The object that `json` is; the parser owns what it refers to.
std::optional<object> parse_object(simdjson::dom::parser& parser, std::string_view json) {
  object out;
  if (json.size() > kPolicyBytesMax || parser.parse(json.data(), json.size()).get(out) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  return out;
}

// maxReceiveCount may be sent as a number or as a string.
std::optional<int64_t> count_of(element value) {
  int64_t number = 0;
  if (value.get(number) == simdjson::SUCCESS) return number;
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

bool RedriveAllowPolicy::allows(std::string_view source_arn) const {
  if (permission == Permission::by_queue) return std::ranges::find(source_arns, source_arn) != source_arns.end();
  return permission == Permission::allow_all;
}

base::Result<RedrivePolicy> parse_redrive_policy(std::string_view json) {
  constexpr std::string_view kParameter = "RedrivePolicy";
  simdjson::dom::parser parser;
  const auto policy = parse_object(parser, json);
  if (!policy) return base::fail(invalid(json, kParameter, "Redrive policy is not a valid JSON map."));
  element count;
  element target;
  if (policy->at_key("maxReceiveCount").get(count) != simdjson::SUCCESS) {
    return base::fail(
        invalid(json, kParameter, "Redrive policy does not contain mandatory attribute: maxReceiveCount."));
  }
  if (policy->at_key("deadLetterTargetArn").get(target) != simdjson::SUCCESS) {
    return base::fail(
        invalid(json, kParameter, "Redrive policy does not contain mandatory attribute: deadLetterTargetArn."));
  }
  for (const auto& member : *policy) {
    if (member.key != "maxReceiveCount" && member.key != "deadLetterTargetArn") {
      return base::fail(invalid(json, kParameter,
                                "Only following attributes are supported: "
                                "[deadLetterTargetArn, maxReceiveCount]."));
    }
  }
  std::string_view arn;
  if (target.get(arn) != simdjson::SUCCESS) {
    return base::fail(invalid(json, kParameter, "Invalid value for deadLetterTargetArn."));
  }
  const std::optional<int64_t> parsed = count_of(count);
  if (!parsed || *parsed < 1 || *parsed > kMaxReceiveCountMax) {
    return base::fail(invalid(json, kParameter,
                              "Invalid value for maxReceiveCount: " + simdjson::minify(count) +
                                  ", valid values are from 1 to 1000 both inclusive."));
  }
  return RedrivePolicy{std::string(arn), static_cast<uint32_t>(*parsed)};
}

base::Result<RedriveAllowPolicy> parse_redrive_allow_policy(std::string_view json) {
  constexpr std::string_view kParameter = "RedriveAllowPolicy";
  simdjson::dom::parser parser;
  const auto policy = parse_object(parser, json);
  if (!policy) return base::fail(invalid(json, kParameter, "Amazon SQS redrive allow policy is not a valid JSON map."));
  RedriveAllowPolicy out;
  std::string_view permission;
  if (policy->at_key("redrivePermission").get(permission) != simdjson::SUCCESS) {
    return base::fail(invalid(json, kParameter, "The redrivePermission attribute is mandatory."));
  }
  if (permission == "allowAll") {
    out.permission = RedriveAllowPolicy::Permission::allow_all;
  } else if (permission == "denyAll") {
    out.permission = RedriveAllowPolicy::Permission::deny_all;
  } else if (permission == "byQueue") {
    out.permission = RedriveAllowPolicy::Permission::by_queue;
  } else {
    return base::fail(invalid(json, kParameter, "redrivePermission must be one of allowAll, denyAll, byQueue."));
  }
  simdjson::dom::array sources;
  const bool listed = policy->at_key("sourceQueueArns").get(sources) == simdjson::SUCCESS;
  if (listed != (out.permission == RedriveAllowPolicy::Permission::by_queue)) {
    return base::fail(
        invalid(json, kParameter, "sourceQueueArns goes with redrivePermission byQueue, and only with it."));
  }
  if (!listed) return out;
  for (const element source : sources) {
    std::string_view arn;
    if (source.get(arn) != simdjson::SUCCESS || !Arn::parse(arn)) {
      return base::fail(invalid(json, kParameter, "sourceQueueArns must hold the ARNs of queues."));
    }
    out.source_arns.emplace_back(arn);
  }
  if (out.source_arns.empty() || out.source_arns.size() > kRedriveSourcesMax) {
    return base::fail(invalid(json, kParameter, "sourceQueueArns must hold 1 to 10 ARNs."));
  }
  return out;
}

bool is_json_object(std::string_view text) {
  simdjson::dom::parser parser;
  return parse_object(parser, text).has_value();
}

}  // namespace engine::sqs
