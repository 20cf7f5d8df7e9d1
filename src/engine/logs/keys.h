// Every key that CloudWatch Logs keeps in the store. Groups are found by (account, region, name); what belongs to one
// group lies under its id, and what belongs to one stream under both ids, numbers that are never used again, so that a
// range erasure ends a group or a stream whatever it holds.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "store/key.h"

namespace engine::logs::keys {

constexpr std::string_view kGroupTable = "logs/group";    // account, region, name -> GroupRecord
constexpr std::string_view kStreamTable = "logs/stream";  // group id, name -> StreamRecord
constexpr std::string_view kEventTable = "logs/event";    // group id, stream id, timestamp, sequence -> EventRecord
constexpr std::string_view kMetricFilterTable = "logs/metric_filter";  // group id, name -> MetricFilterRecord
constexpr std::string_view kNextIdKey{"logs/next_id\0", 13};           // the next id of a group or a stream

inline std::string groups(std::string_view account, std::string_view region) {
  return store::KeyWriter(kGroupTable).text(account).text(region).take();
}
inline std::string group(std::string_view account, std::string_view region, std::string_view name) {
  return store::KeyWriter(kGroupTable).text(account).text(region).text(name).take();
}
inline std::string stream(uint64_t group_id, std::string_view name) {
  return store::KeyWriter(kStreamTable).number(group_id).text(name).take();
}
inline std::string metric_filter(uint64_t group_id, std::string_view name) {
  return store::KeyWriter(kMetricFilterTable).number(group_id).text(name).take();
}
// `timestamp` is in milliseconds and not negative.
inline std::string event(uint64_t group_id, uint64_t stream_id, int64_t timestamp, uint64_t sequence) {
  return store::KeyWriter(kEventTable)
      .number(group_id)
      .number(stream_id)
      .number(static_cast<uint64_t>(timestamp))
      .number(sequence)
      .take();
}
// Where all rows of one group in `table` begin; store::prefix_end() of it is where they end.
inline std::string group_rows(std::string_view table, uint64_t group_id) {
  return store::KeyWriter(table).number(group_id).take();
}
inline std::string stream_events(uint64_t group_id, uint64_t stream_id) {
  return store::KeyWriter(kEventTable).number(group_id).number(stream_id).take();
}

}  // namespace engine::logs::keys
