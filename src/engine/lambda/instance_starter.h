// InstanceStarter: makes an instance of a function: code on the disk, credentials of its role, the environment of AWS,
// a log stream. Owned by the service; safe from any thread.
#pragma once

#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "aws/sts/sts.h"
#include "base/env.h"
#include "engine/lambda/instance_pool.h"
#include "engine/lambda/log_shipper.h"
#include "runtime/function_host.h"

namespace engine::lambda {

class InstanceStarter {
 public:
  // All references outlive this object and the instances.
  InstanceStarter(base::Env& env, runtime::FunctionHost& host, aws::sts::Sts& sts, LogShipper& logs)
      : env_(env), host_(host), sts_(sts), logs_(logs) {}

  // The engine's own URL, which functions get as AWS_ENDPOINT_URL. Instances that run already keep the old one.
  void set_endpoint(std::string url);
  std::string endpoint();
  // Returns without waiting for the function's initialisation.
  InstancePool::Started start(const std::shared_ptr<Runnable>& runnable);

 private:
  using Environment = std::vector<std::pair<std::string, std::string>>;

  base::Result<aws::sts::Credentials> credentials_for(Runnable& runnable);
  Environment environment_of(const FunctionRecord& record, const aws::sts::Credentials& credentials,
                             const std::string& directory);

  base::Env& env_;
  runtime::FunctionHost& host_;
  aws::sts::Sts& sts_;
  LogShipper& logs_;
  std::mutex mutex_;  // guards endpoint_
  std::string endpoint_;
};

}  // namespace engine::lambda
