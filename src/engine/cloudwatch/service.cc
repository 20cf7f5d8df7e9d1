#include "engine/cloudwatch/service.h"

#include <algorithm>

#include "base/check.h"
#include "engine/cloudwatch/keys.h"
#include "engine/cloudwatch/limits.h"
#include "engine/record.h"

namespace engine::cloudwatch {
namespace {

// Rows are only ever written by this service, so one that does not read means that the disk lies.
void check_row(bool ok) {
  CHECK(ok, "a row of CloudWatch in the store is damaged");
}

}  // namespace

std::string metric_key(std::string_view prefix, std::string_view name_space, std::string_view name,
                       const Dimensions& dimensions) {
  store::KeyWriter writer("");
  writer.text(name_space).text(name);
  for (const auto& dimension : dimensions) writer.text(*dimension.name).text(*dimension.value);
  return std::string(prefix) + writer.take().substr(1);  // without the empty table's NUL
}

aws::cloudwatch::Metric read_metric_key(std::string_view key) {
  store::KeyReader reader(key, keys::kMetricTable);
  std::string skipped;
  aws::cloudwatch::Metric out;
  out.dimensions.emplace();
  bool ok = reader.text(skipped) && reader.text(skipped) && reader.text(out.namespace_.emplace()) &&
            reader.text(out.metric_name.emplace());
  while (ok && !reader.rest().empty()) {
    auto& dimension = out.dimensions->emplace_back();
    ok = reader.text(dimension.name.emplace()) && reader.text(dimension.value.emplace());
  }
  check_row(ok);
  return out;
}

CloudWatchService::CloudWatchService(store::KvStore& store, base::Env& env)
    : store_(store), env_(env), stop_requested_(env.executor.make_condition()) {
  load();
}

CloudWatchService::~CloudWatchService() {
  stop();
}

void CloudWatchService::load() {
  if (const auto row = store_.get(keys::kNextIdKey)) {
    for (RecordReader reader(*row); reader.next();) next_id_ = reader.number();
  }
  const std::string rows = store::KeyWriter(keys::kMetricTable).take();
  for (auto cursor = store_.scan(rows, store::prefix_end(rows)); cursor->valid(); cursor->next()) {
    Metric metric;
    RecordReader reader(cursor->value());
    while (reader.next()) {
      if (reader.field() == 1) metric.id = reader.number();
      if (reader.field() == 2) metric.stored_seconds = static_cast<int64_t>(reader.number());
    }
    check_row(reader.ok() && metric.id != 0);
    metric.last_seconds = metric.stored_seconds;
    metrics_.emplace(cursor->key(), metric);
  }
}

void CloudWatchService::start() {
  sweeper_ = env_.executor.spawn("cw-sweeper", [this] { sweep(); });
}

void CloudWatchService::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    stop_requested_->notify_all();
  }
  sweeper_.reset();
}

void CloudWatchService::sweep() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const int64_t horizon = base::to_epoch_seconds(env_.clock.now() - kRetention);
    std::string from;
    for (bool more = true; more && !stopping_;) {
      store::WriteBatch batch;
      auto at = metrics_.lower_bound(from);
      for (std::size_t i = 0; i < kSweptPerStep && at != metrics_.end(); ++i) {
        from = at->first + '\0';
        sweep_metric(at++, horizon, batch);
      }
      more = at != metrics_.end();
      if (!batch.empty()) store_.write(batch);
      lock.unlock();  // let operations in
      lock.lock();
    }
    if (!stopping_) env_.executor.wait_until(lock, *stop_requested_, env_.clock.now() + kSweepInterval);
  }
}

void CloudWatchService::sweep_metric(Metrics::iterator metric, int64_t horizon_seconds, store::WriteBatch& batch) {
  Metric& entry = metric->second;
  if (entry.first_seconds >= horizon_seconds) return;
  const std::string begin = keys::point(entry.id, 0, 0);
  const std::string end = keys::point(entry.id, horizon_seconds, 0);
  if (store_.scan(begin, end)->valid()) batch.erase_range(begin, end);
  entry.first_seconds = horizon_seconds;
  // What the store says of the newest point may lag behind, but not by more than this.
  if (entry.last_seconds + kSeenPrecisionSeconds >= horizon_seconds) return;
  batch.erase(metric->first);
  metrics_.erase(metric);
}

}  // namespace engine::cloudwatch
