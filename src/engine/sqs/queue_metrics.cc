#include "engine/sqs/queue_metrics.h"

#include <map>

namespace engine::sqs {
namespace {

// "CloudWatch considers a queue to be active for up to six hours if it contains any messages or if any API action
// accesses it" (developer guide, "Available CloudWatch metrics"); of others there are no metrics.
constexpr auto kActiveFor = std::chrono::hours(6);

}  // namespace

QueueMetrics::QueueMetrics(ServiceMetrics* metrics, const QueueRecord& record) {
  if (metrics == nullptr) return;
  const auto series = [&](std::string_view name, std::string_view unit = "Count") {
    return metrics->series({record.account, record.region, "AWS/SQS", name, {{"QueueName", record.name}}, unit});
  };
  sent_ = series("NumberOfMessagesSent");
  sent_size_ = series("SentMessageSize", "Bytes");
  received_ = series("NumberOfMessagesReceived");
  empty_receives_ = series("NumberOfEmptyReceives");
  deleted_ = series("NumberOfMessagesDeleted");
  visible_ = series("ApproximateNumberOfMessagesVisible");
  delayed_ = series("ApproximateNumberOfMessagesDelayed");
  in_flight_ = series("ApproximateNumberOfMessagesNotVisible");
  oldest_age_ = series("ApproximateAgeOfOldestMessage", "Seconds");
}

void QueueMetrics::sent(std::span<const std::size_t> sizes_bytes, base::Timestamp at) {
  if (sent_ == nullptr || sizes_bytes.empty()) return;
  sent_->add(static_cast<double>(sizes_bytes.size()), at);
  std::map<std::size_t, double> weights;
  for (const std::size_t size : sizes_bytes) ++weights[size];
  for (const auto& [size, weight] : weights) sent_size_->add(static_cast<double>(size), at, weight);
}

void QueueMetrics::received(std::size_t count, base::Timestamp at) {
  if (received_ == nullptr) return;
  if (count == 0) {
    empty_receives_->add(1, at);
  } else {
    received_->add(static_cast<double>(count), at);
  }
}

void QueueMetrics::deleted(std::size_t count, base::Timestamp at) {
  if (deleted_ != nullptr && count != 0) deleted_->add(static_cast<double>(count), at);
}

void QueueMetrics::sample(const Gauges& gauges, base::Timestamp at) {
  if (visible_ == nullptr) return;
  if (gauges.visible + gauges.delayed + gauges.in_flight > 0 || active_ms_ == 0) used(at);
  if (at > base::from_epoch_milliseconds(active_ms_) + kActiveFor) return;
  visible_->add(static_cast<double>(gauges.visible), at);
  delayed_->add(static_cast<double>(gauges.delayed), at);
  in_flight_->add(static_cast<double>(gauges.in_flight), at);
  oldest_age_->add(static_cast<double>(std::chrono::floor<std::chrono::seconds>(gauges.oldest_age).count()), at);
}

void QueueMetrics::used(base::Timestamp at) {
  active_ms_.store(base::to_epoch_milliseconds(at), std::memory_order_relaxed);
}

}  // namespace engine::sqs
