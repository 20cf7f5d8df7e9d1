// Intake: the intake function. Stands behind a function URL and takes what a shop's webhook sends: one order, or a list
// of them. It makes sure who has sent it, brings the orders onto the queue as an upload's are, and answers 2xx only
// once the queue has them; whether each is an order that the shop takes is judged by the process function, so nothing
// that a shop sends is lost to a wrong mapping. What it answers to strangers tells nothing secret. Safe from any
// thread.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "aws/dynamodb/dynamodb.h"
#include "aws/sqs/sqs.h"
#include "base/env.h"
#include "pipeline/config.h"
#include "pipeline/intake_settings.h"
#include "pipeline/rejection.h"

namespace pipeline {

class Intake {
 public:
  // `secret` is what senders share with us; empty only where the settings verify nobody.
  Intake(aws::sqs::Sqs& sqs, aws::dynamodb::DynamoDb& dynamodb, base::Env& env, PipelineConfig config,
         IntakeSettings settings, std::string secret);

  struct Answer {
    std::string payload;            // of a function URL: statusCode, headers, body
    int status = 0;                 // HTTP
    uint64_t orders = 0;            // settled: on the queue, or in quarantine as no message can carry them
    ReasonCounts quarantined = {};  // of them
    std::string error = {};         // for the log: why it is no 2xx
  };
  // One invocation, payload format 2.0. The error says why the event is none.
  std::expected<Answer, std::string> handle(std::string_view payload);

 private:
  aws::sqs::Sqs& sqs_;
  aws::dynamodb::DynamoDb& dynamodb_;
  base::Env& env_;
  const PipelineConfig config_;
  const IntakeSettings settings_;
  const std::string secret_;
};

}  // namespace pipeline
