// FaultReport: where the faults of `till serve --like-aws` are told: each is a line on stderr and a count in the metric
// Faults of CloudWatch's namespace Till/LikeAws, with the dimensions Service, Operation and Fault, in the account and
// region of the caller. Owned by the engine's composition root; safe from any thread.
#pragma once

#include <atomic>

#include "aws/cloudwatch/cloudwatch.h"
#include "base/env.h"
#include "like_aws/conditions.h"

namespace cli {

class FaultReport {
 public:
  // `env` outlives this object.
  explicit FaultReport(base::Env& env) : env_(env) {}
  // Metrics go there from now on; it outlives the calls of add().
  void put_into(aws::cloudwatch::CloudWatch* cloudwatch) { cloudwatch_ = cloudwatch; }
  void add(const like_aws::Fault& fault);

 private:
  base::Env& env_;
  std::atomic<aws::cloudwatch::CloudWatch*> cloudwatch_ = nullptr;
};

}  // namespace cli
