#include "engine/cloudwatch/alarm_evaluation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <regex>

#include "engine/cloudwatch/alarm.h"
#include "engine/cloudwatch/alarm_text.h"

namespace engine::cloudwatch {
namespace {

using aws::cloudwatch::MetricAlarm;

constexpr int64_t kEnd = 1'700'000'040;  // 14 November 2023 22:14:00

MetricAlarm config(int periods, std::optional<int> to_alarm, std::optional<std::string> treat_missing = {}) {
  MetricAlarm out;
  out.statistic = "Average";
  out.evaluation_periods = periods;
  out.datapoints_to_alarm = to_alarm;
  out.treat_missing_data = std::move(treat_missing);
  out.comparison_operator = "GreaterThanThreshold";
  out.threshold = 2;
  return out;
}

// AWS's way of writing them: oldest first, 0 within the threshold, X breaching, - missing.
std::vector<AlarmPoint> points(const std::string& pattern) {
  std::vector<AlarmPoint> out;
  for (std::size_t age = 1; age <= pattern.size(); ++age) {
    const char c = pattern[pattern.size() - age];
    if (c != '-') out.push_back({kEnd - static_cast<int64_t>(age) * 60, c == 'X' ? 3.0 : 1.0, 2.0});
  }
  return out;
}

std::string state(const MetricAlarm& alarm, const std::string& pattern) {
  const auto verdict = evaluate_alarm(alarm, 60, points(pattern), kEnd, "", base::from_epoch_seconds(kEnd));
  return verdict ? std::string(verdict->state) : "retained";
}

// The tables of "Configuring how CloudWatch alarms treat missing data".
TEST(Evaluation, TablesOfTheUserGuide) {
  struct Row {
    const char *pattern, *missing, *ignore, *breaching, *not_breaching;
  };
  const auto check = [](int periods, int to_alarm, const std::vector<Row>& rows) {
    for (const Row& row : rows) {
      EXPECT_EQ(state(config(periods, to_alarm), row.pattern), row.missing) << row.pattern;
      EXPECT_EQ(state(config(periods, to_alarm, "missing"), row.pattern), row.missing) << row.pattern;
      EXPECT_EQ(state(config(periods, to_alarm, "ignore"), row.pattern), row.ignore) << row.pattern;
      EXPECT_EQ(state(config(periods, to_alarm, "breaching"), row.pattern), row.breaching) << row.pattern;
      EXPECT_EQ(state(config(periods, to_alarm, "notBreaching"), row.pattern), row.not_breaching) << row.pattern;
    }
  };
  check(3, 3,
        {{"0-X-X", "OK", "OK", "OK", "OK"},
         {"0----", "OK", "OK", "OK", "OK"},
         {"-----", "INSUFFICIENT_DATA", "retained", "ALARM", "OK"},
         {"0XX-X", "ALARM", "ALARM", "ALARM", "ALARM"},
         {"--X--", "ALARM", "retained", "ALARM", "OK"},
         {"----X", "retained", "retained", "ALARM", "OK"},
         {"---X-", "retained", "retained", "ALARM", "OK"},
         {"---X0", "OK", "OK", "OK", "OK"}});
  check(3, 2,
        {{"0-X-X", "ALARM", "ALARM", "ALARM", "ALARM"},
         {"00X0X", "ALARM", "ALARM", "ALARM", "ALARM"},
         {"0-X--", "OK", "OK", "ALARM", "OK"},
         {"----0", "OK", "OK", "ALARM", "OK"},
         {"---X-", "ALARM", "retained", "ALARM", "OK"}});
}

// The same rules, written over patterns.
std::string by_definition(const std::string& pattern, std::size_t periods, std::size_t to_alarm,
                          const std::string& treat) {
  std::string real = std::regex_replace(pattern, std::regex("-"), "");
  if (real.size() > periods) real = real.substr(real.size() - periods);
  const std::size_t missing = periods - real.size();
  std::string filled = real;
  if (treat == "breaching") filled.append(missing, 'X');
  if (treat == "notBreaching") filled.append(missing, '0');
  if (static_cast<std::size_t>(std::ranges::count(filled, 'X')) >= to_alarm) return "ALARM";
  if (filled.size() == periods || filled.find('0') != std::string::npos) return "OK";
  if (treat == "ignore") return "retained";
  if (filled.empty()) return "INSUFFICIENT_DATA";
  const std::regex settled("-*X[X-]{" + std::to_string(to_alarm - 1) + ",}");
  return std::regex_match(pattern, settled) ? "ALARM" : "retained";
}

TEST(Evaluation, EveryPatternIsJudgedByTheDefinition) {
  for (std::size_t periods = 1; periods <= 4; ++periods) {
    const auto range = static_cast<std::size_t>(evaluation_range(static_cast<int64_t>(periods)));
    std::string pattern(range, '-');
    for (bool more = true; more;) {
      for (std::size_t to_alarm = 1; to_alarm <= periods; ++to_alarm) {
        for (const std::string treat : {"missing", "ignore", "breaching", "notBreaching"}) {
          ASSERT_EQ(state(config(static_cast<int>(periods), static_cast<int>(to_alarm), treat), pattern),
                    by_definition(pattern, periods, to_alarm, treat))
              << pattern << ' ' << to_alarm << " of " << periods << ' ' << treat;
        }
      }
      more = false;
      for (char& c : pattern) {  // the next one, as a number of base 3
        c = c == '-' ? '0' : c == '0' ? 'X' : '-';
        if (c == '-') continue;
        more = true;
        break;
      }
    }
  }
}

TEST(Evaluation, ComparesAsTheOperatorSays) {
  EXPECT_TRUE(*breaches("GreaterThanOrEqualToThreshold", 2, 2));
  EXPECT_FALSE(*breaches("GreaterThanThreshold", 2, 2));
  EXPECT_TRUE(*breaches("LessThanOrEqualToThreshold", 2, 2));
  EXPECT_FALSE(*breaches("LessThanThreshold", 2, 2));
  EXPECT_TRUE(*breaches("LessThanThreshold", -1, 0));
  EXPECT_EQ(breaches("GreaterThanUpperThreshold", 1, 0), std::nullopt);
}

TEST(Evaluation, APercentileOfTooFewSamplesDecidesNothing) {
  MetricAlarm alarm = config(1, {});
  alarm.statistic.reset();
  alarm.extended_statistic = "p90";
  alarm.evaluate_low_sample_count_percentile = "ignore";
  std::vector<AlarmPoint> point = {{kEnd - 60, 5, 99}};
  EXPECT_FALSE(evaluate_alarm(alarm, 60, point, kEnd, "", {}));
  point[0].sample_count = 100;
  EXPECT_EQ(evaluate_alarm(alarm, 60, point, kEnd, "", {})->state, "ALARM");
  alarm.extended_statistic = "p99.9";
  point[0].sample_count = 9'999;
  EXPECT_FALSE(evaluate_alarm(alarm, 60, point, kEnd, "", {}));
  point[0].sample_count = 10'000;
  EXPECT_EQ(evaluate_alarm(alarm, 60, point, kEnd, "", {})->state, "ALARM");
  point[0].sample_count = 1;
  alarm.evaluate_low_sample_count_percentile = "evaluate";
  EXPECT_EQ(evaluate_alarm(alarm, 60, point, kEnd, "", {})->state, "ALARM");
}

std::string reason(const MetricAlarm& alarm, const std::string& pattern) {
  const auto verdict = evaluate_alarm(alarm, 60, points(pattern), kEnd, "", base::from_epoch_seconds(kEnd));
  return verdict ? verdict->reason : "retained";
}

TEST(Reason, IsInTheWordsOfAws) {
  EXPECT_EQ(reason(config(1, {}), "0-X"),
            "Threshold Crossed: 1 datapoint [3.0 (14/11/23 22:13:00)] was greater than the threshold (2.0).");
  EXPECT_EQ(reason(config(2, {}), "0-XX"),
            "Threshold Crossed: 2 datapoints [3.0 (14/11/23 22:13:00), 3.0 (14/11/23 22:12:00)] were greater than the "
            "threshold (2.0).");
  EXPECT_EQ(reason(config(3, 3), "00XXX"),
            "Threshold Crossed: 3 out of the last 3 datapoints [3.0 (14/11/23 22:13:00), 3.0 (14/11/23 22:12:00), 3.0 "
            "(14/11/23 22:11:00)] were greater than the threshold (2.0) (minimum 3 datapoints for OK -> ALARM "
            "transition).");
  const std::string five =
      "3.0 (14/11/23 22:13:00), 3.0 (14/11/23 22:12:00), 3.0 (14/11/23 22:11:00), 3.0 (14/11/23 22:10:00), 3.0 "
      "(14/11/23 22:09:00)]";
  EXPECT_EQ(reason(config(4, {}), "00XXXX").substr(0, 62),
            "Threshold Crossed: 4 datapoints [3.0 (14/11/23 22:13:00), 3.0 ");
  EXPECT_EQ(reason(config(6, {}), "00XXXXXX"),
            "Threshold Crossed: 6 datapoints were greater than the threshold (2.0). The most recent datapoints which "
            "crossed the threshold: [" +
                five + ".");
  EXPECT_EQ(reason(config(5, 5), "00XXXXX"),
            "Threshold Crossed: 5 out of the last 5 datapoints were greater than the threshold (2.0). The most recent "
            "datapoints which crossed the threshold: [" +
                five + " (minimum 5 datapoints for OK -> ALARM transition).");
  EXPECT_EQ(reason(config(3, 2), "00X00"),
            "Threshold Crossed: 2 out of the last 3 datapoints [1.0 (14/11/23 22:13:00), 1.0 (14/11/23 22:12:00)] were "
            "not greater than the threshold (2.0) (minimum 2 datapoints for ALARM -> OK transition).");
  EXPECT_EQ(reason(config(1, {}, "notBreaching"), "---"),
            "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as "
            "[NonBreaching].");
  EXPECT_EQ(reason(config(2, {}, "breaching"), "----"),
            "Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints were treated as "
            "[Breaching].");
  EXPECT_EQ(reason(config(3, 2, "breaching"), "----0"),
            "Threshold Crossed: 1 datapoint was received for 3 periods and 2 missing datapoints were treated as "
            "[Breaching].");
  EXPECT_EQ(reason(config(3, {}, "breaching"), "-0---"),
            "Threshold Crossed: 1 datapoint [1.0 (14/11/23 22:10:00)] was not greater than the threshold (2.0) and 2 "
            "missing datapoints were treated as [Breaching].");
  EXPECT_EQ(reason(config(1, {}), "---"), "Insufficient Data: 1 datapoint was unknown.");
  EXPECT_EQ(reason(config(3, {}), "-----"), "Insufficient Data: 3 datapoints were unknown.");
}

TEST(Reason, HasItsData) {
  const auto data = [](const MetricAlarm& alarm, const std::string& pattern) {
    return evaluate_alarm(alarm, 60, points(pattern), kEnd, "", base::from_epoch_milliseconds(kEnd * 1000 + 5))
        ->reason_data;
  };
  MetricAlarm alarm = config(2, {});
  alarm.unit = "Seconds";
  EXPECT_EQ(data(alarm, "0-X-"),
            R"({"version":"1.0","queryDate":"2023-11-14T22:14:00.005+0000","startDate":"2023-11-14T22:10:00.000+0000",)"
            R"("unit":"Seconds","statistic":"Average","period":60,"recentDatapoints":[1.0,3.0],"threshold":2.0,)"
            R"("evaluatedDatapoints":[{"timestamp":"2023-11-14T22:12:00.000+0000","sampleCount":2.0,"value":3.0},)"
            R"({"timestamp":"2023-11-14T22:10:00.000+0000","sampleCount":2.0,"value":1.0}]})");
  EXPECT_EQ(
      data(config(1, {}, "breaching"), "---"),
      R"({"version":"1.0","queryDate":"2023-11-14T22:14:00.005+0000","statistic":"Average","period":60,)"
      R"("recentDatapoints":[],"threshold":2.0,"evaluatedDatapoints":[{"timestamp":"2023-11-14T22:13:00.000+0000"}]})");
  const std::string all = data(config(24, {}), std::string(26, 'X'));
  EXPECT_EQ(std::ranges::count(all, '{'), 1 + 24) << all;
  const std::string many(200, 'X');
  EXPECT_LE(data(config(200, {}), many).size(), 4000u);
  EXPECT_LE(reason(config(200, 200), many).size(), 1023u);
  EXPECT_TRUE(reason(config(200, 200), many).ends_with("transition)."));
}

TEST(Text, NumbersAreWrittenAsJavaDoes) {
  const std::vector<std::pair<double, std::string>> cases = {
      {0, "0.0"},         {-0.0, "-0.0"},
      {1, "1.0"},         {21.5, "21.5"},
      {100, "100.0"},     {0.001, "0.001"},
      {0.0001, "1.0E-4"}, {1234567, "1234567.0"},
      {1e7, "1.0E7"},     {12345678.5, "1.23456785E7"},
      {-2.25, "-2.25"},   {0.1 + 0.2, "0.30000000000000004"},
      {1e300, "1.0E300"}, {99.50160229693434, "99.50160229693434"}};
  for (const auto& [value, text] : cases) EXPECT_EQ(java_double(value), text);
  EXPECT_EQ(composite_time(base::from_epoch_seconds(1'658'505'465)), "Friday 22 July, 2022 15:57:45 UTC");
  EXPECT_EQ(region_name("us-east-2"), "US East (Ohio)");
  EXPECT_EQ(region_name("local"), "local");
}

}  // namespace
}  // namespace engine::cloudwatch
