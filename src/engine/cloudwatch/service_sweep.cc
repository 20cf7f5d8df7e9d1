// What becomes of points as they age: rolled up into coarser ones, at last removed, with the metrics that have none.
#include <algorithm>

#include "engine/cloudwatch/keys.h"
#include "engine/cloudwatch/periods.h"
#include "engine/cloudwatch/service.h"

namespace engine::cloudwatch {

void CloudWatchService::sweep() {
  auto lock = mutex_.lock();
  while (!stopping_) {
    sweep_all(lock);
    if (!stopping_) env_.executor.wait_until(lock, *stop_requested_, env_.clock.now() + kSweepInterval);
  }
}

void CloudWatchService::sweep_points() {
  auto lock = mutex_.lock();
  sweep_all(lock);
}

void CloudWatchService::sweep_all(std::unique_lock<std::mutex>& lock) {
  const base::Timestamp now = env_.clock.now();
  std::string from;
  for (bool more = true; more && !stopping_;) {
    store::WriteBatch batch;
    std::size_t points_left = kSweptPointsPerStep;
    auto at = metrics_.lower_bound(from);
    for (std::size_t i = 0; i < kSweptPerStep && at != metrics_.end(); ++i) {
      from = at->first;
      const auto metric = at++;
      if (!sweep_metric(metric, now, batch, points_left)) {
        at = metric;
        break;
      }
      from += '\0';
    }
    more = at != metrics_.end();
    if (!batch.empty()) store_.write(batch);
    lock.unlock();  // let operations in
    lock = mutex_.lock();
  }
}

bool CloudWatchService::sweep_metric(Metrics::iterator metric, base::Timestamp now, store::WriteBatch& batch,
                                     std::size_t& points_left) {
  Metric& entry = metric->second;
  const int64_t horizon = base::to_epoch_seconds(now - kRetention);
  if (entry.first_seconds < horizon) {
    const std::string begin = keys::point(entry.id, 0, 0);
    const std::string end = keys::point(entry.id, horizon, 0);
    if (store_.scan(begin, end)->valid()) batch.erase_range(begin, end);
    entry.first_seconds = horizon;
    // What the store says of the newest point may lag behind, but not by more than this.
    if (entry.last_seconds + kSeenPrecisionSeconds < horizon) {
      batch.erase(metric->first);
      metrics_.erase(metric);
      return true;
    }
  }
  // From the coarsest to the finest, each where the one before it ended: no point is part of two in one batch.
  int64_t done = horizon;
  bool changed = false;
  bool finished = true;
  for (std::size_t level = kRollUps.size(); level-- > 0 && finished;) {
    if (level == 0 && !entry.high_resolution) break;
    const int64_t step = kRollUps[level].step_seconds;
    const int64_t end = round_down(base::to_epoch_seconds(now - kRollUps[level].after), step);
    int64_t& rolled = entry.rolled_seconds[level];
    const int64_t from = std::max({round_down(rolled, step), done, round_down(entry.first_seconds, step)});
    done = std::max(done, end);
    if (from >= end || from > entry.last_seconds + kSeenPrecisionSeconds) continue;
    rolled = roll_up(entry.id, {from, end}, step, batch, points_left);
    finished = rolled == end;
    changed = true;
  }
  if (changed) batch.put(metric->first, entry.record());
  return finished;
}

// Makes one point of all that are in one step and of one unit. Stops between two steps once `points_left` is used up;
// returns where.
int64_t CloudWatchService::roll_up(uint64_t metric_id, Span span, int64_t step_seconds, store::WriteBatch& batch,
                                   std::size_t& points_left) {
  struct Rolled {
    Aggregate aggregate;
    std::vector<std::string> keys;
  };
  std::map<uint64_t, Rolled> units;  // of the step at hand
  int64_t step_start = span.start;
  const auto finish_step = [&] {
    for (auto& [unit, rolled] : units) {
      std::string place = keys::point(metric_id, step_start, unit);
      if (rolled.keys.size() == 1 && rolled.keys.front() == place) continue;
      for (std::string& key : rolled.keys)
        if (key != place) batch.erase(std::move(key));
      batch.put(std::move(place), rolled.aggregate.encode());
    }
    units.clear();
  };
  const std::string end = keys::point(metric_id, span.end, 0);
  for (auto cursor = store_.scan(keys::point(metric_id, span.start, 0), end); cursor->valid(); cursor->next()) {
    const PointPlace place = read_point_key(cursor->key());
    const int64_t start = round_down(place.seconds, step_seconds);
    if (start != step_start) {
      finish_step();
      if (points_left == 0) return start;
      step_start = start;
    }
    if (points_left > 0) --points_left;
    Rolled& rolled = units[place.unit];
    rolled.aggregate.merge(read_point(cursor->value()), kStoredValuesMax);
    rolled.keys.emplace_back(cursor->key());
  }
  finish_step();
  return span.end;
}

}  // namespace engine::cloudwatch
