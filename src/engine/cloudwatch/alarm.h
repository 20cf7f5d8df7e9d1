// Alarm: one metric or composite alarm, its configuration in AWS's own shapes and its state. Alarms are immutable once
// they stand in the table of Alarms: a change makes a new one. A value type, safe to read from any thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "aws/cloudwatch/shapes.h"
#include "base/time.h"
#include "engine/cloudwatch/composite_rule.h"
#include "engine/cloudwatch/metric_math.h"

namespace engine::cloudwatch {

constexpr std::string_view kOk = "OK";
constexpr std::string_view kInAlarm = "ALARM";
constexpr std::string_view kInsufficientData = "INSUFFICIENT_DATA";

struct AlarmState {
  std::string value{kInsufficientData};
  std::string reason = "Unchecked: Initial alarm creation";
  std::string reason_data = {};          // a JSON document, or empty
  base::Timestamp updated_at = {};       // value or reason were set
  base::Timestamp transitioned_at = {};  // value became another one
  bool operator==(const AlarmState&) const = default;
};

struct Alarm {
  std::string account;
  std::string region;
  std::string name;
  std::string arn;
  std::optional<std::string> description = {};
  bool actions_enabled = true;
  std::vector<std::string> ok_actions = {};
  std::vector<std::string> alarm_actions = {};
  std::vector<std::string> insufficient_data_actions = {};
  base::Timestamp configured_at = {};
  aws::Map<std::string> tags = {};
  AlarmState state = {};
  base::Timestamp touched_at = {};  // configured or set by hand: evaluations for earlier times are void

  // What an alarm of its kind has beyond that. The members of the shape that stand above are absent.
  std::variant<aws::cloudwatch::MetricAlarm, aws::cloudwatch::CompositeAlarm> config = {};
  CompositeRule rule = {};              // of a composite alarm
  std::optional<MetricMath> math = {};  // of a metric alarm with Metrics

  [[nodiscard]] const aws::cloudwatch::MetricAlarm* metric() const {
    return std::get_if<aws::cloudwatch::MetricAlarm>(&config);
  }
  [[nodiscard]] const aws::cloudwatch::CompositeAlarm* composite() const {
    return std::get_if<aws::cloudwatch::CompositeAlarm>(&config);
  }
  [[nodiscard]] std::string_view type() const { return metric() ? "MetricAlarm" : "CompositeAlarm"; }
  // The actions for the state it is in.
  [[nodiscard]] const std::vector<std::string>& actions() const;
  // Seconds of one period, also of metric math. REQUIRES: metric().
  [[nodiscard]] int64_t period_seconds() const;
  // Seconds between its evaluations: 10 for periods below a minute, an hour if it looks back more than a day, else 60
  // ("Alarm evaluation", CloudWatch user guide). REQUIRES: metric().
  [[nodiscard]] int64_t interval_seconds() const;
  [[nodiscard]] bool has_action_with(std::string_view prefix) const;

  // As a value in the store, and back; nullopt for what is not an alarm.
  [[nodiscard]] std::string encode() const;
  static std::optional<Alarm> decode(std::string_view account, std::string_view region, std::string_view bytes);
};

using AlarmRef = std::shared_ptr<const Alarm>;

// As DescribeAlarms shows it: protocols.md 4.6 item 1. REQUIRES: the alarm is of that kind.
aws::cloudwatch::MetricAlarm show_metric_alarm(const Alarm& alarm);
aws::cloudwatch::CompositeAlarm show_composite_alarm(const Alarm& alarm);

std::string alarm_arn(std::string_view account, std::string_view region, std::string_view name);

}  // namespace engine::cloudwatch
