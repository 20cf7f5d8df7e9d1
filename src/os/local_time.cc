#include "os/local_time.h"

#include <array>
#include <ctime>

namespace os {
std::string local_text(base::Timestamp time) {
  const auto seconds = static_cast<std::time_t>(base::to_epoch_seconds(time));
  std::tm local{};
  ::tzset();
  if (::localtime_r(&seconds, &local) == nullptr) return base::format_iso8601_seconds(time);
  std::array<char, 64> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &local)};
}

std::string zone_text() {
  ::tzset();
  const std::string standard = ::tzname[0];
  return ::daylight == 0 ? standard : standard + "/" + ::tzname[1];
}

std::optional<base::Timestamp> parse_local(std::string_view text) {
  constexpr std::size_t kDate = 10, kMinutes = 16, kSeconds = 19;
  std::string whole(text);
  if (whole.size() == kDate) whole += "T00:00";
  if (whole.size() == kMinutes) whole += ":00";
  if (whole.size() != kSeconds) return std::nullopt;
  if (whole[kDate] == ' ') whole[kDate] = 'T';
  const auto as_if_utc = base::parse_iso8601(whole + "Z");  // which checks that there is such a date
  if (!as_if_utc.has_value()) return std::nullopt;
  const auto seconds = static_cast<std::time_t>(base::to_epoch_seconds(*as_if_utc));
  std::tm fields{};
  ::gmtime_r(&seconds, &fields);
  fields.tm_isdst = -1;
  return base::from_epoch_seconds(::mktime(&fields));
}

}  // namespace os
