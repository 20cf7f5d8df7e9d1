// Notifier: takes the notifications that a stored order owes to their end. One publish attempt per rule and lease; who
// has published all marks the row SENT; what stays PENDING is owed a message on the notify queue, which the sweep
// function works off. So a crash anywhere costs a repeated notification at most, never a lost one. Safe from any
// thread.
#pragma once

#include <string>
#include <string_view>

#include "aws/dynamodb/dynamodb.h"
#include "aws/sns/sns.h"
#include "aws/sqs/sqs.h"
#include "base/env.h"
#include "pipeline/config.h"
#include "pipeline/notification_rule.h"
#include "pipeline/rows.h"

namespace pipeline {

class Notifier {
 public:
  // The references outlive it. `sns` must not retry by itself: an unclear answer leaves the row PENDING instead.
  Notifier(aws::dynamodb::DynamoDb& dynamodb, aws::sns::Sns& sns, aws::sqs::Sqs& sqs, base::Env& env,
           const PipelineConfig& config, const NotificationRules& rules);

  // REQUIRES: the caller holds the lease of the order's row, which is PENDING. Publishes for each rule that is owed and
  // marks the row SENT, or FAILED if a topic refuses for good. False: still PENDING, for the rules that are left.
  bool publish(const Item& order);

  // Puts the debt of `transaction_id` on the notify queue, to be looked at after `lease_until`. False: the queue did
  // not take it, so the caller must not acknowledge the order.
  bool defer(std::string_view transaction_id, base::Timestamp lease_until);

 private:
  // What became of the rules that a row owed.
  struct Outcome {
    std::vector<std::string> told;
    bool all_settled = true;
    std::string sns_message_id;
    std::string refusal;  // why a topic refuses for good; empty if none does
  };
  void publish(const Item& order, const std::string& rule, Outcome& outcome);
  bool mark(const Item& order, const Outcome& outcome);

  aws::dynamodb::DynamoDb& dynamodb_;
  aws::sns::Sns& sns_;
  aws::sqs::Sqs& sqs_;
  base::Env& env_;
  const PipelineConfig& config_;
  const NotificationRules& rules_;
};

// The context for calls of the pipeline: everything in it is filled by the implementation that is called.
aws::Context call_context(base::Env& env);

}  // namespace pipeline
