// make_request_id(): the id by which an answer names its request. Pure but for the randomness; safe from any thread.
#pragma once

#include <string>

#include "aws/shape.h"
#include "base/env.h"

namespace server {

std::string make_request_id(base::Random& random, const aws::ServiceDesc& service, aws::Protocol protocol);

}  // namespace server
