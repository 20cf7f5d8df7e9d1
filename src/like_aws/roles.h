// Roles: what IAM says is not in force everywhere at once. A new role is not there yet for some readers, cannot be
// assumed yet, and its first policies count for nothing yet; policies that were taken off a role still keep it from
// being deleted. IAM's own calls go through iam(), those of Lambda and STS that meet such roles through users(), and
// the authorizer of roles' calls is wrapped by LateAuthorizer. Delays are on the engine's clock. A change of the
// policies of a role that has some already is in force at once. Owned by LikeAws; safe from any thread.
//
// Sources: IAM User Guide, "Changes that I make are not always immediately visible"; Lambda Developer Guide,
// "Troubleshoot configuration issues" and "Using Lambda with SQS" for the words.
#pragma once

#include "aws/auth/authorizer.h"
#include "aws/iam/iam.h"
#include "aws/lambda/lambda.h"
#include "like_aws/conditions.h"

namespace like_aws {

// The role's account and name as the key of its delays; empty if the principal is none.
std::string role_key(const aws::Principal& principal);

// Around IAM.
class RoleChanges final : public Behaviour {
 public:
  // `iam` is asked about a role's policies; it outlives this object.
  RoleChanges(Conditions& conditions, aws::iam::Iam& iam) : conditions_(conditions), iam_(iam) {}
  base::Result<void> around(Call& call, const CarryOut& carry_out) override;

 private:
  bool has_policies(const Call& call, const std::string& role);
  base::Result<void> create(Call& call, const CarryOut& carry_out);
  base::Result<void> read(Call& call, const CarryOut& carry_out);
  base::Result<void> give_policy(Call& call, const CarryOut& carry_out);
  base::Result<void> take_policy(Call& call, const CarryOut& carry_out);
  base::Result<void> remove(Call& call, const CarryOut& carry_out);

  Conditions& conditions_;
  aws::iam::Iam& iam_;
};

// Around Lambda and STS.
class RoleUse final : public Behaviour {
 public:
  // `lambda` is asked for a function's role; it outlives this object.
  RoleUse(Conditions& conditions, aws::lambda::Lambda& lambda) : conditions_(conditions), lambda_(lambda) {}
  base::Result<void> around(Call& call, const CarryOut& carry_out) override;

 private:
  base::Result<void> check_assumable(const Call& call, const std::string& role, bool has_environment);
  base::Result<void> check_mapped_role(const Call& call);

  Conditions& conditions_;
  aws::lambda::Lambda& lambda_;
};

// Refuses roles whose first policies are not in force yet; asks `real` otherwise.
class LateAuthorizer final : public aws::auth::Authorizer {
 public:
  LateAuthorizer(Conditions& conditions, aws::auth::Authorizer& real) : conditions_(conditions), real_(real) {}
  bool allows(const aws::Context& context, std::string_view action, std::span<const std::string> resources,
              std::span<const aws::auth::ConditionValue> more = {}) override;
  bool denies(const aws::Context& context, std::string_view action, std::span<const std::string> resources) override {
    return real_.denies(context, action, resources);
  }

 private:
  Conditions& conditions_;
  aws::auth::Authorizer& real_;
};

}  // namespace like_aws
