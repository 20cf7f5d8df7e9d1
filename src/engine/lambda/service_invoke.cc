#include <fmt/format.h>

#include <utility>

#include "base/encoding.h"
#include "engine/lambda/answers.h"
#include "engine/lambda/function_name.h"
#include "engine/lambda/json_check.h"
#include "engine/lambda/keys.h"
#include "engine/lambda/limits.h"
#include "engine/lambda/service.h"

namespace engine::lambda {

using namespace aws::lambda;
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

base::Result<std::string> decode_client_context(const std::optional<std::string>& header) {
  if (!header || header->empty()) return std::string();
  std::optional<std::string> json;
  if (header->size() <= kClientContextBytesMax) json = base::base64_decode(*header);
  if (!json || !is_json_object(*json)) {
    return base::fail(invalid_content("Client context must be a valid Base64-encoded JSON object."));
  }
  return std::move(*json);
}

base::Result<void> check_payload(const std::string& payload, bool synchronous) {
  const std::size_t bytes_max = synchronous ? kSyncPayloadBytesMax : kAsyncPayloadBytesMax;
  if (payload.size() > bytes_max) {
    return base::fail(
        request_too_large(fmt::format("{} byte payload is too large for the {} invocation type (limit {} bytes)",
                                      payload.size(), synchronous ? "RequestResponse" : "Event", bytes_max)));
  }
  if (payload.empty()) return {};
  if (const auto problem = json_problem(payload)) {
    return base::fail(invalid_content("Could not parse request body into json: " + *problem));
  }
  return {};
}

// The last 4 KB, base64.
std::string log_result(std::string text) {
  if (text.size() > runtime::kLogTailBytesMax) text.erase(0, text.size() - runtime::kLogTailBytesMax);
  return base::base64_encode(text);
}

// The engine has ended the function's process: no error of the function, whose alarm must not go off for it.
std::unexpected<base::AwsError> interrupted(InvocationMetrics& metrics) {
  metrics.abandon();
  return base::fail(stopping());
}

}  // namespace

base::Result<void> LambdaService::authorise(const aws::Context& context, const Function& function,
                                            std::string_view action) const {
  const bool own =
      context.principal.kind != aws::Principal::Kind::service && context.principal.account == function.record->account;
  if (own) return {};
  const std::string policy = function.policy().json();
  const std::string arn = function.qualifier == "$LATEST" ? function.record->arn() : function.arn();
  if (options_.allows && !policy.empty() && options_.allows(policy, context, action, arn)) return {};
  return base::fail(not_authorised(context, action, arn));
}

base::Result<InvocationResponse> LambdaService::invoke(aws::Context& context, InvocationRequest in) {
  TRY_ASSIGN(const Function function, find(context, in.function_name, in.qualifier, "lambda:InvokeFunction"));
  TRY(authorise(context, function, "lambda:InvokeFunction"));
  const std::string type = in.invocation_type.value_or("RequestResponse");
  std::string payload = std::move(in.payload).value_or("");
  TRY(check_payload(payload, type != "Event"));
  if (payload.empty()) payload = "{}";
  InvocationResponse out;
  if (type == "DryRun") {
    out.status_code = 204;
    return out;
  }
  in.payload = std::move(payload);
  if (type == "Event") return invoke_later(context, function, std::move(in));
  if (type != "RequestResponse") return base::fail(invalid_parameter("Unknown invocation type " + type));

  runtime::InvokeRequest request;
  TRY_ASSIGN(request.client_context, decode_client_context(in.client_context));
  request.request_id = context.request_id.empty() ? base::make_uuid(env_.random) : context.request_id;
  request.trace_id = context.trace_header;
  request.payload = std::move(*in.payload);
  TRY_ASSIGN(Finished finished, run(function, std::move(request)));
  out.status_code = 200;
  out.executed_version = function.record->version;
  if (finished.outcome.kind != OutcomeKind::ok) out.function_error = "Unhandled";
  if (in.log_type == "Tail") out.log_result = log_result(std::move(finished.report));
  out.payload = std::move(finished.outcome.payload);
  return out;
}

base::Result<LambdaService::Finished> LambdaService::run(const Function& function, runtime::InvokeRequest request) {
  const FunctionRecord& record = *function.record;
  request.invoked_function_arn = function.arn();
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
      finished.outcome = runtime::start_failed_outcome(request.request_id, acquired->error());
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

LambdaService::Finished LambdaService::run_on(std::unique_ptr<Instance> instance, const FunctionRecord& record,
                                              runtime::InvokeRequest request) {
  Finished finished;
  InvokeOutcome& outcome = finished.outcome;
  const std::string request_id = request.request_id;
  const std::string start = "START RequestId: " + request_id + " Version: " + record.version;
  instance->log->append(start);
  outcome = instance->running->invoke(std::move(request));
  if (outcome.kind == OutcomeKind::timed_out) {
    instance->log->append(fmt::format("{} {} Task timed out after {:.2f} seconds",
                                      base::format_iso8601_milliseconds(env_.clock.now()), request_id,
                                      static_cast<double>(record.timeout_seconds)));
  }
  const std::string end = "END RequestId: " + request_id;
  const std::string summary = report_line(request_id, record, outcome);
  instance->log->append(end);
  instance->log->append(summary);
  const bool healthy = outcome.kind == OutcomeKind::ok || outcome.kind == OutcomeKind::function_error;
  const bool reusable = healthy && instance->running->alive();
  pool_.release(std::move(instance), reusable);
  finished.report = start + "\n" + std::exchange(outcome.log_tail, {});
  if (!finished.report.ends_with('\n')) finished.report += '\n';
  finished.report += end + "\n" + summary + "\n";
  return finished;
}

base::Result<InvocationResponse> LambdaService::invoke_later(aws::Context& context, const Function& function,
                                                             InvocationRequest in) {
  AsyncEvent event;
  event.account = function.record->account;
  event.region = function.record->region;
  event.name = function.record->name;
  event.qualifier = function.qualifier;
  event.request_id = context.request_id.empty() ? base::make_uuid(env_.random) : context.request_id;
  event.payload = std::move(*in.payload);
  event.trace_id = context.trace_header;
  event.accepted_at = context.now;
  async_.accept(event);
  metrics_of(function)->add(Metric::async_events_received, 1, context.now);
  InvocationResponse out;
  out.status_code = 202;
  out.payload = "";
  return out;
}

std::optional<LambdaService::Settings> LambdaService::async_settings(const AsyncEvent& event) {
  Settings out;
  Function function;
  {
    const std::lock_guard lock(mutex_);
    const auto found = functions_.find(keys::function(event.account, event.region, event.name));
    if (found == functions_.end()) return std::nullopt;
    auto selected = found->second.select(event.qualifier, env_.random);
    if (!selected) return std::nullopt;
    function = std::move(*selected);
    const auto& configs = found->second.event_invoke;
    const auto config = configs.find(event.qualifier.empty() ? "$LATEST" : event.qualifier);
    if (config != configs.end()) {
      const EventInvokeRecord& record = config->second;
      out.retries_max = record.retries_max.value_or(kAsyncRetriesMax);
      if (record.age_seconds_max) out.age_max = std::chrono::seconds(*record.age_seconds_max);
      out.on_success = record.on_success;
      out.on_failure = record.on_failure;
    }
  }
  out.dead_letter_arn = function.record->dead_letter_arn;
  out.role = function.record->role;
  out.function_arn = function.record->arn() + ":" + (event.qualifier.empty() ? "$LATEST" : event.qualifier);
  out.blocked = function.reserved_concurrency == 0;
  out.metrics = metrics_of(function);
  return out;
}

base::Result<AsyncFunctions::Answer> LambdaService::run_async(const AsyncEvent& event) {
  aws::Context context;  // of nobody: who may invoke was decided when the event was accepted
  context.account = event.account;
  context.region = event.region;
  const Name qualifier = event.qualifier.empty() ? std::nullopt : Name(event.qualifier);
  TRY_ASSIGN(const Function function, find(context, event.name, qualifier, "lambda:InvokeFunction"));
  runtime::InvokeRequest request;
  request.request_id = event.request_id;
  request.trace_id = event.trace_id;
  request.payload = event.payload;
  TRY_ASSIGN(Finished finished, run(function, std::move(request)));
  return Answer{std::move(finished.outcome), function.record->version};
}

std::optional<int32_t> LambdaService::mapped_timeout_seconds(const MappingRecord& mapping) {
  const std::lock_guard lock(mutex_);
  const auto found = functions_.find(keys::function(mapping.account, mapping.region, mapping.function_name));
  if (found == functions_.end()) return std::nullopt;
  const auto function = found->second.select(mapping.qualifier, env_.random);
  return function ? std::optional(function->record->timeout_seconds) : std::nullopt;
}

QueuePoller::Answer LambdaService::invoke_mapped(const MappingRecord& mapping, std::string event) {
  aws::Context context;
  context.account = mapping.account;
  context.region = mapping.region;
  const Name qualifier = mapping.qualifier.empty() ? std::nullopt : Name(mapping.qualifier);
  const auto function = find(context, mapping.function_name, qualifier, "lambda:InvokeFunction");
  if (!function) return {false, {}, "The function does not exist any more."};
  runtime::InvokeRequest request;
  request.request_id = base::make_uuid(env_.random);
  request.payload = std::move(event);
  auto finished = run(*function, std::move(request));
  if (!finished) return {};
  return {finished->outcome.kind == OutcomeKind::ok, std::move(finished->outcome.payload), {}};
}

}  // namespace engine::lambda
