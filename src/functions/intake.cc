// The intake function.
#include "pipeline/intake.h"

#include <memory>

#include "functions/function_main.h"
#include "functions/order_metrics.h"
#include "functions/stages.h"
#include "os/environment.h"

namespace {

void report(functions::Toolbox& tools, const pipeline::Intake::Answer& answer) {
  if (answer.error.empty()) {
    tools.log.log(runtime::LogLevel::info, "taken in",
                  {{"orders", static_cast<int64_t>(answer.orders)}, {"failed_calls", tools.failed_calls.count()}});
  } else {
    tools.log.log(runtime::LogLevel::warn, "refused",
                  {{"status", static_cast<int64_t>(answer.status)}, {"error", std::string_view(answer.error)}});
  }
  if (answer.orders > 0) functions::report_unfit(tools, {}, answer.quarantined);
}

}  // namespace

int functions::run_intake() {
  return run_function("intake", [](functions::Toolbox& tools) -> runtime::HandlerFunction {
    auto intake =
        std::make_shared<pipeline::Intake>(tools.sqs, tools.dynamodb, tools.env, tools.config,
                                           tools.definition.intake.value_or(pipeline::IntakeSettings()),
                                           os::environment(std::string(pipeline::kIntakeSecretVariable)).value_or(""));
    return [&tools,
            intake](const runtime::Invocation& invocation) -> std::expected<std::string, runtime::InvocationError> {
      auto answer = intake->handle(invocation.payload);
      if (!answer.has_value())
        return std::unexpected(runtime::InvocationError{"Pipeline.InvalidEvent", answer.error()});
      report(tools, *answer);
      return std::move(answer->payload);
    };
  });
}
