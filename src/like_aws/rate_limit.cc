#include "like_aws/rate_limit.h"

#include <algorithm>

#include "like_aws/refusals.h"

namespace like_aws {

bool RateLimit::take(const std::string& account) {
  const base::Timestamp now = pace_clock_.now();
  const double full = std::max(1.0, calls_per_second_);
  const std::lock_guard lock(mutex_);
  Bucket& bucket = buckets_.try_emplace(account, Bucket{full, now}).first->second;
  if (now > bucket.filled_at) {
    const std::chrono::duration<double> passed = now - bucket.filled_at;
    bucket.tokens = std::min(full, bucket.tokens + passed.count() * calls_per_second_);
    bucket.filled_at = now;
  }
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

base::Result<void> RateLimit::around(Call& call, const CarryOut& carry_out) {
  if (take(call.context.account)) return carry_out();
  return conditions_.refuse(call, "RateLimit", throttled(call.service, call.operation));
}

}  // namespace like_aws
