#include "cli/time_text.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

#include "os/local_time.h"

namespace cli {
namespace {

constexpr int64_t kAgeSecondsMax = 3650LL * 86'400;

}  // namespace

std::optional<base::Duration> parse_age(std::string_view text) {
  if (text.size() < 2) return std::nullopt;
  constexpr std::pair<char, int64_t> kUnits[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86'400}};
  const auto unit = std::ranges::find(kUnits, text.back(), &std::pair<char, int64_t>::first);
  int64_t count = 0;
  const char* end = text.data() + text.size() - 1;
  const auto [stopped, error] = std::from_chars(text.data(), end, count);
  if (unit == std::end(kUnits) || error != std::errc() || stopped != end || count < 0 ||
      count > kAgeSecondsMax / unit->second)
    return std::nullopt;
  return std::chrono::seconds(count * unit->second);
}

std::optional<base::Timestamp> parse_moment(std::string_view text, base::Timestamp now) {
  if (const auto age = parse_age(text); age.has_value()) return now - *age;
  if (const auto local = os::parse_local(text); local.has_value()) return local;
  return base::parse_iso8601(text);
}

}  // namespace cli
