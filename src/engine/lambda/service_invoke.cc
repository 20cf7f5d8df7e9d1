#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/encoding.h"
#include "engine/lambda/answers.h"
#include "engine/lambda/function_name.h"
#include "engine/lambda/json_check.h"
#include "engine/lambda/keys.h"
#include "engine/lambda/limits.h"
#include "engine/lambda/service.h"
#include "engine/record.h"

namespace engine::lambda {

using namespace aws::lambda;
using runtime::InvokeOutcome;
using runtime::OutcomeKind;

namespace {

enum Field : uint32_t {
  kAccount = 1,
  kRegion = 2,
  kName = 3,
  kRequestId = 4,
  kPayload = 5,
  kTrace = 6,
  kErrors = 7,      // times the function failed
  kAcceptedAt = 8,  // of the first entry, if this one replaces it
};

// An asynchronous invocation as the outbox keeps it.
struct AsyncEvent {
  std::string account;
  std::string region;
  std::string name;
  std::string request_id;
  std::string payload;
  std::string trace_id;
  int32_t errors = 0;
  base::Timestamp accepted_at;

  [[nodiscard]] std::string encode() const {
    RecordWriter writer;
    writer.text(kAccount, account).text(kRegion, region).text(kName, name).text(kRequestId, request_id);
    writer.text(kPayload, payload).text(kTrace, trace_id).number(kErrors, static_cast<uint64_t>(errors));
    writer.number(kAcceptedAt, static_cast<uint64_t>(accepted_at.time_since_epoch().count()));
    return writer.take();
  }
  static AsyncEvent decode(std::string_view bytes) {
    AsyncEvent out;
    for (RecordReader reader(bytes); reader.next();) {
      switch (reader.field()) {
        case kAccount:
          out.account = reader.text();
          break;
        case kRegion:
          out.region = reader.text();
          break;
        case kName:
          out.name = reader.text();
          break;
        case kRequestId:
          out.request_id = reader.text();
          break;
        case kPayload:
          out.payload = reader.text();
          break;
        case kTrace:
          out.trace_id = reader.text();
          break;
        case kErrors:
          out.errors = static_cast<int32_t>(reader.number());
          break;
        case kAcceptedAt:
          out.accepted_at = base::Timestamp(base::Duration(reader.number()));
          break;
        default:
          break;
      }
    }
    return out;
  }
};

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

}  // namespace

base::Result<void> LambdaService::authorise(const aws::Context& context, const FunctionRecord& record,
                                            std::string_view action) const {
  const bool own =
      context.principal.kind != aws::Principal::Kind::service && context.principal.account == record.account;
  if (own) return {};
  const std::string policy = record.policy_json();
  if (options_.allows && !policy.empty() && options_.allows(policy, context, action, record.arn())) return {};
  return base::fail(not_authorised(context, action, record.arn()));
}

base::Result<InvocationResponse> LambdaService::invoke(aws::Context& context, InvocationRequest in) {
  TRY_ASSIGN(const Function function, find(context, in.function_name, in.qualifier, "lambda:InvokeFunction"));
  TRY(authorise(context, *function.record, "lambda:InvokeFunction"));
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
  out.executed_version = "$LATEST";
  if (finished.outcome.kind != OutcomeKind::ok) out.function_error = "Unhandled";
  if (in.log_type == "Tail") out.log_result = log_result(std::move(finished.report));
  out.payload = std::move(finished.outcome.payload);
  return out;
}

base::Result<LambdaService::Finished> LambdaService::run(const Function& function, runtime::InvokeRequest request) {
  const FunctionRecord& record = *function.record;
  const std::string request_id = request.request_id;
  request.invoked_function_arn = record.arn();
  InvocationReport report{record.account, record.region, record.name, {}, false, false};
  Finished finished;
  InvokeOutcome& outcome = finished.outcome;
  for (std::size_t attempt = 1;; ++attempt) {
    auto acquired = pool_.acquire(function.runnable, record.reserved_concurrency);
    if (!acquired) {
      report.throttled = is_throttle(acquired.error());
      if (report.throttled && options_.observe) options_.observe(report);
      return base::fail(std::move(acquired).error());
    }
    if (!*acquired) {
      outcome = runtime::start_failed_outcome(request_id, acquired->error());
      break;
    }
    std::unique_ptr<Instance> instance = std::move(**acquired);
    const std::string start = "START RequestId: " + request_id + " Version: $LATEST";
    instance->log->append(start);
    const bool last = attempt == kStartAttemptsMax;
    outcome = instance->running->invoke(last ? std::move(request) : request);
    // An idle instance may end just as it is given an event; the event may safely go to another one.
    const bool unseen = outcome.kind == OutcomeKind::exited && !outcome.delivered && !outcome.init_duration;
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
    if (unseen && !last && !pool_.stopping()) continue;
    finished.report = start + "\n" + std::exchange(outcome.log_tail, {});
    if (!finished.report.ends_with('\n')) finished.report += '\n';
    finished.report += end + "\n" + summary + "\n";
    break;
  }
  report.duration = outcome.duration;
  report.error = outcome.kind != OutcomeKind::ok;
  if (options_.observe) options_.observe(report);
  return finished;
}

base::Result<InvocationResponse> LambdaService::invoke_later(aws::Context& context, const Function& function,
                                                             InvocationRequest in) {
  AsyncEvent event;
  event.account = function.record->account;
  event.region = function.record->region;
  event.name = function.record->name;
  event.request_id = context.request_id.empty() ? base::make_uuid(env_.random) : context.request_id;
  event.payload = std::move(*in.payload);
  event.trace_id = context.trace_header;
  event.accepted_at = context.now;
  store::WriteBatch batch;
  const auto ticket = async_.add(batch, context.now, context.now, event.encode());
  store_.write(batch);
  async_.release(ticket);
  InvocationResponse out;
  out.status_code = 202;
  out.payload = "";
  return out;
}

// Item 17. Failures of the function are tried again twice, after one and two minutes; throttles and failures of the
// engine with growing pauses until the event is six hours old.
std::optional<base::Timestamp> LambdaService::deliver(const Outbox::Entry& entry) {
  AsyncEvent event = AsyncEvent::decode(entry.payload);
  const base::Timestamp now = env_.clock.now();
  if (now - event.accepted_at >= kAsyncAgeMax) return std::nullopt;
  Function function;
  {
    const std::lock_guard lock(mutex_);
    const auto found = functions_.find(keys::function(event.account, event.region, event.name));
    if (found == functions_.end()) return std::nullopt;
    function = found->second;
  }
  runtime::InvokeRequest request;
  request.request_id = event.request_id;
  request.trace_id = event.trace_id;
  request.payload = event.payload;
  const auto finished = run(function, std::move(request));
  if (finished && finished->outcome.kind == OutcomeKind::ok) return std::nullopt;
  const base::Timestamp ended = env_.clock.now();
  if (pool_.stopping()) return ended;  // interrupted: owed to the next process
  if (!finished) {
    const uint64_t doublings = std::min<uint64_t>(entry.attempts, 9);
    return ended + std::min<base::Duration>(kThrottleRetryMin * (1 << doublings), kThrottleRetryMax);
  }
  if (event.errors >= kAsyncRetriesMax) return std::nullopt;
  // The count of failures is part of the entry, so a new entry takes this one's place. A crash between the two leaves
  // both, which "at least once" allows.
  const base::Duration delay = kAsyncRetryDelay * (1 << event.errors);
  ++event.errors;
  store::WriteBatch batch;
  const auto ticket = async_.add(batch, ended, ended + delay, event.encode());
  store_.write(batch);
  async_.release(ticket);
  return std::nullopt;
}

}  // namespace engine::lambda
