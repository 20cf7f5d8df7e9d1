// When a failed request is sent again, as the standard mode of the AWS SDKs of 2026 does: what a failure says of the
// operation, how long to wait, and the quota that keeps retries from making an outage worse. Source: AWS SDKs and Tools
// Reference Guide, "Retry behavior" (with AWS_NEW_RETRIES_2026, the default since November 2026).
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>

#include "aws/http/message.h"
#include "aws/shape.h"
#include "base/env.h"

namespace aws::client {

enum class RetryMode : uint8_t {
  standard,
  legacy,  // more attempts, and no quota
};

struct Failure {
  enum class Effect : uint8_t {
    final,          // a later attempt does no better
    had_no_effect,  // the server refused to begin, or has nothing of the request
    unclear,        // it may have been carried out
  };
  Effect effect = Effect::final;
  bool is_throttling = false;
  // The signature's time may be at fault, so that the server's Date decides whether a later attempt may do better.
  bool may_be_skew = false;
};
Failure failure_of(const base::AwsError& error);

// In total, of one call: 3, or 4 of DynamoDB; 5 in legacy mode.
int default_attempts_max(const ServiceDesc& service, RetryMode mode);

// Before the attempt that follows the `tried`-th (1, 2, ...): rand(0, 1) * min(20 s, base * 2^(tried - 1)) with a base
// of 1 s after throttling, else of 50 ms, or 25 ms at DynamoDB. What the server asks for by x-amz-retry-after
// (milliseconds) or Retry-After (seconds, or a date) counts if it is longer, up to 5 s more than that bound, or 20 s.
base::Duration back_off(const ServiceDesc& service, int tried, bool is_throttling, const http::Headers& answer,
                        base::Timestamp now, base::Random& random);

// Tokens that retries cost and successes bring back, of one service. Safe from any thread.
class RetryQuota {
 public:
  static constexpr int kTokensMax = 500;
  // What a retry costs; nullopt if there are not as many tokens, so that it is not made.
  std::optional<int> take(bool is_throttling);
  // After a success: the cost of the call's last retry, or 1 if there was none.
  void give_back(std::optional<int> cost);

 private:
  std::mutex mutex_;
  int tokens_ = kTokensMax;
};

}  // namespace aws::client
