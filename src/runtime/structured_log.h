// StructuredLog: a function's own log, one JSON object per line under the keys of Powertools for AWS Lambda, so that
// existing Logs Insights queries work. Whatever the values hold, each line is one valid JSON object without control
// characters. Payloads do not belong in it: only the fields that a caller names are written. Owned by a bootstrap's
// main; safe from any thread except begin_invocation, which the handler calls first.
#pragma once

#include <functional>
#include <initializer_list>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/env.h"
#include "runtime/handler.h"

namespace runtime {

// AWS's names, as AWS_LAMBDA_LOG_LEVEL spells them.
enum class LogLevel { trace, debug, info, warn, error, fatal };

// "INFO", in any case; nullopt for anything else.
std::optional<LogLevel> parse_log_level(std::string_view text);

class StructuredLog {
 public:
  struct Options {
    std::string service;               // POWERTOOLS_SERVICE_NAME
    std::string function_name;         // AWS_LAMBDA_FUNCTION_NAME
    std::string function_memory_size;  // AWS_LAMBDA_FUNCTION_MEMORY_SIZE, MB
    LogLevel level = LogLevel::info;   // lower ones are dropped
  };
  using Value = std::variant<std::string_view, int64_t, bool>;
  using Field = std::pair<std::string_view, Value>;
  using Dimension = std::pair<std::string_view, std::string_view>;
  struct Metric {
    std::string_view name;
    int64_t value = 0;
    std::string_view unit = "Count";  // CloudWatch's names
  };
  // Writes one whole line, line feed included, in one call.
  using Write = std::function<void(std::string_view line)>;

  StructuredLog(base::Clock& clock, Options options, Write write);

  // Later lines carry this invocation's ids; the first call of a process is its cold start.
  void begin_invocation(const Invocation& invocation);
  // Writes a line with the standard keys, then `fields` in order. A field must not reuse a standard key.
  void log(LogLevel level, std::string_view message, std::initializer_list<Field> fields = {});
  // Gives CloudWatch values of metrics of `name_space`, all with the same dimensions (name and value), by one line in
  // its embedded metric format, whatever the level. No metrics, no line. Names are different from each other.
  void metrics(std::string_view name_space, std::initializer_list<Dimension> dimensions,
               std::span<const Metric> metrics);

 private:
  base::Clock& clock_;
  const Options options_;
  const Write write_;
  std::mutex mutex_;
  int invocations_ = 0;  // saturates at 2
  std::string function_arn_;
  std::string request_id_;
  std::string trace_id_;
};

}  // namespace runtime
