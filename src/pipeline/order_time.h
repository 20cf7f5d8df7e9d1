// The times that shop systems write into orders. Pure; safe from any thread.
#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"

namespace pipeline {

// ISO 8601 in its usual shapes ("2024-01-02T03:04:05+01:00", "2024-01-02 03:04 +0100", "2024-01-02", "20240102";
// without a zone it is UTC), or seconds or milliseconds since 1970 (from 100,000,000,000 on, which as seconds is the
// year 5138). nullopt for anything else.
std::optional<base::Timestamp> parse_order_time(std::string_view whole);

}  // namespace pipeline
