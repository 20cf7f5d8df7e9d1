#include "aws/client/retry.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "aws/http/failure.h"

namespace aws::client {
namespace {

using std::chrono::milliseconds;

constexpr base::Duration kBackOffMax = std::chrono::seconds(20);
constexpr base::Duration kAskedBeyondMax = std::chrono::seconds(5);
constexpr int kDoublingsMax = 10;  // of the shortest base; it is beyond kBackOffMax by then
constexpr int kTransientCost = 14;
constexpr int kThrottlingCost = 5;

// AWS's names for "later, please", whatever their status. LimitExceededException is DynamoDB's of too many tables in
// the making at once, and Lambda's and IAM's of what a later attempt does not mend: it costs those a few seconds.
constexpr std::array<std::string_view, 15> kThrottlingCodes = {"Throttling",
                                                               "ThrottlingException",
                                                               "ThrottledException",
                                                               "RequestThrottledException",
                                                               "TooManyRequestsException",
                                                               "ProvisionedThroughputExceededException",
                                                               "TransactionInProgressException",
                                                               "RequestLimitExceeded",
                                                               "BandwidthLimitExceeded",
                                                               "LimitExceededException",
                                                               "RequestThrottled",
                                                               "SlowDown",
                                                               "PriorRequestNotComplete",
                                                               "EC2ThrottledException",
                                                               "KmsThrottled"};

// The server waited for the rest of the request in vain: S3 says so by 400. STS, that an identity provider does not
// answer it.
constexpr std::array<std::string_view, 3> kTransientCodes = {"RequestTimeout", "RequestTimeoutException",
                                                             "IDPCommunicationError"};

constexpr std::array<std::string_view, 6> kSkewCodes = {"RequestTimeTooSkewed",  "RequestExpired",
                                                        "RequestInTheFuture",    "InvalidSignatureException",
                                                        "SignatureDoesNotMatch", "AuthFailure"};

bool contains(const auto& codes, std::string_view code) {
  return std::ranges::find(codes, code) != codes.end();
}

std::optional<int64_t> number(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

base::Duration asked_for(const http::Headers& answer, base::Timestamp now) {
  constexpr int64_t kSecondsMax = 86'400;  // so that no unit overflows
  if (const auto value = number(answer.get("x-amz-retry-after"))) return milliseconds(std::min(*value, kSecondsMax));
  const std::string_view text = answer.get("Retry-After");
  if (const auto value = number(text)) return std::chrono::seconds(std::min(*value, kSecondsMax));
  if (const auto date = base::parse_http_date(text)) return *date - now;
  return {};
}

}  // namespace

Failure failure_of(const base::AwsError& error) {
  using enum Failure::Effect;
  if (contains(kThrottlingCodes, error.code) || error.http_status == 429)
    return {.effect = had_no_effect, .is_throttling = true};
  if (error.code == http::kUnsendable && error.http_status == 0) return {.effect = final};
  const bool is_unsent = http::nothing_was_sent(error.code);  // codes of ours, failure.h
  const bool is_begun = error.http_status == 0 && !is_unsent;
  if (!is_begun && (error.http_status == 503 || is_unsent || contains(kTransientCodes, error.code)))
    return {.effect = had_no_effect};
  if (is_begun || error.http_status >= 500) return {.effect = unclear};
  return {.effect = final, .may_be_skew = contains(kSkewCodes, error.code)};
}

int default_attempts_max(const ServiceDesc& service, RetryMode mode) {
  if (mode == RetryMode::legacy) return 5;
  return service.id == "dynamodb" ? 4 : 3;
}

base::Duration back_off(const ServiceDesc& service, int tried, bool is_throttling, const http::Headers& answer,
                        base::Timestamp now, base::Random& random) {
  base::Duration first = milliseconds(service.id == "dynamodb" ? 25 : 50);
  if (is_throttling) first = std::chrono::seconds(1);
  const base::Duration bound = std::min(kBackOffMax, first * (1 << std::min(tried - 1, kDoublingsMax)));
  const base::Duration wait(static_cast<int64_t>(base::random_below(random, static_cast<uint64_t>(bound.count()) + 1)));
  return std::max(wait, std::min({asked_for(answer, now), bound + kAskedBeyondMax, kBackOffMax}));
}

std::optional<int> RetryQuota::take(bool is_throttling) {
  const int cost = is_throttling ? kThrottlingCost : kTransientCost;
  const std::lock_guard lock(mutex_);
  if (tokens_ < cost) return std::nullopt;
  tokens_ -= cost;
  return cost;
}

void RetryQuota::give_back(std::optional<int> cost) {
  const std::lock_guard lock(mutex_);
  tokens_ = std::min(tokens_ + cost.value_or(1), kTokensMax);
}

}  // namespace aws::client
