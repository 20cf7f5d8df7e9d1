#include "pipeline/stack.h"

#include <gtest/gtest.h>

#include "pipeline/policies.h"
#include "pipeline/stack_kinds.h"

namespace pipeline {
namespace {

TEST(CanonicalJson, EqualDocumentsAreEqualTexts) {
  const std::string deep = std::string(40, '[') + std::string(40, ']');
  const std::pair<std::string, std::string> cases[] = {
      {R"({ "b": [2, {"d": 1, "c": null}], "a": "x" })", R"({"a":"x","b":[2,{"c":null,"d":1}]})"},
      {R"({"a":1,"a":2})", R"({"a":2})"},
      {R"("ä\u0041")", R"("äA")"},
      {"90", "90"},
      {"1.50", "1.5"},
      {"not json", "not json"},
      {"", ""},
      {deep, deep},
  };
  for (const auto& [text, canonical] : cases) EXPECT_EQ(canonical_json(text), canonical) << text;
}

TEST(Policies, ADocumentIsReadAsItIsMeant) {
  EXPECT_EQ(
      canonical_json(policy_document({{{"a:B"}, {"arn:x", "arn:y"}}})),
      R"({"Statement":[{"Action":["a:B"],"Effect":"Allow","Resource":["arn:x","arn:y"]}],"Version":"2012-10-17"})");
  EXPECT_EQ(canonical_json(topic_to_queue_policy("arn:t", "arn:q")),
            R"({"Statement":[{"Action":"sqs:SendMessage","Condition":{"ArnEquals":{"aws:SourceArn":"arn:t"}},"Effect":)"
            R"("Allow","Principal":{"Service":"sns.amazonaws.com"},"Resource":"arn:q"}],"Version":"2012-10-17"})");
}

TEST(Policies, TheOneOfANewTopicIsToldFromOthers) {
  const std::string born = default_topic_policy("arn:t", "111122223333");
  EXPECT_TRUE(is_default_topic_policy(born));
  const std::string marks = R"({"Id":"__default_policy_ID","Statement":[{"Sid":"__default_statement_ID","Effect":)";
  EXPECT_TRUE(is_default_topic_policy(marks + R"("Allow","Action":"SNS:Publish"}]})"));
  EXPECT_FALSE(is_default_topic_policy(marks + R"("Deny"}]})"));
  EXPECT_FALSE(is_default_topic_policy(marks + R"("Allow"},{"Sid":"more","Effect":"Allow"}]})"));
  for (const std::string_view other : {"", "[]", "{}", R"({"Id":"__default_policy_ID"})", R"({"Statement":[]})"})
    EXPECT_FALSE(is_default_topic_policy(other)) << other;
}

class FakeResource final : public Resource {
 public:
  explicit FakeResource(base::Result<std::optional<Properties>> now) : Resource("thing", "t"), now_(std::move(now)) {}
  [[nodiscard]] bool holds_data() const override { return true; }
  [[nodiscard]] ResourceSpec spec() const override { return {TopicSpec{name()}}; }
  [[nodiscard]] Properties wanted() const override { return {{"key", "id", /*fixed=*/true}, {"size", "3"}}; }
  base::Result<std::optional<Properties>> describe() override { return now_; }
  base::Result<void> create() override { return {}; }
  base::Result<void> remove() override { return {}; }

 private:
  const base::Result<std::optional<Properties>> now_;
};

TEST(Compare, SaysWhatHasToBeDone) {
  struct Case {
    std::optional<Properties> now;
    Action action;
    std::string differences;  // property=actual, ...
    bool loses_data;
  };
  const Case cases[] = {
      {std::nullopt, Action::create, "", false},
      {Properties{{"key", "id"}, {"size", "3"}, {"more", "x"}}, Action::leave, "", false},
      {Properties{{"key", "id"}, {"size", "4"}}, Action::change, "size=4 ", false},
      {Properties{{"key", "id"}}, Action::change, "size=none ", false},
      {Properties{{"size", "4"}, {"key", "other"}}, Action::replace, "key=other size=4 ", true},
  };
  for (const Case& c : cases) {
    FakeResource resource(c.now);
    const auto step = compare(resource);
    ASSERT_TRUE(step.has_value());
    std::string differences;
    for (const auto& each : step->differences) differences += each.property + "=" + each.actual + " ";
    EXPECT_EQ(differences, c.differences);
    EXPECT_EQ(step->action, c.action) << differences;
    EXPECT_EQ(step->loses_data, c.loses_data) << differences;
  }
}

TEST(Compare, TellsAbsentFromUnknown) {
  for (const std::string_view code : {"QueueDoesNotExist", "NoSuchEntity", "ResourceNotFoundException"}) {
    FakeResource absent(base::fail({.code = std::string(code)}));
    EXPECT_EQ(compare(absent).value().action, Action::create) << code;
  }
  FakeResource unknown(base::fail({.code = "AccessDenied", .message = ""}));
  const auto step = compare(unknown);
  ASSERT_FALSE(step.has_value());
  EXPECT_EQ(step.error().message, "thing t: no details");
}

}  // namespace
}  // namespace pipeline
