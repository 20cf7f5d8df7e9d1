#include "runtime/structured_log.h"

#include <algorithm>
#include <array>

#include "aws/http/message.h"
#include "runtime/json_text.h"

namespace runtime {
namespace {

constexpr std::array<std::string_view, 6> kLevelNames = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"};

void append_key(std::string& line, std::string_view key) {
  line += line.size() == 1 ? "" : ",";
  append_json_string(line, key);
  line += ':';
}

void append_field(std::string& line, std::string_view key, const StructuredLog::Value& value) {
  append_key(line, key);
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    append_json_string(line, *text);
  } else if (const auto* number = std::get_if<int64_t>(&value)) {
    line += std::to_string(*number);
  } else {
    line += std::get<bool>(value) ? "true" : "false";
  }
}

}  // namespace

std::optional<LogLevel> parse_log_level(std::string_view text) {
  for (std::size_t i = 0; i < kLevelNames.size(); ++i) {
    if (aws::http::equal_ignoring_case(text, kLevelNames[i])) return static_cast<LogLevel>(i);
  }
  return std::nullopt;
}

StructuredLog::StructuredLog(base::Clock& clock, Options options, Write write)
    : clock_(clock), options_(std::move(options)), write_(std::move(write)) {}

void StructuredLog::begin_invocation(const Invocation& invocation) {
  const std::scoped_lock lock(mutex_);
  invocations_ = std::min(invocations_ + 1, 2);
  function_arn_ = invocation.invoked_function_arn;
  request_id_ = invocation.request_id;
  trace_id_ = invocation.trace_id;
}

void StructuredLog::log(LogLevel level, std::string_view message, std::initializer_list<Field> fields) {
  if (level < options_.level) return;
  std::string line = "{";
  append_field(line, "level", kLevelNames[static_cast<std::size_t>(level)]);
  append_field(line, "message", message);
  append_field(line, "timestamp", base::format_iso8601_milliseconds(clock_.now()));
  append_field(line, "service", options_.service);
  const std::scoped_lock lock(mutex_);
  append_field(line, "cold_start", invocations_ < 2);
  append_field(line, "function_name", options_.function_name);
  append_field(line, "function_memory_size", options_.function_memory_size);
  if (!request_id_.empty()) {
    append_field(line, "function_arn", function_arn_);
    append_field(line, "function_request_id", request_id_);
  }
  if (!trace_id_.empty()) append_field(line, "xray_trace_id", trace_id_);
  for (const auto& [key, value] : fields) append_field(line, key, value);
  line += "}\n";
  write_(line);
}

void StructuredLog::metrics(std::string_view name_space, std::initializer_list<Dimension> dimensions,
                            std::span<const Metric> metrics) {
  if (metrics.empty()) return;
  std::string names;
  std::string fields = "{";
  for (const auto& [name, value] : dimensions) {
    names += names.empty() ? "" : ",";
    append_json_string(names, name);
    append_field(fields, name, value);
  }
  std::string list;
  for (const Metric& metric : metrics) {
    std::string one = "{";
    append_field(one, "Name", metric.name);
    append_field(one, "Unit", metric.unit);
    list += (list.empty() ? "" : ",") + one + "}";
    append_field(fields, metric.name, metric.value);
  }
  std::string directive = "{";
  append_field(directive, "Namespace", name_space);
  directive += ",\"Dimensions\":[[" + names + "]],\"Metrics\":[" + list + "]}";
  fields.front() = ',';
  write_("{\"_aws\":{\"Timestamp\":" + std::to_string(base::to_epoch_milliseconds(clock_.now())) +
         ",\"CloudWatchMetrics\":[" + directive + "]}" + fields + "}\n");
}

}  // namespace runtime
