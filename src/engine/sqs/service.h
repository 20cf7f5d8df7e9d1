// SqsService: Amazon SQS over a KvStore. Owned by the engine; safe from any thread.
//
// Two levels of state and locks. The directory (mutex_) maps names to queues; a queue's settings are an immutable
// QueueRecord that is replaced as a whole. Each queue's messages are a MessageIndex with its own mutex, so queues do
// not slow each other down. Lock order: directory, then one index, or two at once by std::lock (redrive), then the
// DueClock. Validation, digests and the reading of bodies happen without any lock. A ReceiveMessage that waits holds no
// thread: it is a waker in the queue's index.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/sqs/sqs.h"
#include "base/env.h"
#include "engine/sqs/due_clock.h"
#include "engine/sqs/message_index.h"
#include "engine/sqs/move_task.h"
#include "engine/sqs/queue_metrics.h"
#include "engine/sqs/queue_record.h"
#include "engine/sqs/receive_attempts.h"
#include "store/kv_store.h"

namespace engine::sqs {

struct PreparedMessage;
struct StoredMessage;

struct SqsOptions {
  // Whether a queue's Policy lets the caller do `action` ("sqs:SendMessage") on `resource_arn`. Asked only when a
  // service or another account calls; the server has checked everybody else. An empty function allows nothing.
  std::function<bool(const std::string& policy_json, const aws::Context& context, std::string_view action,
                     std::string_view resource_arn)>
      allows;
  // Refuse to create a queue within 60 seconds of deleting one of that name (QueueDeletedRecently), as AWS does.
  bool delay_recreation = false;
  // Where AWS/SQS goes; null: nowhere. Outlives the service.
  ServiceMetrics* metrics = nullptr;
};

class SqsService final : public aws::sqs::Sqs {
 public:
  // Loads every queue from `store`, which outlives the service, as do the parts of `env`.
  SqsService(store::KvStore& store, base::Env& env, SqsOptions options = {});
  ~SqsService() override;  // stop()
  SqsService(const SqsService&) = delete;
  SqsService& operator=(const SqsService&) = delete;

  // Begins to remove expired messages and to carry out move tasks in the background.
  void start();
  // Ends that, and every ReceiveMessage that waits; later ones do not wait.
  void stop();
  struct QueueState {
    std::shared_ptr<const QueueRecord> record;
    QueueMetrics::Gauges gauges;
    std::shared_ptr<QueueMetrics> metrics;
  };
  // Of every queue.
  std::vector<QueueState> queue_states(base::Timestamp now);
  // Adds the gauges of every queue to the metrics. To be called each minute.
  void sample_metrics(base::Timestamp now);

  // service_queues.cc
  base::Result<aws::sqs::CreateQueueResult> create_queue(aws::Context& context,
                                                         aws::sqs::CreateQueueRequest in) override;
  base::Result<aws::sqs::DeleteQueueResponse> delete_queue(aws::Context& context,
                                                           aws::sqs::DeleteQueueRequest in) override;
  base::Result<aws::sqs::PurgeQueueResponse> purge_queue(aws::Context& context,
                                                         aws::sqs::PurgeQueueRequest in) override;
  base::Result<aws::sqs::GetQueueUrlResult> get_queue_url(aws::Context& context,
                                                          aws::sqs::GetQueueUrlRequest in) override;
  base::Result<aws::sqs::ListQueuesResult> list_queues(aws::Context& context, aws::sqs::ListQueuesRequest in) override;
  base::Result<aws::sqs::ListDeadLetterSourceQueuesResult> list_dead_letter_source_queues(
      aws::Context& context, aws::sqs::ListDeadLetterSourceQueuesRequest in) override;
  // service_settings.cc
  base::Result<aws::sqs::GetQueueAttributesResult> get_queue_attributes(
      aws::Context& context, aws::sqs::GetQueueAttributesRequest in) override;
  base::Result<aws::sqs::SetQueueAttributesResponse> set_queue_attributes(
      aws::Context& context, aws::sqs::SetQueueAttributesRequest in) override;
  base::Result<aws::sqs::ListQueueTagsResult> list_queue_tags(aws::Context& context,
                                                              aws::sqs::ListQueueTagsRequest in) override;
  base::Result<aws::sqs::TagQueueResponse> tag_queue(aws::Context& context, aws::sqs::TagQueueRequest in) override;
  base::Result<aws::sqs::UntagQueueResponse> untag_queue(aws::Context& context,
                                                         aws::sqs::UntagQueueRequest in) override;
  // service_permissions.cc
  base::Result<aws::sqs::AddPermissionResponse> add_permission(aws::Context& context,
                                                               aws::sqs::AddPermissionRequest in) override;
  base::Result<aws::sqs::RemovePermissionResponse> remove_permission(aws::Context& context,
                                                                     aws::sqs::RemovePermissionRequest in) override;
  // service_move.cc
  base::Result<aws::sqs::StartMessageMoveTaskResult> start_message_move_task(
      aws::Context& context, aws::sqs::StartMessageMoveTaskRequest in) override;
  base::Result<aws::sqs::ListMessageMoveTasksResult> list_message_move_tasks(
      aws::Context& context, aws::sqs::ListMessageMoveTasksRequest in) override;
  base::Result<aws::sqs::CancelMessageMoveTaskResult> cancel_message_move_task(
      aws::Context& context, aws::sqs::CancelMessageMoveTaskRequest in) override;
  // service_send.cc
  base::Result<aws::sqs::SendMessageResult> send_message(aws::Context& context,
                                                         aws::sqs::SendMessageRequest in) override;
  base::Result<aws::sqs::SendMessageBatchResult> send_message_batch(aws::Context& context,
                                                                    aws::sqs::SendMessageBatchRequest in) override;
  // service_receive.cc
  base::Result<aws::sqs::ReceiveMessageResult> receive_message(aws::Context& context,
                                                               aws::sqs::ReceiveMessageRequest in) override;
  // service_receipts.cc
  base::Result<aws::sqs::DeleteMessageResponse> delete_message(aws::Context& context,
                                                               aws::sqs::DeleteMessageRequest in) override;
  base::Result<aws::sqs::DeleteMessageBatchResult> delete_message_batch(
      aws::Context& context, aws::sqs::DeleteMessageBatchRequest in) override;
  base::Result<aws::sqs::ChangeMessageVisibilityResponse> change_message_visibility(
      aws::Context& context, aws::sqs::ChangeMessageVisibilityRequest in) override;
  base::Result<aws::sqs::ChangeMessageVisibilityBatchResult> change_message_visibility_batch(
      aws::Context& context, aws::sqs::ChangeMessageVisibilityBatchRequest in) override;

 private:
  // A queue as one operation sees it: settings as of the lookup, and the live messages.
  struct Queue {
    std::shared_ptr<const QueueRecord> record;
    std::shared_ptr<MessageIndex> messages;
    std::shared_ptr<QueueMetrics> metrics;
    std::shared_ptr<ReceiveAttempts> attempts;  // of a FIFO queue; under the lock of `messages`
  };
  using Directory = std::map<std::string, Queue, std::less<>>;  // by keys::queue()

  // service.cc
  void load();
  void load_messages(std::map<uint64_t, MessageIndex*>& by_id);
  void load_leases(std::map<uint64_t, MessageIndex*>& by_id);
  void load_dedup(std::map<uint64_t, MessageIndex*>& by_id);
  Queue make_queue(QueueRecord record);
  void sweep();
  // The record of a message of `index`, whose lock is held, so that it is there.
  StoredMessage load_message(const MessageIndex& index, uint64_t sequence);
  // The queue behind `url` if it exists and the caller may do `action` on it.
  base::Result<Queue> find_queue(const aws::Context& context, const std::optional<std::string>& url,
                                 std::string_view action);
  // The same for operations that change the directory. REQUIRES: mutex_ is held.
  base::Result<Directory::iterator> find_entry(const aws::Context& context, const std::optional<std::string>& url,
                                               std::string_view action);
  [[nodiscard]] base::Result<void> authorise(const aws::Context& context, const QueueRecord& record,
                                             std::string_view action) const;
  // A queue that a redrive policy names, if it exists.
  std::shared_ptr<MessageIndex> find_dead_letter_queue(const QueueRecord& source);
  // Replaces the settings of a queue, in the store and here. REQUIRES: mutex_ is held.
  void replace_record(Directory::iterator entry, QueueRecord record);
  // That what `attributes` names exists and agrees: the target of a redrive policy. REQUIRES: mutex_ is held.
  [[nodiscard]] base::Result<void> check_redrive(const QueueRecord& source, const QueueAttributes& attributes) const;

  // service_send.cc: appends `messages` in one batch and fills in message ids and sequence numbers.
  base::Result<void> append(const aws::Context& context, const Queue& queue, std::span<PreparedMessage> messages);

  // service_receive.cc
  struct Receive;
  struct Taken;
  struct Look;
  base::Result<Receive> prepare_receive(const aws::Context& context, aws::sqs::ReceiveMessageRequest& in);
  base::Result<Look> poll(const aws::Context& context, Receive& receive);
  base::Result<Look> look(const aws::Context& context, Receive& receive, base::Timestamp now);
  bool repeat_attempt(const Receive& receive, base::Timestamp now, Look& look);
  void take(const Receive& receive, base::Timestamp now, bool may_move, Look& look);
  aws::sqs::ReceiveMessageResult read_messages(const Receive& receive, const std::vector<Taken>& taken);
  void move_to_dead_letter(const Receive& receive, uint64_t sequence, base::Timestamp now, store::WriteBatch& batch);
  std::optional<aws::sqs::Message> read_message(const Receive& receive, const Taken& taken);

  // service_receipts.cc: each REQUIRES the lock of the queue's messages.
  base::Result<void> delete_by_handle(const Queue& queue, const std::optional<std::string>& handle,
                                      store::WriteBatch& batch);
  base::Result<void> change_by_handle(const Queue& queue, const std::optional<std::string>& handle,
                                      std::optional<int32_t> timeout_seconds, base::Timestamp now,
                                      std::vector<uint64_t>& changed);

  // service_move.cc. All up to the background task REQUIRE: mutex_ is held.
  void load_move_tasks(const std::map<uint64_t, MessageIndex*>& by_id);
  Directory::iterator find_by_arn(std::string_view arn);
  // The queue that `parameter` names, if it exists and the caller may do `action` on it.
  base::Result<Directory::iterator> find_resource(const aws::Context& context, const std::optional<std::string>& arn,
                                                  std::string_view parameter, std::string_view action);
  static void store_move_task(uint64_t queue_id, const MoveTask& task, store::WriteBatch& batch);
  void move_in_background();
  // What one step of a task came to: how many messages it moved, and how the task ended, if it did.
  struct MoveStep {
    std::size_t moved = 0;
    std::optional<std::pair<MoveTask::Status, std::string>> end;
  };
  MoveStep move_some(const Queue& source, const MoveTask& task, base::Timestamp now);
  uint64_t next_to_move(const Queue& source, base::Timestamp now);
  std::optional<Queue> find_destination(const QueueRecord& source, std::string_view arn);
  bool move_message(const Queue& source, const Queue& target, uint64_t sequence, StoredMessage message,
                    base::Timestamp now);
  void settle_move(uint64_t queue_id, const MoveTask& task, const MoveStep& step, base::Timestamp now);

  store::KvStore& store_;
  base::Env& env_;
  const SqsOptions options_;
  DueClock due_clock_;
  uint64_t first_number_ = 0;  // every number that this process gives out is larger than those of earlier ones
  std::mutex mutex_;           // guards directory_, move_tasks_ and next_queue_id_
  Directory directory_;
  std::map<uint64_t, std::deque<MoveTask>> move_tasks_;  // by source queue; the newest last; only that one may run
  uint64_t next_queue_id_ = 0;
  std::atomic<bool> stopping_ = false;
  std::unique_ptr<base::Condition> stop_requested_;
  std::unique_ptr<base::Condition> moves_changed_;
  std::unique_ptr<base::Task> sweeper_;
  std::unique_ptr<base::Task> mover_;
};

}  // namespace engine::sqs
