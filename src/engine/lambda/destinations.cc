#include "engine/lambda/destinations.h"

#include "aws/lambda/errors.h"
#include "aws/lambda/lambda.h"
#include "aws/sns/sns.h"
#include "aws/sqs/sqs.h"
#include "aws/sts/sts.h"
#include "engine/arn.h"
#include "engine/internal_call.h"
#include "engine/lambda/answers.h"
#include "engine/lambda/function_name.h"
#include "engine/lambda/limits.h"

namespace engine::lambda {
namespace {

// The attributes of a dead letter (Lambda Developer Guide, "Adding a dead-letter queue").
template <class Value>
aws::Map<Value> dead_letter_attributes(const Delivery& delivery) {
  aws::Map<Value> out;
  const auto add = [&](const char* name, const char* type, const std::string& text) {
    Value& value = out.append(name);
    value.data_type = type;
    value.string_value = text;
  };
  add("RequestID", "String", delivery.request_id);
  add("ErrorCode", "Number", delivery.error_code);
  add("ErrorMessage", "String", delivery.error_message);
  return out;
}

}  // namespace

SendAction send_action(std::string_view target_arn) {
  const auto arn = Arn::parse(target_arn);
  if (!arn) return {};
  if (arn->service == "sqs") return {"sqs:SendMessage", "SendMessage", "SQS"};
  if (arn->service == "sns") return {"sns:Publish", "Publish", "SNS"};
  if (arn->service == "lambda") return {"lambda:InvokeFunction", "Invoke", "Lambda"};
  return {};
}

base::Result<aws::Context> Destinations::role_call(const std::string& account, const std::string& region,
                                                   const std::string& function_name, const std::string& role) {
  aws::Context context = service_call(env_, account, region, "lambda.amazonaws.com",
                                      make_arn("lambda", region, account, "function:" + function_name));
  aws::sts::AssumeRoleRequest assume;
  assume.role_arn = role;
  assume.role_session_name = role_session_name(function_name);
  TRY_ASSIGN(const auto assumed, sts_.assume_role(context, std::move(assume)));
  context = account_call(env_, account, region);
  context.principal.kind = aws::Principal::Kind::role;
  if (assumed.assumed_role_user) {
    context.principal.arn = assumed.assumed_role_user->arn.value_or("");
    context.principal.user_id = assumed.assumed_role_user->assumed_role_id.value_or("");
  }
  return context;
}

bool Destinations::may_send(const std::string& account, const std::string& region, const std::string& function_name,
                            const std::string& role, const std::string& target_arn) {
  if (!role_may_) return true;
  const auto context = role_call(account, region, function_name, role);
  return context && role_may_(*context, send_action(target_arn).iam_action, target_arn);
}

std::optional<std::string_view> Destinations::first_refused(const FunctionRecord& function,
                                                            std::initializer_list<std::string_view> actions,
                                                            const std::string& resource_arn) {
  if (!role_may_) return std::nullopt;
  const auto context = role_call(function.account, function.region, function.name, function.role);
  for (const std::string_view action : actions) {
    if (!context || !role_may_(*context, action, resource_arn)) return action;
  }
  return std::nullopt;
}

base::Result<void> Destinations::send(const Delivery& delivery) {
  const auto arn = Arn::parse(delivery.target_arn);
  const SendAction action = send_action(delivery.target_arn);
  if (!arn || action.service.empty()) return base::fail(invalid_parameter("No target: " + delivery.target_arn));
  TRY_ASSIGN(aws::Context context, role_call(delivery.account, delivery.region, delivery.function_name, delivery.role));
  if (role_may_ && !role_may_(context, action.iam_action, delivery.target_arn)) {
    return base::fail(aws::lambda::errors::access_denied_exception("The role may not send to " + delivery.target_arn));
  }
  context.account = arn->account;
  context.region = arn->region;
  if (action.service == "SQS") return send_to_queue(context, delivery);
  if (action.service == "SNS") return send_to_topic(context, delivery);
  return send_to_function(context, delivery);
}

base::Result<void> Destinations::send_to_queue(aws::Context& context, const Delivery& delivery) {
  const auto arn = Arn::parse(delivery.target_arn);
  aws::sqs::SendMessageRequest in;
  in.queue_url = "/" + arn->account + "/" + arn->resource;
  in.message_body = delivery.body;
  if (delivery.dead_letter) in.message_attributes = dead_letter_attributes<aws::sqs::MessageAttributeValue>(delivery);
  TRY(sqs_.send_message(context, std::move(in)));
  return {};
}

base::Result<void> Destinations::send_to_topic(aws::Context& context, const Delivery& delivery) {
  if (sns_ == nullptr) return base::fail(invalid_parameter("There is no SNS here"));
  aws::sns::PublishInput in;
  in.topic_arn = delivery.target_arn;
  in.message = delivery.body;
  if (delivery.dead_letter) in.message_attributes = dead_letter_attributes<aws::sns::MessageAttributeValue>(delivery);
  TRY(sns_->publish(context, std::move(in)));
  return {};
}

base::Result<void> Destinations::send_to_function(aws::Context& context, const Delivery& delivery) {
  if (lambda_ == nullptr) return base::fail(invalid_parameter("There is no Lambda here"));
  aws::lambda::InvocationRequest in;
  in.function_name = delivery.target_arn;
  in.invocation_type = "Event";
  in.payload = delivery.body;
  TRY(lambda_->invoke(context, std::move(in)));
  return {};
}

}  // namespace engine::lambda
