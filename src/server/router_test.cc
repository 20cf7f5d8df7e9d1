// Tables of requests and the operation each asks for, or the error that says why it asks for none.
#include "server/router.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <tuple>

#include "aws/dynamodb/dynamodb.h"
#include "aws/http/virtual_host.h"
#include "aws/iam/iam.h"
#include "aws/lambda/lambda.h"
#include "aws/s3/s3.h"
#include "aws/sns/sns.h"
#include "aws/sqs/sqs.h"
#include "aws/sts/sts.h"

namespace server {
namespace {

using aws::Protocol;
using Fields = std::vector<std::pair<std::string, std::string>>;

constexpr const char* kForm = "application/x-www-form-urlencoded; charset=utf-8";
constexpr const char* kJson10 = "application/x-amz-json-1.0";

std::string scope(const std::string& service) {
  return "AWS4-HMAC-SHA256 Credential=AKID/20240102/us-east-1/" + service + "/aws4_request, SignedHeaders=host";
}

struct Ask {
  std::string method;
  std::string target;
  Fields fields = {};
  std::string body = {};
};

aws::http::Request request_of(const Ask& ask) {
  aws::http::Request request{ask.method, ask.target, {}, ask.body};
  for (const auto& [name, value] : ask.fields) request.headers.add(name, value);
  return request;
}

// What is found: "sqs SendMessage json_1_0", or "! s3 rest_xml 405 MethodNotAllowed".
std::string outcome(const Router& router, const Ask& ask) {
  constexpr std::string_view kNames[] = {"json_1_0", "json_1_1", "query", "rest_json", "rest_xml"};
  const auto name_of = [&](Protocol protocol) {
    const auto index = static_cast<std::size_t>(protocol);
    return std::string(index < std::size(kNames) ? kNames[index] : "another");
  };
  const auto found = router.route(request_of(ask));
  if (found.has_value()) {
    return std::string(found->mount->desc->id) + " " + std::string(found->operation->name) + " " +
           name_of(found->protocol);
  }
  const RouteError& wrong = found.error();
  const std::string voice = wrong.service == nullptr ? "nobody" : std::string(wrong.service->id);
  return "! " + voice + " " + name_of(wrong.protocol) + " " + std::to_string(wrong.error.http_status) + " " +
         wrong.error.code;
}

class RouterTest : public testing::Test {
 protected:
  // Nothing is called, so nothing needs to be behind the descriptions.
  Router router_{{{&aws::sqs::kService, nullptr},
                  {&aws::dynamodb::kService, nullptr},
                  {&aws::sns::kService, nullptr},
                  {&aws::lambda::kService, nullptr},
                  {&aws::s3::kService, nullptr},
                  {&aws::iam::kService, nullptr},
                  {&aws::sts::kService, nullptr}}};

  void expect(std::initializer_list<std::pair<Ask, std::string>> table) {
    for (const auto& [ask, wanted] : table) {
      EXPECT_EQ(outcome(router_, ask), wanted) << ask.method << " " << ask.target << " " << ask.body;
    }
  }
};

TEST_F(RouterTest, ATargetNamesServiceAndOperation) {
  const auto post = [](std::string target, std::string type) {
    return Ask{"POST", "/", {{"x-amz-target", std::move(target)}, {"content-type", std::move(type)}}};
  };
  expect({
      {post("AmazonSQS.SendMessage", kJson10), "sqs SendMessage json_1_0"},
      {post("AmazonSQS.SendMessage", "application/x-amz-json-1.1"), "sqs SendMessage json_1_1"},
      {post("AmazonSQS.SendMessage", "application/json"), "sqs SendMessage json_1_0"},
      {post("DynamoDB_20120810.PutItem", "application/json; charset=utf-8"), "dynamodb PutItem json_1_0"},
      {post("DynamoDB_20120810.PutItem", "application/x-amz-json-1.0; charset=utf-8"), "dynamodb PutItem json_1_0"},
      // The operation is the service's, but not generated.
      {post("AmazonSQS.Nothing", kJson10), "! sqs json_1_0 400 UnknownOperationException"},
      {post("AmazonSQS.", kJson10), "! sqs json_1_0 400 UnknownOperationException"},
      {post("AmazonSQS", kJson10), "! sqs json_1_0 400 UnknownOperationException"},
      {post("Elsewhere.SendMessage", kJson10), "! nobody json_1_0 400 UnknownOperationException"},
      // Services without the protocol have an empty prefix, which an empty one must not find.
      {post(".Publish", kJson10), "! nobody json_1_0 400 UnknownOperationException"},
      {post("", kJson10), "! nobody json_1_0 400 UnknownOperationException"},
      {post("AmazonSQS.SendMessage", "text/plain"), "! sqs json_1_0 404 UnknownOperationException"},
  });
  expect({{{"GET", "/", {{"X-Amz-Target", "AmazonSQS.SendMessage"}, {"Content-Type", kJson10}}},
           "! sqs json_1_0 404 UnknownOperationException"},
          // The target decides, whatever the signature and the body say.
          {{"POST",
            "/bucket?Action=Publish",
            {{"X-Amz-Target", "AmazonSQS.SendMessage"}, {"Content-Type", kJson10}, {"Authorization", scope("s3")}}},
           "sqs SendMessage json_1_0"}});
}

TEST_F(RouterTest, AnActionIsFoundByTheScopeElseByTheVersion) {
  expect({
      {{"POST", "/", {{"Content-Type", kForm}, {"Authorization", scope("sns")}}, "Action=Publish&Version=2010-03-31"},
       "sns Publish query"},
      {{"POST", "/", {{"Content-Type", kForm}}, "Version=2010-03-31&Action=Publish"}, "sns Publish query"},
      {{"POST", "/", {{"Content-Type", kForm}}, "Action=GetCallerIdentity&Version=2011-06-15"},
       "sts GetCallerIdentity query"},
      // The scope is stronger than the version.
      {{"POST", "/", {{"Content-Type", kForm}, {"Authorization", scope("iam")}}, "Action=GetRole&Version=2010-03-31"},
       "iam GetRole query"},
      // SQS speaks query beside json, and a queue's URL may be the path.
      {{"POST", "/123456789012/q", {{"Content-Type", kForm}, {"Authorization", scope("sqs")}}, "Action=SendMessage"},
       "sqs SendMessage query"},
      {{"GET", "/?Action=GetCallerIdentity&Version=2011-06-15"}, "sts GetCallerIdentity query"},
      {{"GET", "/?Action=Publish&X-Amz-Credential=AKID%2F20240102%2Fus-east-1%2Fsns%2Faws4_request"},
       "sns Publish query"},
      {{"POST", "/", {{"Content-Type", kForm}, {"Authorization", scope("sns")}}, "Action=Get%52ole"},
       "! sns query 400 InvalidAction"},
      {{"POST", "/", {{"Content-Type", kForm}, {"Authorization", scope("sns")}}, "Action=%zz"},
       "! sns query 400 InvalidAction"},
      {{"POST", "/", {{"Content-Type", kForm}, {"Authorization", scope("dynamodb")}}, "Action=PutItem"},
       "! nobody query 400 InvalidAction"},
      {{"POST", "/", {{"Content-Type", kForm}}, "Action=Publish&Version=1999-01-01"},
       "! nobody query 400 InvalidAction"},
      // Of a form that is not declared as one nothing is read.
      {{"POST", "/", {{"Content-Type", "text/plain"}}, "Action=Publish&Version=2010-03-31"},
       "! s3 rest_xml 405 MethodNotAllowed"},
  });
}

TEST_F(RouterTest, APathBelongsToTheRestServiceThatItIsSignedFor) {
  expect({
      {{"PUT", "/bucket/a%2Fkey", {{"Authorization", scope("s3")}}}, "s3 PutObject rest_xml"},
      {{"PUT", "/bucket", {}}, "s3 CreateBucket rest_xml"},
      {{"GET", "/", {}}, "s3 ListBuckets rest_xml"},
      {{"GET", "/bucket?list-type=2", {}}, "s3 ListObjectsV2 rest_xml"},
      {{"POST", "/2015-03-31/functions", {{"Authorization", scope("lambda")}}}, "lambda CreateFunction rest_json"},
      {{"POST", "/2015-03-31/functions/f/invocations", {}}, "lambda Invoke rest_json"},
      // A bucket may have a name like Lambda's paths; the signature says which is meant.
      {{"PUT", "/2015-03-31/functions", {{"Authorization", scope("s3")}}}, "s3 PutObject rest_xml"},
      {{"GET", "/2015-03-31x/functions", {}}, "s3 GetObject rest_xml"},
      {{"GET", "/2015-03-31/nothing", {}}, "! lambda rest_json 404 UnknownOperationException"},
      {{"PATCH", "/bucket/key", {}}, "! s3 rest_xml 405 MethodNotAllowed"},
      // Signed for a service that has no paths: no service's bucket or function.
      {{"GET", "/bucket", {{"Authorization", scope("sqs")}}}, "! sqs json_1_0 404 UnknownOperationException"},
  });
}

// A service that is not here is named in the protocol in which its client asks.
TEST_F(RouterTest, AbsentServicesAreNamedInTheCallersProtocol) {
  const auto form = [](std::string service) {
    return Ask{"POST", "/", {{"Content-Type", kForm}, {"Authorization", scope(service)}}, "Action=Describe&Version=1"};
  };
  const auto target = [](std::string service, std::string type) {
    return Ask{
        "POST", "/", {{"X-Amz-Target", "Service_1.List"}, {"Content-Type", type}, {"Authorization", scope(service)}}};
  };
  const auto path = [](std::string service) { return Ask{"GET", "/v2/things", {{"Authorization", scope(service)}}}; };
  for (const auto& [ask, service, wanted] : std::initializer_list<std::tuple<Ask, std::string, std::string>>{
           {form("cloudformation"), "cloudformation", "! nobody query 400 InvalidAction"},
           {form("ec2"), "ec2", "! ec2 query 400 InvalidAction"},
           {form("ses"), "ses", "! nobody query 400 InvalidAction"},
           {target("kms", "application/x-amz-json-1.1"), "kms", "! nobody json_1_1 400 UnknownOperationException"},
           {target("states", kJson10), "states", "! nobody json_1_0 400 UnknownOperationException"},
           {path("ses"), "ses", "! nobody rest_json 404 UnknownOperationException"},
           {path("route53"), "route53", "! nobody query 404 UnknownOperationException"},
           {{"POST", "/", {{"Authorization", scope("ec2")}}}, "ec2", "! ec2 rest_json 404 UnknownOperationException"},
           {{"POST",
             "/service/Far/operation/Go",
             {{"smithy-protocol", "rpc-v2-cbor"}, {"Authorization", scope("far")}}},
            "far",
            "! nobody another 404 UnknownOperationException"}}) {
    EXPECT_EQ(outcome(router_, ask), wanted) << service;
    const auto found = router_.route(request_of(ask));
    ASSERT_FALSE(found.has_value());
    EXPECT_TRUE(found.error().error.message.starts_with("service " + service + " is not here; these are: sqs "))
        << found.error().error.message;
  }
}

// Without a scope, by what else the request says of itself.
TEST_F(RouterTest, AbsentServicesWithoutAScopeAreNamed) {
  const std::string simple_db = "Action=ListDomains&AWSAccessKeyId=k&SignatureVersion=2&Signature=s&Version=2009-04-15";
  const auto form = [](std::string host, std::string body) {
    return Ask{"POST", "/", {{"Content-Type", kForm}, {"Host", std::move(host)}}, std::move(body)};
  };
  const auto target = [](std::string host) {
    return Ask{"POST", "/", {{"X-Amz-Target", "Far_1.List"}, {"Content-Type", kJson10}, {"Host", std::move(host)}}};
  };
  for (const auto& [ask, service] : std::initializer_list<std::pair<Ask, std::string>>{
           {form("127.0.0.1:4566", simple_db), "sdb"},
           {{"GET", "/?" + simple_db, {{"Host", "localhost:4566"}}}, "sdb"},
           {form("sdb.amazonaws.com", "Action=ListDomains"), "sdb"},
           {form("email.localhost.localstack.cloud:4566", "Action=ListIdentities&Version=2010-12-01"), "email"},
           {form("localhost:4566", "Action=DescribeInstances&Version=2016-11-15"), "ec2"},
           {target("kinesis.us-east-1.amazonaws.com"), "kinesis"},
           {target("localhost.localstack.cloud:4566"), "Far_1"}}) {
    const auto found = router_.route(request_of(ask));
    ASSERT_FALSE(found.has_value());
    EXPECT_TRUE(found.error().error.message.starts_with("service " + service + " is not here; these are: sqs "))
        << found.error().error.message;
  }
  const auto nameless = router_.route(request_of(form("till:4566", "Action=Go&Version=1")));
  EXPECT_TRUE(nameless.error().error.message.starts_with(
      "The action Go is not valid for this endpoint. These services are here: sqs "));
}

// Whatever is not there, the answer has words.
TEST_F(RouterTest, RefusalsHaveWords) {
  for (const Ask& ask : std::initializer_list<Ask>{
           {"POST", "/", {{"X-Amz-Target", "AmazonSQS.SendMessage"}, {"Content-Type", "text/plain"}}},
           {"POST", "/", {{"X-Amz-Target", "AmazonSQS.Nothing"}, {"Content-Type", kJson10}}},
           {"POST", "/", {{"Content-Type", kForm}, {"Authorization", scope("iam")}}, "Action=Nothing"},
           {"GET", "/2015-03-31/nothing"},
           {"DELETE", "/2015-03-31/functions"},
           {"PATCH", "/bucket/key"},
           {"GET", "/bucket", {{"Authorization", scope("sqs")}}}}) {
    const auto found = router_.route(request_of(ask));
    ASSERT_FALSE(found.has_value()) << ask.target;
    EXPECT_FALSE(found.error().error.message.empty()) << ask.method << " " << ask.target;
    EXPECT_NE(found.error().service, nullptr);
  }
}

// Older clients of CloudWatch compress their forms, Action included.
TEST_F(RouterTest, AnActionIsFoundInACompressedForm) {
  constexpr unsigned char kGzip[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x73, 0x4c,
                                     0x2e, 0xc9, 0xcc, 0xcf, 0xb3, 0x0d, 0x28, 0x4d, 0xca, 0xc9, 0x2c, 0xce,
                                     0x00, 0x00, 0x22, 0xa2, 0x21, 0xf2, 0x0e, 0x00, 0x00, 0x00};
  const std::string body(reinterpret_cast<const char*>(kGzip), sizeof kGzip);
  const Fields fields = {{"Content-Type", kForm}, {"Authorization", scope("sns")}, {"Content-Encoding", "gzip"}};
  EXPECT_EQ(outcome(router_, {"POST", "/", fields, body}), "sns Publish query");
  EXPECT_EQ(outcome(router_, {"POST", "/", fields, "Action=Publish"}), "sns Publish query");  // refused later
}

TEST_F(RouterTest, ABucketMayBeInTheHost) {
  const auto found = router_.route(request_of({"GET", "/a%20key", {{"Host", "media.s3.us-east-2.amazonaws.com"}}}));
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->operation->name, "GetObject");
  std::string labels;
  for (const auto& [name, value] : found->labels) labels += std::string(name) + "=" + value + ";";
  EXPECT_EQ(labels, "Bucket=media;Key=a key;");
  // No other service has a bucket in front.
  EXPECT_EQ(outcome(router_, {"POST",
                              "/2015-03-31/functions/f/invocations",
                              {{"Host", "media.localhost:4566"}, {"Authorization", scope("lambda")}}}),
            "lambda Invoke rest_json");

  for (const auto& [host, bucket] : std::initializer_list<std::pair<std::string_view, std::string_view>>{
           {"127.0.0.1:4566", ""},
           {"localhost:4566", ""},
           {"s3.localhost:4566", ""},
           {"media.localhost:4566", "media"},
           {"media.s3.localhost", "media"},
           {"dotted.name.s3.localhost", "dotted.name"},
           {"s3.us-east-2.amazonaws.com", ""},
           {"s3.amazonaws.com", ""},
           {"media.s3.amazonaws.com", "media"},
           {"media.s3-us-west-2.amazonaws.com", "media"},
           {"media.s3.us-east-2.amazonaws.com:443", "media"},
           {"sqs.us-east-2.amazonaws.com", ""},
           {"localhost.localstack.cloud:4566", ""},
           {"s3.localhost.localstack.cloud:4566", ""},
           {"sqs.us-east-1.localhost.localstack.cloud:4566", ""},
           {"media.s3.localhost.localstack.cloud:4566", "media"},
           {"media.s3.eu-west-1.localhost.localstack.cloud:4566", "media"},
           {"media.s3.example.com", ""},
           {"", ""},
       }) {
    EXPECT_EQ(aws::http::virtual_host_bucket(host), bucket) << host;
  }
}

TEST(ScopeService, IsTheFourthPartOfTheCredential) {
  for (const auto& [ask, service] : std::initializer_list<std::pair<Ask, std::string_view>>{
           {{"GET", "/", {{"Authorization", scope("monitoring")}}}, "monitoring"},
           {{"GET", "/?X-Amz-Credential=AKID%2F20240102%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=1"}, "s3"},
           {{"GET", "/2015-03-31/k?AWSAccessKeyId=AKID&Signature=c2ln&Expires=1"}, "s3"},
           {{"GET", "/2015-03-31/k?AWSAccessKeyId=AKID&Expires=1"}, ""},
           {{"GET", "/?X-Amz-Credential=AKID/20240102/us-east-1/s3/aws4_request"}, "s3"},
           {{"GET", "/", {{"Authorization", "AWS4-HMAC-SHA256 Credential=AKID/20240102"}}}, ""},
           {{"GET", "/", {{"Authorization", "AWS test:signature"}}}, ""},
           {{"GET", "/?X-Amz-Credential=short"}, ""},
           {{"GET", "/"}, ""},
       }) {
    EXPECT_EQ(scope_service(request_of(ask)), service);
  }
}

}  // namespace
}  // namespace server
