// Every key that CloudWatch keeps in the store. Metrics are found by (account, region, namespace, name, dimensions);
// their points lie under the metric's id, a number that is never used again, in the order of time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "store/key.h"

namespace engine::cloudwatch::keys {

constexpr std::string_view kMetricTable = "cloudwatch/metric";  // ..., name and value of each dimension -> MetricRecord
constexpr std::string_view kPointTable = "cloudwatch/point";    // metric id, time in seconds, unit -> Aggregate
constexpr std::string_view kNextIdKey{"cloudwatch/next_id\0", 19};  // the next metric id
constexpr std::string_view kAlarmTable = "cloudwatch/alarm";        // account, region, name -> Alarm
// account, region, time, id -> HistoryItem
constexpr std::string_view kHistoryTable = "cloudwatch/history";
// account, region, alarm's name, time, id -> nothing
constexpr std::string_view kHistoryByAlarmTable = "cloudwatch/history_by_alarm";
constexpr std::string_view kNextHistoryIdKey{"cloudwatch/next_history_id\0", 27};
constexpr std::string_view kActionTable = "cloudwatch/action";  // an engine::Outbox

inline std::string metrics(std::string_view account, std::string_view region) {
  return store::KeyWriter(kMetricTable).text(account).text(region).take();
}
// `unit` is an index into kUnits.
inline std::string point(uint64_t metric_id, int64_t seconds, uint64_t unit) {
  return store::KeyWriter(kPointTable).number(metric_id).number(static_cast<uint64_t>(seconds)).number(unit).take();
}
inline std::string alarms(std::string_view account, std::string_view region) {
  return store::KeyWriter(kAlarmTable).text(account).text(region).take();
}
inline std::string alarm(std::string_view account, std::string_view region, std::string_view name) {
  return store::KeyWriter(kAlarmTable).text(account).text(region).text(name).take();
}
inline std::string history(std::string_view account, std::string_view region) {
  return store::KeyWriter(kHistoryTable).text(account).text(region).take();
}
inline std::string alarm_history(std::string_view account, std::string_view region, std::string_view name) {
  return store::KeyWriter(kHistoryByAlarmTable).text(account).text(region).text(name).take();
}
// What follows either of the two above in the key of one item. `time` in milliseconds.
inline std::string history_place(uint64_t time, uint64_t id) {
  return store::KeyWriter("").number(time).number(id).take().substr(1);  // without the empty table's NUL
}

}  // namespace engine::cloudwatch::keys
