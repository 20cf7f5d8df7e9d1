#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "aws/cloudwatch/errors.h"
#include "base/check.h"
#include "base/encoding.h"
#include "engine/cloudwatch/keys.h"
#include "engine/cloudwatch/limits.h"
#include "engine/cloudwatch/service.h"

namespace engine::cloudwatch {

using namespace aws::cloudwatch;

namespace {

constexpr int64_t kDaySeconds = 24 * 3600;

int64_t round_down(int64_t seconds, int64_t step) {
  return seconds - ((seconds % step) + step) % step;
}

// "p99.9" as 99.9; nullopt for anything but a percentile.
std::optional<double> percentile_of(std::string_view statistic) {
  if (!statistic.starts_with('p') || statistic.size() < 2 || statistic.size() > 14) return std::nullopt;
  if (statistic.find_first_not_of("0123456789.", 1) != statistic.npos) return std::nullopt;
  double out = 0;
  const char* end = statistic.data() + statistic.size();
  const auto [stop, error] = std::from_chars(statistic.data() + 1, end, out, std::chars_format::fixed);
  return error == std::errc() && stop == end && out <= 100 ? std::optional(out) : std::nullopt;
}

// What GetMetricStatistics asks for, checked. Times in seconds.
struct Query {
  int64_t start = 0;
  int64_t end = 0;
  int64_t period = 0;
  std::optional<uint64_t> unit = {};
  std::vector<std::string> statistics = {};
  std::vector<std::pair<std::string, double>> percentiles = {};
};

base::Result<void> read_statistics(const GetMetricStatisticsInput& in, Query& out) {
  if (in.statistics.has_value() == in.extended_statistics.has_value()) {
    return base::fail(errors::invalid_parameter_combination_exception(
        in.statistics
            ? "The parameters Statistics and ExtendedStatistics are mutually exclusive and you have specified both."
            : "Must specify either Statistics or ExtendedStatistics"));
  }
  for (const std::string& name : in.statistics.value_or(std::vector<std::string>())) {
    constexpr std::array<std::string_view, 5> kNames = {"SampleCount", "Average", "Sum", "Minimum", "Maximum"};
    if (std::ranges::find(kNames, name) == kNames.end()) {
      return invalid_value(fmt::format("The value {} for parameter Statistics is invalid.", name));
    }
    out.statistics.push_back(name);
  }
  for (const std::string& name : in.extended_statistics.value_or(std::vector<std::string>())) {
    const auto percent = percentile_of(name);
    if (!percent) {
      return invalid_value(fmt::format(
          "The value {} for parameter ExtendedStatistics is not supported: this engine knows percentiles (p0 to p100).",
          name));
    }
    out.percentiles.emplace_back(name, *percent);
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
  const bool high_resolution =
      out.period == 1 || out.period == 5 || out.period == 10 || out.period == 20 || out.period == 30;
  if (!high_resolution && (out.period < 60 || out.period % 60 != 0)) {
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
  const int64_t age = base::to_epoch_seconds(now) - out.start;
  const int64_t step = age > 63 * kDaySeconds ? 3600 : age > 15 * kDaySeconds ? 300 : high_resolution ? out.period : 60;
  out.start = round_down(out.start, step);
  const int64_t count = (out.end - out.start + out.period - 1) / out.period;
  if (count > kDatapointsMax) {
    return base::fail(errors::invalid_parameter_combination_exception(
        fmt::format("You have requested up to {} datapoints, which exceeds the limit of 1440. You may reduce the "
                    "datapoints requested by increasing Period, or decreasing the time range.",
                    count)));
  }
  return out;
}

std::optional<Datapoint> show(const Aggregate& aggregate, const Query& query, int64_t seconds, uint64_t unit) {
  Datapoint out;
  out.timestamp = base::from_epoch_seconds(seconds);
  out.unit = kUnits[unit];
  for (const std::string& name : query.statistics) {
    if (name == "SampleCount") out.sample_count = aggregate.count();
    if (name == "Sum") out.sum = aggregate.sum();
    if (name == "Average") out.average = aggregate.sum() / aggregate.count();
    if (name == "Minimum") out.minimum = aggregate.minimum();
    if (name == "Maximum") out.maximum = aggregate.maximum();
  }
  for (const auto& [name, percent] : query.percentiles) {
    const auto value = aggregate.percentile(percent);
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
  TRY_ASSIGN(Query query, check_query(in, context.now));
  TRY_ASSIGN(const Dimensions dimensions,
             checked_dimensions(std::move(in.dimensions).value_or(Dimensions()), "Dimensions"));
  GetMetricStatisticsOutput out;
  out.label = *in.metric_name;
  auto& shown = out.datapoints.emplace();
  uint64_t id = 0;
  {
    const std::string row =
        metric_key(keys::metrics(context.account, context.region), *in.namespace_, *in.metric_name, dimensions);
    const std::lock_guard lock(mutex_);
    const auto metric = metrics_.find(row);
    if (metric == metrics_.end()) return out;
    id = metric->second.id;
  }
  query.start = std::max(query.start, base::to_epoch_seconds(context.now - kRetention));
  if (query.start >= query.end) return out;
  std::map<std::pair<int64_t, uint64_t>, Aggregate> periods;  // by start and unit
  const std::string end = keys::point(id, query.end, 0);
  for (auto cursor = store_.scan(keys::point(id, query.start, 0), end); cursor->valid(); cursor->next()) {
    store::KeyReader key(cursor->key(), keys::kPointTable);
    uint64_t metric_id = 0;
    uint64_t seconds = 0;
    uint64_t unit = 0;
    const auto aggregate = Aggregate::decode(cursor->value());
    const bool ok = key.number(metric_id) && key.number(seconds) && key.number(unit) && unit < kUnits.size();
    CHECK(ok && aggregate.has_value(), "a point of CloudWatch in the store is damaged");
    if (query.unit && *query.unit != unit) continue;
    periods[{round_down(static_cast<int64_t>(seconds), query.period), unit}].merge(*aggregate, kReadValuesMax);
  }
  for (const auto& [place, aggregate] : periods) {
    auto datapoint = show(aggregate, query, place.first, place.second);
    if (datapoint) shown.push_back(std::move(*datapoint));
  }
  return out;
}

base::Result<ListMetricsOutput> CloudWatchService::list_metrics(aws::Context& context, ListMetricsInput in) {
  const std::string prefix = keys::metrics(context.account, context.region);
  std::string from = prefix;
  if (in.next_token) {
    const auto last = base::base64_decode(*in.next_token);
    if (!last || last->empty()) return invalid_value("The value of the parameter NextToken is invalid.");
    from = prefix + *last + '\0';
  }
  const base::Duration young = in.recently_active ? kRecentlyActive : kListed;
  const int64_t since = base::to_epoch_seconds(context.now - young);
  ListMetricsOutput out;
  auto& shown = out.metrics.emplace();
  std::string last;
  const std::lock_guard lock(mutex_);
  for (auto at = metrics_.lower_bound(from); at != metrics_.end() && at->first.starts_with(prefix); ++at) {
    if (at->second.last_seconds < since) continue;
    aws::cloudwatch::Metric metric = read_metric_key(at->first);
    if (in.namespace_ && metric.namespace_ != in.namespace_) continue;
    if (in.metric_name && metric.metric_name != in.metric_name) continue;
    const auto filters = in.dimensions.value_or(std::vector<DimensionFilter>());
    const auto matches = [&](const DimensionFilter& filter) { return has_dimension(*metric.dimensions, filter); };
    if (!std::ranges::all_of(filters, matches)) continue;
    if (shown.size() == kListMax) {
      out.next_token = base::base64_encode(last);
      break;
    }
    last = at->first.substr(prefix.size());
    shown.push_back(std::move(metric));
  }
  return out;
}

}  // namespace engine::cloudwatch
