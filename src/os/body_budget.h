// BodyBudget: the memory that request bodies may take together while they arrive. Who finds it used up waits in line.
// Owned by the server, shared by its connections; safe from any thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>

namespace os {

class BodyBudget {
 public:
  explicit BodyBudget(uint64_t bytes_max) : bytes_max_(bytes_max), free_(bytes_max) {}

  // What a body of `bytes` takes: one that is larger than everything there is gets it all, alone.
  [[nodiscard]] uint64_t share_of(uint64_t bytes) const { return bytes < bytes_max_ ? bytes : bytes_max_; }
  // Takes `bytes` if they are free and nobody waits.
  bool take(uint64_t bytes);
  // If not: calls `granted`, once, from any thread, when they have been taken for the caller. What it returns, never 0,
  // is for leave(), which is false if they have been taken already.
  uint64_t wait(uint64_t bytes, std::function<void()> granted);
  bool leave(uint64_t ticket);
  void give_back(uint64_t bytes);

 private:
  struct Waiter {
    uint64_t ticket;
    uint64_t bytes;
    std::function<void()> granted;
  };
  const uint64_t bytes_max_;
  std::mutex mutex_;  // not held while calling
  uint64_t free_;
  uint64_t last_ticket_ = 0;
  std::deque<Waiter> waiters_;  // at most one for each connection
};

}  // namespace os
