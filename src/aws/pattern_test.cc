#include "aws/pattern.h"

#include <gtest/gtest.h>

#include <set>

#include "aws/cloudwatch/cloudwatch.h"
#include "aws/dynamodb/dynamodb.h"
#include "aws/iam/iam.h"
#include "aws/lambda/lambda.h"
#include "aws/logs/logs.h"
#include "aws/s3/s3.h"
#include "aws/shape.h"
#include "aws/sns/sns.h"
#include "aws/sqs/sqs.h"
#include "aws/sts/sts.h"

namespace aws {
namespace {

TEST(Pattern, MatchesAsJavaDoes) {
  struct Case {
    const char* regex;
    std::vector<std::string> matching;
    std::vector<std::string> others;
  };
  const Case kTable[] = {
      {"[a-zA-Z0-9_.-]+", {"a", "a-b.c_D9"}, {"", "a b", "a/b", "\u00e9"}},
      {"[a-zA-Z0-9-_]+", {"a-_"}, {".", ""}},
      {"[^:*]*", {"", "a/b", "\u20ac"}, {"a:b", "*"}},
      {"[\\s\\S]*", {"", "a\n\u20ac"}, {}},
      {"\\d{12}", {"123456789012"}, {"12345678901", "1234567890123", "12345678901x"}},
      {"^[\\w+=,.@-]*$", {"", "a_b@c"}, {"a b", "\u00e9"}},
      {"a{2,}b{0,2}c?", {"aa", "aaabbc"}, {"a", "aabbb", "aacc"}},
      {".*", {"", "abc\t"}, {"a\nb", "\u2028", "a\r"}},
      {"[^:].*", {"a", "AWS/x"}, {"", ":a"}},
      {"[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+", {"a\n", "\u00ff"}, {"", "\u0100", "\x01"}},
      {"[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*", {"", "\u00e9 \u4e2d\u0664-@"}, {"#", "a\n", "\U0001F600"}},
      {"(arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()", {"", "arn:aws:kms:x", "arn::kms:"}, {"arn", "x"}},
      {"(|[a-z$]+)", {"", "a$"}, {"A"}},
      {"(?!^[0-9]+$)([a-zA-Z0-9-_]+)", {"a", "1a"}, {"1", "123", ""}},
      {"[0-9A-Za-z\\.\\-_]*(?<!\\.)", {"", "a.b"}, {"a.", "."}},
      {"^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$", {"abc", "a-b-c"}, {"a--b", "-ab", "ab-"}},
      {"(^(?!(system\\x2e)))(^[_a-zA-Z0-9])([^$]*)", {"a", "systema"}, {"system.x", "$a", ""}},
      {"((/[A-Za-z0-9\\.,\\+@=_-]+)*)/", {"/", "/a/b/"}, {"a/", "/a"}},
      {"(\\u002F)|(\\u002F[\\u0021-\\u007E]+\\u002F)", {"/", "/a/"}, {"", "/a", "//x"}},
      {"(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?"
       "([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?",
       {"f", "f:1", "f:$LATEST", "123456789012:f", "arn:aws:lambda:us-gov-west-1:123456789012:function:f:live"},
       {"", "f:", "f f", "arn:aws:sqs:us-east-1:123456789012:function:f", "f:$X"}},
      {"(a*)*b", {"b", "aaab"}, {"a", ""}},
  };
  for (const Case& c : kTable) {
    const auto pattern = Pattern::compile(c.regex);
    ASSERT_TRUE(pattern.has_value()) << c.regex;
    for (const std::string& text : c.matching) EXPECT_TRUE(pattern->matches(text)) << c.regex << " on " << text;
    for (const std::string& text : c.others) EXPECT_FALSE(pattern->matches(text)) << c.regex << " on " << text;
  }
}

TEST(Pattern, DoesNotBuildWhatItDoesNotUnderstand) {
  for (const char* regex : {"(a)\\1", "a*?", "a++", "[a[b]]", "[a&&b]", "(?i)a", "(?<=ab)c", "(", "a)", "[a", "a{2",
                            "\\bx", "[z-a]", "a{100000}", "\\p{Greek}", "\\u12", "a{3,2}"})
    EXPECT_FALSE(Pattern::compile(regex).has_value()) << regex;
}

TEST(Pattern, TakesLinearTime) {
  const std::string text(60000, 'a');
  EXPECT_FALSE(Pattern::compile("(a|aa|a*)*b")->matches(text));
  EXPECT_TRUE(Pattern::compile("[a]+")->matches(std::string(1 << 20, 'a')));
  EXPECT_FALSE(Pattern::compile("[a]+b?")->matches(std::string(1 << 20, 'a')));  // beyond kTextBytesMax
}

TEST(Pattern, CountsCodePoints) {
  EXPECT_EQ(count_code_points("a\u00e9\u20ac\U0001F600"), 4u);
  EXPECT_EQ(count_code_points("\xff\xe2\x82"), 3u);
}

void collect(const TypeDesc* type, std::set<const TypeDesc*>& seen) {
  if (type == nullptr || !seen.insert(type).second) return;
  if (type->list != nullptr) collect(type->list->element, seen);
  if (type->map != nullptr) {
    collect(type->map->key, seen);
    collect(type->map->value, seen);
  }
  if (type->structure != nullptr)
    for (const MemberDesc& member : type->structure->members) collect(member.type, seen);
}

TEST(Pattern, EveryPatternOfTheModelsCompiles) {
  std::set<const TypeDesc*> types;
  for (const ServiceDesc* service : {&cloudwatch::kService, &dynamodb::kService, &iam::kService, &lambda::kService,
                                     &logs::kService, &s3::kService, &sns::kService, &sqs::kService, &sts::kService})
    for (const OperationDesc& operation : service->operations)
      for (const MemberDesc& member : operation.input->members) collect(member.type, types);
  std::size_t count = 0;
  for (const TypeDesc* type : types) {
    if (type->pattern.empty()) continue;
    ++count;
    EXPECT_TRUE(Pattern::compile(type->pattern).has_value()) << type->shape_name << " " << type->pattern;
  }
  EXPECT_GT(count, 30u);
}

}  // namespace
}  // namespace aws
