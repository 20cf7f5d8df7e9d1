#include "cli/settle.h"

#include <fmt/format.h>

#include <chrono>

#include "cli/output.h"
#include "cli/stack_contents.h"

namespace cli {

void settle_orders(Session& session, Interruption& interruption) {
  constexpr auto kPatience = std::chrono::seconds(30);
  constexpr auto kPause = std::chrono::milliseconds(20);
  if (!session.has_own_engine()) return;
  const pipeline::Site& site = session.stack().site();
  const base::Timestamp end = session.env().clock.now() + kPatience;
  base::Result<uint64_t> left = messages_in(site, site.name("orders"));
  while (left.has_value() && *left > 0 && session.env().clock.now() < end && interruption.pause(kPause))
    left = messages_in(site, site.name("orders"));
  if (left.has_value() && *left > 0)
    print_error(fmt::format("{} orders are on the queue still; `till serve` or `till run` goes on with them", *left));
}

}  // namespace cli
