// till metrics.
#include <fmt/format.h>

#include <algorithm>

#include "aws/cloudwatch/cloudwatch.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/output.h"

namespace cli {
namespace {

namespace cw = aws::cloudwatch;

constexpr base::Duration kSpan = std::chrono::hours(1);
constexpr int32_t kPeriodSeconds = 300;
constexpr std::size_t kMetricsMax = 500;

struct Row {
  std::string name_space;
  std::string metric;
  std::string dimensions;
  std::string unit = {};
  double samples = 0;
  double sum = 0;
  double minimum = 0;
  double maximum = 0;
};

std::string dimensions_of(const cw::Metric& metric) {
  std::string out;
  for (const auto& each : metric.dimensions.value_or(std::vector<cw::Dimension>()))
    out += (out.empty() ? "" : ",") + each.name.value_or("") + "=" + each.value.value_or("");
  return out;
}

// Whether a dimension names the stack or a resource of it.
bool is_of_stack(const cw::Metric& metric, const pipeline::Site& site) {
  const auto dimensions = metric.dimensions.value_or(std::vector<cw::Dimension>());
  return std::ranges::any_of(dimensions, [&](const cw::Dimension& each) {
    const std::string value = each.value.value_or("");
    return value.starts_with(site.name("")) || (each.name == pipeline::kStackDimension && value == site.stack);
  });
}

base::Result<std::vector<cw::Metric>> list_metrics(const pipeline::Site& site, const std::string& name_space,
                                                   bool& cut) {
  cw::ListMetricsInput list;
  if (!name_space.empty()) list.namespace_ = name_space;
  std::vector<cw::Metric> found;
  while (true) {
    aws::Context context = site.call();
    TRY_ASSIGN(const auto page, site.services.cloudwatch.list_metrics(context, list));
    for (const auto& metric : page.metrics.value_or(std::vector<cw::Metric>())) {
      if (name_space.empty() && !is_of_stack(metric, site)) continue;
      if (found.size() == kMetricsMax) {
        cut = true;
        return found;
      }
      found.push_back(metric);
    }
    if (page.next_token.value_or("").empty()) return found;
    list.next_token = page.next_token;
  }
}

base::Result<std::optional<Row>> read_metric(const pipeline::Site& site, const cw::Metric& metric,
                                             base::Timestamp now) {
  cw::GetMetricStatisticsInput get;
  get.namespace_ = metric.namespace_;
  get.metric_name = metric.metric_name;
  get.dimensions = metric.dimensions;
  get.start_time = now - kSpan;
  get.end_time = now + std::chrono::minutes(1);  // the minute that is being filled counts
  get.period = kPeriodSeconds;
  get.statistics = {"SampleCount", "Sum", "Minimum", "Maximum"};
  aws::Context context = site.call();
  TRY_ASSIGN(const auto got, site.services.cloudwatch.get_metric_statistics(context, std::move(get)));
  Row row{.name_space = metric.namespace_.value_or(""),
          .metric = metric.metric_name.value_or(""),
          .dimensions = dimensions_of(metric)};
  for (const auto& point : got.datapoints.value_or(std::vector<cw::Datapoint>())) {
    const double minimum = point.minimum.value_or(0);
    const double maximum = point.maximum.value_or(0);
    row.minimum = row.samples == 0 ? minimum : std::min(row.minimum, minimum);
    row.maximum = row.samples == 0 ? maximum : std::max(row.maximum, maximum);
    row.samples += point.sample_count.value_or(0);
    row.sum += point.sum.value_or(0);
    row.unit = point.unit.value_or("");
  }
  if (row.samples == 0) return std::nullopt;
  return row;
}

std::string row_json(const Row& row) {
  return fmt::format(
      "{{\"namespace\":{},\"metric\":{},\"dimensions\":{},\"unit\":{},\"samples\":{},\"sum\":{},\"average\":{},"
      "\"minimum\":{},\"maximum\":{}}}",
      json_text(row.name_space), json_text(row.metric), json_text(row.dimensions), json_text(row.unit), row.samples,
      row.sum, row.sum / row.samples, row.minimum, row.maximum);
}

void print_table(const std::vector<Row>& rows) {
  std::size_t metric_width = 6;
  std::size_t dimensions_width = 10;
  for (const Row& row : rows) {
    metric_width = std::max(metric_width, row.metric.size());
    dimensions_width = std::max(dimensions_width, row.dimensions.size());
  }
  const auto line = [&](std::string_view name_space, std::string_view metric, std::string_view dimensions,
                        std::string_view samples, std::string_view sum, std::string_view average,
                        std::string_view maximum, std::string_view unit) {
    print_line(fmt::format("{:<16} {:<{}} {:<{}} {:>9} {:>12} {:>12} {:>12} {}", name_space, metric, metric_width,
                           dimensions, dimensions_width, samples, sum, average, maximum, unit));
  };
  line("namespace", "metric", "dimensions", "samples", "sum", "average", "maximum", "unit");
  for (const Row& row : rows) {
    line(row.name_space, row.metric, row.dimensions, fmt::format("{:.0f}", row.samples), fmt::format("{:.6g}", row.sum),
         fmt::format("{:.6g}", row.sum / row.samples), fmt::format("{:.6g}", row.maximum), row.unit);
  }
}

}  // namespace

int metrics(const GlobalOptions& global, const std::string& name_space) {
  int exit_code = kOk;
  const auto session = open_session(global, exit_code);
  if (session == nullptr) return exit_code;
  const pipeline::Site& site = session->stack().site();
  const std::string what = name_space.empty() ? "metrics" : "metrics of " + name_space;
  bool cut = false;
  const auto found = list_metrics(site, name_space, cut);
  if (!found.has_value()) return print_failure(what, found.error());
  const base::Timestamp now = session->now();
  std::vector<Row> rows;
  for (const cw::Metric& metric : *found) {
    auto row = read_metric(site, metric, now);
    if (!row.has_value()) return print_failure(what + ": " + metric.metric_name.value_or(""), row.error());
    if (row->has_value()) rows.push_back(std::move(**row));
  }
  std::ranges::sort(rows, {}, [](const Row& row) { return std::tie(row.name_space, row.dimensions, row.metric); });
  if (global.json) {
    std::string list;
    for (const Row& row : rows) list += (list.empty() ? "" : ",") + row_json(row);
    print_line(fmt::format("{{\"metrics\":[{}],\"complete\":{}}}", list, !cut));
  } else if (rows.empty()) {
    print_line("no " + what + " in the last hour");
  } else {
    print_table(rows);
  }
  if (cut) print_error(fmt::format("there are more than {} metrics; these are the first", kMetricsMax));
  return kOk;
}

}  // namespace cli
