// LambdaOptions: what the composition root tells LambdaService. A value.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "aws/context.h"
#include "base/time.h"

namespace aws::sqs {
class Sqs;
}
namespace engine {
class ServiceMetrics;
}

namespace engine::lambda {

struct LambdaOptions {
  // Absolute path of a directory of this service's own, empty or not there at the start.
  std::string code_directory = {};
  // Whether a function's policy lets the caller do `action` on `resource_arn`. Asked only when a service or another
  // account calls; the server has checked everybody else. An empty function allows nothing.
  std::function<bool(const std::string& policy_json, const aws::Context& context, std::string_view action,
                     std::string_view resource_arn)>
      allows = {};
  // Whether the policies of a calling role let it do `action` ("sqs:SendMessage") on `resource_arn`. Asked for what a
  // function's role sends (destinations, dead letters) and for the code that a caller has in a bucket. An empty
  // function allows everything.
  std::function<bool(const aws::Context& context, std::string_view action, const std::string& resource_arn)> role_may =
      {};
  // If set, a mapping whose queue's visibility timeout is below the function's timeout, which AWS refuses, is accepted,
  // and this is told AWS's text. Quick, and safe from any thread.
  std::function<void(std::string_view reason)> lenient = {};
  // What mappings poll, if it is not the service's SQS. Outlives the service.
  aws::sqs::Sqs* polled = nullptr;
  ServiceMetrics* metrics = nullptr;  // AWS/Lambda; null: nothing is measured. Outlives the service.
  std::size_t instances_max = 50;
  base::Duration busy_wait = std::chrono::seconds(10);  // for an instance when all are in use
  std::size_t async_workers = 8;                        // asynchronous invocations and deliveries at a time
};

}  // namespace engine::lambda
