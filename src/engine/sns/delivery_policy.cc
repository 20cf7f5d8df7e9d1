#include "engine/sns/delivery_policy.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "aws/sns/sns.h"
#include "aws/validate.h"
#include "engine/sns/limits.h"
#include "engine/sns/message_checks.h"
#include "store/kv_store.h"

namespace engine::sns {
namespace {

namespace dom = simdjson::dom;
using Backoff = RetryPolicy::Backoff;

constexpr std::array<std::string_view, 4> kBackoffs = {"linear", "arithmetic", "geometric", "exponential"};
constexpr std::array<std::string_view, 12> kContentTypes = {"application/atom+xml",
                                                            "application/json",
                                                            "application/octet-stream",
                                                            "application/soap+xml",
                                                            "application/x-www-form-urlencoded",
                                                            "application/xhtml+xml",
                                                            "application/xml",
                                                            "text/css",
                                                            "text/csv",
                                                            "text/html",
                                                            "text/plain",
                                                            "text/xml"};
constexpr std::string_view kDefaultContentType = "text/plain; charset=UTF-8";
constexpr int64_t kRetriesMax = 100;
constexpr int64_t kDelaySecondsMax = 3'600;
constexpr base::Duration kTotalMax = std::chrono::seconds(3'600);  // of all delays: AWS's "hard limit"

std::unexpected<base::AwsError> refuse(std::string_view text) {
  return invalid_parameter(fmt::format("DeliveryPolicy: {}", text));
}

std::unexpected<base::AwsError> not_honoured(std::string_view member) {
  return base::fail(aws::unsupported_parameter(aws::sns::kService, fmt::format("DeliveryPolicy {}", member)));
}

struct NumberMember {
  std::string_view name;
  int64_t RetryPolicy::* member;
  int64_t min;
  int64_t max;
};
constexpr NumberMember kNumbers[] = {
    {"minDelayTarget", &RetryPolicy::min_delay_seconds, 1, kDelaySecondsMax},
    {"maxDelayTarget", &RetryPolicy::max_delay_seconds, 1, kDelaySecondsMax},
    {"numRetries", &RetryPolicy::retries, 0, kRetriesMax},
    {"numMaxDelayRetries", &RetryPolicy::max_delay_retries, 0, kRetriesMax},
    {"numNoDelayRetries", &RetryPolicy::no_delay_retries, 0, kRetriesMax},
    {"numMinDelayRetries", &RetryPolicy::min_delay_retries, 0, kRetriesMax},
};

base::Result<void> read_retry_member(std::string_view path, std::string_view name, dom::element value,
                                     RetryPolicy& out) {
  for (const NumberMember& number : kNumbers) {
    if (number.name != name) continue;
    int64_t got = 0;
    if (value.get(got) != simdjson::SUCCESS || got < number.min || got > number.max) {
      return refuse(fmt::format("{}.{} must be a number between {} and {}", path, name, number.min, number.max));
    }
    out.*number.member = got;
    return {};
  }
  if (name != "backoffFunction") return refuse(fmt::format("{} has an unknown member {}", path, name));
  std::string_view text;
  const auto found = value.get(text) == simdjson::SUCCESS ? std::ranges::find(kBackoffs, text) : kBackoffs.end();
  if (found == kBackoffs.end()) {
    return refuse(fmt::format("{}.backoffFunction must be one of arithmetic, exponential, geometric, linear", path));
  }
  out.backoff = static_cast<Backoff>(found - kBackoffs.begin());
  return {};
}

base::Result<RetryPolicy> read_retry(std::string_view path, dom::element element) {
  dom::object object;
  if (element.get(object) != simdjson::SUCCESS) return refuse(fmt::format("{} must be an object", path));
  RetryPolicy out;
  for (const auto [name, value] : object) TRY(read_retry_member(path, name, value, out));
  if (out.min_delay_seconds > out.max_delay_seconds) {
    return refuse(fmt::format("{}.minDelayTarget must be less than or equal to maxDelayTarget", path));
  }
  if (out.no_delay_retries + out.min_delay_retries + out.max_delay_retries > out.retries) {
    return refuse(
        fmt::format("{}.numRetries must be greater than or equal to the sum of numMinDelayRetries, "
                    "numNoDelayRetries and numMaxDelayRetries",
                    path));
  }
  base::Duration total{};
  for (uint64_t i = 0; const auto delay = out.delay(i); ++i) total += *delay;
  if (total > kTotalMax) return refuse(fmt::format("{} takes longer than 3600 seconds in total", path));
  return out;
}

base::Result<std::optional<std::string>> read_request_policy(std::string_view path, dom::element element) {
  dom::object object;
  if (element.get(object) != simdjson::SUCCESS) return refuse(fmt::format("{} must be an object", path));
  std::optional<std::string> out;
  for (const auto [name, value] : object) {
    std::string_view text;
    if (name != "headerContentType") return refuse(fmt::format("{} has an unknown member {}", path, name));
    if (value.get(text) != simdjson::SUCCESS) text = {};
    const bool printable = std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
    const std::string_view type = text.substr(0, text.find(';'));
    if (!printable || std::ranges::find(kContentTypes, type) == kContentTypes.end()) {
      return refuse(fmt::format("{}.headerContentType is not supported", path));
    }
    out = text;
  }
  return out;
}

// The names of one level.
struct Names {
  std::string_view retry;
  std::string_view request;
};
constexpr Names kTopicNames{"defaultHealthyRetryPolicy", "defaultRequestPolicy"};
constexpr Names kSubscriptionNames{"healthyRetryPolicy", "requestPolicy"};

base::Result<DeliveryPolicy> read_level(dom::object object, const Names& names, bool topic) {
  DeliveryPolicy out;
  for (const auto [name, value] : object) {
    if (value.is_null()) continue;
    if (name == names.retry) {
      TRY_ASSIGN(out.retry, read_retry(name, value));
    } else if (name == names.request) {
      TRY_ASSIGN(out.content_type, read_request_policy(name, value));
    } else if (topic && name == "disableSubscriptionOverrides") {
      if (value.get(out.disables_overrides) != simdjson::SUCCESS) return refuse("disableSubscriptionOverrides");
    } else if (bool guaranteed = false;
               !topic && name == "guaranteed" && value.get(guaranteed) == simdjson::SUCCESS && !guaranteed) {
      continue;  // as AWS shows it
    } else {
      return not_honoured(name);
    }
  }
  return out;
}

base::Result<dom::object> read_object(dom::parser& parser, std::string_view json) {
  dom::object object;
  if (json.size() > kPolicyBytesMax || parser.parse(json.data(), json.size()).get(object) != simdjson::SUCCESS) {
    return refuse("failed to parse JSON.");
  }
  return object;
}

std::string retry_text(const RetryPolicy& retry) {
  return fmt::format(
      R"({{"minDelayTarget":{},"maxDelayTarget":{},"numRetries":{},"numMaxDelayRetries":{},"numNoDelayRetries":{},)"
      R"("numMinDelayRetries":{},"backoffFunction":"{}"}})",
      retry.min_delay_seconds, retry.max_delay_seconds, retry.retries, retry.max_delay_retries, retry.no_delay_retries,
      retry.min_delay_retries, kBackoffs[static_cast<std::size_t>(retry.backoff)]);
}

DeliveryPolicy stored_policy(std::string_view json, bool topic) {
  if (json.empty()) return {};
  auto policy = topic ? DeliveryPolicy::parse_topic(json) : DeliveryPolicy::parse_subscription(json);
  store::require_intact(policy.has_value(), "a delivery policy of SNS");  // it was parsed before it was stored
  return std::move(*policy);
}

}  // namespace

std::optional<base::Duration> RetryPolicy::delay(uint64_t number) const {
  const auto n = static_cast<int64_t>(std::min<uint64_t>(number, kRetriesMax));
  const auto seconds = [](double s) { return base::Duration(static_cast<int64_t>(s * 1e6)); };
  if (n >= retries) return std::nullopt;
  if (n < no_delay_retries) return base::Duration(0);
  if (n < no_delay_retries + min_delay_retries) return std::chrono::seconds(min_delay_seconds);
  if (n >= retries - max_delay_retries) return std::chrono::seconds(max_delay_seconds);
  // AWS shows the four functions as curves from the least to the largest delay, without their formulas.
  const int64_t steps = retries - max_delay_retries - min_delay_retries - no_delay_retries - 1;
  const auto step = static_cast<double>(n - no_delay_retries - min_delay_retries);
  const auto min = static_cast<double>(min_delay_seconds);
  const auto max = static_cast<double>(max_delay_seconds);
  const double part = steps == 0 ? 0 : step / static_cast<double>(steps);
  switch (backoff) {
    case Backoff::linear:
      return seconds(min + (max - min) * part);
    case Backoff::arithmetic:  // the differences grow evenly
      return seconds(min + (max - min) * part * (step + 1) / static_cast<double>(steps + 1));
    case Backoff::geometric:
      return seconds(min * std::pow(max / min, part));
    case Backoff::exponential:
      break;
  }
  return seconds(std::min(max, min * std::exp2(step)));
}

base::Result<DeliveryPolicy> DeliveryPolicy::parse_topic(std::string_view json) {
  dom::parser parser;
  TRY_ASSIGN(const dom::object object, read_object(parser, json));
  DeliveryPolicy out;
  for (const auto [name, value] : object) {
    dom::object http;
    if (name != "http") return not_honoured(name);
    if (value.get(http) != simdjson::SUCCESS) return refuse("http must be an object");
    TRY_ASSIGN(out, read_level(http, kTopicNames, true));
  }
  return out;
}

base::Result<DeliveryPolicy> DeliveryPolicy::parse_subscription(std::string_view json) {
  dom::parser parser;
  TRY_ASSIGN(const dom::object object, read_object(parser, json));
  return read_level(object, kSubscriptionNames, false);
}

EffectiveDeliveryPolicy effective_policy(std::string_view topic_json, std::string_view subscription_json) {
  const DeliveryPolicy topic = stored_policy(topic_json, true);
  const DeliveryPolicy own = stored_policy(topic.disables_overrides ? "" : subscription_json, false);
  EffectiveDeliveryPolicy out;
  out.retry = own.retry.value_or(topic.retry.value_or(RetryPolicy()));
  out.content_type = own.content_type.value_or(topic.content_type.value_or(std::string(kDefaultContentType)));
  return out;
}

std::string effective_topic_text(std::string_view topic_json) {
  const EffectiveDeliveryPolicy policy = effective_policy(topic_json, "");
  return fmt::format(R"({{"http":{{"defaultHealthyRetryPolicy":{},"disableSubscriptionOverrides":{},)"
                     R"("defaultRequestPolicy":{{"headerContentType":"{}"}}}}}})",
                     retry_text(policy.retry), stored_policy(topic_json, true).disables_overrides, policy.content_type);
}

std::string effective_subscription_text(std::string_view topic_json, std::string_view subscription_json) {
  const EffectiveDeliveryPolicy policy = effective_policy(topic_json, subscription_json);
  return fmt::format(R"({{"healthyRetryPolicy":{},"sicklyRetryPolicy":null,"throttlePolicy":null,)"
                     R"("requestPolicy":{{"headerContentType":"{}"}},"guaranteed":false}})",
                     retry_text(policy.retry), policy.content_type);
}

}  // namespace engine::sns
