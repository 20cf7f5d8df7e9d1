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

[profile work]
Region=eu-central-1 ; where the shop is
aws_access_key_id = of-config
endpoint_url = https://example.com/#a
[sso-session work]
sso_region = us-east-1
[profile  spaced  ]
region = x
[profilework2]
region = y
)",
                                               "[work]\r\naws_access_key_id = AKIA\r\naws_secret_access_key=a/b+c=\r\n"
                                               "[default]\naws_access_key_id=D\n");
  const SharedFiles::Profile* work = files.find("work");
  ASSERT_NE(work, nullptr);
  EXPECT_EQ(*work, (SharedFiles::Profile{{"region", "eu-central-1"},
                                         {"aws_access_key_id", "AKIA"},
                                         {"aws_secret_access_key", "a/b+c="},
                                         {"endpoint_url", "https://example.com/#a"}}));
  EXPECT_EQ(*files.find("default"),
            (SharedFiles::Profile{{"region", "eu-west-1"}, {"s3", ""}, {"aws_access_key_id", "D"}}));
  EXPECT_NE(files.find("spaced"), nullptr);
  EXPECT_EQ(files.find("profilework2"), nullptr);
  EXPECT_EQ(files.find("sso-session work"), nullptr);
}

TEST(SharedFiles, WhatIsNoneIsPassedOver) {
  for (const char* text : {"", "\n\n", "key = value", "[profile", "[]\n=\n", "[profile ]\na=b", "[profile x]\n= b\nc"})
    EXPECT_EQ(SharedFiles::parse(text, text).find("y"), nullptr) << text;
}

}  // namespace
}  // namespace aws::client
