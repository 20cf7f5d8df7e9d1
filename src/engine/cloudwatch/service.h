// CloudWatchService: the metrics and alarms of Amazon CloudWatch over a KvStore. Owned by the engine; safe from any
// thread. Memory holds an index of the metrics under one mutex; points are in the store only, one aggregate per metric,
// unit and minute (second, for high-resolution metrics), rolled up into coarser ones as they age (limits.h).
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aws/cloudwatch/cloudwatch.h"
#include "base/env.h"
#include "engine/cloudwatch/datum.h"
#include "engine/cloudwatch/limits.h"
#include "engine/cloudwatch/metric_math.h"
#include "engine/fair_mutex.h"
#include "store/kv_store.h"

namespace aws::sns {
class Sns;
}
namespace aws::lambda {
class Lambda;
}

namespace engine::cloudwatch {

class Alarms;
struct WindowQuery;

struct CloudWatchOptions {
  // Called before metrics are read, with no lock held: brings in what services have measured but not put yet.
  std::function<void()> refresh = {};
  // What the actions of alarms call. Both outlive the service; an action without its callee fails (in the history).
  aws::sns::Sns* sns = nullptr;
  aws::lambda::Lambda* lambda = nullptr;
};

class CloudWatchService final : public aws::cloudwatch::CloudWatch {
 public:
  // Loads the index from `store`, which outlives the service, as do the parts of `env`.
  explicit CloudWatchService(store::KvStore& store, base::Env& env, CloudWatchOptions options = {});
  ~CloudWatchService() override;  // stop()
  CloudWatchService(const CloudWatchService&) = delete;
  CloudWatchService& operator=(const CloudWatchService&) = delete;

  // Begins to evaluate alarms, and to remove old points, and metrics without any, in the background.
  void start();
  void stop();

  // service_put.cc
  base::Result<aws::cloudwatch::PutMetricDataResponse> put_metric_data(aws::Context& context,
                                                                       aws::cloudwatch::PutMetricDataInput in) override;
  // Removes and rolls up the points that are due now, on the caller's thread; for programs that do not start().
  void sweep_points();
  // service_metric_data.cc
  base::Result<aws::cloudwatch::GetMetricDataOutput> get_metric_data(aws::Context& context,
                                                                     aws::cloudwatch::GetMetricDataInput in) override;
  // The points of a metric in `span` as GetMetricData gives them. `stat` is a checked one (MetricMath). `points_left`
  // is what the request may still read from the store, and is lowered; LimitExceededFault if it does not suffice.
  base::Result<Series> read_metric(std::string_view account, std::string_view region,
                                   const aws::cloudwatch::MetricStat& stat, Span span, base::Timestamp now,
                                   std::size_t& points_left);
  // service_read.cc
  base::Result<aws::cloudwatch::GetMetricStatisticsOutput> get_metric_statistics(
      aws::Context& context, aws::cloudwatch::GetMetricStatisticsInput in) override;
  base::Result<aws::cloudwatch::ListMetricsOutput> list_metrics(aws::Context& context,
                                                                aws::cloudwatch::ListMetricsInput in) override;
  // service_alarms.cc
  base::Result<aws::cloudwatch::DeleteAlarmsResponse> delete_alarms(aws::Context& context,
                                                                    aws::cloudwatch::DeleteAlarmsInput in) override;
  base::Result<aws::cloudwatch::DescribeAlarmHistoryOutput> describe_alarm_history(
      aws::Context& context, aws::cloudwatch::DescribeAlarmHistoryInput in) override;
  base::Result<aws::cloudwatch::DescribeAlarmsOutput> describe_alarms(aws::Context& context,
                                                                      aws::cloudwatch::DescribeAlarmsInput in) override;
  base::Result<aws::cloudwatch::DescribeAlarmsForMetricOutput> describe_alarms_for_metric(
      aws::Context& context, aws::cloudwatch::DescribeAlarmsForMetricInput in) override;
  base::Result<aws::cloudwatch::DisableAlarmActionsResponse> disable_alarm_actions(
      aws::Context& context, aws::cloudwatch::DisableAlarmActionsInput in) override;
  base::Result<aws::cloudwatch::EnableAlarmActionsResponse> enable_alarm_actions(
      aws::Context& context, aws::cloudwatch::EnableAlarmActionsInput in) override;
  base::Result<aws::cloudwatch::ListTagsForResourceOutput> list_tags_for_resource(
      aws::Context& context, aws::cloudwatch::ListTagsForResourceInput in) override;
  base::Result<aws::cloudwatch::PutCompositeAlarmResponse> put_composite_alarm(
      aws::Context& context, aws::cloudwatch::PutCompositeAlarmInput in) override;
  base::Result<aws::cloudwatch::PutMetricAlarmResponse> put_metric_alarm(
      aws::Context& context, aws::cloudwatch::PutMetricAlarmInput in) override;
  base::Result<aws::cloudwatch::SetAlarmStateResponse> set_alarm_state(aws::Context& context,
                                                                       aws::cloudwatch::SetAlarmStateInput in) override;
  base::Result<aws::cloudwatch::TagResourceOutput> tag_resource(aws::Context& context,
                                                                aws::cloudwatch::TagResourceInput in) override;
  base::Result<aws::cloudwatch::UntagResourceOutput> untag_resource(aws::Context& context,
                                                                    aws::cloudwatch::UntagResourceInput in) override;
  // service_absent.cc: of what is not here there is none.
  base::Result<aws::cloudwatch::DescribeAnomalyDetectorsOutput> describe_anomaly_detectors(
      aws::Context& context, aws::cloudwatch::DescribeAnomalyDetectorsInput in) override;
  base::Result<aws::cloudwatch::DescribeInsightRulesOutput> describe_insight_rules(
      aws::Context& context, aws::cloudwatch::DescribeInsightRulesInput in) override;
  base::Result<aws::cloudwatch::GetDashboardOutput> get_dashboard(aws::Context& context,
                                                                  aws::cloudwatch::GetDashboardInput in) override;
  base::Result<aws::cloudwatch::GetMetricStreamOutput> get_metric_stream(
      aws::Context& context, aws::cloudwatch::GetMetricStreamInput in) override;
  base::Result<aws::cloudwatch::GetAlarmMuteRuleOutput> get_alarm_mute_rule(
      aws::Context& context, aws::cloudwatch::GetAlarmMuteRuleInput in) override;
  base::Result<aws::cloudwatch::GetOTelEnrichmentOutput> get_o_tel_enrichment(
      aws::Context& context, aws::cloudwatch::GetOTelEnrichmentInput in) override;
  base::Result<aws::cloudwatch::ListAlarmMuteRulesOutput> list_alarm_mute_rules(
      aws::Context& context, aws::cloudwatch::ListAlarmMuteRulesInput in) override;
  base::Result<aws::cloudwatch::ListDashboardsOutput> list_dashboards(aws::Context& context,
                                                                      aws::cloudwatch::ListDashboardsInput in) override;
  base::Result<aws::cloudwatch::ListManagedInsightRulesOutput> list_managed_insight_rules(
      aws::Context& context, aws::cloudwatch::ListManagedInsightRulesInput in) override;
  base::Result<aws::cloudwatch::ListMetricStreamsOutput> list_metric_streams(
      aws::Context& context, aws::cloudwatch::ListMetricStreamsInput in) override;
  // Evaluates every alarm that is due now, on the caller's thread; for programs that do not start().
  void evaluate_alarms();

 private:
  struct Metric {
    uint64_t id = 0;
    int64_t first_seconds = 0;   // no point is older
    int64_t last_seconds = 0;    // time of its newest point
    int64_t stored_seconds = 0;  // last_seconds as the store has it
    // Older points are rolled up already, by index into kRollUps.
    std::array<int64_t, kRollUps.size()> rolled_seconds = {};
    bool high_resolution = false;  // it has had points that were not of a whole minute
    [[nodiscard]] std::string record() const;
  };
  using Metrics = std::map<std::string, Metric>;  // by the key of keys::kMetricTable

  void load();
  std::unique_ptr<Alarms> make_alarms();
  std::vector<std::pair<int64_t, Aggregate>> read_windows(const WindowQuery& query);
  void sweep();
  void sweep_all(std::unique_lock<std::mutex>& lock);
  // Removes and rolls up what is due of one metric; false if there is more to do than `points_left` allows.
  bool sweep_metric(Metrics::iterator metric, base::Timestamp now, store::WriteBatch& batch, std::size_t& points_left);
  int64_t roll_up(uint64_t metric_id, Span span, int64_t step_seconds, store::WriteBatch& batch,
                  std::size_t& points_left);
  [[nodiscard]] std::optional<uint64_t> find_metric(const std::string& key);
  // The aggregates of a metric by start of period and unit. A period begins at `origin_seconds`.
  using Periods = std::map<std::pair<int64_t, uint64_t>, Aggregate>;
  struct PeriodQuery {
    uint64_t metric_id = 0;
    Span span = {};
    int64_t period_seconds = 60;
    int64_t origin_seconds = 0;
    std::optional<uint64_t> unit = {};
    bool with_values = false;  // for percentiles
  };
  base::Result<Periods> read_periods(PeriodQuery query, base::Timestamp now, std::size_t& points_left);
  // Whether the metrics of all rows may be there. REQUIRES: mutex_ is held.
  [[nodiscard]] base::Result<void> check_room(const std::vector<std::string>& rows) const;
  // Adds some `data` of one request to `batch` and to the index; rows[i] is the metric's key of data[i]. REQUIRES:
  // mutex_ is held.
  void add_data(std::span<const std::string> rows, std::span<const CheckedDatum> data, store::WriteBatch& batch);

  store::KvStore& store_;
  base::Env& env_;
  const CloudWatchOptions options_;
  FairMutex mutex_;  // guards all that follows, and reading and writing a point; held for a millisecond at most
  Metrics metrics_;
  uint64_t next_id_ = 1;
  bool stopping_ = false;
  std::unique_ptr<base::Condition> stop_requested_;
  std::unique_ptr<base::Task> sweeper_;
  std::unique_ptr<Alarms> alarms_;  // has a lock of its own, taken before mutex_
};

// Namespace, name and dimensions as they follow keys::metrics() in a metric's key, and back.
std::string metric_key(std::string_view prefix, std::string_view name_space, std::string_view name,
                       const Dimensions& dimensions);
aws::cloudwatch::Metric read_metric_key(std::string_view key);
struct PointPlace {
  int64_t seconds = 0;
  uint64_t unit = 0;  // index into kUnits
};
PointPlace read_point_key(std::string_view key);  // of keys::point()
Aggregate read_point(std::string_view value);     // of the row under it

}  // namespace engine::cloudwatch
