#include "engine/service_metrics.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "aws/cloudwatch/cloudwatch.h"
#include "engine/internal_call.h"

namespace engine {
namespace {

constexpr std::size_t kValuesMax = 150;  // distinct values of one datum (API reference, MetricDatum)
constexpr std::size_t kDataMax = 1000;   // of one PutMetricData
constexpr auto kInterval = std::chrono::seconds(10);
constexpr int64_t kMinuteSeconds = 60;

// Everything in the name, each part ended by a character that none may contain.
std::string key_of(const MetricName& name) {
  std::string key;
  for (const std::string_view part : {name.account, name.region, name.name_space, name.metric_name, name.unit})
    key.append(part).push_back('\0');
  for (const auto& [dimension, value] : name.dimensions) {
    key.append(dimension).push_back('\0');
    key.append(value).push_back('\0');
  }
  return key;
}

}  // namespace

struct ServiceMetrics::Entry {
  std::string account;
  std::string region;
  std::string name_space;
  aws::cloudwatch::MetricDatum datum;  // without time and values
  std::shared_ptr<MetricSeries> series = nullptr;
};

void MetricSeries::add(double value, base::Timestamp at, double weight) {
  const int64_t seconds = base::to_epoch_seconds(at);
  {
    const std::lock_guard lock(mutex_);
    std::vector<Values>& minute = minutes_[seconds - seconds % kMinuteSeconds];
    if (minute.empty() || (minute.back().size() >= kValuesMax && !minute.back().contains(value))) minute.emplace_back();
    minute.back()[value] += weight;
  }
  owner_.expect_flush();
}

ServiceMetrics::ServiceMetrics(base::Env& env)
    : env_(env), wake_(env.executor.make_condition()), put_(env.executor.make_condition()) {}

ServiceMetrics::~ServiceMetrics() {
  stop();
}

std::shared_ptr<MetricSeries> ServiceMetrics::series(const MetricName& name) {
  std::string key = key_of(name);
  const std::lock_guard lock(mutex_);
  std::shared_ptr<Entry>& entry = entries_[std::move(key)];
  if (entry == nullptr) {
    entry = std::make_shared<Entry>();
    entry->series = std::make_shared<MetricSeries>(*this);
    entry->account = name.account;
    entry->region = name.region;
    entry->name_space = name.name_space;
    entry->datum.metric_name = std::string(name.metric_name);
    entry->datum.unit = std::string(name.unit);
    for (const auto& [dimension, value] : name.dimensions) {
      if (!entry->datum.dimensions.has_value()) entry->datum.dimensions.emplace();
      entry->datum.dimensions->push_back({std::string(dimension), std::string(value)});
    }
  }
  return entry->series;
}

void ServiceMetrics::start(aws::cloudwatch::CloudWatch& cloudwatch, std::function<void(base::Timestamp)> sample) {
  const std::lock_guard lock(mutex_);
  cloudwatch_ = &cloudwatch;
  sample_ = std::move(sample);
  task_ = env_.executor.spawn("metrics", [this] { run(); });
}

void ServiceMetrics::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_->notify_all();
  }
  task_.reset();
  flush();
  std::unique_lock lock(mutex_);
  while (putting_) env_.executor.wait_until(lock, *put_, base::kTimestampMax);
  cloudwatch_ = nullptr;
}

void ServiceMetrics::run() {
  int64_t sampled = base::to_epoch_seconds(env_.clock.now()) / kMinuteSeconds;
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const base::Timestamp now = env_.clock.now();
    const int64_t minute = base::to_epoch_seconds(now) / kMinuteSeconds;
    lock.unlock();
    if (minute != sampled && sample_) sample_(now);
    sampled = minute;
    waiting_values_ = false;
    flush();
    lock.lock();
    wait(lock, base::from_epoch_seconds((minute + 1) * kMinuteSeconds));
  }
}

// An engine without anything to do wakes once a minute and not every ten seconds: a year of virtual time has three
// million of those.
void ServiceMetrics::wait(std::unique_lock<std::mutex>& lock, base::Timestamp minute_end) {
  while (!stopping_ && !waiting_values_ && env_.clock.now() < minute_end)
    env_.executor.wait_until(lock, *wake_, minute_end);
  const base::Timestamp flush_at = std::min(env_.clock.now() + kInterval, minute_end);
  while (!stopping_ && env_.clock.now() < flush_at) env_.executor.wait_until(lock, *wake_, flush_at);
}

void ServiceMetrics::expect_flush() {
  if (waiting_values_.load(std::memory_order_relaxed) || waiting_values_.exchange(true)) return;
  const std::lock_guard lock(mutex_);
  wake_->notify_all();
}

std::vector<ServiceMetrics::Put> ServiceMetrics::take() {
  std::vector<std::shared_ptr<Entry>> entries;
  {
    const std::lock_guard lock(mutex_);
    for (auto it = entries_.begin(); it != entries_.end();) {
      entries.push_back(it->second);
      // A series that nobody keeps is made again when it is wanted again; new ones are made under this lock only.
      it = it->second->series.use_count() == 1 ? entries_.erase(it) : std::next(it);
    }
  }
  std::vector<Put> out;
  for (const auto& entry : entries) {  // in the order of account, region and namespace
    std::map<int64_t, std::vector<MetricSeries::Values>> minutes;
    {
      const std::lock_guard lock(entry->series->mutex_);
      minutes.swap(entry->series->minutes_);
    }
    for (const auto& [seconds, groups] : minutes) {
      for (const MetricSeries::Values& values : groups) {
        if (out.empty() || out.back().data.size() >= kDataMax || out.back().account != entry->account ||
            out.back().region != entry->region || out.back().name_space != entry->name_space)
          out.push_back({entry->account, entry->region, entry->name_space, {}});
        aws::cloudwatch::MetricDatum datum = entry->datum;
        datum.timestamp = base::from_epoch_seconds(seconds);
        datum.values.emplace();
        datum.counts.emplace();
        for (const auto& [value, weight] : values) {
          datum.values->push_back(value);
          datum.counts->push_back(weight);
        }
        out.back().data.push_back(std::move(datum));
      }
    }
  }
  return out;
}

// A caller whose values another one has taken must not return before they are put, hence the turns.
void ServiceMetrics::flush() {
  std::unique_lock lock(mutex_);
  while (putting_) env_.executor.wait_until(lock, *put_, base::kTimestampMax);
  if (cloudwatch_ == nullptr) return;
  putting_ = true;
  lock.unlock();
  put_all(*cloudwatch_);
  lock.lock();
  putting_ = false;
  put_->notify_all();
}

void ServiceMetrics::put_all(aws::cloudwatch::CloudWatch& cloudwatch) {
  for (Put& put : take()) {
    // Only services may put into "AWS/..."; the rest comes from the account's own logs.
    aws::Context context = put.name_space.starts_with("AWS/")
                               ? service_call(env_, put.account, put.region, "cloudwatch.amazonaws.com", "")
                               : account_call(env_, put.account, put.region);
    aws::cloudwatch::PutMetricDataInput input;
    input.namespace_ = std::move(put.name_space);
    input.metric_data = std::move(put.data);
    // Best effort: a refusal (a point older than two weeks after a long sleep) must not stop the others.
    static_cast<void>(cloudwatch.put_metric_data(context, std::move(input)));
  }
}

}  // namespace engine
