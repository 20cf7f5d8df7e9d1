#include "engine/dynamodb/throttle.h"

#include <algorithm>

#include "engine/dynamodb/limits.h"

namespace engine::dynamodb {

Throttle::Bucket& Throttle::fill(const Rate& rate, base::Timestamp now) {
  const auto [found, is_new] = buckets_.try_emplace({rate.index, rate.kind});
  Bucket& bucket = found->second;
  if (is_new) bucket = {kBurstSeconds * rate.units_per_second, rate.units_per_second, now};
  if (now > bucket.filled) {
    // The time until now counts at the rate of then; a change of the rate shows from now on.
    const double seconds = std::chrono::duration<double>(now - bucket.filled).count();
    bucket.units = std::min(bucket.units + seconds * bucket.units_per_second, kBurstSeconds * bucket.units_per_second);
    bucket.filled = now;
  }
  bucket.units_per_second = rate.units_per_second;
  return bucket;
}

bool Throttle::take(const Rate& rate, double units, base::Timestamp now) {
  if (!enabled) return true;
  const std::lock_guard lock(mutex_);
  Bucket& bucket = fill(rate, now);
  if (bucket.units < units) return false;
  bucket.units -= units;
  return true;
}

bool Throttle::has_any(const Rate& rate, base::Timestamp now) {
  if (!enabled) return true;
  const std::lock_guard lock(mutex_);
  return fill(rate, now).units > 0;
}

void Throttle::charge(Kind kind, uint32_t index, double units) {
  if (units == 0) return;
  const std::lock_guard lock(mutex_);
  const auto found = buckets_.find({index, kind});
  if (found != buckets_.end()) found->second.units -= units;
}

}  // namespace engine::dynamodb
