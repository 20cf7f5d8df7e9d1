// MetricFilter: a metric filter of a log group at work. Owned by its group and by the PutLogEvents that look at events
// with it just now; safe from any thread.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "engine/logs/event_text.h"
#include "engine/logs/filter_pattern.h"
#include "engine/logs/log_metrics.h"
#include "engine/logs/records.h"

namespace engine::logs {

class MetricFilter {
 public:
  // Fails with InvalidParameterException for a pattern or a transformation that AWS refuses.
  static base::Result<std::shared_ptr<MetricFilter>> make(MetricFilterRecord record, const GroupRecord& group);
  // Whether the pattern gives what the transformation takes from it, asked of a new filter: one that does not would
  // match and count nothing. JSON patterns give whatever the event has, mentioned or not, as on AWS. Fails with
  // InvalidParameterException.
  [[nodiscard]] base::Result<void> check_references() const;

  // Counts an event that was accepted at `now`, for the time that it says of itself. The metric's value is a number or
  // a value that the pattern names; an event that has none there, or no number, counts for nothing.
  void count(EventText& event, base::Timestamp event_time, base::Timestamp now, LogMetrics& metrics);
  // Counts the default value for every minute before that of `now` that had events but no match.
  void end_minutes(base::Timestamp now, LogMetrics& metrics);

  [[nodiscard]] const MetricFilterRecord& record() const { return record_; }
  [[nodiscard]] bool has_regex() const { return pattern_.regex_count() > 0; }
  [[nodiscard]] std::size_t work() const { return pattern_.work(); }

 private:
  MetricFilter(MetricFilterRecord record, const GroupRecord& group, FilterPattern pattern)
      : record_(std::move(record)), account_(group.account), region_(group.region), pattern_(std::move(pattern)) {}
  [[nodiscard]] std::optional<MetricPoint> point_of(EventText& event) const;
  // The text that the transformation's `reference` ("$.selector", "$field") means; `extracted` is what the pattern
  // names.
  [[nodiscard]] std::optional<std::string> referenced(const aws::Map<std::string>& extracted,
                                                      const std::string& reference, EventText& event) const;
  // Whether the filter may go on with these dimensions (kFilterSeriesMax).
  bool admit(const MetricPoint& point);

  const MetricFilterRecord record_;
  const std::string account_;
  const std::string region_;
  const FilterPattern pattern_;
  std::mutex mutex_;                 // guards what follows
  std::map<int64_t, bool> minutes_;  // with a default value only: minutes with events, and whether one matched
  std::set<std::vector<std::pair<std::string, std::string>>> combinations_;  // of dimensions, as they occurred
};

}  // namespace engine::logs
