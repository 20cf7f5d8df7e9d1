#include "like_aws/roles.h"

#include "aws/iam/errors.h"
#include "aws/lambda/errors.h"
#include "aws/sts/sts.h"
#include "like_aws/names.h"

namespace like_aws {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kUnseen = "role unseen";
constexpr std::string_view kUnassumable = "role unassumable";
constexpr std::string_view kUngranted = "role without grant";  // KMS
constexpr std::string_view kPowerless = "role powerless";      // its first policies are not in force
constexpr std::string_view kLeaving = "policy leaving";        // of a role, or of the policy's own entities
constexpr milliseconds kUnseenMax{1000};
constexpr milliseconds kUnassumableMin{1000}, kUnassumableMax{8000};
constexpr milliseconds kUngrantedMax{2000};
constexpr milliseconds kPowerlessMin{1000}, kPowerlessMax{8000};
constexpr milliseconds kLeavingMax{2000};
constexpr double kUnseenRate = 0.3;
constexpr double kUngrantedRate = 0.3;
constexpr double kLeavingRate = 0.5;

base::AwsError invalid_parameter(std::string message) {
  return aws::lambda::errors::invalid_parameter_value_exception(std::move(message), {.type = "User", .message = {}});
}

}  // namespace

std::string role_key(const aws::Principal& principal) {
  if (principal.kind != aws::Principal::Kind::role) return {};
  // arn:aws:sts::A:assumed-role/R/S
  std::string_view rest = principal.arn;
  const std::size_t at = rest.find(":assumed-role/");
  if (at == std::string_view::npos) return {};
  rest.remove_prefix(at + 14);
  return principal.account + '/' + std::string(rest.substr(0, rest.find('/')));
}

bool RoleChanges::has_policies(const Call& call, const std::string& role) {
  aws::Context context = call.context;
  aws::iam::ListRolePoliciesRequest inline_policies;
  inline_policies.role_name = role;
  const auto own = iam_.list_role_policies(context, std::move(inline_policies));
  if (own && own->policy_names && !own->policy_names->empty()) return true;
  aws::iam::ListAttachedRolePoliciesRequest attached;
  attached.role_name = role;
  const auto others = iam_.list_attached_role_policies(context, std::move(attached));
  return others && others->attached_policies && !others->attached_policies->empty();
}

base::Result<void> RoleChanges::create(Call& call, const CarryOut& carry_out) {
  const std::string role = call.text("RoleName");
  const std::string key = call.global(role);
  TRY(carry_out());
  const base::Timestamp now = call.context.now;
  conditions_.delay(call, kUnassumable, key, kUnassumableMin, kUnassumableMax);
  if (conditions_.chance.happens(call, "unseen", kUnseenRate))
    conditions_.delay(call, kUnseen, key, milliseconds(0), kUnseenMax);
  if (conditions_.chance.happens(call, "ungranted", kUngrantedRate)) {
    const auto more = conditions_.chance.between(call, kUngranted, milliseconds(0), kUngrantedMax);
    conditions_.delays.begin(kUngranted, key, now,
                             conditions_.delays.until(kUnassumable, key, now).value_or(now) + more);
  }
  conditions_.tell(call, "RoleNotYet", "cannot be assumed for a while: " + role);
  return {};
}

base::Result<void> RoleChanges::read(Call& call, const CarryOut& carry_out) {
  const std::string role = call.text("RoleName");
  if (!conditions_.delayed(call, kUnseen, call.global(role))) return carry_out();
  return conditions_.refuse(
      call, "RoleNotYet",
      aws::iam::errors::no_such_entity_exception("The role with name " + role + " cannot be found."));
}

base::Result<void> RoleChanges::give_policy(Call& call, const CarryOut& carry_out) {
  const std::string role = call.text("RoleName");
  const std::string key = call.global(role);
  const bool is_first = !has_policies(call, role);
  TRY(carry_out());
  // Those that come while the first is on its way come into force with it.
  if (!is_first && !conditions_.delayed(call, kPowerless, key)) return {};
  conditions_.delay(call, kPowerless, key, kPowerlessMin, kPowerlessMax);
  conditions_.tell(call, "PolicyNotYet", "not in force for a while: the policies of " + role);
  return {};
}

base::Result<void> RoleChanges::take_policy(Call& call, const CarryOut& carry_out) {
  const std::string role = call.text("RoleName");
  const std::string policy = call.text("PolicyArn");
  TRY(carry_out());
  if (!conditions_.chance.happens(call, "leaving", kLeavingRate)) return {};
  conditions_.delay(call, kLeaving, call.global(role), milliseconds(0), kLeavingMax);
  if (!policy.empty()) conditions_.delay(call, kLeaving, policy, milliseconds(0), kLeavingMax);
  return {};
}

base::Result<void> RoleChanges::remove(Call& call, const CarryOut& carry_out) {
  const bool is_role = call.is("DeleteRole");
  const std::string role = call.text("RoleName");
  if (conditions_.delayed(call, kLeaving, is_role ? call.global(role) : call.text("PolicyArn"))) {
    return conditions_.refuse(
        call, "DeleteConflict",
        aws::iam::errors::delete_conflict_exception(is_role ? "Cannot delete entity, must delete policies first."
                                                            : "Cannot delete a policy attached to entities."));
  }
  TRY(carry_out());
  if (!is_role) return {};
  for (const std::string_view kind : {kUnseen, kUnassumable, kUngranted, kPowerless})
    conditions_.delays.end(kind, call.global(role));
  return {};
}

base::Result<void> RoleChanges::around(Call& call, const CarryOut& carry_out) {
  if (call.is("CreateRole")) return create(call, carry_out);
  if (call.is("GetRole") || call.is("ListRolePolicies") || call.is("ListAttachedRolePolicies"))
    return read(call, carry_out);
  if (call.is("PutRolePolicy") || call.is("AttachRolePolicy")) return give_policy(call, carry_out);
  if (call.is("DeleteRolePolicy") || call.is("DetachRolePolicy")) return take_policy(call, carry_out);
  if (call.is("DeleteRole") || call.is("DeletePolicy")) return remove(call, carry_out);
  return carry_out();
}

base::Result<void> RoleUse::check_assumable(const Call& call, const std::string& role, bool has_environment) {
  const std::string key = call.global(last_part(role));
  if (conditions_.delayed(call, kUnassumable, key))
    return conditions_.refuse(call, "RoleNotYet",
                              invalid_parameter("The role defined for the function cannot be assumed by Lambda."));
  if (!has_environment || !conditions_.delayed(call, kUngranted, key)) return {};
  return conditions_.refuse(
      call, "KmsGrantNotYet",
      invalid_parameter("Lambda was unable to configure access to your environment variables because the KMS key is "
                        "invalid for CreateGrant. Please check your KMS key settings. KMS Exception: "
                        "InvalidArnException KMS Message: ARN does not refer to a valid principal"));
}

base::Result<void> RoleUse::check_mapped_role(const Call& call) {
  aws::Context context = call.context;
  aws::lambda::GetFunctionConfigurationRequest get;
  get.function_name = function_name(call.text("FunctionName"));
  const auto function = lambda_.get_function_configuration(context, std::move(get));
  if (!function || !function->role || !conditions_.delayed(call, kPowerless, call.global(last_part(*function->role))))
    return {};
  return conditions_.refuse(
      call, "PolicyNotYet",
      invalid_parameter("The provided execution role does not have permissions to call ReceiveMessage on SQS"));
}

base::Result<void> RoleUse::around(Call& call, const CarryOut& carry_out) {
  if (call.is("CreateFunction")) {
    const auto& in = call.input<aws::lambda::CreateFunctionRequest>();
    const bool has_environment = in.environment && in.environment->variables && !in.environment->variables->empty();
    TRY(check_assumable(call, in.role.value_or(""), has_environment));
  } else if (call.is("UpdateFunctionConfiguration")) {
    const auto& in = call.input<aws::lambda::UpdateFunctionConfigurationRequest>();
    if (in.role) TRY(check_assumable(call, *in.role, false));
  } else if (call.is("CreateEventSourceMapping")) {
    TRY(check_mapped_role(call));
  } else if (call.is("AssumeRole")) {
    const std::string arn = call.text("RoleArn");
    if (conditions_.delayed(call, kUnassumable, call.global(last_part(arn)))) {
      base::AwsError error{.code = "AccessDenied", .http_status = 403};
      error.message =
          "User: " + call.context.principal.arn + " is not authorized to perform: sts:AssumeRole on resource: " + arn;
      return conditions_.refuse(call, "RoleNotYet", std::move(error));
    }
  }
  return carry_out();
}

bool LateAuthorizer::allows(const aws::Context& context, std::string_view action,
                            std::span<const std::string> resources, std::span<const aws::auth::ConditionValue> more) {
  const std::string key = role_key(context.principal);
  if (key.empty() || !conditions_.delays.runs(kPowerless, key, context.now))
    return real_.allows(context, action, resources, more);
  const auto colon = action.find(':');
  conditions_.tell({.service = action.substr(0, colon),
                    .operation = colon == std::string_view::npos ? action : action.substr(colon + 1),
                    .kind = "PolicyNotYet",
                    .detail = "AccessDenied: the first policies of the role are not in force yet",
                    .caller = key,
                    .count = 0,
                    .account = context.account,
                    .region = context.region,
                    .at = context.now});
  return false;
}

}  // namespace like_aws
