// The sweep function.
#include "pipeline/sweep.h"

#include "functions/function_main.h"
#include "functions/stages.h"

namespace {

void report(functions::Toolbox& tools, const pipeline::Sweep::Answer& answer) {
  const auto owed = static_cast<int64_t>(answer.owed);
  tools.log.log(runtime::LogLevel::info, "swept",
                {{"notified", static_cast<int64_t>(answer.notified)},
                 {"owed", owed},
                 {"failed_calls", tools.failed_calls.count()}});
  const int64_t oldest = std::chrono::ceil<std::chrono::seconds>(answer.oldest_owed).count();
  tools.log.metrics(pipeline::kMetricNamespace, {{pipeline::kStackDimension, pipeline::stack_name(tools.config)}},
                    std::vector<runtime::StructuredLog::Metric>{{pipeline::kNotificationsOwed, owed},
                                                                {pipeline::kOldestNotificationAge, oldest, "Seconds"}});
}

}  // namespace

int functions::run_sweep() {
  return run_function("sweep", [](functions::Toolbox& tools) -> runtime::HandlerFunction {
    auto sweep = std::make_shared<pipeline::Sweep>(tools.dynamodb, tools.sns, tools.sqs, tools.env, tools.config,
                                                   tools.definition.rules);
    return
        [&tools, sweep](const runtime::Invocation& invocation) -> std::expected<std::string, runtime::InvocationError> {
          auto answer = sweep->handle(invocation.payload, invocation.deadline);
          if (!answer.has_value())
            return std::unexpected(runtime::InvocationError{"Pipeline.InvalidEvent", answer.error()});
          report(tools, *answer);
          return std::move(answer->payload);
        };
  });
}
