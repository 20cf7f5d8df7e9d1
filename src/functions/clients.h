// The services that functions call. Two libraries implement make_clients(): function_clients has every operation, for
// functions of other projects; the pipeline's own package has the operations that the pipeline calls and no other
// (pipeline_clients.cc), which makes it a megabyte smaller.
#pragma once

#include <array>
#include <memory>
#include <string_view>

#include "aws/dynamodb/dynamodb.h"
#include "aws/s3/s3.h"
#include "aws/shape.h"
#include "aws/sns/sns.h"
#include "aws/sqs/sqs.h"
#include "base/result.h"

namespace functions {

struct Clients {
  std::unique_ptr<aws::s3::S3> s3;
  std::unique_ptr<aws::sqs::Sqs> sqs;
  std::unique_ptr<aws::dynamodb::DynamoDb> dynamodb;
  std::unique_ptr<aws::sns::Sns> sns;
};

// SNS by way of `single_attempt`, the others of `calls`. Both outlive the clients.
Clients make_clients(aws::Dispatcher& calls, aws::Dispatcher& single_attempt);
// Those services, as the clients name them to their dispatchers.
std::array<const aws::ServiceDesc*, 4> client_services();

// What an operation answers that a package does not carry; `operation` as "S3 CopyObject".
std::unexpected<base::AwsError> not_called(std::string_view operation);

}  // namespace functions
