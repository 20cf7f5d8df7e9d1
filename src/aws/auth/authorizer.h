// Authorizer: may this principal do this? The seam between the server, which asks for every request, and IAM, which
// knows the policies. Implementations are safe from any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "aws/auth/policy.h"
#include "aws/context.h"

namespace aws::auth {

class Authorizer {
 public:
  virtual ~Authorizer() = default;
  // True if the policies of context.principal allow `action` ("sqs:SendMessage") on every one of `resources` (ARNs,
  // or "*" for actions without a resource). Root is always allowed. `more` are condition keys that the call has beside
  // those that condition_values() knows.
  virtual bool allows(const Context& context, std::string_view action, std::span<const std::string> resources,
                      std::span<const ConditionValue> more = {}) = 0;
  // Of what allows() refuses: whether a Deny statement does so; else nothing allows it. For the operator, not the
  // caller.
  virtual bool denies(const Context& /*context*/, std::string_view /*action*/,
                      std::span<const std::string> /*resources*/) {
    return false;
  }
};

// What AWS says to a principal whose policies do not allow an action.
inline std::string denial_text(const Context& context, std::string_view action, std::string_view resource) {
  return "User: " + context.principal.arn + " is not authorized to perform: " + std::string(action) +
         " on resource: " + std::string(resource) + " because no identity-based policy allows the " +
         std::string(action) + " action";
}

}  // namespace aws::auth
