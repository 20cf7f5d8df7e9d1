#include "engine/sqs/service.h"

#include <algorithm>

#include "aws/sqs/errors.h"
#include "engine/arn.h"
#include "engine/record.h"
#include "engine/sqs/keys.h"
#include "engine/sqs/limits.h"
#include "engine/sqs/message.h"
#include "engine/sqs/message_checks.h"

namespace engine::sqs {
namespace {

namespace errors = aws::sqs::errors;

// No policy gives them away: "Cross-account permissions don't apply to the following actions" (SQS Developer Guide,
// "Limitations of custom policies").
constexpr std::string_view kOwnersActions[] = {"sqs:AddPermission",      "sqs:CancelMessageMoveTask",
                                               "sqs:DeleteQueue",        "sqs:ListMessageMoveTasks",
                                               "sqs:ListQueueTags",      "sqs:RemovePermission",
                                               "sqs:SetQueueAttributes", "sqs:StartMessageMoveTask",
                                               "sqs:TagQueue",           "sqs:UntagQueue"};

constexpr int kEpochBits = 40;  // numbers of one process lifetime, per queue

// Rows are only ever written by this service, so one that does not read means that the disk lies.
void check_row(bool ok) {
  store::require_intact(ok, "a row of SQS");
}

}  // namespace

SqsService::SqsService(store::KvStore& store, base::Env& env, SqsOptions options)
    : store_(store),
      env_(env),
      options_(std::move(options)),
      due_clock_(env),
      stop_requested_(env.executor.make_condition()),
      moves_changed_(env.executor.make_condition()) {
  load();
}

SqsService::~SqsService() {
  stop();
}

void SqsService::load() {
  uint64_t epoch = 0;
  if (const auto row = store_.get(keys::kEpochKey)) {
    RecordReader reader(*row);
    while (reader.next()) epoch = reader.number();
    check_row(reader.ok());
  }
  store::WriteBatch batch;
  batch.put(std::string(keys::kEpochKey), RecordWriter().number(1, ++epoch).take());
  first_number_ = epoch << kEpochBits;
  next_queue_id_ = first_number_;

  std::map<uint64_t, MessageIndex*> by_id;
  const std::string prefix = store::KeyWriter(keys::kQueueTable).take();
  for (auto cursor = store_.scan(prefix, store::prefix_end(prefix)); cursor->valid(); cursor->next()) {
    auto record = QueueRecord::decode(cursor->value());
    check_row(record.has_value());
    Queue queue = make_queue(std::move(*record));
    by_id[queue.record->id] = queue.messages.get();
    directory_.emplace(std::string(cursor->key()), std::move(queue));
  }
  load_messages(by_id);
  load_leases(by_id);
  load_dedup(by_id);
  load_move_tasks(by_id);
  for (const auto& [key, queue] : directory_) queue.messages->finish_restore(env_.clock.now(), batch);
  store_.write(batch);
}

SqsService::Queue SqsService::make_queue(QueueRecord record) {
  Queue queue;
  queue.messages = std::make_shared<MessageIndex>(record.id, record.attributes.fifo, first_number_, due_clock_);
  queue.metrics = std::make_shared<QueueMetrics>(options_.metrics, record);
  if (record.attributes.fifo) queue.attempts = std::make_shared<ReceiveAttempts>();
  queue.record = std::make_shared<const QueueRecord>(std::move(record));
  return queue;
}

void SqsService::load_messages(std::map<uint64_t, MessageIndex*>& by_id) {
  std::map<uint64_t, base::Duration> fifo_delays;
  for (const auto& [key, queue] : directory_) fifo_delays[queue.record->id] = queue.record->attributes.delay();
  const std::string prefix = store::KeyWriter(keys::kMessageTable).take();
  for (auto cursor = store_.scan(prefix, store::prefix_end(prefix)); cursor->valid(); cursor->next()) {
    uint64_t queue_id = 0;
    uint64_t sequence = 0;
    store::KeyReader key(cursor->key(), keys::kMessageTable);
    const auto summary = MessageSummary::decode(cursor->value());
    check_row(key.number(queue_id) && key.number(sequence) && summary.has_value());
    const auto index = by_id.find(queue_id);
    check_row(index != by_id.end());
    index->second->restore(sequence, *summary, fifo_delays[queue_id]);
  }
}

void SqsService::load_leases(std::map<uint64_t, MessageIndex*>& by_id) {
  const std::string prefix = store::KeyWriter(keys::kLeaseTable).take();
  for (auto cursor = store_.scan(prefix, store::prefix_end(prefix)); cursor->valid(); cursor->next()) {
    uint64_t queue_id = 0;
    uint64_t lease = 0;
    store::KeyReader key(cursor->key(), keys::kLeaseTable);
    check_row(key.number(queue_id) && key.number(lease) && by_id.contains(queue_id));
    check_row(by_id[queue_id]->restore_lease(lease, cursor->value()));
  }
}

void SqsService::load_dedup(std::map<uint64_t, MessageIndex*>& by_id) {
  const std::string prefix = store::KeyWriter(keys::kDedupTable).take();
  for (auto cursor = store_.scan(prefix, store::prefix_end(prefix)); cursor->valid(); cursor->next()) {
    uint64_t queue_id = 0;
    std::string scope;
    store::KeyReader key(cursor->key(), keys::kDedupTable);
    check_row(key.number(queue_id) && key.text(scope) && by_id.contains(queue_id));
    check_row(by_id[queue_id]->dedup.restore(scope, cursor->value()));
  }
}

void SqsService::start() {
  due_clock_.start();
  sweeper_ = env_.executor.spawn("sqs-sweeper", [this] { sweep(); });
  mover_ = env_.executor.spawn("sqs-mover", [this] { move_in_background(); });
}

void SqsService::stop() {
  std::vector<std::shared_ptr<MessageIndex>> indices;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    stop_requested_->notify_all();
    moves_changed_->notify_all();
    for (const auto& [key, queue] : directory_) indices.push_back(queue.messages);
  }
  for (const auto& index : indices) {
    const std::lock_guard lock(index->mutex);
    index->notify_all();
  }
  due_clock_.stop();
  sweeper_.reset();
  mover_.reset();
}

std::vector<SqsService::QueueState> SqsService::queue_states(base::Timestamp now) {
  std::vector<QueueState> out;
  std::vector<Queue> queues;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, queue] : directory_) queues.push_back(queue);
  }
  for (const Queue& queue : queues) {
    using State = MessageIndex::State;
    MessageIndex& index = *queue.messages;
    const std::lock_guard lock(index.mutex);
    if (index.closed) continue;
    index.advance(now);
    const base::Duration age = now - index.oldest().value_or(now);
    out.push_back({queue.record,
                   {index.count(State::visible), index.count(State::delayed), index.count(State::in_flight),
                    std::max(age, base::Duration(0))},
                   queue.metrics});
  }
  return out;
}

void SqsService::sample_metrics(base::Timestamp now) {
  if (options_.metrics == nullptr) return;
  for (const QueueState& queue : queue_states(now)) queue.metrics->sample(queue.gauges, now);
}

// Removes what retention has ended for in queues that nobody touches. One small batch at a time, so that operations on
// the queue get in between.
void SqsService::sweep() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    std::vector<Queue> queues;
    for (const auto& [key, queue] : directory_) queues.push_back(queue);
    lock.unlock();
    for (const Queue& queue : queues) {
      bool done = false;
      for (std::size_t i = 0; i < kSweepBatchesMax && !done && !stopping_; ++i) {
        const base::Timestamp now = env_.clock.now();
        store::WriteBatch batch;
        const std::lock_guard index_lock(queue.messages->mutex);
        if (queue.messages->closed) break;
        done = queue.messages->expire(now - queue.record->attributes.retention(), kExpiredPerOperation, batch);
        done &= queue.messages->dedup.expire(queue.record->id, now, kExpiredPerOperation, batch);
        if (!batch.empty()) store_.write(batch);
      }
    }
    queues.clear();
    lock.lock();
    if (!stopping_) env_.executor.wait_until(lock, *stop_requested_, env_.clock.now() + kSweepInterval);
  }
}

base::Result<SqsService::Directory::iterator> SqsService::find_entry(const aws::Context& context,
                                                                     const std::optional<std::string>& url,
                                                                     std::string_view action) {
  if (!url || url->empty()) return base::fail(missing_parameter("QueueUrl"));
  const std::optional<QueueAddress> address = parse_queue_url(*url);
  const std::string_view account = address && !address->account.empty() ? address->account : context.account;
  const auto entry = address ? directory_.find(keys::queue(account, context.region, address->name)) : directory_.end();
  if (entry == directory_.end()) {
    return base::fail(errors::queue_does_not_exist("The specified queue does not exist."));
  }
  TRY(authorise(context, *entry->second.record, action));
  entry->second.metrics->used(context.now);
  return entry;
}

base::Result<SqsService::Queue> SqsService::find_queue(const aws::Context& context,
                                                       const std::optional<std::string>& url, std::string_view action) {
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto entry, find_entry(context, url, action));
  return entry->second;
}

base::Result<void> SqsService::authorise(const aws::Context& context, const QueueRecord& record,
                                         std::string_view action) const {
  const bool own =
      context.principal.kind != aws::Principal::Kind::service && context.principal.account == record.account;
  if (own) return {};
  const std::string& policy = record.attributes.policy;
  const bool owners = std::ranges::find(kOwnersActions, action) != std::end(kOwnersActions);
  if (!owners && options_.allows && !policy.empty() && options_.allows(policy, context, action, record.arn()))
    return {};
  std::string message = "User: " + context.principal.arn + " is not authorized to perform: ";
  message.append(action).append(" on resource: ").append(record.arn());
  message.append(" because no resource-based policy allows the ").append(action).append(" action");
  return base::fail(errors::access_denied_exception(std::move(message)));
}

std::shared_ptr<MessageIndex> SqsService::find_dead_letter_queue(const QueueRecord& source) {
  if (!source.attributes.redrive) return nullptr;
  const auto arn = Arn::parse(source.attributes.redrive->target_arn);
  if (!arn) return nullptr;
  const std::lock_guard lock(mutex_);
  const auto found = directory_.find(keys::queue(arn->account, arn->region, arn->resource));
  if (found == directory_.end() || found->second.record->id == source.id) return nullptr;
  return found->second.messages;
}

void SqsService::replace_record(Directory::iterator entry, QueueRecord record) {
  store::WriteBatch batch;
  batch.put(entry->first, record.encode());
  store_.write(batch);
  entry->second.record = std::make_shared<const QueueRecord>(std::move(record));
}

}  // namespace engine::sqs
