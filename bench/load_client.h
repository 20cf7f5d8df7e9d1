// LoadClient: N connections that send HTTP requests one after the other as fast as the answers come, from one thread
// over epoll, so that a load program costs the machine little beside the server it measures. The requests are bytes
// that the caller has made; of the answers only the status and the body are looked at. Used from one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bench {

// What the connections send. Called on the client's thread.
class Load {
 public:
  virtual ~Load() = default;
  // The next request of a connection (0 to N-1), complete as on the wire; the view is read before the next call for the
  // same connection. nullopt ends the connection.
  virtual std::optional<std::string_view> next(std::size_t connection) = 0;
  // The answer to it. False counts as a failure and ends the connection.
  virtual bool answered(std::size_t connection, int status, std::string_view body);
};

struct LoadResult {
  uint64_t calls = 0;   // answered as they should be
  double seconds = 0;   // from the first byte sent until the last answer
  std::string failure;  // the first one; empty if there was none

  [[nodiscard]] double per_second() const { return seconds > 0 ? static_cast<double>(calls) / seconds : 0; }
};

// Connects to 127.0.0.1:`port` and runs `load` for `duration`, or until every connection has ended; requests that are
// under way then are waited for, ten seconds at most.
LoadResult run_load(uint16_t port, std::size_t connections, std::chrono::milliseconds duration, Load& load);

}  // namespace bench
