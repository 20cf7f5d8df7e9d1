#include "engine/lambda/platform_log.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>

#include "aws/codec/json_shape.h"
#include "engine/lambda/json_check.h"

namespace engine::lambda {
namespace {

using runtime::InvokeOutcome;
using runtime::OutcomeKind;

constexpr std::array<std::string_view, 6> kLevels = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"};

std::size_t rank_of(std::string_view level) {
  return static_cast<std::size_t>(std::ranges::find(kLevels, level) - kLevels.begin());
}

double milliseconds(base::Duration d) {
  return std::chrono::duration<double, std::milli>(d).count();
}

// A JSON number as AWS writes it.
std::string number(double value) {
  std::string text = fmt::format("{}", value);
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

int64_t billed_milliseconds(const InvokeOutcome& outcome) {
  return std::chrono::ceil<std::chrono::milliseconds>(outcome.duration +
                                                      outcome.init_duration.value_or(base::Duration(0))) /
         std::chrono::milliseconds(1);
}

uint64_t used_megabytes(const InvokeOutcome& outcome) {
  return (outcome.max_memory_used_bytes + (1 << 20) - 1) >> 20;
}

// As AWS writes it, for example "python:3.12"; the version behind it is this engine's own and never changes.
std::string runtime_version(const FunctionRecord& record) {
  const std::size_t digit = std::min(record.runtime.find_first_of("0123456789"), record.runtime.size());
  const std::string family = record.runtime.substr(0, digit);
  const std::string shown = record.runtime.starts_with("provided")
                                ? "provided:" + record.runtime.substr(std::min<std::size_t>(9, record.runtime.size()))
                                : family + ":" + record.runtime.substr(digit);
  return shown + ".v1";
}

// --- JSON

std::string json_string(std::string_view text) {
  std::string out;
  aws::codec::write_json_string(text, out);
  return out;
}

// Adds the event if the function's SystemLogLevel lets it through. `record` is the inside of its object.
void add(LogEvents& out, const FunctionRecord& function, std::string_view level, base::Timestamp now,
         std::string_view type, std::string_view record) {
  if (rank_of(level) < rank_of(function.system_log_level)) return;
  out.push_back(fmt::format(R"({{"time":"{}","type":"platform.{}","record":{{{}}}}})",
                            base::format_iso8601_milliseconds(now), type, record));
}

std::string init_phase(bool in_invocation) {
  return fmt::format(R"("initializationType":"on-demand","phase":"{}")", in_invocation ? "invoke" : "init");
}

std::string_view status_of(const InvokeOutcome& outcome) {
  switch (outcome.kind) {
    case OutcomeKind::ok:
      return "success";
    case OutcomeKind::timed_out:
      return "timeout";
    case OutcomeKind::function_error:
    case OutcomeKind::exited:
    case OutcomeKind::init_failed:
      break;
  }
  return "error";
}

LogEvents json_end(const FunctionRecord& record, std::string_view request_id, const InvokeOutcome& outcome,
                   base::Timestamp now) {
  LogEvents out;
  const std::string id = "\"requestId\":" + json_string(request_id);
  std::string status = fmt::format(R"("status":"{}")", status_of(outcome));
  if (status_of(outcome) == "error" && !outcome.error_type.empty()) {
    status += ",\"errorType\":" + json_string(outcome.error_type);
  }
  const std::string_view level = outcome.kind == OutcomeKind::ok ? "DEBUG" : "WARN";
  const std::size_t produced = outcome.kind == OutcomeKind::ok ? outcome.payload.size() : 0;
  add(out, record, level, now, "runtimeDone",
      fmt::format(R"({},{},"metrics":{{"durationMs":{},"producedBytes":{}}})", id, status,
                  number(milliseconds(outcome.duration)), produced));
  std::string metrics = fmt::format(R"("durationMs":{},"billedDurationMs":{},"memorySizeMB":{},"maxMemoryUsedMB":{})",
                                    number(milliseconds(outcome.duration)), billed_milliseconds(outcome),
                                    record.memory_size_mb, used_megabytes(outcome));
  if (outcome.init_duration)
    metrics += fmt::format(R"(,"initDurationMs":{})", number(milliseconds(*outcome.init_duration)));
  add(out, record, outcome.kind == OutcomeKind::ok ? "INFO" : "WARN", now, "report",
      fmt::format(R"({},"metrics":{{{}}},{})", id, metrics, status));
  return out;
}

// --- Text

// protocols.md 4.4, item 18.
std::string report_line(const FunctionRecord& record, std::string_view request_id, const InvokeOutcome& outcome) {
  std::string out = fmt::format(
      "REPORT RequestId: {}\tDuration: {:.2f} ms\tBilled Duration: {} ms\tMemory Size: {} MB\tMax Memory Used: {} MB\t",
      request_id, milliseconds(outcome.duration), billed_milliseconds(outcome), record.memory_size_mb,
      used_megabytes(outcome));
  if (outcome.init_duration) out += fmt::format("Init Duration: {:.2f} ms\t", milliseconds(*outcome.init_duration));
  if (outcome.kind == OutcomeKind::timed_out) out += "Status: timeout\t";
  if (outcome.kind == OutcomeKind::exited || outcome.kind == OutcomeKind::init_failed) {
    out += "Status: error\tError Type: " + outcome.error_type + "\t";
  }
  return out;
}

LogEvents text_end(const FunctionRecord& record, std::string_view request_id, const InvokeOutcome& outcome,
                   base::Timestamp now) {
  LogEvents out;
  if (outcome.kind == OutcomeKind::timed_out) {
    out.push_back(fmt::format("{} {} Task timed out after {:.2f} seconds", base::format_iso8601_milliseconds(now),
                              request_id, static_cast<double>(record.timeout_seconds)));
  }
  // Why a runtime ended or did not start, which nothing that it wrote itself may tell.
  if (outcome.kind == OutcomeKind::exited || outcome.kind == OutcomeKind::init_failed) {
    std::string reason = error_message_of(outcome.payload);
    if (reason.starts_with(fmt::format("RequestId: {}", request_id))) {
      out.push_back(std::move(reason) + "\n" + outcome.error_type);
    }
  }
  out.push_back(fmt::format("END RequestId: {}", request_id));
  out.push_back(report_line(record, request_id, outcome));
  return out;
}

}  // namespace

LogEvents init_start_events(const FunctionRecord& record, base::Timestamp now) {
  if (!record.logs_json()) {
    return {"INIT_START Runtime Version: " + runtime_version(record) +
            "\tRuntime Version ARN: " + runtime_version_arn(record)};
  }
  LogEvents out;
  add(out, record, "INFO", now, "initStart",
      fmt::format(R"({},"runtimeVersion":{},"runtimeVersionArn":{},"functionName":{},"functionVersion":{})",
                  init_phase(false), json_string(runtime_version(record)), json_string(runtime_version_arn(record)),
                  json_string(record.name), json_string(record.version)));
  return out;
}

LogEvents init_end_events(const FunctionRecord& record, const runtime::InitReport& report, base::Timestamp now) {
  const bool ok = report.status == runtime::InitStatus::success;
  const std::string_view status = ok ? "success" : report.status == runtime::InitStatus::timeout ? "timeout" : "error";
  LogEvents out;
  if (record.logs_json()) {
    std::string told = fmt::format(R"({},"status":"{}")", init_phase(report.in_invocation), status);
    if (!report.error_type.empty()) told += ",\"errorType\":" + json_string(report.error_type);
    add(out, record, ok ? "DEBUG" : "WARN", now, "initRuntimeDone", told);
    add(out, record, ok ? "DEBUG" : "WARN", now, "initReport",
        fmt::format(R"({},"metrics":{{"durationMs":{}}})", told, number(milliseconds(report.duration))));
  } else if (!ok) {
    out.push_back(fmt::format("INIT_REPORT Init Duration: {:.2f} ms\tPhase: {}\tStatus: {}",
                              milliseconds(report.duration), report.in_invocation ? "invoke" : "init", status));
    if (!report.error_type.empty()) out.back() += "\tError Type: " + report.error_type;
  }
  return out;
}

LogEvents start_events(const FunctionRecord& record, std::string_view request_id, base::Timestamp now) {
  if (!record.logs_json()) return {fmt::format("START RequestId: {} Version: {}", request_id, record.version)};
  LogEvents out;
  add(out, record, "INFO", now, "start",
      fmt::format(R"("requestId":{},"functionArn":{},"version":{})", json_string(request_id), json_string(record.arn()),
                  json_string(record.version)));
  return out;
}

LogEvents end_events(const FunctionRecord& record, std::string_view request_id, const InvokeOutcome& outcome,
                     base::Timestamp now) {
  return record.logs_json() ? json_end(record, request_id, outcome, now) : text_end(record, request_id, outcome, now);
}

bool passes_level(std::string_view line, std::string_view application_log_level) {
  if (!line.starts_with('{')) return true;
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  std::string_view level;
  if (parser.parse(simdjson::padded_string(line)).get(object) != simdjson::SUCCESS ||
      object["level"].get(level) != simdjson::SUCCESS) {
    return true;
  }
  std::string upper(level);
  std::ranges::transform(upper, upper.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  if (upper == "WARNING") upper = "WARN";
  if (upper == "CRITICAL") upper = "FATAL";
  return rank_of(upper) >= rank_of(application_log_level);
}

}  // namespace engine::lambda
