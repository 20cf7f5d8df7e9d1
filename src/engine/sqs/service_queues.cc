// SqsService: queues coming, going and being found.
#include <algorithm>

#include "aws/sqs/errors.h"
#include "base/encoding.h"
#include "engine/arn.h"
#include "engine/record.h"
#include "engine/sqs/keys.h"
#include "engine/sqs/limits.h"
#include "engine/sqs/message_checks.h"
#include "engine/sqs/service.h"
#include "engine/sqs/tags.h"

namespace engine::sqs {
namespace {

namespace errors = aws::sqs::errors;
using namespace aws::sqs;

// Decides from the name and FifoQueue which type of queue is meant. "x.fifo" with FifoQueue=false, and FifoQueue with
// a standard name, have texts of their own, given by QueueAttributes::with().
base::Result<bool> queue_type(const std::string& name, const aws::Map<std::string>& attributes) {
  const std::string* fifo = attributes.find("FifoQueue");
  const bool wants_fifo = fifo != nullptr && (*fifo == "true" || *fifo == "True" || *fifo == "TRUE");
  if (is_queue_name(name, true) && fifo != nullptr) return true;
  if (wants_fifo) {
    return base::fail(errors::invalid_parameter_value_exception(
        "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with "
        ".fifo suffix and be 1 to 80 in length."));
  }
  if (is_queue_name(name, false)) return false;
  return base::fail(errors::invalid_parameter_value_exception(
      "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"));
}

// The attributes that an existing queue has to have (item 5): those asked for, compared in their normal form.
base::Result<void> check_same(const QueueAttributes& current, const aws::Map<std::string>& asked) {
  TRY_ASSIGN(const QueueAttributes applied, QueueAttributes::with(current, asked));
  for (const auto& [name, value] : asked) {
    if (applied.text(name) == current.text(name)) continue;
    return base::fail(errors::queue_name_exists(
        "A queue already exists with the same name and a different value for attribute " + name));
  }
  return {};
}

base::Result<std::size_t> page_size(const std::optional<int32_t>& max_results) {
  if (!max_results) return std::size_t{kListResultsMax};
  if (*max_results >= 1 && *max_results <= kListResultsMax) return static_cast<std::size_t>(*max_results);
  return base::fail(
      invalid_value(std::to_string(*max_results), "MaxResults", "MaxResults must be an integer between 1 and 1000."));
}

// A page's token is the key of the last queue on the page before, of those that begin with `prefix`.
base::Result<std::string> page_begin(const std::optional<std::string>& token, const std::string& prefix) {
  if (!token || token->empty()) return prefix;
  const auto after = base::base64_decode(*token);
  if (!after || !after->starts_with(prefix)) {
    return base::fail(invalid_value(*token, "NextToken", "The token is not valid."));
  }
  return *after + '\0';
}

}  // namespace

base::Result<CreateQueueResult> SqsService::create_queue(aws::Context& context, CreateQueueRequest in) {
  if (!in.queue_name) return base::fail(missing_parameter("QueueName"));
  const aws::Map<std::string> attributes = std::move(in.attributes).value_or(aws::Map<std::string>());
  const aws::Map<std::string> tags = std::move(in.tags).value_or(aws::Map<std::string>());
  TRY_ASSIGN(const bool fifo, queue_type(*in.queue_name, attributes));
  TRY(check_tags(tags, *in.queue_name));
  TRY(check_policy(attributes));

  const std::string key = keys::queue(context.account, context.region, *in.queue_name);
  const std::lock_guard lock(mutex_);
  if (const auto existing = directory_.find(key); existing != directory_.end()) {
    TRY(check_same(existing->second.record->attributes, attributes));
    return CreateQueueResult{existing->second.record->url(context.endpoint)};
  }
  QueueRecord record;
  record.id = next_queue_id_ + 1;
  record.account = context.account;
  record.region = context.region;
  record.name = *in.queue_name;
  record.created_at = record.modified_at = context.now;
  record.tags = tags;
  record.attributes.fifo = fifo;
  TRY_ASSIGN(record.attributes, QueueAttributes::with(std::move(record.attributes), attributes));
  TRY(check_redrive(record, record.attributes));
  record.deduplicates_per_group = record.attributes.deduplication_scope == "messageGroup";

  store::WriteBatch batch;
  const std::string deleted_key = keys::deleted(context.account, context.region, *in.queue_name);
  if (const auto row = store_.get(deleted_key)) {
    base::Timestamp deleted_at;
    for (RecordReader reader(*row); reader.next();) deleted_at = reader.time();
    if (options_.delay_recreation && context.now < deleted_at + kRecreateInterval) {
      return base::fail(errors::queue_deleted_recently(
          "You must wait 60 seconds after deleting a queue before you can create another with the same name."));
    }
    batch.erase(deleted_key);
  }
  ++next_queue_id_;
  batch.put(key, record.encode());
  store_.write(batch);
  CreateQueueResult out{record.url(context.endpoint)};
  directory_.emplace(key, make_queue(std::move(record)));
  return out;
}

base::Result<void> SqsService::check_redrive(const QueueRecord& source, const QueueAttributes& attributes) const {
  if (!attributes.redrive) return {};
  const auto refuse = [&](std::string_view reason) {
    return base::fail(invalid_value(attributes.redrive_policy, "RedrivePolicy", reason));
  };
  const auto arn = Arn::parse(attributes.redrive->target_arn);
  if (!arn || arn->service != "sqs") return refuse("Invalid value for deadLetterTargetArn.");
  if (arn->account != source.account || arn->region != source.region) {
    return refuse("Dead-letter target owner and region should be same as the source.");
  }
  const QueueAttributes* target = &attributes;  // of a policy that names the queue itself, which AWS takes
  if (arn->resource != source.name) {
    const auto found = directory_.find(keys::queue(arn->account, arn->region, arn->resource));
    if (found == directory_.end()) return refuse("Dead letter target does not exist.");
    target = &found->second.record->attributes;
  }
  if (target->fifo != attributes.fifo) return refuse("Dead-letter queue must be same type of queue as the source.");
  if (target->redrive_allow_policy.empty()) return {};
  TRY_ASSIGN(const auto allow, parse_redrive_allow_policy(target->redrive_allow_policy));
  if (!allow.allows(source.arn())) {
    return refuse("The RedriveAllowPolicy of the dead-letter queue does not allow this source queue.");
  }
  return {};
}

base::Result<DeleteQueueResponse> SqsService::delete_queue(aws::Context& context, DeleteQueueRequest in) {
  Queue queue;  // outlives the locks: freeing many messages takes a while
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto entry, find_entry(context, in.queue_url, "sqs:DeleteQueue"));
  queue = entry->second;
  store::WriteBatch batch;
  batch.erase(entry->first);
  for (const std::string_view table :
       {keys::kMessageTable, keys::kLeaseTable, keys::kDedupTable, keys::kMoveTaskTable}) {
    const std::string rows = keys::queue_rows(table, queue.record->id);
    batch.erase_range(rows, store::prefix_end(rows));
  }
  if (options_.delay_recreation) {
    batch.put(keys::deleted(queue.record->account, queue.record->region, queue.record->name),
              RecordWriter().time(1, context.now).take());
  }
  const std::lock_guard index_lock(queue.messages->mutex);
  store_.write(batch);
  directory_.erase(entry);
  move_tasks_.erase(queue.record->id);
  queue.messages->closed = true;
  queue.messages->notify_all();
  return DeleteQueueResponse{};
}

base::Result<PurgeQueueResponse> SqsService::purge_queue(aws::Context& context, PurgeQueueRequest in) {
  std::shared_ptr<const void> removed;  // outlives the locks
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto entry, find_entry(context, in.queue_url, "sqs:PurgeQueue"));
  const Queue& queue = entry->second;
  QueueRecord record = *queue.record;
  if (record.purged_at && context.now < *record.purged_at + kPurgeInterval) {
    return base::fail(errors::purge_queue_in_progress("Only one PurgeQueue operation on " + record.name +
                                                      " is allowed every 60 seconds."));
  }
  record.purged_at = context.now;
  store::WriteBatch batch;
  batch.put(entry->first, record.encode());
  for (const std::string_view table : {keys::kMessageTable, keys::kLeaseTable, keys::kDedupTable}) {
    const std::string rows = keys::queue_rows(table, record.id);
    batch.erase_range(rows, store::prefix_end(rows));
  }
  const std::lock_guard index_lock(queue.messages->mutex);
  store_.write(batch);
  removed = queue.messages->clear();
  entry->second.record = std::make_shared<const QueueRecord>(std::move(record));
  return PurgeQueueResponse{};
}

base::Result<GetQueueUrlResult> SqsService::get_queue_url(aws::Context& context, GetQueueUrlRequest in) {
  if (!in.queue_name || in.queue_name->empty()) return base::fail(missing_parameter("QueueName"));
  const std::string account = in.queue_owner_aws_account_id.value_or(context.account);
  const std::lock_guard lock(mutex_);
  const auto found = directory_.find(keys::queue(account, context.region, *in.queue_name));
  if (found == directory_.end()) {
    return base::fail(errors::queue_does_not_exist("The specified queue does not exist."));
  }
  TRY(authorise(context, *found->second.record, "sqs:GetQueueUrl"));
  return GetQueueUrlResult{found->second.record->url(context.endpoint)};
}

base::Result<ListQueuesResult> SqsService::list_queues(aws::Context& context, ListQueuesRequest in) {
  TRY_ASSIGN(const std::size_t limit, page_size(in.max_results));
  const std::string all = store::KeyWriter(keys::kQueueTable).text(context.account).text(context.region).take();
  const std::string prefix = all + in.queue_name_prefix.value_or("");
  TRY_ASSIGN(const std::string begin, page_begin(in.next_token, prefix));
  ListQueuesResult out;
  const std::lock_guard lock(mutex_);
  std::string_view last;
  for (auto at = directory_.lower_bound(begin); at != directory_.end() && at->first.starts_with(prefix); ++at) {
    if (out.queue_urls && out.queue_urls->size() == limit) {
      // Without MaxResults there are no pages: the first 1,000 queues are all one gets (ListQueues).
      if (in.max_results) out.next_token = base::base64_encode(last);
      break;
    }
    if (!out.queue_urls) out.queue_urls.emplace();
    out.queue_urls->push_back(at->second.record->url(context.endpoint));
    last = at->first;
  }
  return out;
}

base::Result<ListDeadLetterSourceQueuesResult> SqsService::list_dead_letter_source_queues(
    aws::Context& context, ListDeadLetterSourceQueuesRequest in) {
  TRY_ASSIGN(const std::size_t limit, page_size(in.max_results));
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto target, find_entry(context, in.queue_url, "sqs:ListDeadLetterSourceQueues"));
  const std::string arn = target->second.record->arn();
  const std::string prefix = store::KeyWriter(keys::kQueueTable)
                                 .text(target->second.record->account)
                                 .text(target->second.record->region)
                                 .take();
  TRY_ASSIGN(const std::string begin, page_begin(in.next_token, prefix));
  ListDeadLetterSourceQueuesResult out;
  out.queue_urls.emplace();
  std::string_view last;
  for (auto at = directory_.lower_bound(begin); at != directory_.end() && at->first.starts_with(prefix); ++at) {
    const auto& redrive = at->second.record->attributes.redrive;
    if (!redrive || redrive->target_arn != arn) continue;
    if (out.queue_urls->size() == limit) {
      if (in.max_results) out.next_token = base::base64_encode(last);
      break;
    }
    out.queue_urls->push_back(at->second.record->url(context.endpoint));
    last = at->first;
  }
  return out;
}

}  // namespace engine::sqs
