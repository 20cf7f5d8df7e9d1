// The quotas of CloudWatch and the bounds of this implementation. Quotas are AWS's, from the API reference of
// PutMetricData, GetMetricStatistics, GetMetricData and ListMetrics; protocols.md 4.6 items 12 and 14 to 18.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace engine::cloudwatch {

// --- AWS's quotas.
constexpr std::size_t kDataPerPutMax = 1'000;
constexpr std::size_t kDimensionsMax = 30;
constexpr std::size_t kValuesMax = 150;
constexpr double kValueMagnitudeMax = 0x1p360;
constexpr std::size_t kNameLengthMax = 255;  // of namespaces and metrics
constexpr std::size_t kDimensionValueLengthMax = 1'024;
constexpr base::Duration kTooOld = std::chrono::hours(14 * 24);
constexpr base::Duration kTooNew = std::chrono::hours(2);
constexpr int64_t kDatapointsMax = 1'440;                          // GetMetricStatistics
constexpr std::size_t kListMax = 500;                              // ListMetrics
constexpr base::Duration kListed = std::chrono::hours(14 * 24);    // ListMetrics: metrics with data this young
constexpr base::Duration kRecentlyActive = std::chrono::hours(3);  // ListMetrics: RecentlyActive PT3H
constexpr std::size_t kMetricDataQueriesMax = 500;                 // GetMetricData
constexpr std::size_t kMetricDataPointsMax = 100'800;              // GetMetricData, of one page
// Retention: points are kept as they are put (1 s or 60 s), then as ever coarser ones ("Metrics retention", user
// guide).
struct RollUp {
  base::Duration after;
  int64_t step_seconds;
};
constexpr std::array<RollUp, 3> kRollUps = {
    {{std::chrono::hours(3), 60}, {std::chrono::hours(15 * 24), 300}, {std::chrono::hours(63 * 24), 3'600}}};
constexpr base::Duration kRetention = std::chrono::hours(455 * 24);
// Alarms: PutMetricAlarm, PutCompositeAlarm and DescribeAlarms, API reference; "CloudWatch alarm quotas", user guide.
constexpr std::size_t kAlarmsMax = 5'000;        // of one account and region
constexpr std::size_t kAlarmActionsMax = 5;      // for one state
constexpr std::ptrdiff_t kAlarmMetricsMax = 10;  // of one expression ("Create an alarm based on a math expression")
constexpr std::size_t kAlarmNamesMax = 100;      // of one request
constexpr std::size_t kAlarmPageMax = 100;       // alarms or history items of one answer, also the default
constexpr std::size_t kRuleBytesMax = 10'240;
constexpr std::size_t kRuleElementsMax = 500;
constexpr std::size_t kRuleAlarmsMax = 100;
constexpr std::size_t kParentsMax = 150;           // composite alarms that name one alarm (PutCompositeAlarm)
constexpr int64_t kShortAlarmSecondsMax = 86'400;  // periods below an hour: EvaluationPeriods * Period
constexpr int64_t kLongAlarmSecondsMax = 604'800;  // others
constexpr base::Duration kHistoryKept = std::chrono::hours(30 * 24);
constexpr std::size_t kStateReasonMax = 1'023;
constexpr std::size_t kStateReasonDataMax = 4'000;
constexpr std::size_t kHistoryDataMax = 4'095;
constexpr std::size_t kHistorySummaryMax = 255;

// --- Our bounds.
constexpr std::size_t kMetricsMax = 100'000;       // in all, about 300 bytes of memory each
constexpr std::size_t kStoredValuesMax = 64;       // distinct values kept of one metric and minute, for percentiles
constexpr std::size_t kReadValuesMax = 1'024;      // distinct values of one datapoint of an answer
constexpr std::size_t kReadPointsMax = 2'000'000;  // points that one request may read from the store
constexpr std::size_t kReadValuesPerPoint = 8;     // values of points that cost as much as a point
constexpr std::size_t kHistoryReadMax = 10'000;    // items that one page of DescribeAlarmHistory looks at
// What is done with the lock held before others are let in (a millisecond at most).
constexpr std::size_t kDataPerStep = 50;          // data put
constexpr std::size_t kListedPerStep = 500;       // metrics looked at by ListMetrics
constexpr std::size_t kSweptPerStep = 50;         // metrics looked at by the sweeper
constexpr std::size_t kSweptPointsPerStep = 200;  // points rolled up
constexpr base::Duration kSweepInterval = std::chrono::hours(1);
constexpr int64_t kSeenPrecisionSeconds = 600;  // how far the stored time of a metric's last data may lag behind
constexpr std::size_t kRuleDepthMax = 100;      // parentheses in one another
constexpr base::Duration kEvaluatedLate = std::chrono::hours(7 * 24);  // evaluations that were missed are made up for
constexpr std::size_t kRecentDatapointsMax = 30;                       // in the data of a state's reason,
constexpr std::size_t kEvaluatedBytesMax = 3'000;                      // and the text of those evaluated
constexpr std::size_t kActionWorkers = 2;                              // actions executed at once
constexpr uint64_t kActionAttemptsMax = 5;                             // while the callee fails for reasons of its own
constexpr base::Duration kActionRetryDelay = std::chrono::seconds(2);  // doubled each time
constexpr std::size_t kHistorySweptPerStep = 1'000;                    // items removed with one batch

}  // namespace engine::cloudwatch
