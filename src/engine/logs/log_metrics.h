// LogMetrics: the way of the numbers found in log events to CloudWatch, with the rules that CloudWatch has for metrics,
// so that one that it would refuse never gets there with others. Owned by the service; safe from any thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/time.h"
#include "engine/service_metrics.h"

namespace engine::logs {

// What makes a point: where it belongs, its name, and what it is worth.
struct MetricPoint {
  std::string name_space;
  std::string metric_name;
  std::vector<std::pair<std::string, std::string>> dimensions = {};
  std::string unit = "None";
  std::vector<double> values = {};
  base::Timestamp at = {};
};

// API reference, PutMetricData and MetricDatum. A namespace of AWS's own ("AWS/...") is not for log events.
bool is_metric_namespace(std::string_view text);
bool is_metric_name(std::string_view text);
bool is_dimension_name(std::string_view text);
bool is_dimension_value(std::string_view text);
bool is_metric_unit(std::string_view text);
bool is_metric_value(double value);
// Whether CloudWatch takes a point for `at` if it gets there soon after `now`.
bool is_metric_time(base::Timestamp at, base::Timestamp now);

class LogMetrics {
 public:
  // `metrics` outlives this object; null: points are dropped.
  explicit LogMetrics(ServiceMetrics* metrics) : metrics_(metrics) {}
  [[nodiscard]] bool enabled() const { return metrics_ != nullptr; }
  // One of AWS/Logs' own metrics: for the whole account, and for the log group. REQUIRES: enabled().
  using GroupSeries = std::array<std::shared_ptr<MetricSeries>, 2>;
  [[nodiscard]] GroupSeries group_series(std::string_view account, std::string_view region, std::string_view group,
                                         std::string_view name, std::string_view unit);

  // False, with nothing added, if the point is of a series never seen and kEmfSeriesMax were: log lines must not fill
  // the memory with dimensions that are different in each of them.
  bool add(std::string_view account, std::string_view region, const MetricPoint& point);

 private:
  ServiceMetrics* const metrics_;
  std::mutex mutex_;
  std::unordered_set<uint64_t> seen_;  // hashes of the series' names
};

}  // namespace engine::logs
