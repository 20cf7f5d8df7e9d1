// Sweep: the sweep function. Works off the notify queue: for each order whose notification is still owed it takes the
// lease when the old one has run out, publishes, and marks the row. Safe from any thread.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "pipeline/event.h"
#include "pipeline/notifier.h"

namespace pipeline {

class Sweep {
 public:
  Sweep(aws::dynamodb::DynamoDb& dynamodb, aws::sns::Sns& sns, aws::sqs::Sqs& sqs, base::Env& env,
        PipelineConfig config, NotificationRules rules = {});

  struct Answer {
    std::string payload;  // batchItemFailures: debts that are still open
    uint64_t notified = 0;
    uint64_t owed = 0;             // the others that need a notification, also those that could not be looked at
    base::Duration oldest_owed{};  // since the oldest of these orders was stored
  };
  std::expected<Answer, std::string> handle(std::string_view payload, base::Timestamp deadline);

 private:
  // True: nothing is owed any more, or the debt is back on the queue with a delay.
  bool settle(const QueueRecord& record, base::Timestamp deadline, Answer& answer);
  bool take_lease(std::string_view transaction_id, base::Timestamp until);

  aws::dynamodb::DynamoDb& dynamodb_;
  base::Env& env_;
  const PipelineConfig config_;
  const NotificationRules rules_;
  Notifier notifier_;
};

}  // namespace pipeline
