#include "engine/cloudwatch/service.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/manual/manual_env.h"
#include "engine/cloudwatch/keys.h"
#include "engine/cloudwatch/limits.h"
#include "engine/test_calls.h"
#include "store/memory/memory_store.h"

namespace engine::cloudwatch {
namespace {

using namespace aws::cloudwatch;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

MetricDatum datum(const std::string& name, double value) {
  MetricDatum out;
  out.metric_name = name;
  out.value = value;
  return out;
}

struct TestBed {
  base::ManualEnv env;
  std::unique_ptr<store::KvStore> store = store::make_memory_store();
  std::unique_ptr<CloudWatchService> metrics = std::make_unique<CloudWatchService>(*store, env.env);
  // The clock starts 20 seconds into a minute.
  const base::Timestamp minute = env.clock.now() - seconds(20);

  void restart() {
    metrics.reset();
    metrics = std::make_unique<CloudWatchService>(*store, env.env);
  }
  aws::Context context() { return root_context(env); }
  template <class Out, class In>
  Out ok(base::Result<Out> (CloudWatchService::*operation)(aws::Context&, In), In in) {
    return call_ok(*metrics, context(), operation, std::move(in));
  }
  template <class Out, class In>
  std::string error(base::Result<Out> (CloudWatchService::*operation)(aws::Context&, In), In in) {
    return call_error(Codes::query, *metrics, context(), operation, std::move(in));
  }
  static PutMetricDataInput put_input(std::vector<MetricDatum> data) {
    PutMetricDataInput in;
    in.namespace_ = "ns";
    in.metric_data = std::move(data);
    return in;
  }
  void put(std::vector<MetricDatum> data) { ok(&CloudWatchService::put_metric_data, put_input(std::move(data))); }
  std::string put_error(MetricDatum value) {
    return error(&CloudWatchService::put_metric_data, put_input({std::move(value)}));
  }
  GetMetricStatisticsInput query(int period, base::Duration back = hours(1)) {
    GetMetricStatisticsInput in;
    in.namespace_ = "ns";
    in.metric_name = "m";
    in.start_time = env.clock.now() - back;
    in.end_time = env.clock.now() + seconds(1);
    in.period = period;
    in.statistics = {"SampleCount", "Sum", "Average", "Minimum", "Maximum"};
    return in;
  }
  std::vector<Datapoint> get(GetMetricStatisticsInput in) {
    return *ok(&CloudWatchService::get_metric_statistics, std::move(in)).datapoints;
  }
  std::size_t rows(std::string_view table) {
    const std::string prefix = store::KeyWriter(table).take();
    std::size_t count = 0;
    for (auto cursor = store->scan(prefix, store::prefix_end(prefix)); cursor->valid(); cursor->next()) ++count;
    return count;
  }
};

TEST(Put, ValuesOfOneMinuteAreAggregated) {
  TestBed bed;
  bed.put({datum("m", 3), datum("m", 1)});
  bed.env.clock.advance(seconds(10));
  MetricDatum many;
  many.metric_name = "m";
  many.values = {0, 8};
  many.counts = {2, 1};
  bed.put({many});
  bed.restart();
  bed.env.clock.advance(seconds(50));
  bed.put({datum("m", 100)});
  const auto points = bed.get(bed.query(60));
  ASSERT_EQ(points.size(), 2u);
  EXPECT_EQ(points[0].timestamp, bed.minute);
  EXPECT_EQ(points[0].sample_count, 5);
  EXPECT_EQ(points[0].sum, 12);
  EXPECT_EQ(points[0].average, 2.4);
  EXPECT_EQ(points[0].minimum, 0);
  EXPECT_EQ(points[0].maximum, 8);
  EXPECT_EQ(points[0].unit, "None");
  EXPECT_EQ(points[1].sum, 100);
  EXPECT_EQ(points[1].timestamp, bed.minute + minutes(1));
  EXPECT_EQ(bed.get(bed.query(3600, minutes(30))).size(), 1u);
}

// AWS takes a statistic set beside values; the values are what is counted.
TEST(Put, ValuesAndAStatisticSetTogether) {
  TestBed bed;
  MetricDatum both;
  both.metric_name = "m";
  both.values = {1, 2};
  both.statistic_values = StatisticSet{9, 90, 5, 20};
  bed.put({both});
  const auto points = bed.get(bed.query(60));
  ASSERT_EQ(points.size(), 1u);
  EXPECT_EQ(points[0].sum, 3);
  EXPECT_EQ(points[0].sample_count, 2);
}

// Written in several steps, between which others have the lock.
TEST(Put, AFullRequestIsStoredWhole) {
  TestBed bed;
  static_assert(kDataPerPutMax > 2 * kDataPerStep);
  std::vector<MetricDatum> data;
  for (std::size_t i = 0; i < kDataPerPutMax; ++i) data.push_back(datum(i % 2 == 0 ? "m" : "n" + std::to_string(i), 1));
  bed.put(std::move(data));
  EXPECT_EQ(bed.get(bed.query(60))[0].sum, kDataPerPutMax / 2);
  EXPECT_EQ(bed.rows(keys::kMetricTable), kDataPerPutMax / 2 + 1);
}

TEST(Put, Refusals) {
  TestBed bed;
  const auto error = [&](auto change) {
    MetricDatum out;
    out.metric_name = "m";
    change(out);
    return bed.put_error(std::move(out));
  };
  EXPECT_EQ(error([](MetricDatum& d) {
              d.value = 1;
              d.values = {1};
            }),
            "InvalidParameterCombination: The parameters MetricData.member.1.Value and MetricData.member.1.Values are "
            "mutually exclusive and you have specified both.");
  EXPECT_EQ(
      error([](MetricDatum& d) {
        d.values = {1};
        d.counts = {1, 2};
      }),
      "InvalidParameterValue: The parameters MetricData.member.1.Values and MetricData.member.1.Counts must be of "
      "the same size.");
  EXPECT_EQ(error([](MetricDatum& d) { d.values.emplace(151, 1); }),
            "InvalidParameterValue: The collection MetricData.member.1.Values must not have a size greater than 150.");
  EXPECT_TRUE(error([](MetricDatum&) {}).starts_with("MissingParameter: "));
  EXPECT_EQ(error([](MetricDatum& d) { d.value = NAN; }),
            "InvalidParameterValue: The value nan for parameter MetricData.member.1.Value is invalid.");
  EXPECT_TRUE(error([](MetricDatum& d) { d.value = 0x1p361; }).starts_with("InvalidParameterValue: "));
  EXPECT_EQ(error([](MetricDatum& d) { d.value = -0x1p360; }), "no error");
  EXPECT_TRUE(error([](MetricDatum& d) {
                d.value = 1;
                d.storage_resolution = 5;
              }).starts_with("InvalidParameterValue: "));
  EXPECT_TRUE(error([](MetricDatum& d) {
                d.statistic_values = StatisticSet{1, 1, 2, 1};
              }).starts_with("InvalidParameterCombination: "));
  for (const auto& [offset, text] : {std::pair(-hours(14 * 24) - seconds(1), "two weeks in the past."),
                                     std::pair(hours(2) + seconds(1), "two hours in the future.")}) {
    EXPECT_TRUE(error([&](MetricDatum& d) {
                  d.value = 1;
                  d.timestamp = bed.env.clock.now() + offset;
                }).ends_with(text));
  }
  EXPECT_TRUE(error([](MetricDatum& d) {
                d.value = 1;
                d.dimensions.emplace(31, Dimension{"a", "b"});
              }).ends_with("Dimensions must not have a size greater than 30."));
  PutMetricDataInput reserved = TestBed::put_input({datum("m", 1)});
  reserved.namespace_ = "AWS/SQS";
  EXPECT_EQ(bed.error(&CloudWatchService::put_metric_data, reserved),
            "InvalidParameterValue: The value AWS/SQS for parameter Namespace is invalid.");
  EXPECT_EQ(bed.error(&CloudWatchService::put_metric_data, TestBed::put_input(std::vector(1001, datum("m", 1)))),
            "InvalidParameterValue: The collection MetricData must not have a size greater than 1000.");
}

TEST(Statistics, Percentiles) {
  TestBed bed;
  for (int i = 1; i <= 50; ++i) bed.put({datum("m", i), datum("m", i)});
  auto in = bed.query(60);
  in.statistics.reset();
  in.extended_statistics = {"p50", "p99.5", "p0"};
  auto points = bed.get(in);
  ASSERT_EQ(points.size(), 1u);
  EXPECT_EQ(*points[0].extended_statistics->find("p50"), 25);
  EXPECT_EQ(*points[0].extended_statistics->find("p99.5"), 50);
  EXPECT_EQ(*points[0].extended_statistics->find("p0"), 1);
  // Far more values than are kept one by one: near enough.
  for (int i = 0; i < 1000; ++i) bed.put({datum("n", (i * 7919) % 1000)});
  in.metric_name = "n";
  points = bed.get(in);
  ASSERT_EQ(points.size(), 1u);
  EXPECT_NEAR(*points[0].extended_statistics->find("p50"), 500, 50);
  MetricDatum set;
  set.metric_name = "m";
  set.statistic_values = StatisticSet{2, 3, 1, 2};
  bed.put({set});
  in.metric_name = "m";
  EXPECT_TRUE(bed.get(in).empty());  // values are not known any more
  in.extended_statistics = {"tm90"};
  EXPECT_TRUE(
      bed.error(&CloudWatchService::get_metric_statistics, in).starts_with("InvalidParameterValue: The value tm90"));
}

TEST(Statistics, PercentilesThatAwsDoesNotHave) {
  TestBed bed;
  const auto p50 = [&](const std::string& name) {
    auto in = bed.query(60);
    in.metric_name = name;
    in.statistics.reset();
    in.extended_statistics = {"p50"};
    const auto points = bed.get(in);
    return points.empty() ? std::nullopt : std::optional(*points[0].extended_statistics->find("p50"));
  };
  bed.put({datum("zero", 0), datum("mixed", 1)});
  EXPECT_EQ(p50("zero"), 0);
  EXPECT_EQ(p50("mixed"), 1);
  bed.put({datum("mixed", -1)});
  EXPECT_EQ(p50("mixed"), std::nullopt) << "one of the values is negative";
  MetricDatum one;
  one.metric_name = "one";
  one.statistic_values = StatisticSet{1, 3, 2, 4};
  bed.put({one});
  EXPECT_EQ(p50("one"), 3) << "a set of one sample is that sample";
}

TEST(Statistics, PeriodsCountFromTheStart) {
  TestBed bed;
  for (int i = 0; i < 12; ++i) {
    MetricDatum each = datum("m", i);
    each.timestamp = bed.minute - minutes(i);
    bed.put({each});
  }
  auto in = bed.query(300);
  in.start_time = bed.minute - minutes(10) + seconds(59);
  auto points = bed.get(in);
  ASSERT_EQ(points.size(), 3u);
  EXPECT_EQ(points[0].timestamp, bed.minute - minutes(10));
  EXPECT_EQ(points[0].sum, 10 + 9 + 8 + 7 + 6);
  EXPECT_EQ(points[1].timestamp, bed.minute - minutes(5));
  EXPECT_EQ(points[2].sum, 0);
}

TEST(Statistics, UnitsDimensionsAndResolution) {
  TestBed bed;
  MetricDatum a = datum("m", 1);
  a.unit = "Seconds";
  MetricDatum b = datum("m", 2);
  b.dimensions = Dimensions{Dimension{"y", "1"}, Dimension{"x", "2"}};
  MetricDatum c = datum("h", 4);
  c.storage_resolution = 1;
  bed.put({a, datum("m", 5), b, c});
  EXPECT_EQ(bed.get(bed.query(60)).size(), 2u);  // one per unit
  auto in = bed.query(60);
  in.unit = "Seconds";
  ASSERT_EQ(bed.get(in).size(), 1u);
  EXPECT_EQ(bed.get(in)[0].sum, 1);
  in = bed.query(60);
  in.dimensions = Dimensions{Dimension{"x", "2"}, Dimension{"y", "1"}};  // in any order
  ASSERT_EQ(bed.get(in).size(), 1u);
  EXPECT_EQ(bed.get(in)[0].sum, 2);
  in.dimensions = Dimensions{Dimension{"x", "2"}};
  EXPECT_TRUE(bed.get(in).empty());
  in = bed.query(1, minutes(2));
  in.metric_name = "h";
  ASSERT_EQ(bed.get(in).size(), 1u);
  EXPECT_EQ(bed.get(in)[0].timestamp, bed.env.clock.now());
}

// A day has 1,440 minutes from any fraction of a second on.
TEST(Statistics, ADayFromAFractionOfASecond) {
  TestBed bed;
  auto in = bed.query(60);
  in.start_time = bed.minute + std::chrono::microseconds(300'001) - hours(24);
  in.end_time = bed.minute + std::chrono::microseconds(300'002);
  EXPECT_TRUE(bed.get(in).empty());
  in.end_time = bed.minute + seconds(2);
  EXPECT_TRUE(bed.error(&CloudWatchService::get_metric_statistics, in)
                  .starts_with("InvalidParameterCombination: You have requested up to 1441 datapoints, "));
}

TEST(Statistics, Refusals) {
  TestBed bed;
  const auto error = [&](auto change) {
    auto in = bed.query(60);
    change(in);
    return bed.error(&CloudWatchService::get_metric_statistics, std::move(in));
  };
  EXPECT_EQ(
      error([](auto& in) {
        in.start_time = base::from_epoch_seconds(1'700'000'000 - 86'400);
        in.end_time = base::from_epoch_seconds(1'700'000'000);
        in.period = 1;
      }),
      "InvalidParameterCombination: You have requested up to 86400 datapoints, which exceeds the limit of 1440. You "
      "may reduce the datapoints requested by increasing Period, or decreasing the time range.");
  EXPECT_EQ(error([](auto& in) { in.end_time = in.start_time; }),
            "InvalidParameterValue: The parameter StartTime must be less than the parameter EndTime.");
  EXPECT_TRUE(error([](auto& in) { in.period = 90; }).starts_with("InvalidParameterValue: The value 90"));
  EXPECT_EQ(error([](auto& in) { in.statistics.reset(); }),
            "InvalidParameterCombination: Must specify either Statistics or ExtendedStatistics");
  EXPECT_EQ(error([](auto& in) { in.namespace_.reset(); }), "MissingParameter: The parameter Namespace is required.");
}

TEST(List, FiltersAndPages) {
  TestBed bed;
  std::vector<MetricDatum> data;
  for (int i = 0; i < 700; ++i) {
    data.push_back(datum("m" + std::to_string(i), 1));
    data.back().dimensions = Dimensions{Dimension{"d", std::to_string(i % 2)}};
  }
  bed.put(data);
  bed.restart();
  ListMetricsInput in;
  auto page = bed.ok(&CloudWatchService::list_metrics, in);
  EXPECT_EQ(page.metrics->size(), 500u);
  in.next_token = page.next_token;
  page = bed.ok(&CloudWatchService::list_metrics, in);
  EXPECT_EQ(page.metrics->size(), 200u);
  EXPECT_FALSE(page.next_token);
  auto elsewhere = TestBed::put_input({datum("a", 1)});
  for (const char* name : {"ns2", "n", "nt"}) {
    elsewhere.namespace_ = name;
    bed.ok(&CloudWatchService::put_metric_data, elsewhere);
  }
  in = {};
  in.namespace_ = "ns2";
  EXPECT_EQ(bed.ok(&CloudWatchService::list_metrics, in).metrics->size(), 1u);
  in.namespace_ = "ns";
  page = bed.ok(&CloudWatchService::list_metrics, in);
  EXPECT_EQ(page.metrics->size(), 500u);
  in.next_token = page.next_token;
  EXPECT_EQ(bed.ok(&CloudWatchService::list_metrics, in).metrics->size(), 200u);
  in = {};
  in.dimensions = std::vector{DimensionFilter{"d", "1"}};
  EXPECT_EQ(bed.ok(&CloudWatchService::list_metrics, in).metrics->size(), 350u);
  in.metric_name = "m1";
  page = bed.ok(&CloudWatchService::list_metrics, in);
  ASSERT_EQ(page.metrics->size(), 1u);
  EXPECT_EQ(page.metrics->at(0).namespace_, "ns");
  EXPECT_EQ(*page.metrics->at(0).dimensions, (Dimensions{Dimension{"d", "1"}}));
  in.dimensions = std::vector{DimensionFilter{"d", "0"}};
  EXPECT_TRUE(bed.ok(&CloudWatchService::list_metrics, in).metrics->empty());
  bed.env.clock.advance(hours(4));
  in = {};
  in.recently_active = "PT3H";
  EXPECT_TRUE(bed.ok(&CloudWatchService::list_metrics, in).metrics->empty());
  in.recently_active.reset();
  bed.env.clock.advance(hours(14 * 24));
  EXPECT_TRUE(bed.ok(&CloudWatchService::list_metrics, in).metrics->empty());
}

// Sums of the points of "m" over the last `back`.
std::vector<double> sums(TestBed& bed, int period, base::Duration back) {
  auto in = bed.query(period, back);
  in.start_time = std::max(*in.start_time, in.end_time.value() - period * seconds(1440));
  std::vector<double> out;
  for (const Datapoint& point : bed.get(in)) out.push_back(*point.sum);
  return out;
}

TEST(Retention, SecondsBecomeMinutesBecomeHours) {
  TestBed bed;
  for (int i = 0; i < 10; ++i) {  // the first minute begins 180 s into five minutes
    MetricDatum high = datum("m", i);
    high.storage_resolution = 1;
    bed.put({high, high});
    bed.env.clock.advance(seconds(1));
    bed.put({high});
    bed.env.clock.advance(seconds(59));
  }
  EXPECT_EQ(bed.rows(keys::kPointTable), 20u);
  bed.metrics->sweep_points();
  EXPECT_EQ(bed.rows(keys::kPointTable), 20u);
  EXPECT_EQ(sums(bed, 1, minutes(15)).size(), 20u);

  bed.env.clock.advance(hours(3));
  EXPECT_TRUE(sums(bed, 1, hours(4)).empty());
  const std::vector<double> minute_sums = {0, 3, 6, 9, 12, 15, 18, 21, 24, 27};
  EXPECT_EQ(sums(bed, 60, hours(4)), minute_sums) << "whether they are rolled up yet or not";
  bed.metrics->sweep_points();
  EXPECT_EQ(bed.rows(keys::kPointTable), 10u);
  EXPECT_EQ(sums(bed, 60, hours(4)), minute_sums);
  // A point that comes late is not forgotten, over a restart neither.
  MetricDatum late = datum("m", 100);
  late.storage_resolution = 1;
  late.timestamp = bed.minute + seconds(7);
  bed.put({late});
  bed.restart();
  bed.metrics->sweep_points();
  EXPECT_EQ(bed.rows(keys::kPointTable), 10u);
  EXPECT_EQ(sums(bed, 60, hours(4))[0], 100);

  bed.env.clock.advance(hours(15 * 24));
  EXPECT_TRUE(sums(bed, 60, hours(16 * 24)).empty());
  const std::vector<double> five_minutes = {103, 60, 72};
  EXPECT_EQ(sums(bed, 300, hours(16 * 24)).size(), 0u) << "1440 periods do not go so far back";
  auto in = bed.query(300, hours(15 * 24 + 5));
  in.end_time = *in.start_time + hours(5);
  EXPECT_EQ(bed.get(in).size(), 3u);
  bed.metrics->sweep_points();
  EXPECT_EQ(bed.rows(keys::kPointTable), 3u);
  std::vector<double> found;
  for (const Datapoint& point : bed.get(in)) found.push_back(*point.sum);
  EXPECT_EQ(found, five_minutes);

  bed.env.clock.advance(hours(48 * 24));
  bed.metrics->sweep_points();
  EXPECT_EQ(bed.rows(keys::kPointTable), 1u);
  in = bed.query(86'400, hours(100 * 24));
  in.extended_statistics = {"p100", "p0"};
  in.statistics = {};
  in.statistics.reset();
  ASSERT_EQ(bed.get(in).size(), 1u);
  EXPECT_EQ(*bed.get(in)[0].extended_statistics->find("p100"), 100);

  bed.env.clock.advance(hours(391 * 24));
  bed.restart();
  bed.metrics->sweep_points();
  EXPECT_EQ(bed.rows(keys::kMetricTable), 1u);
  bed.env.clock.advance(hours(2 * 24));
  bed.metrics->sweep_points();
  EXPECT_EQ(bed.rows(keys::kPointTable), 0u);
  EXPECT_EQ(bed.rows(keys::kMetricTable), 0u);
}

TEST(Retention, RollsUpInSteps) {
  TestBed bed;
  constexpr int kPoints = 5000;
  static_assert(kPoints > static_cast<int>(kSweptPointsPerStep) && kPoints % kDataPerPutMax == 0);
  std::vector<MetricDatum> data;
  for (int i = 0; i < kPoints; ++i) {
    data.push_back(datum("m", 1));
    data.back().storage_resolution = 1;
    data.back().timestamp = bed.minute - seconds(kPoints) + seconds(i);
    if (data.size() == kDataPerPutMax) bed.put(std::exchange(data, {}));
  }
  bed.put({datum("n", 1)});
  bed.env.clock.advance(hours(20 * 24));
  bed.metrics->sweep_points();
  EXPECT_EQ(bed.rows(keys::kPointTable), 19u) << "18 of five minutes each, and that of n";
  auto in = bed.query(86'400, hours(21 * 24));
  double sum = 0;
  for (const Datapoint& point : bed.get(in)) sum += *point.sum;
  EXPECT_EQ(sum, kPoints);
}

MetricDataQuery metric_query(const std::string& id, const std::string& name, int period = 60) {
  MetricDataQuery out;
  out.id = id;
  auto& stat = out.metric_stat.emplace();
  stat.metric.emplace().namespace_ = "ns";
  stat.metric->metric_name = name;
  stat.period = period;
  stat.stat = "Sum";
  return out;
}

MetricDataQuery expression_query(const std::string& id, const std::string& text) {
  MetricDataQuery out;
  out.id = id;
  out.expression = text;
  return out;
}

GetMetricDataInput data_input(TestBed& bed, std::vector<MetricDataQuery> queries) {
  GetMetricDataInput in;
  in.start_time = bed.minute;
  in.end_time = bed.env.clock.now() + seconds(1);
  in.metric_data_queries = std::move(queries);
  return in;
}

TEST(MetricData, MetricsAndExpressionsInEitherOrder) {
  TestBed bed;
  for (int i = 0; i < 3; ++i) {
    bed.put({datum("m", i), datum("n", 10 * i)});
    bed.env.clock.advance(minutes(1));
  }
  auto in = data_input(bed, {metric_query("m1", "m"), metric_query("n1", "n"), metric_query("x1", "none"),
                             expression_query("e1", "m1 + n1")});
  in.metric_data_queries->at(1).return_data = false;
  auto out = bed.ok(&CloudWatchService::get_metric_data, in);
  EXPECT_TRUE(out.messages->empty());
  EXPECT_FALSE(out.next_token);
  ASSERT_EQ(out.metric_data_results->size(), 3u);
  const MetricDataResult& m = out.metric_data_results->at(0);
  EXPECT_EQ(m.id, "m1");
  EXPECT_EQ(m.label, "m");
  EXPECT_EQ(m.status_code, "Complete");
  EXPECT_EQ(*m.values, (std::vector<double>{2, 1, 0}));
  EXPECT_EQ(m.timestamps->back(), bed.minute);
  EXPECT_TRUE(out.metric_data_results->at(1).values->empty());
  EXPECT_TRUE(out.metric_data_results->at(1).timestamps->empty());
  EXPECT_EQ(*out.metric_data_results->at(2).values, (std::vector<double>{22, 11, 0}));
  in.scan_by = "TimestampAscending";
  out = bed.ok(&CloudWatchService::get_metric_data, in);
  EXPECT_EQ(*out.metric_data_results->at(2).values, (std::vector<double>{0, 11, 22}));
}

TEST(MetricData, Pages) {
  TestBed bed;
  for (int i = 0; i < 5; ++i) {
    bed.put({datum("m", i), datum("n", 10 + i)});
    bed.env.clock.advance(minutes(1));
  }
  auto in = data_input(bed, {metric_query("m1", "m"), metric_query("n1", "n")});
  in.max_datapoints = 3;
  std::vector<double> m;
  std::vector<double> n;
  std::string states;
  do {
    const auto out = bed.ok(&CloudWatchService::get_metric_data, in);
    ASSERT_EQ(out.metric_data_results->size(), 2u);
    for (const double value : *out.metric_data_results->at(0).values) m.push_back(value);
    for (const double value : *out.metric_data_results->at(1).values) n.push_back(value);
    for (const MetricDataResult& result : *out.metric_data_results) states += result.status_code->substr(0, 1);
    in.next_token = out.next_token;
    bed.put({datum("m", 100)});  // newer than what was shown
  } while (in.next_token && states.size() < 20);
  EXPECT_EQ(m, (std::vector<double>{4, 3, 2, 1, 0}));
  EXPECT_EQ(n, (std::vector<double>{14, 13, 12, 11, 10}));
  EXPECT_EQ(states, "PPPPCPCC");
  in.next_token = "nonsense";
  EXPECT_EQ(bed.error(&CloudWatchService::get_metric_data, in),
            "InvalidNextToken: The value of the parameter NextToken is invalid.");
}

TEST(MetricData, UnitsAndRefusals) {
  TestBed bed;
  MetricDatum seconds_datum = datum("m", 1);
  seconds_datum.unit = "Seconds";
  MetricDatum milliseconds_datum = datum("m", 2);
  milliseconds_datum.unit = "Milliseconds";
  bed.put({seconds_datum, milliseconds_datum});
  auto in = data_input(bed, {metric_query("m1", "m")});
  auto result = bed.ok(&CloudWatchService::get_metric_data, in).metric_data_results->at(0);
  EXPECT_EQ(*result.values, std::vector<double>{2});
  ASSERT_EQ(result.messages->size(), 1u);
  EXPECT_EQ(result.messages->at(0).code, "MultipleUnits");
  EXPECT_EQ(result.messages->at(0).value, "Multiple units returned: '[Milliseconds, Seconds]'");
  in.metric_data_queries->at(0).metric_stat->unit = "Seconds";
  result = bed.ok(&CloudWatchService::get_metric_data, in).metric_data_results->at(0);
  EXPECT_EQ(*result.values, std::vector<double>{1});
  EXPECT_FALSE(result.messages);
  const auto error = [&](auto change) {
    auto wrong = data_input(bed, {metric_query("m1", "m")});
    change(wrong);
    return bed.error(&CloudWatchService::get_metric_data, std::move(wrong));
  };
  EXPECT_EQ(error([](auto& i) { i.end_time = i.start_time; }),
            "ValidationError: The parameter StartTime must be less than the parameter EndTime.");
  EXPECT_EQ(
      error([](auto& i) { i.max_datapoints = 100'801; }),
      "ValidationError: The value 100801 for parameter MaxDatapoints is invalid: it must be between 1 and 100800.");
  EXPECT_EQ(error([](auto& i) { i.scan_by = "x"; }), "ValidationError: The value x for parameter ScanBy is invalid.");
  EXPECT_EQ(error([](auto& i) { i.metric_data_queries.reset(); }),
            "MissingParameter: The parameter MetricDataQueries is required.");
  EXPECT_EQ(error([](auto& i) { i.metric_data_queries->resize(501); }),
            "ValidationError: The collection MetricDataQueries must not have a size greater than 500.");
}

TEST(Refresh, ComesBeforeEveryReading) {
  TestBed bed;
  int refreshed = 0;
  CloudWatchOptions options;
  options.refresh = [&] {
    ++refreshed;
    bed.put({datum("fresh", 1)});  // would deadlock if a lock were held
  };
  bed.metrics.reset();
  bed.metrics = std::make_unique<CloudWatchService>(*bed.store, bed.env.env, options);
  auto in = bed.query(60);
  in.metric_name = "fresh";
  EXPECT_EQ(bed.get(in).size(), 1u);
  EXPECT_EQ(bed.ok(&CloudWatchService::list_metrics, {}).metrics->size(), 1u);
  EXPECT_EQ(bed.ok(&CloudWatchService::get_metric_data, data_input(bed, {metric_query("m", "fresh")}))
                .metric_data_results->at(0)
                .values->at(0),
            3);
  EXPECT_EQ(refreshed, 3);
}

// What the engine does not have is read as empty.
TEST(Absent, IsReadAsEmpty) {
  TestBed bed;
  EXPECT_TRUE(bed.ok(&CloudWatchService::list_dashboards, ListDashboardsInput{}).dashboard_entries->empty());
  EXPECT_TRUE(bed.ok(&CloudWatchService::describe_anomaly_detectors, DescribeAnomalyDetectorsInput{})
                  .anomaly_detectors->empty());
  EXPECT_TRUE(bed.ok(&CloudWatchService::describe_insight_rules, DescribeInsightRulesInput{}).insight_rules->empty());
  EXPECT_TRUE(bed.ok(&CloudWatchService::list_metric_streams, ListMetricStreamsInput{}).entries->empty());
  EXPECT_TRUE(
      bed.ok(&CloudWatchService::list_alarm_mute_rules, ListAlarmMuteRulesInput{}).alarm_mute_rule_summaries->empty());
  EXPECT_EQ(bed.ok(&CloudWatchService::get_o_tel_enrichment, GetOTelEnrichmentInput{}).status, "Stopped");
  EXPECT_TRUE(bed.error(&CloudWatchService::get_alarm_mute_rule, GetAlarmMuteRuleInput{"r"})
                  .starts_with("ResourceNotFoundException"));
  EXPECT_EQ(bed.error(&CloudWatchService::get_dashboard, GetDashboardInput{"d"}),
            "ResourceNotFound: Dashboard d does not exist");
  EXPECT_EQ(bed.error(&CloudWatchService::get_metric_stream, GetMetricStreamInput{"s"}).substr(0, 25),
            "ResourceNotFoundException");
}

TEST(Limits, MetricsAreBounded) {
  TestBed bed;
  for (std::size_t i = 0; i < kMetricsMax; i += kDataPerPutMax) {
    std::vector<MetricDatum> data;
    for (std::size_t k = 0; k < kDataPerPutMax; ++k) data.push_back(datum(std::to_string(i + k), 1));
    bed.put(std::move(data));
  }
  EXPECT_TRUE(bed.put_error(datum("one more", 1)).starts_with("LimitExceeded: "));
  bed.put({datum("1", 1)});
}

TEST(Damage, EndsTheProcess) {
  const auto damage = [](const std::string& row) {
    TestBed bed;
    bed.put({datum("m", 1)});
    store::WriteBatch batch;
    batch.put(row, "\xff");
    bed.store->write(batch);
    bed.restart();
    bed.get(bed.query(60));
  };
  const auto stopped = ::testing::ExitedWithCode(store::kFatalExitCode);
  const std::string alarm = keys::alarm("123456789012", "eu-west-1", "a");
  const std::string metric = metric_key(keys::metrics("123456789012", "eu-west-1"), "ns", "m", {});
  const std::string point = keys::point(1, base::to_epoch_seconds(TestBed().minute), unit_index("None"));
  EXPECT_EXIT(damage(metric), stopped, "^store: a row of CloudWatch is damaged; stopping");
  EXPECT_EXIT(damage(point), stopped, "^store: a row of CloudWatch is damaged; stopping");
  EXPECT_EXIT(damage(alarm), stopped, "^store: an alarm of CloudWatch is damaged; stopping");
}

}  // namespace
}  // namespace engine::cloudwatch
