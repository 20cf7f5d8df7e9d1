// Times of points: how they fall into periods, and how far back which periods go. Pure functions, safe from any thread.
#pragma once

#include <cstdint>

#include "base/time.h"
#include "engine/cloudwatch/limits.h"

namespace engine::cloudwatch {

inline int64_t round_down(int64_t seconds, int64_t step) {
  return seconds - ((seconds % step) + step) % step;
}

// Where a request's StartTime counts from: AWS rounds it by its age (API reference of GetMetricStatistics).
inline int64_t rounded_start(int64_t start, int64_t period_seconds, base::Timestamp now) {
  int64_t step = period_seconds < 60 ? period_seconds : 60;
  for (const RollUp& level : kRollUps)
    if (start < base::to_epoch_seconds(now - level.after)) step = level.step_seconds;
  return round_down(start, step);
}

// The oldest time that can be seen in periods of this length: where points are coarser there is nothing.
inline int64_t oldest_seconds(int64_t period_seconds, base::Timestamp now) {
  for (const RollUp& level : kRollUps)
    if (period_seconds % level.step_seconds != 0) return base::to_epoch_seconds(now - level.after);
  return base::to_epoch_seconds(now - kRetention);
}

}  // namespace engine::cloudwatch
