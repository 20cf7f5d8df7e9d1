// LogsService: Amazon CloudWatch Logs over a KvStore. Owned by the engine; safe from any thread. Memory holds groups
// and streams, guarded by one mutex; events are in the store only. Nothing holds the mutex for long: who goes through
// all groups or streams, or writes many events, gives it back every now and then, and reads of events scan without it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/logs/logs.h"
#include "base/env.h"
#include "engine/fair_mutex.h"
#include "engine/logs/limits.h"
#include "engine/logs/log_metrics.h"
#include "engine/logs/metric_filter.h"
#include "engine/logs/records.h"
#include "store/kv_store.h"

namespace engine::logs {

struct LogsOptions {
  // Where AWS/Logs, metric filters and events in the embedded metric format put their values; null: nowhere.
  ServiceMetrics* metrics = nullptr;
  // Looks at a byte of an event that one page of FilterLogEvents may cost.
  std::size_t filter_work_max = kFilterWorkMax;
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
  base::Result<aws::logs::ListLogGroupsResponse> list_log_groups(aws::Context& context,
                                                                 aws::logs::ListLogGroupsRequest in) override;
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
  // service_absent.cc: of what is not here there is none.
  base::Result<aws::logs::DescribeAccountPoliciesResponse> describe_account_policies(
      aws::Context& context, aws::logs::DescribeAccountPoliciesRequest in) override;
  base::Result<aws::logs::DescribeDeliveriesResponse> describe_deliveries(
      aws::Context& context, aws::logs::DescribeDeliveriesRequest in) override;
  base::Result<aws::logs::DescribeDeliveryDestinationsResponse> describe_delivery_destinations(
      aws::Context& context, aws::logs::DescribeDeliveryDestinationsRequest in) override;
  base::Result<aws::logs::DescribeDeliverySourcesResponse> describe_delivery_sources(
      aws::Context& context, aws::logs::DescribeDeliverySourcesRequest in) override;
  base::Result<aws::logs::DescribeDestinationsResponse> describe_destinations(
      aws::Context& context, aws::logs::DescribeDestinationsRequest in) override;
  base::Result<aws::logs::DescribeExportTasksResponse> describe_export_tasks(
      aws::Context& context, aws::logs::DescribeExportTasksRequest in) override;
  base::Result<aws::logs::DescribeFieldIndexesResponse> describe_field_indexes(
      aws::Context& context, aws::logs::DescribeFieldIndexesRequest in) override;
  base::Result<aws::logs::DescribeImportTasksResponse> describe_import_tasks(
      aws::Context& context, aws::logs::DescribeImportTasksRequest in) override;
  base::Result<aws::logs::DescribeIndexPoliciesResponse> describe_index_policies(
      aws::Context& context, aws::logs::DescribeIndexPoliciesRequest in) override;
  base::Result<aws::logs::DescribeLookupTablesResponse> describe_lookup_tables(
      aws::Context& context, aws::logs::DescribeLookupTablesRequest in) override;
  base::Result<aws::logs::DescribeQueriesResponse> describe_queries(aws::Context& context,
                                                                    aws::logs::DescribeQueriesRequest in) override;
  base::Result<aws::logs::DescribeQueryDefinitionsResponse> describe_query_definitions(
      aws::Context& context, aws::logs::DescribeQueryDefinitionsRequest in) override;
  base::Result<aws::logs::DescribeResourcePoliciesResponse> describe_resource_policies(
      aws::Context& context, aws::logs::DescribeResourcePoliciesRequest in) override;
  base::Result<aws::logs::DescribeSubscriptionFiltersResponse> describe_subscription_filters(
      aws::Context& context, aws::logs::DescribeSubscriptionFiltersRequest in) override;
  base::Result<aws::logs::GetDataProtectionPolicyResponse> get_data_protection_policy(
      aws::Context& context, aws::logs::GetDataProtectionPolicyRequest in) override;
  base::Result<aws::logs::GetTransformerResponse> get_transformer(aws::Context& context,
                                                                  aws::logs::GetTransformerRequest in) override;
  base::Result<aws::logs::ListAnomaliesResponse> list_anomalies(aws::Context& context,
                                                                aws::logs::ListAnomaliesRequest in) override;
  base::Result<aws::logs::ListIntegrationsResponse> list_integrations(aws::Context& context,
                                                                      aws::logs::ListIntegrationsRequest in) override;
  base::Result<aws::logs::ListLogAnomalyDetectorsResponse> list_log_anomaly_detectors(
      aws::Context& context, aws::logs::ListLogAnomalyDetectorsRequest in) override;
  base::Result<aws::logs::ListScheduledQueriesResponse> list_scheduled_queries(
      aws::Context& context, aws::logs::ListScheduledQueriesRequest in) override;

 private:
  struct Group {
    GroupRecord record;
    std::map<std::string, StreamRecord, std::less<>> streams;
    uint64_t stored_bytes = 0;
    std::map<std::string, std::shared_ptr<MetricFilter>, std::less<>> metric_filters = {};
    LogMetrics::GroupSeries bytes_series = {};  // made by the first PutLogEvents
    LogMetrics::GroupSeries events_series = {};
  };
  // Accepted events, and what is left to do with them when they are stored.
  struct Ingested {
    std::string account, region, group;
    std::size_t begin = 0, end = 0;  // of the request's events
    LogMetrics::GroupSeries bytes_series = {}, events_series = {};
    std::vector<std::shared_ptr<MetricFilter>> filters = {};
  };
  using Groups = std::map<std::string, Group>;  // by keys::group()
  using OptionalText = std::optional<std::string>;

  void load();
  void sweep();
  // Erases some events of the stream (kExpiredPerStep, kExpiredBytesPerStep); true if more may be left. REQUIRES:
  // mutex_ is held.
  bool expire_step(Group& group, const std::string& name, StreamRecord& stream, int64_t horizon_ms);
  void let_others_in(std::unique_lock<std::mutex>& lock);  // of mutex_
  // All REQUIRE: mutex_ is held.
  base::Result<Groups::iterator> find_group(const aws::Context& context, const OptionalText& name);
  // By name or, if that is absent, by identifier: a name or an ARN.
  base::Result<Groups::iterator> find_group(const aws::Context& context, const OptionalText& name,
                                            const OptionalText& identifier);
  base::Result<StreamRecord*> find_stream(Group& group, const OptionalText& name);
  uint64_t take_id(store::WriteBatch& batch);
  // Stores the events from `begin` on and before `end`, but no more than may be written at a time; where it stopped.
  std::size_t store_events(Group& group, const std::string& stream_name, StreamRecord& stream,
                           const std::vector<aws::logs::InputLogEvent>& events, std::size_t begin, std::size_t end,
                           int64_t now_ms);
  Ingested ingested(Group& group, std::size_t begin, std::size_t end);
  void write_record(const Groups::value_type& group);
  base::Result<void> set_retention(const aws::Context& context, const OptionalText& name, int32_t days);
  base::Result<void> add_tags(const aws::Context& context, const OptionalText& name, const OptionalText& arn,
                              const std::optional<aws::Map<std::string>>& tags);
  base::Result<void> remove_tags(const aws::Context& context, const OptionalText& name, const OptionalText& arn,
                                 const std::optional<std::vector<std::string>>& keys);

  // All that follow REQUIRE that mutex_ is not held.
  // Whether all these groups (names or ARNs) exist.
  base::Result<void> check_groups(const aws::Context& context, const std::vector<std::string>& identifiers);
  // The next two visit kWalkedPerStep groups or streams with the lock
  // held, then let others in; what comes or goes meanwhile may be seen or not. They end when `visit` says false.
  // The groups whose keys are not before `from` and begin with `prefix`.
  void each_group(std::string from, const std::string& prefix,
                  const std::function<bool(const Groups::value_type& group)>& visit);
  // The streams of the group with this key and id whose names are not before `from` and begin with `prefix`.
  void each_stream(const std::string& group_key, uint64_t group_id, std::string from, const std::string& prefix,
                   const std::function<bool(const std::string& name, const StreamRecord& stream)>& visit);
  // Takes the lock of nobody but filters.
  void count_events(const Ingested& ingested, const std::vector<aws::logs::InputLogEvent>& events, base::Timestamp now);

  store::KvStore& store_;
  base::Env& env_;
  const std::size_t filter_work_max_;
  LogMetrics metrics_;
  FairMutex mutex_;  // guards all that follows
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
