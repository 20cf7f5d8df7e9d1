// InvocationMetrics: what AWS/Lambda measures of one function under one qualifier (protocols.md 4.4 item 31). Each
// value goes to several sets of series, called lanes: the account's (no dimensions), the function's (FunctionName), the
// resource's (FunctionName and Resource) and, for an alias, that of the version behind it (with ExecutedVersion: Lambda
// Developer Guide, "Monitoring Lambda functions"). Series are looked up once; counting costs a few short locks.
// FunctionMetrics: all of them, made at first use. Owned by the service. Both are safe from any thread.
#pragma once

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
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
  url_request_count,
  url_4xx_count,
  url_5xx_count,
  url_request_latency,
};
constexpr std::size_t kMetricCount = 14;

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
  // A request to the function's URL that was answered with `status`.
  void url_request(base::Timestamp at, int status, base::Duration latency);
  void add(Metric metric, double value, base::Timestamp at);

 private:
  const std::vector<std::shared_ptr<MetricLane>> lanes_;
};

class FunctionMetrics {
 public:
  // `metrics` outlives this object; null: nothing is measured.
  explicit FunctionMetrics(ServiceMetrics* metrics);

  struct Name {
    std::string_view account;
    std::string_view region;
    std::string_view function;
    std::string_view qualifier;         // as it was given; empty: none
    std::string_view executed_version;  // of an alias; empty: the qualifier is none
  };
  // Never null.
  std::shared_ptr<InvocationMetrics> of(const Name& name);
  // The function is deleted.
  void forget(std::string_view account, std::string_view region, std::string_view function);
  // The same of one version, by whatever alias it was called.
  void forget_version(std::string_view account, std::string_view region, std::string_view function,
                      std::string_view version);

 private:
  // REQUIRES: mutex_ is held.
  std::shared_ptr<MetricLane> lane(const std::string& key, const Name& name, const MetricLane::Dimensions& dimensions);

  ServiceMetrics* const metrics_;
  const std::shared_ptr<InvocationMetrics> nothing_;
  std::mutex mutex_;  // guards what follows; both by account, region, function and so on, "/" between them
  std::map<std::string, std::shared_ptr<MetricLane>, std::less<>> lanes_;
  std::map<std::string, std::shared_ptr<InvocationMetrics>, std::less<>> known_;
};

}  // namespace engine::lambda
