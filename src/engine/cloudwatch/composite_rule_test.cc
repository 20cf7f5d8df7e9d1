#include "engine/cloudwatch/composite_rule.h"

#include <gtest/gtest.h>

#include <map>

namespace engine::cloudwatch {
namespace {

// With a in ALARM, o OK, i INSUFFICIENT_DATA.
std::string outcome(const std::string& text) {
  const auto rule = CompositeRule::parse(text);
  if (!rule) return rule.error().message;
  const std::map<std::string, std::string_view> states = {
      {"a", "ALARM"}, {"o", "OK"}, {"i", "INSUFFICIENT_DATA"}, {"b (c)", "ALARM"}, {R"(q"\)", "ALARM"}};
  return rule->evaluate([&](std::size_t i) { return states.at(rule->alarms()[i]); }) ? "true" : "false";
}

TEST(Rule, IsEvaluated) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"ALARM(a)", "true"},
      {"ALARM(o)", "false"},
      {"OK(o)", "true"},
      {"INSUFFICIENT_DATA(i)", "true"},
      {"INSUFFICIENT_DATA ( \"i\" )", "true"},
      {"ALARM(\"b (c)\")", "true"},
      {R"(ALARM("q\"\\"))", "true"},
      {"TRUE", "true"},
      {"FALSE", "false"},
      {"true", "true"},
      {"False", "false"},
      {"NOT FALSE", "true"},
      {"NOT NOT FALSE", "false"},
      {"TRUE OR TRUE AND FALSE", "true"},
      {"(TRUE OR TRUE) AND FALSE", "false"},
      {"NOT TRUE OR TRUE", "true"},
      {"NOT (TRUE OR TRUE)", "false"},
      {"NOT(TRUE)AND(FALSE)", "false"},
      {"ALARM(a) AND\n\tNOT ALARM(o) AND OK(o)", "true"},
      {"ALARM(o) OR ALARM(i) OR OK(a)", "false"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(outcome(text), expected) << text;
}

TEST(Rule, NamesEachAlarmOnce) {
  const auto rule = CompositeRule::parse("ALARM(x) OR OK(\"x\") AND ALARM(arn:aws:cloudwatch:r:1:alarm:y)");
  ASSERT_TRUE(rule);
  EXPECT_EQ(rule->alarms(), (std::vector<std::string>{"x", "arn:aws:cloudwatch:r:1:alarm:y"}));
}

TEST(Rule, Refusals) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "Error in AlarmRule [Unexpected end of rule]"},
      {"()", "Error in AlarmRule [Unsupported token ')' at char 1]"},
      {"ALARM", "Error in AlarmRule [Unexpected end of rule]"},
      {"ALARM()", "Error in AlarmRule [Unsupported token ')' at char 6]"},
      {"ALARM(a", "Error in AlarmRule [Unexpected end of rule]"},
      {"ALARM(a b)", "Error in AlarmRule [Unsupported token 'b' at char 8]"},
      {"ALARM(\"a)", "Error in AlarmRule [Unexpected end of rule in a quoted name]"},
      {"ALARM(a) XOR ALARM(o)", "Error in AlarmRule [Unsupported token 'XOR' at char 9]"},
      {"ALARM(a) ALARM(o)", "Error in AlarmRule [Unsupported token 'ALARM' at char 9]"},
      {"ALARM(a) AND", "Error in AlarmRule [Unexpected end of rule]"},
      {"TRUEFALSE", "Error in AlarmRule [Unsupported token 'TRUEFALSE' at char 0]"},
      {"NOT", "Error in AlarmRule [Unexpected end of rule]"},
      {"(TRUE", "Error in AlarmRule [Unexpected end of rule]"},
      {"TRUE)", "Error in AlarmRule [Unsupported token ')' at char 4]"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(outcome(text), expected) << text;
}

TEST(Rule, HasBounds) {
  const auto repeat = [](const std::string& text, int times) {
    std::string out;
    for (int i = 0; i < times; ++i) out += text;
    return out;
  };
  EXPECT_EQ(outcome(repeat("(", 100) + "TRUE" + repeat(")", 100)), "true");
  EXPECT_EQ(outcome(repeat("(", 101) + "TRUE" + repeat(")", 101)),
            "Error in AlarmRule [Rule is nested deeper than 100]");
  EXPECT_EQ(outcome(repeat("(", 10'240)), "Error in AlarmRule [Rule is nested deeper than 100]");
  EXPECT_EQ(outcome(repeat("TRUE OR ", 499) + "TRUE"), "true");
  EXPECT_EQ(outcome(repeat("TRUE OR ", 500) + "TRUE"), "Error in AlarmRule [Rule has more than 500 elements]");
  EXPECT_EQ(outcome(repeat("NOT ", 2'000) + "TRUE"), "true");
  EXPECT_EQ(outcome(std::string(10'241, ' ')), "Error in AlarmRule [Rule is longer than 10240]");
  std::string many;
  for (int i = 0; i < 101; ++i) many += (i > 0 ? " OR OK(x" : "OK(x") + std::to_string(i) + ")";
  EXPECT_EQ(outcome(many), "Error in AlarmRule [Rule has more than 100 alarms]");
}

}  // namespace
}  // namespace engine::cloudwatch
