// GetMetricData, and the reading of points that it shares with GetMetricStatistics and the alarms.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "aws/cloudwatch/errors.h"
#include "base/check.h"
#include "base/encoding.h"
#include "engine/cloudwatch/keys.h"
#include "engine/cloudwatch/periods.h"
#include "engine/cloudwatch/service.h"
#include "engine/cloudwatch/statistic.h"

namespace engine::cloudwatch {

using namespace aws::cloudwatch;

namespace {

// One point of the answer with its place in it: by time, then by series. A page ends after any of them, and the token
// of the next page is where it ended, so that data put in between move nothing that was shown.
struct Shown {
  int64_t seconds = 0;
  std::size_t series = 0;
  double value = 0;
};

struct Place {
  int64_t seconds = 0;
  std::size_t series = 0;
};

std::string write_token(const Shown& last) {
  return base::base64_encode(fmt::format("{}:{}", last.seconds, last.series));
}

std::optional<Place> read_token(const std::string& token) {
  const auto text = base::base64_decode(token);
  if (!text) return std::nullopt;
  Place out;
  const char* end = text->data() + text->size();
  const auto first = std::from_chars(text->data(), end, out.seconds);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != ':') return std::nullopt;
  const auto second = std::from_chars(first.ptr + 1, end, out.series);
  if (second.ec != std::errc() || second.ptr != end) return std::nullopt;
  return out;
}

bool comes_before(const Place& a, const Place& b, bool ascending) {
  if (a.seconds != b.seconds) return ascending ? a.seconds < b.seconds : a.seconds > b.seconds;
  return a.series < b.series;
}

base::Result<Span> check_span(const GetMetricDataInput& in) {
  if (!in.start_time) return missing_parameter("StartTime");
  if (!in.end_time) return missing_parameter("EndTime");
  if (*in.start_time >= *in.end_time) {
    return base::fail(errors::validation_error("The parameter StartTime must be less than the parameter EndTime."));
  }
  const Span out{base::to_epoch_seconds(*in.start_time),
                 base::to_epoch_seconds(*in.end_time + std::chrono::microseconds(999'999))};
  if (out.start < 0) return base::fail(errors::validation_error("The parameter StartTime must not be before 1970."));
  return out;
}

base::Result<void> check_options(const GetMetricDataInput& in) {
  const int32_t max = in.max_datapoints.value_or(static_cast<int32_t>(kMetricDataPointsMax));
  if (max < 1 || max > static_cast<int32_t>(kMetricDataPointsMax)) {
    return base::fail(errors::validation_error(
        fmt::format("The value {} for parameter MaxDatapoints is invalid: it must be between 1 and {}.", max,
                    kMetricDataPointsMax)));
  }
  const std::string order = in.scan_by.value_or("TimestampDescending");
  if (order == "TimestampDescending" || order == "TimestampAscending") return {};
  return base::fail(errors::validation_error(fmt::format("The value {} for parameter ScanBy is invalid.", order)));
}

// The points of the page, and the results without any.
GetMetricDataOutput show(const std::vector<Series>& all, const GetMetricDataInput& in, std::optional<Place> after) {
  const bool ascending = in.scan_by == "TimestampAscending";
  const auto size_max = static_cast<std::size_t>(in.max_datapoints.value_or(kMetricDataPointsMax));
  std::vector<Shown> points;
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (const Point& point : all[i].points)
      if (!after || comes_before(*after, {point.seconds, i}, ascending))
        points.push_back({point.seconds, i, point.value});
  }
  std::ranges::sort(points, [&](const Shown& a, const Shown& b) {
    return comes_before({a.seconds, a.series}, {b.seconds, b.series}, ascending);
  });
  GetMetricDataOutput out;
  out.messages.emplace();
  auto& results = out.metric_data_results.emplace();
  for (const Series& series : all) {
    MetricDataResult& result = results.emplace_back();
    result.id = series.id;
    result.label = series.label;
    result.status_code = "Complete";
    result.timestamps.emplace();
    result.values.emplace();
    if (!series.messages.empty()) result.messages = series.messages;
  }
  for (std::size_t i = 0; i < points.size(); ++i) {
    MetricDataResult& result = results[points[i].series];
    if (i >= size_max) {
      result.status_code = "PartialData";
      continue;
    }
    result.timestamps->push_back(base::from_epoch_seconds(points[i].seconds));
    result.values->push_back(points[i].value);
  }
  if (points.size() > size_max) out.next_token = write_token(points[size_max - 1]);
  return out;
}

}  // namespace

base::Result<GetMetricDataOutput> CloudWatchService::get_metric_data(aws::Context& context, GetMetricDataInput in) {
  TRY_ASSIGN(const Span span, check_span(in));
  TRY(check_options(in));
  std::optional<Place> after;
  if (in.next_token) {
    after = read_token(*in.next_token);
    if (!after) return base::fail(errors::invalid_next_token("The value of the parameter NextToken is invalid."));
  }
  TRY_ASSIGN(const MetricMath math,
             MetricMath::compile(std::move(in.metric_data_queries).value_or(std::vector<MetricDataQuery>())));
  if (options_.refresh) options_.refresh();
  std::size_t points_left = kReadPointsMax;
  const auto fetch = [&](const MetricStat& stat, Span of) {
    const int64_t start = rounded_start(of.start, *stat.period, context.now);
    return read_metric(context.account, context.region, stat, {start, of.end}, context.now, points_left);
  };
  TRY_ASSIGN(const std::vector<Series> all, math.evaluate(span, fetch));
  return show(all, in, after);
}

base::Result<Series> CloudWatchService::read_metric(std::string_view account, std::string_view region,
                                                    const MetricStat& stat, Span span, base::Timestamp now,
                                                    std::size_t& points_left) {
  Series out;
  const auto& metric = *stat.metric;
  const auto id = find_metric(
      metric_key(keys::metrics(account, region), *metric.namespace_, *metric.metric_name, *metric.dimensions));
  if (!id) return out;
  const auto statistic = parse_statistic(*stat.stat);
  CHECK(statistic.has_value(), "MetricMath checked the statistic");
  std::optional<uint64_t> unit;
  if (stat.unit) unit = unit_index(*stat.unit);
  TRY_ASSIGN(const Periods periods, read_periods({.metric_id = *id,
                                                  .span = span,
                                                  .period_seconds = *stat.period,
                                                  .unit = unit,
                                                  .with_values = statistic->kind == Statistic::Kind::percentile},
                                                 now, points_left));
  std::set<std::string_view> units;
  for (const auto& [place, aggregate] : periods) units.insert(kUnits[place.second]);
  for (const auto& [place, aggregate] : periods) {
    const auto value = value_of(aggregate, *statistic);
    if (value && kUnits[place.second] == *units.begin()) out.points.push_back({place.first, *value});
  }
  if (units.size() > 1) {
    out.messages.push_back(
        {.code = "MultipleUnits", .value = fmt::format("Multiple units returned: '[{}]'", fmt::join(units, ", "))});
  }
  return out;
}

std::optional<uint64_t> CloudWatchService::find_metric(const std::string& key) {
  const auto lock = mutex_.lock();
  const auto metric = metrics_.find(key);
  return metric == metrics_.end() ? std::nullopt : std::optional(metric->second.id);
}

base::Result<CloudWatchService::Periods> CloudWatchService::read_periods(PeriodQuery query, base::Timestamp now,
                                                                         std::size_t& points_left) {
  Periods out;
  Span& span = query.span;
  span.start = std::max(span.start, oldest_seconds(query.period_seconds, now));
  if (span.start >= span.end) return out;
  const std::string end = keys::point(query.metric_id, span.end, 0);
  for (auto cursor = store_.scan(keys::point(query.metric_id, span.start, 0), end); cursor->valid(); cursor->next()) {
    const PointPlace place = read_point_key(cursor->key());
    const Aggregate point = read_point(cursor->value());
    const std::size_t cost = 1 + (query.with_values ? point.distinct_values() / kReadValuesPerPoint : 0);
    if (points_left < cost) {
      return base::fail(errors::limit_exceeded_fault(
          fmt::format("This request would read more than {} points of the metrics; shorten the time range or ask for "
                      "fewer metrics.",
                      kReadPointsMax)));
    }
    points_left -= cost;
    if (query.unit && *query.unit != place.unit) continue;
    const int64_t origin = query.origin_seconds;
    Aggregate& period = out[{origin + round_down(place.seconds - origin, query.period_seconds), place.unit}];
    if (query.with_values) {
      period.merge(point, kReadValuesMax);
    } else {
      period.add_set(point.count(), point.sum(), point.minimum(), point.maximum(), 1);
    }
  }
  return out;
}

}  // namespace engine::cloudwatch
