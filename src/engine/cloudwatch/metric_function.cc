// The functions of metric_expression.h, each after its row in the table "Functions supported for metric math" of the
// CloudWatch guide.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "engine/cloudwatch/metric_expression.h"

namespace engine::cloudwatch {
namespace {

using Types = std::optional<ValueType>;
using Arguments = std::vector<Node>;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

bool is_series(const Node& node) {
  return node.type == ValueType::series || node.type == ValueType::array;
}

// --- Types of calls.

Types same_type(const Arguments& in) {
  return in[0].type <= ValueType::array ? Types(in[0].type) : std::nullopt;
}
Types same_series(const Arguments& in) {
  return is_series(in[0]) ? Types(in[0].type) : std::nullopt;
}
// Of one series a number, of several series one series.
Types reduced(const Arguments& in) {
  if (!is_series(in[0])) return std::nullopt;
  return in[0].type == ValueType::series ? ValueType::scalar : ValueType::series;
}
Types series_to_number(const Arguments& in) {
  return in[0].type == ValueType::series ? Types(ValueType::scalar) : std::nullopt;
}
Types series_to_series(const Arguments& in) {
  return in[0].type == ValueType::series ? Types(ValueType::series) : std::nullopt;
}
Types array_to_number(const Arguments& in) {
  return in[0].type == ValueType::array ? Types(ValueType::scalar) : std::nullopt;
}
Types array_to_series(const Arguments& in) {
  return in[0].type == ValueType::array ? Types(ValueType::series) : std::nullopt;
}
Types array_to_array(const Arguments& in) {
  return in[0].type == ValueType::array ? Types(ValueType::array) : std::nullopt;
}
Types number_to_series(const Arguments& in) {
  return in[0].type == ValueType::scalar ? Types(ValueType::series) : std::nullopt;
}
Types metrics_type(const Arguments& in) {
  return in.empty() || in[0].type == ValueType::text ? Types(ValueType::array) : std::nullopt;
}
Types slice_type(const Arguments& in) {
  for (std::size_t i = 1; i < in.size(); ++i)
    if (in[i].type != ValueType::scalar) return std::nullopt;
  return array_to_array(in);
}
Types fill_type(const Arguments& in) {
  const bool word = in[1].type == ValueType::word && (in[1].text == "REPEAT" || in[1].text == "LINEAR");
  return word || in[1].type <= ValueType::series ? same_series(in) : std::nullopt;
}
Types if_type(const Arguments& in) {
  const auto fits = [](const Node& node) { return node.type <= ValueType::series; };
  if (!std::ranges::all_of(in, fits)) return std::nullopt;
  const bool series = std::ranges::any_of(in, is_series);
  if (!series && in.size() == 2) return std::nullopt;  // there would be nothing if the condition is false
  return series ? ValueType::series : ValueType::scalar;
}
Types sort_type(const Arguments& in) {
  constexpr std::string_view kBy[] = {"AVG", "MAX", "MIN", "SUM"};
  const bool by = in[1].type == ValueType::word && std::ranges::find(kBy, in[1].text) != std::end(kBy);
  const bool order = in[2].type == ValueType::word && (in[2].text == "ASC" || in[2].text == "DESC");
  const bool count = in.size() == 3 || in[3].type == ValueType::scalar;
  return by && order && count ? array_to_array(in) : std::nullopt;
}

// --- What one series or the values of one moment give.

double sum_of(const std::vector<double>& values) {
  return values.empty() ? kNone : std::accumulate(values.begin(), values.end(), 0.0);
}
double least_of(const std::vector<double>& values) {
  return values.empty() ? kNone : std::ranges::min(values);
}
double greatest_of(const std::vector<double>& values) {
  return values.empty() ? kNone : std::ranges::max(values);
}
double count_of(const std::vector<double>& values) {
  return static_cast<double>(values.size());
}
double deviation_of(const std::vector<double>& values) {
  const double average = sum_of(values) / count_of(values);
  double squares = 0;
  for (const double value : values) squares += (value - average) * (value - average);
  return values.empty() ? kNone : std::sqrt(squares / static_cast<double>(values.size()));
}

std::vector<double> values_of(const Series& series) {
  std::vector<double> out;
  out.reserve(series.points.size());
  for (const Point& point : series.points) out.push_back(point.value);
  return out;
}

void put(Series& out, int64_t seconds, double value) {
  if (std::isfinite(value)) out.points.push_back({seconds, value});
}

Series empty_like(const Series& series) {
  Series out = series;
  out.points.clear();
  return out;
}

// The values of all series of an array at each moment, and the period of what is made of them.
struct Moments {
  int64_t period_seconds = 1;
  std::map<int64_t, std::vector<double>> values;
};
Moments moments_of(const Evaluation& evaluation, const std::vector<Series>& all) {
  Moments out;
  if (all.empty()) out.period_seconds = evaluation.period_seconds();
  for (const Series& series : all) out.period_seconds = common_period(out.period_seconds, series.period_seconds);
  for (const Series& series : all) {
    for (const Point& point : series.points)
      if (series.period_seconds == out.period_seconds || point.seconds % out.period_seconds == 0)
        out.values[point.seconds].push_back(point.value);
  }
  return out;
}

template <double (*Of)(const std::vector<double>&)>
Value reduce(Evaluation& evaluation, const Node& call) {
  const Value in = evaluation.evaluate(call.children[0]);
  if (call.children[0].type == ValueType::series) return {.scalar = Of(values_of(in.series.front()))};
  const Moments moments = moments_of(evaluation, in.series);
  Value out;
  Series& all = out.series.emplace_back();
  all.period_seconds = moments.period_seconds;
  for (const auto& [seconds, values] : moments.values) put(all, seconds, Of(values));
  return out;
}

// "Missing values are treated as 0": an average is of all periods, and of all series.
double average_of(const Evaluation& evaluation, const Series& series) {
  return series.points.empty() ? 0 : sum_of(values_of(series)) / static_cast<double>(evaluation.periods(series));
}
Value average(Evaluation& evaluation, const Node& call) {
  const Value in = evaluation.evaluate(call.children[0]);
  if (call.children[0].type == ValueType::series) return {.scalar = average_of(evaluation, in.series.front())};
  const Moments moments = moments_of(evaluation, in.series);
  Value out;
  Series& all = out.series.emplace_back();
  all.period_seconds = moments.period_seconds;
  for (const auto& [seconds, values] : moments.values)
    put(all, seconds, sum_of(values) / static_cast<double>(in.series.size()));
  return out;
}

template <double (*Of)(double)>
Value each_value(Evaluation& evaluation, const Node& call) {
  Value value = evaluation.evaluate(call.children[0]);
  value.scalar = Of(value.scalar);
  for (Series& series : value.series) {
    Series out = empty_like(series);
    for (const Point& point : series.points) put(out, point.seconds, Of(point.value));
    series = std::move(out);
  }
  return value;
}

double absolute(double x) {
  return std::abs(x);
}
double ceiling(double x) {
  return std::ceil(x);
}
double floor_of(double x) {
  return std::floor(x);
}
double log_of(double x) {
  return std::log(x);
}
double log10_of(double x) {
  return std::log10(x);
}

// Of two points that follow one another.
template <double (*Of)(Point before, Point now)>
Value each_pair(Evaluation& evaluation, const Node& call) {
  Value value = evaluation.evaluate(call.children[0]);
  for (Series& series : value.series) {
    Series out = empty_like(series);
    for (std::size_t i = 1; i < series.points.size(); ++i)
      put(out, series.points[i].seconds, Of(series.points[i - 1], series.points[i]));
    series = std::move(out);
  }
  return value;
}

double difference(Point before, Point now) {
  return now.value - before.value;
}
double time_difference(Point before, Point now) {
  return static_cast<double>(now.seconds - before.seconds);
}
double rate(Point before, Point now) {
  return difference(before, now) / time_difference(before, now);
}

Value running_sum(Evaluation& evaluation, const Node& call) {
  Value value = evaluation.evaluate(call.children[0]);
  for (Series& series : value.series) {
    double sum = 0;
    for (Point& point : series.points) point.value = sum += point.value;
  }
  return value;
}

// --- The calendar: a value for every period of the span, in UTC.

double epoch_of(int64_t seconds) {
  return static_cast<double>(seconds);
}
double minute_of(int64_t seconds) {
  return static_cast<double>(seconds / 60 % 60);
}
double hour_of(int64_t seconds) {
  return static_cast<double>(seconds / 3600 % 24);
}
std::chrono::sys_days day_at(int64_t seconds) {
  return std::chrono::floor<std::chrono::days>(std::chrono::sys_seconds(std::chrono::seconds(seconds)));
}
std::chrono::year_month_day date_at(int64_t seconds) {
  return std::chrono::year_month_day(day_at(seconds));
}
double weekday_of(int64_t seconds) {
  return std::chrono::weekday(day_at(seconds)).iso_encoding();  // Monday is 1
}
double date_of(int64_t seconds) {
  return static_cast<unsigned>(date_at(seconds).day());
}
double month_of(int64_t seconds) {
  return static_cast<unsigned>(date_at(seconds).month());
}
double year_of(int64_t seconds) {
  return static_cast<int>(date_at(seconds).year());
}

template <double (*Of)(int64_t)>
Value calendar(Evaluation& evaluation, const Node& call) {
  Value value = evaluation.evaluate(call.children[0]);
  Series& series = value.series.front();
  series.points.clear();
  for (const int64_t seconds : evaluation.grid(series.period_seconds)) put(series, seconds, Of(seconds));
  return value;
}

Value period(Evaluation& evaluation, const Node& call) {
  return {.scalar = static_cast<double>(evaluation.evaluate(call.children[0]).series.front().period_seconds)};
}

Value time_series(Evaluation& evaluation, const Node& call) {
  const double number = evaluation.evaluate(call.children[0]).scalar;
  Value out;
  Series& series = out.series.emplace_back();
  series.period_seconds = evaluation.period_seconds();
  for (const int64_t seconds : evaluation.grid(series.period_seconds)) put(series, seconds, number);
  return out;
}

// --- Missing points.

const Point* point_at(const Series& series, int64_t seconds) {
  const auto at = std::ranges::lower_bound(series.points, seconds, {}, &Point::seconds);
  return at != series.points.end() && at->seconds == seconds ? &*at : nullptr;
}

// The value between the points before and behind `seconds`; none outside of them.
double between(const Series& series, int64_t seconds) {
  const auto behind = std::ranges::lower_bound(series.points, seconds, {}, &Point::seconds);
  if (behind == series.points.end() || behind == series.points.begin()) return kNone;
  const Point& before = *(behind - 1);
  const double part =
      static_cast<double>(seconds - before.seconds) / static_cast<double>(behind->seconds - before.seconds);
  return before.value + part * (behind->value - before.value);
}

Value fill(Evaluation& evaluation, const Node& call) {
  Value value = evaluation.evaluate(call.children[0]);
  const Node& with = call.children[1];
  const Value filler = evaluation.evaluate(with);
  for (Series& series : value.series) {
    Series out = empty_like(series);
    double last = kNone;
    for (const int64_t seconds : evaluation.grid(series.period_seconds)) {
      if (const Point* point = point_at(series, seconds)) {
        last = point->value;
        out.points.push_back(*point);
      } else if (with.type == ValueType::scalar) {
        put(out, seconds, filler.scalar);
      } else if (with.type == ValueType::series) {
        if (const Point* other = point_at(filler.series.front(), seconds))
          out.points.push_back({seconds, other->value});
      } else {
        put(out, seconds, with.text == "REPEAT" ? last : between(series, seconds));
      }
    }
    series = std::move(out);
  }
  return value;
}

// --- Conditions.

// The value of a series or number at a moment.
double value_at(const Value& value, ValueType type, int64_t seconds) {
  if (type == ValueType::scalar) return value.scalar;
  const Point* point = point_at(value.series.front(), seconds);
  return point != nullptr ? point->value : kNone;
}

Value choose(Evaluation& evaluation, const Node& call) {
  std::vector<Value> values;
  for (const Node& child : call.children) values.push_back(evaluation.evaluate(child));
  if (values.size() == 2) values.push_back({.scalar = kNone});
  const auto type = [&](std::size_t i) { return i < call.children.size() ? call.children[i].type : ValueType::scalar; };
  const auto chosen = [&](int64_t seconds) {
    const double condition = value_at(values[0], type(0), seconds);
    if (std::isnan(condition)) return kNone;
    const std::size_t index = condition != 0 ? 1 : 2;
    const double value = value_at(values[index], type(index), seconds);
    // "Using IF expressions": 0 where the condition of the moment is true and the value is missing.
    const bool of_series = type(0) == ValueType::series && type(1) == ValueType::series;
    return std::isnan(value) && index == 1 && of_series ? 0 : value;
  };
  Value out;
  if (call.type == ValueType::scalar) {
    out.scalar = chosen(0);
    return out;
  }
  // Where the condition is a series its points count, else those of the values.
  std::vector<int64_t> moments;
  Series& series = out.series.emplace_back();
  series.period_seconds = 1;
  for (std::size_t i = 0; i < call.children.size(); ++i) {
    if (type(i) != ValueType::series) continue;
    series.period_seconds = common_period(series.period_seconds, values[i].series.front().period_seconds);
    if (i != 0 && type(0) == ValueType::series) continue;
    for (const Point& point : values[i].series.front().points) moments.push_back(point.seconds);
  }
  std::ranges::sort(moments);
  moments.erase(std::ranges::unique(moments).begin(), moments.end());
  for (const int64_t seconds : moments) put(series, seconds, chosen(seconds));
  return out;
}

// --- Arrays.

Value metrics(Evaluation& evaluation, const Node& call) {
  Value out{.series = evaluation.metrics()};
  if (call.children.empty()) return out;
  const std::string& part = call.children[0].text;
  std::erase_if(out.series, [&](const Series& series) { return series.id.find(part) == std::string::npos; });
  return out;
}

Value metric_count(Evaluation& evaluation, const Node& call) {
  return {.scalar = static_cast<double>(evaluation.evaluate(call.children[0]).series.size())};
}

// The `from`th to the one before the `to`th.
Value part_of(Value in, double from, double to) {
  const auto limit = [&](double at) {
    return static_cast<std::size_t>(std::clamp(std::isnan(at) ? 0 : at, 0.0, static_cast<double>(in.series.size())));
  };
  const std::size_t begin = limit(from);
  const std::size_t end = std::max(begin, limit(to));
  Value out;
  for (std::size_t i = begin; i < end; ++i) out.series.push_back(std::move(in.series[i]));
  return out;
}

Value slice(Evaluation& evaluation, const Node& call) {
  Value in = evaluation.evaluate(call.children[0]);
  const double from = evaluation.evaluate(call.children[1]).scalar;
  const double to = call.children.size() > 2 ? evaluation.evaluate(call.children[2]).scalar : double(in.series.size());
  return part_of(std::move(in), from, to);
}

template <bool kFirst>
Value one_end(Evaluation& evaluation, const Node& call) {
  Value in = evaluation.evaluate(call.children[0]);
  Value out;
  if (in.series.empty())
    out.series.emplace_back().period_seconds = evaluation.period_seconds();
  else
    out.series.push_back(std::move(kFirst ? in.series.front() : in.series.back()));
  return out;
}

Value remove_empty(Evaluation& evaluation, const Node& call) {
  Value value = evaluation.evaluate(call.children[0]);
  std::erase_if(value.series, [](const Series& series) { return series.points.empty(); });
  return value;
}

Value sort(Evaluation& evaluation, const Node& call) {
  Value in = evaluation.evaluate(call.children[0]);
  const std::string& by = call.children[1].text;
  const auto measure = by == "MAX" ? greatest_of : by == "MIN" ? least_of : sum_of;
  std::vector<std::pair<double, std::size_t>> order;
  for (std::size_t i = 0; i < in.series.size(); ++i) {
    const Series& series = in.series[i];
    const double key = measure(values_of(series));
    order.emplace_back(by == "AVG" ? key / static_cast<double>(evaluation.periods(series)) : key, i);
  }
  const bool ascending = call.children[2].text == "ASC";
  std::ranges::stable_sort(order, [&](const auto& a, const auto& b) {
    if (std::isnan(a.first) || std::isnan(b.first)) return !std::isnan(a.first) && std::isnan(b.first);  // those last
    return ascending ? a.first < b.first : a.first > b.first;
  });
  Value out;
  for (const auto& [key, index] : order) out.series.push_back(std::move(in.series[index]));
  if (call.children.size() == 3) return out;
  const double count = evaluation.evaluate(call.children[3]).scalar;
  return part_of(std::move(out), 0, count);
}

constexpr Function kFunctions[] = {
    {"ABS", 1, 1, same_type, each_value<absolute>},
    {"AVG", 1, 1, reduced, average},
    {"CEIL", 1, 1, same_type, each_value<ceiling>},
    {"DATAPOINT_COUNT", 1, 1, reduced, reduce<count_of>},
    {"DATE", 1, 1, series_to_series, calendar<date_of>},
    {"DAY", 1, 1, series_to_series, calendar<weekday_of>},
    {"DIFF", 1, 1, same_series, each_pair<difference>},
    {"DIFF_TIME", 1, 1, same_series, each_pair<time_difference>},
    {"EPOCH", 1, 1, series_to_series, calendar<epoch_of>},
    {"FILL", 2, 2, fill_type, fill},
    {"FIRST", 1, 1, array_to_series, one_end<true>},
    {"FLOOR", 1, 1, same_type, each_value<floor_of>},
    {"HOUR", 1, 1, series_to_series, calendar<hour_of>},
    {"IF", 2, 3, if_type, choose},
    {"LAST", 1, 1, array_to_series, one_end<false>},
    {"LOG", 1, 1, same_type, each_value<log_of>},
    {"LOG10", 1, 1, same_type, each_value<log10_of>},
    {"MAX", 1, 1, reduced, reduce<greatest_of>},
    {"METRICS", 0, 1, metrics_type, metrics},
    {"METRIC_COUNT", 1, 1, array_to_number, metric_count},
    {"MIN", 1, 1, reduced, reduce<least_of>},
    {"MINUTE", 1, 1, series_to_series, calendar<minute_of>},
    {"MONTH", 1, 1, series_to_series, calendar<month_of>},
    {"PERIOD", 1, 1, series_to_number, period},
    {"RATE", 1, 1, same_series, each_pair<rate>},
    {"REMOVE_EMPTY", 1, 1, array_to_array, remove_empty},
    {"RUNNING_SUM", 1, 1, same_series, running_sum},
    {"SLICE", 2, 3, slice_type, slice},
    {"SORT", 3, 4, sort_type, sort},
    {"STDDEV", 1, 1, reduced, reduce<deviation_of>},
    {"SUM", 1, 1, reduced, reduce<sum_of>},
    {"TIME_SERIES", 1, 1, number_to_series, time_series},
    {"YEAR", 1, 1, series_to_series, calendar<year_of>},
};

}  // namespace

const Function* find_function(std::string_view name) {
  const auto found = std::ranges::find(kFunctions, name, &Function::name);
  return found == std::end(kFunctions) ? nullptr : &*found;
}

}  // namespace engine::cloudwatch
