// Fixed values: AWS's SigV4 test suite and the examples of the S3 documentation (example credentials published by
// AWS), and values computed with botocore 1.43.11.
#include "aws/auth/sigv4.h"

#include <gtest/gtest.h>

#include "aws/auth/signing_key_cache.h"

namespace aws::auth {
namespace {

const Credentials kSuite = {"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ""};
const Credentials kTemporary = {"ASIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "tok/en=="};
const Credentials kS3Docs = {"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""};

struct Example {
  const char* name;
  Credentials credentials;
  const char* service;
  const char* amz_date;
  const char* method;
  const char* target;
  std::vector<http::Headers::Field> headers;
  const char* body;
  const char* signature;
};

const Example kExamples[] = {
    {"get-vanilla",
     kSuite,
     "service",
     "20150830T123600Z",
     "GET",
     "/",
     {{"Host", "example.amazonaws.com"}},
     "",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"get-vanilla-query-order",
     kSuite,
     "service",
     "20150830T123600Z",
     "GET",
     "/?Param2=value2&Param1=value1",
     {{"Host", "example.amazonaws.com"}},
     "",
     "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
    {"post-vanilla",
     kSuite,
     "service",
     "20150830T123600Z",
     "POST",
     "/",
     {{"Host", "example.amazonaws.com"}},
     "",
     "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
    {"get-slashes",
     kSuite,
     "service",
     "20150830T123600Z",
     "GET",
     "//./x/..//",
     {{"Host", "example.amazonaws.com"}},
     "",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"S3 GET with Range",
     kS3Docs,
     "s3",
     "20130524T000000Z",
     "GET",
     "/test.txt",
     {{"Host", "examplebucket.s3.amazonaws.com"}, {"Range", "bytes=0-9"}},
     "",
     "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
    {"S3 PUT",
     kS3Docs,
     "s3",
     "20130524T000000Z",
     "PUT",
     "/test%24file.text",
     {{"Host", "examplebucket.s3.amazonaws.com"},
      {"Date", "Fri, 24 May 2013 00:00:00 GMT"},
      {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
     "Welcome to Amazon S3.",
     "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
    {"S3 GET lifecycle",
     kS3Docs,
     "s3",
     "20130524T000000Z",
     "GET",
     "/?lifecycle",
     {{"Host", "examplebucket.s3.amazonaws.com"}},
     "",
     "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
    {"S3 list",
     kS3Docs,
     "s3",
     "20130524T000000Z",
     "GET",
     "/?max-keys=2&prefix=J",
     {{"Host", "examplebucket.s3.amazonaws.com"}},
     "",
     "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
    {"botocore DynamoDB",
     kSuite,
     "dynamodb",
     "20240102T030405Z",
     "POST",
     "/",
     {{"Host", "localhost:4566"},
      {"X-Amz-Target", "DynamoDB_20120810.GetItem"},
      {"Content-Type", "application/x-amz-json-1.0"},
      {"User-Agent", "never signed"}},
     R"({"TableName":"t"})",
     "5b783c33a30191506cc15e8311436bbb16f3ebd821e3a56fb59f223bd0cb4ecd"},
    {"botocore Lambda",
     kTemporary,
     "lambda",
     "20240102T030405Z",
     "GET",
     "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af/../x//y/"
     "?Qualifier=%24LATEST&b=&a=2&a=1",
     {{"Host", "localhost:4566"}},
     "",
     "aa11c6bcfa77b481d4616e08042e8e9e67c23164ec34d63439182d39af842c3e"},
    {"botocore S3",
     kTemporary,
     "s3",
     "20240102T030405Z",
     "PUT",
     "/bucket/a//b/../c%20d%2Be~%2A",
     {{"Host", "localhost:4566"}, {"x-amz-meta-a", "  two   words "}},
     "hello",
     "77e56eec0697f2d13fb54ef04925760954c7d861c3fe040d130d65b81611d88d"},
};

TEST(SigV4, SignsAsAwsAndBotocoreDo) {
  for (const Example& example : kExamples) {
    http::Request request{example.method, example.target, {}, example.body};
    for (const auto& [name, value] : example.headers) request.headers.add(name, value);
    const SignParameters parameters{example.credentials, "us-east-1", example.service,
                                    *base::parse_amz_date(example.amz_date)};
    for (int attempt = 0; attempt < 2; ++attempt) {  // signing again replaces the first signature
      sign(request, parameters);
      EXPECT_TRUE(request.headers.get("Authorization").ends_with(std::string("Signature=") + example.signature))
          << example.name << ": " << request.headers.get("Authorization");
    }
  }
}

TEST(SigV4, PresignsAsAwsAndBotocoreDo) {
  http::Request request{"GET", "/test.txt", {}, ""};
  request.headers.add("Host", "examplebucket.s3.amazonaws.com");
  const auto at = [](const char* date) { return *base::parse_amz_date(date); };
  EXPECT_EQ(presign_url("https://examplebucket.s3.amazonaws.com", request,
                        {kS3Docs, "us-east-1", "s3", at("20130524T000000Z")}, 86400),
            "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential="
            "AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires="
            "86400&X-Amz-SignedHeaders=host&X-Amz-Signature="
            "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
  request = {"GET", "/bucket/k%20ey?response-content-type=a%2Fb", {}, ""};
  request.headers.add("Host", "localhost:4566");
  EXPECT_TRUE(
      presign_url("http://localhost:4566", request, {kTemporary, "us-east-1", "s3", at("20240102T030405Z")}, 600)
          .ends_with("c5bbacbbee194c8399bb03ee03616cf3cfb121a04245b30a64b8154a31060f11"));
  request.target = "/?Action=GetCallerIdentity&Version=2011-06-15";
  EXPECT_TRUE(presign_url("http://localhost:4566", request, {kSuite, "us-east-1", "sts", at("20240102T030405Z")}, 60)
                  .ends_with("85f5871a80b013d664706c87346a37d585892989dd5c06027e14bccbc6cbe2b3"));
}

TEST(SigV4, CanonicalPath) {
  struct Row {
    const char *path, *s3, *other, *s3_encoded;
  };
  for (const Row& row : {
           Row{"/", "/", "/", "/"},
           Row{"", "/", "/", "/"},
           Row{"/a//b/./../c/", "/a//b/./../c/", "/a/c/", "/a//b/./../c/"},
           Row{"/../..", "/../..", "/", "/../.."},
           Row{"/arn%3Aaws", "/arn%3Aaws", "/arn%253Aaws", "/arn%3Aaws"},
           Row{"/a+b*(c)~", "/a+b*(c)~", "/a%2Bb%2A%28c%29~", "/a%2Bb%2A%28c%29~"},
           Row{"/a%2fb", "/a%2fb", "/a%252fb", "/a/b"},
           Row{"/bad%escape", "/bad%escape", "/bad%25escape", "/bad%escape"},
       }) {
    EXPECT_EQ(canonical_path(row.path, "s3", TargetForm::as_received), row.s3) << row.path;
    EXPECT_EQ(canonical_path(row.path, "lambda", TargetForm::as_received), row.other) << row.path;
    EXPECT_EQ(canonical_path(row.path, "s3", TargetForm::re_encoded), row.s3_encoded) << row.path;
  }
}

TEST(SigV4, CanonicalQuery) {
  struct Row {
    const char *query, *as_received, *re_encoded;
  };
  for (const Row& row : {
           Row{"", "", ""},
           Row{"acl", "acl=", "acl="},
           Row{"b=2&a=2&a=1&a=", "a=&a=1&a=2&b=2", "a=&a=1&a=2&b=2"},
           Row{"a=1&X-Amz-Signature=x&B=2", "B=2&a=1", "B=2&a=1"},
           Row{"a-b=1&a=2", "a=2&a-b=1", "a=2&a-b=1"},
           Row{"a=b+c&d=e*f~%7e", "a=b+c&d=e*f~%7e", "a=b%20c&d=e%2Af~~"},
           Row{"a=b=c&&d", "a=b=c&d=", "a=b%3Dc&d="},
       }) {
    EXPECT_EQ(canonical_query(row.query, TargetForm::as_received), row.as_received) << row.query;
    EXPECT_EQ(canonical_query(row.query, TargetForm::re_encoded), row.re_encoded) << row.query;
  }
}

TEST(SigningKeyCache, NeverServesAStaleOrForeignKey) {
  SigningKeyCache cache(1);  // everything collides
  const auto check = [&](const char* id, const char* secret, const char* date, const char* region,
                         const char* service) {
    const SigningKey expected = derive_signing_key(secret, date, region, service);
    EXPECT_EQ(cache.get(id, secret, date, region, service), expected);
    EXPECT_EQ(cache.get(id, secret, date, region, service), expected);
  };
  check("A", "s1", "20240102", "r", "sqs");
  check("A", "s2", "20240102", "r", "sqs");  // rotated
  check("A", "s2", "20240103", "r", "sqs");
  check("A", "s2", "20240103", "q", "sqs");
  check("A", "s2", "20240103", "q", "sns");
  check("B", "s2", "20240103", "q", "sns");
  cache.forget("B");
  check("B", "s3", "20240103", "q", "sns");
  check("", "", "", "", "");
}

}  // namespace
}  // namespace aws::auth
