// The dates of policy conditions (DateLessThan and the rest), as IAM reads them. Pure functions.
#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"

namespace aws::auth {

// Seconds since 1970, or ISO 8601 from which IAM lets much be missing: [-]YEAR[-MM[-DD]][T[HH[:MM[:SS[.fraction]]]]],
// then Z, an offset +HH, +HH:MM or +HHMM, or nothing, which is UTC. nullopt for anything else. Years beyond 9999 are
// its end.
std::optional<base::Timestamp> parse_condition_date(std::string_view text);

}  // namespace aws::auth
