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
                                                    {"DestinationDeliveryFailures", "Count"},
                                                    {"UrlRequestCount", "Count"},
                                                    {"Url4xxCount", "Count"},
                                                    {"Url5xxCount", "Count"},
                                                    {"UrlRequestLatency", "Milliseconds"}}};

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

void InvocationMetrics::url_request(base::Timestamp at, int status, base::Duration latency) {
  add(Metric::url_request_count, 1, at);
  add(Metric::url_4xx_count, status / 100 == 4 ? 1 : 0, at);
  add(Metric::url_5xx_count, status / 100 == 5 ? 1 : 0, at);
  add(Metric::url_request_latency, std::chrono::duration<double, std::milli>(latency).count(), at);
}

FunctionMetrics::FunctionMetrics(ServiceMetrics* metrics)
    : metrics_(metrics), nothing_(std::make_shared<InvocationMetrics>(std::vector<std::shared_ptr<MetricLane>>())) {}

std::shared_ptr<MetricLane> FunctionMetrics::lane(const std::string& key, const Name& name,
                                                  const MetricLane::Dimensions& dimensions) {
  auto& found = lanes_[key];
  if (!found) found = std::make_shared<MetricLane>(*metrics_, name.account, name.region, dimensions);
  return found;
}

std::shared_ptr<InvocationMetrics> FunctionMetrics::of(const Name& name) {
  if (metrics_ == nullptr) return nothing_;
  const std::string_view qualifier = name.qualifier == "$LATEST" ? std::string_view() : name.qualifier;
  const auto joined = [](std::string text, std::string_view next) { return std::move(text.append("/").append(next)); };
  const std::string account = joined(std::string(name.account), name.region);
  const std::string function = joined(account, name.function);
  const std::string resource = joined(function, qualifier);
  const std::string executed = joined(resource, name.executed_version);
  const std::lock_guard lock(mutex_);
  auto& metrics = known_[executed];
  if (metrics) return metrics;
  std::string shown(name.function);
  if (!qualifier.empty()) shown.append(":").append(qualifier);
  std::vector<std::shared_ptr<MetricLane>> lanes = {
      lane(account, name, {}), lane(function, name, {{"FunctionName", name.function}}),
      lane(resource, name, {{"FunctionName", name.function}, {"Resource", shown}})};
  if (!name.executed_version.empty()) {
    lanes.push_back(
        lane(executed, name,
             {{"FunctionName", name.function}, {"Resource", shown}, {"ExecutedVersion", name.executed_version}}));
  }
  metrics = std::make_shared<InvocationMetrics>(std::move(lanes));
  return metrics;
}

void FunctionMetrics::forget(std::string_view account, std::string_view region, std::string_view function) {
  forget_version(account, region, function, "");
}

void FunctionMetrics::forget_version(std::string_view account, std::string_view region, std::string_view function,
                                     std::string_view version) {
  std::string key(account);
  key.append("/").append(region).append("/").append(function);
  const std::string end = "/" + std::string(version);
  const std::lock_guard lock(mutex_);
  const auto belongs = [&](const auto& entry) {
    const std::string& name = entry.first;
    return version.empty() ? name == key || name.starts_with(key + "/")
                           : name.starts_with(key + "/") && name.ends_with(end);
  };
  std::erase_if(lanes_, belongs);
  std::erase_if(known_, belongs);
}

}  // namespace engine::lambda
