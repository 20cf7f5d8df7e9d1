#include "like_aws/receives.h"

#include <algorithm>

#include "aws/parking.h"
#include "like_aws/names.h"

namespace like_aws {
namespace {

namespace api = aws::sqs;
using std::chrono::seconds;

constexpr seconds kDueMax{5};
constexpr seconds kForgottenAfter{60};  // and not delivered again any more
constexpr int32_t kMessagesMax = 10;
constexpr std::size_t kRepeatsMax = 20;  // of a queue; a message may have 1 MiB

bool look_alike(const api::ReceiveMessageRequest& a, const api::ReceiveMessageRequest& b) {
  return a.attribute_names == b.attribute_names &&
         a.message_system_attribute_names == b.message_system_attribute_names &&
         a.message_attribute_names == b.message_attribute_names;
}

}  // namespace

void Repeats::add(const std::string& queue, Repeat repeat) {
  const std::lock_guard lock(mutex_);
  auto& mine = repeats_[queue];
  if (mine.size() < kRepeatsMax) mine.push_back(std::move(repeat));
}

std::vector<api::Message> Repeats::take(const std::string& queue, const api::ReceiveMessageRequest& asked,
                                        std::size_t count_max, base::Timestamp now) {
  std::vector<api::Message> out;
  const std::lock_guard lock(mutex_);
  const auto found = repeats_.find(queue);
  if (found == repeats_.end()) return out;
  std::erase_if(found->second, [&](Repeat& repeat) {
    if (repeat.due + kForgottenAfter < now) return true;
    if (out.size() >= count_max || repeat.due > now || !look_alike(repeat.asked, asked)) return false;
    out.push_back(std::move(repeat.message));
    return true;
  });
  if (found->second.empty()) repeats_.erase(found);
  return out;
}

void Repeats::forget(const std::string& queue) {
  const std::lock_guard lock(mutex_);
  repeats_.erase(queue);
}

// What is kept of a receive while it waits, beside what SQS itself keeps.
struct Receives::Plan {
  std::shared_ptr<void> own;  // SQS's
  uint64_t count = 0;         // of the call
  std::string queue;
  bool is_fifo = false;
  api::ReceiveMessageRequest asked;
};

void Receives::reorder(const Call& call) {
  auto& messages = call.output<api::ReceiveMessageResult>().messages;
  if (!messages || messages->size() < 2 || !conditions_.chance.happens(call, "reorder", kReorderRate)) return;
  std::ranges::reverse(*messages);
  conditions_.tell(call, "Reordering", std::to_string(messages->size()) + " messages");
}

void Receives::remember(const Call& call, const Plan& plan) {
  const auto& messages = call.output<api::ReceiveMessageResult>().messages;
  if (!messages) return;
  for (std::size_t i = 0; i < messages->size(); ++i) {
    if (!conditions_.chance.happens(call, "duplicate " + std::to_string(i), kDuplicateRate)) continue;
    const base::Timestamp due = call.context.now + conditions_.chance.between(call, "due", seconds(0), kDueMax);
    repeats_->add(plan.queue, {.asked = plan.asked, .message = (*messages)[i], .due = due});
  }
}

// What the request may be changed to, once it is known to be one that SQS would carry out. True: `out` is the answer.
bool Receives::begin(Call& call, Plan& plan, std::vector<api::Message>& repeated) {
  auto& in = call.input<api::ReceiveMessageRequest>();
  plan.queue = queue_key(call.context.region, in.queue_url.value_or(""));
  plan.is_fifo = plan.queue.ends_with(".fifo");
  plan.asked = in;
  plan.count = call.count;
  const int32_t wanted = in.max_number_of_messages.value_or(1);
  if (wanted < 1 || wanted > kMessagesMax || !is_there(call)) return false;
  if (conditions_.chance.happens(call, "empty", kEmptyReceiveRate)) {
    conditions_.tell(call, "EmptyReceive", plan.queue);
    return true;
  }
  if (wanted > 1 && conditions_.chance.happens(call, "short", kShortReceiveRate)) {
    const auto count = 1 + conditions_.chance.below(call, "how short", static_cast<uint64_t>(wanted) - 1);
    in.max_number_of_messages = static_cast<int32_t>(count);
    conditions_.tell(call, "ShortReceive", std::to_string(count) + " of " + std::to_string(wanted) + " at most");
  }
  if (plan.is_fifo) return false;
  repeated = repeats_->take(plan.queue, plan.asked, static_cast<std::size_t>(wanted), call.context.now);
  for (const auto& message : repeated) conditions_.tell(call, "DuplicateDelivery", message.message_id.value_or(""));
  if (repeated.empty()) return false;
  const int32_t room = wanted - static_cast<int32_t>(repeated.size());
  if (room == 0) {
    call.output<api::ReceiveMessageResult>().messages = std::move(repeated);
    return true;
  }
  in.wait_time_seconds = 0;
  in.max_number_of_messages = std::min(in.max_number_of_messages.value_or(1), room);
  return false;
}

bool Receives::is_there(const Call& call) {
  aws::Context context = call.context;
  context.parking = nullptr;
  api::GetQueueAttributesRequest get;
  get.queue_url = call.text("QueueUrl");
  return sqs_.get_queue_attributes(context, std::move(get)).has_value();
}

base::Result<void> Receives::receive(Call& call, const CarryOut& carry_out) {
  Plan plan;
  std::vector<api::Message> repeated;
  if (call.is_resumed) {
    plan = *std::static_pointer_cast<Plan>(call.context.parking->state);
    call.context.parking->state = plan.own;
    call.count = plan.count;
  } else if (begin(call, plan, repeated)) {
    return {};
  }
  auto result = carry_out();
  if (!result.has_value()) {
    if (is_unfinished(result.error()) && call.context.parking != nullptr) {
      plan.own = call.context.parking->state;
      call.context.parking->state = std::make_shared<Plan>(std::move(plan));
    }
    return result;
  }
  if (plan.is_fifo) return {};
  remember(call, plan);
  auto& messages = call.output<api::ReceiveMessageResult>().messages;
  if (!messages && !repeated.empty()) messages.emplace();
  for (auto& message : repeated) messages->push_back(std::move(message));
  reorder(call);
  return {};
}

base::Result<void> Receives::around(Call& call, const CarryOut& carry_out) {
  if (call.is("ReceiveMessage")) return receive(call, carry_out);
  if (call.is("PurgeQueue") || call.is("DeleteQueue")) {
    const std::string queue = queue_key(call.context.region, call.text("QueueUrl"));
    TRY(carry_out());
    repeats_->forget(queue);
    return {};
  }
  return carry_out();
}

}  // namespace like_aws
