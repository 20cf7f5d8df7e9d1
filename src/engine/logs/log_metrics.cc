#include "engine/logs/log_metrics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include "engine/logs/limits.h"

namespace engine::logs {
namespace {

constexpr std::size_t kMetricNameLengthMax = 255;
constexpr double kValueMagnitudeMax = 0x1p360;
constexpr std::array<std::string_view, 27> kUnits = {
    "Seconds",          "Microseconds",     "Milliseconds", "Bytes",           "Kilobytes",        "Megabytes",
    "Gigabytes",        "Terabytes",        "Bits",         "Kilobits",        "Megabits",         "Gigabits",
    "Terabits",         "Percent",          "Count",        "Bytes/Second",    "Kilobytes/Second", "Megabytes/Second",
    "Gigabytes/Second", "Terabytes/Second", "Bits/Second",  "Kilobits/Second", "Megabits/Second",  "Gigabits/Second",
    "Terabits/Second",  "Count/Second",     "None"};

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kMetricNameLengthMax && text.front() != ':';
}

}  // namespace

bool is_metric_namespace(std::string_view text) {
  return is_name(text) && !text.starts_with("AWS/");
}
bool is_metric_name(std::string_view text) {
  return !text.empty() && text.size() <= kMetricNameLengthMax;
}
bool is_dimension_name(std::string_view text) {
  return is_name(text);
}
bool is_dimension_value(std::string_view text) {
  return !text.empty() && text.size() <= kEmfDimensionValueMax;
}
bool is_metric_unit(std::string_view text) {
  return std::ranges::find(kUnits, text) != kUnits.end();
}
bool is_metric_value(double value) {
  return std::isfinite(value) && std::abs(value) <= kValueMagnitudeMax;
}
bool is_metric_time(base::Timestamp at, base::Timestamp now) {
  // Points wait for some seconds, in the minute they belong to.
  constexpr auto kWait = std::chrono::minutes(2);
  return at >= now - std::chrono::milliseconds(kTooOldMs) + kWait && at <= now + std::chrono::milliseconds(kTooNewMs);
}

LogMetrics::GroupSeries LogMetrics::group_series(std::string_view account, std::string_view region,
                                                 std::string_view group, std::string_view name, std::string_view unit) {
  MetricName full{account, region, "AWS/Logs", name, {}, unit};
  auto of_account = metrics_->series(full);
  full.dimensions.emplace_back("LogGroupName", group);
  return {std::move(of_account), metrics_->series(full)};
}

bool LogMetrics::add(std::string_view account, std::string_view region, const MetricPoint& point) {
  if (metrics_ == nullptr) return true;
  MetricName name{account, region, point.name_space, point.metric_name, {}, point.unit};
  std::string key;
  for (const std::string_view part : {account, region, name.name_space, name.metric_name, name.unit}) {
    key.append(part).push_back('\0');
  }
  for (const auto& [dimension, value] : point.dimensions) {
    name.dimensions.emplace_back(dimension, value);
    key.append(dimension).push_back('\0');
    key.append(value).push_back('\0');
  }
  {
    const uint64_t hash = std::hash<std::string>()(key);
    const std::lock_guard lock(mutex_);
    if (!seen_.contains(hash) && seen_.size() >= kEmfSeriesMax) return false;
    seen_.insert(hash);
  }
  const std::shared_ptr<MetricSeries> series = metrics_->series(name);
  for (const double value : point.values) series->add(value, point.at);
  return true;
}

}  // namespace engine::logs
