#include "engine/iam/service.h"

#include <algorithm>
#include <mutex>

#include "base/check.h"
#include "engine/arn.h"
#include "engine/iam/answers.h"
#include "engine/iam/keys.h"
#include "engine/iam/managed_policies.h"

namespace engine::iam {

using aws::auth::Decision;
using aws::auth::Policy;
using aws::auth::PolicyKind;

namespace {

constexpr std::string_view kRow = "a row of IAM";

// Hands every row of `table` to `add`.
template <class Record, class Add>
void load_table(store::KvStore& store, std::string_view table, Add add) {
  const std::string begin = store::KeyWriter(table).take();
  for (auto cursor = store.scan(begin, store::prefix_end(begin)); cursor->valid(); cursor->next()) {
    std::optional<Record> record = Record::decode(cursor->value());
    store::require_intact(record.has_value(), kRow);
    add(std::string(cursor->key()), std::move(*record));
  }
}

}  // namespace

IamService::IamService(store::KvStore& store, base::Env& env) : store_(store), env_(env) {
  load();
}

void IamService::load() {
  load_table<PolicyRecord>(store_, keys::kPolicyTable, [this](std::string key, PolicyRecord record) {
    policies_.emplace(std::move(key), std::move(record));
  });
  load_table<RoleRecord>(store_, keys::kRoleTable, [this](std::string key, RoleRecord record) {
    auto trust = Policy::parse(record.trust_document, PolicyKind::trust);
    store::require_intact(trust.has_value(), kRow);
    auto policies = parsed_policies(record);
    roles_.emplace(std::move(key), Role{std::move(record), std::move(*trust), std::move(policies)});
  });
}

const IamService::Role* IamService::find_session_role(const aws::Principal& principal) const {
  // arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION
  constexpr std::string_view kMark = ":assumed-role/";
  const std::string_view arn = principal.arn;
  const std::size_t mark = arn.find(kMark);
  if (mark == std::string_view::npos) return nullptr;
  std::string_view name = arn.substr(mark + kMark.size());
  name = name.substr(0, name.find('/'));
  const auto found = roles_.find(keys::role(principal.account, lower_case(name)));
  if (found == roles_.end()) return nullptr;
  const std::string_view id = std::string_view(principal.user_id).substr(0, principal.user_id.find(':'));
  return id == found->second.record.id ? &found->second : nullptr;
}

// A request names a role without its path and in whatever case; policies name it by its ARN.
std::string IamService::canonical_resource(const std::string& account, const std::string& resource) const {
  const std::string prefix = make_arn("iam", "", account, "role/");
  if (!resource.starts_with(prefix)) return resource;
  const auto found = roles_.find(keys::role(account, lower_case(std::string_view(resource).substr(prefix.size()))));
  return found == roles_.end() ? resource : found->second.record.arn();
}

bool IamService::allows(const aws::Context& context, std::string_view action, std::span<const std::string> resources,
                        std::span<const aws::auth::ConditionValue> more) {
  return decide(context, action, resources, more) == Decision::allow;
}

bool IamService::denies(const aws::Context& context, std::string_view action, std::span<const std::string> resources) {
  return decide(context, action, resources, {}) == Decision::deny;
}

// Of the first resource that it is not allowed on.
Decision IamService::decide(const aws::Context& context, std::string_view action,
                            std::span<const std::string> resources, std::span<const aws::auth::ConditionValue> more) {
  if (context.principal.kind != aws::Principal::Kind::role) return Decision::allow;
  if (action == "sts:GetCallerIdentity") return Decision::allow;
  static const std::string kAny[] = {"*"};
  if (resources.empty()) resources = kAny;

  const std::shared_lock lock(mutex_);
  const Role* role = find_session_role(context.principal);
  if (role == nullptr) return Decision::none;
  std::vector<aws::auth::ConditionValue> conditions;
  if (std::ranges::any_of(role->policies, &Policy::needs_conditions)) {
    conditions = aws::auth::condition_values(context);
    for (auto& [key, value] : conditions)
      if (key == "aws:principalarn") value = role->record.arn();  // with its path
    for (const auto& [key, value] : role->record.tags)
      conditions.push_back({"aws:principaltag/" + lower_case(key), value});
    conditions.insert(conditions.end(), more.begin(), more.end());
  }
  const bool of_iam = action.starts_with("iam:");
  for (const std::string& named : resources) {
    const std::string resource = of_iam ? canonical_resource(context.account, named) : named;
    Decision decision = Decision::none;
    for (const Policy& policy : role->policies) {
      decision = strongest(decision, policy.evaluate({context.principal, action, resource, conditions}));
      if (decision == Decision::deny) break;
    }
    if (decision != Decision::allow) return decision;
  }
  return Decision::allow;
}

std::optional<AssumableRole> IamService::find_assumable(std::string_view role_arn) {
  const auto arn = Arn::parse(role_arn);
  if (!arn || arn->service != "iam" || !arn->resource.starts_with("role/")) return std::nullopt;
  const std::string name = lower_case(arn->resource.substr(arn->resource.rfind('/') + 1));
  const std::shared_lock lock(mutex_);
  const auto found = roles_.find(keys::role(arn->account, name));
  if (found == roles_.end()) return std::nullopt;
  const RoleRecord& record = found->second.record;
  if (record.arn() != role_arn) return std::nullopt;
  return AssumableRole{record.account,     record.name, record.arn(), record.id, record.max_session_duration_seconds,
                       found->second.trust};
}

base::Result<IamService::Roles::iterator> IamService::find_role(const Context& context,
                                                                const std::optional<std::string>& name) {
  if (!name) return base::fail(absent("roleName"));
  const auto found = roles_.find(keys::role(context.account, lower_case(*name)));
  if (found == roles_.end()) return base::fail(no_such_role(*name));
  return found;
}

base::Result<IamService::Policies::iterator> IamService::find_policy(const Context& context, std::string_view arn) {
  const std::string_view name = arn.substr(arn.rfind('/') + 1);
  const auto found = policies_.find(keys::policy(context.account, lower_case(name)));
  if (found == policies_.end() || found->second.arn() != arn) return base::fail(no_such_policy(arn));
  return found;
}

std::optional<std::string> IamService::attachable_document(std::string_view account, std::string_view arn) const {
  if (const AwsManagedPolicy* policy = find_aws_managed_policy(arn)) return policy->document();
  const auto found = policies_.find(keys::policy(account, lower_case(arn.substr(arn.rfind('/') + 1))));
  if (found == policies_.end() || found->second.arn() != arn) return std::nullopt;
  return found->second.versions.at(found->second.default_version).document;
}

std::vector<Policy> IamService::parsed_policies(const RoleRecord& record) const {
  std::vector<Policy> out;
  const auto add = [&out](std::string_view document) {
    auto policy = Policy::parse(document, PolicyKind::identity);
    store::require_intact(policy.has_value(), kRow);  // it was valid when it was stored
    out.push_back(std::move(*policy));
  };
  for (const auto& [name, document] : record.inline_documents) add(document);
  for (const std::string& arn : record.attached_arns) {
    // One that is gone can only be an AWS managed policy that an earlier version of this program had.
    if (const auto document = attachable_document(record.account, arn)) add(*document);
  }
  return out;
}

void IamService::replace_role(Roles::iterator role, RoleRecord record) {
  auto trust = Policy::parse(record.trust_document, PolicyKind::trust);
  CHECK(trust.has_value(), "a trust policy is checked before it is stored");
  auto policies = parsed_policies(record);
  store::WriteBatch batch;
  batch.put(role->first, record.encode());
  store_.write(batch);
  role->second = Role{std::move(record), std::move(*trust), std::move(policies)};
}

void IamService::write_policy(Policies::iterator policy, PolicyRecord record) {
  store::WriteBatch batch;
  batch.put(policy->first, record.encode());
  store_.write(batch);
  policy->second = std::move(record);
}

// Of the roles that have it only this policy is parsed anew, and once for all of them: requests wait meanwhile.
void IamService::replace_policy(Policies::iterator policy, PolicyRecord record) {
  auto parsed = Policy::parse(record.versions.at(record.default_version).document, PolicyKind::identity);
  CHECK(parsed.has_value(), "a policy is checked before it is stored");
  write_policy(policy, std::move(record));
  const std::string arn = policy->second.arn();
  for (auto& [key, role] : roles_) {
    if (role.record.account != policy->second.account) continue;
    std::size_t place = role.record.inline_documents.size();  // as parsed_policies() has them
    for (const std::string& attached : role.record.attached_arns) {
      if (attached == arn) role.policies[place] = *parsed;
      const bool exists = attached == arn || find_aws_managed_policy(attached) != nullptr ||
                          attachable_document(role.record.account, attached).has_value();
      place += exists ? 1 : 0;
    }
  }
}

std::vector<const RoleRecord*> IamService::roles_of(std::string_view account) const {
  std::vector<const RoleRecord*> out;
  const std::string begin = store::KeyWriter(keys::kRoleTable).text(account).take();
  for (auto at = roles_.lower_bound(begin); at != roles_.end() && at->first.starts_with(begin); ++at)
    out.push_back(&at->second.record);
  return out;
}

std::vector<const RoleRecord*> IamService::roles_with(std::string_view account, std::string_view policy_arn) const {
  std::vector<const RoleRecord*> out = roles_of(account);
  std::erase_if(out, [&](const RoleRecord* role) {
    return std::ranges::find(role->attached_arns, policy_arn) == role->attached_arns.end();
  });
  return out;
}

std::map<std::string, std::size_t> IamService::attachments_of(std::string_view account) const {
  std::map<std::string, std::size_t> out;
  for (const RoleRecord* role : roles_of(account))
    for (const std::string& arn : role->attached_arns) ++out[arn];
  return out;
}

}  // namespace engine::iam
