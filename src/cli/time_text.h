// Times as people write them on the command line. Pure but for the machine's time zone.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace cli {

// An age: "90s", "10m", "2h", "7d"; at most ten years.
std::optional<base::Duration> parse_age(std::string_view text);

// A moment: an age before `now`; ISO 8601 with a zone; or a local date or date and time, such as 2024-01-02 or
// "2024-01-02 15:04" (os/local_time.h).
std::optional<base::Timestamp> parse_moment(std::string_view text, base::Timestamp now);

}  // namespace cli
