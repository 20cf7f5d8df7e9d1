// The bootstrap of the intake function.
#include <memory>

#include "functions/function_main.h"
#include "os/environment.h"
#include "pipeline/intake.h"

int main() {
  return functions::run_function("intake", [](functions::Toolbox& tools) -> runtime::HandlerFunction {
    auto intake =
        std::make_shared<pipeline::Intake>(tools.sqs, tools.dynamodb, tools.env, tools.config,
                                           tools.definition.intake.value_or(pipeline::IntakeSettings()),
                                           os::environment(std::string(pipeline::kIntakeSecretVariable)).value_or(""));
    return [&tools,
            intake](const runtime::Invocation& invocation) -> std::expected<std::string, runtime::InvocationError> {
      tools.log.begin_invocation(invocation);
      auto answer = intake->handle(invocation.payload);
      if (!answer.has_value())
        return std::unexpected(runtime::InvocationError{"Pipeline.InvalidEvent", answer.error()});
      if (answer->error.empty()) {
        tools.log.log(runtime::LogLevel::info, "taken in", {{"orders", static_cast<int64_t>(answer->orders)}});
      } else {
        tools.log.log(runtime::LogLevel::warn, "refused",
                      {{"status", static_cast<int64_t>(answer->status)}, {"error", std::string_view(answer->error)}});
      }
      return std::move(answer->payload);
    };
  });
}
