// Permissions: resource policies are not in force at once. S3 does not take a notification for a function, queue or
// topic whose policy is new; and while S3 makes one change of a bucket it refuses others. Delays are on the engine's
// clock. Stands around S3, Lambda, SQS and SNS. Owned by LikeAws; safe from any thread.
//
// Sources: S3 API Reference, PutBucketNotificationConfiguration ("Unable to validate the following destination
// configurations") and "Error responses" (OperationAborted); IAM User Guide, "Changes that I make are not always
// immediately visible".
#pragma once

#include "like_aws/conditions.h"

namespace like_aws {

class Permissions final : public Behaviour {
 public:
  explicit Permissions(Conditions& conditions) : conditions_(conditions) {}
  base::Result<void> around(Call& call, const CarryOut& carry_out) override;

 private:
  base::Result<void> give(Call& call, const CarryOut& carry_out);
  base::Result<void> change_bucket(Call& call, const CarryOut& carry_out);
  base::Result<void> check_destinations(const Call& call);

  Conditions& conditions_;
};

}  // namespace like_aws
