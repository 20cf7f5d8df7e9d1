#include "engine/logs/metric_filter.h"

#include <algorithm>

#include "engine/logs/limits.h"
#include "engine/logs/refusals.h"

namespace engine::logs {
namespace {

std::unexpected<base::AwsError> refuse(std::string_view why) {
  return invalid_parameter("Invalid metric transformation: " + std::string(why));
}

std::optional<JsonSelector> read_selector(std::string_view text) {
  if (!text.starts_with('$')) return std::nullopt;
  PatternReader reader(text, "");
  auto selector = JsonSelector::parse(reader);
  return selector && reader.at_end() ? std::optional(std::move(*selector)) : std::nullopt;
}

// "$.a.b[0]" or "$field": what a value or a dimension is taken from.
bool is_reference(std::string_view text) {
  if (!text.starts_with('$') || text.size() < 2) return false;
  if (text[1] == '.' || text[1] == '[') return read_selector(text).has_value();
  return std::ranges::all_of(text.substr(1), [](char c) { return is_word_character(c) || c == '-'; });
}

int64_t minute_of(base::Timestamp time) {
  return base::to_epoch_seconds(time) / 60;
}

base::Result<void> check_transformation(const MetricFilterRecord& record) {
  if (!is_metric_namespace(record.name_space)) return refuse("the metric namespace is not valid");
  if (!is_metric_name(record.metric_name)) return refuse("the metric name is not valid");
  if (!is_metric_unit(record.unit)) return refuse("the unit is not valid");
  const auto number = parse_number(record.value);
  if ((number && !is_metric_value(*number)) || (!number && !is_reference(record.value))) {
    return refuse("metricValue must be a number or a valid selector");
  }
  if (record.default_value && !is_metric_value(*record.default_value)) return refuse("the default value is not valid");
  if (record.default_value && !record.dimensions.empty()) {
    return refuse("dimensions and default value are mutually exclusive properties.");
  }
  if (record.dimensions.size() > kFilterDimensionsMax) return refuse("at most 3 dimensions are allowed");
  for (const auto& [name, value] : record.dimensions) {
    if (!is_dimension_name(name)) return refuse("the dimension name is not valid");
    if (!is_reference(value)) return refuse("dimension value must be valid selector");
  }
  return {};
}

}  // namespace

base::Result<std::shared_ptr<MetricFilter>> MetricFilter::make(MetricFilterRecord record, const GroupRecord& group) {
  TRY(check_transformation(record));
  TRY_ASSIGN(FilterPattern pattern, FilterPattern::parse(record.pattern, "metric filter pattern"));
  return std::shared_ptr<MetricFilter>(new MetricFilter(std::move(record), group, std::move(pattern)));
}

base::Result<void> MetricFilter::check_references() const {
  // AWS's words, from reports of users of CloudFormation and Terraform.
  if (!record_.dimensions.empty() && !pattern_.names_values())
    return invalid_parameter("The specified filter pattern does not support dimensions");
  const auto gives = [&](const std::string& reference) {
    return pattern_.names(reference) || (pattern_.is_json() && read_selector(reference).has_value());
  };
  if (!parse_number(record_.value) && !gives(record_.value))
    return refuse("the filter pattern does not name the metricValue " + record_.value);
  for (const auto& [name, value] : record_.dimensions)
    if (!gives(value)) return refuse("the filter pattern does not name the dimension value " + value);
  return {};
}

std::optional<MetricPoint> MetricFilter::point_of(EventText& event) const {
  MetricPoint out{record_.name_space, record_.metric_name, {}, record_.unit};
  std::optional<double> value = parse_number(record_.value);
  if (!value || !record_.dimensions.empty()) {
    const aws::Map<std::string> extracted = pattern_.extract(event);
    if (const auto text = value ? std::nullopt : referenced(extracted, record_.value, event))
      value = parse_number(*text);
    // A dimension that the event has nothing for is left out.
    for (const auto& [name, reference] : record_.dimensions) {
      auto text = referenced(extracted, reference, event);
      if (text && is_dimension_value(*text)) out.dimensions.emplace_back(name, std::move(*text));
    }
  }
  if (!value || !is_metric_value(*value)) return std::nullopt;
  out.values = {*value};
  return out;
}

std::optional<std::string> MetricFilter::referenced(const aws::Map<std::string>& extracted,
                                                    const std::string& reference, EventText& event) const {
  if (const std::string* text = extracted.find(reference)) return *text;
  const auto selector = pattern_.is_json() ? read_selector(reference) : std::nullopt;
  return selector ? selector->find_in(event) : std::nullopt;
}

bool MetricFilter::admit(const MetricPoint& point) {
  if (point.dimensions.empty()) return true;
  const std::lock_guard lock(mutex_);
  if (!combinations_.contains(point.dimensions) && combinations_.size() >= kFilterSeriesMax) return false;
  combinations_.insert(point.dimensions);
  return true;
}

void MetricFilter::count(EventText& event, base::Timestamp event_time, base::Timestamp now, LogMetrics& metrics) {
  if (!is_metric_time(event_time, now)) return;
  const bool matches = pattern_.matches(event);
  if (record_.default_value) {
    const std::lock_guard lock(mutex_);
    minutes_[minute_of(event_time)] |= matches;
  }
  if (!matches) return;
  std::optional<MetricPoint> point = point_of(event);
  if (!point || !admit(*point)) return;
  point->at = event_time;
  metrics.add(account_, region_, *point);
}

void MetricFilter::end_minutes(base::Timestamp now, LogMetrics& metrics) {
  if (!record_.default_value) return;
  MetricPoint point{record_.name_space, record_.metric_name, {}, record_.unit, {*record_.default_value}};
  std::map<int64_t, bool> ended;
  {
    const std::lock_guard lock(mutex_);
    const auto end = minutes_.lower_bound(minute_of(now));
    for (auto at = minutes_.begin(); at != end;) ended.insert(minutes_.extract(at++));
  }
  for (const auto& [minute, matched] : ended) {
    point.at = base::from_epoch_seconds(minute * 60);
    if (!matched) metrics.add(account_, region_, point);
  }
}

}  // namespace engine::logs
