// A CloudWatchService on a clock of the test's own, with stand-ins for what alarms call. For tests of alarms only; one
// test makes and owns it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "aws/lambda/caller.h"
#include "aws/sns/caller.h"
#include "base/manual/manual_env.h"
#include "engine/cloudwatch/service.h"
#include "engine/test_calls.h"
#include "store/memory/memory_store.h"

namespace engine::cloudwatch {

using namespace aws::cloudwatch;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr const char* kTopic = "arn:aws:sns:us-east-2:123456789012:alarms";
constexpr const char* kFunction = "arn:aws:lambda:us-east-2:123456789012:function:on-alarm";

// Stands for SNS and Lambda: notes every call, and answers with `failures` as long as there are any.
class Callee final : public aws::Dispatcher {
 public:
  base::Result<void> dispatch(const aws::ServiceDesc&, const aws::OperationDesc& operation, aws::Context& context,
                              void* in, void*) override {
    const std::lock_guard lock(mutex_);
    calls.push_back(context.principal.arn + ' ' + context.source_arn);
    if (operation.name == "Publish") {
      const auto& publish = *static_cast<aws::sns::PublishInput*>(in);
      calls.back() += ' ' + *publish.topic_arn + ' ' + *publish.subject;
      messages.push_back(*publish.message);
    } else {
      const auto& invoke = *static_cast<aws::lambda::InvocationRequest*>(in);
      calls.back() += ' ' + *invoke.function_name + ' ' + *invoke.invocation_type;
      messages.push_back(*invoke.payload);
    }
    if (failures.empty()) return {};
    base::AwsError error = failures.front();
    failures.erase(failures.begin());
    return base::fail(std::move(error));
  }
  std::size_t count() {
    const std::lock_guard lock(mutex_);
    return calls.size();
  }
  std::vector<std::string> calls;  // these are read when nothing runs
  std::vector<std::string> messages;
  std::vector<base::AwsError> failures;

 private:
  std::mutex mutex_;
};

struct AlarmTestBed {
  base::ManualEnv env;
  std::unique_ptr<store::KvStore> store = store::make_memory_store();
  Callee callee;
  aws::sns::SnsCaller sns{callee};
  aws::lambda::LambdaCaller lambda{callee};
  int refreshes = 0;
  std::unique_ptr<CloudWatchService> service = make();

  AlarmTestBed() { env.clock.advance(seconds(40)); }  // to the start of a minute: 2023-11-14 22:14:00

  std::unique_ptr<CloudWatchService> make() {
    return std::make_unique<CloudWatchService>(
        *store, env.env, CloudWatchOptions{.refresh = [this] { ++refreshes; }, .sns = &sns, .lambda = &lambda});
  }
  void restart() {
    service.reset();
    service = make();
  }
  aws::Context context() {
    aws::Context out = root_context(env);
    out.region = "us-east-2";
    return out;
  }
  template <class Out, class In>
  Out ok(base::Result<Out> (CloudWatchService::*operation)(aws::Context&, In), In in) {
    return call_ok(*service, context(), operation, std::move(in));
  }
  template <class Out, class In>
  std::string error(base::Result<Out> (CloudWatchService::*operation)(aws::Context&, In), In in) {
    return call_error(Codes::query, *service, context(), operation, std::move(in));
  }
  static PutMetricAlarmInput alarm(const std::string& name, int periods = 1) {
    PutMetricAlarmInput in;
    in.alarm_name = name;
    in.namespace_ = "ns";
    in.metric_name = "m";
    in.statistic = "Sum";
    in.period = 60;
    in.evaluation_periods = periods;
    in.threshold = 1;
    in.comparison_operator = "GreaterThanThreshold";
    return in;
  }
  void put(PutMetricAlarmInput in) { ok(&CloudWatchService::put_metric_alarm, std::move(in)); }
  void put_composite(const std::string& name, const std::string& rule, std::vector<std::string> actions = {}) {
    ok(&CloudWatchService::put_composite_alarm, composite(name, rule, std::move(actions)));
  }
  static PutCompositeAlarmInput composite(const std::string& name, const std::string& rule,
                                          std::vector<std::string> actions = {}) {
    PutCompositeAlarmInput in;
    in.alarm_name = name;
    in.alarm_rule = rule;
    in.alarm_actions = std::move(actions);
    return in;
  }
  void set_state(const std::string& name, const std::string& value, const std::string& reason = "by hand") {
    SetAlarmStateInput in;
    in.alarm_name = name;
    in.state_value = value;
    in.state_reason = reason;
    ok(&CloudWatchService::set_alarm_state, in);
  }
  void put_value(double value, const std::string& metric = "m", int resolution = 60) {
    PutMetricDataInput in;
    in.namespace_ = "ns";
    MetricDatum datum;
    datum.metric_name = metric;
    datum.value = value;
    datum.storage_resolution = resolution;
    in.metric_data = {datum};
    ok(&CloudWatchService::put_metric_data, in);
  }
  void pass(base::Duration time) {
    env.clock.advance(time);
    service->evaluate_alarms();
  }
  DescribeAlarmsOutput describe(const DescribeAlarmsInput& in = {}) {
    return ok(&CloudWatchService::describe_alarms, in);
  }
  MetricAlarm shown(const std::string& name) {
    DescribeAlarmsInput in;
    in.alarm_names = {name};
    const auto out = describe(in);
    return out.metric_alarms->empty() ? MetricAlarm() : out.metric_alarms->front();
  }
  CompositeAlarm shown_composite(const std::string& name) {
    DescribeAlarmsInput in;
    in.alarm_names = {name};
    in.alarm_types = {"CompositeAlarm"};
    const auto out = describe(in);
    return out.composite_alarms->empty() ? CompositeAlarm() : out.composite_alarms->front();
  }
  std::string state(const std::string& name) {
    const auto out = shown(name).state_value;
    return out ? *out : shown_composite(name).state_value.value_or("none");
  }
  std::vector<AlarmHistoryItem> history(const std::string& name = "", DescribeAlarmHistoryInput in = {}) {
    if (!name.empty()) in.alarm_name = name;
    if (!in.alarm_types) in.alarm_types = {"MetricAlarm", "CompositeAlarm"};
    return *ok(&CloudWatchService::describe_alarm_history, in).alarm_history_items;
  }
  std::vector<std::string> summaries(const std::string& name = "") {
    std::vector<std::string> out;
    for (const auto& item : history(name)) out.push_back(*item.history_summary);
    return out;
  }
};

}  // namespace engine::cloudwatch
