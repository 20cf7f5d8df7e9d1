// SqsService: message move tasks, which bring the messages of a dead-letter queue back. One background task carries out
// all of them, one message per lock of the two queues, so that operations get in between. A message is in one queue or
// the other at every moment; after a crash a task goes on where it was, and may have moved more than it had counted.
#include <algorithm>

#include "aws/sqs/errors.h"
#include "base/check.h"
#include "engine/arn.h"
#include "engine/sqs/keys.h"
#include "engine/sqs/limits.h"
#include "engine/sqs/message.h"
#include "engine/sqs/message_checks.h"
#include "engine/sqs/service.h"

namespace engine::sqs {
namespace {

namespace errors = aws::sqs::errors;
using namespace aws::sqs;

// The codes that AWS shows as FailureReason.
constexpr std::string_view kNoDestination = "AWS.SimpleQueueService.NonExistentQueue";
constexpr std::string_view kNoSource = "CouldNotDetermineMessageSource";

base::AwsError no_resource(std::string_view parameter) {
  return errors::resource_not_found_exception("The resource that you specified for the " + std::string(parameter) +
                                              " parameter doesn't exist.");
}

std::string key_of(uint64_t queue_id, const MoveTask& task) {
  return keys::move_task(queue_id, static_cast<uint64_t>(task.started_at.time_since_epoch().count()), task.id);
}

base::AwsError invalid(std::string message) {
  return errors::invalid_parameter_value_exception(std::move(message));
}

int64_t rate_of(const MoveTask& task) {
  return task.messages_per_second == 0 ? kMovesPerSecondDefault : task.messages_per_second;
}

std::size_t moves_per_step(const MoveTask& task) {
  return std::clamp<std::size_t>(static_cast<std::size_t>(rate_of(task)) / 10, 1, kMovedPerStep);
}

}  // namespace

SqsService::Directory::iterator SqsService::find_by_arn(std::string_view arn) {
  const auto parsed = Arn::parse(arn);
  if (!parsed || parsed->service != "sqs") return directory_.end();
  return directory_.find(keys::queue(parsed->account, parsed->region, parsed->resource));
}

base::Result<SqsService::Directory::iterator> SqsService::find_resource(const aws::Context& context,
                                                                        const std::optional<std::string>& arn,
                                                                        std::string_view parameter,
                                                                        std::string_view action) {
  if (!arn || arn->empty()) return base::fail(missing_parameter(parameter));
  const auto found = find_by_arn(*arn);
  if (found == directory_.end() || found->second.record->region != context.region) {
    return base::fail(no_resource(parameter));
  }
  TRY(authorise(context, *found->second.record, action));
  return found;
}

void SqsService::load_move_tasks(const std::map<uint64_t, MessageIndex*>& by_id) {
  const std::string prefix = store::KeyWriter(keys::kMoveTaskTable).take();
  for (auto cursor = store_.scan(prefix, store::prefix_end(prefix)); cursor->valid(); cursor->next()) {
    uint64_t queue_id = 0;
    store::KeyReader key(cursor->key(), keys::kMoveTaskTable);
    auto task = MoveTask::decode(cursor->value());
    store::require_intact(key.number(queue_id) && task && by_id.contains(queue_id), "a move task of SQS");
    const auto source = find_by_arn(task->source_arn);
    store::require_intact(source != directory_.end() && source->second.record->id == queue_id, "a move task of SQS");
    move_tasks_[queue_id].push_back(std::move(*task));  // in the order in which they were started
  }
}

void SqsService::store_move_task(uint64_t queue_id, const MoveTask& task, store::WriteBatch& batch) {
  batch.put(key_of(queue_id, task), task.encode());
}

base::Result<StartMessageMoveTaskResult> SqsService::start_message_move_task(aws::Context& context,
                                                                             StartMessageMoveTaskRequest in) {
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto source, find_resource(context, in.source_arn, "SourceArn", "sqs:StartMessageMoveTask"));
  const QueueRecord& record = *source->second.record;
  const std::string arn = record.arn();
  const bool is_dead_letter_queue = std::ranges::any_of(directory_, [&](const auto& entry) {
    const auto& redrive = entry.second.record->attributes.redrive;
    return redrive && redrive->target_arn == arn;
  });
  if (!is_dead_letter_queue) return base::fail(invalid("Source queue must be configured as a Dead Letter Queue."));
  MoveTask task;
  if (in.destination_arn && !in.destination_arn->empty()) {
    TRY_ASSIGN(const auto destination, find_resource(context, in.destination_arn, "DestinationArn", "sqs:SendMessage"));
    if (destination == source) return base::fail(invalid("Source queue and destination queue cannot be the same."));
    if (destination->second.record->attributes.fifo != record.attributes.fifo) {
      return base::fail(invalid("Source queue and destination queue must be of the same type."));
    }
    task.destination_arn = *in.destination_arn;
  }
  if (in.max_number_of_messages_per_second) {
    const int32_t rate = *in.max_number_of_messages_per_second;
    if (rate < 1 || rate > kMovesPerSecondMax) {
      return base::fail(invalid_value(std::to_string(rate), "MaxNumberOfMessagesPerSecond",
                                      "Must be between 1 and 500, if provided."));
    }
    task.messages_per_second = static_cast<uint32_t>(rate);
  }
  auto& tasks = move_tasks_[record.id];
  if (!tasks.empty() && tasks.back().status == MoveTask::Status::running) {
    return base::fail(
        invalid("There is already a task running. Only one active task is allowed for a source queue arn at a given "
                "time."));
  }
  task.id = base::make_uuid(env_.random);
  task.source_arn = arn;
  task.started_at = context.now;
  if (!tasks.empty()) task.started_at = std::max(task.started_at, tasks.back().started_at + base::Duration(1));
  store::WriteBatch batch;
  {
    const std::lock_guard index_lock(source->second.messages->mutex);
    source->second.messages->advance(context.now);
    task.messages_to_move = source->second.messages->count(MessageIndex::State::visible);
  }
  store_move_task(record.id, task, batch);
  if (tasks.size() == kMoveTasksKept) {
    batch.erase(key_of(record.id, tasks.front()));
    tasks.pop_front();
  }
  store_.write(batch);
  StartMessageMoveTaskResult out{task.handle()};
  tasks.push_back(std::move(task));
  moves_changed_->notify_all();
  return out;
}

base::Result<ListMessageMoveTasksResult> SqsService::list_message_move_tasks(aws::Context& context,
                                                                             ListMessageMoveTasksRequest in) {
  const int32_t limit = in.max_results.value_or(1);
  if (limit < 1 || limit > static_cast<int32_t>(kMoveTasksKept)) {
    return base::fail(invalid_value(std::to_string(limit), "MaxResults", "Must be between 1 and 10, if provided."));
  }
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto source, find_resource(context, in.source_arn, "SourceArn", "sqs:ListMessageMoveTasks"));
  ListMessageMoveTasksResult out;
  auto& results = out.results.emplace();
  const auto tasks = move_tasks_.find(source->second.record->id);
  if (tasks == move_tasks_.end()) return out;
  for (auto task = tasks->second.rbegin(); task != tasks->second.rend() && results.size() < std::size_t(limit);
       ++task) {
    ListMessageMoveTasksResultEntry& entry = results.emplace_back();
    if (task->status == MoveTask::Status::running) entry.task_handle = task->handle();
    entry.status = std::string(task->status_text());
    entry.source_arn = task->source_arn;
    if (!task->destination_arn.empty()) entry.destination_arn = task->destination_arn;
    if (task->messages_per_second != 0) {
      entry.max_number_of_messages_per_second = static_cast<int32_t>(task->messages_per_second);
    }
    entry.approximate_number_of_messages_moved = static_cast<int64_t>(task->messages_moved);
    entry.approximate_number_of_messages_to_move = static_cast<int64_t>(task->messages_to_move);
    if (!task->failure_reason.empty()) entry.failure_reason = task->failure_reason;
    entry.started_timestamp = base::to_epoch_milliseconds(task->started_at);
  }
  return out;
}

base::Result<CancelMessageMoveTaskResult> SqsService::cancel_message_move_task(aws::Context& context,
                                                                               CancelMessageMoveTaskRequest in) {
  if (!in.task_handle) return base::fail(missing_parameter("TaskHandle"));
  const auto name = parse_move_task_handle(*in.task_handle);
  if (!name) return base::fail(invalid("Value for parameter TaskHandle is invalid."));
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto source, find_resource(context, name->source_arn, "SourceArn", "sqs:CancelMessageMoveTask"));
  auto& tasks = move_tasks_[source->second.record->id];
  const auto task = std::ranges::find(tasks, name->id, &MoveTask::id);
  if (task == tasks.end()) return base::fail(errors::resource_not_found_exception("Task does not exist."));
  if (task->status != MoveTask::Status::running) {
    return base::fail(errors::unsupported_operation("Only active tasks can be cancelled."));
  }
  task->status = MoveTask::Status::cancelled;
  store::WriteBatch batch;
  store_move_task(source->second.record->id, *task, batch);
  store_.write(batch);
  return CancelMessageMoveTaskResult{static_cast<int64_t>(task->messages_moved)};
}

// The body of the background task. What is due is copied under the lock, and moved without it.
void SqsService::move_in_background() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const base::Timestamp now = env_.clock.now();
    base::Timestamp next = base::kTimestampMax;
    std::vector<std::pair<Queue, MoveTask>> due;
    for (const auto& [queue_id, tasks] : move_tasks_) {
      if (tasks.empty() || tasks.back().status != MoveTask::Status::running) continue;
      const MoveTask& task = tasks.back();
      if (task.next_at > now) {
        next = std::min(next, task.next_at);
        continue;
      }
      const auto source = find_by_arn(task.source_arn);
      CHECK(source != directory_.end() && source->second.record->id == queue_id, "a queue takes its move tasks along");
      due.emplace_back(source->second, task);
    }
    if (due.empty()) {
      env_.executor.wait_until(lock, *moves_changed_, next);
      continue;
    }
    lock.unlock();
    for (const auto& [source, task] : due) {
      const MoveStep step = move_some(source, task, now);
      settle_move(source.record->id, task, step, now);
    }
    lock.lock();
  }
}

// Holds no lock but those of the two queues, and these only while one message changes its place.
SqsService::MoveStep SqsService::move_some(const Queue& source, const MoveTask& task, base::Timestamp now) {
  MoveStep out;
  for (std::size_t i = 0; i < moves_per_step(task) && !stopping_; ++i) {
    const uint64_t sequence = next_to_move(source, now);
    const auto end = [&](MoveTask::Status status, std::string_view reason = {}) {
      if (out.moved == 0) out.end.emplace(status, reason);  // else the next step finds the same
      return out;
    };
    if (sequence == 0) return end(MoveTask::Status::completed);
    const std::optional<std::string> row = store_.get(keys::message(source.record->id, sequence));
    if (!row) continue;  // somebody was faster
    std::optional<StoredMessage> message = StoredMessage::decode(*row);
    store::require_intact(message.has_value(), "a message of SQS");
    const std::string& destination =
        task.destination_arn.empty() ? message->dead_letter_source_arn : task.destination_arn;
    if (destination.empty()) return end(MoveTask::Status::failed, kNoSource);
    const std::optional<Queue> target = find_destination(*source.record, destination);
    if (!target) return end(MoveTask::Status::failed, kNoDestination);
    if (move_message(source, *target, sequence, std::move(*message), now)) ++out.moved;
  }
  return out;
}

// The first visible message; 0: there is none.
uint64_t SqsService::next_to_move(const Queue& source, base::Timestamp now) {
  MessageIndex& from = *source.messages;
  store::WriteBatch batch;
  const std::lock_guard lock(from.mutex);
  if (from.closed) return 0;
  from.advance(now);
  from.expire(now - source.record->attributes.retention(), kExpiredPerOperation, batch);
  if (!batch.empty()) store_.write(batch);
  return from.first_visible();
}

std::optional<SqsService::Queue> SqsService::find_destination(const QueueRecord& source, std::string_view arn) {
  const std::lock_guard lock(mutex_);
  const auto found = find_by_arn(arn);
  if (found == directory_.end() || found->second.record->id == source.id ||
      found->second.record->attributes.fifo != source.attributes.fifo) {
    return std::nullopt;
  }
  return found->second;
}

StoredMessage SqsService::load_message(const MessageIndex& index, uint64_t sequence) {
  const std::optional<std::string> row = store_.get(keys::message(index.queue_id(), sequence));
  std::optional<StoredMessage> message = row ? StoredMessage::decode(*row) : std::nullopt;
  store::require_intact(message.has_value(), "a message of SQS");  // all of the index have a record
  return std::move(*message);
}

// False if the message is not the first any more, or a queue was deleted meanwhile.
bool SqsService::move_message(const Queue& source, const Queue& target, uint64_t sequence, StoredMessage message,
                              base::Timestamp now) {
  MessageIndex& from = *source.messages;
  MessageIndex& to = *target.messages;
  // "All redriven messages are considered new messages with a new messageID and enqueueTime" (SQS Developer Guide,
  // "Configure a dead-letter queue redrive"). They are no duplicates: the deduplication window is not asked.
  message.message_id = base::make_uuid(env_.random);
  message.sent_at = message.enqueued_at = now;
  message.dead_letter_source_arn.clear();
  message.receive_count = 0;
  message.first_received_at.reset();
  message.visible_at.reset();
  const base::Timestamp visible_at = now + target.record->attributes.delay();
  if (!to.fifo() && visible_at > now) message.visible_at = visible_at;
  std::string record = message.encode();
  store::WriteBatch batch;
  const std::scoped_lock both(from.mutex, to.mutex);
  if (from.closed || to.closed || from.first_visible() != sequence) return false;
  from.erase(sequence, batch);
  const uint64_t place = to.next_number();
  batch.put(keys::message(to.queue_id(), place), std::move(record));
  to.add(place, now, visible_at, message.group_id, now);
  store_.write(batch);
  to.notify();
  return true;
}

// What a step came to, unless the task or its queue is gone. One that was cancelled meanwhile stays cancelled.
void SqsService::settle_move(uint64_t queue_id, const MoveTask& task, const MoveStep& step, base::Timestamp now) {
  const std::lock_guard lock(mutex_);
  const auto tasks = move_tasks_.find(queue_id);
  if (tasks == move_tasks_.end()) return;
  const auto found = std::ranges::find(tasks->second, task.id, &MoveTask::id);
  if (found == tasks->second.end()) return;
  found->messages_moved += step.moved;
  const auto pause =
      base::Duration(std::chrono::seconds(1)) * static_cast<int64_t>(std::max<std::size_t>(step.moved, 1));
  found->next_at = now + pause / rate_of(task);
  if (step.end && found->status == MoveTask::Status::running) {
    found->status = step.end->first;
    found->failure_reason = step.end->second;
  }
  store::WriteBatch batch;
  store_move_task(queue_id, *found, batch);
  store_.write(batch);
}

}  // namespace engine::sqs
