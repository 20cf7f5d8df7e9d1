// StartGate: stands before the handler of a port. The port has to be bound before the services start, because they are
// told where they can be reached; what is asked meanwhile waits here, so that nobody sees half-started services. Owned
// by the composition root; safe from any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "aws/http/message.h"

namespace server {

class StartGate final : public aws::http::Handler {
 public:
  static constexpr std::size_t kWaitingMax = 256;

  // `next` outlives the gate and is not called before open().
  explicit StartGate(aws::http::Handler& next) : next_(next) {}

  // Asks `next` once it is open; before, bodies are held in memory.
  aws::http::Admission admit(const aws::http::Request& head, std::optional<uint64_t> body_bytes) override;
  // Passes on, or keeps for open(); 503 if too many wait, and after close().
  void handle(aws::http::Request request, aws::http::Responder respond) override;
  void open();
  // For the end, when the services are about to stop.
  void close();

 private:
  enum class State : uint8_t { waits, open, closed };

  aws::http::Handler& next_;
  std::atomic<State> state_ = State::waits;
  std::mutex mutex_;  // guards waiting_, and state_ while it leaves `waits`
  std::vector<std::pair<aws::http::Request, aws::http::Responder>> waiting_;
};

}  // namespace server
