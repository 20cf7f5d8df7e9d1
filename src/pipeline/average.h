#pragma once

#include <cstdint>
#include <optional>

#include "base/decimal.h"

namespace pipeline {

// `sum` / `count` with at most `fraction_digits` digits behind the point, rounded half to even: 0.125 of two digits is
// 0.12, 0.375 is 0.38. nullopt if that has more than 38 digits. REQUIRES: 0 < count < 10^18, fraction_digits >= 0.
// Pure.
std::optional<base::Decimal> average(const base::Decimal& sum, uint64_t count, int fraction_digits);

}  // namespace pipeline
