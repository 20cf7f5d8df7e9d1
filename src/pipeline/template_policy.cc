// The policy of whoever deploys. tests/e2e/test_deployer.py holds it and the calls of the commands together.
#include "pipeline/template.h"
#include "pipeline/template_parts.h"

namespace pipeline {
namespace {

using Json = TemplateJson;

Json statement(std::string_view id, std::vector<std::string> actions, std::vector<std::string> resources) {
  return {{"Sid", id}, {"Effect", "Allow"}, {"Action", std::move(actions)}, {"Resource", std::move(resources)}};
}

// IAM lets them be granted for all resources alone (Service Authorization Reference), or they ask for what has no name.
Json lists() {
  return statement("Lists",
                   {"cloudwatch:DescribeAlarms", "cloudwatch:GetMetricStatistics", "dynamodb:ListTables",
                    "iam:ListRoles", "lambda:ListEventSourceMappings", "lambda:ListFunctions", "logs:DescribeLogGroups",
                    "s3:ListAllMyBuckets", "sns:ListSubscriptions", "sns:ListTopics", "sqs:ListQueues"},
                   {"*"});
}

}  // namespace

std::string deployer_policy(std::string_view stack_name) {
  const std::string any = std::string(stack_name) + "-*";
  Json statements = Json::array();
  statements.push_back(lists());
  statements.push_back(
      statement("Tables",
                {"dynamodb:BatchGetItem", "dynamodb:CreateTable", "dynamodb:DeleteItem", "dynamodb:DeleteTable",
                 "dynamodb:DescribeTable", "dynamodb:DescribeTimeToLive", "dynamodb:GetItem",
                 "dynamodb:ListTagsOfResource", "dynamodb:Scan", "dynamodb:TagResource", "dynamodb:UpdateItem",
                 "dynamodb:UpdateTable", "dynamodb:UpdateTimeToLive"},
                {"arn:aws:dynamodb:*:*:table/" + any}));
  statements.push_back(statement("Queues",
                                 {"sqs:CreateQueue", "sqs:DeleteQueue", "sqs:GetQueueAttributes", "sqs:GetQueueUrl",
                                  "sqs:ListQueueTags", "sqs:SetQueueAttributes", "sqs:TagQueue"},
                                 {"arn:aws:sqs:*:*:" + any}));
  statements.push_back(statement(
      "Topics",
      {"sns:CreateTopic", "sns:DeleteTopic", "sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic",
       "sns:ListTagsForResource", "sns:SetTopicAttributes", "sns:Subscribe", "sns:TagResource", "sns:Unsubscribe"},
      {"arn:aws:sns:*:*:" + any}));
  statements.push_back(statement(
      "Bucket",
      {"s3:CreateBucket", "s3:DeleteBucket", "s3:GetBucketNotification", "s3:ListBucket", "s3:PutBucketNotification"},
      {"arn:aws:s3:::" + any}));
  statements.push_back(statement("Files",
                                 {"s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"},
                                 {"arn:aws:s3:::" + any + "/*"}));
  statements.push_back(statement(
      "Functions",
      {"lambda:AddPermission", "lambda:CreateFunction", "lambda:CreateFunctionUrlConfig", "lambda:DeleteFunction",
       "lambda:DeleteFunctionConcurrency", "lambda:DeleteFunctionUrlConfig", "lambda:GetFunctionConcurrency",
       "lambda:GetFunctionConfiguration", "lambda:GetFunctionEventInvokeConfig", "lambda:GetFunctionUrlConfig",
       "lambda:GetPolicy", "lambda:ListTags", "lambda:RemovePermission", "lambda:TagResource",
       "lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration", "lambda:UpdateFunctionUrlConfig"},
      {"arn:aws:lambda:*:*:function:" + any}));
  // A mapping's name is its number.
  statements.push_back(statement("Mappings",
                                 {"lambda:CreateEventSourceMapping", "lambda:DeleteEventSourceMapping",
                                  "lambda:GetEventSourceMapping", "lambda:UpdateEventSourceMapping"},
                                 {"*"}));
  const std::string roles = "arn:aws:iam::*:role/" + any;
  statements.push_back(
      statement("Roles",
                {"iam:CreateRole", "iam:DeleteRole", "iam:DeleteRolePolicy", "iam:DetachRolePolicy", "iam:GetRole",
                 "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies", "iam:ListRoleTags",
                 "iam:PutRolePolicy", "iam:TagRole", "iam:UpdateAssumeRolePolicy"},
                {roles}));
  Json pass = statement("RolesOfFunctions", {"iam:PassRole"}, {roles});
  pass["Condition"] = {{"StringEquals", {{"iam:PassedToService", "lambda.amazonaws.com"}}}};
  statements.push_back(std::move(pass));
  statements.push_back(statement("Logs",
                                 {"logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:FilterLogEvents",
                                  "logs:ListTagsForResource", "logs:PutRetentionPolicy", "logs:TagResource"},
                                 {"arn:aws:logs:*:*:log-group:/aws/lambda/" + any}));
  statements.push_back(statement("Alarms",
                                 {"cloudwatch:DeleteAlarms", "cloudwatch:ListTagsForResource",
                                  "cloudwatch:PutMetricAlarm", "cloudwatch:TagResource"},
                                 {"arn:aws:cloudwatch:*:*:alarm:" + any}));
  return write_template_json({{"Version", "2012-10-17"}, {"Statement", std::move(statements)}});
}

}  // namespace pipeline
