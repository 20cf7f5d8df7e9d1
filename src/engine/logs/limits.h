// The quotas of CloudWatch Logs and the bounds of this implementation. Quotas are AWS's, from the CloudWatch Logs User
// Guide, "CloudWatch Logs quotas", and the API reference of the operation named.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace engine::logs {

// --- AWS's quotas.
constexpr std::size_t kNameLengthMax = 512;             // of groups and streams
constexpr std::size_t kPutBytesMax = 1'048'576;         // PutLogEvents: all messages with kEventOverheadBytes each
constexpr std::size_t kEventOverheadBytes = 26;         // PutLogEvents
constexpr std::size_t kPutEventsMax = 10'000;           // PutLogEvents
constexpr int64_t kPutSpanMsMax = 24LL * 3600 * 1000;   // PutLogEvents: from the first to the last event
constexpr int64_t kTooOldMs = 14LL * 24 * 3600 * 1000;  // PutLogEvents
constexpr int64_t kTooNewMs = 2LL * 3600 * 1000;        // PutLogEvents
constexpr int32_t kReadEventsMax = 10'000;              // GetLogEvents, FilterLogEvents
constexpr std::size_t kReadBytesMax = 1'048'576;        // one page of GetLogEvents, FilterLogEvents
constexpr std::size_t kFilterStreamsMax = 100;          // FilterLogEvents: logStreamNames
constexpr int32_t kDescribeMax = 50;                    // DescribeLogGroups, DescribeLogStreams
constexpr int32_t kListGroupsMax = 1000;                // ListLogGroups
constexpr std::size_t kFilterPatternLengthMax = 1024;
// The next three: User Guide, "Filter pattern syntax for metric filters, subscription filters, ...".
constexpr std::size_t kPatternRegexesMax = 2;     // in one pattern
constexpr std::size_t kPatternWildcardsMax = 3;   // of JSON selectors, in one pattern
constexpr std::size_t kGroupRegexFiltersMax = 5;  // filters of one group with regular expressions
constexpr std::size_t kGroupMetricFiltersMax = 100;
constexpr std::size_t kFilterDimensionsMax = 3;      // PutMetricFilter
constexpr std::size_t kFilterSeriesMax = 1000;       // a metric filter with more combinations of dimensions is stopped
constexpr std::size_t kEmfDimensionKeysMax = 30;     // the next four: CloudWatch User Guide, "Specification: Embedded
constexpr std::size_t kEmfMetricsMax = 100;          // metric format"; metrics are counted per directive
constexpr std::size_t kEmfValuesMax = 100;           // of one metric
constexpr std::size_t kEmfDimensionValueMax = 1024;  // characters
constexpr int64_t kDayMs = 24LL * 3600 * 1000;

// --- Our bounds.
constexpr std::size_t kGroupsMax = 10'000;    // in all; memory only holds groups and streams, about 300 bytes each
constexpr std::size_t kStreamsMax = 100'000;  // in all
constexpr std::size_t kFilterTermsMax = 50;
constexpr std::size_t kPatternDepthMax = 32;        // parentheses in parentheses
constexpr std::size_t kSelectorPartsMax = 64;       // names and indices of one JSON selector
constexpr std::size_t kRegexStepsMax = 256;         // of one regular expression, with its counts written out
constexpr std::size_t kMetricFiltersMax = 10'000;   // in all, about 1 KiB each in memory
constexpr std::size_t kEmfSeriesMax = 20'000;       // series that this process takes from logs, in all
constexpr std::size_t kEmfPointsMax = 10'000;       // values times dimension sets, and keys of these, of one event
constexpr std::size_t kScannedEventsMax = 100'000;  // per FilterLogEvents; then the page ends with a token,
constexpr std::size_t kFilterWorkMax = 64 << 20;    // and after so many looks at a byte of an event
constexpr std::size_t kGroupFilterWorkMax = 1'000;  // looks at each byte of an event by a group's metric filters
constexpr std::size_t kReadAheadBytes = 4 * 1024 * 1024;  // per FilterLogEvents, shared by its streams
constexpr std::size_t kReadAheadEvents = 64;              // per stream
// What is done with the lock held before others are let in (a millisecond at most).
constexpr std::size_t kWalkedPerStep = 1'000;            // groups or streams looked at
constexpr std::size_t kStoredPerStep = 200;              // events written
constexpr std::size_t kStoredBytesPerStep = 256 << 10;   // of them
constexpr std::size_t kExpiredPerStep = 200;             // events erased
constexpr std::size_t kExpiredBytesPerStep = 256 << 10;  // of them
constexpr base::Duration kSweepInterval = std::chrono::seconds(60);

}  // namespace engine::logs
