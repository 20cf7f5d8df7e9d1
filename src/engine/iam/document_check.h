// What IAM asks of the text of a policy document beyond that it can be understood, with AWS's texts. Asked when a
// document is given, never of one that is stored. Pure functions over documents that aws::auth::Policy has parsed.
#pragma once

#include <string_view>

#include "base/result.h"

namespace engine::iam {

// MalformedPolicyDocument unless Version is 2012-10-17: managed policies have no older ones.
base::Result<void> check_version(std::string_view document);
// MalformedPolicyDocument for a resource with an unknown partition, a pattern as service, a region where its service
// has none, and for one of IAM that is none of IAM's kinds.
base::Result<void> check_resources(std::string_view document);

}  // namespace engine::iam
