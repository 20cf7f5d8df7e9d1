// RuntimeApi: the service's side of the Lambda Runtime API 2018-06-01 for one sandbox, as a state machine behind an
// HTTP handler. Neither side of it costs a thread: a runtime's long poll parks its Responder, which invoke() answers,
// and who waits for the runtime is called back. Owned by the sandbox; must outlive the HTTP listener that calls it.
// Safe from any thread; one wait (when_ready or invoke) at a time.
#pragma once

#include <functional>
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

  // How a wait ends: called once and without a lock, on the thread that brings it about or, if it is over already, on
  // the caller's before the call returns. It may be the thread that serves the runtime's connection.
  using Done = std::function<void(std::optional<Reply>)>;
  // Waits until the runtime has polled for the first time (then nullopt), has posted an init error, close() is called
  // or `deadline` has come.
  void when_ready(base::Timestamp deadline, Done done);
  // Hands `request` to the runtime, at once if it is polling, and waits for its reply, close(), or `deadline`, which is
  // also what the runtime is told. There is always a reply.
  void invoke(InvokeRequest request, base::Timestamp deadline, Done done);
  // Looks at the clock: to be called when a deadline has come. Without effect on a wait that has time left.
  void expire();
  // The sandbox is over: ends the wait, and refuses whatever still comes. Idempotent.
  void close();
  // Begins anew, for another process in the place of one that has ended. REQUIRES: closed, and nobody waits.
  void reopen();
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

  // The end of a wait, to be called when the lock is released; empty: nobody's wait has ended.
  using Ending = std::function<void()>;
  struct Answer {
    std::optional<aws::http::Response> response;  // nullopt: parked
    aws::http::Responder superseded = nullptr;
    Ending ending = nullptr;
  };
  // Each takes the lock, and returns what to do after it is released.
  Answer next(aws::http::Responder& respond);
  Answer reply(std::string_view id, bool is_error, aws::http::Request& request);
  Answer init_error(aws::http::Request& request);

  // All: REQUIRE mutex_.
  Ending end_with(Reply reply);  // an invocation is running
  Ending end_wait(std::optional<Reply> reply);
  aws::http::Response hand_over();  // the pending event as the answer to a poll
  Reply take_reply();
  Reply past_deadline();

  base::Env env_;
  base::Clock& function_clock_;
  std::mutex mutex_;  // guards what follows
  State state_ = State::started;
  aws::http::Responder parked_;  // a poll waiting for an event
  std::optional<InvokeRequest> pending_;
  Done waiting_;  // of the wait that goes on
  bool waits_for_ready_ = false;
  base::Timestamp wait_started_;  // by function_clock_
  base::Timestamp wait_deadline_;
  std::string running_id_;  // of the invocation handed over and not answered
  bool delivered_ = false;
  std::optional<Reply> reply_;
  std::optional<base::Timestamp> ready_at_;
};

}  // namespace runtime
