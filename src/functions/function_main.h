// What the three bootstrap mains share: clients built from the environment that Lambda gives every function (region,
// credentials, endpoint), the pipeline's config, the log, and the loop. One per process.
#pragma once

#include <expected>
#include <functional>
#include <string>
#include <string_view>

#include "aws/dynamodb/dynamodb.h"
#include "aws/s3/s3.h"
#include "aws/sns/sns.h"
#include "aws/sqs/sqs.h"
#include "base/env.h"
#include "functions/failed_calls.h"
#include "pipeline/config.h"
#include "pipeline/definition.h"
#include "runtime/handler.h"
#include "runtime/structured_log.h"

namespace functions {

// What a function may use; the references live as long as the process.
struct Toolbox {
  base::Env& env;
  aws::s3::S3& s3;
  aws::sqs::Sqs& sqs;
  aws::dynamodb::DynamoDb& dynamodb;
  aws::sns::Sns& sns;  // does not retry: the pipeline decides about a second publication itself
  runtime::StructuredLog& log;
  FailedCalls& failed_calls;  // of the clients above
  const pipeline::PipelineConfig& config;
  const pipeline::Definition& definition;  // of till.toml in the package, else the original's
};

// Builds the toolbox, asks `make` for the handler, and serves invocations. Returns main's exit status. A config or a
// definition that is missing or malformed is reported as an initialisation error. The log is told where an invocation
// begins, and what the handler fails with. Calls of the clients are back a second before an invocation's deadline.
int run_function(std::string_view service, const std::function<runtime::HandlerFunction(Toolbox&)>& make);

// For a main that does not know what to run: tells Lambda (an initialisation error) and the log. Returns main's exit
// status.
int refuse_to_start(const std::string& why);

}  // namespace functions
