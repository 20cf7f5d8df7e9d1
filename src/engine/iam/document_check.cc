#include "engine/iam/document_check.h"

#include <simdjson.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <set>
#include <vector>

#include "aws/auth/condition_date.h"
#include "aws/auth/policy.h"
#include "aws/auth/text.h"
#include "aws/iam/errors.h"
#include "engine/iam/document_resource.h"

namespace engine::iam {
namespace {

using base::Result;
using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

constexpr std::string_view kSyntax = "Syntax errors in policy.";
constexpr std::string_view kLegacy = "The policy failed legacy parsing";

std::unexpected<base::AwsError> refuse(std::string_view message) {
  return base::fail(aws::iam::errors::malformed_policy_document_exception(std::string(message)));
}

bool is_text(element value) {
  return value.is_string();
}
bool is_scalar(element value) {
  return value.is_string() || value.is_bool() || value.is_number();
}

// Whether `value`, or every item of the list it is, is `one`.
template <class Test>
bool is_one_or_list(element value, Test one) {
  array list;
  if (value.get(list) != simdjson::SUCCESS) return one(value);
  return std::ranges::all_of(list, one);
}

// Calls `visit` with each string of `value`, one or a list.
template <class Visit>
Result<void> each_text(element value, Visit visit) {
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) return visit(text);
  array list;
  if (value.get(list) != simdjson::SUCCESS) return {};
  for (const element item : list)
    if (item.get(text) == simdjson::SUCCESS) TRY(visit(text));
  return {};
}

// The element `name` or `Not`name.
std::optional<element> either(object statement, std::string_view name) {
  element out;
  if (statement.at_key(name).get(out) == simdjson::SUCCESS) return out;
  if (statement.at_key("Not" + std::string(name)).get(out) == simdjson::SUCCESS) return out;
  return std::nullopt;
}

bool has(object statement, std::string_view name) {
  return statement.at_key(name).error() == simdjson::SUCCESS;
}

// Operators with nothing to compare may have any name.
bool is_condition(element value) {
  object operators;
  if (value.get(operators) != simdjson::SUCCESS) return false;
  return std::ranges::all_of(operators, [](const auto& entry) {
    object keys;
    if (entry.value.get(keys) != simdjson::SUCCESS) return false;
    const auto is_values = [](const auto& key) { return is_one_or_list(key.value, is_scalar); };
    return std::ranges::all_of(keys, is_values) && (keys.size() == 0 || aws::auth::is_condition_operator(entry.key));
  });
}

bool is_statement_element(std::string_view name, element value) {
  if (name == "Sid") return is_text(value);
  if (name == "Effect") {
    const auto text = value.get_string();
    if (text.error() != simdjson::SUCCESS) return false;
    const std::string effect = aws::auth::lower_case(text.value_unsafe());
    return effect == "allow" || effect == "deny";
  }
  if (name == "Condition") return is_condition(value);
  if (name == "Principal" || name == "NotPrincipal") return true;
  if (name.starts_with("Not")) name.remove_prefix(3);
  return (name == "Action" || name == "Resource") && is_one_or_list(value, is_text);
}

bool is_statement(object statement) {
  for (const auto [name, value] : statement)
    if (!is_statement_element(name, value)) return false;
  for (const std::string_view name : {"Action", "Resource"})
    if (has(statement, name) && has(statement, "Not" + std::string(name))) return false;
  return has(statement, "Effect");
}

struct Parts {
  bool present_version = false;
  std::vector<object> statements;
};

// nullopt for a syntax error.
std::optional<Parts> parts_of(object document) {
  Parts out;
  for (const auto [name, value] : document) {
    std::string_view text;
    object single;
    array list;
    if (name == "Statement" && value.get(single) == simdjson::SUCCESS) {
      out.statements.push_back(single);
    } else if (name == "Statement" && value.get(list) == simdjson::SUCCESS) {
      for (const element item : list) {
        if (item.get(single) != simdjson::SUCCESS) return std::nullopt;
        out.statements.push_back(single);
      }
    } else if (name == "Version" && value.get(text) == simdjson::SUCCESS) {
      if (text != "2012-10-17" && text != "2008-10-17") return std::nullopt;
      out.present_version = text == "2012-10-17";
    } else if (name != "Id" || !is_text(value)) {
      return std::nullopt;
    }
  }
  if (out.statements.empty() || !std::ranges::all_of(out.statements, is_statement)) return std::nullopt;
  return out;
}

bool is_date(element value) {
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) return aws::auth::parse_condition_date(text).has_value();
  return aws::auth::parse_condition_date(simdjson::minify(value)).has_value();
}

// What IAM's old parser asks of a statement, but for its resources.
bool passes_legacy(object statement) {
  const std::string_view effect = statement.at_key("Effect").get_string().value_unsafe();
  if (effect != "Allow" && effect != "Deny") return false;
  object operators;
  if (statement.at_key("Condition").get(operators) != simdjson::SUCCESS) return true;
  return std::ranges::all_of(operators, [](const auto& entry) {
    const std::string_view name = entry.key.substr(entry.key.find(':') + 1);  // without its quantifier
    object keys;
    if (!name.starts_with("Date") || entry.value.get(keys) != simdjson::SUCCESS) return true;
    return std::ranges::all_of(keys, [](const auto& key) { return is_one_or_list(key.value, is_date); });
  });
}

Result<void> check_sids(const std::vector<object>& statements) {
  std::set<std::string_view> seen;
  for (const object statement : statements) {
    std::string_view sid;
    if (statement.at_key("Sid").get(sid) != simdjson::SUCCESS || sid.empty()) continue;
    if (!std::ranges::all_of(sid, [](unsigned char c) { return c < 0x80 && std::isalnum(c) != 0; }))
      return refuse(
          "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression "
          "[0-9A-Za-z]*");
    if (!seen.insert(sid).second) return refuse("Statement IDs (SID) in a single policy must be unique.");
  }
  return {};
}

// That each statement has the element, and something in it.
Result<void> check_present(const std::vector<object>& statements, std::string_view name, std::string_view message) {
  for (const object statement : statements) {
    const auto value = either(statement, name);
    array list;
    if (!value || (value->get(list) == simdjson::SUCCESS && list.size() == 0)) return refuse(message);
  }
  return {};
}

// The first resource that is wrong decides; of its faults those that the old parser finds come first of all.
Result<void> check_resources(const std::vector<object>& statements) {
  for (const object statement : statements)
    if (const auto value = either(statement, "Resource")) TRY(each_text(*value, check_resource));
  return {};
}

Result<void> check_action(std::string_view action) {
  if (action == "*") return {};
  const std::size_t colon = action.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == action.size())
    return refuse("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.");
  if (action.find(':', colon + 1) != std::string_view::npos)
    return refuse("Actions/Condition can contain only one colon.");
  const std::string vendor(action.substr(0, colon));
  const auto belongs = [](unsigned char c) { return c < 0x80 && (std::isalnum(c) != 0 || c == '-' || c == '.'); };
  if (vendor != "*" && !std::ranges::all_of(vendor, belongs)) return refuse("Vendor " + vendor + " is not valid");
  return {};
}

Result<void> check_actions(const std::vector<object>& statements) {
  for (const object statement : statements)
    if (const auto value = either(statement, "Action")) TRY(each_text(*value, check_action));
  return {};
}

}  // namespace

Result<void> check_document(std::string_view document, DocumentUse use) {
  simdjson::dom::parser parser;
  object root;
  if (parser.parse(document.data(), document.size()).get(root) != simdjson::SUCCESS)
    return refuse(use == DocumentUse::trust ? "This policy contains invalid Json" : kSyntax);
  const auto parts = parts_of(root);
  if (!parts) return refuse(kSyntax);
  const std::vector<object>& statements = parts->statements;
  if (use == DocumentUse::managed && !parts->present_version)
    return refuse("Policy document must be version 2012-10-17 or greater.");
  if (!std::ranges::all_of(statements, passes_legacy)) return refuse(kLegacy);
  if (use == DocumentUse::trust) return check_sids(statements);
  const Result<void> resources = check_resources(statements);
  if (!resources.has_value() && resources.error().message == kLegacy) return resources;
  if (std::ranges::any_of(statements, [](object s) { return either(s, "Principal").has_value(); }))
    return refuse("Policy document should not specify a principal.");
  TRY(check_sids(statements));
  TRY(check_present(statements, "Action", "Policy statement must contain actions."));
  TRY(resources);
  TRY(check_actions(statements));
  return check_present(statements, "Resource", "Policy statement must contain resources.");
}

}  // namespace engine::iam
