// RateLimit: so many calls a second to a service and no more, as AWS throttles its control planes: a bucket of tokens
// that starts full with one second's worth. Measured by the machine's clock, by which callers pace themselves, also
// where the engine's clock is virtual. Owned by LikeAws; safe from any thread.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "like_aws/conditions.h"

namespace like_aws {

class RateLimit final : public Behaviour {
 public:
  // `pace_clock` outlives this object.
  RateLimit(Conditions& conditions, base::Clock& pace_clock, double calls_per_second)
      : conditions_(conditions), pace_clock_(pace_clock), calls_per_second_(calls_per_second) {}
  base::Result<void> around(Call& call, const CarryOut& carry_out) override;

 private:
  struct Bucket {
    double tokens;
    base::Timestamp filled_at;
  };
  bool take(const std::string& account);

  Conditions& conditions_;
  base::Clock& pace_clock_;
  const double calls_per_second_;
  std::mutex mutex_;
  std::map<std::string, Bucket> buckets_;  // by account
};

}  // namespace like_aws
