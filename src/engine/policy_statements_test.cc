#include "engine/policy_statements.h"

#include <gtest/gtest.h>

namespace engine {
namespace {

TEST(PolicyStatements, ComeAndGo) {
  const std::string one = permission_statement("a", {"111122223333"}, {"SQS:SendMessage"}, "arn:x");
  EXPECT_EQ(one, R"({"Sid":"a","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},)"
                 R"("Action":"SQS:SendMessage","Resource":"arn:x"})");
  std::string policy = with_statement("", "id", one);
  EXPECT_EQ(policy, R"({"Version":"2008-10-17","Id":"id","Statement":[)" + one + "]}");
  EXPECT_TRUE(has_statement(policy, "a"));
  EXPECT_FALSE(has_statement(policy, "b"));
  policy = with_statement(policy, "id", permission_statement("b", {"1", "2"}, {"x", "y"}, "arn:x"));
  EXPECT_NE(policy.find(R"("Principal":{"AWS":["arn:aws:iam::1:root","arn:aws:iam::2:root"]},"Action":["x","y"])"),
            policy.npos);
  EXPECT_EQ(without_statement(policy, "c"), std::nullopt);
  policy = *without_statement(policy, "a");
  EXPECT_FALSE(has_statement(policy, "a"));
  EXPECT_TRUE(has_statement(policy, "b"));
  EXPECT_EQ(without_statement(policy, "b"), "");
}

TEST(PolicyStatements, LeaveTheRestAlone) {
  const std::string policy =
      R"({"Version":"2012-10-17","Statement":{"Effect":"Deny","x":"\u0001\""},"odd\u0001":[1, 2]})";
  const std::string with = with_statement(policy, "id", R"({"Sid":"s"})");
  EXPECT_EQ(with,
            R"({"Version":"2012-10-17","odd\u0001":[1,2],"Statement":[{"Effect":"Deny","x":"\u0001\""},{"Sid":"s"}]})");
  EXPECT_EQ(*without_statement(with, "s"),
            R"({"Version":"2012-10-17","odd\u0001":[1,2],"Statement":[{"Effect":"Deny","x":"\u0001\""}]})");
}

}  // namespace
}  // namespace engine
