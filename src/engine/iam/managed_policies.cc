#include "engine/iam/managed_policies.h"

#include "base/encoding.h"

namespace engine::iam {
namespace {

constexpr std::string_view kServiceRole = "/service-role/";

// Facts from the AWS Managed Policy Reference Guide; permissions on services that are not here are left out.
constexpr AwsManagedPolicy kPolicies[] = {
    {"/", "AdministratorAccess", "v1", "2015-02-06T18:39:46Z", "2015-02-06T18:39:46Z",
     R"({"Effect":"Allow","Action":"*","Resource":"*"})"},
    {"/", "AmazonDynamoDBFullAccess", "v15", "2015-02-06T18:40:11Z", "2021-01-29T17:38:30Z",
     R"({"Effect":"Allow","Action":["dynamodb:*","cloudwatch:DeleteAlarms","cloudwatch:DescribeAlarmHistory",)"
     R"("cloudwatch:DescribeAlarms","cloudwatch:DescribeAlarmsForMetric","cloudwatch:GetMetricStatistics",)"
     R"("cloudwatch:ListMetrics","cloudwatch:PutMetricAlarm","cloudwatch:GetMetricData","iam:GetRole","iam:ListRoles",)"
     R"("sns:CreateTopic","sns:DeleteTopic","sns:ListSubscriptions","sns:ListSubscriptionsByTopic","sns:ListTopics",)"
     R"("sns:Subscribe","sns:Unsubscribe","sns:SetTopicAttributes","lambda:CreateFunction","lambda:ListFunctions",)"
     R"("lambda:ListEventSourceMappings","lambda:CreateEventSourceMapping","lambda:DeleteEventSourceMapping",)"
     R"("lambda:GetFunctionConfiguration","lambda:DeleteFunction"],"Resource":"*"})"},
    {"/", "AmazonDynamoDBReadOnlyAccess", "v15", "2015-02-06T18:40:12Z", "2024-11-18T17:38:15Z",
     R"({"Effect":"Allow","Action":["cloudwatch:DescribeAlarmHistory","cloudwatch:DescribeAlarms",)"
     R"("cloudwatch:DescribeAlarmsForMetric","cloudwatch:GetMetricStatistics","cloudwatch:ListMetrics",)"
     R"("cloudwatch:GetMetricData","dynamodb:BatchGetItem","dynamodb:Describe*","dynamodb:List*",)"
     R"("dynamodb:GetAbacStatus","dynamodb:GetItem","dynamodb:GetResourcePolicy","dynamodb:Query","dynamodb:Scan",)"
     R"("dynamodb:PartiQLSelect","iam:GetRole","iam:ListRoles","sns:ListSubscriptionsByTopic","sns:ListTopics",)"
     R"("lambda:ListFunctions","lambda:ListEventSourceMappings","lambda:GetFunctionConfiguration"],"Resource":"*"})"},
    {"/", "AmazonS3FullAccess", "v2", "2015-02-06T18:40:58Z", "2021-09-27T20:16:37Z",
     R"({"Effect":"Allow","Action":["s3:*","s3-object-lambda:*"],"Resource":"*"})"},
    {"/", "AmazonS3ReadOnlyAccess", "v3", "2015-02-06T18:40:59Z", "2023-08-10T21:31:39Z",
     R"({"Effect":"Allow","Action":["s3:Get*","s3:List*","s3:Describe*","s3-object-lambda:Get*",)"
     R"("s3-object-lambda:List*"],"Resource":"*"})"},
    {"/", "AmazonSNSFullAccess", "v2", "2015-02-06T18:41:05Z", "2024-09-24T22:32:05Z",
     R"({"Effect":"Allow","Action":"sns:*","Resource":"*"})"},
    {"/", "AmazonSNSReadOnlyAccess", "v2", "2015-02-06T18:41:06Z", "2024-09-24T22:13:12Z",
     R"({"Effect":"Allow","Action":["sns:GetTopicAttributes","sns:List*","sns:CheckIfPhoneNumberIsOptedOut",)"
     R"("sns:GetEndpointAttributes","sns:GetDataProtectionPolicy","sns:GetPlatformApplicationAttributes",)"
     R"("sns:GetSMSAttributes","sns:GetSMSSandboxAccountStatus","sns:GetSubscriptionAttributes"],"Resource":"*"})"},
    {"/", "AmazonSQSFullAccess", "v1", "2015-02-06T18:41:07Z", "2015-02-06T18:41:07Z",
     R"({"Effect":"Allow","Action":["sqs:*"],"Resource":"*"})"},
    {"/", "AmazonSQSReadOnlyAccess", "v4", "2015-02-06T18:41:08Z", "2024-05-24T18:16:44Z",
     R"({"Effect":"Allow","Action":["sqs:GetQueueAttributes","sqs:GetQueueUrl","sqs:ListDeadLetterSourceQueues",)"
     R"("sqs:ListQueues","sqs:ListMessageMoveTasks","sqs:ListQueueTags"],"Resource":"*"})"},
    {kServiceRole, "AWSLambdaBasicExecutionRole", "v1", "2015-04-09T15:03:43Z", "2015-04-09T15:03:43Z",
     R"({"Effect":"Allow","Action":["logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents"],)"
     R"("Resource":"*"})"},
    {kServiceRole, "AWSLambdaDynamoDBExecutionRole", "v1", "2015-04-09T15:09:29Z", "2015-04-09T15:09:29Z",
     R"({"Effect":"Allow","Action":["dynamodb:DescribeStream","dynamodb:GetRecords","dynamodb:GetShardIterator",)"
     R"("dynamodb:ListStreams","logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents"],"Resource":"*"})"},
    {kServiceRole, "AWSLambdaRole", "v1", "2015-02-06T18:41:28Z", "2015-02-06T18:41:28Z",
     R"({"Effect":"Allow","Action":["lambda:InvokeFunction"],"Resource":["*"]})"},
    {kServiceRole, "AWSLambdaSQSQueueExecutionRole", "v1", "2018-06-14T21:50:45Z", "2018-06-14T21:50:45Z",
     R"({"Effect":"Allow","Action":["sqs:ReceiveMessage","sqs:DeleteMessage","sqs:GetQueueAttributes",)"
     R"("logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents"],"Resource":"*"})"},
    {"/", "AWSLambda_FullAccess", "v7", "2020-11-17T21:14:08Z", "2026-02-12T18:00:51Z",
     R"({"Effect":"Allow","Action":["cloudwatch:ListMetrics","cloudwatch:GetMetricData","iam:GetPolicy",)"
     R"("iam:GetPolicyVersion","iam:GetRole","iam:GetRolePolicy","iam:ListAttachedRolePolicies",)"
     R"("iam:ListRolePolicies","iam:ListRoles","lambda:*","logs:DescribeLogGroups"],"Resource":"*"},)"
     R"({"Effect":"Allow","Action":"iam:PassRole","Resource":"*","Condition":{"StringEquals":)"
     R"({"iam:PassedToService":"lambda.amazonaws.com"}}},)"
     R"({"Effect":"Allow","Action":["logs:DescribeLogStreams","logs:GetLogEvents","logs:FilterLogEvents","logs:StartLiveTail",)"
     R"("logs:StopLiveTail"],)"
     R"("Resource":"arn:aws:logs:*:*:log-group:/aws/lambda/*"})"},
    {"/", "CloudWatchEventsFullAccess", "v5", "2016-01-14T18:37:08Z", "2026-02-12T18:00:32Z",
     R"({"Effect":"Allow","Action":["events:*","schemas:*","scheduler:*","pipes:*"],"Resource":"*"})"},
    {"/", "CloudWatchFullAccess", "v4", "2015-02-06T18:40:00Z", "2022-11-27T13:23:49Z",
     R"({"Effect":"Allow","Action":["autoscaling:Describe*","cloudwatch:*","logs:*","sns:*","iam:GetPolicy",)"
     R"("iam:GetPolicyVersion","iam:GetRole"],"Resource":"*"})"},
    {"/", "CloudWatchLogsFullAccess", "v8", "2015-02-06T18:40:02Z", "2026-02-12T18:00:33Z",
     R"({"Effect":"Allow","Action":["logs:*","cloudwatch:GenerateQuery"],"Resource":"*"})"},
    {"/", "CloudWatchLogsReadOnlyAccess", "v12", "2015-02-06T18:40:03Z", "2026-02-12T17:59:13Z",
     R"({"Effect":"Allow","Action":["logs:Describe*","logs:Get*","logs:List*","logs:StartQuery","logs:StopQuery",)"
     R"("logs:TestMetricFilter","logs:FilterLogEvents","logs:StartLiveTail","logs:StopLiveTail",)"
     R"("cloudwatch:GenerateQuery"],"Resource":"*"})"},
};

constexpr std::string_view kArnPrefix = "arn:aws:iam::aws:policy";

}  // namespace

std::string AwsManagedPolicy::arn() const {
  return std::string(kArnPrefix).append(path).append(name);
}

std::string AwsManagedPolicy::document() const {
  return std::string(R"({"Version":"2012-10-17","Statement":[)").append(statement).append("]}");
}

std::string AwsManagedPolicy::id() const {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string out = "ANPA";
  for (const char c : base::sha256(arn()).substr(0, 17)) out += kAlphabet[static_cast<unsigned char>(c) % 32];
  return out;
}

std::span<const AwsManagedPolicy> aws_managed_policies() {
  return kPolicies;
}

const AwsManagedPolicy* find_aws_managed_policy(std::string_view arn) {
  if (!arn.starts_with(kArnPrefix)) return nullptr;
  const std::string_view rest = arn.substr(kArnPrefix.size());
  for (const AwsManagedPolicy& policy : kPolicies)
    if (rest.starts_with(policy.path) && rest.substr(policy.path.size()) == policy.name) return &policy;
  return nullptr;
}

}  // namespace engine::iam
