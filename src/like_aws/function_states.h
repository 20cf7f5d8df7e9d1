// FunctionStates: Lambda's functions between states. A new function is Pending for a while, in which it can be neither
// invoked nor changed; one whose code or configuration was changed has the LastUpdateStatus InProgress, in which it
// cannot be changed again. Delays are on the engine's clock. Owned by LikeAws; safe from any thread.
//
// Source: Lambda Developer Guide, "Lambda function states".
#pragma once

#include "like_aws/conditions.h"

namespace aws::lambda {
struct FunctionConfiguration;
}

namespace like_aws {

class FunctionStates final : public Behaviour {
 public:
  explicit FunctionStates(Conditions& conditions) : conditions_(conditions) {}
  base::Result<void> around(Call& call, const CarryOut& carry_out) override;

 private:
  void show(const Call& call, aws::lambda::FunctionConfiguration& configuration);
  std::optional<base::AwsError> refusal(const Call& call, const std::string& name);

  Conditions& conditions_;
};

}  // namespace like_aws
