#include "metrics/open_metrics.h"

#include <gtest/gtest.h>

namespace metrics {
namespace {

TEST(OpenMetricsTest, WritesFamilies) {
  Writer writer;
  Counter counter;
  counter.add(3);
  writer.family("a_bytes", Writer::Type::counter, "What \"it\" is.", "bytes");
  writer.sample(counter, {{"name", "x\"\\\ny"}});
  writer.family("b", Writer::Type::gauge, "B.");
  writer.sample(0.5);
  EXPECT_EQ(std::move(writer).finish(),
            "# TYPE a_bytes counter\n# UNIT a_bytes bytes\n# HELP a_bytes What \\\"it\\\" is.\n"
            "a_bytes_total{name=\"x\\\"\\\\\\ny\"} 3\n"
            "# TYPE b gauge\n# HELP b B.\nb 0.5\n# EOF\n");
}

TEST(OpenMetricsTest, BucketsAddUp) {
  Histogram histogram;
  histogram.observe(std::chrono::microseconds(250));  // a bound belongs to its bucket
  histogram.observe(std::chrono::microseconds(251));
  histogram.observe(std::chrono::seconds(60));
  histogram.observe(std::chrono::microseconds(-1));  // a clock that was set
  Writer writer;
  writer.family("h_seconds", Writer::Type::histogram, "H.", "seconds");
  writer.sample(histogram);
  const std::string text = std::move(writer).finish();
  for (const char* line :
       {"h_seconds_bucket{le=\"0.00025\"} 2\n", "h_seconds_bucket{le=\"0.0005\"} 3\n", "h_seconds_bucket{le=\"5\"} 3\n",
        "h_seconds_bucket{le=\"+Inf\"} 4\n", "h_seconds_count 4\n", "h_seconds_sum 60.000501\n"})
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
}

}  // namespace
}  // namespace metrics
