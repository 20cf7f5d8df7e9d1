#include <algorithm>
#include <utility>

#include "aws/lambda/errors.h"
#include "engine/arn.h"
#include "engine/lambda/answers.h"
#include "engine/lambda/function_checks.h"
#include "engine/lambda/keys.h"
#include "engine/lambda/limits.h"
#include "engine/lambda/service.h"

namespace engine::lambda {

using namespace aws::lambda;

namespace {

base::AwsError no_such_function() {
  return not_found("The function doesn't exist.");
}

base::AwsError no_such_config(const aws::Context& context, const FunctionName& name) {
  return not_found("The function " +
                   make_arn("lambda", context.region, context.account, "function:" + name.name + ":" + name.qualifier) +
                   " doesn't have an EventInvokeConfig");
}

std::string destination_of(const auto& side) {
  return side && side->destination ? *side->destination : std::string();
}

std::string shown_destination(const char* type, const std::string& arn) {
  return arn.empty() ? "null" : std::string(type) + "(destination=" + arn + ")";
}

}  // namespace

base::Result<void> LambdaService::check_destination(const Context& context, const FunctionRecord& record,
                                                    const std::string& target_arn) {
  const SendAction action = send_action(target_arn);
  if (action.service == "Lambda") {
    const auto target = resolve_function_name(context, target_arn, {}, "lambda:InvokeFunction");
    if (target && target->name == record.name) {
      return base::fail(invalid_parameter("You can't specify the function as a destination for itself."));
    }
    if (!target || !find(context, target->name, std::nullopt, "lambda:InvokeFunction")) {
      return base::fail(invalid_parameter("The destination ARN " + target_arn + " is invalid."));
    }
  }
  if (destinations_.may_send(record.account, record.region, record.name, record.role, target_arn)) return {};
  return base::fail(invalid_parameter("The function's execution role does not have permissions to call " +
                                      std::string(action.operation) + " on " + target_arn));
}

base::Result<FunctionEventInvokeConfig> LambdaService::set_event_invoke_config(Context& context,
                                                                               PutFunctionEventInvokeConfigRequest in,
                                                                               bool update) {
  TRY_ASSIGN(FunctionName name,
             resolve_function_name(context, in.function_name, in.qualifier, "lambda:PutFunctionEventInvokeConfig"));
  if (!in.maximum_retry_attempts && !in.maximum_event_age_in_seconds && !in.destination_config) {
    return base::fail(invalid_parameter("You must specify at least one of error handling or destination setting."));
  }
  const auto function = find(context, name.name, name.qualifier, "lambda:PutFunctionEventInvokeConfig");
  if (!function) return base::fail(no_such_function());
  if (name.qualifier.empty()) name.qualifier = "$LATEST";
  TRY(check_between(in.maximum_retry_attempts, 0, kAsyncRetriesMax, "maximumRetryAttempts"));
  TRY(check_between(in.maximum_event_age_in_seconds, kAsyncAgeSecondsMin, kAsyncAgeSecondsMax,
                    "maximumEventAgeInSeconds"));
  const auto& given = in.destination_config;
  const std::string on_success = given ? destination_of(given->on_success) : "";
  const std::string on_failure = given ? destination_of(given->on_failure) : "";
  for (const std::string& target : {on_success, on_failure}) {
    if (target.empty()) continue;
    if (send_action(target).service.empty()) {
      return base::fail(invalid_parameter(
          "The provided destination config DestinationConfig(onSuccess=" + shown_destination("OnSuccess", on_success) +
          ", onFailure=" + shown_destination("OnFailure", on_failure) + ") is invalid."));
    }
    TRY(check_destination(context, *function->record, target));
  }

  const std::lock_guard lock(mutex_);
  const auto found = find_entry(context, name.name);
  if (!found) return base::fail(no_such_function());
  auto& configs = (*found)->second.event_invoke;
  const auto known = configs.find(name.qualifier);
  if (update && known == configs.end()) return base::fail(no_such_config(context, name));
  EventInvokeRecord record;
  if (update) record = known->second;
  record.account = context.account;
  record.region = context.region;
  record.function_name = name.name;
  record.qualifier = name.qualifier;
  record.last_modified = context.now;
  if (in.maximum_retry_attempts) record.retries_max = in.maximum_retry_attempts;
  if (in.maximum_event_age_in_seconds) record.age_seconds_max = in.maximum_event_age_in_seconds;
  if (given && given->on_success) record.on_success = on_success;
  if (given && given->on_failure) record.on_failure = on_failure;
  store::WriteBatch batch;
  batch.put(record.key(), record.encode());
  store_.write(batch);
  auto out = record.configuration();
  configs[name.qualifier] = std::move(record);
  return out;
}

base::Result<FunctionEventInvokeConfig> LambdaService::put_function_event_invoke_config(
    Context& context, PutFunctionEventInvokeConfigRequest in) {
  return set_event_invoke_config(context, std::move(in), false);
}

base::Result<FunctionEventInvokeConfig> LambdaService::update_function_event_invoke_config(
    Context& context, UpdateFunctionEventInvokeConfigRequest in) {
  PutFunctionEventInvokeConfigRequest put;
  put.function_name = std::move(in.function_name);
  put.qualifier = std::move(in.qualifier);
  put.maximum_retry_attempts = in.maximum_retry_attempts;
  put.maximum_event_age_in_seconds = in.maximum_event_age_in_seconds;
  put.destination_config = std::move(in.destination_config);
  return set_event_invoke_config(context, std::move(put), true);
}

base::Result<FunctionEventInvokeConfig> LambdaService::get_function_event_invoke_config(
    Context& context, GetFunctionEventInvokeConfigRequest in) {
  TRY_ASSIGN(FunctionName name,
             resolve_function_name(context, in.function_name, in.qualifier, "lambda:GetFunctionEventInvokeConfig"));
  if (name.qualifier.empty()) name.qualifier = "$LATEST";
  const std::lock_guard lock(mutex_);
  const auto found = find_entry(context, name.name);
  if (!found) return base::fail(no_such_function());
  const auto& configs = (*found)->second.event_invoke;
  const auto known = configs.find(name.qualifier);
  if (known == configs.end()) return base::fail(no_such_config(context, name));
  return known->second.configuration();
}

base::Result<DeleteFunctionEventInvokeConfigResponse> LambdaService::delete_function_event_invoke_config(
    Context& context, DeleteFunctionEventInvokeConfigRequest in) {
  TRY_ASSIGN(FunctionName name,
             resolve_function_name(context, in.function_name, in.qualifier, "lambda:DeleteFunctionEventInvokeConfig"));
  if (name.qualifier.empty()) name.qualifier = "$LATEST";
  const std::lock_guard lock(mutex_);
  const auto found = find_entry(context, name.name);
  if (!found) return base::fail(no_such_function());
  auto& configs = (*found)->second.event_invoke;
  const auto known = configs.find(name.qualifier);
  if (known == configs.end()) return base::fail(no_such_config(context, name));
  store::WriteBatch batch;
  batch.erase(known->second.key());
  store_.write(batch);
  configs.erase(known);
  return DeleteFunctionEventInvokeConfigResponse();
}

base::Result<ListFunctionEventInvokeConfigsResponse> LambdaService::list_function_event_invoke_configs(
    Context& context, ListFunctionEventInvokeConfigsRequest in) {
  TRY_ASSIGN(const std::string name,
             resolve_whole_function(context, in.function_name, "lambda:ListFunctionEventInvokeConfigs"));
  const auto count_max = static_cast<std::size_t>(
      std::clamp(in.max_items.value_or(kListEventInvokeConfigsMax), 1, kListEventInvokeConfigsMax));
  const std::lock_guard lock(mutex_);
  const auto found = find_entry(context, name);
  if (!found) return base::fail(no_such_function());
  const auto& configs = (*found)->second.event_invoke;
  ListFunctionEventInvokeConfigsResponse out;
  auto& listed = out.function_event_invoke_configs.emplace();
  auto at = in.marker ? configs.upper_bound(*in.marker) : configs.begin();
  for (std::string last; at != configs.end(); ++at) {
    if (listed.size() == count_max) {
      out.next_marker = last;
      break;
    }
    last = at->first;
    listed.push_back(at->second.configuration());
  }
  return out;
}

}  // namespace engine::lambda
