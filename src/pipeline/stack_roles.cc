// The roles of functions.
#include "aws/iam/iam.h"
#include "base/encoding.h"
#include "pipeline/policies.h"
#include "pipeline/stack_kinds.h"

namespace pipeline {
namespace {

constexpr std::string_view kPolicyName = "tillstream";

// IAM hands documents out percent-encoded.
std::string document(const std::optional<std::string>& encoded) {
  return canonical_json(base::percent_decode(encoded.value_or("")).value_or(encoded.value_or("")));
}

class Role final : public Resource {
 public:
  Role(const Site& site, const std::string& name, std::string policy)
      : Resource("role", name), site_(site), policy_(std::move(policy)) {}

  [[nodiscard]] ResourceSpec spec() const override {
    return {RoleSpec{name(), lambda_trust_policy(), std::string(kPolicyName), policy_}};
  }
  [[nodiscard]] Properties wanted() const override {
    return {{"trust policy", canonical_json(lambda_trust_policy())},
            {"policy", canonical_json(policy_)},
            {"other policies", "none"}};
  }

  base::Result<std::optional<Properties>> describe() override {
    aws::iam::GetRoleRequest get;
    get.role_name = name();
    aws::Context context = site_.call();
    TRY_ASSIGN(const auto got, site_.services.iam.get_role(context, std::move(get)));
    std::string policy = "none";
    std::string others;
    TRY_ASSIGN(const auto inline_names, inline_policies());
    for (const std::string& each : inline_names) {
      if (each != kPolicyName) {
        others += (others.empty() ? "" : ", ") + each;
        continue;
      }
      aws::iam::GetRolePolicyRequest get_policy;
      get_policy.role_name = name();
      get_policy.policy_name = each;
      TRY_ASSIGN(const auto found, site_.services.iam.get_role_policy(context, std::move(get_policy)));
      policy = document(found.policy_document);
    }
    TRY_ASSIGN(const auto attached, attached_policies());
    for (const std::string& arn : attached) others += (others.empty() ? "" : ", ") + arn;
    return Properties{{"trust policy", document(got.role.value_or(aws::iam::Role()).assume_role_policy_document)},
                      {"policy", policy},
                      {"other policies", others.empty() ? "none" : others}};
  }

  base::Result<void> create() override {
    aws::iam::CreateRoleRequest create;
    create.role_name = name();
    create.assume_role_policy_document = lambda_trust_policy();
    aws::Context context = site_.call();
    TRY(site_.services.iam.create_role(context, std::move(create)));
    return put_policy();
  }

  base::Result<void> change() override {
    aws::iam::UpdateAssumeRolePolicyRequest trust;
    trust.role_name = name();
    trust.policy_document = lambda_trust_policy();
    aws::Context context = site_.call();
    TRY(site_.services.iam.update_assume_role_policy(context, std::move(trust)));
    TRY(put_policy());
    return strip(kPolicyName);
  }

  base::Result<void> remove() override {
    TRY(strip(""));
    aws::iam::DeleteRoleRequest remove;
    remove.role_name = name();
    aws::Context context = site_.call();
    TRY(site_.services.iam.delete_role(context, std::move(remove)));
    return {};
  }

 private:
  base::Result<void> put_policy() {
    aws::iam::PutRolePolicyRequest put;
    put.role_name = name();
    put.policy_name = kPolicyName;
    put.policy_document = policy_;
    aws::Context context = site_.call();
    TRY(site_.services.iam.put_role_policy(context, std::move(put)));
    return {};
  }

  // Takes every policy off the role but the inline one named `but`.
  base::Result<void> strip(std::string_view but) {
    TRY_ASSIGN(const auto inline_names, inline_policies());
    TRY_ASSIGN(const auto attached, attached_policies());
    aws::Context context = site_.call();
    for (const std::string& each : inline_names) {
      if (each == but) continue;
      aws::iam::DeleteRolePolicyRequest remove;
      remove.role_name = name();
      remove.policy_name = each;
      TRY(site_.services.iam.delete_role_policy(context, std::move(remove)));
    }
    for (const std::string& arn : attached) {
      aws::iam::DetachRolePolicyRequest detach;
      detach.role_name = name();
      detach.policy_arn = arn;
      TRY(site_.services.iam.detach_role_policy(context, std::move(detach)));
    }
    return {};
  }

  base::Result<std::vector<std::string>> inline_policies() {
    aws::iam::ListRolePoliciesRequest list;
    list.role_name = name();
    std::vector<std::string> out;
    while (true) {
      aws::Context context = site_.call();
      TRY_ASSIGN(const auto page, site_.services.iam.list_role_policies(context, list));
      for (const auto& each : page.policy_names.value_or(std::vector<std::string>())) out.push_back(each);
      if (!page.is_truncated.value_or(false)) return out;
      list.marker = page.marker;
    }
  }

  base::Result<std::vector<std::string>> attached_policies() {
    aws::iam::ListAttachedRolePoliciesRequest list;
    list.role_name = name();
    std::vector<std::string> out;
    while (true) {
      aws::Context context = site_.call();
      TRY_ASSIGN(const auto page, site_.services.iam.list_attached_role_policies(context, list));
      for (const auto& each : page.attached_policies.value_or(std::vector<aws::iam::AttachedPolicy>()))
        out.push_back(each.policy_arn.value_or(""));
      if (!page.is_truncated.value_or(false)) return out;
      list.marker = page.marker;
    }
  }

  const Site& site_;
  const std::string policy_;
};

}  // namespace

std::unique_ptr<Resource> make_function_role(const Site& site, const std::string& name, const std::string& policy) {
  return std::make_unique<Role>(site, name, policy);
}

}  // namespace pipeline
