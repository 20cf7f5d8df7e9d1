// Statistic: which number of an Aggregate a request asks for, by AWS's names. Values and pure functions, safe from any
// thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/cloudwatch/aggregate.h"

namespace engine::cloudwatch {

struct Statistic {
  enum class Kind { sample_count, average, sum, minimum, maximum, percentile };
  Kind kind = Kind::average;
  double percent = 0;  // of a percentile
};

// "Average" or "p99.9"; nullopt for anything else, such as the trimmed statistics (tm, tc, ts, wm, pr, iqm), which the
// values kept here do not give.
std::optional<Statistic> parse_statistic(std::string_view name);
// What parse_statistic() takes, for messages.
constexpr std::string_view kKnownStatistics =
    "SampleCount, Average, Sum, Minimum, Maximum and percentiles (p0 to p100)";

// nullopt for a percentile of values that are not known (statistic sets).
std::optional<double> value_of(const Aggregate& aggregate, const Statistic& statistic);

}  // namespace engine::cloudwatch
