#include "base/time.h"

#include <array>
#include <cstddef>

namespace base {
namespace {

constexpr std::array<std::string_view, 7> kWeekdays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// A point in time taken apart. `year` has up to six digits, because kTimestampMax lies in the year 294247.
struct Civil {
  int64_t year;
  unsigned month, day, hour, minute, second, millisecond, weekday;
};

Civil to_civil(Timestamp t) {
  using namespace std::chrono;
  const auto days_since_epoch = floor<days>(t);
  const auto time_of_day = (t - days_since_epoch).count() / 1000;  // milliseconds
  // std::chrono::year ends at 32767, so the 400-year eras are counted apart.
  constexpr int64_t kDaysPerEra = 146'097;
  const int64_t era = days_since_epoch.time_since_epoch().count() / kDaysPerEra;
  const year_month_day in_era(sys_days(days(days_since_epoch.time_since_epoch().count() - era * kDaysPerEra)));
  Civil civil{};
  civil.year = static_cast<int>(in_era.year()) + era * 400;
  civil.month = static_cast<unsigned>(in_era.month());
  civil.day = static_cast<unsigned>(in_era.day());
  civil.hour = static_cast<unsigned>(time_of_day / 3'600'000);
  civil.minute = static_cast<unsigned>(time_of_day / 60'000 % 60);
  civil.second = static_cast<unsigned>(time_of_day / 1000 % 60);
  civil.millisecond = static_cast<unsigned>(time_of_day % 1000);
  civil.weekday = weekday(days_since_epoch).c_encoding();
  return civil;
}

void append_digits(std::string& out, unsigned value, int width) {
  std::array<char, 10> digits{};
  for (int i = width - 1; i >= 0; --i, value /= 10)
    digits[static_cast<std::size_t>(i)] = static_cast<char>('0' + value % 10);
  out.append(digits.data(), static_cast<std::size_t>(width));
}

void append_year(std::string& out, int64_t year) {
  if (year >= 0 && year <= 9999) {
    append_digits(out, static_cast<unsigned>(year), 4);
  } else {
    out += std::to_string(year);
  }
}

void append_date_time(std::string& out, const Civil& c) {
  append_year(out, c.year);
  out += '-';
  append_digits(out, c.month, 2);
  out += '-';
  append_digits(out, c.day, 2);
  out += 'T';
  append_digits(out, c.hour, 2);
  out += ':';
  append_digits(out, c.minute, 2);
  out += ':';
  append_digits(out, c.second, 2);
}

// Reads a text from its front. Every method returns false, and the parse is over, when the text does not fit.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}
  bool digits(int count, unsigned& value) {
    if (rest_.size() < static_cast<std::size_t>(count)) return false;
    value = 0;
    for (int i = 0; i < count; ++i) {
      const char c = rest_[static_cast<std::size_t>(i)];
      if (c < '0' || c > '9') return false;
      value = value * 10 + static_cast<unsigned>(c - '0');
    }
    rest_.remove_prefix(static_cast<std::size_t>(count));
    return true;
  }
  bool literal(std::string_view expected) {
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(expected.size());
    return true;
  }
  template <std::size_t kCount>
  bool one_of(const std::array<std::string_view, kCount>& names, unsigned& index) {
    for (index = 0; index < kCount; ++index)
      if (literal(names[index])) return true;
    return false;
  }
  // A fraction of 1 to 9 digits, cut to microseconds.
  bool fraction(int64_t& microseconds) {
    std::size_t count = 0;
    microseconds = 0;
    for (; count < rest_.size() && rest_[count] >= '0' && rest_[count] <= '9'; ++count)
      if (count < 6) microseconds = microseconds * 10 + (rest_[count] - '0');
    for (std::size_t i = count; i < 6; ++i) microseconds *= 10;
    if (count < 1 || count > 9) return false;
    rest_.remove_prefix(count);
    return true;
  }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

std::optional<Timestamp> from_civil(unsigned year, unsigned month, unsigned day, unsigned hour, unsigned minute,
                                    unsigned second) {
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(year)), std::chrono::month(month),
                                         std::chrono::day(day)};
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second);
}

}  // namespace

std::string format_iso8601_seconds(Timestamp t) {
  std::string out;
  append_date_time(out, to_civil(t));
  out += 'Z';
  return out;
}

std::string format_iso8601_milliseconds(Timestamp t) {
  const Civil c = to_civil(t);
  std::string out;
  out.reserve(24);
  append_date_time(out, c);
  out += '.';
  append_digits(out, c.millisecond, 3);
  out += 'Z';
  return out;
}

std::string format_http_date(Timestamp t) {
  const Civil c = to_civil(t);
  std::string out;
  out.reserve(29);
  out += kWeekdays[c.weekday];
  out += ", ";
  append_digits(out, c.day, 2);
  out += ' ';
  out += kMonths[c.month - 1];
  out += ' ';
  append_year(out, c.year);
  out += ' ';
  append_digits(out, c.hour, 2);
  out += ':';
  append_digits(out, c.minute, 2);
  out += ':';
  append_digits(out, c.second, 2);
  out += " GMT";
  return out;
}

std::string format_amz_date(Timestamp t) {
  const Civil c = to_civil(t);
  std::string out;
  out.reserve(16);
  append_year(out, c.year);
  append_digits(out, c.month, 2);
  append_digits(out, c.day, 2);
  out += 'T';
  append_digits(out, c.hour, 2);
  append_digits(out, c.minute, 2);
  append_digits(out, c.second, 2);
  out += 'Z';
  return out;
}

std::optional<Timestamp> parse_iso8601(std::string_view text) {
  Cursor in(text);
  unsigned year, month, day, hour, minute, second;
  if (!in.digits(4, year) || !in.literal("-") || !in.digits(2, month) || !in.literal("-") || !in.digits(2, day) ||
      !in.literal("T") || !in.digits(2, hour) || !in.literal(":") || !in.digits(2, minute) || !in.literal(":") ||
      !in.digits(2, second))
    return std::nullopt;
  auto time = from_civil(year, month, day, hour, minute, second);
  if (!time) return std::nullopt;
  if (in.literal(".")) {
    int64_t microseconds;
    if (!in.fraction(microseconds)) return std::nullopt;
    *time += Duration(microseconds);
  }
  if (!in.literal("Z")) {
    const bool ahead = in.literal("+");
    unsigned offset_hours, offset_minutes;
    if (!ahead && !in.literal("-")) return std::nullopt;
    if (!in.digits(2, offset_hours)) return std::nullopt;
    in.literal(":");  // both +01:00 and +0100 are ISO 8601
    if (!in.digits(2, offset_minutes) || offset_hours > 23 || offset_minutes > 59) return std::nullopt;
    const auto offset = std::chrono::hours(offset_hours) + std::chrono::minutes(offset_minutes);
    *time += ahead ? -offset : offset;
  }
  return in.at_end() ? time : std::nullopt;
}

std::optional<Timestamp> parse_http_date(std::string_view text) {
  Cursor in(text);
  unsigned weekday, day, month, year, hour, minute, second;
  if (!in.one_of(kWeekdays, weekday) || !in.literal(", ") || !in.digits(2, day) || !in.literal(" ") ||
      !in.one_of(kMonths, month) || !in.literal(" ") || !in.digits(4, year) || !in.literal(" ") ||
      !in.digits(2, hour) || !in.literal(":") || !in.digits(2, minute) || !in.literal(":") || !in.digits(2, second) ||
      !in.literal(" GMT") || !in.at_end())
    return std::nullopt;
  const auto time = from_civil(year, month + 1, day, hour, minute, second);
  if (!time || std::chrono::weekday(std::chrono::floor<std::chrono::days>(*time)).c_encoding() != weekday)
    return std::nullopt;
  return time;
}

std::optional<Timestamp> parse_amz_date(std::string_view text) {
  Cursor in(text);
  unsigned year, month, day, hour, minute, second;
  if (!in.digits(4, year) || !in.digits(2, month) || !in.digits(2, day) || !in.literal("T") || !in.digits(2, hour) ||
      !in.digits(2, minute) || !in.digits(2, second) || !in.literal("Z") || !in.at_end())
    return std::nullopt;
  return from_civil(year, month, day, hour, minute, second);
}

}  // namespace base
