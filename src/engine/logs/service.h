// LogsService: Amazon CloudWatch Logs over a KvStore. Owned by the engine; safe from any thread. Memory holds groups
// and streams, guarded by one mutex; events are in the store only. Reads copy what they need to know of the streams and
// scan without the lock.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/logs/logs.h"
#include "base/env.h"
#include "engine/logs/log_metrics.h"
#include "engine/logs/metric_filter.h"
#include "engine/logs/records.h"
#include "store/kv_store.h"

namespace engine::logs {

struct LogsOptions {
  // Where AWS/Logs, metric filters and events in the embedded metric format put their values; null: nowhere.
  ServiceMetrics* metrics = nullptr;
};

class LogsService final : public aws::logs::Logs {
 public:
  // Loads groups and streams from `store`, which outlives the service, as do the parts of `env` and options.metrics.
  LogsService(store::KvStore& store, base::Env& env, LogsOptions options = {});
  ~LogsService() override;  // stop()
  LogsService(const LogsService&) = delete;
  LogsService& operator=(const LogsService&) = delete;

  // Begins to remove expired events in the background; they are invisible before that already.
  void start();
  void stop();
  // Once a minute: the default values of metric filters for the minutes that have ended.
  void sample_metrics(base::Timestamp now);

  // service_groups.cc
  base::Result<aws::logs::CreateLogGroupResponse> create_log_group(aws::Context& context,
                                                                   aws::logs::CreateLogGroupRequest in) override;
  base::Result<aws::logs::DeleteLogGroupResponse> delete_log_group(aws::Context& context,
                                                                   aws::logs::DeleteLogGroupRequest in) override;
  base::Result<aws::logs::DescribeLogGroupsResponse> describe_log_groups(
      aws::Context& context, aws::logs::DescribeLogGroupsRequest in) override;
  base::Result<aws::logs::PutRetentionPolicyResponse> put_retention_policy(
      aws::Context& context, aws::logs::PutRetentionPolicyRequest in) override;
  base::Result<aws::logs::DeleteRetentionPolicyResponse> delete_retention_policy(
      aws::Context& context, aws::logs::DeleteRetentionPolicyRequest in) override;
  // service_tags.cc
  base::Result<aws::logs::ListTagsForResourceResponse> list_tags_for_resource(
      aws::Context& context, aws::logs::ListTagsForResourceRequest in) override;
  base::Result<aws::logs::ListTagsLogGroupResponse> list_tags_log_group(aws::Context& context,
                                                                        aws::logs::ListTagsLogGroupRequest in) override;
  base::Result<aws::logs::TagLogGroupResponse> tag_log_group(aws::Context& context,
                                                             aws::logs::TagLogGroupRequest in) override;
  base::Result<aws::logs::TagResourceResponse> tag_resource(aws::Context& context,
                                                            aws::logs::TagResourceRequest in) override;
  base::Result<aws::logs::UntagLogGroupResponse> untag_log_group(aws::Context& context,
                                                                 aws::logs::UntagLogGroupRequest in) override;
  base::Result<aws::logs::UntagResourceResponse> untag_resource(aws::Context& context,
                                                                aws::logs::UntagResourceRequest in) override;
  // service_streams.cc
  base::Result<aws::logs::CreateLogStreamResponse> create_log_stream(aws::Context& context,
                                                                     aws::logs::CreateLogStreamRequest in) override;
  base::Result<aws::logs::DeleteLogStreamResponse> delete_log_stream(aws::Context& context,
                                                                     aws::logs::DeleteLogStreamRequest in) override;
  base::Result<aws::logs::DescribeLogStreamsResponse> describe_log_streams(
      aws::Context& context, aws::logs::DescribeLogStreamsRequest in) override;
  // service_put.cc
  base::Result<aws::logs::PutLogEventsResponse> put_log_events(aws::Context& context,
                                                               aws::logs::PutLogEventsRequest in) override;
  // service_metric_filters.cc
  base::Result<aws::logs::PutMetricFilterResponse> put_metric_filter(aws::Context& context,
                                                                     aws::logs::PutMetricFilterRequest in) override;
  base::Result<aws::logs::DeleteMetricFilterResponse> delete_metric_filter(
      aws::Context& context, aws::logs::DeleteMetricFilterRequest in) override;
  base::Result<aws::logs::DescribeMetricFiltersResponse> describe_metric_filters(
      aws::Context& context, aws::logs::DescribeMetricFiltersRequest in) override;
  base::Result<aws::logs::TestMetricFilterResponse> test_metric_filter(aws::Context& context,
                                                                       aws::logs::TestMetricFilterRequest in) override;
  // service_read.cc
  base::Result<aws::logs::GetLogEventsResponse> get_log_events(aws::Context& context,
                                                               aws::logs::GetLogEventsRequest in) override;
  base::Result<aws::logs::FilterLogEventsResponse> filter_log_events(aws::Context& context,
                                                                     aws::logs::FilterLogEventsRequest in) override;

 private:
  struct Group {
    GroupRecord record;
    std::map<std::string, StreamRecord, std::less<>> streams;
    uint64_t stored_bytes = 0;
    std::map<std::string, std::shared_ptr<MetricFilter>, std::less<>> metric_filters = {};
    LogMetrics::GroupSeries bytes_series = {};  // made by the first PutLogEvents
    LogMetrics::GroupSeries events_series = {};
  };
  // What is left to do with accepted events when they are stored.
  struct Ingested {
    std::string account, region, group;
    std::size_t begin = 0, end = 0;  // of the request's events
    uint64_t bytes = 0;
    LogMetrics::GroupSeries bytes_series = {}, events_series = {};
    std::vector<std::shared_ptr<MetricFilter>> filters = {};
  };
  using Groups = std::map<std::string, Group>;  // by keys::group()
  using OptionalText = std::optional<std::string>;

  void load();
  void sweep();
  // Erases up to kExpiredPerStep events of the stream; true if more may be left. REQUIRES: mutex_ is held.
  bool expire_step(Group& group, const std::string& name, StreamRecord& stream, int64_t horizon_ms);
  // All REQUIRE: mutex_ is held.
  base::Result<Groups::iterator> find_group(const aws::Context& context, const OptionalText& name);
  // By name or, if that is absent, by identifier: a name or an ARN.
  base::Result<Groups::iterator> find_group(const aws::Context& context, const OptionalText& name,
                                            const OptionalText& identifier);
  base::Result<StreamRecord*> find_stream(Group& group, const OptionalText& name);
  uint64_t take_id(store::WriteBatch& batch);
  Ingested store_events(Group& group, const std::string& stream_name, StreamRecord& stream,
                        const std::vector<aws::logs::InputLogEvent>& events, std::size_t begin, std::size_t end,
                        int64_t now_ms);
  void write_record(const Groups::value_type& group);
  base::Result<void> set_retention(const aws::Context& context, const OptionalText& name, int32_t days);
  base::Result<void> add_tags(const aws::Context& context, const OptionalText& name, const OptionalText& arn,
                              const std::optional<aws::Map<std::string>>& tags);
  base::Result<void> remove_tags(const aws::Context& context, const OptionalText& name, const OptionalText& arn,
                                 const std::optional<std::vector<std::string>>& keys);

  // Takes the lock of nobody but filters: REQUIRES that mutex_ is not held.
  void count_events(const Ingested& ingested, const std::vector<aws::logs::InputLogEvent>& events, base::Timestamp now);

  store::KvStore& store_;
  base::Env& env_;
  LogMetrics metrics_;
  std::mutex mutex_;  // guards all that follows
  Groups groups_;
  std::size_t stream_count_ = 0;
  std::size_t metric_filter_count_ = 0;
  uint64_t next_id_ = 1;
  uint64_t last_sequence_ = 0;  // of the newest event of all
  bool stopping_ = false;
  std::unique_ptr<base::Condition> stop_requested_;
  std::unique_ptr<base::Task> sweeper_;
};

}  // namespace engine::logs
