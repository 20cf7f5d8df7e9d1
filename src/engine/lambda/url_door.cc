#include "engine/lambda/url_door.h"

#include <array>
#include <exception>
#include <utility>

#include "aws/auth/policy.h"
#include "aws/auth/verify.h"
#include "engine/lambda/answers.h"
#include "engine/lambda/limits.h"
#include "engine/lambda/url_address.h"
#include "engine/lambda/url_answer.h"
#include "engine/lambda/url_cors.h"
#include "engine/lambda/url_event.h"

namespace engine::lambda {

using aws::http::Admission;
using aws::http::Request;
using aws::http::Responder;
using aws::http::Response;
using runtime::OutcomeKind;

namespace {

// New function URLs need both since October 2025 (Developer Guide, "Control access to Lambda function URLs").
constexpr std::array<std::string_view, 2> kActions = {"lambda:InvokeFunctionUrl", "lambda:InvokeFunction"};

}  // namespace

struct UrlDoor::Call {
  Request request;
  Responder respond;
  base::Timestamp began;
  aws::Context context = {};
  std::optional<LambdaService::UrlFunction> found = {};
  std::shared_ptr<InvocationMetrics> metrics = {};  // of the function, if one is found
  std::string access_key_id = {};                   // of who has signed it
  bool is_preflight = false;
};

UrlDoor::UrlDoor(LambdaService& lambda, aws::auth::Authorizer& authorizer, base::Env& env, UrlServer server)
    : lambda_(lambda), authorizer_(authorizer), env_(env), server_(std::move(server)) {}

bool UrlDoor::takes(const Request& head) {
  return url_target(head).has_value();
}

Admission UrlDoor::admit(const Request& /*head*/, std::optional<uint64_t> body_bytes) {
  Admission out;
  if (body_bytes.value_or(0) > kUrlBodyBytesMax) out.refusal = url_body_too_large(base::make_uuid(env_.random));
  return out;
}

void UrlDoor::handle(Request request, Responder respond) {
  auto call = std::make_shared<Call>(Call{std::move(request), std::move(respond), env_.clock.now()});
  on_worker([this, call] {
    if (auto response = begin(call)) answer(*call, std::move(*response));
  });
}

// What throws is a lack of memory or a bug, and this call's own: a responder that goes unanswered closes its
// connection.
void UrlDoor::on_worker(std::function<void()> piece) {
  server_.work([piece = std::move(piece)] {
    try {
      piece();
    } catch (const std::exception&) {
    }
  });
}

std::optional<Response> UrlDoor::begin(const std::shared_ptr<Call>& call) {
  Call& it = *call;
  it.context.now = it.began;
  it.context.request_id = base::make_uuid(env_.random);
  it.context.endpoint = "http://" + std::string(it.request.headers.get("Host"));
  const std::string& id = it.context.request_id;
  const auto target = url_target(it.request);
  if (target) it.found = lambda_.at_url(*target);
  if (!it.found) return no_such_url(id);
  it.metrics = lambda_.metrics_of(it.found->function);
  const FunctionUrlRecord& url = it.found->url;
  it.context.account = url.account;
  it.context.region = url.region;
  if (auto asked = preflight(url.cors, it.request)) {
    it.is_preflight = true;
    return asked;
  }
  if (it.request.body.size() > kUrlBodyBytesMax) return url_body_too_large(id);
  if (auto refused = authenticate(it)) return refused;
  if (!may_invoke(it)) return forbidden(id);
  std::string event = url_event(url, *target, it.request, it.context, it.access_key_id);
  if (event.size() > kSyncPayloadBytesMax) return url_body_too_large(id);
  run(call, std::move(event));
  return std::nullopt;
}

std::optional<Response> UrlDoor::authenticate(Call& call) {
  if (call.found->url.auth_type != "AWS_IAM") {
    call.context.principal.kind = aws::Principal::Kind::role;  // of nobody: it has no account
    return std::nullopt;
  }
  const base::Timestamp now = call.context.now;
  const base::Timestamp signed_now = server_.clients_clock != nullptr ? server_.clients_clock->now() : now;
  auto caller = server_.verifier->verify(call.request, "lambda", signed_now, now);
  if (!caller) {
    const bool is_unsigned = caller.error().code == "MissingAuthenticationTokenException";
    return is_unsigned ? forbidden(call.context.request_id) : url_refusal(caller.error(), call.context.request_id);
  }
  if (caller->is_verified() && caller->region() != call.found->url.region) {
    base::AwsError error;
    error.code = "InvalidSignatureException";
    error.message = "Credential should be scoped to a valid region.";
    error.http_status = 403;
    return url_refusal(error, call.context.request_id);
  }
  call.context.principal = caller->principal();
  call.access_key_id = caller->access_key_id();
  return std::nullopt;
}

// Without a signature the function's policy must let everybody. A caller of the function's account needs his role's
// policies, of another account both.
bool UrlDoor::may_invoke(const Call& call) const {
  const aws::auth::ConditionValue conditions[] = {{"lambda:functionurlauthtype", call.found->url.auth_type},
                                                  {"lambda:invokedviafunctionurl", "true"}};
  const Function& function = call.found->function;
  const std::string arn = function.arn();
  const bool is_public = call.found->url.auth_type != "AWS_IAM";
  const bool is_own = call.context.principal.account == call.found->url.account;
  for (const std::string_view action : kActions) {
    if (!is_public && !authorizer_.allows(call.context, action, std::span(&arn, 1), conditions)) return false;
    if (!is_own && !aws::auth::caller_may(function.policy().json(), call.context, action, arn, conditions))
      return false;
  }
  return true;
}

void UrlDoor::run(const std::shared_ptr<Call>& call, std::string event) {
  runtime::InvokeRequest request;
  request.request_id = call->context.request_id;
  request.trace_id = call->request.headers.get("X-Amzn-Trace-Id");
  request.payload = std::move(event);
  call->request.body = {};  // the event has it
  // Goes on if the caller hangs up, as on AWS.
  lambda_.begin_url_invocation(
      call->found->function, std::move(request), [this, call](base::Result<Invoker::Finished> finished) {
        on_worker([this, call, held = std::move(finished)] { answer(*call, response_to(*call, held)); });
      });
}

Response UrlDoor::response_to(const Call& call, const base::Result<Invoker::Finished>& finished) {
  const std::string& id = call.context.request_id;
  if (!finished) return url_refusal(finished.error(), id);
  return finished->outcome.kind == OutcomeKind::ok ? url_answer(finished->outcome.payload, id)
                                                   : internal_server_error(id);
}

void UrlDoor::answer(Call& call, Response response) {
  if (call.metrics) {
    if (!call.is_preflight) add_cors_headers(call.found->url.cors, call.request, response);
    call.metrics->url_request(call.began, response.status, env_.clock.now() - call.began);
  }
  server_.when_durable(
      [respond = std::move(call.respond), reply = std::move(response)]() mutable { respond(std::move(reply)); });
}

}  // namespace engine::lambda
