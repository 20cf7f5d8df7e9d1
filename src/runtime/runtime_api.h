// RuntimeApi: the service's side of the Lambda Runtime API 2018-06-01 for one sandbox, as a state machine behind an
// HTTP handler. A runtime's long poll parks its Responder and costs no thread; the thread that calls invoke() answers
// it. Owned by the sandbox; must outlive the HTTP listener that calls it. handle() and close() are safe from any
// thread, wait_until_ready() and invoke() are called by one thread at a time.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "aws/http/message.h"
#include "base/env.h"
#include "runtime/function_host.h"

namespace runtime {

class RuntimeApi final : public aws::http::Handler {
 public:
  enum class ReplyKind {
    response,    // `body` is the function's answer
    error,       // `body` is the error document the function posted (or AWS's, for an answer we had to refuse)
    init_error,  // as error, posted before the first poll
    closed,      // close() was called: the sandbox has ended
    deadline,    // no reply in time; the machine is closed now, so a late one is refused
  };
  struct Reply {
    ReplyKind kind = ReplyKind::closed;
    std::string body;
    std::string error_type;
    bool delivered = false;  // the event was handed to the runtime
    base::Timestamp started;
    base::Timestamp ended;
  };

  // `function_clock` is the one that the function itself can read, and by which its times are measured; null: env's.
  // Another one only if time is virtual. It outlives this object.
  explicit RuntimeApi(base::Env env, base::Clock* function_clock = nullptr);

  // Blocks until the runtime has polled for the first time (then nullopt), has posted an init error, close() is called
  // or the clock reaches `deadline`.
  std::optional<Reply> wait_until_ready(base::Timestamp deadline);
  // Hands `request` to the runtime, at once if it is polling, and blocks until its reply, close(), or `deadline`, which
  // is also what the runtime is told.
  Reply invoke(InvokeRequest request, base::Timestamp deadline);
  // The sandbox is over: wakes the waiter, and refuses whatever still comes. Idempotent.
  void close();
  // When the runtime first polled; nullopt before.
  std::optional<base::Timestamp> ready_at();

  void handle(aws::http::Request request, aws::http::Responder respond) override;
  // A request that the server in front has refused with 413, without its body. If it was the answer to the running
  // invocation, that ends as if handle() had refused it.
  void refused_as_too_large(const aws::http::Request& head);

 private:
  // Names as the service prints them in its refusals.
  enum class State { started, init_error, ready, running, response_sent, closed };
  static const char* name_of(State state);
  static aws::http::Response refuse_transition(State from, const char* to);

  // Each takes the lock, and returns what to answer after it is released; nullopt: parked.
  std::optional<aws::http::Response> next(aws::http::Responder& respond, aws::http::Responder& superseded);
  aws::http::Response reply(std::string_view id, bool is_error, aws::http::Request& request);
  aws::http::Response init_error(aws::http::Request& request);
  void end_with(Reply reply);       // REQUIRES: mutex_, and an invocation is running
  aws::http::Response hand_over();  // the pending event as the answer to a poll
  Reply take_reply(base::Timestamp started);

  base::Env env_;
  base::Clock& function_clock_;
  std::unique_ptr<base::Condition> changed_;
  std::mutex mutex_;
  State state_ = State::started;
  aws::http::Responder parked_;  // a poll waiting for an event
  std::optional<InvokeRequest> pending_;
  base::Timestamp pending_deadline_;
  std::string running_id_;  // of the invocation handed over and not answered
  bool delivered_ = false;
  std::optional<Reply> reply_;
  std::optional<base::Timestamp> ready_at_;
};

}  // namespace runtime
