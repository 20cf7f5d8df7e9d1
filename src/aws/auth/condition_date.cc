#include "aws/auth/condition_date.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string>

#include "aws/auth/text.h"

namespace aws::auth {
namespace {

constexpr int64_t kSecondsMax = 253'402'300'799;  // the end of the year 9999, so that all are Timestamps
constexpr int64_t kYearMin = -292'275'054;        // Java's first and last year, which IAM takes
constexpr int64_t kYearMax = 292'278'993;

// Digits only, between `low` and `high`.
std::optional<int64_t> number(std::string_view text, int64_t low, int64_t high) {
  int64_t out = 0;
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || out < low || out > high) return std::nullopt;
  return out;
}

// What stands before the first `separator`, which goes with it; all of `rest` if there is none.
std::string_view take(std::string_view& rest, char separator) {
  const std::size_t at = rest.find(separator);
  const std::string_view out = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view() : rest.substr(at + 1);
  return out;
}

std::optional<std::chrono::sys_days> date(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const auto year = number(take(text, '-'), 0, negative ? -kYearMin : kYearMax);
  const auto month = text.empty() ? 1 : number(take(text, '-'), 1, 12);
  const auto day = text.empty() ? 1 : number(text, 1, 31);
  if (!year || !month || !day) return std::nullopt;
  const auto shown = static_cast<int>(std::min<int64_t>(*year, 10'000)) * (negative ? -1 : 1);
  return std::chrono::sys_days(std::chrono::year(shown) / static_cast<int>(*month) / 1) + std::chrono::days(*day - 1);
}

// HH, HH:MM or HHMM.
std::optional<std::chrono::minutes> offset(std::string_view text) {
  const bool short_form = text.size() == 2;
  if (!short_form && text.size() != 4 && (text.size() != 5 || text[2] != ':')) return std::nullopt;
  const auto hours = number(text.substr(0, 2), 0, 23);
  const auto minutes = short_form ? 0 : number(text.substr(text.size() - 2), 0, 59);
  if (!hours || !minutes) return std::nullopt;
  return std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
}

std::optional<base::Duration> time_of_day(std::string_view text) {
  base::Duration out{};
  if (text.ends_with('z')) {
    text.remove_suffix(1);
  } else if (const std::size_t sign = text.find_first_of("+-"); sign != std::string_view::npos) {
    const auto ahead = offset(text.substr(sign + 1));
    if (!ahead) return std::nullopt;
    out -= text[sign] == '+' ? *ahead : -*ahead;
    text = text.substr(0, sign);
  }
  if (text.empty()) return out;
  const auto hours = number(take(text, ':'), 0, 23);
  const auto minutes = text.empty() ? 0 : number(take(text, ':'), 0, 59);
  const auto seconds = text.empty() ? 0 : number(take(text, '.'), 0, 59);
  const auto fraction = text.empty() ? 0 : number(text, 0, 999'999'999);
  if (!hours || !minutes || !seconds || !fraction) return std::nullopt;
  out += std::chrono::hours(*hours) + std::chrono::minutes(*minutes) + std::chrono::seconds(*seconds);
  if (text.empty()) return out;
  std::string microseconds(text.substr(0, 6));
  microseconds.resize(6, '0');
  return out + base::Duration(*number(microseconds, 0, 999'999));
}

}  // namespace

std::optional<base::Timestamp> parse_condition_date(std::string_view given) {
  const std::string lower = lower_case(given);
  std::string_view text = lower;
  if (text.find_first_of("t-") == std::string_view::npos) {
    const auto seconds = number(text, 0, std::numeric_limits<int64_t>::max());
    if (!seconds) return std::nullopt;
    return base::from_epoch_seconds(std::min(*seconds, kSecondsMax));
  }
  const auto day = date(take(text, 't'));
  const auto time = time_of_day(text);
  if (!day || !time) return std::nullopt;
  return std::clamp(base::Timestamp(*day) + *time, base::from_epoch_seconds(-kSecondsMax),
                    base::from_epoch_seconds(kSecondsMax));
}

}  // namespace aws::auth
