// OrderSender: brings the orders of one upload onto the queue, in batches of ten over a few connections at once. An
// order that the queue cannot carry (too long, not text) goes straight into quarantine. Made and used by one thread;
// the sending tasks are its own, made as they are needed: up to one batch is sent without any.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "aws/dynamodb/dynamodb.h"
#include "aws/sqs/sqs.h"
#include "base/env.h"
#include "pipeline/config.h"
#include "pipeline/record_splitter.h"
#include "pipeline/rejection.h"

namespace pipeline {

class OrderSender {
 public:
  OrderSender(aws::sqs::Sqs& sqs, aws::dynamodb::DynamoDb& dynamodb, base::Env& env, const PipelineConfig& config,
              std::string upload_id);
  ~OrderSender();

  // Takes the order; blocks while too many wait to be sent. After a failure orders are dropped.
  void send(RecordSplitter::Order order);
  // Waits until everything is on the queue. Answers the first failure, or empty.
  std::string finish();
  // The orders that went into quarantine and had not been there.
  [[nodiscard]] const ReasonCounts& quarantined() const { return quarantined_; }

 private:
  using Batch = std::vector<aws::sqs::SendMessageBatchRequestEntry>;
  // Sends what waits; with `waits` until finish(), else until nothing waits.
  void work(bool waits);
  std::string deliver(Batch batch);
  base::Duration pause_before(int attempt);
  void quarantine(const RecordSplitter::Order& order, const Rejection& rejection);
  void hand_over();
  void take_batch();

  aws::sqs::Sqs& sqs_;
  aws::dynamodb::DynamoDb& dynamodb_;
  base::Env& env_;
  const PipelineConfig& config_;
  const std::string upload_id_;
  Batch batch_;
  std::size_t batch_bytes_ = 0;
  ReasonCounts quarantined_;
  std::mutex mutex_;
  std::unique_ptr<base::Condition> changed_;
  std::deque<Batch> waiting_;
  bool finished_ = false;
  std::string failure_;
  std::vector<std::unique_ptr<base::Task>> tasks_;
};

}  // namespace pipeline
