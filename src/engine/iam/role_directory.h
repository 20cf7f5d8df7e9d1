// RoleDirectory: what STS has to know about a role in order to let somebody assume it. Implemented by IamService; safe
// from any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "aws/auth/policy.h"

namespace engine::iam {

struct AssumableRole {
  std::string account;
  std::string name;
  std::string arn;
  std::string id;                        // AROA...
  int32_t max_session_duration_seconds;  // of sessions that STS issues
  aws::auth::Policy trust_policy;
};

class RoleDirectory {
 public:
  virtual ~RoleDirectory() = default;
  // The role with exactly this ARN, path and all, as it is now.
  virtual std::optional<AssumableRole> find_assumable(std::string_view role_arn) = 0;
};

}  // namespace engine::iam
