// Dashboards, metric streams, mute rules, Contributor Insights and anomaly detectors: this engine has none of them, and
// says so to the tools that look before they change something.
#include "aws/cloudwatch/errors.h"
#include "engine/cloudwatch/datum.h"
#include "engine/cloudwatch/service.h"

namespace engine::cloudwatch {

using namespace aws::cloudwatch;

namespace {

// The first and only page of an empty list.
template <class In, class Out, class Item>
base::Result<Out> nothing(const In& in, std::optional<std::vector<Item>> Out::* list) {
  if (in.next_token) return invalid_value("The value of the parameter NextToken is invalid.");
  Out out;
  (out.*list).emplace();
  return out;
}

}  // namespace

base::Result<DescribeAnomalyDetectorsOutput> CloudWatchService::describe_anomaly_detectors(
    aws::Context&, DescribeAnomalyDetectorsInput in) {
  return nothing(in, &DescribeAnomalyDetectorsOutput::anomaly_detectors);
}

base::Result<DescribeInsightRulesOutput> CloudWatchService::describe_insight_rules(aws::Context&,
                                                                                   DescribeInsightRulesInput in) {
  return nothing(in, &DescribeInsightRulesOutput::insight_rules);
}

base::Result<ListAlarmMuteRulesOutput> CloudWatchService::list_alarm_mute_rules(aws::Context&,
                                                                                ListAlarmMuteRulesInput in) {
  return nothing(in, &ListAlarmMuteRulesOutput::alarm_mute_rule_summaries);
}

base::Result<ListDashboardsOutput> CloudWatchService::list_dashboards(aws::Context&, ListDashboardsInput in) {
  return nothing(in, &ListDashboardsOutput::dashboard_entries);
}

base::Result<ListManagedInsightRulesOutput> CloudWatchService::list_managed_insight_rules(
    aws::Context&, ListManagedInsightRulesInput in) {
  return nothing(in, &ListManagedInsightRulesOutput::managed_rules);
}

base::Result<ListMetricStreamsOutput> CloudWatchService::list_metric_streams(aws::Context&, ListMetricStreamsInput in) {
  return nothing(in, &ListMetricStreamsOutput::entries);
}

base::Result<GetOTelEnrichmentOutput> CloudWatchService::get_o_tel_enrichment(aws::Context&, GetOTelEnrichmentInput) {
  return GetOTelEnrichmentOutput{"Stopped"};
}

base::Result<GetAlarmMuteRuleOutput> CloudWatchService::get_alarm_mute_rule(aws::Context&, GetAlarmMuteRuleInput in) {
  const std::string name = in.alarm_mute_rule_name.value_or("");
  return base::fail(errors::resource_not_found_exception("Alarm mute rule " + name + " does not exist.",
                                                         {.resource_type = "AlarmMuteRule", .resource_id = name}));
}

base::Result<GetDashboardOutput> CloudWatchService::get_dashboard(aws::Context&, GetDashboardInput in) {
  return base::fail(
      errors::dashboard_not_found_error("Dashboard " + in.dashboard_name.value_or("") + " does not exist"));
}

base::Result<GetMetricStreamOutput> CloudWatchService::get_metric_stream(aws::Context&, GetMetricStreamInput in) {
  const std::string name = in.name.value_or("");
  return base::fail(errors::resource_not_found_exception("Metric stream " + name + " does not exist.",
                                                         {.resource_type = "MetricStream", .resource_id = name}));
}

}  // namespace engine::cloudwatch
