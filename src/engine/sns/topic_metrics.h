// TopicMetrics: the series of AWS/SNS of one topic. Owned by the service's directory entry; safe from any thread.
// Names, units and when each counts: SNS Developer Guide, "CloudWatch metrics for Amazon SNS".
#pragma once

#include <cstddef>
#include <memory>

#include "aws/filter/filter_policy.h"
#include "engine/service_metrics.h"
#include "engine/sns/records.h"

namespace engine::sns {

class TopicMetrics {
 public:
  // Counts nothing if `metrics` is null.
  TopicMetrics(ServiceMetrics* metrics, const TopicRecord& record);

  void published(std::size_t size_bytes, base::Timestamp at);
  void filtered_out(aws::filter::FilterPolicy::Mismatch why, base::Timestamp at);
  void delivered(base::Timestamp at) { count(delivered_, at); }
  void failed(base::Timestamp at) { count(failed_, at); }
  void redriven(bool succeeded, base::Timestamp at) { count(succeeded ? redriven_ : not_redriven_, at); }

 private:
  using Series = std::shared_ptr<MetricSeries>;
  static void count(const Series& series, base::Timestamp at) {
    if (series != nullptr) series->add(1, at);
  }
  Series published_, publish_size_, delivered_, failed_, redriven_, not_redriven_, filtered_out_;
  Series by_mismatch_[aws::filter::FilterPolicy::kMismatches];
};

}  // namespace engine::sns
