#include "aws/validate.h"

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
base::AwsError check(const ServiceDesc& service, std::string_view operation, const In& in) {
  EXPECT_EQ(service.find(operation)->input, &In::desc());
  const auto result = validate(service, *service.find(operation), &in);
  return result ? base::AwsError{.code = "none", .message = "", .query_code = "", .fields = {}, .detail = nullptr}
                : result.error();
}

TEST(Validate, AbsentMembers) {
  const base::AwsError error = check(dynamodb::kService, "PutItem", dynamodb::PutItemInput{});
  EXPECT_EQ(error.code, "ValidationException");
  EXPECT_EQ(error.http_status, 400);
  EXPECT_EQ(error.message,
            "2 validation errors detected: Value null at 'tableName' failed to satisfy constraint: Member must not be "
            "null; Value null at 'item' failed to satisfy constraint: Member must not be null");
  dynamodb::PutItemInput good;
  good.table_name = "orders";
  good.item.emplace()["id"] = dynamodb::AttributeValue::of_s("");
  EXPECT_EQ(check(dynamodb::kService, "PutItem", good).code, "none");
}

TEST(Validate, EnumsLengthsAndRanges) {
  dynamodb::PutItemInput put;
  put.table_name = "";
  put.item.emplace();
  put.return_values = "hi";
  EXPECT_EQ(check(dynamodb::kService, "PutItem", put).message,
            "2 validation errors detected: Value '' at 'tableName' failed to satisfy constraint: Member must have "
            "length greater than or equal to 1; Value 'hi' at 'returnValues' failed to satisfy constraint: Member must "
            "satisfy enum value set: [ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]");
  put.return_values.reset();
  put.table_name = std::string(1025, 'a');
  EXPECT_EQ(check(dynamodb::kService, "PutItem", put).message,
            "1 validation error detected: Value '" + std::string(1025, 'a') +
                "' at 'tableName' failed to satisfy constraint: Member must have length less than or equal to 1024");
  dynamodb::ListTablesInput list;
  list.limit = 0;
  EXPECT_EQ(check(dynamodb::kService, "ListTables", list).message,
            "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: Member must have value "
            "greater than or equal to 1");
  list.limit = 101;
  EXPECT_EQ(check(dynamodb::kService, "ListTables", list).message,
            "1 validation error detected: Value '101' at 'limit' failed to satisfy constraint: Member must have value "
            "less than or equal to 100");
  dynamodb::CreateTableInput table;
  table.table_name = "orders";
  table.attribute_definitions.emplace();
  table.key_schema.emplace();
  EXPECT_EQ(check(dynamodb::kService, "CreateTable", table).message,
            "1 validation error detected: Value '[]' at 'keySchema' failed to satisfy constraint: Member must have "
            "length greater than or equal to 1");
}

TEST(Validate, PatternsComeBeforeLengths) {
  logs::CreateLogGroupRequest in;
  in.log_group_name = "a b";
  const base::AwsError error = check(logs::kService, "CreateLogGroup", in);
  EXPECT_EQ(error.code, "InvalidParameterException");
  EXPECT_EQ(error.message,
            "1 validation error detected: Value 'a b' at 'logGroupName' failed to satisfy constraint: Member must "
            "satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+");
  in.log_group_name = "";
  EXPECT_EQ(
      check(logs::kService, "CreateLogGroup", in).message,
      "2 validation errors detected: Value '' at 'logGroupName' failed to satisfy constraint: Member must satisfy "
      "regular expression pattern: [\\.\\-_/#A-Za-z0-9]+; Value '' at 'logGroupName' failed to satisfy "
      "constraint: Member must have length greater than or equal to 1");
}

TEST(Validate, NestedPathsAndAtMostTen) {
  dynamodb::CreateTableInput in;
  in.table_name = "orders";
  in.attribute_definitions.emplace(2)[0].attribute_name = "id";
  in.key_schema.emplace(1)[0].attribute_name = "id";
  in.key_schema->at(0).key_type = "HASH";
  EXPECT_EQ(
      check(dynamodb::kService, "CreateTable", in).message,
      "3 validation errors detected: Value null at 'attributeDefinitions.1.member.attributeType' failed to satisfy "
      "constraint: Member must not be null; Value null at 'attributeDefinitions.2.member.attributeName' failed to "
      "satisfy constraint: Member must not be null; Value null at 'attributeDefinitions.2.member.attributeType' "
      "failed to satisfy constraint: Member must not be null");
  in.attribute_definitions->resize(20);
  EXPECT_TRUE(check(dynamodb::kService, "CreateTable", in).message.starts_with("10 validation errors detected: "));
  dynamodb::BatchWriteItemInput batch;
  batch.request_items.emplace()["orders"].emplace_back().put_request.emplace();
  EXPECT_EQ(
      check(dynamodb::kService, "BatchWriteItem", batch).message,
      "1 validation error detected: Value null at 'requestItems.orders.member.1.member.putRequest.item' failed to "
      "satisfy constraint: Member must not be null");
}

TEST(Validate, ElementsOfListsAreListedTogether) {
  cloudwatch::GetMetricStatisticsInput in;
  in.namespace_ = "AWS/SQS";
  in.metric_name = "m";
  in.start_time = in.end_time = base::from_epoch_seconds(0);
  in.period = 60;
  in.statistics = {"Sum", "Bad"};
  const base::AwsError error = check(cloudwatch::kService, "GetMetricStatistics", in);
  EXPECT_EQ(error.code, "ValidationError");
  EXPECT_EQ(error.message,
            "1 validation error detected: Value '[Sum, Bad]' at 'statistics' failed to satisfy constraint: Member must "
            "satisfy constraint: [Member must satisfy enum value set: [SampleCount, Average, Sum, Minimum, Maximum], "
            "Member must not be null]");
}

TEST(Validate, LongValuesAreCutAtCharacters) {
  logs::CreateLogGroupRequest in;
  std::string text;
  for (int i = 0; i < 100000; ++i) text += "\u20ac";
  in.log_group_name = text;
  const std::string message = check(logs::kService, "CreateLogGroup", in).message;
  EXPECT_LT(message.size(), 6000u);
  EXPECT_NE(message.find("\u20ac...'"), std::string::npos);
}

TEST(Validate, ServicesWithWordsOfTheirOwn) {
  base::AwsError error = check(sqs::kService, "SendMessage", sqs::SendMessageRequest{});
  EXPECT_EQ(error.code, "MissingRequiredParameterException");
  EXPECT_EQ(error.query_code, "MissingParameter");
  EXPECT_EQ(error.message, "The request must contain the parameter QueueUrl.");
  sqs::SendMessageBatchRequest batch;
  batch.queue_url = "q";
  batch.entries.emplace(2)[0].id = "1";
  batch.entries->at(0).message_body = "b";
  EXPECT_EQ(check(sqs::kService, "SendMessageBatch", batch).message,
            "The request must contain the parameter SendMessageBatchRequestEntry.2.Id.");
  error = check(s3::kService, "HeadBucket", s3::HeadBucketRequest{});
  EXPECT_EQ(error.code, "InvalidRequest");
  EXPECT_EQ(error.message, "The request must contain the parameter Bucket.");
  s3::DeleteObjectsRequest nothing;
  nothing.bucket = "b";
  EXPECT_EQ(check(s3::kService, "DeleteObjects", nothing).code, "InvalidRequest");
  nothing.delete_.emplace();
  EXPECT_EQ(check(s3::kService, "DeleteObjects", nothing).code, "MalformedXML");
  error = check(sns::kService, "CreateTopic", sns::CreateTopicInput{});
  EXPECT_EQ(error.code, "ValidationError");
  EXPECT_EQ(error.message,
            "1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null");
  iam::CreateRoleRequest role;
  role.role_name = "a b";
  role.assume_role_policy_document = "{}";
  EXPECT_EQ(check(iam::kService, "CreateRole", role).message,
            "1 validation error detected: Value 'a b' at 'roleName' failed to satisfy constraint: Member must satisfy "
            "regular expression pattern: [\\w+=,.@-]+");
}

TEST(Validate, RefusesParametersInTheServicesWords) {
  base::AwsError error = unsupported_parameter(s3::kService, "x");
  EXPECT_EQ(error.code, "NotImplemented");
  EXPECT_EQ(error.http_status, 501);
  EXPECT_EQ(error.fault, base::Fault::receiver);
  error = unsupported_parameter(dynamodb::kService, "X.Y");
  EXPECT_EQ(error.code, "ValidationException");
  EXPECT_EQ(error.message, "The parameter X.Y is not supported here.");
}

}  // namespace
}  // namespace aws
