#include "pipeline/order_time.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "base/decimal.h"

namespace pipeline {
namespace {

constexpr int64_t kMillisecondsFrom = 100'000'000'000;
constexpr std::size_t kDateLength = 10;           // 2024-01-02
constexpr std::size_t kMinuteLength = 16;         // 2024-01-02T03:04
constexpr std::size_t kTimeLength = 19;           // 2024-01-02T03:04:05
constexpr int64_t kSecondsMax = 253'402'300'799;  // the end of the year 9999

std::optional<base::Timestamp> from_epoch(const base::Decimal& number) {
  const auto thousandfold = base::Decimal::parse(number.to_string() + "e3");
  const std::string milliseconds = thousandfold.has_value() ? thousandfold->to_string() : "";
  const auto whole = base::Decimal::parse(milliseconds.substr(0, milliseconds.find('.')));
  const auto value = whole.has_value() ? whole->to_integer() : std::nullopt;
  if (!value.has_value() || *value < 0) return std::nullopt;
  const int64_t ms = *value / 1000 >= kMillisecondsFrom ? *value / 1000 : *value;
  return ms / 1000 <= kSecondsMax ? std::optional(base::from_epoch_milliseconds(ms)) : std::nullopt;
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

// As base::parse_iso8601 wants it: T between date and time, seconds, a point before their fraction, a colon in the
// offset, a zone.
std::string strict(std::string_view text) {
  std::string out(text);
  if (out.size() == kDateLength) return out + "T00:00:00Z";
  if (out.size() > kDateLength && (out[kDateLength] == ' ' || out[kDateLength] == 't')) out[kDateLength] = 'T';
  if (out.size() >= kMinuteLength && (out.size() == kMinuteLength || out[kMinuteLength] != ':'))
    out.insert(kMinuteLength, ":00");
  if (out.size() > kTimeLength && out[kTimeLength] == ',') out[kTimeLength] = '.';
  const std::size_t zone = out.size() < kTimeLength ? out.npos : out.find_first_of(" Zz+-", kTimeLength);
  if (zone == out.npos) return out + "Z";
  std::string offset = out.substr(zone);
  offset.erase(0, std::min(offset.size(), offset.find_first_not_of(' ')));
  if (offset == "UTC" || offset == "GMT" || offset == "z") offset = "Z";
  if (offset.size() == 3 && offset[0] != 'Z') offset += ":00";
  if (offset.size() == 5 && offset[0] != 'Z') offset.insert(3, 1, ':');
  return out.substr(0, zone) + offset;
}

}  // namespace

std::optional<base::Timestamp> parse_order_time(std::string_view whole) {
  const std::string_view text = trimmed(whole);
  // 20240102 is a date, as a spreadsheet writes it, and not a second of the year 1970.
  constexpr std::size_t kBasicDateLength = 8;
  if (text.size() == kBasicDateLength && text.find_first_not_of("0123456789") == text.npos)
    return base::parse_iso8601(strict(std::string(text.substr(0, 4)) + "-" + std::string(text.substr(4, 2)) + "-" +
                                      std::string(text.substr(6))));
  const bool is_number = !text.empty() && text.find_first_not_of("0123456789.") == text.npos;
  if (!is_number) return base::parse_iso8601(strict(text));
  const auto number = base::Decimal::parse(text);
  return number.has_value() ? from_epoch(*number) : std::nullopt;
}

}  // namespace pipeline
