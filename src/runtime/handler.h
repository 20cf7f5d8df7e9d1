// run_handler: the loop of a Lambda function written in C++, as a bootstrap's main calls it. It speaks the Lambda
// Runtime API 2018-06-01 over a Transport, so the same binary serves AWS, the engine, and a test in memory. One loop
// per process, on the calling thread; the handler is never called concurrently.
#pragma once

#include <expected>
#include <functional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace aws::http {
class Transport;
struct Endpoint;
}  // namespace aws::http

namespace runtime {

struct Invocation {
  std::string request_id;
  base::Timestamp deadline;  // by the service's clock; the process is killed then
  std::string invoked_function_arn;
  std::string trace_id;        // empty if the service sent none
  std::string client_context;  // JSON; empty if the invoker sent none
  std::string payload;
};

// `type` is what AWS shows as errorType and counts by, for example "Pipeline.InvalidEvent".
struct InvocationError {
  std::string type;
  std::string message;
};

// The bytes to answer with (at most kPayloadBytesMax, by convention JSON), or why there are none.
using HandlerFunction = std::function<std::expected<std::string, InvocationError>(const Invocation&)>;
// Receives one line for a person when the loop itself is in trouble. Never contains payloads.
using ReportFunction = std::function<void(std::string_view line)>;

// Serves invocations until the service is gone, then returns the exit status for main, which is never 0: a runtime has
// no good reason to end by itself. An exception from `handler` is caught here and reported as an error of that
// invocation; an answer above kPayloadBytesMax becomes Function.ResponseSizeTooLarge. A reply that cannot be posted is
// tried once more. `endpoint` is what AWS_LAMBDA_RUNTIME_API says; plain HTTP.
int run_handler(aws::http::Transport& transport, const aws::http::Endpoint& endpoint, const HandlerFunction& handler,
                const ReportFunction& report);

// Tells the service why initialisation failed; main exits non-zero afterwards. A failure to tell is reported only.
void post_init_error(aws::http::Transport& transport, const aws::http::Endpoint& endpoint, const InvocationError& error,
                     const ReportFunction& report);

}  // namespace runtime
