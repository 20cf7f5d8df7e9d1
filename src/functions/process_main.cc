// The bootstrap of the process function.
#include "functions/drill.h"
#include "functions/function_main.h"
#include "pipeline/process.h"

int main() {
  return functions::run_function("process", [](functions::Toolbox& tools) -> runtime::HandlerFunction {
    auto process = std::make_shared<pipeline::Process>(tools.dynamodb, tools.sns, tools.sqs, tools.env, tools.config,
                                                       tools.definition);
    return functions::with_drills(
        tools.env,
        [&tools,
         process](const runtime::Invocation& invocation) -> std::expected<std::string, runtime::InvocationError> {
          tools.log.begin_invocation(invocation);
          auto answer = process->handle(invocation.payload, invocation.deadline);
          if (!answer.has_value())
            return std::unexpected(runtime::InvocationError{"Pipeline.InvalidEvent", answer.error()});
          const pipeline::ProcessCounts& counts = answer->counts;
          tools.log.log(runtime::LogLevel::info, "processed",
                        {{"records_in", static_cast<int64_t>(counts.records_in)},
                         {"stored", static_cast<int64_t>(counts.stored)},
                         {"updated", static_cast<int64_t>(counts.updated)},
                         {"superseded", static_cast<int64_t>(counts.superseded)},
                         {"duplicate", static_cast<int64_t>(counts.duplicate)},
                         {"quarantined", static_cast<int64_t>(counts.quarantined)},
                         {"retried", static_cast<int64_t>(counts.retried)},
                         {"notified", static_cast<int64_t>(counts.notified)}});
          return std::move(answer->payload);
        });
  });
}
