// How CloudWatch's alarms write numbers, times and JSON in their reasons, histories and notifications, which differs
// from AWS's other documents because they come from Java. Pure functions and values, safe from any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace engine::cloudwatch {

std::string java_double(double value);                          // Double.toString: "21.5", "2.0", "1.0E7", "1.0E-4"
std::string json_time(base::Timestamp t);                       // 2023-10-26T16:42:00.000+0000
std::string reason_time(base::Timestamp t);                     // 26/10/23 16:42:00
std::string composite_time(base::Timestamp t);                  // Friday 22 July, 2022 15:57:45 UTC
std::string json_string(std::string_view text);                 // quoted
std::string region_name(std::string_view region);               // "US East (Ohio)"; an unknown region names itself
std::string counted(std::size_t count, std::string_view noun);  // "1 datapoint", "2 datapoints"

// A JSON object, written member by member.
class JsonObject {
 public:
  JsonObject& text(std::string_view key, std::string_view value) { return raw(key, json_string(value)); }
  JsonObject& number(std::string_view key, double value) { return raw(key, java_double(value)); }
  JsonObject& integer(std::string_view key, int64_t value) { return raw(key, std::to_string(value)); }
  JsonObject& boolean(std::string_view key, bool value) { return raw(key, value ? "true" : "false"); }
  JsonObject& time(std::string_view key, base::Timestamp value) { return text(key, json_time(value)); }
  JsonObject& texts(std::string_view key, const std::vector<std::string>& values);
  // `json` is a value already written.
  JsonObject& raw(std::string_view key, std::string_view json);
  [[nodiscard]] std::string take() { return out_.empty() ? "{}" : std::move(out_) + '}'; }

 private:
  std::string out_;
};

}  // namespace engine::cloudwatch
