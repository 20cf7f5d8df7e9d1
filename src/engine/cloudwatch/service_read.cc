#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "aws/cloudwatch/errors.h"
#include "base/encoding.h"
#include "engine/cloudwatch/keys.h"
#include "engine/cloudwatch/limits.h"
#include "engine/cloudwatch/periods.h"
#include "engine/cloudwatch/service.h"
#include "engine/cloudwatch/statistic.h"

namespace engine::cloudwatch {

using namespace aws::cloudwatch;

namespace {

// What GetMetricStatistics asks for, checked. Times in seconds.
struct Query {
  int64_t start = 0;
  int64_t end = 0;
  int64_t period = 0;
  std::optional<uint64_t> unit = {};
  std::vector<std::pair<std::string, Statistic>> statistics = {};
  std::vector<std::pair<std::string, Statistic>> percentiles = {};
};

base::Result<void> read_statistics(const GetMetricStatisticsInput& in, Query& out) {
  if (in.statistics.has_value() == in.extended_statistics.has_value()) {
    return base::fail(errors::invalid_parameter_combination_exception(
        in.statistics
            ? "The parameters Statistics and ExtendedStatistics are mutually exclusive and you have specified both."
            : "Must specify either Statistics or ExtendedStatistics"));
  }
  for (const std::string& name : in.statistics.value_or(std::vector<std::string>())) {
    const auto statistic = parse_statistic(name);
    if (!statistic || statistic->kind == Statistic::Kind::percentile) {
      return invalid_value(fmt::format("The value {} for parameter Statistics is invalid.", name));
    }
    out.statistics.emplace_back(name, *statistic);
  }
  for (const std::string& name : in.extended_statistics.value_or(std::vector<std::string>())) {
    const auto statistic = parse_statistic(name);
    if (!statistic || statistic->kind != Statistic::Kind::percentile) {
      return invalid_value(fmt::format(
          "The value {} for parameter ExtendedStatistics is not supported: this engine knows percentiles (p0 to p100).",
          name));
    }
    out.percentiles.emplace_back(name, *statistic);
  }
  return {};
}

base::Result<Query> check_query(const GetMetricStatisticsInput& in, base::Timestamp now) {
  if (in.namespace_.value_or("").empty()) return missing_parameter("Namespace");
  if (in.metric_name.value_or("").empty()) return missing_parameter("MetricName");
  if (!in.start_time) return missing_parameter("StartTime");
  if (!in.end_time) return missing_parameter("EndTime");
  if (!in.period) return missing_parameter("Period");
  Query out;
  out.period = *in.period;
  if (!is_period(out.period)) {
    return invalid_value(fmt::format(
        "The value {} for parameter Period is invalid: it must be 1, 5, 10, 20, 30 or a multiple of 60.", out.period));
  }
  if (*in.start_time >= *in.end_time) {
    return invalid_value("The parameter StartTime must be less than the parameter EndTime.");
  }
  TRY(read_statistics(in, out));
  if (in.unit) {
    out.unit = unit_index(*in.unit);
    if (*out.unit == kUnits.size()) {
      return invalid_value(fmt::format("The value {} for parameter Unit is invalid.", *in.unit));
    }
  }
  out.start = base::to_epoch_seconds(*in.start_time);
  out.end = base::to_epoch_seconds(*in.end_time + std::chrono::microseconds(999'999));
  // Counted in whole seconds: a day from any moment on has 1,440 minutes.
  const int64_t count = (base::to_epoch_seconds(*in.end_time) - out.start + out.period - 1) / out.period;
  if (count > kDatapointsMax) {
    return base::fail(errors::invalid_parameter_combination_exception(
        fmt::format("You have requested up to {} datapoints, which exceeds the limit of 1440. You may reduce the "
                    "datapoints requested by increasing Period, or decreasing the time range.",
                    count)));
  }
  out.start = rounded_start(out.start, out.period, now);
  return out;
}

std::optional<Datapoint> show(const Aggregate& aggregate, const Query& query, int64_t seconds, uint64_t unit) {
  Datapoint out;
  out.timestamp = base::from_epoch_seconds(seconds);
  out.unit = kUnits[unit];
  for (const auto& [name, statistic] : query.statistics) {
    const auto value = value_of(aggregate, statistic);
    if (name == "SampleCount") out.sample_count = value;
    if (name == "Sum") out.sum = value;
    if (name == "Average") out.average = value;
    if (name == "Minimum") out.minimum = value;
    if (name == "Maximum") out.maximum = value;
  }
  for (const auto& [name, statistic] : query.percentiles) {
    const auto value = value_of(aggregate, statistic);
    if (!value) return std::nullopt;
    if (!out.extended_statistics) out.extended_statistics.emplace();
    (*out.extended_statistics)[name] = *value;
  }
  return out;
}

// One dimension filter matches by name, and by value if it has one.
bool has_dimension(const Dimensions& dimensions, const DimensionFilter& filter) {
  return std::ranges::any_of(dimensions, [&](const Dimension& dimension) {
    return dimension.name == filter.name && (!filter.value || dimension.value == filter.value);
  });
}

}  // namespace

base::Result<GetMetricStatisticsOutput> CloudWatchService::get_metric_statistics(aws::Context& context,
                                                                                 GetMetricStatisticsInput in) {
  TRY_ASSIGN(const Query query, check_query(in, context.now));
  TRY_ASSIGN(const Dimensions dimensions,
             checked_dimensions(std::move(in.dimensions).value_or(Dimensions()), "Dimensions"));
  if (options_.refresh) options_.refresh();
  GetMetricStatisticsOutput out;
  out.label = *in.metric_name;
  auto& shown = out.datapoints.emplace();
  const auto id = find_metric(
      metric_key(keys::metrics(context.account, context.region), *in.namespace_, *in.metric_name, dimensions));
  if (!id) return out;
  std::size_t points_left = kReadPointsMax;
  // StartTime "determines the first data point to return": periods count from it. In the AWS CLI's own example hours
  // from 23:18 on begin at 18 minutes past.
  TRY_ASSIGN(const Periods periods, read_periods({.metric_id = *id,
                                                  .span = {query.start, query.end},
                                                  .period_seconds = query.period,
                                                  .origin_seconds = query.start,
                                                  .unit = query.unit,
                                                  .with_values = !query.percentiles.empty()},
                                                 context.now, points_left));
  for (const auto& [place, aggregate] : periods) {
    auto datapoint = show(aggregate, query, place.first, place.second);
    if (datapoint) shown.push_back(std::move(*datapoint));
  }
  return out;
}

base::Result<ListMetricsOutput> CloudWatchService::list_metrics(aws::Context& context, ListMetricsInput in) {
  const std::string all = keys::metrics(context.account, context.region);
  std::string from = all;
  if (in.next_token) {
    const auto last = base::base64_decode(*in.next_token);
    if (!last || last->empty()) return invalid_value("The value of the parameter NextToken is invalid.");
    from = all + *last + '\0';
  }
  if (options_.refresh) options_.refresh();
  std::string prefix = all;
  if (in.namespace_) prefix = all + store::KeyWriter("").text(*in.namespace_).take().substr(1);
  from = std::max(from, prefix);
  const base::Duration young = in.recently_active ? kRecentlyActive : kListed;
  const int64_t since = base::to_epoch_seconds(context.now - young);
  const auto filters = std::move(in.dimensions).value_or(std::vector<DimensionFilter>());
  ListMetricsOutput out;
  auto& shown = out.metrics.emplace();
  std::string last;
  for (auto lock = mutex_.lock();; lock.unlock(), lock = mutex_.lock()) {
    auto at = metrics_.lower_bound(from);
    for (std::size_t i = 0; i < kListedPerStep; ++i, ++at) {
      if (at == metrics_.end() || !at->first.starts_with(prefix)) return out;
      if (at->second.last_seconds < since) continue;
      aws::cloudwatch::Metric metric = read_metric_key(at->first);
      if (in.metric_name && metric.metric_name != in.metric_name) continue;
      const auto matches = [&](const DimensionFilter& filter) { return has_dimension(*metric.dimensions, filter); };
      if (!std::ranges::all_of(filters, matches)) continue;
      if (shown.size() == kListMax) {
        out.next_token = base::base64_encode(last);
        return out;
      }
      last = at->first.substr(all.size());
      shown.push_back(std::move(metric));
    }
    if (at == metrics_.end()) return out;
    from = at->first;
  }
}

}  // namespace engine::cloudwatch
