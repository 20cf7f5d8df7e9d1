// Alarms through the service's interface: operations, actions, history, restarts.
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/cloudwatch/keys.h"
#include "engine/cloudwatch/limits.h"
#include "engine/cloudwatch/test_alarm_bed.h"

namespace engine::cloudwatch {
namespace {

using TestBed = AlarmTestBed;

TEST(MetricAlarm, IsShownAsItWasPut) {
  TestBed bed;
  bed.put(TestBed::alarm("plain"));
  for (int round = 0; round < 2; ++round) {
    const MetricAlarm plain = bed.shown("plain");
    EXPECT_EQ(plain.alarm_arn, "arn:aws:cloudwatch:us-east-2:123456789012:alarm:plain");
    EXPECT_EQ(plain.state_value, "INSUFFICIENT_DATA");
    EXPECT_EQ(plain.state_reason, "Unchecked: Initial alarm creation");
    EXPECT_EQ(plain.state_reason_data, std::nullopt);
    EXPECT_EQ(plain.state_transitioned_timestamp, bed.env.clock.now());
    EXPECT_EQ(plain.actions_enabled, true);
    EXPECT_EQ(plain.alarm_actions->size() + plain.ok_actions->size() + plain.insufficient_data_actions->size(), 0u);
    EXPECT_EQ(plain.dimensions->size(), 0u);
    EXPECT_EQ(plain.alarm_description, std::nullopt);
    EXPECT_EQ(plain.treat_missing_data, std::nullopt);
    EXPECT_EQ(plain.datapoints_to_alarm, std::nullopt);
    EXPECT_EQ(plain.threshold, 1);
    bed.restart();
  }
  bed.set_state("plain", "ALARM");
  auto changed = TestBed::alarm("plain", 5);
  changed.alarm_description = "d";
  bed.env.clock.advance(seconds(1));
  bed.put(changed);
  EXPECT_EQ(bed.state("plain"), "ALARM");
  EXPECT_EQ(bed.shown("plain").alarm_description, "d");
  EXPECT_EQ(bed.shown("plain").alarm_configuration_updated_timestamp, bed.env.clock.now());
  EXPECT_EQ(bed.summaries(),
            (std::vector<std::string>{"Alarm \"plain\" updated", "Alarm updated from INSUFFICIENT_DATA to ALARM",
                                      "Alarm \"plain\" created"}));
}

TEST(MetricAlarm, Refusals) {
  TestBed bed;
  const auto error = [&](auto change) {
    auto in = TestBed::alarm("x");
    change(in);
    return bed.error(&CloudWatchService::put_metric_alarm, in);
  };
  EXPECT_EQ(error([](auto&) {}), "no error");
  EXPECT_EQ(error([](auto& in) { in.alarm_name = "a\nb"; }),
            "ValidationError: The parameter AlarmName must not contain ASCII control characters.");
  std::string long_name;
  for (int i = 0; i < 255; ++i) long_name += "\u00e9";
  EXPECT_EQ(error([&](auto& in) { in.alarm_name = long_name; }), "no error");
  EXPECT_EQ(error([&](auto& in) { in.alarm_name = long_name + "x"; }),
            "ValidationError: The parameter AlarmName must be at most 255 characters.");
  EXPECT_EQ(
      error([](auto& in) { in.period = 61; }),
      "ValidationError: The value 61 for parameter Period is invalid: it must be 10, 20, 30 or a multiple of 60.");
  EXPECT_EQ(error([](auto& in) { in.evaluation_periods = 1441; }),
            "ValidationError: Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= "
            "86400) for alarms using period < 3600");
  EXPECT_EQ(error([](auto& in) {
              in.period = 3600;
              in.evaluation_periods = 169;
            }),
            "ValidationError: Metrics cannot be checked across more than a week (EvaluationPeriods * Period must be <= "
            "604800) for alarms using period >= 3600");
  EXPECT_EQ(error([](auto& in) { in.datapoints_to_alarm = 2; }),
            "ValidationError: DatapointsToAlarm must be at least 1 and not greater than EvaluationPeriods.");
  EXPECT_EQ(error([](auto& in) { in.extended_statistic = "p50"; }),
            "ValidationError: Exactly one of Statistic and ExtendedStatistic must be specified.");
  EXPECT_EQ(error([](auto& in) {
              in.statistic.reset();
              in.extended_statistic = "tm90";
            }),
            "ValidationError: The value tm90 for parameter ExtendedStatistic is not supported: this engine knows "
            "SampleCount, Average, Sum, Minimum, Maximum and percentiles (p0 to p100).");
  EXPECT_EQ(error([](auto& in) { in.comparison_operator = "GreaterThanUpperThreshold"; }),
            "ValidationError: The ComparisonOperator GreaterThanUpperThreshold is not supported: this engine has no "
            "anomaly detection.");
  EXPECT_EQ(error([](auto& in) { in.treat_missing_data = "maybe"; }),
            "ValidationError: The value maybe for parameter TreatMissingData is invalid: it must be breaching, "
            "notBreaching, ignore or missing.");
  EXPECT_EQ(error([](auto& in) { in.threshold.reset(); }), "MissingParameter: The parameter Threshold is required.");
  EXPECT_EQ(error([](auto& in) { in.alarm_actions = {"mail"}; }), "ValidationError: Invalid arn syntax: mail");
  EXPECT_EQ(error([](auto& in) { in.ok_actions = {"arn:aws:sns:eu-west-1:123456789012:t"}; }),
            "ValidationError: Invalid region eu-west-1 specified. Only us-east-2 is supported.");
  EXPECT_EQ(error([](auto& in) { in.ok_actions = {"arn:aws-cn:sns:us-east-2:123456789012:t"}; }),
            "ValidationError: Invalid partition aws-cn specified. Only aws is supported.");
  EXPECT_EQ(error([](auto& in) { in.insufficient_data_actions = {"arn:aws:automate:us-east-2:ec2:stop"}; }),
            "ValidationError: The action arn:aws:automate:us-east-2:ec2:stop is not supported: this engine executes "
            "actions on SNS topics and Lambda functions.");
  EXPECT_EQ(error([](auto& in) { in.alarm_actions = {"arn:aws:autoscaling:us-east-2:123456789012:scalingPolicy:x"}; }),
            "ValidationError: The action arn:aws:autoscaling:us-east-2:123456789012:scalingPolicy:x is not supported: "
            "this engine executes actions on SNS topics and Lambda functions.");
  EXPECT_EQ(bed.error(&CloudWatchService::put_composite_alarm, TestBed::composite("x", "TRUE")),
            "ValidationError: A metric alarm with the name x exists already.");
}

TEST(CompositeAlarm, OneAlarmIsInAtMost150Rules) {
  TestBed bed;
  bed.put(TestBed::alarm("child"));
  const auto error = [&](const std::string& name) {
    return bed.error(&CloudWatchService::put_composite_alarm, TestBed::composite(name, "ALARM(child)"));
  };
  for (std::size_t i = 0; i < kParentsMax; ++i) ASSERT_EQ(error("c" + std::to_string(i)), "no error");
  EXPECT_EQ(error("c0"), "no error");
  EXPECT_EQ(error("one-more"), "LimitExceeded: The alarm child is in the rules of 150 composite alarms already.");
}

TEST(MetricAlarm, AnExpressionHasAtMostTenMetrics) {
  TestBed bed;
  const auto error = [&](int metrics) {
    auto in = TestBed::alarm("math");
    in.metrics.emplace();
    for (int i = 0; i < metrics; ++i) {
      auto& query = in.metrics->emplace_back();
      query.id = "m" + std::to_string(i);
      query.return_data = false;
      auto& stat = query.metric_stat.emplace();
      stat.metric.emplace().namespace_ = "N";
      stat.metric->metric_name = "m";
      stat.period = 60;
      stat.stat = "Sum";
    }
    auto& sum = in.metrics->emplace_back();
    sum.id = "e";
    sum.expression = "SUM(METRICS())";
    in.metric_name.reset();
    in.namespace_.reset();
    in.statistic.reset();
    in.period.reset();
    in.dimensions.reset();
    return bed.error(&CloudWatchService::put_metric_alarm, in);
  };
  EXPECT_EQ(error(10), "no error");
  EXPECT_EQ(error(11), "ValidationError: Metrics must not have more than 10 metrics.");
}

// The original's three alarms (protocols.md 3.1), the first of them driven through its life.
TEST(MetricAlarm, FollowsItsMetricAndCallsItsActions) {
  TestBed bed;
  auto in = TestBed::alarm("Errors");
  in.alarm_description = "too many";
  in.alarm_actions = {kTopic, kFunction};
  in.ok_actions = {kTopic};
  in.treat_missing_data = "notBreaching";
  Dimension dimension;
  dimension.name = "FunctionName";
  dimension.value = "f";
  bed.put(in);
  bed.put_value(1);
  bed.put_value(4);
  bed.service->start();
  bed.env.clock.await_waiters(4);  // two workers, the evaluator, the sweeper of metrics
  bed.env.clock.advance(minutes(1));
  while (bed.callee.count() < 2 || bed.summaries().size() < 4) bed.env.clock.await_waiters(4);
  EXPECT_EQ(bed.state("Errors"), "ALARM");
  EXPECT_GE(bed.refreshes, 1);
  const std::string arn = "arn:aws:cloudwatch:us-east-2:123456789012:alarm:Errors";
  std::ranges::sort(bed.callee.calls);
  EXPECT_EQ(bed.callee.calls[0],
            "cloudwatch.amazonaws.com " + arn + ' ' + kTopic + " ALARM: \"Errors\" in US East (Ohio)");
  EXPECT_EQ(bed.callee.calls[1], "lambda.alarms.cloudwatch.amazonaws.com " + arn + ' ' + kFunction + " Event");
  std::ranges::sort(bed.callee.messages);
  EXPECT_EQ(
      bed.callee.messages[0],
      R"({"AlarmName":"Errors","AlarmDescription":"too many","AWSAccountId":"123456789012",)"
      R"("AlarmConfigurationUpdatedTimestamp":"2023-11-14T22:14:00.000+0000","NewStateValue":"ALARM","NewStateReason":)"
      R"("Threshold Crossed: 1 datapoint [5.0 (14/11/23 22:14:00)] was greater than the threshold (1.0).",)"
      R"x("StateChangeTime":"2023-11-14T22:15:00.000+0000","Region":"US East (Ohio)","AlarmArn":")x" +
          arn +
          R"(","OldStateValue":"INSUFFICIENT_DATA","ActionExecutedAfterMuteWindow":false,)"
          R"("OKActions":["arn:aws:sns:us-east-2:123456789012:alarms"],)"
          R"("AlarmActions":["arn:aws:sns:us-east-2:123456789012:alarms",)"
          R"("arn:aws:lambda:us-east-2:123456789012:function:on-alarm"],)"
          R"("InsufficientDataActions":[],"Trigger":{"MetricName":"m","Namespace":"ns","StatisticType":"Statistic",)"
          R"("Statistic":"SUM","Unit":null,"Dimensions":[],"Period":60,"EvaluationPeriods":1,)"
          R"("ComparisonOperator":"GreaterThanThreshold","Threshold":1.0,"TreatMissingData":"notBreaching",)"
          R"("EvaluateLowSampleCountPercentile":""}})");
  const std::string& event = bed.callee.messages[1];
  EXPECT_TRUE(event.starts_with(R"({"source":"aws.cloudwatch","alarmArn":")" + arn +
                                R"(","accountId":"123456789012","time":"2023-11-14T22:15:00.000+0000",)"
                                R"("region":"us-east-2","alarmData":{"alarmName":"Errors","state":{"value":"ALARM",)"
                                R"("reason":"Threshold Crossed: 1 datapoint [5.0 (14/11/23 22:14:00)])"))
      << event;
  EXPECT_NE(event.find(R"("previousState":{"value":"INSUFFICIENT_DATA","reason":"Unchecked: Initial alarm creation",)"
                       R"("timestamp":"2023-11-14T22:14:00.000+0000"},"configuration":{"description":"too many",)"
                       R"("metrics":[{"id":")"),
            std::string::npos);
  EXPECT_NE(event.find(R"("metricStat":{"metric":{"namespace":"ns","name":"m","dimensions":{}},"period":60,)"
                       R"("stat":"Sum"},"returnData":true}]}}})"),
            std::string::npos);
  // The datapoint stays within the evaluation range for two more minutes, then missing data count as good.
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(bed.state("Errors"), "ALARM");
    bed.env.clock.await_waiters(4);
    bed.env.clock.advance(minutes(1));
    bed.env.clock.await_waiters(4);
  }
  while (bed.state("Errors") == "ALARM" || bed.callee.count() < 3) bed.env.clock.await_waiters(4);
  EXPECT_EQ(bed.state("Errors"), "OK");
  bed.service->stop();
  EXPECT_EQ(bed.shown("Errors").state_reason,
            "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as "
            "[NonBreaching].");
  const auto items = bed.history("Errors");
  ASSERT_EQ(items.size(), 6u);
  EXPECT_EQ(items[0].history_summary, std::string("Successfully executed action ") + kTopic);
  EXPECT_EQ(items[1].history_summary, "Alarm updated from ALARM to OK");
  EXPECT_EQ(items[5].history_item_type, "ConfigurationUpdate");
  EXPECT_TRUE(items[0].history_data->starts_with(
      R"({"actionState":"Succeeded","stateUpdateTimestamp":1700000280000,"notificationResource":")"))
      << *items[0].history_data;
}

TEST(Actions, FailuresAreHistoryAndFaultsOfTheCalleeAreTriedAgain) {
  TestBed bed;
  auto in = TestBed::alarm("a");
  in.alarm_actions = {kTopic};
  in.ok_actions = {kTopic};
  in.treat_missing_data = "ignore";
  bed.put(in);
  const base::AwsError down{
      .code = "InternalError", .message = "down", .http_status = 500, .fault = base::Fault::receiver};
  bed.callee.failures = {down, down, {.code = "NotFound", .message = "Topic does not exist", .http_status = 404}};
  bed.set_state("a", "ALARM");
  bed.restart();  // the action is owed, whoever comes next
  bed.service->start();
  const base::Timestamp begin = bed.env.clock.now();
  while (bed.summaries().size() < 3) {
    bed.env.clock.await_waiters(4);
    bed.env.clock.advance(seconds(1));
  }
  EXPECT_GE(bed.env.clock.now() - begin, seconds(2 + 4));
  bed.service->stop();
  EXPECT_EQ(bed.callee.calls.size(), 3u);
  EXPECT_EQ(bed.summaries()[0],
            std::string("Failed to execute action ") + kTopic + ". Received error: \"Topic does not exist\"");
  EXPECT_NE(bed.history()[0].history_data->find(R"("actionState":"Failed")"), std::string::npos);
  // Neither a change of reason only, nor a change while actions are disabled, calls anybody.
  bed.restart();
  bed.set_state("a", "ALARM", "again");
  EXPECT_EQ(bed.shown("a").state_reason, "again");
  DisableAlarmActionsInput disable;
  disable.alarm_names = {"a", "nobody"};
  bed.ok(&CloudWatchService::disable_alarm_actions, disable);
  bed.set_state("a", "OK");
  bed.service->start();
  bed.env.clock.await_waiters(4);
  bed.service->stop();
  EXPECT_EQ(bed.callee.calls.size(), 3u);
  EXPECT_EQ(bed.shown("a").actions_enabled, false);
  EnableAlarmActionsInput enable;
  enable.alarm_names = {"a"};
  bed.ok(&CloudWatchService::enable_alarm_actions, enable);
  EXPECT_EQ(bed.shown("a").actions_enabled, true);
}

TEST(SetAlarmState, HoldsUntilTheNextEvaluation) {
  TestBed bed;
  bed.put(TestBed::alarm("a"));
  bed.put_value(0);
  SetAlarmStateInput in;
  in.alarm_name = "a";
  in.state_value = "INVALID";
  in.state_reason = "r";
  EXPECT_EQ(bed.error(&CloudWatchService::set_alarm_state, in),
            "ValidationError: 1 validation error detected: Value 'INVALID' at 'stateValue' failed to satisfy "
            "constraint: Member must satisfy enum value set: [INSUFFICIENT_DATA, ALARM, OK]");
  in.state_value = "ALARM";
  in.state_reason_data = "{";
  EXPECT_EQ(bed.error(&CloudWatchService::set_alarm_state, in), "InvalidFormat: StateReasonData is not valid JSON.");
  in.state_reason_data = R"({"a":[1]})";
  bed.ok(&CloudWatchService::set_alarm_state, in);
  EXPECT_EQ(bed.state("a"), "ALARM");
  EXPECT_EQ(bed.shown("a").state_reason_data, R"({"a":[1]})");
  EXPECT_EQ(bed.history()[0].history_data,
            R"({"version":"1.0","oldState":{"stateValue":"INSUFFICIENT_DATA","stateReason":"Unchecked: Initial alarm )"
            R"(creation"},"newState":{"stateValue":"ALARM","stateReason":"r","stateReasonData":{"a":[1]}}})");
  bed.pass(seconds(59));
  EXPECT_EQ(bed.state("a"), "ALARM");
  bed.pass(seconds(1));
  EXPECT_EQ(bed.state("a"), "OK");
  in.alarm_name = "b";
  EXPECT_EQ(bed.error(&CloudWatchService::set_alarm_state, in), "ResourceNotFound: ");
}

TEST(DeleteAlarms, AllOrNothing) {
  TestBed bed;
  const auto error = [&](std::vector<std::string> names) {
    DeleteAlarmsInput in;
    in.alarm_names = std::move(names);
    return bed.error(&CloudWatchService::delete_alarms, in);
  };
  for (const char* name : {"a", "b", "c"}) bed.put(TestBed::alarm(name));
  bed.put_composite("ab", "ALARM(a) OR ALARM(b)");
  bed.put_composite("top", "ALARM(ab)");
  EXPECT_EQ(error({"c", "nobody"}), "ResourceNotFound: ");
  EXPECT_EQ(error({"a"}), "ValidationError: Cannot delete a as there are composite alarm(s) depending on it.");
  EXPECT_EQ(error({"a", "b", "c"}),
            "ValidationError: Cannot delete a,b as there are composite alarm(s) depending on them.");
  EXPECT_EQ(error({"ab", "top"}), "ValidationError: DeleteAlarms can delete at most one composite alarm at a time.");
  EXPECT_EQ(bed.describe().metric_alarms->size(), 3u);
  EXPECT_EQ(error({"top"}), "no error");
  EXPECT_EQ(error({"a", "ab", "b", "a"}), "no error");
  bed.restart();
  EXPECT_EQ(bed.describe().metric_alarms->size(), 1u);
  EXPECT_EQ(bed.summaries("a")[0], "Alarm \"a\" deleted");
  bed.pass(minutes(1));
}

TEST(DescribeAlarms, FiltersAndPages) {
  TestBed bed;
  for (int i = 0; i < 7; ++i) bed.put(TestBed::alarm("x" + std::to_string(i)));
  auto with_action = TestBed::alarm("y");
  with_action.ok_actions = {kTopic};
  bed.put(with_action);
  bed.put_composite("z", "ALARM(x1) OR ALARM(x2)");
  bed.set_state("x3", "OK");
  const auto names = [&](auto change) {
    DescribeAlarmsInput in;
    change(in);
    std::string out;
    do {
      const auto page = bed.describe(in);
      for (const auto& alarm : *page.metric_alarms) out += *alarm.alarm_name + ' ';
      for (const auto& alarm : *page.composite_alarms) out += *alarm.alarm_name + ' ';
      if (page.next_token) out += "| ";
      in.next_token = page.next_token;
    } while (in.next_token);
    return out;
  };
  EXPECT_EQ(names([](auto&) {}), "x0 x1 x2 x3 x4 x5 x6 y ");
  EXPECT_EQ(names([](auto& in) { in.max_records = 3; }), "x0 x1 x2 | x3 x4 x5 | x6 y ");
  EXPECT_EQ(names([](auto& in) { in.alarm_types = {"CompositeAlarm"}; }), "z ");
  EXPECT_EQ(names([](auto& in) { in.alarm_name_prefix = "x"; }), "x0 x1 x2 x3 x4 x5 x6 ");
  EXPECT_EQ(names([](auto& in) { in.state_value = "OK"; }), "x3 ");
  EXPECT_EQ(names([](auto& in) { in.action_prefix = "arn:aws:sns"; }), "y ");
  EXPECT_EQ(names([](auto& in) { in.alarm_names = {"x5", "none"}; }), "x5 ");
  EXPECT_EQ(names([](auto& in) { in.children_of_alarm_name = "z"; }), "x1 x2 ");
  EXPECT_EQ(names([](auto& in) { in.parents_of_alarm_name = "x2"; }), "z ");
  DescribeAlarmsInput both;
  both.alarm_names = {"a"};
  both.alarm_name_prefix = "a";
  EXPECT_EQ(bed.error(&CloudWatchService::describe_alarms, both),
            "ValidationError: AlarmNames and AlarmNamePrefix are mutually exclusive and you have specified both.");
  DescribeAlarmsInput bad;
  bad.next_token = "!";
  EXPECT_EQ(bed.error(&CloudWatchService::describe_alarms, bad),
            "InvalidNextToken: The specified NextToken is invalid.");
  DescribeAlarmsForMetricInput metric;
  metric.metric_name = "m";
  metric.namespace_ = "ns";
  EXPECT_EQ(bed.ok(&CloudWatchService::describe_alarms_for_metric, metric).metric_alarms->size(), 8u);
  metric.dimensions.emplace().emplace_back().name = "d";
  metric.dimensions->back().value = "v";
  EXPECT_EQ(bed.ok(&CloudWatchService::describe_alarms_for_metric, metric).metric_alarms->size(), 0u);
}

TEST(History, FiltersPagesAndEnds) {
  TestBed bed;
  bed.put(TestBed::alarm("a"));
  bed.put_composite("c", "ALARM(a)");
  for (int i = 0; i < 5; ++i) {
    bed.env.clock.advance(seconds(1));
    bed.set_state("a", i % 2 == 0 ? "ALARM" : "OK", std::to_string(i));
  }
  const auto items = [&](auto change) {
    DescribeAlarmHistoryInput in;
    change(in);
    std::string out;
    do {
      const auto page = bed.ok(&CloudWatchService::describe_alarm_history, in);
      for (const auto& item : *page.alarm_history_items) {
        const bool update = item.history_item_type == "StateUpdate";
        out += update ? item.history_data->substr(item.history_data->rfind("stateReason") + 14, 1) : "c";
      }
      if (page.next_token) out += '|';
      in.next_token = page.next_token;
    } while (in.next_token);
    return out;
  };
  EXPECT_EQ(items([](auto&) {}), "43210c");
  EXPECT_EQ(items([](auto& in) { in.max_records = 2; }), "43|21|0c");
  EXPECT_EQ(items([](auto& in) {
              in.max_records = 4;
              in.scan_by = "TimestampAscending";
            }),
            "c012|34");
  EXPECT_EQ(items([](auto& in) {
              in.alarm_name = "a";
              in.history_item_type = "ConfigurationUpdate";
            }),
            "c");
  EXPECT_EQ(items([&](auto& in) {
              in.alarm_name = "a";
              in.start_date = bed.env.clock.now() - seconds(3);
              in.end_date = bed.env.clock.now() - seconds(1);
            }),
            "321");
  EXPECT_EQ(bed.history("c").size(), 7u);
  EXPECT_EQ(bed.history().size(), 13u);
  bed.service->start();
  bed.env.clock.await_waiters(4);
  bed.env.clock.advance(hours(30 * 24 + 2));
  const auto rows = [&](std::string_view table) {
    const std::string prefix = store::KeyWriter(table).take();
    std::size_t count = 0;
    for (auto at = bed.store->scan(prefix, store::prefix_end(prefix)); at->valid(); at->next()) ++count;
    return count;
  };
  // What is left is what the evaluation of that time found: no data any more.
  while (rows(keys::kHistoryTable) != 2 || bed.history().size() != 2) bed.env.clock.await_waiters(4);
  EXPECT_EQ(rows(keys::kHistoryByAlarmTable), 2u);
  bed.service->stop();
}

TEST(Tags, BelongToTheAlarm) {
  TestBed bed;
  auto in = TestBed::alarm("a");
  const auto tag = [](const std::string& key, const std::string& value) {
    Tag out;
    out.key = key;
    out.value = value;
    return out;
  };
  in.tags = {tag("k", "v")};
  bed.put(in);
  const std::string arn = *bed.shown("a").alarm_arn;
  TagResourceInput add;
  add.resource_arn = arn;
  add.tags = {tag("l", "w"), tag("k", "x")};
  bed.ok(&CloudWatchService::tag_resource, add);
  UntagResourceInput remove;
  remove.resource_arn = arn;
  remove.tag_keys = {"l", "m"};
  bed.ok(&CloudWatchService::untag_resource, remove);
  bed.put(in);
  bed.restart();
  ListTagsForResourceInput list;
  list.resource_arn = arn;
  EXPECT_EQ(bed.ok(&CloudWatchService::list_tags_for_resource, list).tags, std::vector<Tag>{tag("k", "x")});
  add.tags = {tag("aws:x", "1")};
  EXPECT_EQ(bed.error(&CloudWatchService::tag_resource, add),
            "InvalidParameterValue: aws: prefixed tag key names are not allowed for external use.");
  list.resource_arn = arn + "b";
  EXPECT_EQ(bed.ok(&CloudWatchService::list_tags_for_resource, list).tags->size(), 0u);
  add.resource_arn = arn + "b";
  EXPECT_TRUE(bed.error(&CloudWatchService::tag_resource, add).starts_with("ResourceNotFoundException"));
  list.resource_arn = "x";
  EXPECT_EQ(bed.error(&CloudWatchService::list_tags_for_resource, list),
            "InvalidParameterValue: The value x for parameter ResourceARN is invalid.");
}

}  // namespace
}  // namespace engine::cloudwatch
