// What IAM asks of one resource that a policy names. A pure function.
#pragma once

#include <string_view>

#include "base/result.h"

namespace engine::iam {

// MalformedPolicyDocument for what is no ARN, an unknown partition, a pattern as service, a region where its service
// has none, and one of IAM that is none of IAM's kinds. Parts that are missing stand for "*", as IAM completes them.
base::Result<void> check_resource(std::string_view resource);

}  // namespace engine::iam
