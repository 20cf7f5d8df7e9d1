// RequestLog: a line on stderr for each request that the level asks for (docs/monitoring.md). Whoever answers requests
// puts the line into a queue with a bound; a thread of the log writes it. Where stderr takes nothing, lines are
// dropped, and counted. Owned by the composition root; safe from any thread.
#pragma once

#include <atomic>
#include <expected>
#include <memory>
#include <optional>
#include <string>

#include "server/request_record.h"

namespace cli {

struct LogOptions {
  // error: what is the engine's fault. warn: what was refused, throttled or slow, too. info: every request. debug: with
  // the time of each of its steps.
  enum class Level : uint8_t { off, error, warn, info, debug };
  Level level = Level::off;
  bool json = false;  // else text

  static std::optional<Level> parse_level(std::string_view text);
  // TILL_LOG and TILL_LOG_FORMAT where they are set, else `level` and text. The error is one sentence.
  static std::expected<LogOptions, std::string> from_environment(Level level);
};

class RequestLog final : public server::RequestObserver {
 public:
  // Slower than this, but for the time in which it waits for an event, a request is worth a warning.
  static constexpr base::Duration kSlow = std::chrono::seconds(1);

  // The error is one sentence: the system gives no thread.
  static std::expected<std::unique_ptr<RequestLog>, std::string> make(const LogOptions& options);
  // Writes what is left, for half a second at most.
  ~RequestLog() override;
  RequestLog(const RequestLog&) = delete;
  RequestLog& operator=(const RequestLog&) = delete;

  void on_answered(const server::RequestRecord& record) override;
  // The HTTP server has refused a request by itself, for `reason`, before anybody could know whose it is.
  void on_http_refused(int status, std::string_view reason, std::string_view peer);

 private:
  struct Writer;
  RequestLog(const LogOptions& options, std::unique_ptr<Writer> writer);
  const LogOptions options_;
  const std::unique_ptr<Writer> writer_;
};

}  // namespace cli
