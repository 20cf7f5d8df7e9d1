// The evaluation of a metric alarm: which state its datapoints put it in, and AWS's words for why ("Alarm evaluation"
// and "Configuring how CloudWatch alarms treat missing data", CloudWatch user guide; protocols.md 4.6 items 3 to 6).
// Pure functions, safe from any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/cloudwatch/shapes.h"
#include "base/time.h"

namespace engine::cloudwatch {

// A period with data.
struct AlarmPoint {
  int64_t seconds = 0;  // its start
  double value = 0;
  std::optional<double> sample_count = {};  // unknown for metric math
};

// How many periods an evaluation looks back: more than EvaluationPeriods, so that real datapoints can stand in for
// missing ones. AWS does not publish the formula; all that it shows (3 -> 5, and 8 -> 10 seen in the field) is two
// more.
constexpr int64_t evaluation_range(int64_t evaluation_periods) {
  return evaluation_periods + 2;
}

struct AlarmVerdict {
  std::string_view state;  // one of the constants in alarm.h
  std::string reason;
  std::string reason_data;
};

// The state in which `points` (newest first, at most one for each period of the evaluation range that ends at
// `end_seconds`) put an alarm of this configuration, or nullopt if they leave it as it is: because TreatMissingData
// says so, because what there is decides nothing yet, or because that is `current` already.
std::optional<AlarmVerdict> evaluate_alarm(const aws::cloudwatch::MetricAlarm& config, int64_t period_seconds,
                                           const std::vector<AlarmPoint>& points, int64_t end_seconds,
                                           std::string_view current, base::Timestamp now);

// The four operators with one threshold; nullopt for those of anomaly detection.
std::optional<bool> breaches(std::string_view comparison_operator, double value, double threshold);

}  // namespace engine::cloudwatch
