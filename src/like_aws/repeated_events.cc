#include "like_aws/repeated_events.h"

namespace like_aws {

base::Result<void> RepeatedEvents::around(Call& call, const CarryOut& carry_out) {
  if (!call.is("Invoke") || call.text("InvocationType") != "Event" ||
      !conditions_.chance.happens(call, "repeated", kRepeatedEventRate))
    return carry_out();
  auto again = call.input<aws::lambda::InvocationRequest>();
  TRY(carry_out());
  aws::Context context = call.context;
  context.parking = nullptr;
  conditions_.tell(call, "RepeatedEvent", again.function_name.value_or(""));
  (void)lambda_.invoke(context, std::move(again));  // one delivery is all that is owed
  return {};
}

}  // namespace like_aws
