// Destinations: sends what asynchronous invocations came to, to queues, topics and functions, in the name of the
// function's role and only if the role may. Owned by the service; safe from any thread once its services are set.
#pragma once

#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "aws/context.h"
#include "base/env.h"
#include "base/result.h"
#include "engine/lambda/function_record.h"

namespace aws::lambda {
class Lambda;
}
namespace aws::sns {
class Sns;
}
namespace aws::sqs {
class Sqs;
}
namespace aws::sts {
class Sts;
}

namespace engine::lambda {

// One message owed to a destination or, with `dead_letter`, to a dead-letter queue or topic.
struct Delivery {
  std::string account;
  std::string region;
  std::string function_name;
  std::string qualifier;
  std::string role;
  std::string target_arn;
  std::string body;
  std::string request_id;
  bool dead_letter = false;
  std::string error_code;  // these two of dead letters only
  std::string error_message;
};

class Destinations {
 public:
  // Whether the policies of the calling role let it do `action` on `resource_arn`; an empty function allows everything.
  using RoleMay =
      std::function<bool(const aws::Context& context, std::string_view action, const std::string& resource_arn)>;

  Destinations(base::Env& env, aws::sqs::Sqs& sqs, aws::sts::Sts& sts, RoleMay role_may)
      : env_(env), sqs_(sqs), sts_(sts), role_may_(std::move(role_may)) {}
  // Before the service starts. Without them deliveries to topics or functions are refused.
  void set_sns(aws::sns::Sns* sns) { sns_ = sns; }
  void set_lambda(aws::lambda::Lambda* lambda) { lambda_ = lambda; }

  // Sends once. An error of the receiver's fault may pass; one of the sender's stays.
  base::Result<void> send(const Delivery& delivery);
  // Whether `role` may send to `target_arn`: true also for what cannot be told.
  bool may_send(const std::string& account, const std::string& region, const std::string& function_name,
                const std::string& role, const std::string& target_arn);
  // The first of `actions` ("sqs:ReceiveMessage") that the function's role may not do on `resource_arn`; nullopt: it
  // may do all of them, or nobody can tell.
  std::optional<std::string_view> first_refused(const FunctionRecord& function,
                                                std::initializer_list<std::string_view> actions,
                                                const std::string& resource_arn);

 private:
  // A call by the role; its permissions are not checked by who is called.
  base::Result<aws::Context> role_call(const std::string& account, const std::string& region,
                                       const std::string& function_name, const std::string& role);
  base::Result<void> send_to_queue(aws::Context& context, const Delivery& delivery);
  base::Result<void> send_to_topic(aws::Context& context, const Delivery& delivery);
  base::Result<void> send_to_function(aws::Context& context, const Delivery& delivery);

  base::Env& env_;
  aws::sqs::Sqs& sqs_;
  aws::sts::Sts& sts_;
  aws::sns::Sns* sns_ = nullptr;
  aws::lambda::Lambda* lambda_ = nullptr;
  const RoleMay role_may_;
};

// What sending to an ARN is called: {"sqs:SendMessage", "SendMessage", "SQS"}. Empty for a service that is no target.
struct SendAction {
  std::string_view iam_action;
  std::string_view operation;
  std::string_view service;
};
SendAction send_action(std::string_view target_arn);

}  // namespace engine::lambda
