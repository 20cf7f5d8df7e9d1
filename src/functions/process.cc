// The process function.
#include "pipeline/process.h"

#include "functions/drill.h"
#include "functions/function_main.h"
#include "functions/order_metrics.h"
#include "functions/stages.h"

namespace {

void report(functions::Toolbox& tools, const pipeline::ProcessCounts& counts) {
  const auto number = [](uint64_t count) { return static_cast<int64_t>(count); };
  tools.log.log(runtime::LogLevel::info, "processed",
                {{"records_in", number(counts.records_in)},
                 {"stored", number(counts.stored)},
                 {"updated", number(counts.updated)},
                 {"superseded", number(counts.superseded)},
                 {"duplicate", number(counts.duplicate)},
                 {"quarantined", number(counts.quarantined)},
                 {"retried", number(counts.retried)},
                 {"notified", number(counts.notified)},
                 {"failed_calls", tools.failed_calls.count()}});
  functions::report_orders(tools,
                           {{pipeline::kOrdersProcessed, number(counts.records_in - counts.retried)},
                            {pipeline::kOrdersAccepted, number(counts.stored)},
                            {pipeline::kOrdersUpdated, number(counts.updated)}},
                           counts.reasons);
}

}  // namespace

int functions::run_process() {
  return run_function("process", [](functions::Toolbox& tools) -> runtime::HandlerFunction {
    auto process = std::make_shared<pipeline::Process>(tools.dynamodb, tools.sns, tools.sqs, tools.env, tools.config,
                                                       tools.definition);
    return functions::with_drills(
        tools.env,
        [&tools,
         process](const runtime::Invocation& invocation) -> std::expected<std::string, runtime::InvocationError> {
          auto answer = process->handle(invocation.payload, invocation.deadline);
          if (!answer.has_value())
            return std::unexpected(runtime::InvocationError{"Pipeline.InvalidEvent", answer.error()});
          report(tools, answer->counts);
          return std::move(answer->payload);
        });
  });
}
