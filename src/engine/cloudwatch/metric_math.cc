#include "engine/cloudwatch/metric_math.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "aws/cloudwatch/errors.h"
#include "engine/cloudwatch/datum.h"
#include "engine/cloudwatch/limits.h"
#include "engine/cloudwatch/metric_expression.h"
#include "engine/cloudwatch/statistic.h"

namespace engine::cloudwatch {

using aws::cloudwatch::MetricDataQuery;
using aws::cloudwatch::MetricStat;

namespace {

constexpr int64_t kCommonPeriodSecondsMax = 455 * 86'400;  // no data are older

std::unexpected<base::AwsError> invalid(std::string message) {
  return base::fail(aws::cloudwatch::errors::validation_error(std::move(message)));
}

bool is_id(std::string_view id) {
  const auto word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !id.empty() && id[0] >= 'a' && id[0] <= 'z' && std::ranges::all_of(id, word) && id.size() <= kNameLengthMax;
}

// The words of an expression outside of quotes. More than the names of queries are among them, which does no harm.
std::set<std::string_view> words_of(std::string_view text) {
  std::set<std::string_view> out;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '"' || text[at] == '\'') {
      const std::size_t end = text.find(text[at], at + 1);
      at = end == text.npos ? text.size() : end + 1;
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && (std::isalnum(static_cast<unsigned char>(text[end])) != 0 || text[end] == '_')) ++end;
    if (end != at) out.insert(text.substr(at, end - at));
    at = std::max(end, at + 1);
  }
  return out;
}

}  // namespace

bool is_period(int64_t seconds) {
  const bool high = seconds == 1 || seconds == 5 || seconds == 10 || seconds == 20 || seconds == 30;
  return high || (seconds >= 60 && seconds % 60 == 0);
}

int64_t common_period(int64_t a_seconds, int64_t b_seconds) {
  const int64_t longer = std::max(a_seconds, b_seconds);
  if (longer > kCommonPeriodSecondsMax) return longer;
  const int64_t common = std::lcm(a_seconds, b_seconds);
  return common > kCommonPeriodSecondsMax ? longer : common;
}

struct MetricMath::Query {
  MetricStat stat = {};  // of a metric, checked
  std::optional<Node> expression = {};
  ValueType type = ValueType::series;
  int64_t period_seconds = 0;
  std::string label = {};
  std::set<std::size_t> uses = {};  // queries by index
  bool returned = true;
  bool used = false;
};

struct MetricMath::Compiler {
  const std::vector<MetricDataQuery>& sources;
  const std::string_view path;
  std::vector<Query> queries = {};
  std::vector<std::size_t> order = {};
  std::map<std::string, std::size_t, std::less<>> by_id = {};

  base::Result<void> run() {
    for (std::size_t i = 0; i < sources.size(); ++i) TRY(read(i));
    TRY(sort());
    for (const std::size_t i : order) {
      if (sources[i].expression) TRY(parse(i));
    }
    label();
    for (auto at = order.rbegin(); at != order.rend(); ++at) {
      Query& query = queries[*at];
      query.used = query.used || query.returned;
      for (const std::size_t other : query.uses) queries[other].used = queries[other].used || query.used;
    }
    return {};
  }

  std::string member(std::size_t index, std::string_view name) const {
    return fmt::format("{}.member.{}.{}", path, index + 1, name);
  }

  base::Result<void> read(std::size_t index) {
    const MetricDataQuery& source = sources[index];
    const std::string id = source.id.value_or("");
    if (!is_id(id)) {
      return invalid(
          fmt::format("The value {} for parameter {} is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.", id,
                      member(index, "Id")));
    }
    if (!by_id.emplace(id, index).second)
      return invalid(fmt::format("The values for parameter id in {} are not unique.", path));
    if (source.expression && source.metric_stat) {
      return invalid(fmt::format("The parameters {} and {} are mutually exclusive and you have specified both.",
                                 member(index, "Expression"), member(index, "MetricStat")));
    }
    if (!source.expression && !source.metric_stat)
      return invalid(fmt::format("The parameter {} is required.", member(index, "MetricStat")));
    if (source.label && source.label->find("${") != std::string::npos)
      return invalid(fmt::format("The value {} for parameter {} is not supported: this engine knows no dynamic labels.",
                                 *source.label, member(index, "Label")));
    Query& query = queries.emplace_back();
    query.returned = source.return_data.value_or(true);
    if (source.period && !is_period(*source.period))
      return invalid(fmt::format("The value {} for parameter {} is invalid.", *source.period, member(index, "Period")));
    return source.metric_stat ? read_stat(index, query) : base::Result<void>();
  }

  base::Result<void> read_stat(std::size_t index, Query& query) const {
    query.stat = *sources[index].metric_stat;
    const std::string stat_path = member(index, "MetricStat");
    MetricStat& stat = query.stat;
    if (!stat.metric || stat.metric->namespace_.value_or("").empty())
      return missing_parameter(stat_path + ".Metric.Namespace");
    if (stat.metric->metric_name.value_or("").empty()) return missing_parameter(stat_path + ".Metric.MetricName");
    TRY_ASSIGN(stat.metric->dimensions, checked_dimensions(std::move(stat.metric->dimensions).value_or(Dimensions()),
                                                           stat_path + ".Metric.Dimensions"));
    if (!stat.period) return missing_parameter(stat_path + ".Period");
    if (!is_period(*stat.period)) {
      return invalid(fmt::format(
          "The value {} for parameter {}.Period is invalid: it must be 1, 5, 10, 20, 30 or a multiple of 60.",
          *stat.period, stat_path));
    }
    if (sources[index].period && *sources[index].period != *stat.period) {
      return invalid(fmt::format("The parameter {} must not be specified together with {}.Period.",
                                 member(index, "Period"), stat_path));
    }
    query.period_seconds = *stat.period;
    if (!stat.stat) return missing_parameter(stat_path + ".Stat");
    if (!parse_statistic(*stat.stat)) {
      return invalid(fmt::format("The value {} for parameter {}.Stat is not supported: this engine knows {}.",
                                 *stat.stat, stat_path, kKnownStatistics));
    }
    if (stat.unit && unit_index(*stat.unit) == kUnits.size())
      return invalid(fmt::format("The value {} for parameter {}.Unit is invalid.", *stat.unit, stat_path));
    return {};
  }

  // Each query after those it names, found before anything is parsed so that a long chain of queries is no deep
  // recursion.
  base::Result<void> sort() {
    std::vector<std::size_t> waits(queries.size());  // for so many others
    std::vector<std::vector<std::size_t>> waiting(queries.size());
    for (std::size_t i = 0; i < queries.size(); ++i) {
      if (!sources[i].expression) continue;
      const auto words = words_of(*sources[i].expression);
      for (const std::string_view word : words)
        if (const auto found = by_id.find(word); found != by_id.end()) queries[i].uses.insert(found->second);
      if (words.contains("METRICS")) {
        for (std::size_t other = 0; other < queries.size(); ++other)
          if (sources[other].metric_stat) queries[i].uses.insert(other);
      }
      waits[i] = queries[i].uses.size();
      for (const std::size_t other : queries[i].uses) waiting[other].push_back(i);
    }
    for (std::size_t i = 0; i < queries.size(); ++i)
      if (waits[i] == 0) order.push_back(i);
    for (std::size_t at = 0; at < order.size(); ++at)
      for (const std::size_t i : waiting[order[at]])
        if (--waits[i] == 0) order.push_back(i);
    if (order.size() == queries.size()) return {};
    const auto stuck = static_cast<std::size_t>(
        std::ranges::find_if(waits, [](std::size_t count) { return count != 0; }) - waits.begin());
    return wrong(stuck, "The expression depends on itself");
  }

  std::unexpected<base::AwsError> wrong(std::size_t index, std::string_view why) const {
    return invalid(fmt::format("Error in expression '{}': {}", *sources[index].id, why));
  }

  base::Result<void> parse(std::size_t index) {
    Query& query = queries[index];
    const auto resolve = [&](std::string_view name) -> base::Result<QueryName> {
      const auto found = by_id.find(name);
      if (found == by_id.end()) return invalid(fmt::format("Unknown identifier: {}", name));
      return QueryName{found->second, queries[found->second].type};
    };
    auto node = parse_expression(*sources[index].expression, resolve);
    if (!node) return wrong(index, node.error().message);
    query.type = node->type;
    query.expression = std::move(*node);
    if (query.type == ValueType::scalar && query.returned)
      return wrong(index, "The expression gives a single number, and only time series can be returned");
    if (sources[index].period) {
      query.period_seconds = *sources[index].period;
      return {};
    }
    for (const std::size_t other : query.uses) {
      const int64_t period = queries[other].period_seconds;
      query.period_seconds = query.period_seconds == 0 ? period : common_period(query.period_seconds, period);
    }
    if (query.period_seconds == 0) query.period_seconds = kExpressionPeriodSecondsDefault;
    return {};
  }

  // Protocols.md 4.6 item 16: a metric is called by its name and by what distinguishes it from the others.
  void label() {
    std::set<std::string_view> stats;
    std::set<int64_t> periods;
    for (const Query& query : queries) {
      if (query.expression) continue;
      stats.insert(*query.stat.stat);
      periods.insert(query.period_seconds);
    }
    for (std::size_t i = 0; i < queries.size(); ++i) {
      Query& query = queries[i];
      if (sources[i].label) {
        query.label = *sources[i].label;
      } else if (query.expression) {
        query.label = *sources[i].id;
      } else {
        query.label = *query.stat.metric->metric_name;
        if (stats.size() > 1) query.label += " " + *query.stat.stat;
        if (periods.size() > 1) query.label += " " + std::to_string(query.period_seconds);
      }
    }
  }
};

base::Result<MetricMath> MetricMath::compile(std::vector<MetricDataQuery> queries, std::string_view path) {
  if (queries.empty()) return missing_parameter(path);
  if (queries.size() > kMetricDataQueriesMax) {
    return invalid(fmt::format("The collection {} must not have a size greater than {}.", path, kMetricDataQueriesMax));
  }
  MetricMath out;
  Compiler compiler{queries, path};
  TRY(compiler.run());
  out.queries_ = std::make_shared<const std::vector<Query>>(std::move(compiler.queries));
  out.order_ = std::move(compiler.order);
  out.sources_ = std::move(queries);
  return out;
}

int64_t MetricMath::period_seconds(std::size_t query) const {
  return (*queries_)[query].period_seconds;
}

bool MetricMath::gives_one_series(std::size_t query) const {
  return (*queries_)[query].type == ValueType::series;
}

base::Result<std::vector<Series>> MetricMath::evaluate(Span span, const FetchPoints& fetch) const {
  const std::vector<Query>& queries = *queries_;
  std::vector<Value> values(queries.size());
  std::size_t points_left = kEvaluatedPointsMax;
  const auto of_query = [&](std::size_t i) -> const Value& { return values[i]; };
  const auto metrics = [&] {
    std::vector<Series> out;
    for (std::size_t i = 0; i < queries.size(); ++i)
      if (!queries[i].expression) out.push_back(values[i].series.front());
    return out;
  };
  for (const std::size_t i : order_) {
    const Query& query = queries[i];
    if (!query.used) continue;
    if (query.expression) {
      Evaluation evaluation(span, query.period_seconds, of_query, metrics, points_left);
      values[i] = evaluation.evaluate(*query.expression);
      if (evaluation.exhausted()) {
        return base::fail(aws::cloudwatch::errors::limit_exceeded_fault(fmt::format(
            "The expressions of this request make more than {} datapoints; shorten the time range, lengthen "
            "the periods, or use fewer expressions.",
            kEvaluatedPointsMax)));
      }
    } else {
      TRY_ASSIGN(Series series, fetch(query.stat, span));
      series.period_seconds = query.period_seconds;
      values[i].series.push_back(std::move(series));
    }
    const bool several = query.type == ValueType::array;
    for (Series& series : values[i].series) {
      series.id = *sources_[i].id;
      series.label = several && sources_[i].label && !series.label.empty() ? query.label + " " + series.label
                     : several && !series.label.empty()                    ? series.label
                                                                           : query.label;
    }
  }
  std::vector<Series> out;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    if (!queries[i].returned) continue;
    for (Series& series : values[i].series) out.push_back(std::move(series));
  }
  return out;
}

}  // namespace engine::cloudwatch
