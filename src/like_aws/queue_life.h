// QueueLife: what SQS knows late about its queues: a new one is not there yet for some calls of its first second, its
// counters are those of a while ago, and so are attributes that were changed; some messages are found only after a
// second. Delays are on the engine's clock. Owned by LikeAws; safe from any thread.
//
// Sources: SQS API Reference, CreateQueue ("you must wait at least one second after the queue is created"),
// GetQueueAttributes ("eventually consistent ... at least 1 minute after the producers stop"), SetQueueAttributes ("up
// to 60 seconds"), DeleteQueue ("must wait at least 60 seconds before creating a queue with the same name", which the
// engine's SQS keeps by itself).
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "aws/sqs/sqs.h"
#include "like_aws/conditions.h"

namespace like_aws {

class QueueLife final : public Behaviour {
 public:
  // `sqs` is asked what is there; it outlives this object.
  QueueLife(Conditions& conditions, aws::sqs::Sqs& sqs) : conditions_(conditions), sqs_(sqs) {}
  base::Result<void> around(Call& call, const CarryOut& carry_out) override;

 private:
  using Attributes = aws::Map<std::string>;
  struct Shown {
    Attributes counters;
    base::Timestamp at;
  };
  // Messages for a standard queue without a delay of its own get a short one.
  void delay_some(Call& call);
  base::Result<void> create(Call& call, const CarryOut& carry_out);
  base::Result<void> set_attributes(Call& call, const CarryOut& carry_out);
  base::Result<void> get_attributes(Call& call, const CarryOut& carry_out);
  // Puts what was shown a while ago in the place of counters; says whether anything has become different.
  bool lag_counters(const Call& call, const std::string& queue, Attributes& attributes);
  bool lag_settings(const Call& call, const std::string& queue, Attributes& attributes);

  Conditions& conditions_;
  aws::sqs::Sqs& sqs_;
  std::mutex mutex_;                       // guards what follows, by queue_key()
  std::map<std::string, Shown> shown_;     // counters
  std::map<std::string, Attributes> old_;  // of settings that are shown as they were
};

}  // namespace like_aws
