#include <fmt/format.h>

#include <mutex>
#include <utility>

#include "aws/lambda/errors.h"
#include "aws/parking.h"
#include "base/encoding.h"
#include "engine/lambda/answers.h"
#include "engine/lambda/function_name.h"
#include "engine/lambda/json_check.h"
#include "engine/lambda/keys.h"
#include "engine/lambda/limits.h"
#include "engine/lambda/service.h"

namespace engine::lambda {

using namespace aws::lambda;
using runtime::OutcomeKind;

namespace {

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

InvocationResponse answer_to_invoke(const std::string& executed_version, bool wants_log, Invoker::Finished finished) {
  InvocationResponse out;
  out.status_code = 200;
  out.executed_version = executed_version;
  if (finished.outcome.kind != OutcomeKind::ok) out.function_error = "Unhandled";
  if (wants_log) out.log_result = log_result(std::move(finished.report));
  out.payload = std::move(finished.outcome.payload);
  return out;
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

base::Result<Function> LambdaService::find_to_invoke(const aws::Context& context, const InvocationRequest& in) {
  constexpr std::string_view kAction = "lambda:InvokeFunction";
  const std::string owner = account_in(context, in.function_name);
  aws::Context there = context;
  there.account = owner;
  auto function = find(there, in.function_name, in.qualifier, kAction);
  // Who is not of its account does not learn whether it exists.
  if (!function && owner != context.account) {
    return base::fail(not_authorised(context, kAction, in.function_name.value_or("")));
  }
  if (function) TRY(authorise(context, *function, kAction));
  if (!function && function.error().code == errors::kResourceNotFoundException.code) {
    // Under the version that is meant.
    const auto named = resolve_function_name(there, in.function_name, in.qualifier, kAction);
    if (named && named->qualifier.empty()) return base::fail(function_not_found(there, named->name, "$LATEST"));
  }
  return function;
}

// A synchronous invocation that its caller has parked for.
struct LambdaService::ParkedInvoke {
  std::string executed_version;
  bool wants_log = false;
  std::mutex mutex;  // guards what follows
  std::optional<base::Result<Invoker::Finished>> finished;
};

base::Result<InvocationResponse> LambdaService::invoke(aws::Context& context, InvocationRequest in) {
  if (context.parking != nullptr && context.parking->state) return resume_invoke(context);
  TRY_ASSIGN(const Function function, find_to_invoke(context, in));
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
  const bool wants_log = in.log_type == "Tail";
  if (context.parking == nullptr) {
    TRY_ASSIGN(Invoker::Finished finished, invoker_.run(function, std::move(request)));
    return answer_to_invoke(function.record->version, wants_log, std::move(finished));
  }
  auto parked = std::make_shared<ParkedInvoke>();
  parked->executed_version = function.record->version;
  parked->wants_log = wants_log;
  context.parking->state = parked;
  // Goes on if the caller hangs up, as on AWS.
  invoker_.begin(function, std::move(request), [parked, wake = context.parking->waker()](auto finished) {
    {
      const std::lock_guard lock(parked->mutex);
      parked->finished = std::move(finished);
    }
    wake();
  });
  return resume_invoke(context);
}

base::Result<InvocationResponse> LambdaService::resume_invoke(aws::Context& context) {
  auto& parked = *static_cast<ParkedInvoke*>(context.parking->state.get());
  const std::lock_guard lock(parked.mutex);
  if (!parked.finished) return base::fail(context.parking->park(env_.clock.now() + kInvokeLooksAgain));
  TRY_ASSIGN(Invoker::Finished finished, std::move(*parked.finished));
  return answer_to_invoke(parked.executed_version, parked.wants_log, std::move(finished));
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
  invoker_.metrics_of(function)->add(Metric::async_events_received, 1, context.now);
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
  out.metrics = invoker_.metrics_of(function);
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
  TRY_ASSIGN(Invoker::Finished finished, invoker_.run(function, std::move(request)));
  return Answer{std::move(finished.outcome), function.record->version};
}

std::optional<int32_t> LambdaService::mapped_timeout_seconds(const MappingRecord& mapping) {
  const std::lock_guard lock(mutex_);
  const auto found = functions_.find(keys::function(mapping.account, mapping.region, mapping.function_name));
  if (found == functions_.end()) return std::nullopt;
  const auto function = found->second.select(mapping.qualifier, env_.random);
  return function ? std::optional(function->record->timeout_seconds) : std::nullopt;
}

std::optional<std::string_view> LambdaService::mapped_role_lacks(const MappingRecord& mapping) {
  std::optional<Function> function;
  {
    const std::lock_guard lock(mutex_);
    const auto found = functions_.find(keys::function(mapping.account, mapping.region, mapping.function_name));
    if (found != functions_.end()) function = found->second.select(mapping.qualifier, env_.random);
  }
  if (!function) return std::nullopt;  // deleted this moment; the poller will find out
  return destinations_.first_refused(
      *function->record, {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}, mapping.queue_arn);
}

QueuePoller::Answer LambdaService::invoke_mapped(const MappingRecord& mapping, std::string event) {
  aws::Context context;
  context.account = mapping.account;
  context.region = mapping.region;
  const Name qualifier = mapping.qualifier.empty() ? std::nullopt : Name(mapping.qualifier);
  const auto function = find(context, mapping.function_name, qualifier, "lambda:InvokeFunction");
  if (!function) return {.broken = "The function does not exist any more."};
  runtime::InvokeRequest request;
  request.request_id = base::make_uuid(env_.random);
  request.payload = std::move(event);
  auto finished = invoker_.run(*function, std::move(request));
  if (!finished) return {.cut_off = pool_.stopping()};
  return {.ok = finished->outcome.kind == OutcomeKind::ok, .payload = std::move(finished->outcome.payload)};
}

}  // namespace engine::lambda
