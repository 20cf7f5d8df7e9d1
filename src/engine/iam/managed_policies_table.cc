// The table of AWS's managed policies. Facts from the AWS Managed Policy Reference Guide; of long documents the
// permissions on services that are not here are left out.
#include "engine/iam/managed_policies.h"

namespace engine::iam {
namespace {

constexpr std::string_view kServiceRole = "/service-role/";
constexpr std::string_view kJobFunction = "/job-function/";

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
    {kServiceRole, "AWSAppSyncPushToCloudWatchLogs", "v1", "2018-04-09T19:38:55Z", "2018-04-09T19:38:55Z",
     R"({"Action":["logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents"],"Effect":"Allow",)"
     R"("Resource":"*"})"},
    {"/", "AWSCloudFormationFullAccess", "v1", "2019-07-26T21:50:35Z", "2019-07-26T21:50:35Z",
     R"({"Action":["cloudformation:*"],"Effect":"Allow","Resource":"*"})"},
    {"/", "AWSKeyManagementServicePowerUser", "v2", "2015-02-06T18:40:40Z", "2017-03-07T00:55:11Z",
     R"({"Action":["kms:CreateAlias","kms:CreateKey","kms:DeleteAlias","kms:Describe*","kms:GenerateRandom",)"
     R"("kms:Get*","kms:List*","kms:TagResource","kms:UntagResource","iam:ListGroups","iam:ListRoles",)"
     R"("iam:ListUsers"],"Effect":"Allow","Resource":"*"})"},
    {kServiceRole, "AWSLambdaBasicDurableExecutionRolePolicy", "v3", "2025-12-02T15:04:12Z", "2026-02-12T18:01:44Z",
     R"({"Action":["logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents",)"
     R"("lambda:CheckpointDurableExecution","lambda:GetDurableExecutionState"],"Effect":"Allow","Resource":"*"})"},
    {kServiceRole, "AWSLambdaENIManagementAccess", "v2", "2016-12-06T00:37:27Z", "2020-10-01T20:07:26Z",
     R"({"Action":["ec2:CreateNetworkInterface","ec2:DescribeNetworkInterfaces","ec2:DeleteNetworkInterface",)"
     R"("ec2:AssignPrivateIpAddresses","ec2:UnassignPrivateIpAddresses"],"Effect":"Allow","Resource":"*"})"},
    {"/", "AWSLambdaExecute", "v1", "2015-02-06T18:40:46Z", "2015-02-06T18:40:46Z",
     R"({"Action":["logs:*"],"Effect":"Allow","Resource":"arn:aws:logs:*:*:*"},{"Action":["s3:GetObject",)"
     R"("s3:PutObject"],"Effect":"Allow","Resource":"arn:aws:s3:::*"})"},
    {"/", "AWSLambdaInvocation-DynamoDB", "v1", "2015-02-06T18:40:47Z", "2015-02-06T18:40:47Z",
     R"({"Action":["lambda:InvokeFunction"],"Effect":"Allow","Resource":"*"},{"Action":["dynamodb:DescribeStream",)"
     R"("dynamodb:GetRecords","dynamodb:GetShardIterator","dynamodb:ListStreams"],"Effect":"Allow","Resource":"*"})"},
    {kServiceRole, "AWSLambdaKinesisExecutionRole", "v2", "2015-04-09T15:14:16Z", "2018-11-19T20:09:24Z",
     R"({"Action":["kinesis:DescribeStream","kinesis:DescribeStreamSummary","kinesis:GetRecords",)"
     R"("kinesis:GetShardIterator","kinesis:ListShards","kinesis:ListStreams","kinesis:SubscribeToShard",)"
     R"("logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents"],"Effect":"Allow","Resource":"*"})"},
    {kServiceRole, "AWSLambdaMSKExecutionRole", "v2", "2020-08-11T17:35:05Z", "2022-08-02T20:08:02Z",
     R"({"Action":["kafka:DescribeCluster","kafka:DescribeClusterV2","kafka:GetBootstrapBrokers",)"
     R"("ec2:CreateNetworkInterface","ec2:DescribeNetworkInterfaces","ec2:DescribeVpcs",)"
     R"("ec2:DeleteNetworkInterface","ec2:DescribeSubnets","ec2:DescribeSecurityGroups","logs:CreateLogGroup",)"
     R"("logs:CreateLogStream","logs:PutLogEvents"],"Effect":"Allow","Resource":"*"})"},
    {kServiceRole, "AWSLambdaVPCAccessExecutionRole", "v3", "2016-02-11T23:15:26Z", "2024-01-05T22:38:26Z",
     R"({"Action":["logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents","ec2:CreateNetworkInterface",)"
     R"("ec2:DescribeNetworkInterfaces","ec2:DescribeSubnets","ec2:DeleteNetworkInterface",)"
     R"("ec2:AssignPrivateIpAddresses","ec2:UnassignPrivateIpAddresses"],"Effect":"Allow","Resource":"*",)"
     R"("Sid":"AWSLambdaVPCAccessExecutionPermissions"})"},
    {"/", "AWSLambda_ReadOnlyAccess", "v5", "2020-11-17T21:10:32Z", "2026-02-12T18:02:55Z",
     R"({"Action":["cloudformation:DescribeStacks","cloudformation:ListStacks","cloudformation:ListStackResources",)"
     R"("cloudwatch:GetMetricData","cloudwatch:ListMetrics","ec2:DescribeSecurityGroups","ec2:DescribeSubnets",)"
     R"("ec2:DescribeVpcs","kms:ListAliases","iam:GetPolicy","iam:GetPolicyVersion","iam:GetRole",)"
     R"("iam:GetRolePolicy","iam:ListAttachedRolePolicies","iam:ListRolePolicies","iam:ListRoles",)"
     R"("logs:DescribeLogGroups","lambda:Get*","lambda:List*","states:DescribeStateMachine",)"
     R"("states:ListStateMachines","tag:GetResources","xray:GetTraceSummaries","xray:BatchGetTraces"],)"
     R"("Effect":"Allow","Resource":"*"},{"Action":["logs:DescribeLogStreams","logs:GetLogEvents",)"
     R"("logs:FilterLogEvents","logs:StartQuery","logs:StopQuery","logs:DescribeQueries","logs:GetLogGroupFields",)"
     R"("logs:GetLogRecord","logs:GetQueryResults","logs:StartLiveTail","logs:StopLiveTail"],"Effect":"Allow",)"
     R"("Resource":"arn:aws:logs:*:*:log-group:/aws/lambda/*"})"},
    {"/", "AWSStepFunctionsFullAccess", "v1", "2017-01-11T21:51:32Z", "2017-01-11T21:51:32Z",
     R"({"Action":"states:*","Effect":"Allow","Resource":"*"})"},
    {"/", "AWSXRayDaemonWriteAccess", "v2", "2018-08-28T23:00:33Z", "2024-02-13T21:58:30Z",
     R"({"Action":["xray:PutTraceSegments","xray:PutTelemetryRecords","xray:GetSamplingRules",)"
     R"("xray:GetSamplingTargets","xray:GetSamplingStatisticSummaries"],"Effect":"Allow","Resource":["*"],)"
     R"("Sid":"AWSXRayDaemonWriteAccess"})"},
    {"/", "AWSXrayFullAccess", "v2", "2016-12-01T18:30:55Z", "2024-04-11T17:07:36Z",
     R"({"Action":["xray:*"],"Effect":"Allow","Resource":["*"],"Sid":"AWSXrayFullAccess"})"},
    {"/", "AWSXrayReadOnlyAccess", "v8", "2016-12-01T18:27:02Z", "2024-02-14T00:35:02Z",
     R"({"Action":["xray:GetSamplingRules","xray:GetSamplingTargets","xray:GetSamplingStatisticSummaries",)"
     R"("xray:BatchGetTraces","xray:BatchGetTraceSummaryById","xray:GetDistinctTraceGraphs","xray:GetServiceGraph",)"
     R"("xray:GetTraceGraph","xray:GetTraceSummaries","xray:GetGroups","xray:GetGroup","xray:ListTagsForResource",)"
     R"("xray:ListResourcePolicies","xray:GetTimeSeriesServiceStatistics","xray:GetInsightSummaries",)"
     R"("xray:GetInsight","xray:GetInsightEvents","xray:GetInsightImpactGraph"],"Effect":"Allow","Resource":["*"],)"
     R"("Sid":"AWSXrayReadOnlyAccess"})"},
    {"/", "AWSXrayWriteOnlyAccess", "v2", "2016-12-01T18:19:53Z", "2018-08-28T23:03:04Z",
     R"({"Action":["xray:PutTraceSegments","xray:PutTelemetryRecords","xray:GetSamplingRules",)"
     R"("xray:GetSamplingTargets","xray:GetSamplingStatisticSummaries"],"Effect":"Allow","Resource":["*"]})"},
    {"/", "AmazonAPIGatewayAdministrator", "v1", "2015-07-09T17:34:45Z", "2015-07-09T17:34:45Z",
     R"({"Action":["apigateway:*"],"Effect":"Allow","Resource":"arn:aws:apigateway:*::/*"})"},
    {"/", "AmazonAPIGatewayInvokeFullAccess", "v2", "2015-07-09T17:36:12Z", "2018-12-18T18:25:10Z",
     R"({"Action":["execute-api:Invoke","execute-api:ManageConnections"],"Effect":"Allow",)"
     R"("Resource":"arn:aws:execute-api:*:*:*"})"},
    {kServiceRole, "AmazonAPIGatewayPushToCloudWatchLogs", "v1", "2015-11-11T23:41:46Z", "2015-11-11T23:41:46Z",
     R"({"Action":["logs:CreateLogGroup","logs:CreateLogStream","logs:DescribeLogGroups","logs:DescribeLogStreams",)"
     R"("logs:PutLogEvents","logs:GetLogEvents","logs:FilterLogEvents"],"Effect":"Allow","Resource":"*"})"},
    {"/", "AmazonDynamoDBFullAccess_v2", "v3", "2025-05-22T14:52:06Z", "2026-02-12T18:02:57Z",
     R"({"Action":["dynamodb:*"],"Effect":"Allow","Resource":"*","Sid":"DDBAndDAXFullAccess"},)"
     R"({"Action":["lambda:ListEventSourceMappings","lambda:ListFunctions"],"Effect":"Allow","Resource":"*",)"
     R"("Sid":"LambdaIntegration"},{"Action":["sns:ListTopics"],"Effect":"Allow","Resource":"*",)"
     R"("Sid":"DaxSNSIntegration"},{"Action":["cloudwatch:DescribeAlarms","cloudwatch:GetMetricStatistics",)"
     R"("cloudwatch:GetMetricData"],"Effect":"Allow","Resource":"*","Sid":"CloudwatchMonitoring"},)"
     R"({"Action":["cloudwatch:GetInsightRuleReport"],"Effect":"Allow",)"
     R"("Resource":"arn:aws:cloudwatch:*:*:insight-rule/DynamoDBContributorInsights*",)"
     R"("Sid":"CloudwatchInsightsRules"},{"Action":["iam:CreateServiceLinkedRole"],)"
     R"("Condition":{"StringEquals":{"iam:AWSServiceName":["replication.dynamodb.amazonaws.com","dax.amazonaws.com",)"
     R"("dynamodb.application-autoscaling.amazonaws.com","contributorinsights.dynamodb.amazonaws.com",)"
     R"("kinesisreplication.dynamodb.amazonaws.com"]}},"Effect":"Allow","Resource":"*","Sid":"ServiceRoleCreation"},)"
     R"({"Action":["iam:ListRoles"],"Effect":"Allow","Resource":"*","Sid":"IamIntegration"})"},
    {"/", "AmazonEC2ContainerRegistryReadOnly", "v3", "2015-12-21T17:04:15Z", "2019-12-10T20:56:32Z",
     R"({"Action":["ecr:GetAuthorizationToken","ecr:BatchCheckLayerAvailability","ecr:GetDownloadUrlForLayer",)"
     R"("ecr:GetRepositoryPolicy","ecr:DescribeRepositories","ecr:ListImages","ecr:DescribeImages",)"
     R"("ecr:BatchGetImage","ecr:GetLifecyclePolicy","ecr:GetLifecyclePolicyPreview","ecr:ListTagsForResource",)"
     R"("ecr:DescribeImageScanFindings"],"Effect":"Allow","Resource":"*"})"},
    {"/", "AmazonEC2FullAccess", "v5", "2015-02-06T18:40:15Z", "2018-11-27T02:16:56Z",
     R"({"Action":"ec2:*","Effect":"Allow","Resource":"*"},{"Action":"elasticloadbalancing:*","Effect":"Allow",)"
     R"("Resource":"*"},{"Action":"cloudwatch:*","Effect":"Allow","Resource":"*"},{"Action":"autoscaling:*",)"
     R"("Effect":"Allow","Resource":"*"},{"Action":"iam:CreateServiceLinkedRole",)"
     R"("Condition":{"StringEquals":{"iam:AWSServiceName":["autoscaling.amazonaws.com","ec2scheduled.amazonaws.com",)"
     R"("elasticloadbalancing.amazonaws.com","spot.amazonaws.com","spotfleet.amazonaws.com",)"
     R"("transitgateway.amazonaws.com"]}},"Effect":"Allow","Resource":"*"})"},
    {"/", "AmazonEC2ReadOnlyAccess", "v5", "2015-02-06T18:40:17Z", "2026-02-12T18:03:17Z",
     R"({"Action":["ec2:Describe*","ec2:GetSecurityGroupsForVpc"],"Effect":"Allow","Resource":"*"},)"
     R"({"Action":"elasticloadbalancing:Describe*","Effect":"Allow","Resource":"*"},)"
     R"({"Action":["cloudwatch:ListMetrics","cloudwatch:GetMetricStatistics","cloudwatch:Describe*"],)"
     R"("Effect":"Allow","Resource":"*"},{"Action":"autoscaling:Describe*","Effect":"Allow","Resource":"*"})"},
    {kServiceRole, "AmazonECSTaskExecutionRolePolicy", "v1", "2017-11-16T18:48:22Z", "2017-11-16T18:48:22Z",
     R"({"Action":["ecr:GetAuthorizationToken","ecr:BatchCheckLayerAvailability","ecr:GetDownloadUrlForLayer",)"
     R"("ecr:BatchGetImage","logs:CreateLogStream","logs:PutLogEvents"],"Effect":"Allow","Resource":"*"})"},
    {"/", "AmazonEventBridgeFullAccess", "v7", "2019-07-11T14:08:55Z", "2026-02-12T17:58:25Z",
     R"({"Action":["events:*","schemas:*","scheduler:*","pipes:*"],"Effect":"Allow","Resource":"*",)"
     R"("Sid":"EventBridgeActions"},{"Action":"iam:CreateServiceLinkedRole",)"
     R"("Condition":{"StringEquals":{"iam:AWSServiceName":"apidestinations.events.amazonaws.com"}},"Effect":"Allow",)"
     R"("Resource":"arn:aws:iam::*:role/aws-service-role/apidestinations.events.amazonaws.com/AWSServiceRoleForAmazonEventBridgeApiDestinations",)"
     R"("Sid":"IAMCreateServiceLinkedRoleForApiDestinations"},{"Action":"iam:CreateServiceLinkedRole",)"
     R"("Condition":{"StringEquals":{"iam:AWSServiceName":"schemas.amazonaws.com"}},"Effect":"Allow",)"
     R"("Resource":"arn:aws:iam::*:role/aws-service-role/schemas.amazonaws.com/AWSServiceRoleForSchemas",)"
     R"("Sid":"IAMCreateServiceLinkedRoleForAmazonEventBridgeSchemas"},{"Action":["secretsmanager:CreateSecret",)"
     R"("secretsmanager:UpdateSecret","secretsmanager:DeleteSecret","secretsmanager:GetSecretValue",)"
     R"("secretsmanager:PutSecretValue"],"Effect":"Allow","Resource":"arn:aws:secretsmanager:*:*:secret:events!*",)"
     R"("Sid":"SecretsManagerAccessForApiDestinations"},{"Action":"iam:PassRole",)"
     R"("Condition":{"StringLike":{"iam:PassedToService":"events.amazonaws.com"}},"Effect":"Allow",)"
     R"("Resource":"arn:aws:iam::*:role/*","Sid":"IAMPassRoleAccessForEventBridge"},{"Action":"iam:PassRole",)"
     R"("Condition":{"StringLike":{"iam:PassedToService":"scheduler.amazonaws.com"}},"Effect":"Allow",)"
     R"("Resource":"arn:aws:iam::*:role/*","Sid":"IAMPassRoleAccessForScheduler"},{"Action":"iam:PassRole",)"
     R"("Condition":{"StringLike":{"iam:PassedToService":"pipes.amazonaws.com"}},"Effect":"Allow",)"
     R"("Resource":"arn:aws:iam::*:role/*","Sid":"IAMPassRoleAccessForPipes"})"},
    {"/", "AmazonEventBridgeReadOnlyAccess", "v7", "2019-07-11T13:59:07Z", "2026-09-24T21:37:08Z",
     R"({"Action":["events:DescribeRule","events:DescribeEventBus","events:DescribeEventSource",)"
     R"("events:ListEventBuses","events:ListEventSources","events:ListRuleNamesByTarget","events:ListRules",)"
     R"("events:ListTargetsByRule","events:TestEventPattern","events:DescribeArchive","events:ListArchives",)"
     R"("events:DescribeReplay","events:ListReplays","events:DescribeConnection","events:ListConnections",)"
     R"("events:DescribeApiDestination","events:ListApiDestinations","events:DescribeEndpoint",)"
     R"("events:ListEndpoints","events:DescribeSubscriber","events:ListSubscribers","events:GetResourcePolicy",)"
     R"("events:ListResourcePolicies","events:ListTagsForResource","schemas:DescribeCodeBinding",)"
     R"("schemas:DescribeDiscoverer","schemas:DescribeRegistry","schemas:DescribeSchema","schemas:ExportSchema",)"
     R"("schemas:GetCodeBindingSource","schemas:GetDiscoveredSchema","schemas:GetResourcePolicy",)"
     R"("schemas:ListDiscoverers","schemas:ListRegistries","schemas:ListSchemas","schemas:ListSchemaVersions",)"
     R"("schemas:ListTagsForResource","schemas:SearchSchemas","scheduler:GetSchedule","scheduler:GetScheduleGroup",)"
     R"("scheduler:ListSchedules","scheduler:ListScheduleGroups","scheduler:ListTagsForResource",)"
     R"("pipes:DescribePipe","pipes:ListPipes","pipes:ListTagsForResource"],"Effect":"Allow","Resource":"*"})"},
    {"/", "AmazonKinesisFullAccess", "v1", "2015-02-06T18:40:29Z", "2015-02-06T18:40:29Z",
     R"({"Action":"kinesis:*","Effect":"Allow","Resource":"*"})"},
    {"/", "AmazonKinesisReadOnlyAccess", "v1", "2015-02-06T18:40:30Z", "2015-02-06T18:40:30Z",
     R"({"Action":["kinesis:Get*","kinesis:List*","kinesis:Describe*"],"Effect":"Allow","Resource":"*"})"},
    {kServiceRole, "AmazonS3ObjectLambdaExecutionRolePolicy", "v1", "2021-08-18T10:07:41Z", "2021-08-18T10:07:41Z",
     R"({"Action":["logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents",)"
     R"("s3-object-lambda:WriteGetObjectResponse"],"Effect":"Allow","Resource":"*"})"},
    {"/", "AmazonSESFullAccess", "v1", "2015-02-06T18:41:02Z", "2015-02-06T18:41:02Z",
     R"({"Action":["ses:*"],"Effect":"Allow","Resource":"*"})"},
    {kServiceRole, "AmazonSNSRole", "v1", "2015-02-06T18:41:30Z", "2015-02-06T18:41:30Z",
     R"({"Action":["logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents","logs:PutMetricFilter",)"
     R"("logs:PutRetentionPolicy"],"Effect":"Allow","Resource":["*"]})"},
    {"/", "AmazonSSMFullAccess", "v4", "2015-05-29T17:39:47Z", "2019-11-20T20:08:56Z",
     R"({"Action":["cloudwatch:PutMetricData","ds:CreateComputer","ds:DescribeDirectories",)"
     R"("ec2:DescribeInstanceStatus","logs:*","ssm:*","ec2messages:*"],"Effect":"Allow","Resource":"*"},)"
     R"({"Action":"iam:CreateServiceLinkedRole",)"
     R"("Condition":{"StringLike":{"iam:AWSServiceName":"ssm.amazonaws.com"}},"Effect":"Allow",)"
     R"("Resource":"arn:aws:iam::*:role/aws-service-role/ssm.amazonaws.com/AWSServiceRoleForAmazonSSM*"},)"
     R"({"Action":["iam:DeleteServiceLinkedRole","iam:GetServiceLinkedRoleDeletionStatus"],"Effect":"Allow",)"
     R"("Resource":"arn:aws:iam::*:role/aws-service-role/ssm.amazonaws.com/AWSServiceRoleForAmazonSSM*"},)"
     R"({"Action":["ssmmessages:CreateControlChannel","ssmmessages:CreateDataChannel",)"
     R"("ssmmessages:OpenControlChannel","ssmmessages:OpenDataChannel"],"Effect":"Allow","Resource":"*"})"},
    {"/", "AmazonSSMManagedInstanceCore", "v2", "2019-03-15T17:22:12Z", "2019-05-23T16:54:21Z",
     R"({"Action":["ssm:DescribeAssociation","ssm:GetDeployablePatchSnapshotForInstance","ssm:GetDocument",)"
     R"("ssm:DescribeDocument","ssm:GetManifest","ssm:GetParameter","ssm:GetParameters","ssm:ListAssociations",)"
     R"("ssm:ListInstanceAssociations","ssm:PutInventory","ssm:PutComplianceItems","ssm:PutConfigurePackageResult",)"
     R"("ssm:UpdateAssociationStatus","ssm:UpdateInstanceAssociationStatus","ssm:UpdateInstanceInformation"],)"
     R"("Effect":"Allow","Resource":"*"},{"Action":["ssmmessages:CreateControlChannel",)"
     R"("ssmmessages:CreateDataChannel","ssmmessages:OpenControlChannel","ssmmessages:OpenDataChannel"],)"
     R"("Effect":"Allow","Resource":"*"},{"Action":["ec2messages:AcknowledgeMessage","ec2messages:DeleteMessage",)"
     R"("ec2messages:FailMessage","ec2messages:GetEndpoint","ec2messages:GetMessages","ec2messages:SendReply"],)"
     R"("Effect":"Allow","Resource":"*"})"},
    {"/", "AmazonSSMReadOnlyAccess", "v1", "2015-05-29T17:44:19Z", "2015-05-29T17:44:19Z",
     R"({"Action":["ssm:Describe*","ssm:Get*","ssm:List*"],"Effect":"Allow","Resource":"*"})"},
    {"/", "CloudWatchAgentAdminPolicy", "v2", "2018-03-07T00:52:31Z", "2024-02-05T20:59:57Z",
     R"({"Action":["cloudwatch:PutMetricData","ec2:DescribeTags","logs:PutLogEvents","logs:PutRetentionPolicy",)"
     R"("logs:DescribeLogStreams","logs:DescribeLogGroups","logs:CreateLogStream","logs:CreateLogGroup",)"
     R"("xray:PutTraceSegments","xray:PutTelemetryRecords","xray:GetSamplingRules","xray:GetSamplingTargets",)"
     R"("xray:GetSamplingStatisticSummaries"],"Effect":"Allow","Resource":"*","Sid":"CWACloudWatchPermissions"},)"
     R"({"Action":["ssm:GetParameter","ssm:PutParameter"],"Effect":"Allow",)"
     R"("Resource":"arn:aws:ssm:*:*:parameter/AmazonCloudWatch-*","Sid":"CWASSMPermissions"})"},
    {"/", "CloudWatchAgentServerPolicy", "v3", "2018-03-07T01:06:44Z", "2024-02-06T16:37:37Z",
     R"({"Action":["cloudwatch:PutMetricData","ec2:DescribeVolumes","ec2:DescribeTags","logs:PutLogEvents",)"
     R"("logs:PutRetentionPolicy","logs:DescribeLogStreams","logs:DescribeLogGroups","logs:CreateLogStream",)"
     R"("logs:CreateLogGroup","xray:PutTraceSegments","xray:PutTelemetryRecords","xray:GetSamplingRules",)"
     R"("xray:GetSamplingTargets","xray:GetSamplingStatisticSummaries"],"Effect":"Allow","Resource":"*",)"
     R"("Sid":"CWACloudWatchServerPermissions"},{"Action":["ssm:GetParameter"],"Effect":"Allow",)"
     R"("Resource":"arn:aws:ssm:*:*:parameter/AmazonCloudWatch-*","Sid":"CWASSMServerPermissions"})"},
    {"/", "CloudWatchEventsReadOnlyAccess", "v3", "2016-01-14T18:27:18Z", "2022-12-01T16:29:31Z",
     R"({"Action":["events:DescribeRule","events:DescribeEventBus","events:DescribeEventSource",)"
     R"("events:ListEventBuses","events:ListEventSources","events:ListRuleNamesByTarget","events:ListRules",)"
     R"("events:ListTargetsByRule","events:TestEventPattern","events:DescribeArchive","events:ListArchives",)"
     R"("events:DescribeReplay","events:ListReplays","events:DescribeConnection","events:ListConnections",)"
     R"("events:DescribeApiDestination","events:ListApiDestinations","events:DescribeEndpoint",)"
     R"("events:ListEndpoints","schemas:DescribeCodeBinding","schemas:DescribeDiscoverer",)"
     R"("schemas:DescribeRegistry","schemas:DescribeSchema","schemas:ExportSchema","schemas:GetCodeBindingSource",)"
     R"("schemas:GetDiscoveredSchema","schemas:GetResourcePolicy","schemas:ListDiscoverers",)"
     R"("schemas:ListRegistries","schemas:ListSchemas","schemas:ListSchemaVersions","schemas:ListTagsForResource",)"
     R"("schemas:SearchSchemas","scheduler:GetSchedule","scheduler:GetScheduleGroup","scheduler:ListSchedules",)"
     R"("scheduler:ListScheduleGroups","scheduler:ListTagsForResource","pipes:DescribePipe","pipes:ListPipes",)"
     R"("pipes:ListTagsForResource"],"Effect":"Allow","Resource":"*"})"},
    {"/", "CloudWatchFullAccessV2", "v17", "2023-08-01T11:32:57Z", "2026-09-22T16:57:08Z",
     R"({"Action":["cloudwatch:*","logs:*","sns:CreateTopic","sns:ListSubscriptions","sns:ListSubscriptionsByTopic",)"
     R"("sns:ListTopics","sns:Subscribe","iam:GetPolicy","iam:GetPolicyVersion","iam:GetRole"],"Effect":"Allow",)"
     R"("Resource":"*","Sid":"CloudWatchFullAccessPermissions"},{"Action":["iam:CreateServiceLinkedRole"],)"
     R"("Condition":{"StringLike":{"iam:AWSServiceName":"application-signals.cloudwatch.amazonaws.com"}},)"
     R"("Effect":"Allow",)"
     R"("Resource":"arn:aws:iam::*:role/aws-service-role/application-signals.cloudwatch.amazonaws.com/AWSServiceRoleForCloudWatchApplicationSignals",)"
     R"("Sid":"CloudWatchApplicationSignalsServiceLinkedRolePermissions"},{"Action":["iam:CreateServiceLinkedRole"],)"
     R"("Condition":{"StringLike":{"iam:AWSServiceName":"events.amazonaws.com"}},"Effect":"Allow",)"
     R"("Resource":"arn:aws:iam::*:role/aws-service-role/events.amazonaws.com/AWSServiceRoleForCloudWatchEvents*",)"
     R"("Sid":"EventsServicePermissions"},{"Action":["iam:CreateServiceLinkedRole"],)"
     R"("Condition":{"StringEquals":{"iam:AWSServiceName":["resource-explorer-2.amazonaws.com"]}},"Effect":"Allow",)"
     R"("Resource":"arn:aws:iam::*:role/aws-service-role/resource-explorer-2.amazonaws.com/AWSServiceRoleForResourceExplorer",)"
     R"("Sid":"CloudWatchResourceExplorerSLRPermissions"},{"Action":["iam:PassRole"],)"
     R"("Condition":{"ArnLike":{"iam:AssociatedResourceArn":"arn:aws:observabilityadmin:*:*:s3tableintegration/*"},)"
     R"("StringEquals":{"iam:PassedToService":"logs.amazonaws.com"}},"Effect":"Allow","Resource":"*"},)"
     R"({"Action":["iam:PassRole"],)"
     R"("Condition":{"ArnLike":{"iam:AssociatedResourceArn":"arn:aws:observabilityadmin:*:*:telemetry-pipeline/*"},)"
     R"("StringEquals":{"iam:PassedToService":["logs.amazonaws.com",)"
     R"("telemetry-pipelines.observabilityadmin.amazonaws.com"]}},"Effect":"Allow","Resource":"*"},)"
     R"({"Action":["iam:PassRole"],)"
     R"("Condition":{"ArnLike":{"iam:AssociatedResourceArn":"arn:aws:logs:*:*:scheduled-query:*"},)"
     R"("StringEquals":{"iam:PassedToService":"logs.amazonaws.com"}},"Effect":"Allow","Resource":"*",)"
     R"("Sid":"LogAlarmScheduledQueryPassRolePermissions"},{"Action":["iam:PassRole"],)"
     R"("Condition":{"ArnLike":{"iam:AssociatedResourceArn":"arn:aws:cloudwatch:*:*:alarm:*"},)"
     R"("StringEquals":{"iam:PassedToService":"cloudwatch.amazonaws.com"}},"Effect":"Allow","Resource":"*",)"
     R"("Sid":"LogAlarmLogLinesPassRolePermissions"})"},
    {"/", "CloudWatchLambdaInsightsExecutionRolePolicy", "v1", "2020-10-07T19:27:06Z", "2020-10-07T19:27:06Z",
     R"({"Action":"logs:CreateLogGroup","Effect":"Allow","Resource":"*"},{"Action":["logs:CreateLogStream",)"
     R"("logs:PutLogEvents"],"Effect":"Allow","Resource":"arn:aws:logs:*:*:log-group:/aws/lambda-insights:*"})"},
    {"/", "CloudWatchReadOnlyAccess", "v25", "2015-02-06T18:40:01Z", "2026-09-22T16:57:07Z",
     R"({"Action":["cloudwatch:BatchGet*","cloudwatch:Describe*","cloudwatch:GenerateQuery","cloudwatch:Get*",)"
     R"("cloudwatch:List*","cloudwatch:CreateOneTimeDeepLinkCode","logs:Get*","logs:List*","logs:StartQuery",)"
     R"("logs:StopQuery","logs:Describe*","logs:TestMetricFilter","logs:FilterLogEvents","logs:StartLiveTail",)"
     R"("logs:StopLiveTail","sns:Get*","sns:List*"],"Effect":"Allow","Resource":"*",)"
     R"("Sid":"CloudWatchReadOnlyAccessPermissions"},{"Action":["iam:GetRole"],"Effect":"Allow",)"
     R"("Resource":"arn:aws:iam::*:role/aws-service-role/application-signals.cloudwatch.amazonaws.com/AWSServiceRoleForCloudWatchApplicationSignals",)"
     R"("Sid":"CloudWatchReadOnlyGetRolePermissions"})"},
    {"/", "IAMFullAccess", "v2", "2015-02-06T18:40:38Z", "2019-06-21T19:40:00Z",
     R"({"Action":["iam:*","organizations:DescribeAccount","organizations:DescribeOrganization",)"
     R"("organizations:DescribeOrganizationalUnit","organizations:DescribePolicy","organizations:ListChildren",)"
     R"("organizations:ListParents","organizations:ListPoliciesForTarget","organizations:ListRoots",)"
     R"("organizations:ListPolicies","organizations:ListTargetsForPolicy"],"Effect":"Allow","Resource":"*"})"},
    {"/", "IAMReadOnlyAccess", "v4", "2015-02-06T18:40:39Z", "2018-01-25T19:11:27Z",
     R"({"Action":["iam:GenerateCredentialReport","iam:GenerateServiceLastAccessedDetails","iam:Get*","iam:List*",)"
     R"("iam:SimulateCustomPolicy","iam:SimulatePrincipalPolicy"],"Effect":"Allow","Resource":"*"})"},
    {"/", "PowerUserAccess", "v12", "2015-02-06T18:39:47Z", "2026-02-12T17:59:14Z",
     R"({"Effect":"Allow","NotAction":["iam:*","organizations:*","account:*"],"Resource":"*"},)"
     R"({"Action":["account:GetAccountInformation","account:GetGovCloudAccountInformation",)"
     R"("account:GetPrimaryEmail","account:ListRegions","iam:CreateServiceLinkedRole","iam:DeleteServiceLinkedRole",)"
     R"("iam:ListRoles","organizations:DescribeEffectivePolicy","organizations:DescribeOrganization"],)"
     R"("Effect":"Allow","Resource":"*"})"},
    {"/", "ReadOnlyAccess", "v190", "2015-02-06T18:39:48Z", "2026-09-24T17:37:08Z",
     R"({"Action":["cloudwatch:Describe*","cloudwatch:GenerateQuery","cloudwatch:GenerateQueryResultsSummary",)"
     R"("cloudwatch:Get*","cloudwatch:List*","dynamodb:BatchGet*","dynamodb:Describe*","dynamodb:Get*",)"
     R"("dynamodb:List*","dynamodb:PartiQLSelect","dynamodb:Query","dynamodb:Scan",)"
     R"("dynamodb:ReadDataForReplication","dynamodb:SearchVectors","iam:Generate*","iam:Get*","iam:List*",)"
     R"("iam:Simulate*"],"Effect":"Allow","Resource":"*","Sid":"ReadOnlyActionsGroup1"},{"Action":["lambda:Get*",)"
     R"("lambda:List*","logs:Describe*","logs:FilterLogEvents","logs:Get*","logs:ListAggregateLogGroupSummaries",)"
     R"("logs:ListAnomalies","logs:ListEntitiesForLogGroup","logs:ListIntegrations","logs:ListLogAnomalyDetectors",)"
     R"("logs:ListLogDeliveries","logs:ListLogGroupsForEntity","logs:ListLogGroupsForQuery",)"
     R"("logs:ListScheduledQueries","logs:ListSourcesForS3TableIntegration","logs:ListTagsForResource",)"
     R"("logs:ListTagsLogGroup","logs:StartLiveTail","logs:StartQuery","logs:StopLiveTail","logs:StopQuery",)"
     R"("logs:TestMetricFilter","s3:DescribeJob","s3:Get*","s3:List*","sns:Check*","sns:Get*","sns:List*",)"
     R"("sqs:Get*","sqs:List*","sqs:Receive*","sts:GetAccessKeyInfo","sts:GetCallerIdentity","sts:GetSessionToken"],)"
     R"("Effect":"Allow","Resource":"*","Sid":"ReadOnlyActionsGroup2"})"},
    {"/", "SecretsManagerReadWrite", "v6", "2018-04-04T18:05:29Z", "2026-08-25T23:37:10Z",
     R"({"Action":["secretsmanager:*","cloudformation:CreateChangeSet","cloudformation:DescribeChangeSet",)"
     R"("cloudformation:DescribeStackResource","cloudformation:DescribeStacks","cloudformation:ExecuteChangeSet",)"
     R"("docdb-elastic:GetCluster","docdb-elastic:ListClusters","ec2:DescribeSecurityGroups","ec2:DescribeSubnets",)"
     R"("ec2:DescribeVpcs","kms:DescribeKey","kms:ListAliases","kms:ListKeys","lambda:ListFunctions",)"
     R"("rds:DescribeDBClusters","rds:DescribeDBInstances","redshift:DescribeClusters",)"
     R"("redshift-serverless:ListWorkgroups","redshift-serverless:GetNamespace","tag:GetResources"],)"
     R"("Effect":"Allow","Resource":"*","Sid":"BasePermissions"},{"Action":["lambda:AddPermission",)"
     R"("lambda:CreateFunction","lambda:GetFunction","lambda:InvokeFunction","lambda:UpdateFunctionConfiguration"],)"
     R"("Effect":"Allow","Resource":"arn:aws:lambda:*:*:function:SecretsManager*","Sid":"LambdaPermissions"},)"
     R"({"Action":["serverlessrepo:CreateCloudFormationChangeSet","serverlessrepo:GetApplication"],"Effect":"Allow",)"
     R"("Resource":"arn:aws:serverlessrepo:*:*:applications/SecretsManager*","Sid":"SARPermissions"},)"
     R"({"Action":["s3:GetObject"],"Effect":"Allow","Resource":["arn:aws:s3:::awsserverlessrepo-changesets*",)"
     R"("arn:aws:s3:::secrets-manager-rotation-apps-*/*"],"Sid":"S3Permissions"},)"
     R"({"Action":["cloudformation:TagResource","cloudformation:UntagResource"],)"
     R"("Condition":{"StringEquals":{"cloudformation:CreateAction":["CreateChangeSet","ExecuteChangeSet"]}},)"
     R"("Effect":"Allow","Resource":"*","Sid":"CloudFormationTagOnCreate"})"},
    {"/", "SecurityAudit", "v94", "2015-02-06T18:41:01Z", "2026-09-30T20:27:08Z",
     R"({"Action":["cloudwatch:Describe*","cloudwatch:GetDashboard","cloudwatch:GetMetricData",)"
     R"("cloudwatch:ListDashboards","cloudwatch:ListMetrics","cloudwatch:ListTagsForResource",)"
     R"("dynamodb:DescribeBackup","dynamodb:DescribeContinuousBackups","dynamodb:DescribeContributorInsights",)"
     R"("dynamodb:DescribeEndpoints","dynamodb:DescribeExport","dynamodb:DescribeGlobalTable",)"
     R"("dynamodb:DescribeGlobalTableSettings","dynamodb:DescribeImport",)"
     R"("dynamodb:DescribeKinesisStreamingDestination","dynamodb:DescribeLimits",)"
     R"("dynamodb:DescribeReservedCapacity","dynamodb:DescribeReservedCapacityOfferings","dynamodb:DescribeStream",)"
     R"("dynamodb:DescribeTable","dynamodb:DescribeTableReplicaAutoScaling","dynamodb:DescribeTimeToLive",)"
     R"("dynamodb:GetAbacStatus","dynamodb:GetResourcePolicy","dynamodb:ListBackups",)"
     R"("dynamodb:ListContributorInsights","dynamodb:ListExports","dynamodb:ListGlobalTables",)"
     R"("dynamodb:ListImports","dynamodb:ListStreams","dynamodb:ListTables","dynamodb:ListTagsOfResource",)"
     R"("iam:GenerateCredentialReport","iam:GenerateServiceLastAccessedDetails","iam:Get*","iam:List*",)"
     R"("iam:SimulateCustomPolicy","iam:SimulatePrincipalPolicy","lambda:GetAccountSettings",)"
     R"("lambda:GetFunctionCodeSigningConfig","lambda:GetFunctionConcurrency","lambda:GetFunctionConfiguration",)"
     R"("lambda:GetFunctionEventInvokeConfig","lambda:GetFunctionUrlConfig","lambda:GetLayerVersionPolicy",)"
     R"("lambda:GetPolicy","lambda:GetProvisionedConcurrencyConfig","lambda:GetResourcePolicy",)"
     R"("lambda:GetRuntimeManagementConfig","lambda:List*","logs:Describe*","logs:GetLogDelivery",)"
     R"("logs:ListLogDeliveries","logs:ListTagsForResource","logs:ListTagsLogGroup","s3:DescribeJob",)"
     R"("s3:GetAccelerateConfiguration","s3:GetAccessGrantsInstanceResourcePolicy","s3:GetAccessPoint",)"
     R"("s3:GetAccessPointConfigurationForObjectLambda","s3:GetAccessPointForObjectLambda",)"
     R"("s3:GetAccessPointPolicy","s3:GetAccessPointPolicyForObjectLambda","s3:GetAccessPointPolicyStatus",)"
     R"("s3:GetAccessPointPolicyStatusForObjectLambda","s3:GetAccountPublicAccessBlock",)"
     R"("s3:GetAnalyticsConfiguration","s3:GetBucket*","s3:GetEncryptionConfiguration",)"
     R"("s3:GetInventoryConfiguration","s3:GetLifecycleConfiguration","s3:GetMetricsConfiguration",)"
     R"("s3:GetMultiRegionAccessPoint","s3:GetMultiRegionAccessPointPolicy",)"
     R"("s3:GetMultiRegionAccessPointPolicyStatus","s3:GetObjectAcl","s3:GetObjectTagging","s3:GetObjectVersionAcl",)"
     R"("s3:GetReplicationConfiguration","s3:GetStorageLensConfiguration","s3:GetStorageLensGroup",)"
     R"("s3:ListAccessGrants","s3:ListAccessGrantsInstances","s3:ListAccessPoints",)"
     R"("s3:ListAccessPointsForObjectLambda","s3:ListAllMyBuckets","s3:ListBucket","s3:ListCallerAccessGrants",)"
     R"("s3:ListJobs","s3:ListMultiRegionAccessPoints","s3:ListStorageLensConfigurations",)"
     R"("s3:ListStorageLensGroups","sns:GetDataProtectionPolicy","sns:GetPlatformApplicationAttributes",)"
     R"("sns:GetSubscriptionAttributes","sns:GetTopicAttributes","sns:ListSubscriptions",)"
     R"("sns:ListSubscriptionsByTopic","sns:ListTagsForResource","sns:ListTopics","sqs:GetQueueAttributes",)"
     R"("sqs:ListDeadLetterSourceQueues","sqs:ListQueues","sqs:ListQueueTags","sts:GetAccessKeyInfo"],)"
     R"("Effect":"Allow","Resource":"*","Sid":"BaseSecurityAuditStatement"})"},
    {kJobFunction, "ViewOnlyAccess", "v46", "2016-11-10T17:20:15Z", "2026-09-30T20:27:08Z",
     R"({"Action":["cloudwatch:Get*","cloudwatch:List*","dynamodb:DescribeBackup",)"
     R"("dynamodb:DescribeContinuousBackups","dynamodb:DescribeContributorInsights","dynamodb:DescribeEndpoints",)"
     R"("dynamodb:DescribeExport","dynamodb:DescribeGlobalTable","dynamodb:DescribeGlobalTableSettings",)"
     R"("dynamodb:DescribeImport","dynamodb:DescribeKinesisStreamingDestination","dynamodb:DescribeLimits",)"
     R"("dynamodb:DescribeReservedCapacity","dynamodb:DescribeReservedCapacityOfferings","dynamodb:DescribeStream",)"
     R"("dynamodb:DescribeTable","dynamodb:DescribeTableReplicaAutoScaling","dynamodb:DescribeTimeToLive",)"
     R"("dynamodb:GetAbacStatus","dynamodb:GetResourcePolicy","dynamodb:ListBackups",)"
     R"("dynamodb:ListContributorInsights","dynamodb:ListExports","dynamodb:ListGlobalTables",)"
     R"("dynamodb:ListImports","dynamodb:ListStreams","dynamodb:ListTables","dynamodb:ListTagsOfResource",)"
     R"("iam:GetAccountSummary","iam:GetLoginProfile","iam:List*","lambda:GetPolicy",)"
     R"("lambda:GetProvisionedConcurrencyConfig","lambda:GetResourcePolicy","lambda:List*","logs:Describe*",)"
     R"("logs:GetTransformer","logs:ListEntitiesForLogGroup","logs:ListLogGroupsForEntity",)"
     R"("logs:ListLogGroupsForQuery","logs:ListTagsForResource","s3:ListAllMyBuckets","s3:ListBucket",)"
     R"("s3:ListMultiRegionAccessPoints","sns:GetDataProtectionPolicy","sns:GetSubscriptionAttributes","sns:List*",)"
     R"("sqs:GetQueueAttributes","sqs:GetQueueUrl","sqs:ListDeadLetterSourceQueues","sqs:ListMessageMoveTasks",)"
     R"("sqs:ListQueues","sqs:ListQueueTags"],"Effect":"Allow","Resource":"*",)"
     R"("Sid":"GeneralViewOnlyAccessStatement"})"},
    {"/", "AmazonCognitoPowerUser", "v9", "2015-03-24T17:14:56Z", "2026-02-12T18:00:00Z",
     R"({"Effect":"Allow","Action":["cognito-identity:*","cognito-idp:*","cognito-sync:*","iam:ListRoles",)"
     R"("iam:ListOpenIdConnectProviders","iam:GetRole","iam:ListSAMLProviders","iam:GetSAMLProvider",)"
     R"("kinesis:ListStreams","lambda:GetPolicy","lambda:ListFunctions","sns:GetSMSSandboxAccountStatus",)"
     R"("sns:ListPlatformApplications","ses:ListIdentities","ses:GetIdentityVerificationAttributes",)"
     R"("mobiletargeting:GetApps","acm:ListCertificates","sms-voice:DescribeAccountAttributes"],"Resource":"*"},{)"
     R"("Effect":"Allow","Action":"iam:CreateServiceLinkedRole","Resource":"*","Condition":{"StringEquals":{)"
     R"("iam:AWSServiceName":["cognito-idp.amazonaws.com","email.cognito-idp.amazonaws.com"]}}},{"Effect":"Allow",)"
     R"("Action":["iam:DeleteServiceLinkedRole","iam:GetServiceLinkedRoleDeletionStatus"],)"
     R"("Resource":["arn:aws:iam::*:role/aws-service-role/cognito-idp.amazonaws.com/AWSServiceRoleForAmazonCognit)"
     R"(oIdp*",)"
     R"("arn:aws:iam::*:role/aws-service-role/email.cognito-idp.amazonaws.com/AWSServiceRoleForAmazonCognitoIdpEm)"
     R"(ail*"]})"},
    {"/", "AmazonCognitoReadOnly", "v4", "2015-03-24T17:06:46Z", "2019-08-01T19:21:04Z",
     R"({"Effect":"Allow","Action":["cognito-identity:Describe*","cognito-identity:Get*","cognito-identity:List*",)"
     R"("cognito-idp:Describe*","cognito-idp:AdminGet*","cognito-idp:AdminList*","cognito-idp:List*",)"
     R"("cognito-idp:Get*","cognito-sync:Describe*","cognito-sync:Get*","cognito-sync:List*",)"
     R"("iam:ListOpenIdConnectProviders","iam:ListRoles","sns:ListPlatformApplications"],"Resource":"*"})"},
    {"/", "AmazonRDSFullAccess", "v13", "2015-02-06T18:40:52Z", "2023-04-14T12:27:01Z",
     R"({"Effect":"Allow","Action":["rds:*","application-autoscaling:DeleteScalingPolicy",)"
     R"("application-autoscaling:DeregisterScalableTarget","application-autoscaling:DescribeScalableTargets",)"
     R"("application-autoscaling:DescribeScalingActivities","application-autoscaling:DescribeScalingPolicies",)"
     R"("application-autoscaling:PutScalingPolicy","application-autoscaling:RegisterScalableTarget",)"
     R"("cloudwatch:DescribeAlarms","cloudwatch:GetMetricStatistics","cloudwatch:PutMetricAlarm",)"
     R"("cloudwatch:DeleteAlarms","cloudwatch:ListMetrics","cloudwatch:GetMetricData",)"
     R"("ec2:DescribeAccountAttributes","ec2:DescribeAvailabilityZones","ec2:DescribeInternetGateways",)"
     R"("ec2:DescribeSecurityGroups","ec2:DescribeSubnets","ec2:DescribeVpcAttribute","ec2:DescribeVpcs",)"
     R"("sns:ListSubscriptions","sns:ListTopics","sns:Publish","logs:DescribeLogStreams","logs:GetLogEvents"],)"
     R"("Resource":"*"},{"Effect":"Allow","Action":"pi:*","Resource":"arn:aws:pi:*:*:metrics/rds/*"},{)"
     R"("Effect":"Allow","Action":"iam:CreateServiceLinkedRole","Resource":"*","Condition":{"StringLike":{)"
     R"("iam:AWSServiceName":["rds.amazonaws.com","rds.application-autoscaling.amazonaws.com"]}}})"},
    {"/", "AmazonRDSReadOnlyAccess", "v5", "2015-02-06T18:40:53Z", "2023-03-15T14:02:16Z",
     R"({"Effect":"Allow","Action":["rds:Describe*","rds:ListTagsForResource","ec2:DescribeAccountAttributes",)"
     R"("ec2:DescribeAvailabilityZones","ec2:DescribeInternetGateways","ec2:DescribeSecurityGroups",)"
     R"("ec2:DescribeSubnets","ec2:DescribeVpcAttribute","ec2:DescribeVpcs"],"Resource":"*"},{"Effect":"Allow",)"
     R"("Action":["cloudwatch:GetMetricStatistics","cloudwatch:ListMetrics","logs:DescribeLogStreams",)"
     R"("logs:GetLogEvents","devops-guru:GetResourceCollection"],"Resource":"*"})"},
    {"/", "AmazonVPCFullAccess", "v11", "2015-02-06T18:41:16Z", "2024-12-09T17:21:00Z",
     R"({"Sid":"AmazonVPCFullAccess","Effect":"Allow","Action":["ec2:AcceptVpcPeeringConnection",)"
     R"("ec2:AcceptVpcEndpointConnections","ec2:AllocateAddress","ec2:AssignIpv6Addresses",)"
     R"("ec2:AssignPrivateIpAddresses","ec2:AssociateAddress","ec2:AssociateDhcpOptions",)"
     R"("ec2:AssociateRouteTable","ec2:AssociateSecurityGroupVpc","ec2:AssociateSubnetCidrBlock",)"
     R"("ec2:AssociateVpcCidrBlock","ec2:AttachClassicLinkVpc","ec2:AttachInternetGateway",)"
     R"("ec2:AttachNetworkInterface","ec2:AttachVpnGateway","ec2:AuthorizeSecurityGroupEgress",)"
     R"("ec2:AuthorizeSecurityGroupIngress","ec2:CreateCarrierGateway","ec2:CreateCustomerGateway",)"
     R"("ec2:CreateDefaultSubnet","ec2:CreateDefaultVpc","ec2:CreateDhcpOptions",)"
     R"("ec2:CreateEgressOnlyInternetGateway","ec2:CreateFlowLogs","ec2:CreateInternetGateway",)"
     R"("ec2:CreateNatGateway","ec2:CreateNetworkAcl","ec2:CreateNetworkAclEntry","ec2:CreateNetworkInterface",)"
     R"("ec2:CreateRoute","ec2:CreateRouteTable","ec2:CreateSecurityGroup","ec2:CreateSubnet","ec2:CreateTags",)"
     R"("ec2:CreateVpc","ec2:CreateVpcEndpoint","ec2:CreateVpcPeeringConnection","ec2:CreateVpnConnection",)"
     R"("ec2:CreateVpnGateway","ec2:DeleteCustomerGateway","ec2:DeleteDhcpOptions","ec2:DeleteFlowLogs",)"
     R"("ec2:DeleteInternetGateway","ec2:DeleteNatGateway","ec2:DeleteNetworkAcl","ec2:DeleteNetworkAclEntry",)"
     R"("ec2:DeleteNetworkInterface","ec2:DeleteRoute","ec2:DeleteRouteTable","ec2:DeleteSecurityGroup",)"
     R"("ec2:DeleteSubnet","ec2:DeleteTags","ec2:DeleteVpc","ec2:DeleteVpcEndpoints",)"
     R"("ec2:DeleteVpcPeeringConnection","ec2:DeleteVpnConnection","ec2:DeleteVpnGateway",)"
     R"("ec2:DescribeAccountAttributes","ec2:DescribeAddresses","ec2:DescribeAvailabilityZones",)"
     R"("ec2:DescribeDhcpOptions","ec2:DescribeFlowLogs","ec2:DescribeInstances","ec2:DescribeInternetGateways",)"
     R"("ec2:DescribeNatGateways","ec2:DescribeNetworkAcls","ec2:DescribeNetworkInterfaces",)"
     R"("ec2:DescribePrefixLists","ec2:DescribeRouteTables","ec2:DescribeSecurityGroupRules",)"
     R"("ec2:DescribeSecurityGroups","ec2:DescribeSubnets","ec2:DescribeTags","ec2:DescribeVpcAttribute",)"
     R"("ec2:DescribeVpcEndpoints","ec2:DescribeVpcEndpointServices","ec2:DescribeVpcPeeringConnections",)"
     R"("ec2:DescribeVpcs","ec2:DetachInternetGateway","ec2:DetachNetworkInterface","ec2:DetachVpnGateway",)"
     R"("ec2:DisassociateAddress","ec2:DisassociateRouteTable","ec2:ModifyNetworkInterfaceAttribute",)"
     R"("ec2:ModifySecurityGroupRules","ec2:ModifySubnetAttribute","ec2:ModifyVpcAttribute",)"
     R"("ec2:ModifyVpcEndpoint","ec2:ReleaseAddress","ec2:ReplaceNetworkAclAssociation",)"
     R"("ec2:ReplaceNetworkAclEntry","ec2:ReplaceRoute","ec2:ReplaceRouteTableAssociation",)"
     R"("ec2:RevokeSecurityGroupEgress","ec2:RevokeSecurityGroupIngress"],"Resource":"*"})"},
    {kJobFunction, "Billing", "v17", "2016-11-10T17:33:18Z", "2025-11-18T21:49:00Z",
     R"({"Sid":"VisualEditor0","Effect":"Allow","Action":["account:GetAccountInformation","aws-portal:*Billing",)"
     R"("aws-portal:*PaymentMethods","aws-portal:*Usage","billing:CreateBillingView","billing:DeleteBillingView",)"
     R"("billing:GetBillingData","billing:GetBillingDetails","billing:GetBillingNotifications",)"
     R"("billing:GetBillingPreferences","billing:GetBillingView","billing:GetContractInformation",)"
     R"("billing:GetCredits","billing:GetIAMAccessPreference","billing:GetSellerOfRecord",)"
     R"("billing:ListBillingViews","billing:PutContractInformation","billing:RedeemCredits",)"
     R"("billing:UpdateBillingPreferences","billing:UpdateBillingView","billing:UpdateIAMAccessPreference"],)"
     R"("Resource":"*"})"},
    {kJobFunction, "DatabaseAdministrator", "v4", "2016-11-10T17:25:43Z", "2026-02-11T22:21:19Z",
     R"({"Effect":"Allow","Action":["cloudwatch:DeleteAlarms","cloudwatch:Describe*",)"
     R"("cloudwatch:DisableAlarmActions","cloudwatch:EnableAlarmActions","cloudwatch:Get*","cloudwatch:List*",)"
     R"("cloudwatch:PutMetricAlarm","dynamodb:*","elasticache:*","iam:ListRoles","iam:GetRole","kms:ListKeys",)"
     R"("lambda:CreateEventSourceMapping","lambda:CreateFunction","lambda:DeleteEventSourceMapping",)"
     R"("lambda:DeleteFunction","lambda:GetFunctionConfiguration","lambda:ListEventSourceMappings",)"
     R"("lambda:ListFunctions","logs:DescribeLogGroups","logs:DescribeLogStreams","logs:FilterLogEvents",)"
     R"("logs:GetLogEvents","logs:Create*","logs:PutLogEvents","logs:PutMetricFilter","rds:*","redshift:*",)"
     R"("s3:CreateBucket","sns:CreateTopic","sns:DeleteTopic","sns:Get*","sns:List*","sns:SetTopicAttributes",)"
     R"("sns:Subscribe","sns:Unsubscribe"],"Resource":"*"},{"Effect":"Allow","Action":["s3:AbortMultipartUpload",)"
     R"("s3:DeleteObject*","s3:Get*","s3:List*","s3:PutAccelerateConfiguration","s3:PutBucketTagging",)"
     R"("s3:PutBucketVersioning","s3:PutBucketWebsite","s3:PutLifecycleConfiguration",)"
     R"("s3:PutReplicationConfiguration","s3:PutObject*","s3:Replicate*","s3:RestoreObject"],"Resource":["*"]},{)"
     R"("Effect":"Allow","Action":["iam:PassRole"],"Resource":["arn:aws:iam::*:role/rds-monitoring-role",)"
     R"("arn:aws:iam::*:role/rdbms-lambda-access","arn:aws:iam::*:role/lambda_exec_role",)"
     R"("arn:aws:iam::*:role/lambda-dynamodb-*","arn:aws:iam::*:role/lambda-vpc-execution-role",)"
     R"("arn:aws:iam::*:role/DataPipelineDefaultRole","arn:aws:iam::*:role/DataPipelineDefaultResourceRole"]})"},
    {kJobFunction, "DataScientist", "v5", "2016-11-10T17:28:48Z", "2019-12-03T16:48:34Z",
     R"({"Effect":"Allow","Action":["autoscaling:*","cloudwatch:*","dynamodb:*","elasticfilesystem:*",)"
     R"("elasticmapreduce:*","es:*","firehose:*","iam:GetInstanceProfile","iam:GetRole","iam:GetPolicy",)"
     R"("iam:GetPolicyVersion","iam:ListRoles","kinesis:*","kms:List*","lambda:Create*","lambda:Delete*",)"
     R"("lambda:Get*","lambda:InvokeFunction","lambda:PublishVersion","lambda:Update*","lambda:List*",)"
     R"("machinelearning:*","rds:*","sns:ListSubscriptions","sns:ListTopics","logs:DescribeLogStreams",)"
     R"("logs:GetLogEvents","redshift:*","s3:CreateBucket","sns:CreateTopic","sns:Get*","sns:List*"],)"
     R"("Resource":"*"},{"Effect":"Allow","Action":["s3:Abort*","s3:DeleteObject","s3:Get*","s3:List*",)"
     R"("s3:PutAccelerateConfiguration","s3:PutBucketCors","s3:PutBucketLogging","s3:PutBucketNotification",)"
     R"("s3:PutBucketTagging","s3:PutObject","s3:Replicate*","s3:RestoreObject"],"Resource":["*"]},{)"
     R"("Effect":"Allow","Action":["iam:PassRole"],"Resource":["arn:aws:iam::*:role/DataPipelineDefaultRole",)"
     R"("arn:aws:iam::*:role/DataPipelineDefaultResourceRole","arn:aws:iam::*:role/EMR_EC2_DefaultRole",)"
     R"("arn:aws:iam::*:role/EMR_DefaultRole","arn:aws:iam::*:role/kinesis-*"]},{"Effect":"Allow",)"
     R"("Action":["iam:PassRole"],"Resource":"*","Condition":{"StringEquals":{)"
     R"("iam:PassedToService":"sagemaker.amazonaws.com"}}})"},
    {kJobFunction, "NetworkAdministrator", "v11", "2016-11-10T17:31:35Z", "2021-09-16T20:22:54Z",
     R"({"Effect":"Allow","Action":["autoscaling:Describe*","cloudfront:ListDistributions",)"
     R"("cloudwatch:DeleteAlarms","cloudwatch:DescribeAlarms","cloudwatch:GetMetricStatistics",)"
     R"("cloudwatch:PutMetricAlarm","directconnect:*","elasticloadbalancing:*","logs:DescribeLogGroups",)"
     R"("logs:DescribeLogStreams","logs:GetLogEvents","route53:*","route53domains:*","sns:CreateTopic",)"
     R"("sns:ListSubscriptionsByTopic","sns:ListTopics"],"Resource":"*"},{"Effect":"Allow",)"
     R"("Action":["s3:GetBucketLocation","s3:GetBucketWebsite","s3:ListBucket"],"Resource":["*"]},{)"
     R"("Effect":"Allow","Action":["iam:GetRole","iam:ListRoles","iam:PassRole"],)"
     R"("Resource":"arn:aws:iam::*:role/flow-logs-*"},{"Effect":"Allow","Action":["iam:CreateServiceLinkedRole"],)"
     R"("Resource":"*","Condition":{"StringLike":{"iam:AWSServiceName":["transitgateway.amazonaws.com"]}}})"},
    {kJobFunction, "SupportUser", "v11", "2016-11-10T17:21:53Z", "2026-02-12T18:03:00Z",
     R"({"Effect":"Allow","Action":["support:*","cloudwatch:Describe*","cloudwatch:Get*","cloudwatch:List*",)"
     R"("dynamodb:DescribeLimits","dynamodb:DescribeTable","dynamodb:ListTables","iam:GenerateCredentialReport",)"
     R"("iam:GenerateServiceLastAccessedDetails","iam:Get*","iam:List*","lambda:List*","lambda:Get*",)"
     R"("logs:Describe*","logs:TestMetricFilter","s3:List*","sns:Get*","sns:List*","sqs:GetQueueAttributes",)"
     R"("sqs:GetQueueUrl","sqs:ListQueues","sqs:ReceiveMessage"],"Resource":"*"})"},
    {kJobFunction, "SystemAdministrator", "v12", "2016-11-10T17:23:54Z", "2026-02-12T18:02:00Z",
     R"({"Effect":"Allow","Action":["cloudwatch:*","iam:GetAccount*","iam:GetContextKeys*",)"
     R"("iam:GetCredentialReport","iam:ListAccountAliases","iam:ListGroups","iam:ListOpenIDConnectProviders",)"
     R"("iam:ListPolicies","iam:ListPoliciesGrantingServiceAccess","iam:ListRoles","iam:ListSAMLProviders",)"
     R"("iam:ListServerCertificates","iam:Simulate*","iam:UpdateServerCertificate","iam:UpdateSigningCertificate",)"
     R"("lambda:Create*","lambda:Delete*","lambda:Get*","lambda:InvokeFunction","lambda:List*",)"
     R"("lambda:PublishVersion","lambda:Update*","logs:*","sns:*","sqs:*"],"Resource":"*"},{"Effect":"Allow",)"
     R"("Action":"s3:*","Resource":["*"]},{"Effect":"Allow","Action":["iam:GetAccessKeyLastUsed","iam:GetGroup*",)"
     R"("iam:GetInstanceProfile","iam:GetLoginProfile","iam:GetOpenIDConnectProvider","iam:GetPolicy*",)"
     R"("iam:GetRole*","iam:GetSAMLProvider","iam:GetSSHPublicKey","iam:GetServerCertificate",)"
     R"("iam:GetServiceLastAccessed*","iam:GetUser*","iam:ListAccessKeys","iam:ListAttached*",)"
     R"("iam:ListEntitiesForPolicy","iam:ListGroupPolicies","iam:ListGroupsForUser","iam:ListInstanceProfiles*",)"
     R"("iam:ListMFADevices","iam:ListPolicyVersions","iam:ListRolePolicies","iam:ListSSHPublicKeys",)"
     R"("iam:ListSigningCertificates","iam:ListUserPolicies","iam:Upload*"],"Resource":["*"]},{"Effect":"Allow",)"
     R"("Action":["iam:GetRole","iam:ListRoles","iam:PassRole"],)"
     R"("Resource":["arn:aws:iam::*:role/rds-monitoring-role","arn:aws:iam::*:role/ec2-sysadmin-*",)"
     R"("arn:aws:iam::*:role/ecr-sysadmin-*","arn:aws:iam::*:role/lambda-sysadmin-*"]})"},
};

}  // namespace

std::span<const AwsManagedPolicy> aws_managed_policies() {
  return kPolicies;
}

}  // namespace engine::iam
