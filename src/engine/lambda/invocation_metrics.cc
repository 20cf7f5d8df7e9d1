#include "engine/lambda/invocation_metrics.h"

#include "engine/service_metrics.h"

namespace engine::lambda {
namespace {

struct Kind {
  std::string_view name;
  std::string_view unit;
};

// In the order of Metric.
constexpr std::array<Kind, kMetricCount> kKinds = {{{"Invocations", "Count"},
                                                    {"Errors", "Count"},
                                                    {"Throttles", "Count"},
                                                    {"Duration", "Milliseconds"},
                                                    {"ConcurrentExecutions", "Count"},
                                                    {"AsyncEventsReceived", "Count"},
                                                    {"AsyncEventAge", "Milliseconds"},
                                                    {"AsyncEventsDropped", "Count"},
                                                    {"DeadLetterErrors", "Count"},
                                                    {"DestinationDeliveryFailures", "Count"}}};

}  // namespace

MetricLane::MetricLane(ServiceMetrics& metrics, std::string_view account, std::string_view region,
                       const Dimensions& dimensions) {
  for (std::size_t i = 0; i < kMetricCount; ++i) {
    series[i] = metrics.series({account, region, "AWS/Lambda", kKinds[i].name, dimensions, kKinds[i].unit});
  }
}

void InvocationMetrics::add(Metric metric, double value, base::Timestamp at) {
  for (const auto& lane : lanes_) lane->series[static_cast<std::size_t>(metric)]->add(value, at);
}

void InvocationMetrics::begin(base::Timestamp began) {
  for (const auto& lane : lanes_) {
    lane->series[static_cast<std::size_t>(Metric::concurrent_executions)]->add(++lane->running, began);
  }
}

void InvocationMetrics::abandon() {
  for (const auto& lane : lanes_) --lane->running;
}

void InvocationMetrics::end(base::Timestamp began, base::Duration duration, bool error) {
  abandon();
  add(Metric::invocations, 1, began);
  add(Metric::errors, error ? 1 : 0, began);
  add(Metric::throttles, 0, began);
  add(Metric::duration, std::chrono::duration<double, std::milli>(duration).count(), began);
}

}  // namespace engine::lambda
