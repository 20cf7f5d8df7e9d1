// CloudWatchService: the metrics of Amazon CloudWatch over a KvStore. Owned by the engine; safe from any thread. Memory
// holds an index of the metrics under one mutex; points are in the store only, one aggregate per metric, unit and
// minute (second, for high-resolution metrics). Data is kept for 15 days.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "aws/cloudwatch/cloudwatch.h"
#include "base/env.h"
#include "engine/cloudwatch/datum.h"
#include "store/kv_store.h"

namespace engine::cloudwatch {

class CloudWatchService final : public aws::cloudwatch::CloudWatch {
 public:
  // Loads the index from `store`, which outlives the service, as do the parts of `env`.
  CloudWatchService(store::KvStore& store, base::Env& env);
  ~CloudWatchService() override;  // stop()
  CloudWatchService(const CloudWatchService&) = delete;
  CloudWatchService& operator=(const CloudWatchService&) = delete;

  // Begins to remove old points, and metrics without any, in the background.
  void start();
  void stop();

  // service_put.cc
  base::Result<aws::cloudwatch::PutMetricDataResponse> put_metric_data(aws::Context& context,
                                                                       aws::cloudwatch::PutMetricDataInput in) override;
  // service_read.cc
  base::Result<aws::cloudwatch::GetMetricStatisticsOutput> get_metric_statistics(
      aws::Context& context, aws::cloudwatch::GetMetricStatisticsInput in) override;
  base::Result<aws::cloudwatch::ListMetricsOutput> list_metrics(aws::Context& context,
                                                                aws::cloudwatch::ListMetricsInput in) override;

 private:
  struct Metric {
    uint64_t id = 0;
    int64_t first_seconds = 0;   // no point is older
    int64_t last_seconds = 0;    // time of its newest point
    int64_t stored_seconds = 0;  // last_seconds as the store has it
  };
  using Metrics = std::map<std::string, Metric>;  // by the key of keys::kMetricTable

  void load();
  void sweep();
  void sweep_metric(Metrics::iterator metric, int64_t horizon_seconds, store::WriteBatch& batch);
  // Adds `data` of one request to `batch` and to the index; rows[i] is the metric's key of data[i]. REQUIRES: mutex_ is
  // held.
  void add_data(const std::vector<std::string>& rows, const std::vector<CheckedDatum>& data, store::WriteBatch& batch);

  store::KvStore& store_;
  base::Env& env_;
  std::mutex mutex_;  // guards all that follows, and reading and writing a point
  Metrics metrics_;
  uint64_t next_id_ = 1;
  bool stopping_ = false;
  std::unique_ptr<base::Condition> stop_requested_;
  std::unique_ptr<base::Task> sweeper_;
};

// Namespace, name and dimensions as they follow keys::metrics() in a metric's key, and back.
std::string metric_key(std::string_view prefix, std::string_view name_space, std::string_view name,
                       const Dimensions& dimensions);
aws::cloudwatch::Metric read_metric_key(std::string_view key);

}  // namespace engine::cloudwatch
