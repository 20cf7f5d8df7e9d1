// The bootstrap of the sweep function.
#include "functions/function_main.h"
#include "pipeline/sweep.h"

int main() {
  return functions::run_function("sweep", [](functions::Toolbox& tools) -> runtime::HandlerFunction {
    auto sweep = std::make_shared<pipeline::Sweep>(tools.dynamodb, tools.sns, tools.sqs, tools.env, tools.config,
                                                   tools.definition.rules);
    return
        [&tools, sweep](const runtime::Invocation& invocation) -> std::expected<std::string, runtime::InvocationError> {
          tools.log.begin_invocation(invocation);
          auto answer = sweep->handle(invocation.payload, invocation.deadline);
          if (!answer.has_value())
            return std::unexpected(runtime::InvocationError{"Pipeline.InvalidEvent", answer.error()});
          tools.log.log(runtime::LogLevel::info, "swept", {{"notified", static_cast<int64_t>(answer->notified)}});
          return std::move(answer->payload);
        };
  });
}
