// The ingest function.
#include "pipeline/ingest.h"

#include "functions/function_main.h"
#include "functions/order_metrics.h"
#include "functions/stages.h"

namespace {

// Orders that went on to the queue are the process function's to tell of.
void report(functions::Toolbox& tools, const pipeline::Ingest::Answer& answer) {
  tools.log.log(runtime::LogLevel::info, "ingested",
                {{"answer", std::string_view(answer.payload)}, {"failed_calls", tools.failed_calls.count()}});
  std::vector<runtime::StructuredLog::Metric> metrics;
  if (answer.uploads_failed > 0) metrics.push_back({pipeline::kUploadsFailed, answer.uploads_failed});
  functions::report_unfit(tools, std::move(metrics), answer.quarantined);
}

}  // namespace

int functions::run_ingest() {
  return run_function("ingest", [](functions::Toolbox& tools) -> runtime::HandlerFunction {
    auto ingest = std::make_shared<pipeline::Ingest>(tools.s3, tools.sqs, tools.dynamodb, tools.env, tools.config,
                                                     tools.definition.documents);
    return [&tools,
            ingest](const runtime::Invocation& invocation) -> std::expected<std::string, runtime::InvocationError> {
      auto answer = ingest->handle(invocation.payload, invocation.deadline);
      if (!answer.has_value()) return std::unexpected(runtime::InvocationError{"Pipeline.Ingest", answer.error()});
      report(tools, *answer);
      return std::move(answer->payload);
    };
  });
}
