#include "aws/auth/policy.h"

#include <algorithm>
#include <optional>

#include "aws/auth/policy_statement.h"

namespace aws::auth {
namespace {

// One request as the statements see it.
struct Subject {
  const PolicyRequest& request;
  std::string action;  // in lower case
};

// "arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION" taken apart.
std::string_view role_name(std::string_view arn) {
  constexpr std::string_view kMark = ":assumed-role/";
  const std::size_t at = arn.find(kMark);
  if (at == std::string_view::npos) return {};
  arn.remove_prefix(at + kMark.size());
  return arn.substr(0, arn.find('/'));
}

bool matches(const PrincipalPattern& pattern, const Principal& principal) {
  using Kind = PrincipalPattern::Kind;
  const bool role = principal.kind == Principal::Kind::role;
  switch (pattern.kind) {
    case Kind::anyone:
      return true;
    case Kind::account:
      return principal.kind != Principal::Kind::service && principal.account == pattern.account;
    case Kind::role:
      return role && principal.account == pattern.account && role_name(principal.arn) == pattern.name;
    case Kind::session:
      return role && principal.arn == pattern.name;
    case Kind::unique_id:
      return role && principal.user_id.substr(0, principal.user_id.find(':')) == pattern.name;
    case Kind::service:
      return principal.kind == Principal::Kind::service && principal.arn == pattern.name;
    case Kind::never:
      return false;
  }
  return false;
}

bool related(Condition::Relation relation, std::strong_ordering order) {
  switch (relation) {
    case Condition::Relation::equal:
      return order == 0;
    case Condition::Relation::less:
      return order < 0;
    case Condition::Relation::less_equal:
      return order <= 0;
    case Condition::Relation::greater:
      return order > 0;
    case Condition::Relation::greater_equal:
      return order >= 0;
  }
  return false;
}

// Whether the request's `text` agrees with one value of the policy. What cannot be read as the type does not.
bool agrees(const Condition& condition, const Condition::Value& value, const std::string& text,
            const PolicyRequest& request) {
  switch (condition.compare) {
    case Condition::Compare::pattern:
      return std::get<PolicyPattern>(value).matches(text, request.conditions);
    case Condition::Compare::pattern_ignoring_case:
      return std::get<PolicyPattern>(value).matches(lower_case(text), request.conditions);
    case Condition::Compare::number: {
      const auto number = base::Decimal::parse(text);
      return number.has_value() && related(condition.relation, *number <=> std::get<base::Decimal>(value));
    }
    case Condition::Compare::date: {
      const auto date = parse_condition_date(text);
      return date && related(condition.relation, *date <=> std::get<base::Timestamp>(value));
    }
    case Condition::Compare::boolean:
      return lower_case(text) == (std::get<bool>(value) ? "true" : "false");
    case Condition::Compare::address: {
      const auto address = AddressRange::parse(text);
      return address && std::get<AddressRange>(value).contains(*address);
    }
    case Condition::Compare::null:
      return false;  // decided before, by the key's presence
  }
  return false;
}

bool holds_without_key(const Condition& condition) {
  if (condition.compare == Condition::Compare::null)
    return std::ranges::any_of(condition.values, [](const auto& value) { return std::get<bool>(value); });
  if (condition.if_exists || condition.quantifier == Condition::Quantifier::all_values) return true;
  return condition.negated && condition.quantifier == Condition::Quantifier::none;
}

// True for keys of AWS's own and of the services that are here, unless condition_values(), IAM or STS make them or they
// would be absent on AWS as well: there are no users, organisations and private networks.
bool is_unknown(std::string_view key) {
  static constexpr std::string_view kPrefixes[] = {
      "aws:", "cloudwatch:", "dynamodb:", "lambda:", "logs:", "s3:", "sns:", "sqs:", "sts:"};
  static constexpr std::string_view kKnown[] = {"aws:currenttime",
                                                "aws:epochtime",
                                                "aws:principalaccount",
                                                "aws:principalarn",
                                                "aws:principalisawsservice",
                                                "aws:principalorgid",
                                                "aws:principalorgpaths",
                                                "aws:principalservicename",
                                                "aws:principaltype",
                                                "aws:requestedregion",
                                                "aws:securetransport",
                                                "aws:sourceaccount",
                                                "aws:sourcearn",
                                                "aws:sourcevpc",
                                                "aws:sourcevpce",
                                                "aws:userid",
                                                "aws:username",
                                                "aws:vpcsourceip",
                                                "sts:externalid",
                                                "sts:rolesessionname"};
  return std::ranges::any_of(kPrefixes, [&](std::string_view prefix) { return key.starts_with(prefix); }) &&
         !key.starts_with("aws:principaltag/") && std::ranges::find(kKnown, key) == std::end(kKnown);
}

// The same for a key in requests that `statement` is about. Those that only read have no tags to tell of.
bool is_unknown(const Condition& condition, const Policy::Statement& statement) {
  const bool of_tags = condition.key == "aws:tagkeys" || condition.key.starts_with("aws:requesttag/");
  return is_unknown(condition.key) && !(of_tags && statement.reads_only && !statement.not_action);
}

bool holds(const Condition& condition, const PolicyRequest& request) {
  bool present = false, all = true, any = false;
  for (const ConditionValue& entry : request.conditions) {
    if (entry.key != condition.key) continue;
    present = true;
    if (condition.compare == Condition::Compare::null) break;
    const bool agreed = std::ranges::any_of(condition.values, [&](const Condition::Value& value) {
      return agrees(condition, value, entry.value, request);
    });
    (agreed != condition.negated ? any : all) = agreed != condition.negated;
  }
  if (condition.compare == Condition::Compare::null)
    return std::ranges::any_of(condition.values, [&](const auto& value) { return std::get<bool>(value) == !present; });
  if (!present) return holds_without_key(condition);
  switch (condition.quantifier) {
    case Condition::Quantifier::all_values:
      return all;
    case Condition::Quantifier::any_value:
      return any;
    case Condition::Quantifier::none:
      break;
  }
  return condition.negated ? all : any;
}

bool any_matches(const std::vector<PolicyPattern>& patterns, std::string_view text, const PolicyRequest& request) {
  return std::ranges::any_of(patterns,
                             [&](const PolicyPattern& pattern) { return pattern.matches(text, request.conditions); });
}

bool applies(const Policy::Statement& statement, const Subject& subject) {
  const PolicyRequest& request = subject.request;
  if (any_matches(statement.actions, subject.action, request) == statement.not_action) return false;
  if (!statement.resources.empty() &&
      any_matches(statement.resources, request.resource, request) == statement.not_resource)
    return false;
  if (!statement.principals.empty() && std::ranges::any_of(statement.principals, [&](const auto& p) {
                                         return matches(p, request.principal);
                                       }) == statement.not_principal)
    return false;
  return std::ranges::all_of(statement.conditions, [&](const Condition& c) { return holds(c, request); });
}

bool looks_at_conditions(const Policy::Statement& statement) {
  const auto variable = [](const PolicyPattern& pattern) { return pattern.uses_variables(); };
  return !statement.conditions.empty() || std::ranges::any_of(statement.resources, variable);
}

}  // namespace

std::vector<ConditionValue> condition_values(const Context& context) {
  const Principal& principal = context.principal;
  const bool service = principal.kind == Principal::Kind::service;
  std::vector<ConditionValue> out{
      {"aws:currenttime", base::format_iso8601_seconds(context.now)},
      {"aws:epochtime", std::to_string(base::to_epoch_seconds(context.now))},
      {"aws:principalisawsservice", service ? "true" : "false"},
      // Calls between services do not go over a network.
      {"aws:securetransport", context.endpoint.empty() || context.endpoint.starts_with("https:") ? "true" : "false"},
  };
  if (!context.region.empty()) out.push_back({"aws:requestedregion", context.region});
  if (!context.source_arn.empty()) out.push_back({"aws:sourcearn", context.source_arn});
  if (service) {
    // A service calls for a resource of the account that it names as its own.
    if (!principal.account.empty()) out.push_back({"aws:sourceaccount", principal.account});
    out.push_back({"aws:principalservicename", principal.arn});
    return out;
  }
  out.push_back({"aws:principalaccount", principal.account});
  out.push_back({"aws:userid", principal.user_id});
  const bool role = principal.kind == Principal::Kind::role;
  out.push_back({"aws:principaltype", role ? "AssumedRole" : "Account"});
  const std::string_view name = role ? role_name(principal.arn) : std::string_view();
  out.push_back({"aws:principalarn",
                 name.empty() ? principal.arn : "arn:aws:iam::" + principal.account + ":role/" + std::string(name)});
  return out;
}

Policy::Policy(std::vector<Statement> statements)
    : statements_(std::make_shared<const std::vector<Statement>>(std::move(statements))),
      needs_conditions_(std::ranges::any_of(*statements_, looks_at_conditions)) {}

std::size_t Policy::statement_count() const {
  return statements_->size();
}

std::optional<std::string> Policy::undecidable_key() const {
  for (const Statement& statement : *statements_) {
    // An Allow that never holds here, for want of another key, allows nothing.
    const auto fails = [](const Condition& c) { return is_unknown(c.key) && !holds_without_key(c); };
    if (statement.allow && std::ranges::any_of(statement.conditions, fails)) continue;
    for (const Condition& condition : statement.conditions)
      if (is_unknown(condition, statement) && holds_without_key(condition) == statement.allow) return condition.key;
  }
  return std::nullopt;
}

Decision Policy::evaluate(const PolicyRequest& request) const {
  const Subject subject{request, lower_case(request.action)};
  Decision decision = Decision::none;
  for (const Statement& statement : *statements_) {
    if (statement.allow && decision == Decision::allow) continue;  // says nothing new
    if (!applies(statement, subject)) continue;
    if (!statement.allow) return Decision::deny;
    decision = Decision::allow;
  }
  return decision;
}

bool service_may(std::string_view policy_json, const Context& context, std::string_view action,
                 std::string_view resource_arn) {
  return caller_may(policy_json, context, action, resource_arn, {});
}

bool caller_may(std::string_view policy_json, const Context& context, std::string_view action,
                std::string_view resource_arn, std::span<const ConditionValue> more) {
  if (policy_json.empty()) return false;
  const auto policy = Policy::parse(policy_json, PolicyKind::resource);
  if (!policy.has_value()) return false;
  std::vector<ConditionValue> conditions;
  if (policy->needs_conditions()) {
    conditions = condition_values(context);
    conditions.insert(conditions.end(), more.begin(), more.end());
  }
  return policy->evaluate({context.principal, action, resource_arn, conditions}) == Decision::allow;
}

}  // namespace aws::auth
