#include "like_aws/lists.h"

#include "aws/dynamodb/dynamodb.h"
#include "aws/iam/iam.h"
#include "aws/lambda/lambda.h"
#include "aws/logs/logs.h"
#include "aws/s3/s3.h"
#include "aws/sns/sns.h"
#include "aws/sqs/sqs.h"
#include "like_aws/lagging_list.h"
#include "like_aws/names.h"

namespace like_aws {
namespace {

std::string itself(std::string_view text) {
  return std::string(text);
}

template <class Service, class Output, class Entry>
std::unique_ptr<Behaviour> make(Conditions& conditions, Service& service, ListedResource<Output, Entry> resource) {
  return std::make_unique<LaggingList<Output, Entry>>(conditions, &service, resource);
}

}  // namespace

std::unique_ptr<Behaviour> lagging_queues(Conditions& conditions, aws::sqs::Sqs& sqs) {
  return make(conditions, sqs,
              ListedResource<aws::sqs::ListQueuesResult, std::string>{
                  .create = "CreateQueue",
                  .created_by = "QueueName",
                  .remove = "DeleteQueue",
                  .removed_by = "QueueUrl",
                  .list = "ListQueues",
                  .prefix_by = "QueueNamePrefix",
                  .entries = &aws::sqs::ListQueuesResult::queue_urls,
                  .name_of = [](const std::string& url) { return last_part(url); },
                  .name_in = last_part});
}

std::unique_ptr<Behaviour> lagging_topics(Conditions& conditions, aws::sns::Sns& sns) {
  using Topic = aws::sns::Topic;
  return make(conditions, sns,
              ListedResource<aws::sns::ListTopicsResponse, Topic>{
                  .create = "CreateTopic",
                  .created_by = "Name",
                  .remove = "DeleteTopic",
                  .removed_by = "TopicArn",
                  .list = "ListTopics",
                  .prefix_by = "",
                  .entries = &aws::sns::ListTopicsResponse::topics,
                  .name_of = [](const Topic& topic) { return arn_resource(topic.topic_arn.value_or("")); },
                  .name_in = arn_resource});
}

std::unique_ptr<Behaviour> lagging_tables(Conditions& conditions, aws::dynamodb::DynamoDb& dynamodb) {
  return make(conditions, dynamodb,
              ListedResource<aws::dynamodb::ListTablesOutput, std::string>{
                  .create = "CreateTable",
                  .created_by = "TableName",
                  .remove = "DeleteTable",
                  .removed_by = "TableName",
                  .list = "ListTables",
                  .prefix_by = "",
                  .entries = &aws::dynamodb::ListTablesOutput::table_names,
                  .name_of = [](const std::string& name) { return name; },
                  .name_in = table_name});
}

std::unique_ptr<Behaviour> lagging_functions(Conditions& conditions, aws::lambda::Lambda& lambda) {
  using Function = aws::lambda::FunctionConfiguration;
  return make(conditions, lambda,
              ListedResource<aws::lambda::ListFunctionsResponse, Function>{
                  .create = "CreateFunction",
                  .created_by = "FunctionName",
                  .remove = "DeleteFunction",
                  .removed_by = "FunctionName",
                  .list = "ListFunctions",
                  .prefix_by = "",
                  .entries = &aws::lambda::ListFunctionsResponse::functions,
                  .name_of = [](const Function& function) { return function.function_name.value_or(""); },
                  .name_in = function_name});
}

std::unique_ptr<Behaviour> lagging_buckets(Conditions& conditions, aws::s3::S3& s3) {
  using Bucket = aws::s3::Bucket;
  return make(conditions, s3,
              ListedResource<aws::s3::ListBucketsOutput, Bucket>{
                  .create = "CreateBucket",
                  .created_by = "Bucket",
                  .remove = "DeleteBucket",
                  .removed_by = "Bucket",
                  .list = "ListBuckets",
                  .prefix_by = "Prefix",
                  .entries = &aws::s3::ListBucketsOutput::buckets,
                  .name_of = [](const Bucket& bucket) { return bucket.name.value_or(""); },
                  .name_in = itself});
}

std::unique_ptr<Behaviour> lagging_log_groups(Conditions& conditions, aws::logs::Logs& logs) {
  using LogGroup = aws::logs::LogGroup;
  return make(conditions, logs,
              ListedResource<aws::logs::DescribeLogGroupsResponse, LogGroup>{
                  .create = "CreateLogGroup",
                  .created_by = "logGroupName",
                  .remove = "DeleteLogGroup",
                  .removed_by = "logGroupName",
                  .list = "DescribeLogGroups",
                  .prefix_by = "logGroupNamePrefix",
                  .entries = &aws::logs::DescribeLogGroupsResponse::log_groups,
                  .name_of = [](const LogGroup& group) { return group.log_group_name.value_or(""); },
                  .name_in = itself});
}

std::unique_ptr<Behaviour> lagging_roles(Conditions& conditions, aws::iam::Iam& iam) {
  using Role = aws::iam::Role;
  return make(conditions, iam,
              ListedResource<aws::iam::ListRolesResponse, Role>{
                  .create = "CreateRole",
                  .created_by = "RoleName",
                  .remove = "DeleteRole",
                  .removed_by = "RoleName",
                  .list = "ListRoles",
                  .prefix_by = "",
                  .entries = &aws::iam::ListRolesResponse::roles,
                  .name_of = [](const Role& role) { return role.role_name.value_or(""); },
                  .name_in = itself});
}

}  // namespace like_aws
