// ClockRoute: the HTTP door of the engine's clock, in front of the AWS API. GET /_till/clock tells the time; POST
// /_till/clock/advance {"seconds": N} moves it, if the engine was started with `--clock virtual`. Not signed, like
// everything under /_till/; the port is on loopback, unless the user wants more, and refuses browsers. Safe from any
// thread.
#pragma once

#include <functional>
#include <memory>
#include <mutex>

#include "aws/http/message.h"
#include "base/env.h"
#include "server/worker_pool.h"

namespace cli {

class ClockRoute final : public aws::http::Handler {
 public:
  // Moves the clock and answers the number of steps; may take seconds. An empty function: the clock cannot be moved.
  using Advance = std::function<std::size_t(base::Duration by)>;

  // All else goes to `next`. The references outlive this object.
  ClockRoute(aws::http::Handler& next, base::Env& env, Advance advance);

  aws::http::Admission admit(const aws::http::Request& head, std::optional<uint64_t> body_bytes) override {
    return next_.admit(head, body_bytes);
  }
  void handle(aws::http::Request request, aws::http::Responder respond) override;

 private:
  void move_clock(const std::string& body, const aws::http::Responder& respond);

  aws::http::Handler& next_;
  base::Env& env_;
  const Advance advance_;
  std::mutex mutex_;     // guards moving_
  bool moving_ = false;  // one at a time
  // For the next one's turn: who waits for that by a condition of the executor does not keep the clock from moving.
  std::unique_ptr<base::Condition> moved_;
  server::WorkerPool workers_;  // moving the clock must not hold up an I/O thread
};

}  // namespace cli
