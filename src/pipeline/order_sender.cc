#include "pipeline/order_sender.h"

#include <algorithm>

#include "aws/http/failure.h"
#include "pipeline/message_fit.h"
#include "pipeline/notifier.h"
#include "pipeline/rows.h"

namespace pipeline {
namespace {

constexpr std::size_t kBatchEntriesMax = 10;     // SQS's bound
constexpr std::size_t kBatchBytesMax = 1 << 20;  // SQS's bound on the sum of a batch
constexpr std::size_t kAttributeBytes = 64;      // room for the source attribute of one entry
constexpr std::size_t kSenders = 4;
constexpr std::size_t kBatchesWaitingMax = 64;
constexpr int kAttemptsMax = 5;  // of the entries that a batch call reports as failed
constexpr base::Duration kFirstPause = std::chrono::milliseconds(50);  // before the second attempt; it doubles

// The client does not repeat what may have been done. Here a message too many does no harm: its source says that it is
// the same order.
bool is_unclear(const base::AwsError& error) {
  return (error.http_status == 0 && !aws::http::nothing_was_sent(error.code)) || error.http_status >= 500;
}

}  // namespace

// Between half and all of a time that doubles: what SQS did not take at once it does not take at the next moment, and
// the senders do not come back together.
base::Duration OrderSender::pause_before(int attempt) {
  const base::Duration bound = kFirstPause * (1 << (attempt - 1));
  return bound / 2 + base::Duration(static_cast<int64_t>(
                         base::random_below(env_.random, static_cast<uint64_t>((bound / 2).count()) + 1)));
}

OrderSender::OrderSender(aws::sqs::Sqs& sqs, aws::dynamodb::DynamoDb& dynamodb, base::Env& env,
                         const PipelineConfig& config, std::string upload_id)
    : sqs_(sqs),
      dynamodb_(dynamodb),
      env_(env),
      config_(config),
      upload_id_(std::move(upload_id)),
      changed_(env.executor.make_condition()) {}

OrderSender::~OrderSender() {
  finish();
}

void OrderSender::send(RecordSplitter::Order order) {
  if (const auto unfit = unfit_for_queue(order)) return quarantine(order, *unfit);
  const std::size_t bytes = order.text.size() + kAttributeBytes;
  if (batch_.size() == kBatchEntriesMax || batch_bytes_ + bytes > kBatchBytesMax) hand_over();
  aws::sqs::MessageAttributeValue source;
  source.data_type = "String";
  source.string_value = source_of(upload_id_, order.index);
  aws::sqs::SendMessageBatchRequestEntry& entry = batch_.emplace_back();
  entry.id = std::to_string(batch_.size());
  entry.message_body = std::move(order.text);
  entry.message_attributes.emplace().append("source") = std::move(source);
  batch_bytes_ += bytes;
}

// To the tasks; one more of them each time, up to kSenders.
void OrderSender::hand_over() {
  {
    std::unique_lock lock(mutex_);
    while (waiting_.size() >= kBatchesWaitingMax && failure_.empty())
      env_.executor.wait_until(lock, *changed_, base::kTimestampMax);
    take_batch();
  }
  if (tasks_.size() < kSenders)
    if (auto task = env_.executor.try_spawn("sender", [this] { work(/*waits=*/true); }); task != nullptr)
      tasks_.push_back(std::move(task));
  if (tasks_.empty()) work(/*waits=*/false);  // there is no thread
}

// Under the lock.
void OrderSender::take_batch() {
  if (failure_.empty() && !batch_.empty()) waiting_.push_back(std::move(batch_));
  batch_.clear();
  batch_bytes_ = 0;
  changed_->notify_all();
}

std::string OrderSender::finish() {
  {
    const std::lock_guard lock(mutex_);
    take_batch();
    finished_ = true;
  }
  work(/*waits=*/false);  // so that the few orders of a webhook cost no thread
  tasks_.clear();
  return failure_;
}

void OrderSender::work(bool waits) {
  std::unique_lock lock(mutex_);
  while (true) {
    if (!failure_.empty() || (waiting_.empty() && (finished_ || !waits))) return;
    if (waiting_.empty()) {
      env_.executor.wait_until(lock, *changed_, base::kTimestampMax);
      continue;
    }
    Batch batch = std::move(waiting_.front());
    waiting_.pop_front();
    changed_->notify_all();
    lock.unlock();
    std::string failure = deliver(std::move(batch));
    lock.lock();
    if (failure_.empty()) failure_ = std::move(failure);
    if (!failure_.empty()) changed_->notify_all();
  }
}

std::string OrderSender::deliver(Batch batch) {
  std::string why;
  for (int attempt = 0; attempt < kAttemptsMax && !batch.empty(); ++attempt) {
    if (attempt > 0) base::pause(env_, pause_before(attempt));
    aws::sqs::SendMessageBatchRequest request;
    request.queue_url = config_.queue_url;
    request.entries = batch;
    aws::Context context = call_context(env_);
    const auto sent = sqs_.send_message_batch(context, std::move(request));
    if (!sent.has_value()) {
      why = sent.error().code + ": " + sent.error().message;
      if (!is_unclear(sent.error())) return why;
      continue;
    }
    const auto& failed = sent->failed;
    std::erase_if(batch, [&failed](const auto& entry) {
      return !failed.has_value() ||
             std::ranges::find(*failed, entry.id, &aws::sqs::BatchResultErrorEntry::id) == failed->end();
    });
    if (!batch.empty()) why = failed->front().code.value_or("") + ": " + failed->front().message.value_or("");
  }
  return batch.empty() ? std::string() : why;
}

void OrderSender::quarantine(const RecordSplitter::Order& order, const Rejection& rejection) {
  aws::dynamodb::PutItemInput put;
  put.table_name = config_.quarantine_table;
  put.item = quarantine_row(order.text, rejection, source_of(upload_id_, order.index), env_.clock.now());
  put.condition_expression = "attribute_not_exists(body_sha256)";
  aws::Context context = call_context(env_);
  const auto written = dynamodb_.put_item(context, std::move(put));
  if (written.has_value()) ++quarantined_[rejection.reason];
  if (written.has_value() || written.error().code == "ConditionalCheckFailedException") return;
  const std::lock_guard lock(mutex_);
  if (failure_.empty()) failure_ = written.error().code + ": " + written.error().message;
}

}  // namespace pipeline
