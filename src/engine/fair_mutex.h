// FairMutex: a mutex for services whose background work takes it step by step. Who gives a std::mutex back and takes it
// again at once mostly gets it, however long others have waited; here they come first. Safe from any thread.
#pragma once

#include <mutex>

namespace engine {

class FairMutex {
 public:
  // Held as long as the result lives, which a base::Condition can wait with.
  [[nodiscard]] std::unique_lock<std::mutex> lock() {
    const std::lock_guard turn(next_);
    return std::unique_lock(mutex_);
  }

 private:
  std::mutex next_;  // held by the one who waits for mutex_, and never by who has it
  std::mutex mutex_;
};

}  // namespace engine
