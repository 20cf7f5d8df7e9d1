#include "engine/cloudwatch/alarm_evaluation.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/cloudwatch/alarm.h"
#include "engine/cloudwatch/alarm_text.h"
#include "engine/cloudwatch/limits.h"
#include "engine/cloudwatch/statistic.h"

namespace engine::cloudwatch {
namespace {

using aws::cloudwatch::MetricAlarm;

// An evaluation under way. "Real" datapoints are those that exist.
struct Evaluation {
  const MetricAlarm& config;
  int64_t period_seconds;
  std::size_t periods;   // N
  std::size_t to_alarm;  // M
  std::string treat_missing;
  std::vector<AlarmPoint> real = {};  // those evaluated, newest first
  std::vector<bool> breaching = {};   // one for each
  std::size_t filled = 0;             // missing datapoints that are needed to make N
  int64_t end_seconds = 0;

  [[nodiscard]] std::size_t breaching_count() const {
    return static_cast<std::size_t>(std::ranges::count(breaching, true));
  }
};

// Percentiles of few samples mean little ("Percentile-based alarms and low data samples", user guide).
bool has_too_few_samples(const Evaluation& evaluation) {
  if (evaluation.config.evaluate_low_sample_count_percentile != "ignore") return false;
  const auto statistic = parse_statistic(evaluation.config.extended_statistic.value_or(""));
  if (!statistic || statistic->kind != Statistic::Kind::percentile) return false;
  const double share = std::min(statistic->percent, 100 - statistic->percent) / 100;
  constexpr double kEnough = 10 - 1e-6;  // 100 - 99.9 is a little less than 0.1
  return std::ranges::any_of(evaluation.real, [&](const AlarmPoint& point) {
    return point.sample_count && *point.sample_count * share < kEnough;
  });
}

// Ages count from 1, the newest period. The oldest datapoint of all has been breaching for long enough, and nothing
// newer says otherwise: no need to wait for data that may never come ("Avoiding premature transitions").
bool is_settled_breach(const Evaluation& evaluation) {
  if (evaluation.real.empty() || evaluation.breaching_count() != evaluation.real.size()) return false;
  const int64_t age = (evaluation.end_seconds - evaluation.real.back().seconds) / evaluation.period_seconds;
  return age >= static_cast<int64_t>(evaluation.to_alarm);
}

std::optional<std::string_view> decide(const Evaluation& evaluation) {
  const std::size_t bad = evaluation.breaching_count();
  const std::size_t good = evaluation.real.size() - bad;
  if (has_too_few_samples(evaluation)) return std::nullopt;
  if (bad >= evaluation.to_alarm) return kInAlarm;
  if (evaluation.filled == 0) return kOk;
  if (evaluation.treat_missing == "breaching") return bad + evaluation.filled >= evaluation.to_alarm ? kInAlarm : kOk;
  if (evaluation.treat_missing == "notBreaching") return kOk;
  if (good > 0) return kOk;
  if (evaluation.treat_missing == "ignore") return std::nullopt;
  if (bad == 0) return kInsufficientData;
  return is_settled_breach(evaluation) ? std::optional(kInAlarm) : std::nullopt;
}

std::string_view comparison_words(std::string_view comparison_operator) {
  if (comparison_operator == "GreaterThanThreshold") return "greater than";
  if (comparison_operator == "GreaterThanOrEqualToThreshold") return "greater than or equal to";
  if (comparison_operator == "LessThanThreshold") return "less than";
  return "less than or equal to";
}

std::string were(std::size_t count) {
  return count == 1 ? "was" : "were";
}

// " and 2 missing datapoints were treated as [Breaching]"
std::string missing_words(const Evaluation& evaluation) {
  if (evaluation.filled == 0) return {};
  const bool breaching = evaluation.treat_missing == "breaching";
  if (!breaching && evaluation.treat_missing != "notBreaching") return {};
  return fmt::format(" and {} {} treated as [{}]", counted(evaluation.filled, "missing datapoint"),
                     were(evaluation.filled), breaching ? "Breaching" : "NonBreaching");
}

// From so many on, AWS's sentence is another one, and names only the newest.
constexpr std::size_t kNamedDatapoints = 5;

std::string reason_of(const Evaluation& evaluation, std::string_view state) {
  if (state == kInsufficientData) {
    return fmt::format("Insufficient Data: {} {} unknown.", counted(evaluation.filled, "datapoint"),
                       were(evaluation.filled));
  }
  const bool in_alarm = state == kInAlarm;
  std::string shown;
  std::size_t count = 0;
  for (std::size_t i = 0; i < evaluation.real.size(); ++i) {
    if (evaluation.breaching[i] != in_alarm) continue;
    if (++count > kNamedDatapoints) continue;
    if (!shown.empty()) shown += ", ";
    const AlarmPoint& point = evaluation.real[i];
    shown += fmt::format("{} ({})", java_double(point.value), reason_time(base::from_epoch_seconds(point.seconds)));
  }
  if (count == 0) {
    const std::size_t real = evaluation.real.size();
    return fmt::format("Threshold Crossed: {} {} received for {}{}.",
                       real == 0 ? "no datapoints" : counted(real, "datapoint"), were(real),
                       counted(evaluation.periods, "period"), missing_words(evaluation));
  }
  // Alarms that say how many datapoints they want are answered in these terms.
  const bool counting = evaluation.config.datapoints_to_alarm.has_value();
  const bool many = count >= kNamedDatapoints;
  std::string out = "Threshold Crossed: ";
  out += counting ? fmt::format("{} out of the last {} datapoints", count, evaluation.periods)
                  : counted(count, "datapoint");
  out += many ? "" : " [" + shown + "]";
  out += fmt::format(" {} {}{} the threshold ({}){}", were(count), in_alarm ? "" : "not ",
                     comparison_words(evaluation.config.comparison_operator.value_or("")),
                     java_double(evaluation.config.threshold.value_or(0)), missing_words(evaluation));
  if (many) out += ". The most recent datapoints which crossed the threshold: [" + shown + "]";
  if (counting) {
    const std::size_t needed = in_alarm ? evaluation.to_alarm : evaluation.periods - evaluation.to_alarm + 1;
    out += fmt::format(" (minimum {} for {} transition)", counted(needed, "datapoint"),
                       in_alarm ? "OK -> ALARM" : "ALARM -> OK");
  }
  return out + '.';
}

// The datapoints that were evaluated, newest first; of the missing ones the newest.
std::string evaluated_datapoints(const Evaluation& evaluation) {
  std::string out = "[";
  std::size_t next_real = 0;
  std::size_t missing_left = evaluation.filled;
  const int64_t range = evaluation_range(static_cast<int64_t>(evaluation.periods));
  for (int64_t age = 1; age <= range; ++age) {
    const int64_t start = evaluation.end_seconds - age * evaluation.period_seconds;
    const bool is_real = next_real < evaluation.real.size() && evaluation.real[next_real].seconds == start;
    if (!is_real && missing_left == 0) continue;
    JsonObject point;
    point.time("timestamp", base::from_epoch_seconds(start));
    if (is_real) {
      const AlarmPoint& real = evaluation.real[next_real++];
      if (real.sample_count) point.number("sampleCount", *real.sample_count);
      point.number("value", real.value);
    } else {
      --missing_left;
    }
    const std::string text = point.take();
    if (out.size() + text.size() > kEvaluatedBytesMax) break;
    out += (out.size() > 1 ? "," : "") + text;
  }
  return out + ']';
}

std::string reason_data_of(const Evaluation& evaluation, base::Timestamp now) {
  const MetricAlarm& config = evaluation.config;
  JsonObject out;
  out.text("version", "1.0").time("queryDate", now);
  std::string recent;
  const std::size_t shown = std::min(evaluation.real.size(), kRecentDatapointsMax);
  for (std::size_t i = shown; i > 0; --i) {
    recent += (recent.empty() ? "" : ",") + java_double(evaluation.real[i - 1].value);
  }
  if (shown > 0) out.time("startDate", base::from_epoch_seconds(evaluation.real[shown - 1].seconds));
  if (config.unit) out.text("unit", *config.unit);
  if (config.statistic) out.text("statistic", *config.statistic);
  if (config.extended_statistic) out.text("statistic", *config.extended_statistic);
  out.integer("period", evaluation.period_seconds).raw("recentDatapoints", '[' + recent + ']');
  out.number("threshold", config.threshold.value_or(0)).raw("evaluatedDatapoints", evaluated_datapoints(evaluation));
  return out.take();
}

}  // namespace

std::optional<bool> breaches(std::string_view comparison_operator, double value, double threshold) {
  if (comparison_operator == "GreaterThanThreshold") return value > threshold;
  if (comparison_operator == "GreaterThanOrEqualToThreshold") return value >= threshold;
  if (comparison_operator == "LessThanThreshold") return value < threshold;
  if (comparison_operator == "LessThanOrEqualToThreshold") return value <= threshold;
  return std::nullopt;
}

std::optional<AlarmVerdict> evaluate_alarm(const MetricAlarm& config, int64_t period_seconds,
                                           const std::vector<AlarmPoint>& points, int64_t end_seconds,
                                           std::string_view current, base::Timestamp now) {
  Evaluation evaluation{.config = config,
                        .period_seconds = period_seconds,
                        .periods = static_cast<std::size_t>(std::max(config.evaluation_periods.value_or(1), 1)),
                        .to_alarm = 0,
                        .treat_missing = config.treat_missing_data.value_or("missing"),
                        .end_seconds = end_seconds};
  const auto to_alarm = static_cast<std::size_t>(std::max(config.datapoints_to_alarm.value_or(0), 0));
  evaluation.to_alarm = to_alarm > 0 ? std::min(to_alarm, evaluation.periods) : evaluation.periods;
  evaluation.real.assign(points.begin(),
                         points.begin() + static_cast<std::ptrdiff_t>(std::min(points.size(), evaluation.periods)));
  for (const AlarmPoint& point : evaluation.real) {
    evaluation.breaching.push_back(
        breaches(config.comparison_operator.value_or(""), point.value, config.threshold.value_or(0)).value_or(false));
  }
  evaluation.filled = evaluation.periods - evaluation.real.size();
  const auto state = decide(evaluation);
  if (!state || *state == current) return std::nullopt;
  AlarmVerdict out{*state, reason_of(evaluation, *state), reason_data_of(evaluation, now)};
  out.reason.resize(std::min(out.reason.size(), kStateReasonMax));
  return out;
}

}  // namespace engine::cloudwatch
