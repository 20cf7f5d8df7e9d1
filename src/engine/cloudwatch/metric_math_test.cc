// Tables of expressions and what they give on three small metrics.
#include "engine/cloudwatch/metric_math.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

#include "engine/cloudwatch/metric_expression.h"

namespace engine::cloudwatch {
namespace {

using aws::cloudwatch::MetricDataQuery;

constexpr int64_t kStart = 1'704'189'600;  // Tuesday 2024-01-02 10:00:00
constexpr Span kSpan = {kStart, kStart + 300};

MetricDataQuery metric(const std::string& id, const std::string& name, int32_t period = 60) {
  MetricDataQuery out;
  out.id = id;
  out.return_data = false;
  auto& stat = out.metric_stat.emplace();
  stat.metric.emplace().namespace_ = "Shop";
  stat.metric->metric_name = name;
  stat.period = period;
  stat.stat = "Sum";
  return out;
}

MetricDataQuery expression(const std::string& id, const std::string& text) {
  MetricDataQuery out;
  out.id = id;
  out.expression = text;
  return out;
}

// Minutes 0 to 4; a has all, b lacks the third, c has only the second and the last, none has nothing.
const std::map<std::string, std::vector<std::pair<int, double>>>& data() {
  static const std::map<std::string, std::vector<std::pair<int, double>>> kData = {
      {"A", {{0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 5}}},
      {"B", {{0, 10}, {1, 0}, {3, 30}, {4, -20}}},
      {"C", {{1, 7}, {4, 1}}},
      {"None", {}},
      // The user guide's own examples.
      {"Metric1", {{0, 30}, {1, 20}, {2, 0}, {3, 0}}},
      {"Metric2", {{0, 20}, {2, 20}}},
      {"If1", {{0, 1}, {1, 1}, {2, 0}, {3, 0}}},
      {"If2", {{0, 30}, {2, 0}, {3, 0}, {4, 30}}},
      {"If3", {{0, 0}, {1, 0}, {2, 20}, {4, 20}}},
      {"Coarse", {{0, 100}}}};
  return kData;
}

base::Result<Series> fetch(const aws::cloudwatch::MetricStat& stat, Span) {
  Series out;
  for (const auto& [minute, value] : data().at(*stat.metric->metric_name))
    out.points.push_back({kStart + 60 * minute, value});
  return out;
}

// "label 0:1.5 2:3; label ..." with minutes and values, or the error's message.
std::string evaluate(std::vector<MetricDataQuery> queries) {
  const auto math = MetricMath::compile(std::move(queries));
  if (!math) return math.error().code + ": " + math.error().message;
  const auto all = math->evaluate(kSpan, fetch);
  if (!all) return all.error().code + ": " + all.error().message;
  std::string out;
  for (const Series& series : *all) {
    out += (out.empty() ? "" : "; ") + series.label;
    for (const Point& point : series.points)
      out += fmt::format(" {}:{:.6g}", (point.seconds - kStart) / 60, point.value);
  }
  return out;
}

std::string evaluate(const std::string& text) {
  return evaluate(
      {metric("a", "A"), metric("b", "B"), metric("c", "C"), metric("none", "None"), expression("e", text)});
}

TEST(MetricMath, Gives) {
  const std::pair<const char*, const char*> kRows[] = {
      // Operators, precedence, missing points, results that are no numbers.
      {"a", "e 0:1 1:2 2:3 3:4 4:5"},
      {"a + 2 * 3", "e 0:7 1:8 2:9 3:10 4:11"},
      {"-a ^ 2", "e 0:-1 1:-4 2:-9 3:-16 4:-25"},
      {"2 ^ 3 ^ 2 + a * 0", "e 0:512 1:512 2:512 3:512 4:512"},
      {"10 - a - 1", "e 0:8 1:7 2:6 3:5 4:4"},
      {"(a + b) / 2", "e 0:5.5 1:1 2:1.5 3:17 4:-7.5"},
      {"a / b", "e 0:0.1 3:0.133333 4:-0.25"},
      {"a % 2", "e 0:1 1:0 2:1 3:0 4:1"},
      {"a / none", "e"},
      {"none / a", "e 0:0 1:0 2:0 3:0 4:0"},
      {"none + none", "e"},
      {"a >= 2 AND a != 4", "e 0:0 1:1 2:1 3:0 4:1"},
      {"a < b || a == 2", "e 0:1 1:1 2:0 3:1 4:0"},
      {"1.5e1 * a - .5", "e 0:14.5 1:29.5 2:44.5 3:59.5 4:74.5"},
      // One series to a number, several to one series.
      {"a * 0 + AVG(a)", "e 0:3 1:3 2:3 3:3 4:3"},
      {"a * 0 + SUM(b) + MIN(b) + MAX(b) + DATAPOINT_COUNT(b)", "e 0:34 1:34 2:34 3:34 4:34"},
      {"a * 0 + STDDEV(a)", "e 0:1.41421 1:1.41421 2:1.41421 3:1.41421 4:1.41421"},
      {"a + AVG(none)", "e 0:1 1:2 2:3 3:4 4:5"},
      {"a * 0 + AVG(c)", "e 0:1.6 1:1.6 2:1.6 3:1.6 4:1.6"},
      {"a + MAX(none)", "e"},
      {"SUM([a, b, c])", "e 0:11 1:9 2:3 3:34 4:-14"},
      {"AVG(METRICS())", "e 0:2.75 1:2.25 2:0.75 3:8.5 4:-3.5"},
      {"MAX([a, c])", "e 0:1 1:7 2:3 3:4 4:5"},
      {"MIN([a, c])", "e 0:1 1:2 2:3 3:4 4:1"},
      {"DATAPOINT_COUNT(METRICS())", "e 0:2 1:3 2:1 3:2 4:3"},
      {"a * METRIC_COUNT(METRICS())", "e 0:4 1:8 2:12 3:16 4:20"},
      // Each value, each pair.
      {"ABS(b)", "e 0:10 1:0 3:30 4:20"},
      {"CEIL(a / 2)", "e 0:1 1:1 2:2 3:2 4:3"},
      {"FLOOR(a / 2)", "e 0:0 1:1 2:1 3:2 4:2"},
      {"LOG10(b)", "e 0:1 3:1.47712"},
      {"LOG(a)", "e 0:0 1:0.693147 2:1.09861 3:1.38629 4:1.60944"},
      {"DIFF(b)", "e 1:-10 3:30 4:-50"},
      {"DIFF_TIME(b)", "e 1:60 3:120 4:60"},
      {"RATE(b)", "e 1:-0.166667 3:0.25 4:-0.833333"},
      {"RUNNING_SUM(b)", "e 0:10 1:10 3:40 4:20"},
      // Missing points.
      {"FILL(c, 0)", "e 0:0 1:7 2:0 3:0 4:1"},
      {"FILL(none, 9)", "e 0:9 1:9 2:9 3:9 4:9"},
      {"FILL(c, REPEAT)", "e 1:7 2:7 3:7 4:1"},
      {"FILL(c, LINEAR)", "e 1:7 2:5 3:3 4:1"},
      {"FILL(c, a)", "e 0:1 1:7 2:3 3:4 4:1"},
      // Conditions.
      {"IF(a > 3, 1, 0)", "e 0:0 1:0 2:0 3:1 4:1"},
      {"IF(a > 3, a)", "e 3:4 4:5"},
      {"IF(b, c, a)", "e 0:0 1:2 3:0 4:1"},
      {"IF(b, a, -1)", "e 0:1 1:-1 3:4 4:5"},
      {"IF(1, c, a)", "e 1:7 4:1"},
      {"a * IF(2 > 1, 3, 4)", "e 0:3 1:6 2:9 3:12 4:15"},
      // The calendar.
      {"MINUTE(c)", "e 0:0 1:1 2:2 3:3 4:4"},
      {"HOUR(c) * 10000000 + DAY(c) * 1000000 + DATE(c) * 10000 + MONTH(c) * 0 + 1",
       "e 0:1.0202e+08 1:1.0202e+08 2:1.0202e+08 3:1.0202e+08 4:1.0202e+08"},
      {"YEAR(c) + MONTH(c) / 100", "e 0:2024.01 1:2024.01 2:2024.01 3:2024.01 4:2024.01"},
      {"EPOCH(c) - 1704189600", "e 0:0 1:60 2:120 3:180 4:240"},
      {"TIME_SERIES(5) * PERIOD(a)", "e 0:300 1:300 2:300 3:300 4:300"},
      // Arrays.
      {"METRICS('none')", "None"},
      {"METRICS('None')", ""},
      {"REMOVE_EMPTY(METRICS()) * 2", "A 0:2 1:4 2:6 3:8 4:10; B 0:20 1:0 3:60 4:-40; C 1:14 4:2"},
      {"1 - [c]", "C 1:-6 4:0"},
      {"a + [c]", "C 0:1 1:9 2:3 3:4 4:6"},
      {"SORT(METRICS(), MAX, DESC, 2)", "B 0:10 1:0 3:30 4:-20; C 1:7 4:1"},
      {"SLICE(SORT([a, c, none], SUM, ASC), 1)", "A 0:1 1:2 2:3 3:4 4:5; None"},
      {"SLICE(METRICS(), 2, 3)", "C 1:7 4:1"},
      {"FIRST(SORT(METRICS(), MIN, ASC))", "e 0:10 1:0 3:30 4:-20"},
      {"LAST([a, c])", "e 1:7 4:1"},
  };
  for (const auto& [text, expected] : kRows) EXPECT_EQ(evaluate(text), expected) << text;
}

TEST(MetricMath, GivesWhatTheUserGuideSays) {
  const auto of_two = [](const std::string& text) {
    return evaluate({metric("metric1", "Metric1"), metric("metric2", "Metric2"), expression("e", text)});
  };
  EXPECT_EQ(of_two("metric1 < metric2"), "e 0:0 1:0 2:1 3:0");
  EXPECT_EQ(of_two("metric1 >= 30"), "e 0:1 1:0 2:0 3:0");
  EXPECT_EQ(of_two("metric1 > 15 AND metric2 > 15"), "e 0:1 1:0 2:0 3:0");
  const auto of_three = [](const std::string& text) {
    return evaluate(
        {metric("metric1", "If1"), metric("metric2", "If2"), metric("metric3", "If3"), expression("e", text)});
  };
  EXPECT_EQ(of_three("IF(metric1, metric2, metric3)"), "e 0:30 1:0 2:20");
  EXPECT_EQ(of_three("IF(metric1, 5, metric3)"), "e 0:5 1:5 2:20");
  EXPECT_EQ(of_three("IF(metric1, metric2, 5)"), "e 0:30 1:0 2:5 3:5");
  EXPECT_EQ(of_three("IF(metric1, metric2)"), "e 0:30 1:0");
}

TEST(MetricMath, SeriesOfDifferentPeriodsMeetWhereBothBegin) {
  const auto of = [](const std::string& text) {
    return evaluate({metric("a", "A"), metric("coarse", "Coarse", 300), expression("e", text)});
  };
  EXPECT_EQ(of("a + coarse"), "e 0:101");
  EXPECT_EQ(of("SUM([a, coarse])"), "e 0:101");
  EXPECT_EQ(of("AVG([a, coarse])"), "e 0:50.5");
}

TEST(MetricMath, Refuses) {
  const std::pair<std::string, const char*> kRows[] = {
      {"", "Syntax error: unexpected end of the expression"},
      {"a +", "Syntax error: unexpected end of the expression"},
      {"a b", "Syntax error: unexpected 'b' at position 3"},
      {"(a", "Syntax error: unexpected end of the expression"},
      {"a # b", "Syntax error: unexpected '#' at position 3"},
      {"a + 1e999", "Syntax error: unexpected '1' at position 5"},
      {"METRICS('x", "Syntax error: a text without its closing quote"},
      {"zz + 1", "Unknown identifier: zz"},
      {"FOO(a)", "Unknown function: FOO"},
      {"SEARCH('x', 'Sum')", "The function SEARCH is not supported by this engine"},
      {"ANOMALY_DETECTION_BAND(a)", "The function ANOMALY_DETECTION_BAND is not supported by this engine"},
      {" SELECT AVG(x) FROM \"AWS/EC2\"", "SQL expressions are not supported by this engine"},
      {"SUM(a, b)", "The function SUM cannot take 2 arguments"},
      {"FILL(a, WRONG)", "The function FILL cannot take arguments of these types"},
      {"METRICS() + METRICS()", "The operator + cannot be applied to these types"},
      {"METRICS() > 1", "The operator > cannot be applied to these types"},
      {"[1, 2]", "The elements of an array must be time series"},
      {"[]", "An array must have elements"},
      {"'text'", "The expression is not a time series"},
      {"REPEAT", "The expression is not a time series"},
      {"SUM(a)", "The expression gives a single number, and only time series can be returned"},
      {"e + 1", "The expression depends on itself"},
      {std::string(40, '(') + "a" + std::string(40, ')'), "The expression is nested too deeply"},
      {std::string(40, '-') + "a", "The expression is nested too deeply"},
      {"a" + std::string(kExpressionBytesMax, ' '), "The expression is longer than 2048 characters"},
  };
  for (const auto& [text, expected] : kRows)
    EXPECT_EQ(evaluate(text), "ValidationError: Error in expression 'e': " + std::string(expected)) << text;
}

TEST(MetricMath, QueriesThatCannotBe) {
  const auto both = [] {
    MetricDataQuery out = metric("m", "A");
    out.expression = "1";
    return out;
  };
  const auto with = [](auto change) {
    MetricDataQuery out = metric("m", "A");
    change(out);
    return out;
  };
  const std::pair<std::vector<MetricDataQuery>, const char*> kRows[] = {
      {{}, "The parameter MetricDataQueries is required."},
      {{metric("M", "A")},
       "The value M for parameter MetricDataQueries.member.1.Id is not matching the expected pattern "
       "^[a-z][a-zA-Z0-9_]*$."},
      {{metric("m", "A"), metric("m", "B")}, "The values for parameter id in MetricDataQueries are not unique."},
      {{both()},
       "The parameters MetricDataQueries.member.1.Expression and MetricDataQueries.member.1.MetricStat are mutually "
       "exclusive and you have specified both."},
      {{metric("a", "A"), with([](auto& q) {
          q = {};
          q.id = "e";
        })},
       "The parameter MetricDataQueries.member.2.MetricStat is required."},
      {{with([](auto& q) { q.metric_stat->stat = "tm90"; })},
       "The value tm90 for parameter MetricDataQueries.member.1.MetricStat.Stat is not supported: this engine knows "
       "SampleCount, Average, Sum, Minimum, Maximum and percentiles (p0 to p100)."},
      {{with([](auto& q) { q.metric_stat->period = 61; })},
       "The value 61 for parameter MetricDataQueries.member.1.MetricStat.Period is invalid: it must be 1, 5, 10, 20, "
       "30 or a multiple of 60."},
      {{with([](auto& q) { q.label = "${AVG}"; })},
       "The value ${AVG} for parameter MetricDataQueries.member.1.Label is not supported: this engine knows no dynamic "
       "labels."},
      {{expression("x", "y"), expression("y", "x")}, "Error in expression 'x': The expression depends on itself"},
  };
  for (const auto& [queries, expected] : kRows) {
    const std::string got = evaluate(queries);
    EXPECT_EQ(got.substr(got.find(": ") + 2), expected);
  }
}

TEST(MetricMath, QueriesUseOneAnotherInAnyOrder) {
  MetricDataQuery twice = expression("twice", "2 * sum");
  twice.label = "double";
  MetricDataQuery sum = expression("sum", "a + c");
  sum.return_data = false;
  EXPECT_EQ(evaluate({twice, sum, metric("a", "A"), metric("c", "C")}), "double 0:2 1:18 2:6 3:8 4:12");
  // Each of a long chain uses the one behind it.
  std::vector<MetricDataQuery> chain;
  for (int i = 0; i < 498; ++i) chain.push_back(expression(fmt::format("e{}", i), fmt::format("e{} + 1", i + 1)));
  for (std::size_t i = 1; i < chain.size(); ++i) chain[i].return_data = false;
  chain.push_back(metric("e498", "C"));
  EXPECT_EQ(evaluate(chain), "e0 1:505 4:499");
  // As many operators as an expression can hold.
  std::string wide = "a";
  while (wide.size() + 2 <= kExpressionBytesMax) wide += "+a";
  EXPECT_EQ(evaluate(wide), "e 0:1024 1:2048 2:3072 3:4096 4:5120");
}

TEST(MetricMath, PeriodsAndKinds) {
  const auto math = MetricMath::compile({metric("a", "A", 60), metric("b", "B", 300), expression("x", "a + b"),
                                         expression("y", "METRICS()"), expression("z", "TIME_SERIES(1)"),
                                         metric("unused", "None", 7200)});
  ASSERT_TRUE(math.has_value());
  EXPECT_EQ(math->period_seconds(2), 300);
  EXPECT_EQ(math->period_seconds(3), 7200);
  EXPECT_EQ(math->period_seconds(4), 60);
  EXPECT_TRUE(math->gives_one_series(2));
  EXPECT_FALSE(math->gives_one_series(3));
}

TEST(MetricMath, LabelsTellQueriesApart) {
  MetricDataQuery first = metric("m1", "A");
  first.return_data = true;
  MetricDataQuery second = metric("m2", "A", 120);
  second.return_data = {};
  EXPECT_EQ(evaluate({first}).substr(0, 2), "A ");
  EXPECT_EQ(evaluate({first, second}).substr(0, 9), "A 60 0:1 ");
  second.metric_stat->stat = "Average";
  EXPECT_EQ(evaluate({first, second}).substr(0, 9), "A Sum 60 ");
}

TEST(MetricMath, BoundsTheWork) {
  std::vector<MetricDataQuery> queries = {expression("x", "TIME_SERIES(1)")};
  for (int i = 0; i < 300; ++i) queries.push_back(expression(fmt::format("e{}", i), "x + x"));
  const auto math = MetricMath::compile(queries);
  const auto all = math->evaluate({0, 60 * 86'400}, fetch);
  ASSERT_FALSE(all.has_value());
  EXPECT_EQ(all.error().code, "LimitExceededFault");
}

}  // namespace
}  // namespace engine::cloudwatch
