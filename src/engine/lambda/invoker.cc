#include "engine/lambda/invoker.h"

#include <fmt/format.h>

#include <utility>

#include "engine/lambda/answers.h"
#include "engine/lambda/json_check.h"
#include "engine/lambda/limits.h"

namespace engine::lambda {

using runtime::InvokeOutcome;
using runtime::OutcomeKind;

namespace {

double milliseconds(base::Duration d) {
  return std::chrono::duration<double, std::milli>(d).count();
}

// Item 18.
std::string report_line(const std::string& request_id, const FunctionRecord& record, const InvokeOutcome& outcome) {
  const base::Duration billed = std::chrono::ceil<std::chrono::milliseconds>(
      outcome.duration + outcome.init_duration.value_or(base::Duration(0)));
  std::string out = fmt::format(
      "REPORT RequestId: {}\tDuration: {:.2f} ms\tBilled Duration: {} ms\tMemory Size: {} MB\tMax Memory Used: {} MB\t",
      request_id, milliseconds(outcome.duration), billed / std::chrono::milliseconds(1), record.memory_size_mb,
      (outcome.max_memory_used_bytes + (1 << 20) - 1) >> 20);
  if (outcome.init_duration) out += fmt::format("Init Duration: {:.2f} ms\t", milliseconds(*outcome.init_duration));
  if (outcome.kind == OutcomeKind::timed_out) out += "Status: timeout\t";
  if (outcome.kind == OutcomeKind::exited || outcome.kind == OutcomeKind::init_failed) {
    out += "Status: error\tError Type: " + outcome.error_type + "\t";
  }
  return out;
}

// AWS begins a trace for who did not, also where nothing is recorded: programs rest on _X_AMZN_TRACE_ID being there.
std::string new_trace_header(base::Env& env) {
  constexpr std::string_view kHex = "0123456789abcdef";
  return fmt::format("Root=1-{:08x}-{};Parent={};Sampled=0", base::to_epoch_milliseconds(env.clock.now()) / 1000,
                     base::random_string(env.random, 24, kHex), base::random_string(env.random, 16, kHex));
}

std::string start_line(const std::string& request_id, const FunctionRecord& record) {
  return "START RequestId: " + request_id + " Version: " + record.version;
}

std::string with_newline(std::string text) {
  if (!text.empty() && !text.ends_with('\n')) text += '\n';
  return text;
}

// The engine has ended the function's process: no error of the function, whose alarm must not go off for it.
std::unexpected<base::AwsError> interrupted(InvocationMetrics& metrics) {
  metrics.abandon();
  return base::fail(stopping());
}

}  // namespace

std::shared_ptr<InvocationMetrics> Invoker::metrics_of(const Function& function) {
  const FunctionRecord& record = *function.record;
  return metrics_.of({record.account, record.region, record.name, function.qualifier,
                      function.alias ? std::string_view(record.version) : std::string_view()});
}

base::Result<Invoker::Finished> Invoker::run(const Function& function, runtime::InvokeRequest request) {
  const FunctionRecord& record = *function.record;
  request.invoked_function_arn = function.arn();
  if (request.trace_id.empty()) request.trace_id = new_trace_header(env_);
  const auto metrics = metrics_of(function);
  const base::Timestamp began = env_.clock.now();
  Finished finished;
  for (std::size_t attempt = 1;; ++attempt) {
    auto acquired = pool_.acquire(function.runnable, function.reserved_concurrency);
    if (!acquired) {
      if (is_throttle(acquired.error())) metrics->throttled(began);
      return base::fail(std::move(acquired).error());
    }
    metrics->begin(began);
    if (!*acquired) {
      if (pool_.stopping()) return interrupted(*metrics);
      const StartFailure& failure = acquired->error();
      finished.outcome = runtime::start_failed_outcome(request.request_id, failure.error);
      if (failure.log) finished.report = log_end(*failure.log, record, request.request_id, finished.outcome, false);
      metrics->end(began, finished.outcome.duration, true);
      return finished;
    }
    const bool last = attempt == kStartAttemptsMax;
    finished = run_on(std::move(**acquired), record, last ? std::move(request) : request);
    const InvokeOutcome& outcome = finished.outcome;
    if (outcome.kind == OutcomeKind::exited && pool_.stopping()) return interrupted(*metrics);
    // An idle instance may end just as it is given an event; the event may safely go to another one.
    const bool unseen = outcome.kind == OutcomeKind::exited && !outcome.delivered && !outcome.init_duration;
    if (unseen && !last) {
      metrics->abandon();
      continue;
    }
    metrics->end(began, outcome.duration, outcome.kind != OutcomeKind::ok);
    return finished;
  }
}

// The lines that end an invocation, and the one that begins it if that is missing because it never came so far. Returns
// all that the log says of the invocation.
std::string Invoker::log_end(LogStream& log, const FunctionRecord& record, const std::string& request_id,
                             InvokeOutcome& outcome, bool begun) {
  const std::string start = start_line(request_id, record);
  if (!begun) log.append(start);
  std::string out = with_newline(std::exchange(outcome.init_log_tail, {})) + start + "\n";
  out += with_newline(std::exchange(outcome.log_tail, {}));
  const auto add = [&](std::string line) {
    out += line + "\n";
    log.append(std::move(line));
  };
  if (outcome.kind == OutcomeKind::timed_out) {
    add(fmt::format("{} {} Task timed out after {:.2f} seconds", base::format_iso8601_milliseconds(env_.clock.now()),
                    request_id, static_cast<double>(record.timeout_seconds)));
  }
  // Why a runtime ended or did not start, which nothing that it wrote itself may tell.
  if (outcome.kind == OutcomeKind::exited || outcome.kind == OutcomeKind::init_failed) {
    const std::string reason = error_message_of(outcome.payload);
    if (reason.starts_with("RequestId: " + request_id)) add(reason + "\n" + outcome.error_type);
  }
  add("END RequestId: " + request_id);
  add(report_line(request_id, record, outcome));
  return out;
}

Invoker::Finished Invoker::run_on(std::unique_ptr<Instance> instance, const FunctionRecord& record,
                                  runtime::InvokeRequest request) {
  Finished finished;
  InvokeOutcome& outcome = finished.outcome;
  const std::string request_id = request.request_id;
  const std::shared_ptr<LogStream> log = instance->log;
  bool begun = false;
  request.on_begin = [&] {
    log->append(start_line(request_id, record));
    begun = true;
  };
  outcome = instance->running->invoke(std::move(request));
  finished.report = log_end(*log, record, request_id, outcome, begun);
  const bool healthy = outcome.kind == OutcomeKind::ok || outcome.kind == OutcomeKind::function_error;
  const bool reusable = healthy && instance->running->alive();
  pool_.release(std::move(instance), reusable);
  return finished;
}

}  // namespace engine::lambda
