// For tests: a service behind one behaviour, with calls counted as LikeAws counts them, and the faults that were told.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "aws/forwarder.h"
#include "aws/parking.h"
#include "base/manual/manual_env.h"
#include "like_aws/conditions.h"

namespace like_aws {

class Told {
 public:
  std::function<void(const Fault&)> tell() {
    return [this](const Fault& fault) { kinds.emplace_back(fault.kind); };
  }
  std::size_t count(std::string_view kind) const { return static_cast<std::size_t>(std::ranges::count(kinds, kind)); }
  std::vector<std::string> kinds;
};

template <class Service, class Caller>
class Behind {
 public:
  Behind(Service& real, Behaviour& behaviour)
      : forwarder_(static_cast<Service*>(&real),
                   [this, &behaviour](const aws::ServiceDesc& service, const aws::OperationDesc& operation,
                                      aws::Context& context, void* in, void* out, const CarryOut& carry_out) {
                     const bool resumed = context.parking != nullptr && context.parking->state != nullptr;
                     Call call{.service = service,
                               .operation = operation,
                               .context = context,
                               .in = in,
                               .out = out,
                               .caller = "root",
                               .count = resumed ? 0 : ++count_,
                               .is_resumed = resumed};
                     return behaviour.around(call, carry_out);
                   }) {}
  Service* operator->() { return &caller_; }

 private:
  uint64_t count_ = 0;
  aws::Forwarder forwarder_;
  Caller caller_{forwarder_};
};

inline aws::Context root_call(base::ManualEnv& env) {
  aws::Context context;
  context.now = env.clock.now();
  context.account = "000000000000";
  context.region = "us-east-1";
  context.principal = {aws::Principal::Kind::root, context.account, "arn:aws:iam::000000000000:root", context.account};
  context.endpoint = "http://127.0.0.1:4566";
  return context;
}

}  // namespace like_aws
