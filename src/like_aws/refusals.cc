#include "like_aws/refusals.h"

#include <algorithm>
#include <array>

namespace like_aws {
namespace {

struct Words {
  std::string_view service;
  std::string_view throttle_code;
  std::string_view throttle_query_code;
  int throttle_status;
  std::string_view throttle_message;
  std::string_view error_code;
  int error_status;
  std::string_view error_message;
};

constexpr std::string_view kUnknown =
    "The request processing has failed because of an unknown error, exception or failure.";

// From each API reference's "Common Errors" and the operations' own errors; S3: "Error responses"; Lambda: "Invoke".
constexpr auto kWords = std::to_array<Words>({
    {"sqs", "ThrottlingException", "Throttling", 400, "Rate exceeded", "InternalFailure", 500, kUnknown},
    {"sns", "Throttling", "Throttling", 400, "Rate exceeded", "InternalError", 500, "Internal Service Error"},
    {"lambda", "TooManyRequestsException", "TooManyRequestsException", 429, "Rate exceeded", "ServiceException", 500,
     "An error occurred and the request cannot be processed."},
    {"dynamodb", "ThrottlingException", "ThrottlingException", 400, "Rate of requests exceeds the allowed throughput.",
     "InternalServerError", 500, kUnknown},
    {"s3", "SlowDown", "SlowDown", 503, "Please reduce your request rate.", "InternalError", 500,
     "We encountered an internal error. Please try again."},
    {"cloudwatch", "ThrottlingException", "Throttling", 400, "Rate exceeded", "InternalFailure", 500, kUnknown},
    {"logs", "ThrottlingException", "ThrottlingException", 400, "Rate exceeded", "ServiceUnavailableException", 500,
     "The service cannot complete the request."},
    {"iam", "Throttling", "Throttling", 400, "Rate exceeded", "ServiceFailure", 500, kUnknown},
    {"sts", "Throttling", "Throttling", 400, "Rate exceeded", "InternalFailure", 500, kUnknown},
});

// DynamoDB's data plane speaks of the table's throughput (Developer Guide, "Error handling").
constexpr auto kTableThroughput = std::to_array<std::string_view>(
    {"BatchGetItem", "BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem"});

// Where a caller that sends again after a lost answer has either done the same thing twice or must be ready for it:
// the data planes, and what is documented as idempotent. Not CreateTable and its like, whose second call fails.
constexpr auto kMayLoseReply = std::to_array<std::string_view>({"SendMessage",
                                                                "SendMessageBatch",
                                                                "DeleteMessage",
                                                                "DeleteMessageBatch",
                                                                "CreateQueue",
                                                                "SetQueueAttributes",
                                                                "Publish",
                                                                "PublishBatch",
                                                                "CreateTopic",
                                                                "Subscribe",
                                                                "SetTopicAttributes",
                                                                "PutItem",
                                                                "UpdateItem",
                                                                "DeleteItem",
                                                                "BatchWriteItem",
                                                                "BatchExecuteStatement",
                                                                "ExecuteStatement",
                                                                "PutObject",
                                                                "DeleteObject",
                                                                "DeleteObjects",
                                                                "UploadPart",
                                                                "PutMetricData",
                                                                "PutMetricAlarm",
                                                                "PutLogEvents",
                                                                "PutRolePolicy",
                                                                "AttachRolePolicy"});

const Words& words_of(const aws::ServiceDesc& service) {
  const auto* found = std::ranges::find(kWords, service.id, &Words::service);
  return found != kWords.end() ? *found : kWords.front();
}

template <std::size_t N>
bool is_in(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

std::string row_key(const Call& call) {
  std::string out(call.service.id);
  return out.append("/").append(call.operation.name).append("/").append(call.caller);
}

}  // namespace

base::AwsError throttled(const aws::ServiceDesc& service, const aws::OperationDesc& operation) {
  const Words& words = words_of(service);
  base::AwsError error;
  error.code = words.throttle_code;
  error.query_code = words.throttle_query_code;
  error.http_status = words.throttle_status;
  error.message = words.throttle_message;
  if (error.http_status >= 500) error.fault = base::Fault::receiver;
  if (service.id == "dynamodb" && is_in(kTableThroughput, operation.name)) {
    error.code = error.query_code = "ProvisionedThroughputExceededException";
    error.message =
        "The level of configured provisioned throughput for the table was exceeded. Consider increasing your "
        "provisioning level with the UpdateTable API.";
  }
  return error;
}

base::AwsError server_error(const aws::ServiceDesc& service) {
  const Words& words = words_of(service);
  base::AwsError error;
  error.code = words.error_code;
  error.query_code = words.error_code;
  error.http_status = words.error_status;
  error.message = words.error_message;
  error.fault = base::Fault::receiver;
  return error;
}

bool Refusals::may_refuse(const Call& call) {
  const std::lock_guard lock(mutex_);
  return in_a_row_[row_key(call)] < kRefusalsInARowMax;
}

void Refusals::note(const Call& call, bool refused) {
  const std::lock_guard lock(mutex_);
  int& run = in_a_row_[row_key(call)];
  run = refused ? run + 1 : 0;
}

base::Result<void> Refusals::around(Call& call, const CarryOut& carry_out) {
  const Chance& chance = conditions_.chance;
  const bool may = may_refuse(call);
  if (may && chance.happens(call, "throttle", kThrottleRate)) {
    note(call, true);
    return conditions_.refuse(call, "Throttle", throttled(call.service, call.operation));
  }
  if (may && chance.happens(call, "error", kServerErrorRate)) {
    note(call, true);
    return conditions_.refuse(call, "ServerError", server_error(call.service));
  }
  auto result = carry_out();
  const bool lost = may && result.has_value() && is_in(kMayLoseReply, call.operation.name) &&
                    chance.happens(call, "lost", kLostReplyRate);
  note(call, lost);
  if (!lost) return result;
  return conditions_.refuse(call, "LostReply", server_error(call.service));
}

}  // namespace like_aws
