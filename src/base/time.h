// Timestamp and Duration: the two time types of the project, and their text forms on the wire. Timestamps are UTC
// with microsecond resolution; AWS shows them in seconds or milliseconds, and the reader of a field says which.
// Pure functions; nothing here reads a clock (see base/env.h).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace base {

using Duration = std::chrono::microseconds;
using Timestamp = std::chrono::sys_time<std::chrono::microseconds>;

constexpr Timestamp kTimestampMax = Timestamp::max();

inline int64_t to_epoch_seconds(Timestamp t) {
  return std::chrono::floor<std::chrono::seconds>(t).time_since_epoch().count();
}
inline int64_t to_epoch_milliseconds(Timestamp t) {
  return std::chrono::floor<std::chrono::milliseconds>(t).time_since_epoch().count();
}
inline Timestamp from_epoch_milliseconds(int64_t ms) {
  return Timestamp(std::chrono::milliseconds(ms));
}
inline Timestamp from_epoch_seconds(int64_t s) {
  return Timestamp(std::chrono::seconds(s));
}

std::string format_iso8601_seconds(Timestamp t);       // 2024-01-02T03:04:05Z
std::string format_iso8601_milliseconds(Timestamp t);  // 2024-01-02T03:04:05.678Z
std::string format_http_date(Timestamp t);             // Tue, 02 Jan 2024 03:04:05 GMT (RFC 9110)
std::string format_amz_date(Timestamp t);              // 20240102T030405Z (SigV4)

// Each accepts exactly the form its name says (fractional seconds of 1 to 9 digits and a numeric offset are allowed
// in ISO 8601); nullopt for anything else, including dates that do not exist.
std::optional<Timestamp> parse_iso8601(std::string_view text);
std::optional<Timestamp> parse_http_date(std::string_view text);
std::optional<Timestamp> parse_amz_date(std::string_view text);

}  // namespace base
