// Refusals: throttles, failures of the service before anything was done, and answers that get lost after it was. At
// most two in a row for one operation of one caller, so that the SDKs' three attempts (standard mode) get through.
// Owned by LikeAws; safe from any thread.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "like_aws/conditions.h"

namespace like_aws {

// Shares of all calls.
inline constexpr double kThrottleRate = 0.015;
inline constexpr double kServerErrorRate = 0.007;
inline constexpr double kLostReplyRate = 0.005;
inline constexpr int kRefusalsInARowMax = 2;

class Refusals final : public Behaviour {
 public:
  explicit Refusals(Conditions& conditions) : conditions_(conditions) {}
  base::Result<void> around(Call& call, const CarryOut& carry_out) override;

 private:
  bool may_refuse(const Call& call);
  void note(const Call& call, bool refused);

  Conditions& conditions_;
  std::mutex mutex_;
  std::map<std::string, int> in_a_row_;  // by service, operation and caller
};

// What the service says to a caller that is too fast.
base::AwsError throttled(const aws::ServiceDesc& service, const aws::OperationDesc& operation);
// What the service says when it fails.
base::AwsError server_error(const aws::ServiceDesc& service);

}  // namespace like_aws
