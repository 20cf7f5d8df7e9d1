// PartialBatches: a batch of which a part is not done: entries of SQS, SNS and S3 that failed for the service's own
// reasons, items and keys that DynamoDB leaves unprocessed, statements it throttles. What is answered as failed has not
// been done; at least one entry always is. FIFO queues and topics are spared, because their order would change when the
// caller sends again. Owned by LikeAws; safe from any thread.
//
// Sources: API References, SendMessageBatch, PublishBatch ("can result in a combination of successful and unsuccessful
// actions"), BatchWriteItem (UnprocessedItems), BatchGetItem (UnprocessedKeys), BatchExecuteStatement, DeleteObjects.
#pragma once

#include "like_aws/conditions.h"

namespace like_aws {

inline constexpr double kPartialBatchRate = 0.06;  // of batches of more than one entry
inline constexpr double kFailedEntryRate = 0.34;   // of the entries of such a batch

class PartialBatches final : public Behaviour {
 public:
  explicit PartialBatches(Conditions& conditions) : conditions_(conditions) {}
  base::Result<void> around(Call& call, const CarryOut& carry_out) override;

 private:
  // Which of `count` entries are left out; empty for a whole batch.
  std::vector<bool> left_out(const Call& call, std::size_t count);
  void tell(const Call& call, std::size_t failed, std::size_t count);
  template <class Request, class Response>
  base::Result<void> queue_batch(Call& call, const CarryOut& carry_out);
  base::Result<void> publish_batch(Call& call, const CarryOut& carry_out);
  base::Result<void> batch_write(Call& call, const CarryOut& carry_out);
  base::Result<void> batch_get(Call& call, const CarryOut& carry_out);
  base::Result<void> batch_execute(Call& call, const CarryOut& carry_out);
  base::Result<void> delete_objects(Call& call, const CarryOut& carry_out);

  Conditions& conditions_;
};

}  // namespace like_aws
