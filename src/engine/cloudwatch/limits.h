// The quotas of CloudWatch and the bounds of this implementation. Quotas are AWS's, from the API reference of
// PutMetricData, GetMetricStatistics and ListMetrics; protocols.md 4.6 items 12, 14, 17 and 18.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace engine::cloudwatch {

// --- AWS's quotas.
constexpr std::size_t kDataPerPutMax = 1'000;
constexpr std::size_t kDimensionsMax = 30;
constexpr std::size_t kValuesMax = 150;
constexpr double kValueMagnitudeMax = 0x1p360;
constexpr std::size_t kNameLengthMax = 255;  // of namespaces and metrics
constexpr std::size_t kDimensionValueLengthMax = 1'024;
constexpr base::Duration kTooOld = std::chrono::hours(14 * 24);
constexpr base::Duration kTooNew = std::chrono::hours(2);
constexpr int64_t kDatapointsMax = 1'440;                          // GetMetricStatistics
constexpr std::size_t kListMax = 500;                              // ListMetrics
constexpr base::Duration kListed = std::chrono::hours(14 * 24);    // ListMetrics: metrics with data this young
constexpr base::Duration kRecentlyActive = std::chrono::hours(3);  // ListMetrics: RecentlyActive PT3H

// --- Our bounds. AWS keeps minutes for 15 days, then coarser points for 455 days; here data ends after 15 days.
constexpr base::Duration kRetention = std::chrono::hours(15 * 24);
constexpr std::size_t kMetricsMax = 100'000;   // in all, about 300 bytes of memory each
constexpr std::size_t kStoredValuesMax = 64;   // distinct values kept of one metric and minute, for percentiles
constexpr std::size_t kReadValuesMax = 1'024;  // distinct values of one datapoint of an answer
constexpr std::size_t kSweptPerStep = 500;     // metrics looked at with the lock held
constexpr base::Duration kSweepInterval = std::chrono::hours(1);
constexpr int64_t kSeenPrecisionSeconds = 600;  // how far the stored time of a metric's last data may lag behind

}  // namespace engine::cloudwatch
