// Every key that CloudWatch keeps in the store. Metrics are found by (account, region, namespace, name, dimensions);
// their points lie under the metric's id, a number that is never used again, in the order of time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "store/key.h"

namespace engine::cloudwatch::keys {

constexpr std::string_view kMetricTable = "cloudwatch/metric";  // ..., name and value of each dimension -> MetricRecord
constexpr std::string_view kPointTable = "cloudwatch/point";    // metric id, time in seconds, unit -> Aggregate
constexpr std::string_view kNextIdKey{"cloudwatch/next_id\0", 19};  // the next metric id

inline std::string metrics(std::string_view account, std::string_view region) {
  return store::KeyWriter(kMetricTable).text(account).text(region).take();
}
// `unit` is an index into kUnits.
inline std::string point(uint64_t metric_id, int64_t seconds, uint64_t unit) {
  return store::KeyWriter(kPointTable).number(metric_id).number(static_cast<uint64_t>(seconds)).number(unit).take();
}

}  // namespace engine::cloudwatch::keys
