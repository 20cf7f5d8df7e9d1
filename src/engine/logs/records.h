// The records of CloudWatch Logs in the store: groups, streams, events and metric filters. Plain values; the service
// that owns them guards them. Times are milliseconds since the epoch, as the API has them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "aws/shape.h"

namespace engine::logs {

struct GroupRecord {
  uint64_t id = 0;  // never used again, also not for a group of the same name
  std::string account;
  std::string region;
  std::string name;
  int64_t created_ms = 0;
  int32_t retention_days = 0;  // 0: events never expire
  aws::Map<std::string> tags;

  [[nodiscard]] std::string arn() const;  // without the ":*"
  // Events older than this have expired; 0 if none do.
  [[nodiscard]] int64_t horizon_ms(int64_t now_ms) const;
  [[nodiscard]] std::string encode() const;
  static std::optional<GroupRecord> decode(std::string_view bytes);  // nullopt: not a record
};

struct StreamRecord {
  uint64_t id = 0;
  int64_t created_ms = 0;
  // Of the events that are stored; of the newest one ever written.
  std::optional<int64_t> first_event_ms = {};
  std::optional<int64_t> last_event_ms = {};
  std::optional<int64_t> last_ingestion_ms = {};
  uint64_t stored_bytes = 0;   // messages and kEventOverheadBytes each
  uint64_t last_sequence = 0;  // of its newest event; 0: none was ever written

  [[nodiscard]] std::string encode() const;
  static std::optional<StreamRecord> decode(std::string_view bytes);
};

struct EventRecord {
  int64_t ingestion_ms = 0;
  std::string_view message;  // into the bytes it was decoded from

  [[nodiscard]] std::string encode() const;
  static std::optional<EventRecord> decode(std::string_view bytes);
};

struct MetricFilterRecord {
  std::string name;
  std::string pattern;
  std::string name_space;
  std::string metric_name;
  std::string value;  // a number, or what the pattern extracts by that name
  std::optional<double> default_value = {};
  std::string unit = "None";
  bool has_unit = false;             // said by the caller; only then it is shown
  aws::Map<std::string> dimensions;  // values are names of what the pattern extracts
  int64_t created_ms = 0;

  [[nodiscard]] std::string encode() const;
  static std::optional<MetricFilterRecord> decode(std::string_view bytes);
};

// The place of an event in its stream, and in its group: by timestamp, then by ingestion.
struct Position {
  int64_t timestamp_ms = 0;
  uint64_t sequence = 0;

  friend auto operator<=>(const Position&, const Position&) = default;
  [[nodiscard]] std::string text() const;  // 40 digits
  static std::optional<Position> parse(std::string_view text);
};

}  // namespace engine::logs
