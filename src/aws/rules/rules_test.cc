#include <gtest/gtest.h>

#include "aws/rules/bucket_name.h"
#include "aws/rules/function_environment.h"
#include "aws/rules/mail_address.h"
#include "aws/rules/subject.h"

namespace aws::rules {
namespace {

TEST(Rules, AddressesOfMail) {
  for (const char* good : {"a@b", "a.b+c@example.com", "o'neil@example.com"})
    EXPECT_TRUE(is_mail_address(good)) << good;
  for (const char* bad : {"", "a", "@b", "a@", "a@b@c", "a@b.c,d@e.f", "a,b@c.d", "ü@b.c", "a b@c", "<a@b.c>", "a@b\n",
                          "http://u:p@h/p", "mailto:a@b"})
    EXPECT_FALSE(is_mail_address(bad)) << bad;
  EXPECT_TRUE(is_mail_address("a@" + std::string(318, 'b')));
  EXPECT_FALSE(is_mail_address("a@" + std::string(319, 'b')));
}

TEST(Rules, NamesOfBuckets) {
  for (const char* good : {"abc", "a.b-c", "1-2"}) EXPECT_TRUE(is_bucket_name(good)) << good;
  for (const char* bad : {"ab", "-abc", "abc-", "xn--abc", "sthree-abc", "amzn-s3-demo-abc", "abc-s3alias", "1.2.3.4"})
    EXPECT_FALSE(is_bucket_name(bad)) << bad;
}

TEST(Rules, VariablesOfFunctions) {
  EXPECT_TRUE(is_reserved_variable("LAMBDA_TASK_ROOT"));
  EXPECT_TRUE(is_reserved_variable("AWS_SESSION_TOKEN"));
  EXPECT_FALSE(is_reserved_variable("AWS_CA_BUNDLE"));
  EXPECT_FALSE(is_reserved_variable("TZ"));
  EXPECT_EQ(environment_text({}), "{}");
  EXPECT_EQ(environment_text({{"A", "x"}, {"B", "\"y\""}}), R"({"A":"x", "B":"\"y\""})");
}

TEST(Rules, SubjectsAreMadeToFit) {
  EXPECT_EQ(as_subject("Größe 漢字 🚀"), "Größe 漢字 🚀");
  EXPECT_EQ(as_subject("a\nb\x7f\xc2\x85\xe2\x80\xa9"), "a?b???");
  std::string text;
  for (int i = 0; i < 120; ++i) text += "ä";
  EXPECT_EQ(as_subject(text), text.substr(0, std::size_t{2} * 99));
  EXPECT_EQ(as_subject("🚀🚀🚀", 5), "🚀🚀");
  EXPECT_EQ(as_subject(""), "");
  EXPECT_TRUE(is_subject(as_subject(text)));
  EXPECT_FALSE(is_subject(text));
}

}  // namespace
}  // namespace aws::rules
