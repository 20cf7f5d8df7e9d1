#include "like_aws/function_states.h"

#include "aws/lambda/errors.h"
#include "aws/lambda/lambda.h"
#include "like_aws/names.h"

namespace like_aws {
namespace {

namespace api = aws::lambda;
using std::chrono::milliseconds;

constexpr std::string_view kPending = "function pending";
constexpr std::string_view kUpdating = "function updating";
constexpr milliseconds kPendingMin{500}, kPendingMax{5000};
constexpr milliseconds kUpdatingMin{300}, kUpdatingMax{3000};

bool is_update(const Call& call) {
  return call.is("UpdateFunctionCode") || call.is("UpdateFunctionConfiguration");
}

}  // namespace

void FunctionStates::show(const Call& call, api::FunctionConfiguration& configuration) {
  const std::string key = call.regional(configuration.function_name.value_or(""));
  if (configuration.version.value_or("$LATEST") != "$LATEST") return;
  if (conditions_.delayed(call, kPending, key)) {
    configuration.state = "Pending";
    configuration.state_reason = "The function is being created.";
    configuration.state_reason_code = "Creating";
    configuration.last_update_status.reset();
    return conditions_.tell(call, "FunctionState", "still Pending: " + *configuration.function_name);
  }
  if (!conditions_.delayed(call, kUpdating, key)) return;
  configuration.last_update_status = "InProgress";
  configuration.last_update_status_reason = "The function is being created.";
  configuration.last_update_status_reason_code = "Creating";
  conditions_.tell(call, "FunctionState", "update still InProgress: " + *configuration.function_name);
}

std::optional<base::AwsError> FunctionStates::refusal(const Call& call, const std::string& name) {
  const std::string key = call.regional(name);
  const auto conflict = [](std::string text) {
    return api::errors::resource_conflict_exception("The operation cannot be performed at this time. " + text,
                                                    {.type = "User", .message = {}});
  };
  if (conditions_.delayed(call, kPending, key))
    return conflict("The function is currently in the following state: Pending");
  if (call.is("Invoke") || !conditions_.delayed(call, kUpdating, key)) return std::nullopt;
  return conflict("An update is in progress for resource: arn:aws:lambda:" + call.context.region + ":" +
                  call.context.account + ":function:" + name);
}

base::Result<void> FunctionStates::around(Call& call, const CarryOut& carry_out) {
  const std::string name = function_name(call.text("FunctionName"));
  const std::string key = call.regional(name);
  if (is_update(call) || call.is("PublishVersion") || call.is("Invoke")) {
    if (auto error = refusal(call, name)) return conditions_.refuse(call, "FunctionState", std::move(*error));
  }
  TRY(carry_out());
  if (call.is("CreateFunction")) {
    conditions_.delay(call, kPending, key, kPendingMin, kPendingMax);
    conditions_.tell(call, "FunctionState", "Pending for a while: " + name);
  } else if (is_update(call)) {
    conditions_.delay(call, kUpdating, key, kUpdatingMin, kUpdatingMax);
    conditions_.tell(call, "FunctionState", "an update InProgress for a while: " + name);
  } else if (call.is("DeleteFunction")) {
    conditions_.delays.end(kPending, key);
    conditions_.delays.end(kUpdating, key);
  } else if (call.is("GetFunctionConfiguration")) {
    show(call, call.output<api::FunctionConfiguration>());
  } else if (auto* got = call.is("GetFunction") ? &call.output<api::GetFunctionResponse>() : nullptr;
             got != nullptr && got->configuration) {
    show(call, *got->configuration);
  }
  return {};
}

}  // namespace like_aws
