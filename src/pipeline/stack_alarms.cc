// Alarms.
#include <fmt/format.h>

#include "aws/cloudwatch/cloudwatch.h"
#include "pipeline/stack_kinds.h"

namespace pipeline {
namespace {

constexpr int32_t kPeriodSeconds = 60;

class Alarm final : public Resource {
 public:
  Alarm(const Site& site, AlarmSpec spec) : Resource("alarm", spec.name), site_(site), spec_(std::move(spec)) {}

  [[nodiscard]] Properties wanted() const override {
    return {{"kind", "metric alarm", /*fixed=*/true},
            {"metric", spec_.name_space + " " + spec_.metric_name},
            {"unit", "any"},
            {"dimension", spec_.dimension.first + "=" + spec_.dimension.second},
            {"condition", condition(spec_.statistic, spec_.comparison_operator, spec_.threshold)},
            {"period", fmt::format("{} s, 1 of 1", kPeriodSeconds)},
            {"missing data", "notBreaching"},
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
    std::string dimensions;
    for (const auto& each : now.dimensions.value_or(std::vector<aws::cloudwatch::Dimension>()))
      dimensions += (dimensions.empty() ? "" : ", ") + each.name.value_or("") + "=" + each.value.value_or("");
    std::string actions;
    for (const std::string& each : now.alarm_actions.value_or(std::vector<std::string>()))
      actions += (actions.empty() ? "" : ", ") + each;
    const int32_t periods = now.evaluation_periods.value_or(0);
    return Properties{{"kind", "metric alarm"},
                      {"unit", now.unit.value_or("any")},
                      {"metric", now.namespace_.value_or("") + " " + now.metric_name.value_or("")},
                      {"dimension", dimensions},
                      {"condition", condition(now.statistic.value_or(now.extended_statistic.value_or("")),
                                              now.comparison_operator.value_or(""), now.threshold.value_or(0))},
                      {"period", fmt::format("{} s, {} of {}", now.period.value_or(0),
                                             now.datapoints_to_alarm.value_or(periods), periods)},
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
    put.namespace_ = spec_.name_space;
    put.metric_name = spec_.metric_name;
    auto& dimension = put.dimensions.emplace().emplace_back();
    dimension.name = spec_.dimension.first;
    dimension.value = spec_.dimension.second;
    put.statistic = spec_.statistic;
    put.period = kPeriodSeconds;
    put.evaluation_periods = 1;
    put.threshold = spec_.threshold;
    put.comparison_operator = spec_.comparison_operator;
    put.treat_missing_data = "notBreaching";
    aws::Context context = site_.call();
    TRY(site_.services.cloudwatch.put_metric_alarm(context, std::move(put)));
    return {};
  }
  base::Result<void> change() override { return create(); }

  base::Result<void> remove() override {
    TRY_ASSIGN(const auto found, describe());  // DeleteAlarms itself does not tell
    if (!found.has_value()) return base::fail({.code = "ResourceNotFound", .message = "", .http_status = 404});
    aws::cloudwatch::DeleteAlarmsInput remove;
    remove.alarm_names = {name()};
    aws::Context context = site_.call();
    TRY(site_.services.cloudwatch.delete_alarms(context, std::move(remove)));
    return {};
  }

 private:
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
