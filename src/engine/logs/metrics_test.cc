#include <fmt/format.h>
#include <gtest/gtest.h>

#include "aws/cloudwatch/cloudwatch.h"
#include "engine/logs/keys.h"
#include "engine/logs/limits.h"
#include "engine/logs/test_bed.h"

namespace engine::logs {
namespace {

using namespace aws::logs;
using std::chrono::minutes;
using std::chrono::seconds;

struct MetricsBed : TestBed {
  MetricsBed() {
    group("g");
    stream("g", "s");
  }
  static PutMetricFilterRequest filter_request(const std::string& name, const std::string& pattern,
                                               const std::string& value, std::optional<double> default_value = {},
                                               std::optional<aws::Map<std::string>> dimensions = {}) {
    PutMetricFilterRequest in;
    in.log_group_name = "g";
    in.filter_name = name;
    in.filter_pattern = pattern;
    MetricTransformation transformation;
    transformation.metric_name = name;
    transformation.metric_namespace = "App";
    transformation.metric_value = value;
    transformation.default_value = default_value;
    transformation.dimensions = std::move(dimensions);
    in.metric_transformations = {transformation};
    return in;
  }
  void add_filter(PutMetricFilterRequest in) { ok(&LogsService::put_metric_filter, std::move(in)); }
  std::string filter_error(PutMetricFilterRequest in) { return error(&LogsService::put_metric_filter, std::move(in)); }

  // What there is for CloudWatch: "namespace name{dimension=value}[unit] @second: value*count" each on a line; without
  // the volume of the group unless asked for.
  std::string taken(bool with_volume = false) {
    std::string out;
    for (const ServiceMetrics::Put& put : metrics.take()) {
      EXPECT_EQ(put.account + put.region, "123456789012eu-west-1");
      for (const auto& datum : put.data) {
        if (!with_volume && datum.metric_name->starts_with("Incoming")) continue;
        std::string dimensions;
        for (const auto& each : datum.dimensions.value_or(std::vector<aws::cloudwatch::Dimension>())) {
          dimensions += (dimensions.empty() ? "" : ",") + *each.name + "=" + *each.value;
        }
        out += fmt::format("{} {}{{{}}}[{}] @{}:", put.name_space, *datum.metric_name, dimensions, *datum.unit,
                           base::to_epoch_seconds(*datum.timestamp) - kNowMs / 1000);
        for (std::size_t i = 0; i < datum.values->size(); ++i) {
          out += fmt::format(" {}*{}", datum.values->at(i), datum.counts->at(i));
        }
        out += "\n";
      }
    }
    return out;
  }
};

// kNowMs is 20 s into a minute.
TEST(MetricFilters, CountAndExtract) {
  MetricsBed bed;
  bed.add_filter(MetricsBed::filter_request("Errors", "ERROR", "1"));
  bed.add_filter(MetricsBed::filter_request("Latency", "{ $.latency = * }", "$.latency"));
  auto sized = MetricsBed::filter_request("Size", "[ip, ..., size]", "$size", {}, {{{"Client", "$ip"}, {"X", "$2"}}});
  sized.metric_transformations->front().unit = "Bytes";
  bed.add_filter(sized);
  bed.restart();
  bed.put("g", "s",
          {{-60'000, "ERROR 5"}, {0, "{\"latency\": 12.5}"}, {1, "{\"latency\": \"slow\"}"}, {2, "{\"latency\": 2}"}});
  EXPECT_EQ(bed.taken(),
            "App Errors{}[None] @-80: 1*1\n"
            "App Latency{}[None] @-20: 2*1 12.5*1\n"
            "App Size{Client=ERROR}[Bytes] @-80: 5*1\n");
  bed.ok(&LogsService::delete_metric_filter, DeleteMetricFilterRequest{"g", "Errors"});
  bed.put("g", "s", {{3, "ERROR 5"}});
  EXPECT_EQ(bed.taken(), "App Size{Client=ERROR}[Bytes] @-20: 5*1\n");
}

TEST(MetricFilters, DefaultValueOncePerMinuteWithoutAMatch) {
  MetricsBed bed;
  bed.add_filter(MetricsBed::filter_request("Errors", "ERROR", "2", 0));
  bed.put("g", "s", {{0, "fine"}, {1, "fine"}, {60'000, "fine"}, {60'001, "ERROR"}, {120'000, "fine"}});
  EXPECT_EQ(bed.taken(), "App Errors{}[None] @40: 2*1\n");
  bed.logs->sample_metrics(bed.env.clock.now());  // the minute of the first two goes on
  EXPECT_EQ(bed.taken(), "");
  bed.env.clock.advance(seconds(40));
  bed.logs->sample_metrics(bed.env.clock.now());
  EXPECT_EQ(bed.taken(), "App Errors{}[None] @-20: 0*1\n");
  bed.env.clock.advance(minutes(1));
  bed.logs->sample_metrics(bed.env.clock.now());
  EXPECT_EQ(bed.taken(), "");  // there was a match
  bed.env.clock.advance(minutes(5));
  bed.logs->sample_metrics(bed.env.clock.now());
  EXPECT_EQ(bed.taken(), "App Errors{}[None] @100: 0*1\n");
}

TEST(MetricFilters, ListingAndLifeCycle) {
  MetricsBed bed;
  bed.group("h");
  for (const char* name : {"b", "a"}) bed.add_filter(MetricsBed::filter_request(name, "x", "1"));
  auto other = MetricsBed::filter_request("a", "y", "1", 0.5);
  other.log_group_name = "h";
  bed.add_filter(other);
  EXPECT_EQ(bed.ok(&LogsService::describe_log_groups, DescribeLogGroupsRequest{}).log_groups->at(0).metric_filter_count,
            2);
  DescribeMetricFiltersRequest in;
  in.limit = 2;
  auto page = bed.ok(&LogsService::describe_metric_filters, in);
  ASSERT_EQ(page.metric_filters->size(), 2u);
  const auto& shown = page.metric_filters->at(1);
  EXPECT_EQ(*shown.filter_name + *shown.log_group_name + *shown.filter_pattern, "ahy");
  EXPECT_EQ(shown.creation_time, kNowMs);
  EXPECT_EQ(shown.apply_on_transformed_logs, false);
  EXPECT_EQ(shown.metric_transformations->at(0).default_value, 0.5);
  EXPECT_FALSE(shown.metric_transformations->at(0).unit);
  in.next_token = page.next_token;
  page = bed.ok(&LogsService::describe_metric_filters, in);
  ASSERT_EQ(page.metric_filters->size(), 1u);
  EXPECT_EQ(page.metric_filters->at(0).filter_name, "b");
  EXPECT_FALSE(page.next_token);
  in = {};
  in.metric_name = "b";
  EXPECT_TRUE(bed.error(&LogsService::describe_metric_filters, in).starts_with("InvalidParameterException: metricN"));
  in.metric_namespace = "App";
  EXPECT_EQ(bed.ok(&LogsService::describe_metric_filters, in).metric_filters->size(), 1u);
  in = {};
  in.log_group_name = "h";
  in.filter_name_prefix = "a";
  EXPECT_EQ(bed.ok(&LogsService::describe_metric_filters, in).metric_filters->size(), 1u);
  in.next_token = "?";
  EXPECT_EQ(bed.error(&LogsService::describe_metric_filters, in),
            "InvalidParameterException: The specified nextToken is invalid.");
  EXPECT_EQ(bed.error(&LogsService::delete_metric_filter, DeleteMetricFilterRequest{"h", "b"}),
            "ResourceNotFoundException: The specified metric filter does not exist.");
  bed.ok(&LogsService::delete_log_group, DeleteLogGroupRequest{"g"});
  EXPECT_EQ(bed.rows(keys::kMetricFilterTable), 1u);
}

TEST(MetricFilters, Refusals) {
  MetricsBed bed;
  const std::string prefix = "InvalidParameterException: Invalid metric ";
  const auto error = [&](const std::string& value, std::optional<double> default_value = {},
                         std::optional<aws::Map<std::string>> dimensions = {}) {
    return bed.filter_error(
        MetricsBed::filter_request("f", "{ $.a = 1 }", value, default_value, std::move(dimensions)));
  };
  EXPECT_EQ(error("one"), prefix + "transformation: metricValue must be a number or a valid selector");
  EXPECT_EQ(error("$.a..b"), prefix + "transformation: metricValue must be a number or a valid selector");
  EXPECT_EQ(error("1", {}, {{{"D", "a"}}}), prefix + "transformation: dimension value must be valid selector");
  EXPECT_EQ(error("1", 0, {{{"D", "$.a"}}}),
            prefix + "transformation: dimensions and default value are mutually exclusive properties.");
  EXPECT_EQ(bed.filter_error(MetricsBed::filter_request("f", "{ $.a = 1", "1")),
            prefix + "filter pattern: a closing } is missing");
  EXPECT_EQ(error("$a"), prefix + "transformation: the filter pattern does not name the metricValue $a");
  EXPECT_EQ(error("1", {}, {{{"D", "$b"}}}),
            prefix + "transformation: the filter pattern does not name the dimension value $b");
  for (const char* text : {"ERROR", "", "%a%"})
    EXPECT_EQ(bed.filter_error(MetricsBed::filter_request("f", text, "1", {}, {{{"D", "$.a"}}})),
              "InvalidParameterException: The specified filter pattern does not support dimensions");
  EXPECT_EQ(bed.filter_error(MetricsBed::filter_request("f", "[a, b]", "$1")),
            prefix + "transformation: the filter pattern does not name the metricValue $1");
  for (const auto& [text, value] : {std::pair("[a, ]", "$2"), std::pair("[a, ..., b]", "$9")})
    EXPECT_EQ(bed.filter_error(MetricsBed::filter_request("numbered", text, value)), "no error");
  bed.ok(&LogsService::delete_metric_filter, DeleteMetricFilterRequest{"g", "numbered"});
  auto in = MetricsBed::filter_request("f", "x", "1");
  in.metric_transformations->front().metric_namespace = "AWS/Mine";
  EXPECT_EQ(bed.filter_error(in), prefix + "transformation: the metric namespace is not valid");
  in = MetricsBed::filter_request("f", "x", "1");
  in.apply_on_transformed_logs = true;
  EXPECT_NE(bed.filter_error(in).find("applyOnTransformedLogs"), std::string::npos);
  in.apply_on_transformed_logs = false;
  in.log_group_name = "none";
  EXPECT_EQ(bed.filter_error(in), "ResourceNotFoundException: The specified log group does not exist.");
  for (std::size_t i = 0; i < kGroupRegexFiltersMax; ++i) {
    bed.add_filter(MetricsBed::filter_request("r" + std::to_string(i), "%a%", "1"));
  }
  bed.add_filter(MetricsBed::filter_request("r0", "%b%", "1"));
  EXPECT_EQ(bed.filter_error(MetricsBed::filter_request("r", "%a%", "1")),
            "LimitExceededException: Resource limit exceeded.");
  for (std::size_t i = kGroupRegexFiltersMax; i < kGroupMetricFiltersMax; ++i) {
    bed.add_filter(MetricsBed::filter_request("f" + std::to_string(i), "a", "1"));
  }
  EXPECT_EQ(bed.filter_error(MetricsBed::filter_request("f", "a", "1")),
            "LimitExceededException: Resource limit exceeded.");
}

// AWS takes a metricValue that the JSON pattern does not mention, and a colon in the namespace.
TEST(MetricFilters, TheValueNeedNotBeInTheJsonPattern) {
  MetricsBed bed;
  auto in = MetricsBed::filter_request("f", "{ $.val = * }", "$.value", {}, {{{"D", "$.name"}}});
  in.metric_transformations->front().metric_namespace = "My:Space";
  bed.add_filter(in);
  bed.put("g", "s", {{0, R"({"val":1,"value":7,"name":"x"})"}, {0, R"({"val":1})"}, {0, R"({"value":8})"}});
  EXPECT_EQ(bed.taken(), "My:Space f{D=x}[None] @-20: 7*1\n");
}

// What the filters of a group cost PutLogEvents together is bounded.
TEST(MetricFilters, TheWorkOfAGroupIsBounded) {
  MetricsBed bed;
  std::string terms = "a";
  for (std::size_t i = 1; i < kFilterTermsMax; ++i) terms += " b" + std::to_string(i);
  const std::size_t count = kGroupFilterWorkMax / kFilterTermsMax;
  ASSERT_LT(count, kGroupMetricFiltersMax);
  for (std::size_t i = 0; i < count; ++i)
    bed.add_filter(MetricsBed::filter_request("f" + std::to_string(i), terms, "1"));
  bed.add_filter(MetricsBed::filter_request("f0", terms, "2"));
  EXPECT_EQ(bed.filter_error(MetricsBed::filter_request("g", "a", "1")),
            "LimitExceededException: Resource limit exceeded.");
}

TEST(MetricFilters, TooManyCombinationsOfDimensionsStopTheFilter) {
  MetricsBed bed;
  bed.add_filter(MetricsBed::filter_request("n", "[id]", "1", {}, {{{"Id", "$id"}}}));
  std::vector<std::pair<int64_t, std::string>> events;
  for (std::size_t i = 0; i < kFilterSeriesMax + 5; ++i) events.emplace_back(0, std::to_string(i));
  bed.put("g", "s", events);
  const std::string lines = bed.taken();
  EXPECT_EQ(std::ranges::count(lines, '\n'), static_cast<std::ptrdiff_t>(kFilterSeriesMax));
}

TEST(TestMetricFilter, NumbersEventsFromOne) {
  MetricsBed bed;
  TestMetricFilterRequest in;
  in.filter_pattern = "[level = ERROR, code]";
  in.log_event_messages = {"INFO 1", "ERROR 2"};
  const auto matches = bed.ok(&LogsService::test_metric_filter, in).matches;
  ASSERT_EQ(matches->size(), 1u);
  EXPECT_EQ(matches->at(0).event_number, 2);
  EXPECT_EQ(matches->at(0).event_message, "ERROR 2");
  EXPECT_EQ(*matches->at(0).extracted_values, (aws::Map<std::string>{{"$level", "ERROR"}, {"$code", "2"}}));
  in.filter_pattern = "a.b";
  EXPECT_EQ(bed.error(&LogsService::test_metric_filter, in),
            "InvalidParameterException: Invalid character(s) in term 'a.b'");
}

std::string emf(std::string_view directive, std::string_view members) {
  return fmt::format(R"({{"_aws":{{"Timestamp":{},"CloudWatchMetrics":[{}]}},{}}})", kNowMs - 60'000, directive,
                     members);
}

TEST(Emf, EventsBecomeMetrics) {
  MetricsBed bed;
  bed.put("g", "s",
          {{0, emf(R"({"Namespace":"Shop","Dimensions":[["stage"],["stage","fn"],[]],"Metrics":[
                       {"Name":"time","Unit":"Milliseconds","StorageResolution":1},{"Name":"sizes"}]})",
                   R"("stage":"live","fn":"ingest","time":100,"sizes":[1,2.5,1],"requestId":"x")")}});
  EXPECT_EQ(bed.taken(),
            "Shop sizes{}[None] @-80: 1*2 2.5*1\n"
            "Shop sizes{stage=live}[None] @-80: 1*2 2.5*1\n"
            "Shop sizes{stage=live,fn=ingest}[None] @-80: 1*2 2.5*1\n"
            "Shop time{}[Milliseconds] @-80: 100*1\n"
            "Shop time{stage=live}[Milliseconds] @-80: 100*1\n"
            "Shop time{stage=live,fn=ingest}[Milliseconds] @-80: 100*1\n");
}

TEST(Emf, BrokenEventsAreCountedAndKept) {
  struct Row {
    std::string message;
    std::string_view counted;  // the error metric, or nothing
  };
  const std::string_view fine = R"({"Namespace":"N","Dimensions":[[]],"Metrics":[{"Name":"m"}]})";
  const auto directive = [](std::string_view name_space, std::string_view dimensions, std::string_view metrics) {
    return fmt::format(R"({{"Namespace":{},"Dimensions":{},"Metrics":{}}})", name_space, dimensions, metrics);
  };
  std::string values = "1";
  for (std::size_t i = 0; i < kEmfValuesMax; ++i) values += ",1";
  std::string sets = "[]";
  for (std::size_t i = 0; i < kEmfPointsMax; ++i) sets += ",[]";
  const std::vector<Row> rows = {
      {"plain", ""},
      {R"({"_aws":"mine"})", ""},
      {R"({"_aws":{"Timestamp":1}})", ""},
      {R"({"_aws":{"CloudWatchMetrics":[)", "EMFParsingErrors"},
      {R"({"_aws":{"CloudWatchMetrics":[]}})", "EMFParsingErrors"},
      {fmt::format(R"({{"_aws":{{"Timestamp":{},"CloudWatchMetrics":7}}}})", kNowMs), "EMFParsingErrors"},
      {emf(R"({"Namespace":"N"})", R"("m":1)"), "EMFParsingErrors"},
      {emf(directive("\"N\"", "[\"a\"]", "[]"), R"("m":1)"), "EMFParsingErrors"},
      {emf(directive("\"N\"", "[[]]", "[{\"Name\":1}]"), R"("m":1)"), "EMFParsingErrors"},
      {emf(fine, R"("x":1)"), "EMFValidationErrors"},
      {emf(fine, R"("m":"1")"), "EMFValidationErrors"},
      {emf(fine, R"("m":[])"), "EMFValidationErrors"},
      {emf(fine, "\"m\":[" + values + "]"), "EMFValidationErrors"},
      {emf(directive("\"AWS/N\"", "[[]]", "[{\"Name\":\"m\"}]"), R"("m":1)"), "EMFValidationErrors"},
      {emf(directive("\"N\"", "[]", "[{\"Name\":\"m\"}]"), R"("m":1)"), "EMFValidationErrors"},
      {emf(directive("\"N\"", "[[\"d\"]]", "[{\"Name\":\"m\"}]"), R"("m":1,"d":2)"), "EMFValidationErrors"},
      {emf(directive("\"N\"", "[[]]", R"([{"Name":"m","Unit":"Furlongs"}])"), R"("m":1)"), "EMFValidationErrors"},
      {emf(directive("\"N\"", "[" + sets + "]", "[{\"Name\":\"m\"}]"), R"("m":1)"), "EMFValidationErrors"},
      {fmt::format(R"({{"_aws":{{"Timestamp":1,"CloudWatchMetrics":[{}]}},"m":1}})", fine), "EMFValidationErrors"},
  };
  MetricsBed bed;
  for (const Row& row : rows) {
    bed.put("g", "s", {{0, row.message}});
    const std::string expected =
        row.counted.empty()
            ? ""
            : fmt::format("AWS/Logs {0}{{}}[None] @-20: 1*1\nAWS/Logs {0}{{LogGroupName=g}}[None] @-20: 1*1\n",
                          row.counted);
    EXPECT_EQ(bed.taken(), expected) << row.message.substr(0, 200);
  }
  EXPECT_EQ(bed.rows(keys::kEventTable), rows.size());
}

TEST(Metrics, SeriesFromLinesAreBounded) {
  MetricsBed bed;
  LogMetrics metrics(&bed.metrics);
  MetricPoint point{"N", "m", {{"id", ""}}, "None", {1}, bed.env.clock.now()};
  for (std::size_t i = 0; i < kEmfSeriesMax; ++i) {
    point.dimensions[0].second = std::to_string(i);
    ASSERT_TRUE(metrics.add("123456789012", "eu-west-1", point));
  }
  EXPECT_TRUE(metrics.add("123456789012", "eu-west-1", point));
  point.dimensions[0].second = "x";
  EXPECT_FALSE(metrics.add("123456789012", "eu-west-1", point));
}

TEST(Metrics, VolumeOfTheGroup) {
  MetricsBed bed;
  bed.put("g", "s", {{0, "four"}, {0, "five5"}, {kTooNewMs + 1, "rejected"}});
  EXPECT_EQ(bed.taken(true),
            "AWS/Logs IncomingBytes{}[Bytes] @-20: 61*1\n"
            "AWS/Logs IncomingBytes{LogGroupName=g}[Bytes] @-20: 61*1\n"
            "AWS/Logs IncomingLogEvents{}[None] @-20: 2*1\n"
            "AWS/Logs IncomingLogEvents{LogGroupName=g}[None] @-20: 2*1\n");
}

TEST(Damage, EndsTheProcess) {
  EXPECT_EXIT(
      {
        MetricsBed bed;
        const std::string prefix = store::KeyWriter(keys::kGroupTable).take();
        store::WriteBatch batch;
        batch.put(std::string(bed.store->scan(prefix, store::prefix_end(prefix))->key()), "\xff");
        bed.store->write(batch);
        bed.restart();
      },
      ::testing::ExitedWithCode(store::kFatalExitCode), "^store: a row of CloudWatch Logs is damaged; stopping");
}

}  // namespace
}  // namespace engine::logs
