// UrlDoor: where requests to function URLs come in: finds the function, answers preflights, asks who calls and whether
// he may, makes the event, has it run, and makes the response. No thread waits while a function runs, and nothing but
// the sending of an answer is done on an I/O thread. Owned by the composition root, which gives it the requests that
// takes() says are its; safe from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "aws/auth/authorizer.h"
#include "aws/http/message.h"
#include "base/env.h"
#include "engine/lambda/service.h"
#include "engine/lambda/url_server.h"

namespace engine::lambda {

class UrlDoor final : public aws::http::Handler {
 public:
  // All references outlive the door.
  UrlDoor(LambdaService& lambda, aws::auth::Authorizer& authorizer, base::Env& env, UrlServer server);

  // Whether a request is addressed to a function URL, be there one or not. Quick.
  static bool takes(const aws::http::Request& head);

  // Refuses bodies that are too large for an event.
  aws::http::Admission admit(const aws::http::Request& head, std::optional<uint64_t> body_bytes) override;
  void handle(aws::http::Request request, aws::http::Responder respond) override;

 private:
  struct Call;
  void on_worker(std::function<void()> piece);
  // nullopt: the function runs. Else the response.
  std::optional<aws::http::Response> begin(const std::shared_ptr<Call>& call);
  std::optional<aws::http::Response> authenticate(Call& call);
  [[nodiscard]] bool may_invoke(const Call& call) const;
  void run(const std::shared_ptr<Call>& call, std::string event);
  static aws::http::Response response_to(const Call& call, const base::Result<Invoker::Finished>& finished);
  void answer(Call& call, aws::http::Response response);

  LambdaService& lambda_;
  aws::auth::Authorizer& authorizer_;
  base::Env& env_;
  const UrlServer server_;
};

}  // namespace engine::lambda
