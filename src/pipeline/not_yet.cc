#include "pipeline/not_yet.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "pipeline/stack_resource.h"

namespace pipeline {
namespace {

using namespace std::chrono_literals;

struct Rule {
  std::string_view service;    // empty: any
  std::string_view operation;  // empty: any
  std::string_view code;       // as not_yet's error has it; empty: any
  std::string_view text;       // part of the message; empty: any
  NotYet meaning;
};

// "A change that you make in IAM takes time to become visible from all possible endpoints": seconds, now and then a
// minute or two (docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency).
constexpr base::Duration kIam = 2min;
// "Changes made to the attributes can take up to 60 seconds for the change to propagate throughout the SQS system"
// (docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html).
constexpr base::Duration kQueueAttributes = 75s;
// States of functions and mappings (docs.aws.amazon.com/lambda/latest/dg/functions-states.html) and of tables
// (docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TableDescription.html) have no bound that is documented.
constexpr base::Duration kStates = 5min;
// S3 takes a bucket's removal for done before all of S3 knows of it (docs.aws.amazon.com/AmazonS3/latest/userguide/
// Welcome.html#ConsistencyModel: "bucket configurations have an eventual consistency model"; of OperationAborted,
// docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html: "Try again").
constexpr base::Duration kBuckets = 2min;
constexpr base::Duration kNew = 1min;  // until all of a service knows what it has just made

constexpr NotYet kRole{"Lambda cannot assume its role yet", kIam};
constexpr NotYet kPolicy{"the permissions of its role are not in force yet", kIam};
constexpr NotYet kGrant{"the key of its environment variables does not know its role yet", kIam};
constexpr NotYet kUpdate{"an update of the function is in progress", kStates};
constexpr NotYet kMapping{"the mapping is between two states", kStates};
constexpr NotYet kTable{"the table is between two states", kStates};
constexpr NotYet kIamBusy{"IAM still carries out another change of it", kIam};
constexpr NotYet kBucketBusy{"S3 still carries out another operation on the bucket", kBuckets};
constexpr NotYet kBusy{"another operation on it is in progress", kNew};

// Texts are those that AWS answers with (for Lambda's see API_CreateFunction, API_CreateEventSourceMapping and
// functions-states.html; that they pass is in github.com/hashicorp/terraform-provider-aws, issues 7384, 20229 and
// 22973, and of S3's in its issue 35035 and github.com/zappa/Zappa/pull/1441).
constexpr Rule kRules[] = {
    {"lambda", "UpdateFunctionConfiguration", "InvalidParameterValueException", "cannot be assumed by Lambda", kRole},
    {"lambda", "CreateEventSourceMapping", "InvalidParameterValueException", "cannot be assumed by Lambda", kRole},
    {"lambda", "UpdateEventSourceMapping", "InvalidParameterValueException", "cannot be assumed by Lambda", kRole},
    {"lambda", "CreateEventSourceMapping", "InvalidParameterValueException", "execution role does not have permissions",
     kPolicy},
    {"lambda", "UpdateEventSourceMapping", "InvalidParameterValueException", "execution role does not have permissions",
     kPolicy},
    {"lambda", "UpdateFunctionConfiguration", "InvalidParameterValueException",
     "execution role does not have permissions", kPolicy},
    {"lambda", "CreateEventSourceMapping", "InvalidParameterValueException", "ensure the role can perform", kPolicy},
    // Lambda tries the queue, with the errors of SQS as its own: one that it does not know yet, or that is throttled.
    {"lambda",
     "CreateEventSourceMapping",
     "InvalidParameterValueException",
     "Error occurred while ReceiveMessage",
     {"Lambda could not receive from the queue", kNew}},
    {"lambda",
     "CreateEventSourceMapping",
     "InvalidParameterValueException",
     "Function does not exist",
     {"Lambda does not know the function yet", kNew}},
    {"lambda",
     "CreateEventSourceMapping",
     "InvalidParameterValueException",
     "Queue visibility timeout",
     {"the visibility timeout of its queue is not in force yet", kQueueAttributes}},
    {"lambda", "UpdateFunctionConfiguration", "InvalidParameterValueException", "CreateGrant", kGrant},
    {"lambda", "", "ResourceConflictException", "update is in progress", kUpdate},
    {"lambda", "", "ResourceConflictException", "is currently in the following state: Pending", kUpdate},
    {"lambda", "UpdateEventSourceMapping", "ResourceInUseException", "", kMapping},
    {"lambda", "DeleteEventSourceMapping", "ResourceInUseException", "", kMapping},
    {"dynamodb", "UpdateTable", "ResourceInUseException", "", kTable},
    {"dynamodb", "DeleteTable", "ResourceInUseException", "", kTable},
    {"dynamodb", "TagResource", "ResourceInUseException", "", kTable},
    {"dynamodb", "UpdateTimeToLive", "ResourceInUseException", "", kTable},
    {"dynamodb",
     "CreateTable",
     "ResourceInUseException",
     "being deleted",
     {"the table of that name is still being deleted", kStates}},
    // "Up to 500 simultaneous table operations" of an account (API_CreateTable).
    {"dynamodb", "", "LimitExceededException", "", {"too many tables are made or changed at the same time", kStates}},
    {"iam", "", "ConcurrentModification", "", kIamBusy},
    {"iam", "", "ConcurrentModificationException", "", kIamBusy},
    {"iam", "", "EntityTemporarilyUnmodifiable", "", kIamBusy},
    {"iam", "", "EntityTemporarilyUnmodifiableException", "", kIamBusy},
    {"iam", "DeleteRole", "DeleteConflict", "", {"IAM still sees its policies, which are gone", kIam}},
    {"iam", "DeleteRole", "DeleteConflictException", "", {"IAM still sees its policies, which are gone", kIam}},
    {"s3", "", "OperationAborted", "", kBucketBusy},
    {"s3",
     "PutBucketNotificationConfiguration",
     "InvalidArgument",
     "Unable to validate the following destination",
     {"S3 cannot invoke the function yet", kIam}},
    // 60 s (docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteQueue.html).
    {"sqs",
     "CreateQueue",
     "QueueDeletedRecently",
     "",
     {"SQS refuses the name of a queue for 60 s after it was deleted", kQueueAttributes}},
    {"sqs", "", "", "Dead letter target does not exist", {"SQS does not know its dead-letter queue yet", kNew}},
    {"sns", "", "ConcurrentAccess", "", kBusy},
    {"sns", "", "ConcurrentAccessException", "", kBusy},
    {"logs", "", "OperationAbortedException", "", kBusy},
    {"cloudwatch", "", "ConcurrentModificationException", "", kBusy},
};

constexpr std::array<std::string_view, 8> kThrottles = {
    "Throttling",           "ThrottlingException",      "ThrottledException", "RequestThrottled",
    "RequestLimitExceeded", "TooManyRequestsException", "SlowDown",           "RequestThrottledException"};

// Of which "not found" is an answer.
bool reads_or_removes(std::string_view operation) {
  constexpr std::array<std::string_view, 8> kVerbs = {"Get",    "List",   "Describe", "Head",
                                                      "Delete", "Remove", "Detach",   "Unsubscribe"};
  return std::ranges::any_of(kVerbs, [&](std::string_view verb) { return operation.starts_with(verb); });
}

bool holds(const Rule& rule, std::string_view service, std::string_view operation, const base::AwsError& error) {
  return (rule.service.empty() || rule.service == service) && (rule.operation.empty() || rule.operation == operation) &&
         (rule.code.empty() || rule.code == error.code) && error.message.find(rule.text) != std::string::npos;
}

}  // namespace

std::optional<NotYet> not_yet(std::string_view service, std::string_view operation, const base::AwsError& error) {
  for (const Rule& rule : kRules)
    if (holds(rule, service, operation, error)) return rule.meaning;
  // Both come here when the client's own retries have not helped.
  if (error.http_status == 429 || std::ranges::find(kThrottles, error.code) != kThrottles.end())
    return NotYet{"the service limits how often it is called", 3min};
  if (error.http_status >= 500 && error.http_status != 501) return NotYet{"the service fails at the moment", 30s};
  if (is_absent(error) && !reads_or_removes(operation))
    return NotYet{"the service has not heard of it everywhere yet", kNew};
  return std::nullopt;
}

std::optional<NotYet> role_not_yet(const base::AwsError& error) {
  if (error.code != "InvalidParameterValueException") return std::nullopt;
  constexpr std::pair<std::string_view, NotYet> kTexts[] = {{"cannot be assumed by Lambda", kRole},
                                                            {"execution role does not have permissions", kPolicy},
                                                            {"CreateGrant", kGrant}};
  for (const auto& [text, meaning] : kTexts)
    if (error.message.find(text) != std::string::npos) return meaning;
  return std::nullopt;
}

}  // namespace pipeline
