#include <gtest/gtest.h>

#include "engine/dynamodb/condition_evaluate.h"
#include "engine/dynamodb/expression_binding.h"
#include "engine/dynamodb/projection.h"
#include "engine/dynamodb/test_values.h"
#include "engine/dynamodb/update_apply.h"

namespace engine::dynamodb {
namespace {

using Names = std::optional<aws::Map<std::string>>;
using Values = std::optional<Item>;

struct Request {
  ExpressionCache cache{16};
  Names names = aws::Map<std::string>{{"#n", "name"}, {"#a", "a"}};
  Values values = Item{{":n", N(5)},
                       {":m", N(7)},
                       {":s", S("abc")},
                       {":p", S("ab")},
                       {":l", L({N(1)})},
                       {":t", S("L")},
                       {":ss", SS({"x", "y"})},
                       {":x", S("x")},
                       {":ns", NS({"1", "2"})},
                       {":tru", Bool(true)}};
  ExpressionBinder binder{cache, names, values};

  std::string error(ExpressionKind kind, std::string_view text) {
    const auto bound = binder.bind(kind, text);
    return bound ? "" : bound.error().message;
  }
};

Item sample() {
  return {{"a", N(5)},
          {"name", S("abcdef")},
          {"l", L({N(10), N(11), N(12)})},
          {"m", M({{"x", M({{"y", S("deep")}})}, {"z", N(1)}})},
          {"ss", SS({"x", "y"})},
          {"ns", NS({"1", "2"})}};
}

TEST(Expression, ErrorTexts) {
  using enum ExpressionKind;
  struct Case {
    ExpressionKind kind;
    std::string text;
    std::string error;
  };
  const std::vector<Case> cases = {
      {condition, "", "The expression can not be empty;"},
      {condition, "a = ", "Syntax error; token: \"<EOF>\", near: \"=\""},
      {condition, "a == :n", "Syntax error; token: \"=\", near: \"== :n\""},
      {condition, "a", "Syntax error; token: \"<EOF>\", near: \"a\""},
      {condition, "a = :n !", "Syntax error; token: \"!\", near: \":n !\""},
      {condition, "name = :n", "Attribute name is a reserved keyword; reserved keyword: name"},
      {condition, "a.Status = :n", "Attribute name is a reserved keyword; reserved keyword: Status"},
      {condition, "foo(a)", "Invalid function name; function: foo"},
      {condition, "Size(a) > :n", "Invalid function name; function: Size"},
      {condition, "size(a)", "The function is not allowed to be used this way in an expression; function: size"},
      {condition, "attribute_exists(a) = :n",
       "The function is not allowed to be used this way in an expression; function: attribute_exists"},
      {condition, "((a = :n))", "The expression has redundant parentheses;"},
      {condition, "(a) = :n", "The expression has redundant parentheses;"},
      {condition, "attribute_exists(a, b)",
       "Incorrect number of operands for operator or function; operator or function: attribute_exists, number of "
       "operands: 2"},
      {condition, "attribute_exists(:n)",
       "Operator or function requires a document path; operator or function: attribute_exists"},
      {condition, "begins_with(a, :n)",
       "Incorrect operand type for operator or function; operator or function: begins_with, operand type: N"},
      {condition, "attribute_type(a, :s)",
       "Invalid attribute type name found; type: abc, valid types: "
       "{B,NULL,SS,BOOL,L,BS,N,NS,S,M}"},
      {condition, "a = :undefined",
       "An expression attribute value used in expression is not defined; attribute value: :undefined"},
      {condition, "#u = :n",
       "An expression attribute name used in the document path is not defined; attribute name: #u"},
      {condition, "a < :tru", "Incorrect operand type for operator or function; operator: <, operand type: BOOL"},
      {condition, "a BETWEEN :m AND :n",
       "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: "
       "AttributeValue: {N:7}, upper bound operand: AttributeValue: {N:5}"},
      {condition, "a = a",
       "The first operand must be distinct from the remaining operands for this operator or function; operator: =, "
       "first "
       "operand: [a]"},
      {update, "SET", "Syntax error; token: \"<EOF>\", near: \"SET\""},
      {update, "SET a = :n SET b = :n", "The \"SET\" section can only be used once in an update expression;"},
      {update, "SET a = :n + :s",
       "Incorrect operand type for operator or function; operator or function: +, operand type: S"},
      {update, "SET a = :n, a.b = :n",
       "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path "
       "two: "
       "[a, b]"},
      {update, "SET a.b = :n, a[1] = :n",
       "Two document paths conflict with each other; must remove or rewrite one of these paths; path one: [a, b], path "
       "two: [a, [1]]"},
      {update, "SET #a = :n REMOVE a",
       "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path "
       "two: [a]"},
      {update, "ADD a :s", "Incorrect operand type for operator or function; operator: ADD, operand type: STRING"},
      {update, "DELETE a :n",
       "Incorrect operand type for operator or function; operator: DELETE, operand type: NUMBER"},
      {update, "SET a = if_not_exists(:n, :n)",
       "Operator or function requires a document path; operator or function: if_not_exists"},
      {update, "SET a = size(b)", "Invalid function name; function: size"},
      {update, "DROP a", "Syntax error; token: \"DROP\", near: \"DROP a\""},
      {projection, "a,, b", "Syntax error; token: \",\", near: \",, b\""},
      {projection, "a, a.b",
       "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path "
       "two: "
       "[a, b]"},
      {condition, std::string(4097, 'a'),
       "Expression size has exceeded the maximum allowed size; expression size: 4097"},
  };
  Request request;
  for (const Case& c : cases)
    EXPECT_EQ(request.error(c.kind, c.text), "Invalid " + std::string(parameter_name(c.kind)) + ": " + c.error)
        << c.text;
  std::string many = "a=:n";
  for (int i = 0; i < 150; ++i) many += " or a=:n";
  EXPECT_EQ(request.error(condition, many),
            "Invalid ConditionExpression: The expression contains too many operators; operator count: 301");
  std::string choices = "a IN (:n";
  for (int i = 0; i < 100; ++i) choices += ",:n";
  EXPECT_EQ(request.error(condition, choices + ")"),
            "Invalid ConditionExpression: The IN operator is provided with too many operands; number of operands: 101");
  EXPECT_NE(request.error(condition, std::string(4000, '(')), "");
  EXPECT_NE(request.error(update, "SET a = " + std::string(4000, '(')), "");
  EXPECT_LE(request.cache.size(), 16u);
}

TEST(Expression, Conditions) {
  const std::vector<std::pair<std::string, bool>> cases = {
      {"a = :n", true},
      {"a <> :n", false},
      {"absent <> :n", true},
      {"absent = :n", false},
      {"NOT absent = :n", true},
      {"#n = :s OR a < :m AND a >= :n", true},
      {"(#n = :s OR a < :m) AND a > :n", false},
      {"attribute_not_exists(absent) and attribute_exists(m.x.y)", true},
      {"attribute_exists(m.x.nope)", false},
      {"attribute_exists(l[2]) AND attribute_not_exists(l[3])", true},
      {"attribute_type(l, :t)", true},
      {"begins_with(#n, :p)", true},
      {"contains(#n, :p)", true},
      {"contains(ss, :x)", true},
      {"contains(ss, :n)", false},
      {"contains(l, :n)", false},
      {"size(#n) > :n", true},
      {"size(l) = size(m)", false},
      {"size(a) = :n", false},
      {"a BETWEEN :n AND :m", true},
      {"a IN (:m, :s, :n)", true},
      {"a IN (:m)", false},
      {"ss = :ss", true},
      {":n = #a", true},
      {"a < :s", false},
      {"not not a = :n", true},
  };
  for (const auto& [text, expected] : cases) {
    Request request;
    const auto bound = request.binder.bind(ExpressionKind::condition, text);
    ASSERT_TRUE(bound) << text << ": " << bound.error().message;
    EXPECT_EQ(condition_holds(*bound, sample()), expected) << text;
  }
}

TEST(Expression, Updates) {
  struct Case {
    std::string text;
    std::string attribute;
    std::optional<AttributeValue> value;
    std::string error;
  };
  const std::string kWrong = "An operand in the update expression has an incorrect data type";
  const std::string kPath = "The document path provided in the update expression is invalid for update";
  const std::vector<Case> cases = {
      {"SET a = :m", "a", N(7), ""},
      {"SET a = :m, b = a", "b", N(5), ""},  // the old a
      {"SET b = a + :m", "b", N(12), ""},
      {"SET b = (a - :m)", "b", N(-2), ""},
      {"SET b = if_not_exists(absent, :s)", "b", S("abc"), ""},
      {"SET b = if_not_exists(absent, a) + :n", "b", N(10), ""},
      {"SET l = list_append(:l, l)", "l", L({N(1), N(10), N(11), N(12)}), ""},
      {"SET l[1] = :n", "l", L({N(10), N(5), N(12)}), ""},
      {"SET l[9] = :n, l[7] = :m", "l", L({N(10), N(11), N(12), N(7), N(5)}), ""},
      {"REMOVE l[0], l[1]", "l", L({N(12)}), ""},
      {"REMOVE l[0] SET l[1] = :n", "l", L({N(5), N(12)}), ""},
      {"REMOVE l[7]", "l", L({N(10), N(11), N(12)}), ""},
      {"REMOVE m.x.y, m.z", "m", M({{"x", M({})}}), ""},
      {"SET m.x.q = :n", "m", M({{"x", M({{"y", S("deep")}, {"q", N(5)}})}, {"z", N(1)}}), ""},
      {"ADD a :m", "a", N(12), ""},
      {"ADD fresh :m", "fresh", N(7), ""},
      {"ADD ss :ss", "ss", SS({"x", "y"}), ""},
      {"ADD fresh :ss", "fresh", SS({"x", "y"}), ""},
      {"ADD m.z :m", "m", M({{"x", M({{"y", S("deep")}})}, {"z", N(8)}}), ""},
      {"DELETE ss :ss", "ss", std::nullopt, ""},
      {"DELETE absent :ss", "absent", std::nullopt, ""},
      {"remove a", "a", std::nullopt, ""},
      {"SET b = absent", "", {}, "The provided expression refers to an attribute that does not exist in the item"},
      {"SET b = #n + :n", "", {}, kWrong},
      {"SET b = list_append(a, :l)", "", {}, kWrong},
      {"ADD #n :n", "", {}, kWrong},
      {"DELETE ns :ss", "", {}, kWrong},
      {"SET absent.x = :n", "", {}, kPath},
      {"SET a.x = :n", "", {}, kPath},
      {"SET m[0] = :n", "", {}, kPath},
      {"REMOVE absent.x", "", {}, kPath},
  };
  for (const Case& c : cases) {
    Request request;
    const auto bound = request.binder.bind(ExpressionKind::update, c.text);
    ASSERT_TRUE(bound) << c.text << ": " << bound.error().message;
    const auto after = apply_update(*bound, sample());
    if (!c.error.empty()) {
      ASSERT_FALSE(after) << c.text;
      EXPECT_EQ(after.error().message, c.error) << c.text;
      continue;
    }
    ASSERT_TRUE(after) << c.text << ": " << after.error().message;
    const AttributeValue* value = after->find(c.attribute);
    ASSERT_EQ(value != nullptr, c.value.has_value()) << c.text;
    EXPECT_TRUE(value == nullptr || values_equal(*value, *c.value)) << c.text;
  }
}

TEST(Expression, ArithmeticNeverRounds) {
  Names names;
  Values values = Item{{":big", N("1e37")}, {":small", N("0.1")}};
  ExpressionCache cache(4);
  ExpressionBinder binder(cache, names, values);
  ASSERT_TRUE(binder.check({{ExpressionKind::update, true}}));
  const auto bound = binder.bind(ExpressionKind::update, "SET b = :big + :small");
  ASSERT_TRUE(bound);
  EXPECT_EQ(apply_update(*bound, {}).error().message,
            "Number overflow. Attempting to store a number with magnitude larger than supported range");
}

TEST(Expression, Projections) {
  Request request;
  const auto bound = request.binder.bind(ExpressionKind::projection, "#n, m.x.y, l[2], l[0], absent, a.b, l[9]");
  ASSERT_TRUE(bound);
  EXPECT_TRUE(same_item(project(sample(), bound->target_paths()),
                        {{"name", S("abcdef")}, {"m", M({{"x", M({{"y", S("deep")}})}})}, {"l", L({N(10), N(12)})}}));
}

TEST(Expression, PlaceholderMaps) {
  ExpressionCache cache(4);
  const auto check = [&](Names names, Values values, const std::string& condition) -> std::string {
    ExpressionBinder binder(cache, names, values);
    if (auto r = binder.check({{ExpressionKind::condition, !condition.empty()}}); !r) return r.error().message;
    if (!condition.empty())
      if (auto r = binder.bind(ExpressionKind::condition, condition); !r) return r.error().message;
    const auto used = binder.check_all_used();
    return used ? "" : used.error().message;
  };
  using NameMap = aws::Map<std::string>;
  EXPECT_EQ(check(NameMap{{"#a", "x"}}, {}, ""),
            "ExpressionAttributeNames can only be specified when using expressions");
  EXPECT_EQ(check({}, Item{{":a", N(1)}}, ""),
            "ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null");
  EXPECT_EQ(check(NameMap{}, {}, "a = b"), "ExpressionAttributeNames must not be empty");
  EXPECT_EQ(check({}, Item{}, "a = b"), "ExpressionAttributeValues must not be empty");
  EXPECT_EQ(check(NameMap{{"a", "x"}}, {}, "a = b"),
            "ExpressionAttributeNames contains invalid key: Syntax error; key: \"a\"");
  EXPECT_EQ(check({}, Item{{":", N(1)}}, "a = b"),
            "ExpressionAttributeValues contains invalid key: Syntax error; key: \":\"");
  EXPECT_EQ(
      check({}, Item{{":a", N("x")}}, "a = :a"),
      "ExpressionAttributeValues contains invalid value: The parameter cannot be converted to a numeric value: x for "
      "key :a");
  EXPECT_EQ(check(NameMap{{"#a", "x"}, {"#b", "y"}, {"#c", "z"}}, {}, "#b = b"),
            "Value provided in ExpressionAttributeNames unused in expressions: keys: {#a, #c}");
  EXPECT_EQ(check({}, Item{{":a", N(1)}, {":b", N(1)}}, "a = :a"),
            "Value provided in ExpressionAttributeValues unused in expressions: keys: {:b}");
  EXPECT_EQ(check({}, Item{{":a", N("1.0")}}, "a = :a"), "");
}

}  // namespace
}  // namespace engine::dynamodb
