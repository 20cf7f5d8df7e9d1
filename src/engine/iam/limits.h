// The quotas of IAM: IAM User Guide, "IAM and AWS STS quotas". Sizes of documents do not count white space.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace engine::iam {

constexpr std::size_t kRolesMax = 1'000;                 // per account
constexpr std::size_t kPoliciesMax = 1'500;              // customer managed, per account
constexpr std::size_t kPolicyVersionsMax = 5;            //
constexpr std::size_t kPoliciesPerRoleMax = 10;          // managed policies attached to one role
constexpr std::size_t kInlinePoliciesBytesMax = 10'240;  // all inline policies of one role
constexpr std::size_t kPolicyBytesMax = 6'144;           // one managed policy
constexpr std::size_t kTrustPolicyBytesMax = 2'048;      //
constexpr std::size_t kRoleNameLengthMax = 64;           //
constexpr std::size_t kPolicyNameLengthMax = 128;        //
constexpr std::size_t kTagsMax = 50;                     // per role
constexpr int32_t kSessionSecondsMin = 3'600;            // MaxSessionDuration
constexpr int32_t kSessionSecondsMax = 43'200;           //
constexpr int32_t kListItemsDefault = 100;               // MaxItems
constexpr int32_t kListItemsMax = 1'000;                 //

// A credential report is good as long: IAM User Guide, "Generate credential reports for your AWS account".
constexpr std::chrono::hours kCredentialReportLife{4};

}  // namespace engine::iam
