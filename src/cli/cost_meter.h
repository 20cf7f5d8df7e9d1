// What a stack has used, as CloudWatch and its services tell, in the units that AWS bills. Used from one thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "pipeline/cost.h"
#include "pipeline/stack.h"

namespace cli {

struct Metered {
  uint64_t orders = 0;  // that have an outcome, whichever; up to pipeline::kOrdersMax
  std::vector<pipeline::Usage> usages;
  bool is_complete = true;  // false: there are more objects in the bucket than were counted
};

// Between `since` and `now`, but for what is by the month: that is as it stands. An error that pipeline::is_absent
// knows if a part of the stack does not exist; kImpossible, with a message for people, if a metric says what cannot be.
inline constexpr std::string_view kImpossible = "ImpossibleMetric";
base::Result<Metered> meter(const pipeline::Stack& stack, base::Timestamp since, base::Timestamp now);

}  // namespace cli
