// QueueMetrics: the series of AWS/SQS of one queue, which the operations on it count into. Owned by the service's
// directory entry; safe from any thread. Names and units: SQS Developer Guide, "Available CloudWatch metrics".
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <span>

#include "engine/service_metrics.h"
#include "engine/sqs/queue_record.h"

namespace engine::sqs {

class QueueMetrics {
 public:
  // Counts nothing if `metrics` is null.
  QueueMetrics(ServiceMetrics* metrics, const QueueRecord& record);

  // `sizes_bytes` of messages accepted by one call.
  void sent(std::span<const std::size_t> sizes_bytes, base::Timestamp at);
  void received(std::size_t count, base::Timestamp at);  // one ReceiveMessage; 0: an empty one
  void deleted(std::size_t count, base::Timestamp at);

  struct Gauges {
    std::size_t visible;
    std::size_t delayed;
    std::size_t in_flight;
    base::Duration oldest_age;
  };
  // Counts the gauges of an active queue: one that held a message or was used by a call in the last six hours.
  void sample(const Gauges& gauges, base::Timestamp at);
  void used(base::Timestamp at);  // by any call

 private:
  using Series = std::shared_ptr<MetricSeries>;
  std::atomic<int64_t> active_ms_ = 0;  // when it was last; 0: not known, as after a restart
  Series sent_, sent_size_, received_, empty_receives_, deleted_, visible_, delayed_, in_flight_, oldest_age_;
};

}  // namespace engine::sqs
