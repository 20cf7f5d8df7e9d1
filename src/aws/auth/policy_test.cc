#include "aws/auth/policy.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "aws/auth/policy_pattern.h"
#include "aws/auth/policy_statement.h"

namespace aws::auth {
namespace {

using Syntax = PolicyPattern::Syntax;

bool glob(std::string_view pattern, std::string_view text, Syntax syntax = Syntax::glob) {
  return PolicyPattern::compile(pattern, syntax, false)->matches(text, {});
}

Principal role(std::string name = "worker") {
  return {Principal::Kind::role, "111122223333", "arn:aws:sts::111122223333:assumed-role/" + name + "/s",
          "AROAEXAMPLEEXAMPLE123:s"};
}
Principal root(std::string account = "111122223333") {
  return {Principal::Kind::root, account, "arn:aws:iam::" + account + ":root", account};
}
Principal service(std::string name) {
  return {Principal::Kind::service, "111122223333", name, name};
}

std::string refusal(std::string_view json, PolicyKind kind = PolicyKind::identity) {
  auto policy = Policy::parse(json, kind);
  return policy.has_value() ? "" : policy.error();
}

std::string statement(std::string_view body) {
  return R"({"Version":"2012-10-17","Statement":[{)" + std::string(body) + "}]}";
}

// What an identity policy of one Allow with this condition says, for one set of keys.
bool holds(std::string_view condition, const std::vector<ConditionValue>& keys) {
  auto policy =
      Policy::parse(statement(R"("Effect":"Allow","Action":"*","Resource":"*","Condition":)" + std::string(condition)),
                    PolicyKind::identity);
  EXPECT_TRUE(policy.has_value()) << condition << ' ' << (policy.has_value() ? "" : policy.error());
  return policy.has_value() && policy->evaluate({role(), "s3:GetObject", "*", keys}) == Decision::allow;
}

TEST(PolicyPattern, Wildcards) {
  const struct {
    const char* pattern;
    const char* text;
    bool match;
  } rows[] = {
      {"*", "", true},        {"*", "any:thing/at all", true},
      {"", "", true},         {"", "a", false},
      {"a?c", "abc", true},   {"a?c", "ac", false},
      {"a*c", "ac", true},    {"a*c", "abcbc", true},
      {"a*c", "abcd", false}, {"?", "\xc3\xa9", true},
      {"a**b", "ab", true},   {"*a*b*", "xxaxxbxx", true},
      {"abc", "ABC", false},  {"*x?", "axbxc", true},
      {"a.c", "abc", false},
  };
  for (const auto& row : rows) EXPECT_EQ(glob(row.pattern, row.text), row.match) << row.pattern << ' ' << row.text;
}

TEST(PolicyPattern, ArnsArePartByPart) {
  const struct {
    const char* pattern;
    const char* text;
    bool resource;
    bool condition;
  } rows[] = {
      {"arn:aws:s3:::bucket/*", "arn:aws:s3:::bucket/a/b:c", true, true},
      {"arn:aws:s3:::bucket/*", "arn:aws:s3:::bucket", false, false},
      {"arn:aws:sqs:*:111122223333:orders", "arn:aws:sqs:us-east-1:111122223333:orders", true, true},
      {"arn:aws:sqs:us-*-1:111122223333:orders", "arn:aws:sqs:us-east-1:111122223333:orders", true, true},
      // A '*' inside of a part stays there; one that ends its part of a resource may run on.
      {"arn:aws:sqs:us*1:111122223333:orders", "arn:aws:sqs:us-east-2:1:111122223333:orders", false, false},
      {"arn:aws:sqs:*:orders", "arn:aws:sqs:us-east-1:111122223333:orders", true, false},
      {"arn:aws:sqs:*", "arn:aws:sqs:us-east-1:111122223333:orders", true, true},
      {"arn:aws:sqs:us-east?-?:1:q", "arn:aws:sqs:us-east:-1:1:q", false, false},
      {"arn:aws:logs:*:*:log-group:*:log-stream:?", "arn:aws:logs:r:1:log-group:/a:b:log-stream:x", true, true},
      {"*", "*", true, true},
      {"arn:*", "*", false, false},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(glob(row.pattern, row.text, Syntax::resource_arn), row.resource) << row.pattern << ' ' << row.text;
    EXPECT_EQ(glob(row.pattern, row.text, Syntax::condition_arn), row.condition) << row.pattern << ' ' << row.text;
  }
}

// Recursive and exponential, but obviously right. 'inside' tells whether a '*' at i must stay within its part.
bool oracle(std::string_view pattern, std::string_view text, Syntax syntax, std::size_t i = 0, std::size_t t = 0) {
  if (i == pattern.size()) return t == text.size();
  const auto colons = std::count(pattern.begin(), pattern.begin() + static_cast<std::ptrdiff_t>(i), ':');
  const bool bounded = syntax != Syntax::glob && colons < 5;
  if (pattern[i] == '*') {
    std::size_t end = i;
    while (end < pattern.size() && pattern[end] == '*') ++end;
    const bool last = end == pattern.size() || (syntax == Syntax::resource_arn && pattern[end] == ':');
    for (std::size_t u = t; u <= text.size(); ++u) {
      if (oracle(pattern, text, syntax, end, u)) return true;
      if (u < text.size() && text[u] == ':' && bounded && !last) return false;
    }
    return false;
  }
  if (t == text.size()) return false;
  if (pattern[i] == '?' ? bounded && text[t] == ':' : pattern[i] != text[t]) return false;
  return oracle(pattern, text, syntax, i + 1, t + 1);
}

RC_GTEST_PROP(PolicyPattern, AgreesWithTheOracle, ()) {
  const auto pattern = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab:*?:*")));
  const auto text = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab:")));
  if (pattern.size() > 16 || text.size() > 16) return;
  for (const Syntax syntax : {Syntax::glob, Syntax::resource_arn, Syntax::condition_arn})
    RC_ASSERT(glob(pattern, text, syntax) == oracle(pattern, text, syntax));
}

TEST(PolicyPattern, NoPatternIsSlow) {
  std::string greedy, bounded;
  for (int i = 0; i < 1'000; ++i) greedy += "a*";
  for (int i = 0; i < 200; ++i) bounded += "a*";
  const std::string text(10'000, 'a');
  EXPECT_FALSE(glob(greedy + "b", text));
  EXPECT_TRUE(glob(greedy, text));
  EXPECT_FALSE(glob(bounded + "b", text, Syntax::resource_arn));
  EXPECT_TRUE(glob(bounded + "a:", text + ":", Syntax::resource_arn));
}

TEST(Policy, RefusesWhatItDoesNotUnderstand) {
  const std::string allow = R"("Effect":"Allow","Action":"s3:*","Resource":"*")";
  EXPECT_EQ(refusal(statement(allow)), "");
  const std::string syntax = "Syntax errors in policy.", json = "This policy contains invalid Json";
  const struct {
    std::string document;
    std::string text;
  } rows[] = {
      {"", json},
      {"[]", json},
      {"{", json},
      {statement(allow) + "x", json},
      {std::string(40, '[') + std::string(40, ']'), json},
      {std::string(Policy::kBytesMax, ' ') + statement(allow), json},
      {"{}", syntax},
      {R"({"Statement":[]})", syntax},
      {R"({"Statement":[1]})", syntax},
      {R"({"Version":"2013-01-01","Statement":[{)" + allow + "}]}", syntax},
      {R"({"Surprise":1,"Statement":[{)" + allow + "}]}", syntax},
      {statement(allow + R"(,"Surprise":"x")"), syntax},
      {statement(allow + R"(,"Effect":"Deny")"), syntax},
      {statement(allow + R"(,"NotAction":"s3:*")"), syntax},
      {statement(R"("Effect":"allow","Action":"s3:*","Resource":"*")"), syntax},
      {statement(R"("Effect":"Allow","Action":[],"Resource":"*")"), syntax},
      {statement(R"("Effect":"Allow","Action":1,"Resource":"*")"), syntax},
      {statement(R"("Effect":"Allow","Resource":"*")"), "Policy statement must contain actions."},
      {statement(R"("Effect":"Allow","Action":"*")"), "Policy statement must contain resources."},
      {statement(allow + R"(,"Principal":"*")"), "Policy document should not specify a principal."},
      {statement(R"("Effect":"Allow","Action":"s3:*","Resource":"b")"), "Resource b must be in ARN format or \"*\"."},
      {statement(R"("Effect":"Allow","Action":"Get","Resource":"*")"),
       "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."},
      {statement(R"("Effect":"Allow","Action":"s*:Get","Resource":"*")"), "Vendor s* is not valid"},
      {statement(R"("Effect":"Allow","Action":"s3:List:Bucket","Resource":"*")"),
       "Actions/Condition can contain only one colon."},
      {statement(allow + R"(,"Condition":{"StringIs":{"aws:x":"y"}})"), syntax},
      {statement(allow + R"(,"Condition":{"NullIfExists":{"aws:x":"true"}})"), syntax},
      {statement(allow + R"(,"Condition":{"StringEquals":{"aws:x":"${aws:y"}})"), syntax},
      {statement(allow + R"(,"Condition":{"StringEquals":{"aws:x":"1","AWS:x":"2"}})"), syntax},
      {statement(allow + R"(,"Condition":{"NumericEquals":{"aws:x":"1x"}})"), syntax},
      {statement(allow + R"(,"Condition":{"DateEquals":{"aws:x":"yesterday"}})"), syntax},
      {statement(allow + R"(,"Condition":{"Bool":{"aws:x":"yes"}})"), syntax},
      {statement(allow + R"(,"Condition":{"IpAddress":{"aws:x":"10.0.0.0/33"}})"), syntax},
      {statement(R"("Sid":"a",)" + allow + R"(},{"Sid":"a",)" + allow),
       "Statement IDs (SID) in a single policy must be unique."},
  };
  for (const auto& row : rows) EXPECT_EQ(refusal(row.document), row.text) << row.document.substr(0, 200);
}

// Of resource policies more is asked: what IAM takes and never matches would be a queue's owner's mistake.
TEST(Policy, ResourcePoliciesAreTakenByTheLetter) {
  const auto refused = [](std::string_view body) {
    return refusal(statement(R"("Effect":"Allow","Principal":"*","Resource":"*",)" + std::string(body)),
                   PolicyKind::resource);
  };
  EXPECT_EQ(refused(R"("Action":"sqs:SendMessage")"), "");
  EXPECT_EQ(refused(R"("Action":"sqs:Send Message")"), "Syntax errors in policy.");
  EXPECT_EQ(refused(R"("Action":"sqs:SendMessage","Condition":{"StringEquals":{"x":"y"}})"),
            "Syntax errors in policy.");
}

TEST(Policy, AConditionWithoutValuesHoldsForNothing) {
  EXPECT_FALSE(holds(R"({"StringEquals":{"aws:x":[]}})", {{"aws:x", "a"}}));
  EXPECT_FALSE(holds(R"({"DateGreaterThan":{"a":[]}})", {}));
  EXPECT_TRUE(holds(R"({"Unheard":{}})", {}));
}

TEST(Policy, RefusesPrincipalsAndTrustItDoesNotUnderstand) {
  const auto trust = [](std::string_view principal, std::string_view action = "sts:AssumeRole") {
    return refusal(statement(R"("Effect":"Allow","Principal":)" + std::string(principal) + R"(,"Action":")" +
                             std::string(action) + '"'),
                   PolicyKind::trust);
  };
  for (const char* good : {R"("*")", R"({"AWS":"111122223333"})", R"({"AWS":["arn:aws:iam::111122223333:role/p/r"]})",
                           R"({"Service":"lambda.amazonaws.com"})", R"({"AWS":"arn:aws:iam::111122223333:user/u"})",
                           R"({"AWS":"arn:aws:sts::111122223333:assumed-role/r/s","Federated":"x"})"})
    EXPECT_EQ(trust(good), "") << good;
  EXPECT_EQ(trust(R"("111122223333")"), "Invalid principal in policy");
  EXPECT_EQ(trust(R"({"Service":"lambda"})"), "Invalid principal in policy: \"SERVICE\":\"lambda\"");
  for (const char* name : {"x", "1111222233334", "arn:aws:iam::1:root", "arn:aws:iam::111122223333:role/*",
                           "arn:aws:iam::111122223333:role/", "arn:aws:s3:::b"})
    EXPECT_EQ(trust(R"({"AWS":")" + std::string(name) + "\"}"),
              "Invalid principal in policy: \"AWS\":\"" + std::string(name) + '"');
  EXPECT_EQ(trust(R"({})"), "Syntax errors in policy.");
  EXPECT_EQ(trust(R"("*")", "s3:*"), "AssumeRole policy may only specify STS AssumeRole actions.");
  EXPECT_EQ(
      refusal(statement(R"("Effect":"Allow","Principal":"*","Action":"sts:*","Resource":"*")"), PolicyKind::trust),
      "Has prohibited field Resource");
  EXPECT_EQ(refusal(statement(R"("Effect":"Allow","Action":"sts:AssumeRole")"), PolicyKind::trust),
            "Missing required field Principal");
}

TEST(Policy, Principals) {
  const auto may = [](std::string_view principal, const Principal& caller, std::string_view element = "Principal") {
    auto policy = Policy::parse(statement(R"("Effect":"Allow","Action":"sqs:*","Resource":"*",")" +
                                          std::string(element) + "\":" + std::string(principal)),
                                PolicyKind::resource);
    return policy.has_value() && policy->evaluate({caller, "sqs:SendMessage", "arn:q", {}}) == Decision::allow;
  };
  for (const char* all : {R"("*")", R"({"AWS":"*"})"})
    for (const Principal& who : {root(), role(), service("s3.amazonaws.com")}) EXPECT_TRUE(may(all, who)) << all;
  for (const char* account : {R"({"AWS":"111122223333"})", R"({"AWS":["arn:aws:iam::111122223333:root"]})"}) {
    EXPECT_TRUE(may(account, root()));
    EXPECT_TRUE(may(account, role()));
    EXPECT_FALSE(may(account, root("999999999999")));
    EXPECT_FALSE(may(account, service("s3.amazonaws.com")));
  }
  const char* worker = R"({"AWS":"arn:aws:iam::111122223333:role/path/worker"})";
  EXPECT_TRUE(may(worker, role()));
  EXPECT_FALSE(may(worker, role("other")));
  EXPECT_FALSE(may(worker, root()));
  EXPECT_TRUE(may(worker, root(), "NotPrincipal"));
  EXPECT_TRUE(may(R"({"AWS":"arn:aws:sts::111122223333:assumed-role/worker/s"})", role()));
  EXPECT_FALSE(may(R"({"AWS":"arn:aws:sts::111122223333:assumed-role/worker/t"})", role()));
  EXPECT_TRUE(may(R"({"AWS":"AROAEXAMPLEEXAMPLE123"})", role()));
  EXPECT_TRUE(may(R"({"Service":["a.amazonaws.com","s3.amazonaws.com"]})", service("s3.amazonaws.com")));
  EXPECT_FALSE(may(R"({"Service":"sns.amazonaws.com"})", service("s3.amazonaws.com")));
  EXPECT_FALSE(may(R"({"Service":"s3.amazonaws.com"})", role()));
}

TEST(Policy, Conditions) {
  const struct {
    const char* condition;
    std::vector<ConditionValue> keys;
    bool holds;
  } rows[] = {
      {R"({"StringEquals":{"AWS:X":["a","b"]}})", {{"aws:x", "b"}}, true},
      {R"({"StringEquals":{"aws:x":"a"}})", {{"aws:x", "A"}}, false},
      {R"({"StringEquals":{"aws:x":"a*"}})", {{"aws:x", "ab"}}, false},
      {R"({"StringEquals":{"aws:x":"a"}})", {}, false},
      {R"({"StringEqualsIfExists":{"aws:x":"a"}})", {}, true},
      {R"({"StringEqualsIfExists":{"aws:x":"a"}})", {{"aws:x", "b"}}, false},
      {R"({"StringEqualsIgnoreCase":{"aws:x":"aB"}})", {{"aws:x", "Ab"}}, true},
      {R"({"StringNotEquals":{"aws:x":["a","b"]}})", {{"aws:x", "b"}}, false},
      {R"({"StringNotEquals":{"aws:x":["a","b"]}})", {{"aws:x", "c"}}, true},
      {R"({"StringNotEquals":{"aws:x":"a"}})", {}, true},
      {R"({"StringLike":{"aws:x":"a*c?"}})", {{"aws:x", "abbcd"}}, true},
      {R"({"StringNotLike":{"aws:x":"a*"}})", {{"aws:x", "ab"}}, false},
      {R"({"StringEquals":{"aws:x":"a"},"Bool":{"aws:y":true}})", {{"aws:x", "a"}, {"aws:y", "false"}}, false},
      {R"({"StringEquals":{"aws:x":"a"},"Bool":{"aws:y":true}})", {{"aws:x", "a"}, {"aws:y", "TRUE"}}, true},
      {R"({"NumericLessThanEquals":{"aws:x":10}})", {{"aws:x", "10.0"}}, true},
      {R"({"NumericLessThan":{"aws:x":"10"}})", {{"aws:x", "10"}}, false},
      {R"({"NumericGreaterThan":{"aws:x":"9.5"}})", {{"aws:x", "10"}}, true},
      {R"({"NumericGreaterThan":{"aws:x":"9"}})", {{"aws:x", "ten"}}, false},
      {R"({"DateLessThan":{"aws:x":"2024-01-01T00:00:00Z"}})", {{"aws:x", "2023-12-31T23:59:59Z"}}, true},
      {R"({"DateGreaterThanEquals":{"aws:x":"1700000000"}})", {{"aws:x", "2023-11-14T22:13:20Z"}}, true},
      {R"({"DateLessThan":{"aws:x":"2009-01-31T12:00Z"}})", {{"aws:x", "2009-01-31T11:59:59Z"}}, true},
      {R"({"DateGreaterThan":{"aws:x":"2024-01-01"}})", {{"aws:x", "2024-01-01T00:00:00Z"}}, false},
      {R"({"IpAddress":{"aws:x":["10.1.0.0/12","2001:db8::/33"]}})", {{"aws:x", "10.15.255.1"}}, true},
      {R"({"IpAddress":{"aws:x":"10.1.0.0/16"}})", {{"aws:x", "10.2.0.0"}}, false},
      {R"({"IpAddress":{"aws:x":"2001:db8::/33"}})", {{"aws:x", "2001:db8:7fff::1"}}, true},
      {R"({"IpAddress":{"aws:x":"2001:db8::/33"}})", {{"aws:x", "2001:db8:8000::1"}}, false},
      {R"({"IpAddress":{"aws:x":"0.0.0.0/0"}})", {{"aws:x", "::1"}}, false},
      {R"({"NotIpAddress":{"aws:x":"10.0.0.0/8"}})", {{"aws:x", "11.0.0.1"}}, true},
      {R"({"ArnLike":{"aws:x":"arn:aws:s3:*:*:b*"}})", {{"aws:x", "arn:aws:s3:::bucket"}}, true},
      {R"({"ArnEquals":{"aws:x":"arn:aws:s3:*:b"}})", {{"aws:x", "arn:aws:s3:::b"}}, false},
      {R"({"ArnNotLike":{"aws:x":"arn:aws:s3:::a"}})", {{"aws:x", "arn:aws:s3:::b"}}, true},
      {R"({"Null":{"aws:x":"true"}})", {}, true},
      {R"({"Null":{"aws:x":"true"}})", {{"aws:x", "a"}}, false},
      {R"({"Null":{"aws:x":false}})", {{"aws:x", "a"}}, true},
      {R"({"ForAllValues:StringEquals":{"aws:x":["a","b"]}})", {{"aws:x", "a"}, {"aws:x", "b"}}, true},
      {R"({"ForAllValues:StringEquals":{"aws:x":["a","b"]}})", {{"aws:x", "a"}, {"aws:x", "c"}}, false},
      {R"({"ForAllValues:StringEquals":{"aws:x":"a"}})", {}, true},
      {R"({"ForAnyValue:StringEquals":{"aws:x":"a"}})", {{"aws:x", "c"}, {"aws:x", "a"}}, true},
      {R"({"ForAnyValue:StringEquals":{"aws:x":"a"}})", {}, false},
      {R"({"ForAnyValue:StringNotEquals":{"aws:x":"a"}})", {}, false},
      {R"({"ForAnyValue:StringNotEquals":{"aws:x":"a"}})", {{"aws:x", "a"}, {"aws:x", "b"}}, true},
      {R"({"ForAllValues:StringNotLike":{"aws:x":"a*"}})", {{"aws:x", "ab"}, {"aws:x", "b"}}, false},
      {R"({"StringEquals":{"aws:x":"${aws:y}"}})", {{"aws:x", "a"}, {"aws:y", "a"}}, true},
      {R"({"StringLike":{"aws:x":"${aws:y}"}})", {{"aws:x", "ab"}, {"aws:y", "a*"}}, false},
      {R"({"StringLike":{"aws:x":"${aws:y, 'd'}*"}})", {{"aws:x", "de"}}, true},
      {R"({"StringLike":{"aws:x":"${aws:y}*"}})", {{"aws:x", "de"}}, false},
      {R"({"StringLike":{"aws:x":"${*}?"}})", {{"aws:x", "*a"}}, true},
      {R"({"StringLike":{"aws:x":"${*}?"}})", {{"aws:x", "ba"}}, false},
  };
  for (const auto& row : rows) EXPECT_EQ(holds(row.condition, row.keys), row.holds) << row.condition;
}

TEST(Policy, VariablesNeedTheNewVersion) {
  const std::string body =
      R"("Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/${aws:userid}/*"}})";
  const std::vector<ConditionValue> keys{{"aws:userid", "me:x"}};
  const auto old = Policy::parse("{" + body, PolicyKind::identity);
  const auto current = Policy::parse(R"({"Version":"2012-10-17",)" + body, PolicyKind::identity);
  const auto decide = [&](const Policy& policy, std::string_view resource) {
    return policy.evaluate({role(), "s3:getobject", resource, keys});
  };
  EXPECT_EQ(decide(*current, "arn:aws:s3:::b/me:x/k"), Decision::allow);
  EXPECT_EQ(decide(*current, "arn:aws:s3:::b/you/k"), Decision::none);
  EXPECT_EQ(decide(*old, "arn:aws:s3:::b/me:x/k"), Decision::none);
  EXPECT_EQ(decide(*old, "arn:aws:s3:::b/${aws:userid}/k"), Decision::allow);
  EXPECT_TRUE(current->needs_conditions());
  EXPECT_FALSE(old->needs_conditions());
}

struct RandomStatement {
  bool allow, not_action, not_resource;
  std::vector<std::string> actions, resources;
};

// S11 and S12 in a few lines over strings, to compare the evaluator with.
Decision decide(const std::vector<RandomStatement>& statements, std::string_view action, std::string_view resource) {
  bool allowed = false;
  for (const RandomStatement& s : statements) {
    bool a = false, r = false;
    for (const auto& p : s.actions) a = a || oracle(lower_case(p), lower_case(action), Syntax::glob);
    for (const auto& p : s.resources) r = r || oracle(p, resource, Syntax::resource_arn);
    if (a == s.not_action || r == s.not_resource) continue;
    if (!s.allow) return Decision::deny;
    allowed = true;
  }
  return allowed ? Decision::allow : Decision::none;
}

RC_GTEST_PROP(Policy, AgreesWithTheOracle, ()) {
  const auto actions = rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(
      rc::gen::element<std::string>("*", "s3:*", "S3:Get*", "s3:getobject", "sqs:Send?essage", "sqs:*Message")));
  const auto resources = rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
      "*", "arn:aws:s3:::b/*", "arn:aws:s3:::b", "arn:aws:sqs:*:1:q", "arn:aws:sqs:r?:1:*", "arn:aws:s*q*")));
  std::vector<RandomStatement> statements;
  std::string json = R"({"Version":"2012-10-17","Statement":[)";
  const int count = *rc::gen::inRange(1, 5);
  const auto list = [](const std::vector<std::string>& texts) {
    std::string out;
    for (const auto& text : texts) out += (out.empty() ? "[\"" : ",\"") + text + '"';
    return out + "]";
  };
  for (int i = 0; i < count; ++i) {
    RandomStatement s{*rc::gen::weightedElement<bool>({{3, true}, {1, false}}), *rc::gen::arbitrary<bool>(),
                      *rc::gen::arbitrary<bool>(), *actions, *resources};
    json += std::string(i == 0 ? "" : ",") + R"({"Effect":")" + (s.allow ? "Allow" : "Deny") + "\",\"" +
            (s.not_action ? "Not" : "") + "Action\":" + list(s.actions) + ",\"" + (s.not_resource ? "Not" : "") +
            "Resource\":" + list(s.resources) + "}";
    statements.push_back(std::move(s));
  }
  const auto policy = Policy::parse(json + "]}", PolicyKind::identity);
  RC_ASSERT(policy.has_value());
  const Principal who = role();
  for (const char* action : {"s3:GetObject", "S3:PUTOBJECT", "sqs:SendMessage", "sqs:DeleteMessage"})
    for (const char* resource :
         {"*", "arn:aws:s3:::b", "arn:aws:s3:::b/k:k", "arn:aws:sqs:r1:1:q", "arn:aws:sqs:rr1:1:q"})
      RC_ASSERT(policy->evaluate({who, action, resource, {}}) == decide(statements, action, resource));
}

RC_GTEST_PROP(Policy, AnyBytesAreAnswered, ()) {
  std::string json = statement(
      R"("Effect":"Allow","Action":"s3:*","Resource":"arn:*","Condition":{"ArnLike":{"aws:x":["${aws:y,'z'}"]}})");
  const int edits = *rc::gen::inRange(0, 4);
  for (int i = 0; i < edits; ++i)
    json[*rc::gen::inRange<std::size_t>(0, json.size())] = *rc::gen::elementOf(std::string("{}[]\",:$*\\ a1\xff"));
  const auto policy = Policy::parse(json, PolicyKind::identity);
  if (policy.has_value()) (void)policy->evaluate({role(), "s3:Get", "arn:x", {}});
  if (!policy.has_value()) RC_ASSERT(!policy.error().empty());
}

TEST(Policy, AServiceNeedsTheResourcePolicy) {
  const std::string policy = statement(
      R"("Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"sqs:SendMessage",
         "Resource":"arn:aws:sqs:us-east-1:111122223333:q","Condition":{"ArnEquals":{"aws:SourceArn":"arn:aws:s3:::b"},
         "StringEquals":{"aws:SourceAccount":"111122223333"}})");
  const std::string queue = "arn:aws:sqs:us-east-1:111122223333:q";
  Context context;
  context.principal = service("s3.amazonaws.com");
  context.source_arn = "arn:aws:s3:::b";
  EXPECT_TRUE(service_may(policy, context, "sqs:SendMessage", queue));
  EXPECT_FALSE(service_may(policy, context, "sqs:ReceiveMessage", queue));
  EXPECT_FALSE(service_may(policy, context, "sqs:SendMessage", queue + "2"));
  EXPECT_FALSE(service_may("", context, "sqs:SendMessage", queue));
  EXPECT_FALSE(service_may("{", context, "sqs:SendMessage", queue));
  Context other = context;
  other.source_arn = "arn:aws:s3:::c";
  EXPECT_FALSE(service_may(policy, other, "sqs:SendMessage", queue));
  other = context;
  other.principal.account = "999999999999";
  EXPECT_FALSE(service_may(policy, other, "sqs:SendMessage", queue));
  other = context;
  other.principal = service("sns.amazonaws.com");
  EXPECT_FALSE(service_may(policy, other, "sqs:SendMessage", queue));
}

}  // namespace
}  // namespace aws::auth
