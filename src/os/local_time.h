// Local time: the machine's time zone (TZ, else /etc/localtime), for what people read and write. Safe from any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace os {

// 2024-01-02 03:04:05 in the machine's zone.
std::string local_text(base::Timestamp time);
// The zone by its abbreviations: "UTC", "CET/CEST".
std::string zone_text();
// The moment of a local date (its beginning), or of a date and a time of day: 2024-01-02, 2024-01-02 03:04 or
// 2024-01-02T03:04:05. nullopt for anything else, including dates that do not exist. A time of day that a change of the
// clocks leaves out or has twice is one of the two that it could be.
std::optional<base::Timestamp> parse_local(std::string_view text);

}  // namespace os
