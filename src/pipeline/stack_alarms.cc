// Alarms.
#include <fmt/format.h>

#include "aws/cloudwatch/cloudwatch.h"
#include "pipeline/stack_kinds.h"

namespace pipeline {
namespace {

using aws::cloudwatch::Dimension;
using aws::cloudwatch::MetricDataQuery;

std::string text_of(const std::optional<std::vector<Dimension>>& dimensions) {
  std::string out;
  for (const Dimension& each : dimensions.value_or(std::vector<Dimension>()))
    out += (out.empty() ? "" : ", ") + each.name.value_or("") + "=" + each.value.value_or("");
  return out;
}

// Of a metric alone (`expression` is empty) or of metric math, for comparison and for people.
std::string text_of(const std::vector<MetricDataQuery>& queries) {
  std::string out;
  for (const MetricDataQuery& query : queries) {
    out += (out.empty() ? "" : "; ") + query.id.value_or("") + " = " + query.expression.value_or("");
    if (!query.metric_stat.has_value()) continue;
    const auto& stat = *query.metric_stat;
    const auto metric = stat.metric.value_or(aws::cloudwatch::Metric());
    out += fmt::format("{} of {} {} {}, {} s", stat.stat.value_or(""), metric.namespace_.value_or(""),
                       metric.metric_name.value_or(""), text_of(metric.dimensions), stat.period.value_or(0));
  }
  return out;
}

class Alarm final : public Resource {
 public:
  Alarm(const Site& site, AlarmSpec spec) : Resource("alarm", spec.name), site_(site), spec_(std::move(spec)) {}

  [[nodiscard]] ResourceSpec spec() const override { return {spec_}; }
  [[nodiscard]] Properties wanted() const override {
    const bool is_share = !spec_.share_of.empty();
    return {{"kind", "metric alarm", /*fixed=*/true},
            {"metric", is_share ? text_of(share()) : spec_.name_space + " " + spec_.metric_name},
            {"unit", "any"},
            {"dimension", is_share ? "" : spec_.dimension.first + "=" + spec_.dimension.second},
            {"condition", condition(is_share ? "" : spec_.statistic, spec_.comparison_operator, spec_.threshold)},
            {"period", fmt::format("{} s, 1 of 1", is_share ? 0 : spec_.period_seconds)},
            {"missing data", std::string(kTreatMissingData)},
            {"actions", spec_.topic_arn},
            {"actions enabled", "yes"}};
  }

  base::Result<std::optional<Properties>> describe() override {
    aws::cloudwatch::DescribeAlarmsInput describe;
    describe.alarm_names = {name()};
    describe.alarm_types = {"MetricAlarm", "CompositeAlarm"};
    aws::Context context = site_.call();
    TRY_ASSIGN(const auto found, site_.services.cloudwatch.describe_alarms(context, std::move(describe)));
    if (found.composite_alarms.has_value() && !found.composite_alarms->empty())
      return Properties{{"kind", "composite alarm"}};
    if (!found.metric_alarms.has_value() || found.metric_alarms->empty()) return std::nullopt;
    const auto& now = found.metric_alarms->front();
    std::string actions;
    for (const std::string& each : now.alarm_actions.value_or(std::vector<std::string>()))
      actions += (actions.empty() ? "" : ", ") + each;
    const int32_t periods = now.evaluation_periods.value_or(0);
    const bool is_math = now.metrics.has_value() && !now.metrics->empty();
    return Properties{
        {"kind", "metric alarm"},
        {"unit", now.unit.value_or("any")},
        {"metric", is_math ? text_of(*now.metrics) : now.namespace_.value_or("") + " " + now.metric_name.value_or("")},
        {"dimension", text_of(now.dimensions)},
        {"condition", condition(now.statistic.value_or(now.extended_statistic.value_or("")),
                                now.comparison_operator.value_or(""), now.threshold.value_or(0))},
        {"period",
         fmt::format("{} s, {} of {}", now.period.value_or(0), now.datapoints_to_alarm.value_or(periods), periods)},
        {"missing data", now.treat_missing_data.value_or("missing")},
        {"actions", actions},
        {"actions enabled", now.actions_enabled.value_or(true) ? "yes" : "no"}};
  }

  base::Result<void> create() override {
    aws::cloudwatch::PutMetricAlarmInput put;
    put.alarm_name = name();
    put.alarm_description = spec_.description;
    put.actions_enabled = true;
    put.alarm_actions = {spec_.topic_arn};
    if (spec_.share_of.empty()) {
      put.namespace_ = spec_.name_space;
      put.metric_name = spec_.metric_name;
      put.dimensions = dimensions();
      put.statistic = spec_.statistic;
      put.period = spec_.period_seconds;
    } else {
      put.metrics = share();
    }
    put.evaluation_periods = 1;
    put.threshold = spec_.threshold;
    put.comparison_operator = spec_.comparison_operator;
    put.treat_missing_data = kTreatMissingData;
    aws::Context context = site_.call();
    TRY(site_.services.cloudwatch.put_metric_alarm(context, std::move(put)));
    return {};
  }
  base::Result<void> change() override { return create(); }

  base::Result<void> remove() override {
    TRY_ASSIGN(const auto found, describe());  // DeleteAlarms itself does not tell, and takes what is not shown yet
    aws::cloudwatch::DeleteAlarmsInput remove;
    remove.alarm_names = {name()};
    aws::Context context = site_.call();
    const auto removed = site_.services.cloudwatch.delete_alarms(context, std::move(remove));
    if (!found.has_value()) return base::fail({.code = "ResourceNotFound", .message = "", .http_status = 404});
    TRY(removed);
    return {};
  }

 private:
  [[nodiscard]] std::vector<Dimension> dimensions() const {
    std::vector<Dimension> out(1);
    out.front().name = spec_.dimension.first;
    out.front().value = spec_.dimension.second;
    return out;
  }

  [[nodiscard]] MetricDataQuery term(const std::string& id, const std::string& metric_name) const {
    MetricDataQuery query;
    query.id = id;
    query.return_data = false;
    auto& stat = query.metric_stat.emplace();
    auto& metric = stat.metric.emplace();
    metric.namespace_ = spec_.name_space;
    metric.metric_name = metric_name;
    metric.dimensions = dimensions();
    stat.period = spec_.period_seconds;
    stat.stat = spec_.statistic;
    return query;
  }

  // Metric math; periods in which the whole is 0 have no value.
  [[nodiscard]] std::vector<MetricDataQuery> share() const {
    MetricDataQuery percentage;
    percentage.id = "percentage";
    percentage.expression = kPercentageExpression;
    percentage.label = "percent";
    percentage.return_data = true;
    return {percentage, term("part", spec_.metric_name), term("whole", spec_.share_of)};
  }

  static std::string condition(const std::string& statistic, const std::string& comparison, double threshold) {
    return fmt::format("{} {} {}", statistic, comparison, threshold);
  }

  const Site& site_;
  const AlarmSpec spec_;
};

}  // namespace

std::unique_ptr<Resource> make_alarm(const Site& site, AlarmSpec spec) {
  return std::make_unique<Alarm>(site, std::move(spec));
}

}  // namespace pipeline
