#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "aws/cloudwatch/errors.h"
#include "engine/cloudwatch/keys.h"
#include "engine/cloudwatch/limits.h"
#include "engine/cloudwatch/service.h"
#include "engine/record.h"

namespace engine::cloudwatch {

using namespace aws::cloudwatch;

base::Result<PutMetricDataResponse> CloudWatchService::put_metric_data(aws::Context& context, PutMetricDataInput in) {
  const std::string name_space = in.namespace_.value_or("");
  if (name_space.empty()) return missing_parameter("Namespace");
  const bool reserved = name_space.starts_with("AWS/") && context.principal.kind != aws::Principal::Kind::service;
  if (reserved || name_space.size() > kNameLengthMax || name_space.front() == ':') {
    return invalid_value(fmt::format("The value {} for parameter Namespace is invalid.", name_space));
  }
  if (!in.metric_data || in.metric_data->empty()) return missing_parameter("MetricData");
  if (in.metric_data->size() > kDataPerPutMax) {
    return invalid_value("The collection MetricData must not have a size greater than 1000.");
  }
  std::vector<CheckedDatum> data;
  data.reserve(in.metric_data->size());
  for (std::size_t i = 0; i < in.metric_data->size(); ++i) {
    TRY_ASSIGN(CheckedDatum datum, check_datum(std::move((*in.metric_data)[i]), i + 1, context.now));
    if (datum.aggregate.count() > 0) data.push_back(std::move(datum));
  }
  const std::string prefix = keys::metrics(context.account, context.region);
  std::vector<std::string> rows;
  for (const CheckedDatum& datum : data) {
    rows.push_back(metric_key(prefix, name_space, datum.metric_name, datum.dimensions));
  }
  // In parts, between which others have the lock.
  for (std::size_t at = 0; at < data.size(); at += kDataPerStep) {
    const std::size_t count = std::min(kDataPerStep, data.size() - at);
    const auto lock = mutex_.lock();
    if (at == 0) TRY(check_room(rows));
    store::WriteBatch batch;
    add_data(std::span(rows).subspan(at, count), std::span(data).subspan(at, count), batch);
    store_.write(batch);
  }
  return PutMetricDataResponse{};
}

// For all metrics of a request, before the first of them is made.
base::Result<void> CloudWatchService::check_room(const std::vector<std::string>& rows) const {
  std::set<std::string_view> added;
  if (metrics_.size() + rows.size() <= kMetricsMax) return {};
  for (const std::string& row : rows)
    if (!metrics_.contains(row)) added.insert(row);
  if (metrics_.size() + added.size() <= kMetricsMax) return {};
  return base::fail(errors::limit_exceeded_fault(
      fmt::format("This engine keeps at most {} metrics; put data for existing ones or wait until some have had no "
                  "data for 455 days.",
                  kMetricsMax)));
}

void CloudWatchService::add_data(std::span<const std::string> rows, std::span<const CheckedDatum> data,
                                 store::WriteBatch& batch) {
  std::map<std::string, Aggregate> points;  // by their keys: data of one request may meet in one point
  const uint64_t first_new_id = next_id_;
  for (std::size_t i = 0; i < data.size(); ++i) {
    const CheckedDatum& datum = data[i];
    const auto [at, is_new] = metrics_.try_emplace(rows[i]);
    Metric& metric = at->second;
    if (is_new) {
      metric.id = next_id_++;
      metric.first_seconds = datum.seconds;
    }
    metric.first_seconds = std::min(metric.first_seconds, datum.seconds);
    metric.last_seconds = std::max(metric.last_seconds, datum.seconds);
    bool changed = is_new;
    if (datum.seconds % 60 != 0 && !metric.high_resolution) changed = metric.high_resolution = true;
    for (std::size_t level = 0; level < kRollUps.size(); ++level) {
      // A late point is rolled up after its neighbours.
      if (datum.seconds >= metric.rolled_seconds[level] || datum.seconds % kRollUps[level].step_seconds == 0) continue;
      metric.rolled_seconds[level] = datum.seconds;
      changed = true;
    }
    if (changed || metric.last_seconds >= metric.stored_seconds + kSeenPrecisionSeconds) {
      metric.stored_seconds = metric.last_seconds;
      batch.put(rows[i], metric.record());
    }
    std::string key = keys::point(metric.id, datum.seconds, datum.unit);
    auto [point, first_here] = points.try_emplace(std::move(key));
    if (first_here) {
      if (const auto row = store_.get(point->first)) point->second = read_point(*row);
    }
    point->second.merge(datum.aggregate, kStoredValuesMax);
  }
  for (const auto& [key, aggregate] : points) batch.put(key, aggregate.encode());
  if (next_id_ != first_new_id) batch.put(std::string(keys::kNextIdKey), RecordWriter().number(1, next_id_).take());
}

}  // namespace engine::cloudwatch
