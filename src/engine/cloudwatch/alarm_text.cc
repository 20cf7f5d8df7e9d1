#include "engine/cloudwatch/alarm_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <utility>

#include "aws/codec/json_shape.h"

namespace engine::cloudwatch {
namespace {

using namespace std::chrono;

constexpr std::array<std::string_view, 7> kDays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                   "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> kMonths = {"January",   "February", "March",    "April",
                                                      "May",       "June",     "July",     "August",
                                                      "September", "October",  "November", "December"};

// The names in the subjects of AWS's mails ("Regions and Zones", AWS documentation).
constexpr std::pair<std::string_view, std::string_view> kRegions[] = {
    {"us-east-1", "US East (N. Virginia)"},
    {"us-east-2", "US East (Ohio)"},
    {"us-west-1", "US West (N. California)"},
    {"us-west-2", "US West (Oregon)"},
    {"af-south-1", "Africa (Cape Town)"},
    {"ap-east-1", "Asia Pacific (Hong Kong)"},
    {"ap-south-1", "Asia Pacific (Mumbai)"},
    {"ap-south-2", "Asia Pacific (Hyderabad)"},
    {"ap-northeast-1", "Asia Pacific (Tokyo)"},
    {"ap-northeast-2", "Asia Pacific (Seoul)"},
    {"ap-northeast-3", "Asia Pacific (Osaka)"},
    {"ap-southeast-1", "Asia Pacific (Singapore)"},
    {"ap-southeast-2", "Asia Pacific (Sydney)"},
    {"ap-southeast-3", "Asia Pacific (Jakarta)"},
    {"ap-southeast-4", "Asia Pacific (Melbourne)"},
    {"ca-central-1", "Canada (Central)"},
    {"ca-west-1", "Canada West (Calgary)"},
    {"eu-central-1", "EU (Frankfurt)"},
    {"eu-central-2", "Europe (Zurich)"},
    {"eu-west-1", "EU (Ireland)"},
    {"eu-west-2", "EU (London)"},
    {"eu-west-3", "EU (Paris)"},
    {"eu-north-1", "EU (Stockholm)"},
    {"eu-south-1", "Europe (Milan)"},
    {"eu-south-2", "Europe (Spain)"},
    {"il-central-1", "Israel (Tel Aviv)"},
    {"me-central-1", "Middle East (UAE)"},
    {"me-south-1", "Middle East (Bahrain)"},
    {"sa-east-1", "South America (Sao Paulo)"},
};

struct CivilTime {
  explicit CivilTime(base::Timestamp t)
      : day(floor<days>(t)), date(day), clock(floor<seconds>(t) - day), weekday(day) {}
  sys_days day;
  year_month_day date;
  hh_mm_ss<seconds> clock;
  std::chrono::weekday weekday;
  [[nodiscard]] unsigned day_of_month() const { return static_cast<unsigned>(date.day()); }
  [[nodiscard]] unsigned month() const { return static_cast<unsigned>(date.month()); }
  [[nodiscard]] int year() const { return static_cast<int>(date.year()); }
  [[nodiscard]] std::string time() const {
    return fmt::format("{:02}:{:02}:{:02}", clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  }
};

}  // namespace

std::string java_double(double value) {
  if (value == 0) return std::signbit(value) ? "-0.0" : "0.0";
  // Shortest digits and the exponent of the first, set anew as Java does. By {fmt}: std::to_chars has tables of 0.1 MB.
  const std::string text = fmt::format("{}", std::abs(value));
  const std::size_t e = std::min(text.find('e'), text.size());
  int exponent = 0;
  if (e < text.size()) exponent = std::stoi(text.substr(e + 1));
  std::string digits = text.substr(0, e);
  const std::size_t point = std::min(digits.find('.'), digits.size());
  exponent += static_cast<int>(point) - 1;
  if (point < digits.size()) digits.erase(point, 1);
  const std::size_t zeros = digits.find_first_not_of('0');
  digits.erase(0, zeros);
  exponent -= static_cast<int>(zeros);
  digits.erase(digits.find_last_not_of('0') + 1);
  const std::string out = value < 0 ? "-" : "";
  const auto padded = [](std::string fraction) { return fraction.empty() ? std::string("0") : fraction; };
  if (exponent < -3 || exponent >= 7) {
    return out + fmt::format("{}.{}E{}", digits[0], padded(digits.substr(1)), exponent);
  }
  if (exponent < 0) return out + "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
  const std::size_t whole = static_cast<std::size_t>(exponent) + 1;
  if (digits.size() < whole) digits.resize(whole, '0');
  return out + digits.substr(0, whole) + '.' + padded(digits.substr(whole));
}

std::string json_time(base::Timestamp t) {
  std::string out = base::format_iso8601_milliseconds(t);
  out.pop_back();
  return out + "+0000";
}

std::string reason_time(base::Timestamp t) {
  const CivilTime civil(t);
  return fmt::format("{:02}/{:02}/{:02} {}", civil.day_of_month(), civil.month(), civil.year() % 100, civil.time());
}

std::string composite_time(base::Timestamp t) {
  const CivilTime civil(t);
  return fmt::format("{} {:02} {}, {} {} UTC", kDays[civil.weekday.c_encoding()], civil.day_of_month(),
                     kMonths[civil.month() - 1], civil.year(), civil.time());
}

std::string json_string(std::string_view text) {
  std::string out;
  aws::codec::write_json_string(text, out);
  return out;
}

std::string region_name(std::string_view region) {
  for (const auto& [code, name] : kRegions)
    if (code == region) return std::string(name);
  return std::string(region);
}

std::string counted(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

JsonObject& JsonObject::raw(std::string_view key, std::string_view json) {
  out_ += out_.empty() ? '{' : ',';
  out_ += json_string(key);
  out_ += ':';
  out_ += json;
  return *this;
}

JsonObject& JsonObject::texts(std::string_view key, const std::vector<std::string>& values) {
  std::string list = "[";
  for (const std::string& value : values) {
    if (list.size() > 1) list += ',';
    list += json_string(value);
  }
  return raw(key, list + ']');
}

}  // namespace engine::cloudwatch
