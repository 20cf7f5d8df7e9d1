#include "runtime/runtime_api.h"

#include <fmt/format.h>

#include "base/check.h"
#include "runtime/json_text.h"

namespace runtime {

using aws::http::Request;
using aws::http::Responder;
using aws::http::Response;

namespace {

constexpr std::string_view kPrefix = "/2018-06-01/runtime/";
constexpr std::string_view kResponseTooLarge = "Function.ResponseSizeTooLarge";
constexpr std::size_t kErrorTypeBytesMax = 256;  // a header of the function that ends up in logs and metrics

Response json_response(int status, std::string body) {
  Response response;
  response.status = status;
  response.headers.add("Content-Type", "application/json");
  response.body = std::move(body);
  return response;
}

Response error_response(int status, std::string_view type, std::string_view message) {
  std::string body = "{\"errorMessage\":";
  append_json_string(body, message);
  body += ",\"errorType\":";
  append_json_string(body, type);
  body += "}\n";
  return json_response(status, std::move(body));
}

Response accepted() {
  return json_response(202, "{\"status\":\"OK\"}\n");
}

std::string error_type_of(const Request& request) {
  const std::string_view type = request.headers.get("Lambda-Runtime-Function-Error-Type");
  return type.empty() ? "Unhandled" : std::string(type.substr(0, kErrorTypeBytesMax));
}

std::string too_large_document() {
  return service_error_document(
      kResponseTooLarge,
      fmt::format("Response payload size exceeded maximum allowed payload size ({} bytes).", kPayloadBytesMax));
}

// The action and the id of "invocation/<id>/response" and ".../error"; nullopt for any other target.
struct ReplyTarget {
  std::string_view id;
  bool is_error = false;
};
std::optional<ReplyTarget> reply_target(std::string_view path) {
  constexpr std::string_view kInvocation = "/2018-06-01/runtime/invocation/";
  const std::size_t slash = path.rfind('/');
  if (!path.starts_with(kInvocation) || slash <= kInvocation.size()) return std::nullopt;
  const std::string_view action = path.substr(slash + 1);
  if (action != "response" && action != "error") return std::nullopt;
  return ReplyTarget{path.substr(kInvocation.size(), slash - kInvocation.size()), action == "error"};
}

}  // namespace

RuntimeApi::RuntimeApi(base::Env env, base::Clock* function_clock)
    : env_(env), function_clock_(function_clock != nullptr ? *function_clock : env.clock) {}

const char* RuntimeApi::name_of(State state) {
  switch (state) {
    case State::started:
      return "Started";
    case State::init_error:
      return "InitError";
    case State::ready:
      return "Ready";
    case State::running:
      return "Running";
    case State::response_sent:
      return "ResponseSent";
    case State::closed:
      return "Exited";
  }
  return "Unknown";
}

Response RuntimeApi::refuse_transition(State from, const char* to) {
  Response response = error_response(403, "InvalidStateTransition",
                                     fmt::format("State transition from {} to {} failed for runtime. Error: State "
                                                 "transition is not allowed",
                                                 name_of(from), to));
  response.close = from == State::closed;
  return response;
}

void RuntimeApi::when_ready(base::Timestamp deadline, Done done) {
  std::unique_lock lock(mutex_);
  CHECK(!waiting_, "one wait at a time");
  waiting_ = std::move(done);
  waits_for_ready_ = true;
  wait_started_ = function_clock_.now();
  wait_deadline_ = deadline;
  Ending ending;
  if (reply_ || state_ == State::closed) {
    ending = end_wait(take_reply());
  } else if (ready_at_) {
    ending = end_wait(std::nullopt);
  } else if (env_.clock.now() >= deadline) {
    ending = end_wait(past_deadline());
  }
  lock.unlock();
  if (ending) ending();
}

void RuntimeApi::invoke(InvokeRequest request, base::Timestamp deadline, Done done) {
  Responder poll;
  std::optional<Response> event;
  Ending ending;
  {
    const std::scoped_lock lock(mutex_);
    CHECK(!waiting_ && !pending_ && running_id_.empty(), "one wait at a time");
    waiting_ = std::move(done);
    waits_for_ready_ = false;
    wait_started_ = function_clock_.now();
    wait_deadline_ = deadline;
    delivered_ = false;
    if (state_ == State::closed || reply_) {
      ending = end_wait(take_reply());
    } else if (env_.clock.now() >= deadline) {
      ending = end_wait(past_deadline());
    } else {
      pending_ = std::move(request);
      if (parked_) {
        poll = std::exchange(parked_, nullptr);
        event = hand_over();
      }
    }
  }
  if (poll) poll(std::move(*event));  // outside the lock: writing may call back into the connection
  if (ending) ending();
}

void RuntimeApi::expire() {
  Ending ending;
  {
    const std::scoped_lock lock(mutex_);
    if (waiting_ && env_.clock.now() >= wait_deadline_) ending = end_wait(past_deadline());
  }
  if (ending) ending();
}

RuntimeApi::Reply RuntimeApi::past_deadline() {
  state_ = State::closed;
  pending_.reset();
  running_id_.clear();
  return Reply{ReplyKind::deadline, "", "", delivered_, wait_started_, function_clock_.now()};
}

RuntimeApi::Ending RuntimeApi::end_wait(std::optional<Reply> reply) {
  if (!waiting_) return nullptr;
  return [done = std::exchange(waiting_, nullptr), reply = std::move(reply)]() mutable { done(std::move(reply)); };
}

RuntimeApi::Reply RuntimeApi::take_reply() {
  Reply result;
  if (reply_) {
    result = std::move(*reply_);
    reply_.reset();
  } else {
    result.kind = ReplyKind::closed;
    result.delivered = delivered_;
    result.ended = function_clock_.now();
  }
  result.started = wait_started_;
  pending_.reset();
  return result;
}

void RuntimeApi::close() {
  Responder poll;
  Ending ending;
  {
    const std::scoped_lock lock(mutex_);
    state_ = State::closed;
    running_id_.clear();
    poll = std::exchange(parked_, nullptr);
    if (waiting_) ending = end_wait(take_reply());
  }
  if (poll) poll(refuse_transition(State::closed, "Ready"));
  if (ending) ending();
}

void RuntimeApi::reopen() {
  const std::scoped_lock lock(mutex_);
  CHECK(state_ == State::closed && !waiting_, "only what is over begins anew");
  state_ = State::started;
  reply_.reset();
  ready_at_.reset();
}

std::optional<base::Timestamp> RuntimeApi::ready_at() {
  const std::scoped_lock lock(mutex_);
  return ready_at_;
}

void RuntimeApi::handle(Request request, Responder respond) {
  std::string_view path = request.path();
  Answer answer;
  if (!path.starts_with(kPrefix)) {
    answer.response = error_response(404, "NotFound", "404 page not found");
  } else {
    const auto target = reply_target(path);
    path.remove_prefix(kPrefix.size());
    if (request.method == "GET" && path == "invocation/next") {
      answer = next(respond);
    } else if (request.method == "POST" && path == "init/error") {
      answer = init_error(request);
    } else if (request.method == "POST" && target) {
      // A copy, because the body is moved out of `request` while the id is still in use.
      answer = reply(std::string(target->id), target->is_error, request);
    } else {
      answer.response = error_response(404, "NotFound", "404 page not found");
    }
  }
  if (answer.superseded) answer.superseded(refuse_transition(State::ready, "Ready"));
  if (answer.response) respond(std::move(*answer.response));
  if (answer.ending) answer.ending();
}

RuntimeApi::Answer RuntimeApi::next(Responder& respond) {
  const std::scoped_lock lock(mutex_);
  if (state_ != State::started && state_ != State::response_sent && state_ != State::ready) {
    return {refuse_transition(state_, "Ready")};
  }
  Answer answer;
  if (!ready_at_) {
    ready_at_ = function_clock_.now();
    if (waits_for_ready_) answer.ending = end_wait(std::nullopt);
  }
  state_ = State::ready;
  if (pending_) {
    answer.response = hand_over();
  } else {
    // A runtime whose connection broke polls again before we notice; the newest poll is the live one.
    answer.superseded = std::exchange(parked_, std::move(respond));
  }
  return answer;
}

Response RuntimeApi::hand_over() {
  Response response = json_response(200, std::move(pending_->payload));
  response.headers.add("Lambda-Runtime-Aws-Request-Id", pending_->request_id);
  response.headers.add(
      "Lambda-Runtime-Deadline-Ms",
      std::to_string(base::to_epoch_milliseconds(function_clock_.now() + (wait_deadline_ - env_.clock.now()))));
  response.headers.add("Lambda-Runtime-Invoked-Function-Arn", pending_->invoked_function_arn);
  if (!pending_->trace_id.empty()) response.headers.add("Lambda-Runtime-Trace-Id", pending_->trace_id);
  if (!pending_->client_context.empty()) {
    response.headers.add("Lambda-Runtime-Client-Context", pending_->client_context);
  }
  running_id_ = std::move(pending_->request_id);
  pending_.reset();
  delivered_ = true;
  state_ = State::running;
  return response;
}

RuntimeApi::Answer RuntimeApi::reply(std::string_view id, bool is_error, Request& request) {
  const std::scoped_lock lock(mutex_);
  if (state_ != State::running) {
    return {refuse_transition(state_, is_error ? "InvocationErrorResponse" : "InvocationResponse")};
  }
  if (id != running_id_) return {error_response(400, "InvalidRequestID", "Invalid request ID")};
  Reply result;
  result.delivered = true;
  result.ended = function_clock_.now();
  result.kind = is_error ? ReplyKind::error : ReplyKind::response;
  if (is_error) result.error_type = error_type_of(request);
  Response answer = accepted();
  if (const auto mode = request.headers.find("Lambda-Runtime-Function-Response-Mode"); mode && !is_error) {
    // Response streaming is not offered; the refusal is the service's for a mode it does not know.
    answer = error_response(400, "InvalidFunctionResponseMode", "Invalid function response mode");
    result.kind = ReplyKind::error;
    result.error_type = "Runtime.InvalidResponseModeHeader";
    result.body = service_error_document(result.error_type, "Response streaming is not supported");
  } else if (request.body.size() > kPayloadBytesMax) {
    answer = error_response(413, "RequestEntityTooLarge",
                            fmt::format("Exceeded maximum allowed payload size ({} bytes).", kPayloadBytesMax));
    result.kind = ReplyKind::error;
    result.error_type = kResponseTooLarge;
    result.body = too_large_document();
  } else {
    result.body = std::move(request.body);
  }
  return {.response = std::move(answer), .ending = end_with(std::move(result))};
}

RuntimeApi::Ending RuntimeApi::end_with(Reply reply) {
  state_ = State::response_sent;
  running_id_.clear();
  reply_ = std::move(reply);
  return end_wait(take_reply());
}

void RuntimeApi::refused_as_too_large(const Request& head) {
  Ending ending;
  {
    const std::scoped_lock lock(mutex_);
    const auto target = reply_target(head.path());
    if (head.method != "POST" || state_ != State::running || !target || target->id != running_id_) return;
    Reply result;
    result.kind = ReplyKind::error;
    result.delivered = true;
    result.ended = function_clock_.now();
    result.error_type = kResponseTooLarge;
    result.body = too_large_document();
    ending = end_with(std::move(result));
  }
  if (ending) ending();
}

RuntimeApi::Answer RuntimeApi::init_error(Request& request) {
  const std::scoped_lock lock(mutex_);
  if (state_ != State::started) return {refuse_transition(state_, "InitError")};
  if (request.body.size() > kPayloadBytesMax) {
    return {error_response(413, "RequestEntityTooLarge",
                           fmt::format("Exceeded maximum allowed payload size ({} bytes).", kPayloadBytesMax))};
  }
  state_ = State::init_error;
  Reply result;
  result.kind = ReplyKind::init_error;
  result.error_type = error_type_of(request);
  result.body = std::move(request.body);
  result.ended = function_clock_.now();
  reply_ = std::move(result);
  Answer answer{accepted()};
  if (waiting_) answer.ending = end_wait(take_reply());
  return answer;
}

}  // namespace runtime
