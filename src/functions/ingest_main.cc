// The bootstrap of the ingest function.
#include "functions/function_main.h"
#include "pipeline/ingest.h"

int main() {
  return functions::run_function("ingest", [](functions::Toolbox& tools) -> runtime::HandlerFunction {
    auto ingest = std::make_shared<pipeline::Ingest>(tools.s3, tools.sqs, tools.dynamodb, tools.env, tools.config,
                                                     tools.definition.documents);
    return [&tools,
            ingest](const runtime::Invocation& invocation) -> std::expected<std::string, runtime::InvocationError> {
      tools.log.begin_invocation(invocation);
      auto answer = ingest->handle(invocation.payload, invocation.deadline);
      if (!answer.has_value()) {
        tools.log.log(runtime::LogLevel::error, "ingest failed", {{"error", std::string_view(answer.error())}});
        return std::unexpected(runtime::InvocationError{"Pipeline.Ingest", answer.error()});
      }
      tools.log.log(runtime::LogLevel::info, "ingested", {{"answer", std::string_view(answer->payload)}});
      if (answer->uploads_failed > 0)
        tools.log.metric(pipeline::kMetricNamespace, pipeline::kUploadsFailed, answer->uploads_failed);
      return std::move(answer->payload);
    };
  });
}
