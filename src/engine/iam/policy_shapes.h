// Managed policies as IAM's answers show them. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "aws/iam/shapes.h"
#include "engine/iam/managed_policies.h"
#include "engine/iam/records.h"

namespace engine::iam {

std::string version_id(uint64_t number);

// Without description and tags, as lists have them.
aws::iam::Policy policy_shape(const PolicyRecord& record, std::size_t attachments);
aws::iam::Policy policy_shape(const AwsManagedPolicy& policy, std::size_t attachments);
// Without the document, as lists and CreatePolicyVersion have them. REQUIRES a number that `record` has.
aws::iam::PolicyVersion version_shape(const PolicyRecord& record, uint64_t number);
aws::iam::PolicyVersion version_shape(const AwsManagedPolicy& policy);
// REQUIRES the ARN of a policy.
aws::iam::AttachedPolicy attached_policy_shape(std::string_view arn);

}  // namespace engine::iam
