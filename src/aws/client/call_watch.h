// CallWatch: who wants to know how long a client's calls wait for their answers. Implementations are safe from any
// thread.
#pragma once

#include <cstdint>

#include "aws/http/message.h"
#include "aws/shape.h"

namespace aws::client {

class CallWatch {
 public:
  virtual ~CallWatch() = default;
  // An attempt is sent now; not told of operations that are meant to wait (OperationDesc::may_wait).
  virtual uint64_t begins(const ServiceDesc& service, const OperationDesc& operation,
                          const http::Endpoint& endpoint) = 0;
  // The attempt that this number was given for is over.
  virtual void ends(uint64_t attempt, bool is_answered) = 0;
};

}  // namespace aws::client
