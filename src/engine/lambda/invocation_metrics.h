// InvocationMetrics: what AWS/Lambda measures of one function under one qualifier (protocols.md 4.4 item 31). Each
// value goes to three sets of series, called lanes: the resource's (FunctionName and Resource), the function's
// (FunctionName) and the account's (no dimensions). Series are looked up once; counting costs a few short locks. Safe
// from any thread.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"

namespace engine {
class MetricSeries;
class ServiceMetrics;
}  // namespace engine

namespace engine::lambda {

enum class Metric {
  invocations,
  errors,
  throttles,
  duration,
  concurrent_executions,
  async_events_received,
  async_event_age,
  async_events_dropped,
  dead_letter_errors,
  destination_delivery_failures,
};
constexpr std::size_t kMetricCount = 10;

struct MetricLane {
  using Dimensions = std::vector<std::pair<std::string_view, std::string_view>>;
  MetricLane(ServiceMetrics& metrics, std::string_view account, std::string_view region, const Dimensions& dimensions);

  std::array<std::shared_ptr<MetricSeries>, kMetricCount> series;
  std::atomic<int> running = 0;  // invocations at this moment
};

class InvocationMetrics {
 public:
  // Shared lanes; none at all if nothing is measured.
  explicit InvocationMetrics(std::vector<std::shared_ptr<MetricLane>> lanes) : lanes_(std::move(lanes)) {}

  // Around an invocation that an instance runs. All of it counts in the minute of `began`.
  void begin(base::Timestamp began);
  void end(base::Timestamp began, base::Duration duration, bool error);
  // What began is done by another instance, for which begin() comes again.
  void abandon();
  // An invocation that is refused; it is no Invocation.
  void throttled(base::Timestamp at) { add(Metric::throttles, 1, at); }
  void add(Metric metric, double value, base::Timestamp at);

 private:
  const std::vector<std::shared_ptr<MetricLane>> lanes_;
};

}  // namespace engine::lambda
