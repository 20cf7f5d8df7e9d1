// The context of a call that one service of the engine makes to another, through its aws:: interface.
#pragma once

#include <string>
#include <string_view>

#include "aws/context.h"
#include "base/env.h"

namespace engine {

// A call by the service principal `service` ("s3.amazonaws.com") for the resource `source_arn`, which the callee's
// resource policy has to allow, exactly as on AWS.
inline aws::Context service_call(base::Env& env, std::string account, std::string region, std::string_view service,
                                 std::string source_arn) {
  aws::Context context;
  context.now = env.clock.now();
  context.request_id = base::make_uuid(env.random);
  context.principal = {aws::Principal::Kind::service, account, std::string(service), std::string(service)};
  context.account = std::move(account);
  context.region = std::move(region);
  context.source_arn = std::move(source_arn);
  return context;
}

// A call in the name of the account itself, for work the engine does inside one account (an event source mapping
// reading its queue, Lambda writing its logs).
inline aws::Context account_call(base::Env& env, std::string account, std::string region) {
  aws::Context context;
  context.now = env.clock.now();
  context.request_id = base::make_uuid(env.random);
  context.principal = {aws::Principal::Kind::root, account, "arn:aws:iam::" + account + ":root", account};
  context.account = std::move(account);
  context.region = std::move(region);
  return context;
}

}  // namespace engine
