// Receives: what ReceiveMessage of SQS may answer. A receive may find less than there is, or nothing, also at once when
// it was to wait; messages of standard queues come in another order, and some twice. FIFO queues keep their order and
// deliver no message twice. Owned by LikeAws; safe from any thread.
//
// Sources: SQS Developer Guide, "Short and long polling", "At-least-once delivery", "Message ordering"; API Reference,
// ReceiveMessage ("a short poll ... samples").
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "aws/sqs/sqs.h"
#include "like_aws/conditions.h"

namespace like_aws {

// Shares of all receives; of messages: kDuplicateRate.
inline constexpr double kEmptyReceiveRate = 0.04;
inline constexpr double kShortReceiveRate = 0.15;
inline constexpr double kReorderRate = 0.25;
inline constexpr double kDuplicateRate = 0.02;

// Messages that will be delivered once more, as they were the first time. Shared by all who receive.
class Repeats {
 public:
  struct Repeat {
    aws::sqs::ReceiveMessageRequest asked;  // what of a message is shown is the request's choice
    aws::sqs::Message message;
    base::Timestamp due;
  };
  void add(const std::string& queue, Repeat repeat);
  // Those of `queue` that are due and would look like that to `asked`; at most `count_max`.
  std::vector<aws::sqs::Message> take(const std::string& queue, const aws::sqs::ReceiveMessageRequest& asked,
                                      std::size_t count_max, base::Timestamp now);
  // The queue has lost its messages.
  void forget(const std::string& queue);

 private:
  std::mutex mutex_;
  std::map<std::string, std::vector<Repeat>> repeats_;
};

class Receives final : public Behaviour {
 public:
  // `sqs` is asked whether a queue is there; it outlives this object.
  Receives(Conditions& conditions, aws::sqs::Sqs& sqs, std::shared_ptr<Repeats> repeats)
      : conditions_(conditions), sqs_(sqs), repeats_(std::move(repeats)) {}
  base::Result<void> around(Call& call, const CarryOut& carry_out) override;
  [[nodiscard]] bool goes_on() const override { return true; }

 private:
  struct Plan;
  bool begin(Call& call, Plan& plan, std::vector<aws::sqs::Message>& repeated);
  bool is_there(const Call& call);
  base::Result<void> receive(Call& call, const CarryOut& carry_out);
  void reorder(const Call& call);
  void remember(const Call& call, const Plan& plan);

  Conditions& conditions_;
  aws::sqs::Sqs& sqs_;
  const std::shared_ptr<Repeats> repeats_;
};

}  // namespace like_aws
