#include "engine/cloudwatch/service.h"

#include <algorithm>

#include "engine/cloudwatch/alarms.h"
#include "engine/cloudwatch/keys.h"
#include "engine/cloudwatch/limits.h"
#include "engine/record.h"

namespace engine::cloudwatch {
namespace {

void check_row(bool ok) {
  store::require_intact(ok, "a row of CloudWatch");
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

PointPlace read_point_key(std::string_view key) {
  store::KeyReader reader(key, keys::kPointTable);
  uint64_t metric_id = 0;
  uint64_t seconds = 0;
  PointPlace out;
  check_row(reader.number(metric_id) && reader.number(seconds) && reader.number(out.unit) && out.unit < kUnits.size());
  out.seconds = static_cast<int64_t>(seconds);
  return out;
}

Aggregate read_point(std::string_view value) {
  auto aggregate = Aggregate::decode(value);
  check_row(aggregate.has_value());
  return std::move(*aggregate);
}

CloudWatchService::CloudWatchService(store::KvStore& store, base::Env& env, CloudWatchOptions options)
    : store_(store), env_(env), options_(std::move(options)), stop_requested_(env.executor.make_condition()) {
  load();
  alarms_ = make_alarms();
}

CloudWatchService::~CloudWatchService() {
  stop();
}

void CloudWatchService::load() {
  if (const auto row = store_.get(keys::kNextIdKey)) {
    RecordReader reader(*row);
    while (reader.next()) next_id_ = reader.number();
    check_row(reader.ok());
  }
  const std::string rows = store::KeyWriter(keys::kMetricTable).take();
  for (auto cursor = store_.scan(rows, store::prefix_end(rows)); cursor->valid(); cursor->next()) {
    Metric metric;
    RecordReader reader(cursor->value());
    while (reader.next()) {
      if (reader.field() == 1) metric.id = reader.number();
      if (reader.field() == 2) metric.stored_seconds = static_cast<int64_t>(reader.number());
      if (reader.field() == 3) metric.high_resolution = reader.number() != 0;
      if (reader.field() >= 4 && reader.field() < 4 + kRollUps.size())
        metric.rolled_seconds[reader.field() - 4] = static_cast<int64_t>(reader.number());
    }
    check_row(reader.ok() && metric.id != 0);
    metric.last_seconds = metric.stored_seconds;
    metrics_.emplace(cursor->key(), metric);
  }
}

std::string CloudWatchService::Metric::record() const {
  RecordWriter out;
  out.number(1, id).number(2, static_cast<uint64_t>(stored_seconds)).number(3, high_resolution ? 1 : 0);
  for (std::size_t i = 0; i < kRollUps.size(); ++i)
    out.number(static_cast<uint32_t>(4 + i), static_cast<uint64_t>(rolled_seconds[i]));
  return out.take();
}

void CloudWatchService::start() {
  sweeper_ = env_.executor.spawn("cw-sweeper", [this] { sweep(); });
  alarms_->start();
}

void CloudWatchService::stop() {
  alarms_->stop();
  {
    const auto lock = mutex_.lock();
    stopping_ = true;
    stop_requested_->notify_all();
  }
  sweeper_.reset();
}

}  // namespace engine::cloudwatch
