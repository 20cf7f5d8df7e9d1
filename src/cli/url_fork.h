// UrlFork: parts the requests to function URLs, which are the functions', from those to the AWS API. Immutable, safe
// from any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "aws/http/message.h"
#include "engine/engine.h"

namespace cli {

class UrlFork final : public aws::http::Handler {
 public:
  // Both outlive this object.
  UrlFork(aws::http::Handler& api, aws::http::Handler& function_urls) : api_(api), function_urls_(function_urls) {}

  aws::http::Admission admit(const aws::http::Request& head, std::optional<uint64_t> body_bytes) override {
    return whose(head).admit(head, body_bytes);
  }
  void handle(aws::http::Request request, aws::http::Responder respond) override {
    aws::http::Handler& handler = whose(request);
    handler.handle(std::move(request), std::move(respond));
  }

 private:
  aws::http::Handler& whose(const aws::http::Request& head) {
    return engine::Engine::is_function_url(head) ? function_urls_ : api_;
  }

  aws::http::Handler& api_;
  aws::http::Handler& function_urls_;
};

}  // namespace cli
