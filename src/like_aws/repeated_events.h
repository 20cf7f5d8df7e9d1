// RepeatedEvents: asynchronous invocations of Lambda that are done twice, with the same event. Owned by LikeAws; safe
// from any thread.
//
// Sources: Lambda Developer Guide, "Invoking a function asynchronously" ("it's possible for it to receive the same
// event from Lambda multiple times because the queue itself is eventually consistent"); S3 User Guide, "Amazon S3 Event
// Notifications" ("designed to be delivered at least once").
#pragma once

#include "aws/lambda/lambda.h"
#include "like_aws/conditions.h"

namespace like_aws {

inline constexpr double kRepeatedEventRate = 0.05;

class RepeatedEvents final : public Behaviour {
 public:
  // `lambda` gets the event once more; it outlives this object.
  RepeatedEvents(Conditions& conditions, aws::lambda::Lambda& lambda) : conditions_(conditions), lambda_(lambda) {}
  base::Result<void> around(Call& call, const CarryOut& carry_out) override;

 private:
  Conditions& conditions_;
  aws::lambda::Lambda& lambda_;
};

}  // namespace like_aws
