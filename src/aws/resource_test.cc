// The resources that operations touch, from their real descriptions.
#include "aws/resource.h"

#include <gtest/gtest.h>

#include "aws/cloudwatch/cloudwatch.h"
#include "aws/dynamodb/dynamodb.h"
#include "aws/iam/iam.h"
#include "aws/lambda/lambda.h"
#include "aws/logs/logs.h"
#include "aws/s3/s3.h"
#include "aws/sns/sns.h"
#include "aws/sqs/sqs.h"

namespace aws {
namespace {

template <class In>
std::string arns(const ServiceDesc& service, std::string_view operation, const In& in) {
  Context context;
  context.region = "eu-west-1";
  context.account = "123456789012";
  const OperationDesc* desc = service.find(operation);
  if (desc == nullptr || desc->input != &In::desc()) return "no such operation";
  std::string out;
  for (const std::string& arn : resource_arns(*desc, &in, context)) out += arn + ";";
  return out;
}

std::string queue(const std::string& url) {
  sqs::SendMessageRequest in;
  in.queue_url = url;
  return arns(sqs::kService, "SendMessage", in);
}

std::string function(const std::string& name) {
  lambda::InvocationRequest in;
  in.function_name = name;
  return arns(lambda::kService, "Invoke", in);
}

TEST(ResourceArns, AQueueIsWhatItsUrlEndsWith) {
  for (const char* url : {"http://127.0.0.1:4566/999999999999/orders", "orders",
                          "https://sqs.us-east-2.amazonaws.com/637423377183/orders"})
    EXPECT_EQ(queue(url), "arn:aws:sqs:eu-west-1:123456789012:orders;") << url;
  EXPECT_EQ(queue(""), "arn:aws:sqs:eu-west-1:123456789012:;") << "not '*': an empty name is no wildcard";
  EXPECT_EQ(arns(sqs::kService, "SendMessage", sqs::SendMessageRequest()), "arn:aws:sqs:eu-west-1:123456789012:*;");
}

TEST(ResourceArns, AFunctionIsNamedInThreeWays) {
  const std::string arn = "arn:aws:lambda:eu-west-1:123456789012:function:ingest;";
  for (const char* name : {"ingest", "ingest:1", "123456789012:function:ingest", "123456789012:function:ingest:live",
                           "arn:aws:lambda:eu-west-1:123456789012:function:ingest",
                           "arn:aws:lambda:eu-west-1:123456789012:function:ingest:$LATEST"})
    EXPECT_EQ(function(name), arn) << name;
  EXPECT_EQ(function("arn:aws:lambda:us-east-1:999999999999:function:ingest:live"),
            "arn:aws:lambda:us-east-1:999999999999:function:ingest;");
}

TEST(ResourceArns, AMemberThatIsAnArnIsTheResource) {
  sns::PublishInput publish;
  publish.topic_arn = "arn:aws:sns:us-east-2:999999999999:orders";
  EXPECT_EQ(arns(sns::kService, "Publish", publish), "arn:aws:sns:us-east-2:999999999999:orders;");
  EXPECT_EQ(arns(sns::kService, "Publish", sns::PublishInput()), "*;");
  // DynamoDB takes a table's ARN wherever it takes the name.
  dynamodb::GetItemInput get;
  get.table_name = "orders";
  EXPECT_EQ(arns(dynamodb::kService, "GetItem", get), "arn:aws:dynamodb:eu-west-1:123456789012:table/orders;");
  get.table_name = "arn:aws:dynamodb:us-east-2:999999999999:table/orders";
  EXPECT_EQ(arns(dynamodb::kService, "GetItem", get), "arn:aws:dynamodb:us-east-2:999999999999:table/orders;");
}

TEST(ResourceArns, WhatCanBeNamedInTwoWaysIsOneResource) {
  sns::PublishInput publish;
  publish.target_arn = "arn:aws:sns:us-east-2:999999999999:orders";
  EXPECT_EQ(arns(sns::kService, "Publish", publish), "arn:aws:sns:us-east-2:999999999999:orders;");
  const std::string group = "arn:aws:logs:eu-west-1:123456789012:log-group:secret";
  for (const std::string& name : {std::string("secret"), group, group + ":*"}) {
    logs::FilterLogEventsRequest filter;
    filter.log_group_identifier = name;
    EXPECT_EQ(arns(logs::kService, "FilterLogEvents", filter), group + ":log-stream:;") << name;
    logs::GetLogEventsRequest get;
    get.log_group_identifier = name;
    get.log_stream_name = "s";
    EXPECT_EQ(arns(logs::kService, "GetLogEvents", get), group + ":log-stream:s;") << name;
    logs::UntagResourceRequest untag;
    untag.resource_arn = name;
    EXPECT_EQ(arns(logs::kService, "UntagResource", untag), group + ";") << name;
  }
}

TEST(ResourceArns, EachOfAListOfNames) {
  cloudwatch::DeleteAlarmsInput in;
  in.alarm_names = {"a", "b"};
  const std::string alarm = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:";
  EXPECT_EQ(arns(cloudwatch::kService, "DeleteAlarms", in), alarm + "a;" + alarm + "b;");
}

TEST(ResourceArns, ABatchTouchesEachOfItsTables) {
  dynamodb::BatchGetItemInput in;
  in.request_items.emplace()["orders"];
  (*in.request_items)["arn:aws:dynamodb:us-east-2:999999999999:table/far"];
  EXPECT_EQ(arns(dynamodb::kService, "BatchGetItem", in),
            "arn:aws:dynamodb:eu-west-1:123456789012:table/orders;arn:aws:dynamodb:us-east-2:999999999999:table/far;");
  in.request_items->erase("orders");
  EXPECT_EQ(arns(dynamodb::kService, "BatchGetItem", in), "arn:aws:dynamodb:us-east-2:999999999999:table/far;");
  EXPECT_EQ(arns(dynamodb::kService, "BatchGetItem", dynamodb::BatchGetItemInput()),
            "arn:aws:dynamodb:eu-west-1:123456789012:table/*;");
}

TEST(ResourceArns, AnObjectIsItsBucketAndKey) {
  s3::PutObjectRequest in;
  in.bucket = "media";
  in.key = "a/b//c";
  EXPECT_EQ(arns(s3::kService, "PutObject", in), "arn:aws:s3:::media/a/b//c;");
  in.bucket.reset();
  EXPECT_EQ(arns(s3::kService, "PutObject", in), "arn:aws:s3:::*/a/b//c;");
  // A key is not an ARN, whatever it looks like.
  in.bucket = "media";
  in.key = "arn:aws:s3:::other/secret";
  EXPECT_EQ(arns(s3::kService, "PutObject", in), "arn:aws:s3:::media/arn:aws:s3:::other/secret;");
}

// As AWS names them when it refuses: policies may grant the lists of a service with all its resources.
TEST(ResourceArns, ListsAreAskedForByTheArnsOfAll) {
  const std::string here = "eu-west-1:123456789012:";
  EXPECT_EQ(arns(sqs::kService, "ListQueues", sqs::ListQueuesRequest()), "arn:aws:sqs:" + here + ";");
  EXPECT_EQ(arns(sns::kService, "ListTopics", sns::ListTopicsInput()), "arn:aws:sns:" + here + "*;");
  EXPECT_EQ(arns(dynamodb::kService, "ListTables", dynamodb::ListTablesInput()),
            "arn:aws:dynamodb:" + here + "table/*;");
  EXPECT_EQ(arns(logs::kService, "DescribeLogGroups", logs::DescribeLogGroupsRequest()),
            "arn:aws:logs:" + here + "log-group::log-stream:;");
  EXPECT_EQ(arns(s3::kService, "ListBuckets", s3::ListBucketsRequest()), "arn:aws:s3:::*;");
  iam::ListRolesRequest roles;
  EXPECT_EQ(arns(iam::kService, "ListRoles", roles), "arn:aws:iam::123456789012:role/;");
  roles.path_prefix = "/app/";
  EXPECT_EQ(arns(iam::kService, "ListRoles", roles), "arn:aws:iam::123456789012:role/app/;");
}

TEST(ResourceArns, SomeOperationsTouchNothingInParticular) {
  EXPECT_EQ(arns(lambda::kService, "ListFunctions", lambda::ListFunctionsRequest()), "*;");
  iam::GetRoleRequest in;
  in.role_name = "role";
  EXPECT_EQ(arns(iam::kService, "GetRole", in), "arn:aws:iam::123456789012:role/role;");
}

TEST(ResourceArns, WhatIsToBeMadeHasItsPath) {
  iam::CreateRoleRequest role;
  role.role_name = "r";
  EXPECT_EQ(arns(iam::kService, "CreateRole", role), "arn:aws:iam::123456789012:role/r;");
  role.path = "/team/";
  EXPECT_EQ(arns(iam::kService, "CreateRole", role), "arn:aws:iam::123456789012:role/team/r;");
  iam::CreatePolicyRequest policy;
  policy.policy_name = "p";
  policy.path = "/team/";
  EXPECT_EQ(arns(iam::kService, "CreatePolicy", policy), "arn:aws:iam::123456789012:policy/team/p;");
}

}  // namespace
}  // namespace aws
