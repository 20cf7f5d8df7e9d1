// The evaluation of alarms as time goes by, and composite alarms.
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/cloudwatch/test_alarm_bed.h"

namespace engine::cloudwatch {
namespace {

using TestBed = AlarmTestBed;

TEST(Evaluation, EveryMomentThatWasMissedIsMadeUpForInOrder) {
  TestBed bed;
  bed.put(TestBed::alarm("a"));
  bed.put_value(5);
  bed.env.clock.advance(minutes(1));
  bed.put_value(0);
  bed.env.clock.advance(minutes(1));
  bed.put_value(7);
  bed.pass(hours(24));
  std::vector<std::string> seen;
  for (const auto& item : bed.history()) {
    seen.push_back(base::format_iso8601_seconds(*item.timestamp).substr(11, 8) + ' ' + *item.history_summary);
  }
  EXPECT_EQ(seen, (std::vector<std::string>{
                      "22:20:00 Alarm updated from ALARM to INSUFFICIENT_DATA",
                      "22:17:00 Alarm updated from OK to ALARM", "22:16:00 Alarm updated from ALARM to OK",
                      "22:15:00 Alarm updated from INSUFFICIENT_DATA to ALARM", "22:14:00 Alarm \"a\" created"}));
}

TEST(Evaluation, ShortPeriodsAreEvaluatedEveryTenSecondsAndLongOnesEveryHour) {
  TestBed bed;
  auto fast = TestBed::alarm("fast");
  fast.period = 10;
  auto slow = TestBed::alarm("slow", 25);
  slow.period = 3600;
  slow.datapoints_to_alarm = 1;
  bed.put(fast);
  bed.put(slow);
  bed.put_value(3, "m", 1);
  bed.pass(seconds(9));
  EXPECT_EQ(bed.state("fast"), "INSUFFICIENT_DATA");
  bed.pass(seconds(1));
  EXPECT_EQ(bed.state("fast"), "ALARM");
  bed.pass(seconds(30));
  EXPECT_EQ(bed.state("fast"), "INSUFFICIENT_DATA");
  bed.pass(minutes(30));
  EXPECT_EQ(bed.state("slow"), "INSUFFICIENT_DATA");
  bed.pass(minutes(16));
  EXPECT_EQ(bed.state("slow"), "ALARM");
}

// The alarms' task sleeps until the next minute when an alarm comes that is to be evaluated sooner.
TEST(Evaluation, AnAlarmThatComesWhileTheTaskSleepsIsInTime) {
  TestBed bed;
  const auto pass = [&](base::Duration time) { bed.env.clock.advance_in_steps(time, [] { return false; }); };
  bed.service->start();
  bed.put(TestBed::alarm("slow"));
  pass(seconds(1));
  bed.put_value(3, "m", 1);
  auto fast = TestBed::alarm("fast");
  fast.period = 10;
  bed.put(fast);
  pass(seconds(8));
  EXPECT_EQ(bed.state("fast"), "INSUFFICIENT_DATA");
  pass(seconds(1));
  EXPECT_EQ(bed.state("fast"), "ALARM");
  bed.service->stop();
}

// Windows end at the minute of the evaluation, not at multiples of the period.
TEST(Evaluation, LongPeriodsSlide) {
  TestBed bed;
  auto in = TestBed::alarm("a");
  in.period = 300;
  bed.put(in);
  bed.put_value(1);
  bed.env.clock.advance(minutes(4));
  bed.put_value(1);
  bed.pass(minutes(1));
  EXPECT_EQ(bed.state("a"), "ALARM");
  bed.pass(minutes(1));
  EXPECT_EQ(bed.state("a"), "OK");
}

TEST(Evaluation, UnitsAndPercentiles) {
  TestBed bed;
  auto other = TestBed::alarm("other unit");
  other.unit = "Seconds";
  auto median = TestBed::alarm("median");
  median.statistic.reset();
  median.extended_statistic = "p50";
  bed.put(other);
  bed.put(median);
  bed.put_value(0);
  bed.put_value(2);
  bed.put_value(9);
  bed.pass(minutes(1));
  EXPECT_EQ(bed.state("other unit"), "INSUFFICIENT_DATA");
  EXPECT_EQ(bed.state("median"), "ALARM");
  EXPECT_NE(bed.shown("median").state_reason->find("[2.0 ("), std::string::npos);
  EXPECT_NE(bed.shown("median").state_reason_data->find(R"("statistic":"p50")"), std::string::npos);
}

TEST(Evaluation, MetricMath) {
  TestBed bed;
  PutMetricAlarmInput in = TestBed::alarm("ratio");
  in.metric_name.reset();
  in.namespace_.reset();
  in.statistic.reset();
  in.period.reset();
  const auto query = [](const std::string& id, const std::string& metric) {
    MetricDataQuery out;
    out.id = id;
    out.metric_stat.emplace().metric.emplace().namespace_ = "ns";
    out.metric_stat->metric->metric_name = metric;
    out.metric_stat->period = 300;
    out.metric_stat->stat = "Sum";
    out.return_data = false;
    return out;
  };
  MetricDataQuery expression;
  expression.id = "e";
  expression.expression = "a / b";
  in.metrics = {query("a", "errors"), query("b", "calls"), expression};
  bed.put(in);
  bed.put_value(9, "errors");
  bed.env.clock.advance(minutes(3));
  bed.put_value(4, "calls");
  bed.pass(minutes(2));  // 22:19, but at 22:18 there was a first result
  EXPECT_EQ(bed.shown("ratio").state_reason,
            "Threshold Crossed: 1 datapoint [2.25 (14/11/23 22:13:00)] was greater than the threshold (1.0).");
  bed.restart();
  EXPECT_EQ(bed.shown("ratio").metrics, in.metrics);
  bed.pass(minutes(1));
  in.metrics->pop_back();
  EXPECT_EQ(bed.error(&CloudWatchService::put_metric_alarm, in),
            "ValidationError: Exactly one of Metrics must have ReturnData true.");
  in.period = 60;
  EXPECT_TRUE(bed.error(&CloudWatchService::put_metric_alarm, in).starts_with("ValidationError: Metrics cannot be"));
}

// Random data against a second evaluation that keeps the whole series and looks at it afresh each minute.
TEST(Evaluation, RandomSeriesAgreeWithTheDefinition) {
  struct Case {
    std::string name, treat;
    std::size_t periods, to_alarm;
    std::string state = "INSUFFICIENT_DATA";
  };
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    TestBed bed;
    base::SeededRandom random(seed);
    std::vector<Case> cases;
    for (const std::string treat : {"missing", "ignore", "breaching", "notBreaching"}) {
      for (const auto& [periods, to_alarm] : {std::pair(1, 1), {2, 1}, {3, 3}, {5, 2}, {7, 4}}) {
        Case one{treat + std::to_string(periods), treat, static_cast<std::size_t>(periods),
                 static_cast<std::size_t>(to_alarm)};
        auto in = TestBed::alarm(one.name, periods);
        in.datapoints_to_alarm = to_alarm;
        in.treat_missing_data = treat;
        bed.put(in);
        cases.push_back(one);
      }
    }
    std::string series;  // one character a minute, as in the user guide
    uint64_t missing_of_ten = 0;
    for (int minute = 0; minute < 200; ++minute) {
      if (minute % 20 == 0) missing_of_ten = base::random_below(random, 11);
      const bool missing = base::random_below(random, 10) < missing_of_ten;
      const bool breaching = base::random_below(random, 2) == 0;
      series += missing ? '-' : breaching ? 'X' : '0';
      if (!missing) bed.put_value(breaching ? 2 : 1);
      bed.pass(minutes(1));
      for (Case& one : cases) {
        // Count from the newest datapoint back until there are enough, or the evaluation range ends.
        std::size_t good = 0;
        std::size_t bad = 0;
        std::size_t oldest = 0;
        for (std::size_t age = 1; age <= std::min(one.periods + 2, series.size()) && good + bad < one.periods; ++age) {
          const char c = series[series.size() - age];
          if (c == '-') continue;
          (c == 'X' ? bad : good) += 1;
          oldest = age;
        }
        const std::size_t holes = one.periods - good - bad;
        if (one.treat == "breaching") bad += holes;
        if (one.treat == "notBreaching") good += holes;
        if (bad >= one.to_alarm) {
          one.state = "ALARM";
        } else if (good > 0 || good + bad == one.periods) {
          one.state = "OK";
        } else if (one.treat == "missing" && bad == 0) {
          one.state = "INSUFFICIENT_DATA";
        } else if (one.treat == "missing" && oldest >= one.to_alarm) {
          one.state = "ALARM";
        }
        ASSERT_EQ(bed.state(one.name), one.state) << one.name << " after " << series << ", seed " << seed;
      }
    }
  }
}

TEST(CompositeAlarm, FollowsItsChildrenAtOnce) {
  TestBed bed;
  bed.put(TestBed::alarm("a"));
  bed.put(TestBed::alarm("b"));
  bed.put_composite("both", "ALARM(a) AND ALARM(\"arn:aws:cloudwatch:us-east-2:123456789012:alarm:b\")", {kTopic});
  bed.put_composite("top", "ALARM(both) OR (ALARM(a) AND OK(b))");
  const std::string arn = "arn:aws:cloudwatch:us-east-2:123456789012:alarm:";
  EXPECT_EQ(bed.state("both"), "OK");
  EXPECT_EQ(bed.shown_composite("both").state_reason, arn + "both was created and its alarm rule evaluates to OK");
  EXPECT_EQ(bed.shown_composite("both").state_reason_data,
            R"({"triggeringAlarms":[{"arn":")" + arn +
                R"(a","state":{"value":"INSUFFICIENT_DATA","timestamp":"2023-11-14T22:14:00.000+0000"}},{"arn":")" +
                arn + R"(b","state":{"value":"INSUFFICIENT_DATA","timestamp":"2023-11-14T22:14:00.000+0000"}}]})");
  bed.set_state("a", "ALARM");
  EXPECT_EQ(bed.state("both"), "OK");
  bed.restart();
  bed.set_state("b", "ALARM");
  EXPECT_EQ(bed.state("both"), "ALARM");
  EXPECT_EQ(bed.shown_composite("both").state_reason,
            arn + "b transitioned to ALARM at Tuesday 14 November, 2023 22:14:00 UTC");
  EXPECT_EQ(bed.state("top"), "ALARM");
  EXPECT_EQ(bed.shown_composite("top").state_reason,
            arn + "both transitioned to ALARM at Tuesday 14 November, 2023 22:14:00 UTC");
  bed.set_state("b", "OK");
  EXPECT_EQ(bed.state("both"), "OK");
  EXPECT_EQ(bed.state("top"), "ALARM");  // by its other half, without having been anything else in between
  EXPECT_EQ(bed.history("top").size(), 3u);
  bed.set_state("both", "INSUFFICIENT_DATA");
  EXPECT_EQ(bed.state("both"), "INSUFFICIENT_DATA");  // until a child changes
  bed.put_composite("both", "TRUE");
  EXPECT_EQ(bed.shown_composite("both").state_reason,
            arn + "both was updated and its new alarm rule evaluates to ALARM");
}

TEST(CompositeAlarm, RulesAreChecked) {
  TestBed bed;
  const auto error = [&](const std::string& name, const std::string& rule) {
    return bed.error(&CloudWatchService::put_composite_alarm, TestBed::composite(name, rule));
  };
  EXPECT_EQ(error("c", "ALARM(a) OR OK(b)"),
            "ValidationError: Could not save the composite alarm as alarms [a, b] in the alarm rule do not exist");
  EXPECT_EQ(error("c", "ALARM(\"arn:aws:cloudwatch:eu-west-1:123456789012:alarm:a\")"),
            "ValidationError: Could not save the composite alarm as alarms "
            "[arn:aws:cloudwatch:eu-west-1:123456789012:alarm:a] in the alarm rule do not exist");
  EXPECT_EQ(error("c", "()"), "ValidationError: Error in AlarmRule [Unsupported token ')' at char 1]");
  bed.put_composite("c", "TRUE");
  bed.put_composite("d", "ALARM(c)");
  bed.put_composite("e", "ALARM(d)");
  EXPECT_EQ(error("c", "ALARM(e)"), "ValidationError: The rule of the composite alarm c depends on the alarm itself.");
  EXPECT_EQ(error("c", "NOT ALARM(c)"),
            "ValidationError: The rule of the composite alarm c depends on the alarm itself.");
  EXPECT_EQ(bed.error(&CloudWatchService::put_metric_alarm, TestBed::alarm("c")),
            "ValidationError: A composite alarm with the name c exists already.");
}

}  // namespace
}  // namespace engine::cloudwatch
