#include "engine/cloudwatch/alarm_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>

#include "aws/cloudwatch/errors.h"
#include "aws/pattern.h"
#include "engine/arn.h"
#include "engine/cloudwatch/alarm_evaluation.h"
#include "engine/cloudwatch/datum.h"
#include "engine/cloudwatch/limits.h"
#include "engine/cloudwatch/statistic.h"
#include "engine/tags.h"

namespace engine::cloudwatch {
namespace {

namespace errors = aws::cloudwatch::errors;
using aws::cloudwatch::MetricAlarm;
using aws::cloudwatch::PutMetricAlarmInput;

base::Result<void> check_action(const aws::Context& context, const std::string& text) {
  if (text.starts_with("arn:aws-")) {
    const std::string_view partition = std::string_view(text).substr(4, text.find(':', 4) - 4);
    return invalid_alarm(fmt::format("Invalid partition {} specified. Only aws is supported.", partition));
  }
  const auto arn = Arn::parse(text);
  if (!arn) return invalid_alarm("Invalid arn syntax: " + text);
  if (arn->service != "sns" && arn->service != "lambda") {
    return invalid_alarm(
        fmt::format("The action {} is not supported: this engine executes actions on SNS topics and "
                    "Lambda functions.",
                    text));
  }
  if (arn->region != context.region) {
    return invalid_alarm(
        fmt::format("Invalid region {} specified. Only {} is supported.", arn->region, context.region));
  }
  const bool function = arn->service == "lambda";
  if (function && !arn->resource.starts_with("function:")) return invalid_alarm("Invalid arn syntax: " + text);
  if (!function && (arn->resource.find(':') != std::string::npos || arn->resource.ends_with(".fifo"))) {
    return invalid_alarm(fmt::format("The action {} is not supported: an action publishes to a standard topic.", text));
  }
  return {};
}

base::Result<std::vector<std::string>> read_actions(const aws::Context& context, std::string_view member,
                                                    std::optional<std::vector<std::string>> actions) {
  std::vector<std::string> out = std::move(actions).value_or(std::vector<std::string>());
  if (out.size() > kAlarmActionsMax) {
    return invalid_alarm(
        fmt::format("The collection {} must not have a size greater than {}.", member, kAlarmActionsMax));
  }
  for (const std::string& action : out) TRY(check_action(context, action));
  return out;
}

// What both kinds have.
template <class Input>
base::Result<Alarm> read_common(const aws::Context& context, Input& in) {
  Alarm out;
  out.account = context.account;
  out.region = context.region;
  out.name = in.alarm_name.value_or("");
  if (out.name.empty()) return missing_parameter("AlarmName");
  if (aws::count_code_points(out.name) > kNameLengthMax)
    return invalid_alarm("The parameter AlarmName must be at most 255 characters.");
  if (std::ranges::any_of(out.name, [](unsigned char c) { return c < 0x20 || c == 0x7f; }))
    return invalid_alarm("The parameter AlarmName must not contain ASCII control characters.");
  out.arn = alarm_arn(out.account, out.region, out.name);
  out.description = std::move(in.alarm_description);
  out.actions_enabled = in.actions_enabled.value_or(true);
  TRY_ASSIGN(out.ok_actions, read_actions(context, "OKActions", std::move(in.ok_actions)));
  TRY_ASSIGN(out.alarm_actions, read_actions(context, "AlarmActions", std::move(in.alarm_actions)));
  TRY_ASSIGN(out.insufficient_data_actions,
             read_actions(context, "InsufficientDataActions", std::move(in.insufficient_data_actions)));
  TRY(add_tags(in.tags.value_or(std::vector<aws::cloudwatch::Tag>()), out.tags));
  out.configured_at = std::chrono::floor<std::chrono::milliseconds>(context.now);
  out.touched_at = context.now;
  out.state.updated_at = out.configured_at;
  out.state.transitioned_at = out.configured_at;
  return out;
}

base::Result<void> check_periods(const MetricAlarm& config, int64_t period) {
  const int64_t evaluated = config.evaluation_periods.value_or(0);
  if (evaluated < 1) return missing_parameter("EvaluationPeriods");
  if (config.datapoints_to_alarm && (*config.datapoints_to_alarm < 1 || *config.datapoints_to_alarm > evaluated)) {
    return invalid_alarm("DatapointsToAlarm must be at least 1 and not greater than EvaluationPeriods.");
  }
  // Recorded from AWS: the texts of the two limits.
  if (period < 3600 && period * evaluated > kShortAlarmSecondsMax) {
    return invalid_alarm(
        "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400) for alarms "
        "using period < 3600");
  }
  if (period * evaluated > kLongAlarmSecondsMax) {
    return invalid_alarm(
        "Metrics cannot be checked across more than a week (EvaluationPeriods * Period must be <= 604800) for alarms "
        "using period >= 3600");
  }
  return {};
}

base::Result<void> check_threshold(const MetricAlarm& config) {
  const std::string comparison = config.comparison_operator.value_or("");
  if (comparison.empty()) return missing_parameter("ComparisonOperator");
  if (!breaches(comparison, 0, 0)) {
    return invalid_alarm(
        fmt::format("The ComparisonOperator {} is not supported: this engine has no anomaly detection.", comparison));
  }
  if (!config.threshold) return missing_parameter("Threshold");
  if (!std::isfinite(*config.threshold)) return invalid_alarm("The parameter Threshold must be a finite number.");
  constexpr std::array<std::string_view, 4> kTreatments = {"breaching", "notBreaching", "ignore", "missing"};
  if (config.treat_missing_data && std::ranges::find(kTreatments, *config.treat_missing_data) == kTreatments.end()) {
    return invalid_alarm(
        fmt::format("The value {} for parameter TreatMissingData is invalid: it must be breaching, "
                    "notBreaching, ignore or missing.",
                    *config.treat_missing_data));
  }
  const auto& low_samples = config.evaluate_low_sample_count_percentile;
  if (!low_samples) return {};
  if (*low_samples != "evaluate" && *low_samples != "ignore") {
    return invalid_alarm(
        fmt::format("The value {} for parameter EvaluateLowSampleCountPercentile is invalid: it must be "
                    "evaluate or ignore.",
                    *low_samples));
  }
  if (!config.extended_statistic) {
    return invalid_alarm("EvaluateLowSampleCountPercentile is for alarms on a percentile (ExtendedStatistic).");
  }
  return {};
}

base::Result<void> check_metric(MetricAlarm& config) {
  if (config.metric_name.value_or("").empty()) return missing_parameter("MetricName");
  if (config.namespace_.value_or("").empty()) return missing_parameter("Namespace");
  if (config.statistic.has_value() == config.extended_statistic.has_value()) {
    return invalid_alarm("Exactly one of Statistic and ExtendedStatistic must be specified.");
  }
  const auto statistic = parse_statistic(config.statistic ? *config.statistic : *config.extended_statistic);
  const bool percentile = statistic && statistic->kind == Statistic::Kind::percentile;
  if (!statistic || percentile != config.extended_statistic.has_value()) {
    return invalid_alarm(fmt::format("The value {} for parameter {} is not supported: this engine knows {}.",
                                     config.statistic ? *config.statistic : *config.extended_statistic,
                                     config.statistic ? "Statistic" : "ExtendedStatistic", kKnownStatistics));
  }
  if (!config.period) return missing_parameter("Period");
  const int32_t period = *config.period;
  if (period != 10 && period != 20 && period != 30 && (period < 60 || period % 60 != 0)) {
    return invalid_alarm(fmt::format(
        "The value {} for parameter Period is invalid: it must be 10, 20, 30 or a multiple of 60.", period));
  }
  if (config.unit && unit_index(*config.unit) == kUnits.size()) {
    return invalid_alarm(fmt::format("The value {} for parameter Unit is invalid.", *config.unit));
  }
  TRY_ASSIGN(config.dimensions, checked_dimensions(std::move(config.dimensions).value_or(Dimensions()), "Dimensions"));
  return {};
}

base::Result<MetricMath> compile_metrics(const MetricAlarm& config) {
  if (config.metric_name || config.namespace_ || config.statistic || config.extended_statistic || config.period ||
      config.unit || (config.dimensions && !config.dimensions->empty())) {
    return invalid_alarm(
        "Metrics cannot be specified together with MetricName, Namespace, Dimensions, Period, Unit, Statistic or "
        "ExtendedStatistic.");
  }
  TRY_ASSIGN(MetricMath math, MetricMath::compile(*config.metrics, "Metrics"));
  const auto& queries = math.queries();
  const auto metrics = std::ranges::count_if(queries, [](const auto& query) { return query.metric_stat.has_value(); });
  if (metrics > kAlarmMetricsMax) {
    return invalid_alarm(fmt::format("Metrics must not have more than {} metrics.", kAlarmMetricsMax));
  }
  std::size_t returned = 0;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    if (!queries[i].return_data.value_or(true)) continue;
    ++returned;
    if (!math.gives_one_series(i)) {
      return invalid_alarm(
          fmt::format("The expression {} of an alarm must give a single time series.", queries[i].id.value_or("")));
    }
  }
  if (returned != 1) return invalid_alarm("Exactly one of Metrics must have ReturnData true.");
  return math;
}

// An evaluation looks at windows that end on a minute, so all metrics of an expression share one period.
base::Result<void> check_math_periods(const Alarm& alarm) {
  const int64_t period = alarm.period_seconds();
  for (const auto& query : alarm.math->queries()) {
    const auto own = query.metric_stat ? query.metric_stat->period : query.period;
    if (own && *own != period) {
      return invalid_alarm("All metrics of an alarm must have the same Period.");
    }
  }
  if (period != 10 && period != 20 && period != 30 && (period < 60 || period % 60 != 0)) {
    return invalid_alarm("The Period of an alarm must be 10, 20, 30 or a multiple of 60.");
  }
  return {};
}

}  // namespace

std::unexpected<base::AwsError> invalid_alarm(std::string message) {
  return base::fail(errors::validation_error(std::move(message)));
}

base::Result<void> check_state_value(std::string_view value) {
  if (value == kOk || value == kInAlarm || value == kInsufficientData) return {};
  // AWS's words and order: protocols.md 4.6 item 10.
  return invalid_alarm(
      fmt::format("1 validation error detected: Value '{}' at 'stateValue' failed to satisfy "
                  "constraint: Member must satisfy enum value set: [INSUFFICIENT_DATA, ALARM, OK]",
                  value));
}

base::Result<void> add_tags(const std::vector<aws::cloudwatch::Tag>& added, aws::Map<std::string>& tags) {
  for (const auto& tag : added) tags[tag.key.value_or("")] = tag.value.value_or("");
  const auto fault = find_tag_fault(tags);
  if (!fault) return {};
  using Kind = TagFault::Kind;
  switch (fault->kind) {
    case Kind::too_many:
      return invalid_value(fmt::format("A resource can have at most {} tags.", kTagsMax));
    case Kind::reserved_key:
      return invalid_value("aws: prefixed tag key names are not allowed for external use.");
    case Kind::key_length:
    case Kind::value_length:
      break;
  }
  return invalid_value(fmt::format("The tag {} is invalid: keys have 1 to {} and values at most {} characters.",
                                   fault->key, kTagKeyLengthMax, kTagValueLengthMax));
}

base::Result<Alarm> read_metric_alarm(const aws::Context& context, PutMetricAlarmInput in) {
  TRY_ASSIGN(Alarm out, read_common(context, in));
  MetricAlarm config;
  config.metric_name = std::move(in.metric_name);
  config.namespace_ = std::move(in.namespace_);
  config.statistic = std::move(in.statistic);
  config.extended_statistic = std::move(in.extended_statistic);
  config.dimensions = std::move(in.dimensions).value_or(Dimensions());
  config.period = in.period;
  config.unit = std::move(in.unit);
  config.evaluation_periods = in.evaluation_periods;
  config.datapoints_to_alarm = in.datapoints_to_alarm;
  config.threshold = in.threshold;
  config.comparison_operator = std::move(in.comparison_operator);
  config.treat_missing_data = std::move(in.treat_missing_data);
  config.evaluate_low_sample_count_percentile = std::move(in.evaluate_low_sample_count_percentile);
  if (in.metrics && !in.metrics->empty()) config.metrics = std::move(in.metrics);
  TRY(check_threshold(config));
  if (config.metrics) {
    TRY_ASSIGN(out.math, compile_metrics(config));
    config.dimensions.reset();
  } else {
    TRY(check_metric(config));
  }
  out.config = std::move(config);
  if (out.math) TRY(check_math_periods(out));
  TRY(check_periods(*out.metric(), out.period_seconds()));
  return out;
}

base::Result<Alarm> read_composite_alarm(const aws::Context& context, aws::cloudwatch::PutCompositeAlarmInput in) {
  TRY_ASSIGN(Alarm out, read_common(context, in));
  const std::string text = in.alarm_rule.value_or("");
  if (text.empty()) return missing_parameter("AlarmRule");
  TRY_ASSIGN(out.rule, CompositeRule::parse(text));
  aws::cloudwatch::CompositeAlarm config;
  config.alarm_rule = text;
  out.config = std::move(config);
  return out;
}

}  // namespace engine::cloudwatch
