// Hangup: tells whoever works on a request that nobody waits for its answer any more. The server makes one for each
// request and shares it with the Request; whoever parks a call asks to be called. Safe from any thread.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>

namespace aws::http {

class Hangup {
 public:
  // True once the caller has closed the connection before it was answered, as far as that shows.
  [[nodiscard]] bool is_gone() const { return gone_.load(std::memory_order_relaxed); }

  // Calls `told` when the caller hangs up: once, from the I/O thread, so it must be quick; at once, on this thread, if
  // it has hung up already. Takes the place of what an earlier call gave; an empty one only takes it away (one that is
  // being called may still run). Let go of, uncalled, when the request has been answered.
  void on_gone(std::function<void()> told);

  // By the server, once one of the two: the caller has hung up; the request has been answered.
  void hang_up();
  void settle();

 private:
  std::atomic<bool> gone_{false};
  std::mutex mutex_;  // never held while calling
  bool settled_ = false;
  std::function<void()> told_;
};

}  // namespace aws::http
