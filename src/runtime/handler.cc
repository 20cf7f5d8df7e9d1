#include "runtime/handler.h"

#include <fmt/format.h>

#include <charconv>
#include <exception>
#include <optional>

#include "aws/http/message.h"
#include "runtime/function_host.h"
#include "runtime/json_text.h"

namespace runtime {

using aws::http::Endpoint;
using aws::http::Request;
using aws::http::Response;
using aws::http::Transport;

namespace {

constexpr std::string_view kPrefix = "/2018-06-01/runtime/";
// `next` waits as long as nobody calls; a year is as good as no limit and leaves room to add it to any clock.
constexpr base::Duration kNextTimeout = std::chrono::hours(24 * 365);
constexpr base::Duration kPostTimeout = std::chrono::seconds(30);
constexpr std::size_t kErrorTextBytesMax = 64 * 1024;

std::string error_body(const InvocationError& error) {
  std::string body = "{\"errorMessage\":";
  append_json_string(body, std::string_view(error.message).substr(0, kErrorTextBytesMax));
  body += ",\"errorType\":";
  append_json_string(body, error.type);
  body += ",\"stackTrace\":[]}";
  return body;
}

// A header value must not smuggle a line of its own.
std::string header_safe(std::string_view text) {
  std::string safe(text.substr(0, 256));
  for (char& c : safe) {
    if (c < 0x20 || c == 0x7F) c = '?';
  }
  return safe;
}

Request error_post(std::string target, const InvocationError& error) {
  Request request{"POST", std::move(target), {}, error_body(error)};
  request.headers.add("Content-Type", "application/vnd.aws.lambda.error+json");
  request.headers.add("Lambda-Runtime-Function-Error-Type", header_safe(error.type));
  return request;
}

// Posts a reply, trying twice. True if the service has it, or has refused it in a way that a retry cannot change.
bool post(Transport& transport, const Endpoint& endpoint, const Request& request, const ReportFunction& report) {
  for (int attempt = 1; attempt <= 2; ++attempt) {
    const auto response = transport.round_trip(endpoint, request, kPostTimeout);
    if (!response) {
      report(
          fmt::format("posting to {} failed: {}: {}", request.target, response.error().code, response.error().message));
    } else if (response->status >= 500) {
      report(fmt::format("posting to {} failed: status {}", request.target, response->status));
    } else {
      // 400 or 403 on the second attempt means that the first one arrived after all; on the first, that the
      // invocation is over. Either way the next poll says whether we are still wanted.
      if (response->status >= 300) {
        report(fmt::format("posting to {} was refused: status {}", request.target, response->status));
      }
      return true;
    }
  }
  return false;
}

std::optional<Invocation> read_invocation(Response& response) {
  Invocation invocation;
  invocation.request_id = response.headers.get("Lambda-Runtime-Aws-Request-Id");
  const std::string_view deadline = response.headers.get("Lambda-Runtime-Deadline-Ms");
  int64_t deadline_ms = 0;
  const auto [end, error] = std::from_chars(deadline.data(), deadline.data() + deadline.size(), deadline_ms);
  const bool deadline_is_number = error == std::errc() && end == deadline.data() + deadline.size();
  constexpr int64_t kYear9999Ms = 253'402'300'799'999;
  if (invocation.request_id.empty() || !deadline_is_number || deadline_ms < 0 || deadline_ms > kYear9999Ms) {
    return std::nullopt;
  }
  invocation.deadline = base::from_epoch_milliseconds(deadline_ms);
  invocation.invoked_function_arn = response.headers.get("Lambda-Runtime-Invoked-Function-Arn");
  invocation.trace_id = response.headers.get("Lambda-Runtime-Trace-Id");
  invocation.client_context = response.headers.get("Lambda-Runtime-Client-Context");
  invocation.payload = std::move(response.body);
  return invocation;
}

// The root that catches: below it errors are values, but a handler calls code that throws (bad_alloc, user code).
std::expected<std::string, InvocationError> call(const HandlerFunction& handler, const Invocation& invocation) {
  try {
    auto result = handler(invocation);
    if (result && result->size() > kPayloadBytesMax) {
      return std::unexpected(InvocationError{
          "Function.ResponseSizeTooLarge",
          fmt::format("Response payload size exceeded maximum allowed payload size ({} bytes).", kPayloadBytesMax)});
    }
    return result;
  } catch (const std::exception& e) {
    return std::unexpected(InvocationError{"Runtime.UnhandledException", e.what()});
  } catch (...) {
    return std::unexpected(InvocationError{"Runtime.UnhandledException", "an exception of unknown type"});
  }
}

}  // namespace

int run_handler(Transport& transport, const Endpoint& endpoint, const HandlerFunction& handler,
                const ReportFunction& report) {
  const std::string next_target = std::string(kPrefix) + "invocation/next";
  while (true) {
    auto response = transport.round_trip(endpoint, Request{"GET", next_target, {}, ""}, kNextTimeout);
    if (!response) {
      // No second try: whether an event was lost with the connection is unknown, and a fresh sandbox is a clean start.
      report(fmt::format("no next invocation: {}: {}", response.error().code, response.error().message));
      return 1;
    }
    if (response->status != 200) {
      report(fmt::format("no next invocation: status {}", response->status));
      return 1;
    }
    const std::optional<Invocation> invocation = read_invocation(*response);
    if (!invocation) {
      report("the next invocation has no valid request id and deadline");
      return 1;
    }
    auto result = call(handler, *invocation);
    const std::string target = std::string(kPrefix) + "invocation/" + invocation->request_id;
    Request reply;
    if (result) {
      reply = Request{"POST", target + "/response", {}, std::move(*result)};
      reply.headers.add("Content-Type", "application/json");
    } else {
      reply = error_post(target + "/error", result.error());
    }
    if (!post(transport, endpoint, reply, report)) return 1;
  }
}

void post_init_error(Transport& transport, const Endpoint& endpoint, const InvocationError& error,
                     const ReportFunction& report) {
  post(transport, endpoint, error_post(std::string(kPrefix) + "init/error", error), report);
}

}  // namespace runtime
