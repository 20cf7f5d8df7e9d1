// MetricMath: the queries of a GetMetricData call or of a metric-math alarm, checked and parsed once, and their
// evaluation over a span of time. It knows neither the store nor the clock: the points of metrics come from a callback.
// A value type; evaluate() is const and safe from any thread. The language is CloudWatch's metric math ("Using math
// expressions with CloudWatch metrics" in the user guide) without SEARCH, ANOMALY_DETECTION_BAND and the functions that
// read other services.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "aws/cloudwatch/shapes.h"
#include "base/result.h"

namespace engine::cloudwatch {

struct Point {
  int64_t seconds = 0;  // start of its period, since the epoch
  double value = 0;
  bool operator==(const Point&) const = default;
};

// Points in the order of time, at most one for each period; a period without data has none.
struct Series {
  std::string id;     // of the query it comes from
  std::string label;  // what the answer shows
  int64_t period_seconds = 60;
  std::vector<Point> points = {};
  std::vector<aws::cloudwatch::MessageData> messages = {};
};

// Start (inclusive) and end (exclusive) in seconds since the epoch.
struct Span {
  int64_t start = 0;
  int64_t end = 0;
};

// The points of one metric in `span`; only `points` and `messages` of the answer count. `stat` is a checked one: its
// dimensions are sorted by name.
using FetchPoints = std::function<base::Result<Series>(const aws::cloudwatch::MetricStat& stat, Span span)>;

// 1, 5, 10, 20, 30 or a multiple of 60.
bool is_period(int64_t seconds);
// A period that is a multiple of both, or the longer one where that would be absurdly long.
int64_t common_period(int64_t a_seconds, int64_t b_seconds);

class MetricMath {
 public:
  // Checks and parses. `path` is the name of the queries' member in errors ("MetricDataQueries" or "Metrics"). Fails
  // with AWS's ValidationError for: ids that are malformed or used twice, a query with neither or both of MetricStat
  // and Expression, a statistic that this engine does not know, an expression that does not parse, names what does not
  // exist, depends on itself, is too deep, or gives a scalar where a series is wanted.
  static base::Result<MetricMath> compile(std::vector<aws::cloudwatch::MetricDataQuery> queries,
                                          std::string_view path = "MetricDataQueries");

  // The series of every query whose ReturnData is not false, in the order of the queries; one query may give several
  // (METRICS()) or none. Fails if `fetch` does, and with LimitExceededFault if expressions make too many points.
  [[nodiscard]] base::Result<std::vector<Series>> evaluate(Span span, const FetchPoints& fetch) const;

  // As they were given.
  [[nodiscard]] const std::vector<aws::cloudwatch::MetricDataQuery>& queries() const { return sources_; }
  // The period of a query's result: its own, or the least common multiple of those that its expression uses.
  [[nodiscard]] int64_t period_seconds(std::size_t query) const;
  // True if the query gives exactly one series whatever the data are, as an alarm needs.
  [[nodiscard]] bool gives_one_series(std::size_t query) const;

 private:
  struct Query;
  struct Compiler;

  std::shared_ptr<const std::vector<Query>> queries_;
  std::vector<std::size_t> order_;  // of evaluation: each after those it uses
  std::vector<aws::cloudwatch::MetricDataQuery> sources_;
};

}  // namespace engine::cloudwatch
