#include "functions/clients.h"

#include "aws/dynamodb/caller.h"
#include "aws/s3/caller.h"
#include "aws/sns/caller.h"
#include "aws/sqs/caller.h"

namespace functions {

Clients make_clients(aws::Dispatcher& calls, aws::Dispatcher& single_attempt) {
  return {std::make_unique<aws::s3::S3Caller>(calls), std::make_unique<aws::sqs::SqsCaller>(calls),
          std::make_unique<aws::dynamodb::DynamoDbCaller>(calls),
          std::make_unique<aws::sns::SnsCaller>(single_attempt)};
}

std::array<const aws::ServiceDesc*, 4> client_services() {
  return {&aws::s3::kService, &aws::sqs::kService, &aws::dynamodb::kService, &aws::sns::kService};
}

}  // namespace functions
