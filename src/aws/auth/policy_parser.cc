#include <simdjson.h>

#include <algorithm>
#include <set>

#include "aws/auth/policy_statement.h"
#include "base/result.h"

namespace aws::auth {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;
using Statement = Policy::Statement;
template <class T>
using Parsed = std::expected<T, std::string>;

std::unexpected<std::string> refuse(std::string text) {
  return std::unexpected(std::move(text));
}
std::unexpected<std::string> syntax_error() {
  return refuse("Syntax errors in policy.");
}

// Whether requests of `action` (in lower case) only read, by its name.
bool reads(std::string_view action) {
  const std::string_view name = action.substr(action.find(':') + 1);
  return name.starts_with("get") || name.starts_with("list") || name.starts_with("describe");
}

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}
bool is_account(std::string_view text) {
  return text.size() == 12 && is_digits(text);
}

// One string, or a list of strings that is not empty; nullopt for anything else.
std::optional<std::vector<std::string_view>> strings_of(element value) {
  std::vector<std::string_view> out;
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) return std::vector{text};
  array list;
  if (value.get(list) != simdjson::SUCCESS) return std::nullopt;
  for (const element item : list) {
    if (item.get(text) != simdjson::SUCCESS) return std::nullopt;
    out.push_back(text);
  }
  if (out.empty()) return std::nullopt;
  return out;
}

// The texts of a condition's values, possibly none: strings, and numbers and booleans as they are written.
std::optional<std::vector<std::string>> condition_texts(element value) {
  std::vector<std::string> out;
  const auto add = [&out](element item) {
    std::string_view text;
    if (item.get(text) == simdjson::SUCCESS) {
      out.emplace_back(text);
    } else if (item.is_bool() || item.is_number()) {
      out.push_back(simdjson::minify(item));
    } else {
      return false;
    }
    return true;
  };
  array list;
  if (value.get(list) != simdjson::SUCCESS) {
    if (!add(value)) return std::nullopt;
    return out;
  }
  for (const element item : list)
    if (!add(item)) return std::nullopt;
  return out;
}

struct Operator {
  std::string_view name;
  Condition::Compare compare;
  bool negated = false;
  PolicyPattern::Syntax syntax = PolicyPattern::Syntax::literal;
  Condition::Relation relation = Condition::Relation::equal;
};

using enum Condition::Compare;
constexpr auto kLiteral = PolicyPattern::Syntax::literal;
constexpr auto kGlob = PolicyPattern::Syntax::glob;
constexpr auto kArn = PolicyPattern::Syntax::condition_arn;
using enum Condition::Relation;

// IAM User Guide, "IAM JSON policy elements: Condition operators".
constexpr Operator kOperators[] = {
    {"StringEquals", pattern},
    {"StringNotEquals", pattern, true},
    {"StringEqualsIgnoreCase", pattern_ignoring_case},
    {"StringNotEqualsIgnoreCase", pattern_ignoring_case, true},
    {"StringLike", pattern, false, kGlob},
    {"StringNotLike", pattern, true, kGlob},
    {"NumericEquals", number},
    {"NumericNotEquals", number, true},
    {"NumericLessThan", number, false, kLiteral, less},
    {"NumericLessThanEquals", number, false, kLiteral, less_equal},
    {"NumericGreaterThan", number, false, kLiteral, greater},
    {"NumericGreaterThanEquals", number, false, kLiteral, greater_equal},
    {"DateEquals", date},
    {"DateNotEquals", date, true},
    {"DateLessThan", date, false, kLiteral, less},
    {"DateLessThanEquals", date, false, kLiteral, less_equal},
    {"DateGreaterThan", date, false, kLiteral, greater},
    {"DateGreaterThanEquals", date, false, kLiteral, greater_equal},
    {"Bool", boolean},
    {"BinaryEquals", pattern},
    {"IpAddress", address},
    {"NotIpAddress", address, true},
    {"ArnEquals", pattern, false, kArn},  // the same as ArnLike, wildcards and all
    {"ArnLike", pattern, false, kArn},
    {"ArnNotEquals", pattern, true, kArn},
    {"ArnNotLike", pattern, true, kArn},
    {"Null", null},
};

// The operator called `name`, with its quantifier and suffix.
std::optional<Condition> find_operator(std::string_view name) {
  Condition out;
  constexpr std::string_view kAll = "ForAllValues:", kAny = "ForAnyValue:", kIfExists = "IfExists";
  if (name.starts_with(kAll)) {
    out.quantifier = Condition::Quantifier::all_values;
    name.remove_prefix(kAll.size());
  } else if (name.starts_with(kAny)) {
    out.quantifier = Condition::Quantifier::any_value;
    name.remove_prefix(kAny.size());
  }
  if (name.ends_with(kIfExists)) {
    out.if_exists = true;
    name.remove_suffix(kIfExists.size());
  }
  const auto* found = std::ranges::find(kOperators, name, &Operator::name);
  if (found == std::end(kOperators)) return std::nullopt;
  // Null is about absence itself.
  if (found->compare == null && (out.if_exists || out.quantifier != Condition::Quantifier::none)) return std::nullopt;
  out.compare = found->compare;
  out.negated = found->negated;
  out.syntax = found->syntax;
  out.relation = found->relation;
  return out;
}

// `text` as the type that the operator compares.
std::optional<Condition::Value> condition_value(const Condition& condition, std::string_view text, bool variables) {
  std::optional<Condition::Value> out;
  switch (condition.compare) {
    case pattern:
      out = PolicyPattern::compile(text, condition.syntax, variables);
      break;
    case pattern_ignoring_case:
      out = PolicyPattern::compile(lower_case(text), kLiteral, variables);
      break;
    case number:
      if (const auto parsed = base::Decimal::parse(text)) out = *parsed;
      break;
    case date:
      if (const auto parsed = parse_condition_date(text)) out = *parsed;
      break;
    case address:
      if (const auto parsed = AddressRange::parse(text)) out = *parsed;
      break;
    case boolean:
    case null:
      if (const std::string lower = lower_case(text); lower == "true" || lower == "false") out = lower == "true";
      break;
  }
  return out;
}

class Reader {
 public:
  explicit Reader(PolicyKind kind) : kind_(kind) {}

  Parsed<std::vector<Statement>> document(object root) {
    std::set<std::string_view> seen;
    std::optional<element> statements;
    for (const auto [key, value] : root) {
      if (!seen.insert(key).second) return syntax_error();
      std::string_view text;
      if (key == "Statement") {
        statements = value;
      } else if (key == "Version" && value.get(text) == simdjson::SUCCESS) {
        if (text != "2012-10-17" && text != "2008-10-17") return syntax_error();
        variables_ = text == "2012-10-17";
      } else if (key != "Id" || value.get(text) != simdjson::SUCCESS) {
        return syntax_error();
      }
    }
    if (!statements) return syntax_error();
    // Read last, because the Version, which may stand after them, rules their variables.
    object single;
    if (statements->get(single) == simdjson::SUCCESS) {
      TRY(add(single));
      return std::move(out_);
    }
    array list;
    if (statements->get(list) != simdjson::SUCCESS) return syntax_error();
    for (const element item : list) {
      if (item.get(single) != simdjson::SUCCESS || out_.size() == Policy::kStatementsMax) return syntax_error();
      TRY(add(single));
    }
    if (out_.empty()) return syntax_error();
    return std::move(out_);
  }

 private:
  // A statement's elements that may come once, as X or as NotX.
  struct Seen {
    bool effect = false, principal = false, action = false, resource = false;
  };

  Parsed<void> add(object source) {
    std::set<std::string_view> keys;
    Statement statement;
    Seen seen;
    for (const auto [key, value] : source) {
      if (!keys.insert(key).second) return syntax_error();
      TRY(read(key, value, statement, seen));
    }
    if (!seen.effect) return syntax_error();
    if (!seen.action) return refuse("Policy statement must contain actions.");
    switch (kind_) {
      case PolicyKind::identity:
        if (seen.principal) return refuse("Policy document should not specify a principal.");
        if (!seen.resource) return refuse("Policy statement must contain resources.");
        break;
      case PolicyKind::trust:
        if (seen.resource) return refuse("Has prohibited field Resource");
        [[fallthrough]];
      case PolicyKind::resource:
        if (!seen.principal) return refuse("Missing required field Principal");
        break;
    }
    out_.push_back(std::move(statement));
    return {};
  }

  Parsed<void> read(std::string_view key, element value, Statement& out, Seen& seen) {
    const bool negated = key.starts_with("Not");
    const std::string_view name = negated ? key.substr(3) : key;
    if (name == "Action") {
      if (std::exchange(seen.action, true)) return syntax_error();
      out.not_action = negated;
      return actions(value, out);
    }
    if (name == "Resource") {
      if (std::exchange(seen.resource, true)) return syntax_error();
      out.not_resource = negated;
      return resources(value, out);
    }
    if (name == "Principal") {
      if (std::exchange(seen.principal, true)) return syntax_error();
      out.not_principal = negated;
      return principals(value, out);
    }
    if (key == "Condition") return conditions(value, out);
    std::string_view text;
    if (value.get(text) != simdjson::SUCCESS) return syntax_error();
    if (key == "Effect" && (text == "Allow" || text == "Deny")) {
      seen.effect = true;
      out.allow = text == "Allow";
      return {};
    }
    if (key != "Sid") return syntax_error();
    // Empty ones are as good as none.
    if (!text.empty() && !sids_.insert(text).second)
      return refuse("Statement IDs (SID) in a single policy must be unique.");
    return {};
  }

  Parsed<void> actions(element value, Statement& out) {
    const auto texts = strings_of(value);
    if (!texts) return syntax_error();
    for (const std::string_view text : *texts) {
      const std::string lower = lower_case(text);
      const std::size_t colon = lower.find(':');
      const std::string_view vendor = std::string_view(lower).substr(0, colon);
      if (kind_ == PolicyKind::trust && vendor != "sts")
        return refuse("AssumeRole policy may only specify STS AssumeRole actions.");
      if (lower != "*") {
        if (colon == std::string::npos || colon + 1 == lower.size() || vendor.empty())
          return refuse("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.");
        if (vendor != "*" &&
            vendor.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-.") != std::string_view::npos)
          return refuse("Vendor " + std::string(text.substr(0, colon)) + " is not valid");
        if (lower.find(':', colon + 1) != std::string::npos)
          return refuse("Actions/Condition can contain only one colon.");
        // IAM takes any name, spaces and all; the services know their actions.
        if (kind_ == PolicyKind::resource &&
            lower.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789*?", colon + 1) != std::string::npos)
          return syntax_error();
      }
      out.reads_only = out.reads_only && reads(lower);
      out.actions.push_back(*PolicyPattern::compile(lower, kGlob, false));
    }
    return {};
  }

  Parsed<void> resources(element value, Statement& out) {
    const auto texts = strings_of(value);
    if (!texts) return syntax_error();
    for (const std::string_view text : *texts) {
      if (text != "*" && !text.starts_with("arn:"))
        return refuse("Resource " + std::string(text) + " must be in ARN format or \"*\".");
      auto compiled = PolicyPattern::compile(text, PolicyPattern::Syntax::resource_arn, variables_);
      if (!compiled) return syntax_error();
      out.resources.push_back(std::move(*compiled));
    }
    return {};
  }

  Parsed<void> principals(element value, Statement& out) {
    std::string_view text;
    if (value.get(text) == simdjson::SUCCESS) {
      if (text != "*") return refuse("Invalid principal in policy");
      out.principals.push_back({PrincipalPattern::Kind::anyone, {}, {}});
      return {};
    }
    object kinds;
    if (value.get(kinds) != simdjson::SUCCESS) return syntax_error();
    std::set<std::string_view> seen;
    for (const auto [kind, names] : kinds) {
      const auto texts = strings_of(names);
      if (!seen.insert(kind).second || !texts) return syntax_error();
      for (const std::string_view name : *texts) {
        auto compiled = principal(kind, name);
        if (!compiled) {
          const std::string upper = kind == "Service" ? "SERVICE" : std::string(kind);
          return refuse("Invalid principal in policy: \"" + upper + "\":\"" + std::string(name) + "\"");
        }
        out.principals.push_back(std::move(*compiled));
      }
    }
    if (out.principals.empty()) return syntax_error();
    return {};
  }

  static std::optional<PrincipalPattern> principal(std::string_view kind, std::string_view name) {
    using Kind = PrincipalPattern::Kind;
    if (name.empty()) return std::nullopt;
    if (kind == "Federated" || kind == "CanonicalUser") return PrincipalPattern{};
    if (name == "*") return kind == "AWS" ? std::optional(PrincipalPattern{Kind::anyone, {}, {}}) : std::nullopt;
    if (name.find_first_of("*?") != std::string_view::npos) return std::nullopt;
    if (kind == "Service") {
      if (!name.ends_with(".amazonaws.com") && !name.ends_with(".amazonaws.com.cn")) return std::nullopt;
      return PrincipalPattern{Kind::service, {}, std::string(name)};
    }
    if (kind != "AWS") return std::nullopt;
    if (is_account(name)) return PrincipalPattern{Kind::account, std::string(name), {}};
    if (name.starts_with("AROA")) return PrincipalPattern{Kind::unique_id, {}, std::string(name)};
    if (name.starts_with("AIDA")) return PrincipalPattern{};
    return principal_arn(name);
  }

  // arn:PARTITION:(iam|sts)::ACCOUNT:KIND/...
  static std::optional<PrincipalPattern> principal_arn(std::string_view arn) {
    using Kind = PrincipalPattern::Kind;
    std::vector<std::string_view> parts;
    std::string_view rest = arn;
    while (parts.size() < 5 && rest.find(':') != std::string_view::npos) {
      parts.push_back(rest.substr(0, rest.find(':')));
      rest.remove_prefix(parts.back().size() + 1);
    }
    if (parts.size() < 5 || parts[0] != "arn" || !parts[1].starts_with("aws") || !parts[3].empty() ||
        !is_account(parts[4]))
      return std::nullopt;
    std::string account(parts[4]);
    const std::string_view last = rest.substr(rest.rfind('/') + 1);
    if (parts[2] == "iam" && rest == "root") return PrincipalPattern{Kind::account, std::move(account), {}};
    if (last.empty()) return std::nullopt;
    if (parts[2] == "iam" && rest.starts_with("role/"))
      return PrincipalPattern{Kind::role, std::move(account), std::string(last)};
    if (parts[2] == "sts" && rest.starts_with("assumed-role/") && std::ranges::count(rest, '/') == 2)
      return PrincipalPattern{Kind::session, std::move(account), std::string(arn)};
    if (parts[2] == "iam" ? rest.starts_with("user/") : parts[2] == "sts" && rest.starts_with("federated-user/"))
      return PrincipalPattern{};
    return std::nullopt;
  }

  Parsed<void> conditions(element value, Statement& out) {
    object operators;
    if (value.get(operators) != simdjson::SUCCESS) return syntax_error();
    std::set<std::string> seen;
    for (const auto [name, keys_value] : operators) {
      const std::optional<Condition> shape = find_operator(name);
      object keys;
      if (keys_value.get(keys) != simdjson::SUCCESS || (!shape && keys.size() > 0)) return syntax_error();
      for (const auto [key, values] : keys) {
        const std::size_t colon = key.find(':');
        // IAM takes any key; one without a vendor is in no request.
        if (kind_ == PolicyKind::resource && (colon == 0 || colon == std::string_view::npos)) return syntax_error();
        Condition condition = *shape;
        condition.key = lower_case(key);
        if (!seen.insert(std::string(name) + ' ' + condition.key).second) return syntax_error();
        const auto texts = condition_texts(values);
        if (!texts) return syntax_error();
        for (const std::string& text : *texts) {
          auto compiled = condition_value(condition, text, variables_);
          if (!compiled) return syntax_error();
          condition.values.push_back(std::move(*compiled));
        }
        out.conditions.push_back(std::move(condition));
      }
    }
    return {};
  }

  const PolicyKind kind_;
  bool variables_ = false;
  std::set<std::string_view> sids_;
  std::vector<Statement> out_;
};

}  // namespace

bool is_condition_operator(std::string_view name) {
  return find_operator(name).has_value();
}

std::expected<Policy, std::string> Policy::parse(std::string_view json, PolicyKind kind) {
  constexpr std::string_view kNoJson = "This policy contains invalid Json";
  if (json.empty() || json.size() > kBytesMax) return refuse(std::string(kNoJson));
  simdjson::dom::parser parser(kBytesMax);
  object root;
  if (parser.allocate(json.size(), kDepthMax) != simdjson::SUCCESS ||
      parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS)
    return refuse(std::string(kNoJson));
  TRY_ASSIGN(std::vector<Statement> statements, Reader(kind).document(root));
  return Policy(std::move(statements));
}

}  // namespace aws::auth
