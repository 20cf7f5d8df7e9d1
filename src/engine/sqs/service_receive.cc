// SqsService: receiving, long polls, and the move to the dead-letter queue. Which messages a call gets is decided under
// the queue's lock; their bodies are read after it. A message that somebody deletes in between is left out. A call that
// finds nothing parks (aws/parking.h) and looks again when the queue wakes it.
#include <algorithm>

#include "aws/parking.h"
#include "aws/sqs/errors.h"
#include "base/encoding.h"
#include "engine/sqs/keys.h"
#include "engine/sqs/limits.h"
#include "engine/sqs/message.h"
#include "engine/sqs/message_checks.h"
#include "engine/sqs/receipt_handle.h"
#include "engine/sqs/sequence_number.h"
#include "engine/sqs/service.h"

namespace engine::sqs {

// A ReceiveMessage after its checks.
struct SqsService::Receive {
  Queue queue;
  std::shared_ptr<MessageIndex> dead_letters;  // nullptr: no redrive
  std::size_t messages_max = 1;
  base::Duration visibility{};
  base::Timestamp deadline{};
  uint64_t ticket = 0;     // of the wait that has begun last
  std::size_t rounds = 0;  // of moving messages to the dead-letter queue
  std::vector<std::string> system_names;
  std::vector<std::string> attribute_names;
  std::string attempt_id;  // ReceiveRequestAttemptId, on a FIFO queue

  [[nodiscard]] bool wants(std::string_view name) const {
    return std::ranges::any_of(system_names, [&](const std::string& n) { return n == name || n == "All"; });
  }
};

// One message of the answer, as it was under the lock.
struct SqsService::Taken {
  uint64_t sequence;
  uint64_t nonce;
  uint32_t receive_count;
  base::Timestamp first_received_at;
};

// What one look at the queue came to.
struct SqsService::Look {
  std::vector<Taken> taken;
  bool over_limit = false;  // too many messages in flight
  bool must_move = false;   // a message has to go to the dead-letter queue, which was not locked
  bool again = false;       // messages were moved, none was taken, and more may be visible
  bool waits = false;       // nothing was there; the call was put among those that wait
};

namespace {

namespace errors = aws::sqs::errors;
using namespace aws::sqs;

constexpr std::string_view kSystemNames[] = {"All",
                                             "SenderId",
                                             "SentTimestamp",
                                             "ApproximateReceiveCount",
                                             "ApproximateFirstReceiveTimestamp",
                                             "SequenceNumber",
                                             "MessageDeduplicationId",
                                             "MessageGroupId",
                                             "AWSTraceHeader",
                                             "DeadLetterQueueSourceArn"};

base::Result<int32_t> in_range(std::optional<int32_t> value, int32_t otherwise, int32_t min, int32_t max,
                               std::string_view parameter, std::string_view reason) {
  if (!value) return otherwise;
  if (*value >= min && *value <= max) return *value;
  return base::fail(invalid_value(std::to_string(*value), parameter, reason));
}

// "All", ".*" and "*" mean all attributes, "a.*" those that begin with "a" (item 23).
bool selects(const std::vector<std::string>& names, std::string_view attribute) {
  return std::ranges::any_of(names, [&](std::string_view name) {
    if (name == "All" || name == "*" || name == attribute) return true;
    return name.ends_with(".*") && attribute.starts_with(name.substr(0, name.size() - 2));
  });
}

}  // namespace

base::Result<ReceiveMessageResult> SqsService::receive_message(aws::Context& context, ReceiveMessageRequest in) {
  if (context.parking == nullptr) {
    return aws::run_parked(env_.executor, context, [&](aws::Context& c) { return receive_message(c, std::move(in)); });
  }
  auto receive = std::static_pointer_cast<Receive>(context.parking->state);
  if (receive == nullptr) {
    TRY_ASSIGN(Receive prepared, prepare_receive(context, in));
    context.parking->state = receive = std::make_shared<Receive>(std::move(prepared));
  }
  TRY_ASSIGN(const Look look, poll(context, *receive));
  if (look.waits) return base::fail(context.parking->park(receive->deadline));
  return read_messages(*receive, look.taken);
}

base::Result<SqsService::Receive> SqsService::prepare_receive(const aws::Context& context, ReceiveMessageRequest& in) {
  Receive receive;
  TRY_ASSIGN(receive.queue, find_queue(context, in.queue_url, "sqs:ReceiveMessage"));
  const QueueAttributes& attributes = receive.queue.record->attributes;
  TRY_ASSIGN(const int32_t count, in_range(in.max_number_of_messages, 1, 1, kReceiveMessagesMax, "MaxNumberOfMessages",
                                           "Must be between 1 and 10, if provided."));
  TRY_ASSIGN(const int32_t wait, in_range(in.wait_time_seconds, attributes.wait_seconds, 0, kWaitSecondsMax,
                                          "WaitTimeSeconds", "Must be >= 0 and <= 20, if provided."));
  TRY_ASSIGN(const int32_t visibility,
             in_range(in.visibility_timeout, attributes.visibility_seconds, 0, kVisibilitySecondsMax,
                      "VisibilityTimeout", "Must be between 0 and 43200, if provided."));
  receive.messages_max = static_cast<std::size_t>(count);
  receive.deadline = context.now + std::chrono::seconds(wait);
  receive.visibility = std::chrono::seconds(visibility);
  for (auto* names : {&in.attribute_names, &in.message_system_attribute_names}) {
    if (!*names) continue;
    for (std::string& name : **names) {
      if (!std::ranges::count(kSystemNames, name)) {
        return base::fail(errors::invalid_attribute_name("Unknown Attribute " + name + "."));
      }
      receive.system_names.push_back(std::move(name));
    }
  }
  receive.attribute_names = std::move(in.message_attribute_names).value_or(std::vector<std::string>());
  if (in.receive_request_attempt_id) {
    TRY(check_id("ReceiveRequestAttemptId", *in.receive_request_attempt_id));
    if (attributes.fifo) receive.attempt_id = std::move(*in.receive_request_attempt_id);  // else it says nothing
  }
  receive.dead_letters = find_dead_letter_queue(*receive.queue.record);
  return receive;
}

ReceiveMessageResult SqsService::read_messages(const Receive& receive, const std::vector<Taken>& taken) {
  receive.queue.metrics->received(taken.size(), env_.clock.now());
  ReceiveMessageResult out;
  for (const Taken& message : taken) {
    auto read = read_message(receive, message);
    if (!read) continue;
    if (!out.messages) out.messages.emplace();
    out.messages->push_back(std::move(*read));
  }
  return out;
}

// One run of a receive: a few looks, if given-up messages have to be moved out of the way; what is left of that is for
// the next run, which is due at once. A receive that does not wait ends at last though more may be left.
base::Result<SqsService::Look> SqsService::poll(const aws::Context& context, Receive& receive) {
  const base::Timestamp now = std::max(context.now, env_.clock.now());
  for (std::size_t i = 0; i < kMoveRoundsPerRun; ++i) {
    TRY_ASSIGN(Look seen, look(context, receive, now));
    if (!seen.again) return seen;
    ++receive.rounds;
  }
  Look tired;
  tired.waits = !stopping_ && (receive.rounds < kMoveRoundsPerReceive || now < receive.deadline);
  if (tired.waits) context.parking->waker()();
  return tired;
}

// The dead-letter queue is locked too only if a message has to go there.
base::Result<SqsService::Look> SqsService::look(const aws::Context& context, Receive& receive, base::Timestamp now) {
  MessageIndex& index = *receive.queue.messages;
  const auto gone = [] { return base::fail(errors::queue_does_not_exist("The specified queue does not exist.")); };
  Look look;
  std::unique_lock lock(index.mutex);
  index.leave(receive.ticket);
  if (index.closed) return gone();
  if (context.is_abandoned()) {
    index.notify();  // the message that woke this call is for another
    return look;
  }
  if (repeat_attempt(receive, now, look)) return look;
  take(receive, now, false, look);
  if (look.must_move) {
    lock.unlock();
    std::unique_lock target(receive.dead_letters->mutex, std::defer_lock);
    std::lock(lock, target);
    if (index.closed) return gone();
    take(receive, now, true, look);
  }
  if (look.over_limit && look.taken.empty()) {
    return base::fail(errors::over_limit("Too many messages in flight for queue " + receive.queue.record->name + "."));
  }
  look.again = look.again && look.taken.empty();
  look.waits = look.taken.empty() && !look.again && now < receive.deadline && !stopping_;
  if (look.waits) receive.ticket = index.wait(context.parking->waker());
  return look;
}

// Fills `look` with what an earlier receive with the same ReceiveRequestAttemptId got, if that may be given out again.
// REQUIRES: the queue's lock.
bool SqsService::repeat_attempt(const Receive& receive, base::Timestamp now, Look& look) {
  if (receive.attempt_id.empty()) return false;
  MessageIndex& index = *receive.queue.messages;
  store::WriteBatch batch;
  index.advance(now);
  const auto* attempt = receive.queue.attempts->repeat(receive.attempt_id, index, now, now + receive.visibility, batch);
  if (attempt == nullptr) return false;
  store_.write(batch);
  for (const uint64_t sequence : attempt->sequences) {
    const MessageIndex::Entry& entry = *index.find(sequence);
    look.taken.push_back({sequence, attempt->nonce, entry.receive_count,
                          entry.enqueued_at + std::chrono::milliseconds(entry.first_received_after_ms)});
  }
  return true;
}

// Fills `look` with what the queue has for the call; with nothing, and `must_move`, if a message has to go to the
// dead-letter queue and none `may_move`. REQUIRES: the queue's lock, and if messages may move, that of the dead-letter
// queue.
void SqsService::take(const Receive& receive, base::Timestamp now, bool may_move, Look& look) {
  MessageIndex& index = *receive.queue.messages;
  const QueueAttributes& attributes = receive.queue.record->attributes;
  const bool redrives = receive.dead_letters && !(may_move && receive.dead_letters->closed);
  store::WriteBatch batch;
  std::vector<uint64_t> sequences;
  std::size_t moved = 0;
  look.must_move = false;
  index.advance(now);
  index.expire(now - attributes.retention(), kExpiredPerOperation, batch);
  const std::size_t in_flight = index.count(MessageIndex::State::in_flight);
  look.over_limit = in_flight >= kInFlightMax && !index.fifo();
  const std::size_t room = std::min(receive.messages_max, kInFlightMax - std::min(in_flight, kInFlightMax));
  {
    MessageIndex::Walk walk(index);
    while (sequences.size() < room) {
      if (moved == kMovedPerReceive) {
        look.again = true;
        break;
      }
      const uint64_t sequence = walk.next();
      if (sequence == 0) break;
      const MessageIndex::Entry& entry = *index.find(sequence);
      if (entry.enqueued_at + attributes.retention() <= now) {
        index.erase(sequence, batch);
      } else if (redrives && entry.receive_count >= attributes.redrive->max_receive_count) {
        if (!may_move) {  // all over again, then
          walk.put_back(sequence);
          for (; !sequences.empty(); sequences.pop_back()) walk.put_back(sequences.back());
          look.must_move = true;
          break;
        }
        move_to_dead_letter(receive, sequence, now, batch);
        ++moved;
      } else {
        sequences.push_back(sequence);
      }
    }
    const uint64_t nonce = sequences.empty() ? 0 : index.next_number();
    for (const uint64_t sequence : sequences) {
      index.hide(sequence, now, now + receive.visibility, nonce);
      const MessageIndex::Entry& entry = *index.find(sequence);
      look.taken.push_back({sequence, nonce, entry.receive_count,
                            entry.enqueued_at + std::chrono::milliseconds(entry.first_received_after_ms)});
    }
    if (!receive.attempt_id.empty()) {
      receive.queue.attempts->add(receive.attempt_id, index, sequences, nonce, now, now + receive.visibility);
    }
  }
  index.write_lease(sequences, batch);
  if (!batch.empty()) store_.write(batch);
  if (moved != 0) receive.dead_letters->notify();
}

// Item 32: message id, time of sending and receive count go along. Both queues change in the same batch.
void SqsService::move_to_dead_letter(const Receive& receive, uint64_t sequence, base::Timestamp now,
                                     store::WriteBatch& batch) {
  MessageIndex& source = *receive.queue.messages;
  MessageIndex& target = *receive.dead_letters;
  const MessageIndex::Entry entry = *source.find(sequence);
  StoredMessage message = load_message(source, sequence);
  source.erase(sequence, batch);
  message.dead_letter_source_arn = receive.queue.record->arn();
  message.receive_count = entry.receive_count;
  message.first_received_at = entry.enqueued_at + std::chrono::milliseconds(entry.first_received_after_ms);
  message.visible_at.reset();
  if (target.fifo()) message.enqueued_at = now;
  const uint64_t moved = target.next_number();
  batch.put(keys::message(target.queue_id(), moved), message.encode());
  target.add(moved, message.enqueued_at, message.enqueued_at, message.group_id, now);
  target.set_history(moved, entry.receive_count, *message.first_received_at);
}

std::optional<Message> SqsService::read_message(const Receive& receive, const Taken& taken) {
  const uint64_t queue_id = receive.queue.record->id;
  const std::optional<std::string> row = store_.get(keys::message(queue_id, taken.sequence));
  if (!row) return std::nullopt;
  std::optional<StoredMessage> stored = StoredMessage::decode(*row);
  store::require_intact(stored.has_value(), "a message of SQS");

  Message out;
  out.message_id = std::move(stored->message_id);
  out.receipt_handle = ReceiptHandle{queue_id, taken.sequence, taken.nonce}.text();
  out.md5_of_body = base::hex_encode(stored->body_md5);
  out.body = std::move(stored->body);
  if (!receive.system_names.empty()) {
    aws::Map<std::string> attributes;
    const auto add = [&](std::string_view name, std::string value) {
      if (!value.empty() && receive.wants(name)) attributes.append(std::string(name)) = std::move(value);
    };
    const bool fifo = receive.queue.messages->fifo();
    add("SenderId", std::move(stored->sender_id));
    add("SentTimestamp", std::to_string(base::to_epoch_milliseconds(stored->sent_at)));
    add("ApproximateReceiveCount", std::to_string(taken.receive_count));
    add("ApproximateFirstReceiveTimestamp", std::to_string(base::to_epoch_milliseconds(taken.first_received_at)));
    add("SequenceNumber", fifo ? sequence_number_text(taken.sequence) : std::string());
    add("MessageDeduplicationId", std::move(stored->deduplication_id));
    add("MessageGroupId", std::move(stored->group_id));
    add("AWSTraceHeader", std::move(stored->trace_header));
    add("DeadLetterQueueSourceArn", std::move(stored->dead_letter_source_arn));
    if (!attributes.empty()) out.attributes = std::move(attributes);
  }
  if (!receive.attribute_names.empty()) {
    MessageAttributes selected;
    for (auto& [name, value] : stored->attributes)
      if (selects(receive.attribute_names, name)) selected.append(std::move(name)) = std::move(value);
    if (!selected.empty()) {
      out.md5_of_message_attributes = base::hex_encode(attributes_md5(selected));
      out.message_attributes = std::move(selected);
    }
  }
  return out;
}

}  // namespace engine::sqs
