#include "cli/settle.h"

#include <fmt/format.h>

#include <chrono>

#include "cli/exit_code.h"
#include "cli/output.h"
#include "cli/stack_contents.h"

namespace cli {

int settle_orders(Session& session, Interruption& interruption) {
  constexpr auto kPatience = std::chrono::seconds(30);
  constexpr auto kPause = std::chrono::milliseconds(20);
  if (!session.has_passing_engine()) return kOk;
  const pipeline::Site& site = session.stack().site();
  const base::Timestamp end = session.env().clock.now() + kPatience;
  base::Result<uint64_t> left = messages_in(site, site.name("orders"));
  while (left.has_value() && *left > 0 && session.env().clock.now() < end && interruption.pause(kPause))
    left = messages_in(site, site.name("orders"));
  if (left.has_value() && *left == 0) return kOk;
  print_error(
      left.has_value()
          ? fmt::format("orders are on the queue still: {}; `till serve` or `till run` goes on with them", *left)
          : fmt::format("the queue cannot be looked at: {}: {}", left.error().code, left.error().message));
  return kCheckFailed;
}

}  // namespace cli
