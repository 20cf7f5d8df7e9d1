#include "engine/sns/topic_metrics.h"

namespace engine::sns {

TopicMetrics::TopicMetrics(ServiceMetrics* metrics, const TopicRecord& record) {
  if (metrics == nullptr) return;
  const auto series = [&](std::string_view name, std::string_view unit = "Count") {
    return metrics->series({record.account, record.region, "AWS/SNS", name, {{"TopicName", record.name}}, unit});
  };
  published_ = series("NumberOfMessagesPublished");
  publish_size_ = series("PublishSize", "Bytes");
  delivered_ = series("NumberOfNotificationsDelivered");
  failed_ = series("NumberOfNotificationsFailed");
  redriven_ = series("NumberOfNotificationsRedrivenToDlq");
  not_redriven_ = series("NumberOfNotificationsFailedToRedriveToDlq");
  filtered_out_ = series("NumberOfNotificationsFilteredOut");
  // In the order of aws::filter::FilterPolicy::Mismatch.
  constexpr std::string_view kNames[] = {
      "NumberOfNotificationsFilteredOut-MessageAttributes", "NumberOfNotificationsFilteredOut-NoMessageAttributes",
      "NumberOfNotificationsFilteredOut-InvalidAttributes", "NumberOfNotificationsFilteredOut-MessageBody",
      "NumberOfNotificationsFilteredOut-InvalidMessageBody"};
  static_assert(std::size(kNames) == aws::filter::FilterPolicy::kMismatches);
  for (std::size_t i = 0; i < aws::filter::FilterPolicy::kMismatches; ++i) by_mismatch_[i] = series(kNames[i]);
}

void TopicMetrics::published(std::size_t size_bytes, base::Timestamp at) {
  if (published_ == nullptr) return;
  published_->add(1, at);
  publish_size_->add(static_cast<double>(size_bytes), at);
}

void TopicMetrics::filtered_out(aws::filter::FilterPolicy::Mismatch why, base::Timestamp at) {
  count(filtered_out_, at);
  count(by_mismatch_[static_cast<std::size_t>(why)], at);
}

}  // namespace engine::sns
