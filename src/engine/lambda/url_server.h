// UrlServer: what function URLs need of the server that brings their requests. A value; what it refers to outlives the
// UrlDoor.
#pragma once

#include <functional>

namespace aws::auth {
class Verifier;
}
namespace base {
class Clock;
}

namespace engine::lambda {

struct UrlServer {
  aws::auth::Verifier* verifier = nullptr;
  base::Clock* clients_clock = nullptr;  // that clients sign by; null: that of the engine
  // Runs a piece of work on a worker; there is at most one at a time for each connection.
  std::function<void(std::function<void()> work)> work;
  // Calls `send` once all that was written so far is durable.
  std::function<void(std::function<void()> send)> when_durable;
};

}  // namespace engine::lambda
