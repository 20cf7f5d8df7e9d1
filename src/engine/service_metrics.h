// ServiceMetrics: what the engine's services measure about themselves (AWS/SQS, AWS/Lambda, ...), on its way into
// CloudWatch. Values are gathered in memory, per series and minute, and put by flush(): within ten seconds, and
// whenever CloudWatch is about to read, so that nobody sees less than has happened. A crash loses at most what was not
// put yet, as AWS's own metrics are best effort too. Owned by the engine, outlives every service; safe from any thread.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/env.h"

namespace aws::cloudwatch {
class CloudWatch;
struct MetricDatum;
}  // namespace aws::cloudwatch

namespace engine {

// Names one series. The views are of the caller's strings, copied where they are kept. `unit` is CloudWatch's
// ("Count", "Milliseconds", "Bytes", "Percent", "None").
struct MetricName {
  std::string_view account;
  std::string_view region;
  std::string_view name_space;  // "AWS/SQS"
  std::string_view metric_name;
  std::vector<std::pair<std::string_view, std::string_view>> dimensions;
  std::string_view unit = "Count";
};

class ServiceMetrics;

// One series. add() costs one short lock, so services on a hot path keep what ServiceMetrics::series gave them.
class MetricSeries {
 public:
  // `owner` outlives this object.
  explicit MetricSeries(ServiceMetrics& owner) : owner_(owner) {}
  // Counts `value` in, `weight` (> 0) times, in the minute of `at`.
  void add(double value, base::Timestamp at, double weight = 1);

 private:
  friend class ServiceMetrics;
  using Values = std::map<double, double>;  // value and weight; at most as many as one datum may have
  ServiceMetrics& owner_;
  std::mutex mutex_;
  std::map<int64_t, std::vector<Values>> minutes_;  // by the minute's first second; the last of each is being filled
};

class ServiceMetrics {
 public:
  // `env` outlives this object.
  explicit ServiceMetrics(base::Env& env);
  ~ServiceMetrics();  // stop()
  ServiceMetrics(const ServiceMetrics&) = delete;
  ServiceMetrics& operator=(const ServiceMetrics&) = delete;

  // The series of that name, made at first use. The pointer is never null and may be kept for good; a series that
  // nobody keeps is forgotten once its values are put.
  std::shared_ptr<MetricSeries> series(const MetricName& name);
  // For paths that are not hot.
  void add(const MetricName& name, double value, base::Timestamp at) { series(name)->add(value, at); }

  // Begins to put values into `cloudwatch`. `sample` is called at each minute, for values that are a state and not an
  // event (the length of a queue); it calls add() with the time it is given.
  void start(aws::cloudwatch::CloudWatch& cloudwatch, std::function<void(base::Timestamp now)> sample);
  // Puts what is left and ends.
  void stop();
  // Puts all values that were added before this call, one caller after the other. Does nothing before start(). Never
  // called with a lock held that CloudWatch takes, and calls CloudWatch without a lock.
  void flush();

  // What flush() would put, taken away: one PutMetricData per element.
  struct Put;
  std::vector<Put> take();

 private:
  friend class MetricSeries;
  struct Entry;
  void run();
  void wait(std::unique_lock<std::mutex>& lock, base::Timestamp minute_end);
  void put_all(aws::cloudwatch::CloudWatch& cloudwatch);
  void expect_flush();  // after every value

  base::Env& env_;
  std::atomic<bool> waiting_values_ = false;                            // since run() last flushed
  std::mutex mutex_;                                                    // guards what follows
  std::map<std::string, std::shared_ptr<Entry>, std::less<>> entries_;  // by everything in its name
  aws::cloudwatch::CloudWatch* cloudwatch_ = nullptr;
  std::function<void(base::Timestamp)> sample_;
  std::unique_ptr<base::Condition> wake_;  // to stop, or because a value came
  bool stopping_ = false;
  bool putting_ = false;                  // somebody is in put_all()
  std::unique_ptr<base::Condition> put_;  // nobody is any more
  std::unique_ptr<base::Task> task_;
};

// Include aws/cloudwatch/cloudwatch.h to use it.
struct ServiceMetrics::Put {
  std::string account;
  std::string region;
  std::string name_space;
  std::vector<aws::cloudwatch::MetricDatum> data;  // at most 1000
};

}  // namespace engine
