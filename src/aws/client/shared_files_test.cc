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

TEST(SharedFiles, WhatIsNoneIsPassedOver) {
  for (const char* text : {"", "\n\n", "key = value", "[profile", "[]\n=\n", "[profile ]\na=b", "[profile x]\n= b\nc"})
    EXPECT_EQ(SharedFiles::parse(text, text).profile("y"), nullptr) << text;
}

}  // namespace
}  // namespace aws::client
