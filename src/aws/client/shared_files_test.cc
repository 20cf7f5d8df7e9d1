#include "aws/client/shared_files.h"

#include <gtest/gtest.h>

namespace aws::client {
namespace {

TEST(SharedFiles, ProfilesOfBothFiles) {
  const SharedFiles files = SharedFiles::parse(R"(# a comment
[default]
region = eu-west-1
s3 =
  max_concurrent_requests = 20
  # a comment
signature_version = s3v4
  nothing = above

[profile work]
Region=eu-central-1 ; where the shop is
aws_access_key_id = of-config
endpoint_url = https://example.com/#a
[sso-session work]
sso_region = us-east-1
[services local]
dynamodb =
  endpoint_url = http://localhost:8000
s3 =
	endpoint_url=http://localhost:9000
[profile  spaced  ]
region = x
[profilework2]
region = y
)",
                                               "[work]\r\naws_access_key_id = AKIA\r\naws_secret_access_key=a/b+c=\r\n"
                                               "[default]\naws_access_key_id=D\n");
  const SharedFiles::Section* work = files.profile("work");
  ASSERT_NE(work, nullptr);
  EXPECT_EQ(*work, (SharedFiles::Section{{"region", "eu-central-1"},
                                         {"aws_access_key_id", "AKIA"},
                                         {"aws_secret_access_key", "a/b+c="},
                                         {"endpoint_url", "https://example.com/#a"}}));
  EXPECT_EQ(*files.profile("default"), (SharedFiles::Section{{"region", "eu-west-1"},
                                                             {"s3", ""},
                                                             {"s3.max_concurrent_requests", "20"},
                                                             {"signature_version", "s3v4"},
                                                             {"aws_access_key_id", "D"}}));
  EXPECT_NE(files.profile("spaced"), nullptr);
  EXPECT_EQ(files.profile("profilework2"), nullptr);
  EXPECT_EQ(files.profile("sso-session work"), nullptr);
  EXPECT_EQ(value_of(files.sso_session("work"), "sso_region"), "us-east-1");
  EXPECT_EQ(value_of(files.services("local"), "dynamodb.endpoint_url"), "http://localhost:8000");
  EXPECT_EQ(value_of(files.services("local"), "s3.endpoint_url"), "http://localhost:9000");
  EXPECT_EQ(value_of(files.in_credentials("work"), "aws_access_key_id"), "AKIA");
  EXPECT_EQ(value_of(files.in_credentials("work"), "region"), "");
}

// As botocore, by shlex.
TEST(SharedFiles, NamesMayBeQuoted) {
  const SharedFiles files = SharedFiles::parse(
      "[profile \"my shop\"]\nregion = a\n[profile 'b\\c']\nregion = b\n[profile d\\ e]\nregion = c\n"
      "[profile two words]\nregion = d\n[profile \"open]\nregion = e\n[sso-session \"the corp\"]\nsso_region = f\n",
      "[\"raw\"]\naws_access_key_id = x\n[with space]\naws_access_key_id = y\n");
  EXPECT_EQ(value_of(files.profile("my shop"), "region"), "a");
  EXPECT_EQ(value_of(files.profile("b\\c"), "region"), "b");
  EXPECT_EQ(value_of(files.profile("d e"), "region"), "c");
  for (const char* none : {"two words", "words", "open", "\"open"}) EXPECT_EQ(files.profile(none), nullptr) << none;
  EXPECT_EQ(value_of(files.sso_session("the corp"), "sso_region"), "f");
  EXPECT_NE(files.in_credentials("\"raw\""), nullptr) << "that file has names as they are";
  EXPECT_NE(files.in_credentials("with space"), nullptr);
  EXPECT_FALSE(files.fault().has_value());
}

TEST(SharedFiles, AWholeSectionMayBeIndented) {
  const SharedFiles files = SharedFiles::parse(
      "[default]\n  region: eu-west-1\n  s3 =\n    x = 1\n  output = json\n [profile b]\n region = b\n", "");
  EXPECT_EQ(*files.profile("default"),
            (SharedFiles::Section{{"region", "eu-west-1"}, {"s3", ""}, {"s3.x", "1"}, {"output", "json"}}));
  EXPECT_EQ(value_of(files.profile("b"), "region"), "b");
}

TEST(SharedFiles, WhatStandsTwiceIsAFault) {
  struct Case {
    const char* config;
    const char* credentials;
    const char* text;  // "": none
  };
  for (const Case& c : std::initializer_list<Case>{
           {"[profile a]\nx=1\n# no\n[profile a]\n", "", "line 4: [profile a] was there already, on line 1"},
           {"[default]\n[default]\n", "", "line 2: [default] was there already, on line 1"},
           {"[profile a]\nregion=1\nRegion = 2\n", "", "line 3: region in [profile a] was there already, on line 2"},
           {"[other]\nx=1\nx=2\n", "", "line 3: x in [other] was there already, on line 2"},
           {"", "[a]\n\n[a]\n", "line 3: [a] was there already, on line 1"},
           {"[profile a]\ns3 =\n x=1\n x=2\n", "", ""},
           {"[profile a]\nx=1\n[profile b]\nx=1\n", "[a]\nx=1\n", ""}}) {
    const SharedFiles files = SharedFiles::parse(c.config, c.credentials);
    EXPECT_EQ(files.fault().has_value() ? files.fault()->text : "", c.text) << c.config << c.credentials;
    EXPECT_EQ(files.fault().has_value() && files.fault()->is_in_credentials, *c.credentials != 0 && *c.text != 0);
  }
}

// Each of them is what botocore's load_config() refuses, but for the marks.
TEST(SharedFiles, WhatIsNoneIsAFault) {
  const std::string none = " is no section, no key = value and no comment";
  for (const auto& [text, fault] :
       std::initializer_list<std::pair<const char*, std::string>>{{"", ""},
                                                                  {"\n \n# a\n; b\n", ""},
                                                                  {"[default] x\n[ b ]\n  x = 1\n ;c\n", ""},
                                                                  {"[default]\nregion = x\n  goes on\n", ""},
                                                                  {"\xEF\xBB\xBF[default]\nx = 1\n", ""},
                                                                  {"key = value\n[default]\n", "line 1" + none},
                                                                  {"[default]\nregion\n", "line 2" + none},
                                                                  {"[default]\n= x\n", "line 2" + none},
                                                                  {"[default]\n: x\n", "line 2" + none},
                                                                  {"[default\nregion = x\n", "line 1" + none},
                                                                  {"[a]\n[]\n", "line 2" + none},
                                                                  {"[default]\ns3 =\n\n  x\n", "line 4" + none},
                                                                  {"[default]\ns3 =\n  a = b\n  x\n", "line 4" + none},
                                                                  {"[default]\n\xFF = x\n", "line 2 is not UTF-8"}}) {
    const SharedFiles files = SharedFiles::parse("", text);
    EXPECT_EQ(files.fault().has_value() ? files.fault()->text : "", fault) << text;
  }
  EXPECT_EQ(value_of(SharedFiles::parse("\xEF\xBB\xBF[default]\nregion = x\n", "").profile("default"), "region"), "x");
}

}  // namespace
}  // namespace aws::client
