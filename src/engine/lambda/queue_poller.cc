#include "engine/lambda/queue_poller.h"

#include <algorithm>
#include <span>
#include <utility>

#include "engine/arn.h"
#include "engine/internal_call.h"
#include "engine/lambda/json_check.h"
#include "engine/lambda/limits.h"
#include "engine/lambda/sqs_event.h"

namespace engine::lambda {
namespace {

constexpr std::size_t kBatchMax = 10;  // ReceiveMessage, DeleteMessageBatch, ChangeMessageVisibilityBatch

std::size_t task_count(const MappingRecord& mapping) {
  if (!mapping.maximum_concurrency) return kPollersDefault;
  return std::min<std::size_t>(static_cast<std::size_t>(*mapping.maximum_concurrency), kPollersMax);
}

// Requests about the messages of these receipts, as many to a request as SQS takes.
template <class Request>
std::vector<Request> batch_requests(const std::string& queue_url, std::span<const std::string_view> receipts) {
  std::vector<Request> out;
  for (std::size_t i = 0; i < receipts.size(); ++i) {
    if (i % kBatchMax == 0) {
      out.emplace_back().queue_url = queue_url;
      out.back().entries.emplace();
    }
    auto& entry = out.back().entries->emplace_back();
    entry.id = std::to_string(i % kBatchMax);
    entry.receipt_handle = receipts[i];
  }
  return out;
}

}  // namespace

QueuePoller::QueuePoller(store::KvStore& store, base::Env& env, aws::sqs::Sqs& sqs, MappingRecord mapping,
                         Invoke invoke, Broken broken)
    : store_(store),
      env_(env),
      sqs_(sqs),
      mapping_(std::move(mapping)),
      invoke_(std::move(invoke)),
      broken_(std::move(broken)),
      turn_(env.executor.make_condition()),
      stopped_(env.executor.make_condition()) {
  if (const auto arn = Arn::parse(mapping_.queue_arn)) queue_url_ = "/" + arn->account + "/" + arn->resource;
}

QueuePoller::~QueuePoller() {
  request_stop();
  tasks_.clear();
}

bool QueuePoller::start() {
  while (tasks_.size() < task_count(mapping_)) {
    auto task = env_.executor.try_spawn("lambda-poller", [this] { run(); });
    if (task == nullptr) return false;
    tasks_.push_back(std::move(task));
  }
  return true;
}

void QueuePoller::request_stop() {
  (void)leave();
}

bool QueuePoller::leave() {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(stopping_, true)) return false;
    turn_->notify_all();
    stopped_->notify_all();
  }
  leaving_->hang_up();
  return true;
}

bool QueuePoller::stopping() {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void QueuePoller::run() {
  while (take_turn()) {
    const Messages messages = gather();
    {
      const std::lock_guard lock(mutex_);
      receiving_ = false;
      turn_->notify_one();
    }
    if (messages.empty()) continue;
    // The receipt of these messages must not be forgotten once a function has seen them.
    store_.wait_durable(store_.last_written());
    handle(messages);
  }
}

bool QueuePoller::take_turn() {
  std::unique_lock lock(mutex_);
  while (receiving_ && !stopping_) env_.executor.wait_until(lock, *turn_, base::kTimestampMax);
  if (stopping_) return false;
  receiving_ = true;
  return true;
}

// One batch: what is there, or with a batching window what arrives until the batch is full or the window ends.
QueuePoller::Messages QueuePoller::gather() {
  Messages batch;
  const auto wanted = static_cast<std::size_t>(mapping_.batch_size);
  std::optional<base::Timestamp> window_end;
  std::size_t bytes = 0;
  while (batch.size() < wanted && bytes < kSyncPayloadBytesMax / 2 && !stopping()) {
    int32_t wait_seconds = kPollSliceSeconds;
    if (window_end) {
      const auto left = *window_end - env_.clock.now();
      if (left <= base::Duration(0)) break;
      if (left < std::chrono::seconds(kPollSliceSeconds)) wait_seconds = 0;
    }
    const base::Timestamp poll_ends = env_.clock.now() + std::chrono::seconds(wait_seconds);
    auto received = receive(std::min(kBatchMax, wanted - batch.size()), wait_seconds);
    if (!received) {
      if (received.error().code == "QueueDoesNotExist") {
        fail("The event source " + mapping_.queue_arn + " does not exist any more.");
      } else {
        back_off();
      }
      break;
    }
    for (auto& message : *received) {
      bytes += message.body.value_or("").size();
      batch.push_back(std::move(message));
    }
    // A queue that answers with nothing before the poll is over (the engine stops) must not be asked in a circle.
    if (received->empty() && env_.clock.now() < poll_ends) pause(env_.clock.now() + kPollBackoffMin);
    if (batch.empty()) continue;
    if (mapping_.batching_window_seconds == 0) break;
    if (!window_end) window_end = env_.clock.now() + std::chrono::seconds(mapping_.batching_window_seconds);
    // Less than a second is left, which is too short for a long poll; yet a message that comes now may fill the batch.
    if (received->empty() && wait_seconds == 0) pause(std::min(*window_end, env_.clock.now() + kPollBackoffMin));
  }
  return batch;
}

base::Result<QueuePoller::Messages> QueuePoller::receive(std::size_t count_max, int32_t wait_seconds) {
  aws::sqs::ReceiveMessageRequest in;
  in.queue_url = queue_url_;
  in.max_number_of_messages = static_cast<int32_t>(count_max);
  in.wait_time_seconds = wait_seconds;
  in.message_system_attribute_names.emplace().push_back("All");
  in.message_attribute_names.emplace().push_back("All");
  aws::Context context = account_call(env_, mapping_.account, mapping_.region);
  context.caller_gone = leaving_;
  TRY_ASSIGN(auto out, sqs_.receive_message(context, std::move(in)));
  return std::move(out.messages).value_or(Messages());
}

void QueuePoller::handle(const Messages& messages) {
  SqsEvent event;
  std::string record;
  std::size_t begin = 0;
  bool ok = true;
  const std::span<const aws::sqs::Message> all(messages);
  for (std::size_t i = 0; i < messages.size(); ++i) {
    record.clear();
    write_sqs_record(messages[i], mapping_.queue_arn, mapping_.region, mapping_.batching_window_seconds > 0, record);
    if (event.add(record, kSyncPayloadBytesMax)) continue;
    ok &= handle_part(all.subspan(begin, i - begin), event.take());
    begin = i;
    event = SqsEvent();
    event.add(record, kSyncPayloadBytesMax);
  }
  ok &= handle_part(all.subspan(begin), event.take());
  if (ok) {
    const std::lock_guard lock(mutex_);
    failures_in_a_row_ = 0;
  } else {
    back_off();
  }
}

// False if the function failed: its messages stay until their visibility ends.
bool QueuePoller::handle_part(std::span<const aws::sqs::Message> messages, std::string event) {
  Answer answer = invoke_(std::move(event));
  if (!answer.broken.empty()) fail(answer.broken);
  if (!answer.ok && !answer.cut_off) return false;
  std::vector<bool> failed(messages.size(), false);
  if (answer.ok && mapping_.reports_item_failures) {
    std::vector<std::string> ids;
    for (const auto& message : messages) ids.push_back(message.message_id.value_or(""));
    failed = failed_messages(answer.payload, ids);
  }
  std::vector<std::string_view> receipts;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (!failed[i]) receipts.push_back(*messages[i].receipt_handle);
  }
  if (answer.cut_off) {
    give_back(receipts);
  } else {
    remove(receipts);
  }
  return !receipts.empty();
}

// A message that is not deleted comes again; delivery is at least once.
void QueuePoller::remove(std::span<const std::string_view> receipts) {
  for (auto& request : batch_requests<aws::sqs::DeleteMessageBatchRequest>(queue_url_, receipts)) {
    aws::Context context = account_call(env_, mapping_.account, mapping_.region);
    (void)sqs_.delete_message_batch(context, std::move(request));
  }
}

// Who starts the engine again need not wait until the visibility of what its stop has cut off is over.
void QueuePoller::give_back(std::span<const std::string_view> receipts) {
  for (auto& request : batch_requests<aws::sqs::ChangeMessageVisibilityBatchRequest>(queue_url_, receipts)) {
    for (auto& entry : *request.entries) entry.visibility_timeout = 0;
    aws::Context context = account_call(env_, mapping_.account, mapping_.region);
    (void)sqs_.change_message_visibility_batch(context, std::move(request));
  }
}

void QueuePoller::fail(const std::string& reason) {
  if (leave()) broken_(mapping_.uuid, reason);
}

// A function that always fails must not be called as fast as messages arrive.
void QueuePoller::back_off() {
  unsigned doublings = 0;
  {
    const std::lock_guard lock(mutex_);
    doublings = std::min(failures_in_a_row_++, 10U);
  }
  pause(env_.clock.now() + std::min<base::Duration>(kPollBackoffMin * (1 << doublings), kPollBackoffMax));
}

void QueuePoller::pause(base::Timestamp until) {
  std::unique_lock lock(mutex_);
  while (!stopping_ && env_.clock.now() < until) env_.executor.wait_until(lock, *stopped_, until);
}

}  // namespace engine::lambda
