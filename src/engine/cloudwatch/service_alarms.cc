// The operations of alarms, passed on to Alarms, and the data that it evaluates.
#include "engine/cloudwatch/alarms.h"
#include "engine/cloudwatch/keys.h"
#include "engine/cloudwatch/limits.h"
#include "engine/cloudwatch/service.h"

namespace engine::cloudwatch {

using namespace aws::cloudwatch;

std::unique_ptr<Alarms> CloudWatchService::make_alarms() {
  return std::make_unique<Alarms>(store_, env_, options_,
                                  [this](const WindowQuery& query) { return read_windows(query); });
}

std::vector<std::pair<int64_t, Aggregate>> CloudWatchService::read_windows(const WindowQuery& query) {
  std::vector<std::pair<int64_t, Aggregate>> out;
  const auto id = find_metric(
      metric_key(keys::metrics(query.account, query.region), query.name_space, query.metric_name, query.dimensions));
  if (!id) return out;
  const Span span = query.span;
  const std::string end = keys::point(*id, span.end, 0);
  for (auto cursor = store_.scan(keys::point(*id, span.start, 0), end); cursor->valid(); cursor->next()) {
    const PointPlace place = read_point_key(cursor->key());
    if (query.unit && *query.unit != place.unit) continue;
    const Aggregate aggregate = read_point(cursor->value());
    const int64_t into = (place.seconds - span.start) % query.period_seconds;
    if (out.empty() || out.back().first != place.seconds - into) out.emplace_back(place.seconds - into, Aggregate());
    Aggregate& window = out.back().second;
    if (query.with_values) {
      window.merge(aggregate, kReadValuesMax);
    } else {
      window.add_set(aggregate.count(), aggregate.sum(), aggregate.minimum(), aggregate.maximum(), 1);
    }
  }
  return out;
}

void CloudWatchService::evaluate_alarms() {
  alarms_->evaluate_due();
}

base::Result<DeleteAlarmsResponse> CloudWatchService::delete_alarms(aws::Context& context, DeleteAlarmsInput in) {
  TRY(alarms_->delete_alarms(context, in.alarm_names.value_or(std::vector<std::string>())));
  return DeleteAlarmsResponse{};
}

base::Result<DescribeAlarmHistoryOutput> CloudWatchService::describe_alarm_history(aws::Context& context,
                                                                                   DescribeAlarmHistoryInput in) {
  return alarms_->describe_history(context, in);
}

base::Result<DescribeAlarmsOutput> CloudWatchService::describe_alarms(aws::Context& context, DescribeAlarmsInput in) {
  return alarms_->describe(context, in);
}

base::Result<DescribeAlarmsForMetricOutput> CloudWatchService::describe_alarms_for_metric(
    aws::Context& context, DescribeAlarmsForMetricInput in) {
  return alarms_->describe_for_metric(context, in);
}

base::Result<DisableAlarmActionsResponse> CloudWatchService::disable_alarm_actions(aws::Context& context,
                                                                                   DisableAlarmActionsInput in) {
  TRY(alarms_->enable_actions(context, in.alarm_names.value_or(std::vector<std::string>()), false));
  return DisableAlarmActionsResponse{};
}

base::Result<EnableAlarmActionsResponse> CloudWatchService::enable_alarm_actions(aws::Context& context,
                                                                                 EnableAlarmActionsInput in) {
  TRY(alarms_->enable_actions(context, in.alarm_names.value_or(std::vector<std::string>()), true));
  return EnableAlarmActionsResponse{};
}

base::Result<ListTagsForResourceOutput> CloudWatchService::list_tags_for_resource(aws::Context& context,
                                                                                  ListTagsForResourceInput in) {
  ListTagsForResourceOutput out;
  TRY_ASSIGN(out.tags, alarms_->tags(context, in.resource_arn.value_or("")));
  return out;
}

base::Result<PutCompositeAlarmResponse> CloudWatchService::put_composite_alarm(aws::Context& context,
                                                                               PutCompositeAlarmInput in) {
  TRY(alarms_->put_composite_alarm(context, std::move(in)));
  return PutCompositeAlarmResponse{};
}

base::Result<PutMetricAlarmResponse> CloudWatchService::put_metric_alarm(aws::Context& context,
                                                                         PutMetricAlarmInput in) {
  TRY(alarms_->put_metric_alarm(context, std::move(in)));
  return PutMetricAlarmResponse{};
}

base::Result<SetAlarmStateResponse> CloudWatchService::set_alarm_state(aws::Context& context, SetAlarmStateInput in) {
  TRY(alarms_->set_alarm_state(context, std::move(in)));
  return SetAlarmStateResponse{};
}

base::Result<TagResourceOutput> CloudWatchService::tag_resource(aws::Context& context, TagResourceInput in) {
  TRY(alarms_->tag(context, in.resource_arn.value_or(""), in.tags.value_or(std::vector<Tag>())));
  return TagResourceOutput{};
}

base::Result<UntagResourceOutput> CloudWatchService::untag_resource(aws::Context& context, UntagResourceInput in) {
  TRY(alarms_->untag(context, in.resource_arn.value_or(""), in.tag_keys.value_or(std::vector<std::string>())));
  return UntagResourceOutput{};
}

}  // namespace engine::cloudwatch
