// UrlFork: parts the requests to function URLs, which are the functions', from those to the AWS API. Immutable, safe
// from any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "aws/http/message.h"
#include "engine/engine.h"
#include "server/request_record.h"

namespace cli {

class UrlFork final : public aws::http::Handler {
 public:
  // All outlive this object. `watch` is told of the requests to function URLs; the API tells of its own.
  UrlFork(aws::http::Handler& api, aws::http::Handler& function_urls, const server::RequestWatch& watch)
      : api_(api), function_urls_(function_urls), watch_(watch) {}

  aws::http::Admission admit(const aws::http::Request& head, std::optional<uint64_t> body_bytes) override {
    return whose(head).admit(head, body_bytes);
  }
  void handle(aws::http::Request request, aws::http::Responder respond) override {
    aws::http::Handler& handler = whose(request);
    if (&handler == &function_urls_) respond = told(request, std::move(respond));
    handler.handle(std::move(request), std::move(respond));
  }

 private:
  // How long a function takes is not the engine's affair, so all of it counts as waiting.
  aws::http::Responder told(const aws::http::Request& request, aws::http::Responder respond) {
    server::RequestRecord record;
    record.service = "lambda";
    record.operation = "FunctionUrl";
    record.caller = server::claimed_key_id(request);
    record.peer = request.peer;
    record.bytes_in = request.body.size();
    return [watch = watch_, record = std::move(record), begun = watch_.stopwatch->now(),
            respond = std::move(respond)](aws::http::Response response) mutable {
      record.steps[static_cast<std::size_t>(server::Step::parked)] = watch.stopwatch->now() - begun;
      record.status = response.status;
      watch.tell(record);
      respond(std::move(response));
    };
  }
  aws::http::Handler& whose(const aws::http::Request& head) {
    return engine::Engine::is_function_url(head) ? function_urls_ : api_;
  }

  aws::http::Handler& api_;
  aws::http::Handler& function_urls_;
  const server::RequestWatch watch_;
};

}  // namespace cli
