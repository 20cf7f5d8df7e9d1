#include "engine/cloudwatch/alarm.h"

#include <algorithm>

#include "aws/codec/json_shape.h"
#include "engine/arn.h"
#include "engine/record.h"

namespace engine::cloudwatch {
namespace {

using aws::cloudwatch::CompositeAlarm;
using aws::cloudwatch::MetricAlarm;

enum Field : uint32_t { kMetric = 1, kComposite = 2, kTag = 3, kTouchedAt = 4 };

constexpr int64_t kDaySeconds = 24 * 3600;

// Both shapes name their common members alike.
template <class Shape>
Shape show(const Alarm& alarm, Shape out) {
  out.alarm_name = alarm.name;
  out.alarm_arn = alarm.arn;
  out.alarm_description = alarm.description;
  out.actions_enabled = alarm.actions_enabled;
  out.ok_actions = alarm.ok_actions;
  out.alarm_actions = alarm.alarm_actions;
  out.insufficient_data_actions = alarm.insufficient_data_actions;
  out.alarm_configuration_updated_timestamp = alarm.configured_at;
  out.state_value = alarm.state.value;
  out.state_reason = alarm.state.reason;
  if (!alarm.state.reason_data.empty()) out.state_reason_data = alarm.state.reason_data;
  out.state_updated_timestamp = alarm.state.updated_at;
  out.state_transitioned_timestamp = alarm.state.transitioned_at;
  return out;
}

template <class T>
T take(std::optional<T>& member) {
  T out = std::move(member).value_or(T());
  member.reset();
  return out;
}

template <class Shape>
void take_common(Shape& shape, Alarm& out) {
  out.name = take(shape.alarm_name);
  out.arn = take(shape.alarm_arn);
  out.description = std::exchange(shape.alarm_description, std::nullopt);
  out.actions_enabled = take(shape.actions_enabled);
  out.ok_actions = take(shape.ok_actions);
  out.alarm_actions = take(shape.alarm_actions);
  out.insufficient_data_actions = take(shape.insufficient_data_actions);
  out.configured_at = take(shape.alarm_configuration_updated_timestamp);
  out.state.value = take(shape.state_value);
  out.state.reason = take(shape.state_reason);
  out.state.reason_data = take(shape.state_reason_data);
  out.state.updated_at = take(shape.state_updated_timestamp);
  out.state.transitioned_at = take(shape.state_transitioned_timestamp);
}

template <class Shape>
std::string json_of(const Shape& shape) {
  std::string out;
  aws::codec::write_json(Shape::desc(), &shape, aws::codec::JsonNames::model, out);
  return out;
}

template <class Shape>
bool read_shape(std::string_view json, Alarm& out) {
  Shape shape;
  const auto read = aws::codec::read_json(Shape::desc(), json, aws::codec::JsonNames::model,
                                          aws::codec::JsonStrictness::response, &shape);
  if (!read) return false;
  take_common(shape, out);
  out.config = std::move(shape);
  return !out.name.empty();
}

// What is derived from the configuration and not stored.
bool compile(Alarm& alarm) {
  if (const auto* composite = alarm.composite()) {
    auto rule = CompositeRule::parse(composite->alarm_rule.value_or(""));
    if (!rule) return false;
    alarm.rule = std::move(*rule);
    return true;
  }
  const MetricAlarm& config = *alarm.metric();
  if (!config.metrics) return config.namespace_ && config.metric_name && config.dimensions;
  auto math = MetricMath::compile(*config.metrics);
  if (!math) return false;
  alarm.math = std::move(*math);
  return true;
}

}  // namespace

const std::vector<std::string>& Alarm::actions() const {
  if (state.value == kOk) return ok_actions;
  return state.value == kInAlarm ? alarm_actions : insufficient_data_actions;
}

int64_t Alarm::period_seconds() const {
  if (!math) return metric()->period.value_or(60);
  const auto& queries = math->queries();
  for (std::size_t i = 0; i < queries.size(); ++i) {
    if (queries[i].return_data.value_or(true)) return math->period_seconds(i);
  }
  return 60;
}

int64_t Alarm::interval_seconds() const {
  const int64_t period = period_seconds();
  if (period * metric()->evaluation_periods.value_or(1) > kDaySeconds) return 3600;
  return period < 60 ? 10 : 60;
}

bool Alarm::has_action_with(std::string_view prefix) const {
  const auto among = [&](const std::vector<std::string>& list) {
    return std::ranges::any_of(list, [&](const std::string& action) { return action.starts_with(prefix); });
  };
  return among(ok_actions) || among(alarm_actions) || among(insufficient_data_actions);
}

std::string Alarm::encode() const {
  RecordWriter out;
  if (metric()) {
    out.text(kMetric, json_of(show_metric_alarm(*this)));
  } else {
    out.text(kComposite, json_of(show_composite_alarm(*this)));
  }
  for (const auto& [key, value] : tags) out.pair(kTag, key, value);
  return out.time(kTouchedAt, touched_at).take();
}

std::optional<Alarm> Alarm::decode(std::string_view account, std::string_view region, std::string_view bytes) {
  Alarm out;
  out.account = account;
  out.region = region;
  bool found = false;
  RecordReader reader(bytes);
  while (reader.next()) {
    switch (reader.field()) {
      case kMetric:
        found = read_shape<MetricAlarm>(reader.text(), out);
        break;
      case kComposite:
        found = read_shape<CompositeAlarm>(reader.text(), out);
        break;
      case kTag: {
        auto [key, value] = reader.pair();
        out.tags[key] = std::move(value);
        break;
      }
      case kTouchedAt:
        out.touched_at = reader.time();
        break;
      default:
        break;
    }
  }
  if (!reader.ok() || !found || !compile(out)) return std::nullopt;
  return out;
}

MetricAlarm show_metric_alarm(const Alarm& alarm) {
  return show(alarm, *alarm.metric());
}

CompositeAlarm show_composite_alarm(const Alarm& alarm) {
  return show(alarm, *alarm.composite());
}

std::string alarm_arn(std::string_view account, std::string_view region, std::string_view name) {
  return make_arn("cloudwatch", region, account, "alarm:" + std::string(name));
}

}  // namespace engine::cloudwatch
