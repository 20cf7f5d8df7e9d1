// One metric math expression: parsed into a tree whose every node has its type (number, series, array of series), and
// evaluated on series that the caller provides. Used by MetricMath only. Values and pure functions, safe from any
// thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/cloudwatch/metric_math.h"

namespace engine::cloudwatch {

constexpr std::size_t kExpressionBytesMax = 2'048;       // the model's limit of MetricDataQuery.Expression
constexpr int kExpressionDepthMax = 32;                  // parentheses, calls, lists and operators in one another
constexpr std::size_t kEvaluatedPointsMax = 20'000'000;  // made by all the functions and operators of one call
constexpr int64_t kExpressionPeriodSecondsDefault = 60;  // of an expression that uses no metric

// `word` is one of the names that some functions take: REPEAT, ASC, AVG, ...
enum class ValueType : uint8_t { scalar, series, array, text, word };

struct Node;
struct Value;
class Evaluation;
struct Function {
  std::string_view name;
  std::size_t arguments_min;
  std::size_t arguments_max;
  // The type of the call, or nullopt if the arguments do not fit. `arguments` has between min and max nodes.
  std::optional<ValueType> (*type)(const std::vector<Node>& arguments);
  Value (*call)(Evaluation& evaluation, const Node& call);
};
// nullptr if there is none of that name.
const Function* find_function(std::string_view name);

enum class Operator : uint8_t {
  add,
  subtract,
  multiply,
  divide,
  modulo,
  power,
  eq,
  ne,
  lt,
  le,
  gt,
  ge,
  logical_and,
  logical_or
};

struct Node {
  enum class Kind : uint8_t { number, text, word, query, list, negation, binary, call };
  Kind kind = Kind::number;
  ValueType type = ValueType::scalar;
  double number = 0;
  std::string text = {};  // of a text or a word
  std::size_t query = 0;  // index of the query named
  Operator op = Operator::add;
  const Function* function = nullptr;
  std::vector<Node> children = {};
};

struct QueryName {
  std::size_t index = 0;
  ValueType type = ValueType::series;
};
// Tells what the name of a query means, or fails.
using ResolveName = std::function<base::Result<QueryName>(std::string_view name)>;

// Fails with the reason as message ("Error in expression ..." is the caller's to add).
base::Result<Node> parse_expression(std::string_view text, const ResolveName& resolve);

struct Value {
  double scalar = 0;                // NaN: there is none, as the average of nothing
  std::vector<Series> series = {};  // one for ValueType::series
};

// The surroundings of one evaluation: what names stand for, and the budget of points.
class Evaluation {
 public:
  // `of_query` gives the value of a query; `metrics` the series of all metric queries. All outlive the evaluation.
  Evaluation(Span span, int64_t period_seconds, std::function<const Value&(std::size_t)> of_query,
             std::function<std::vector<Series>()> metrics, std::size_t& points_left)
      : span_(span),
        period_seconds_(period_seconds),
        of_query_(std::move(of_query)),
        metrics_(std::move(metrics)),
        points_left_(points_left) {}

  Value evaluate(const Node& node);
  // Counts points against the budget; false once it is used up, and then evaluate() gives empty series.
  bool spend(std::size_t points);
  [[nodiscard]] bool exhausted() const { return exhausted_; }
  [[nodiscard]] Span span() const { return span_; }
  [[nodiscard]] int64_t period_seconds() const { return period_seconds_; }
  [[nodiscard]] std::vector<Series> metrics() const { return metrics_(); }
  // How many periods of the series the span has, also those without a point: at least as many as it has points.
  [[nodiscard]] std::size_t periods(const Series& series) const;
  // The starts of all periods of the span.
  std::vector<int64_t> grid(int64_t period_seconds);

 private:
  Value binary(const Node& node);

  const Span span_;
  const int64_t period_seconds_;
  const std::function<const Value&(std::size_t)> of_query_;
  const std::function<std::vector<Series>()> metrics_;
  std::size_t& points_left_;
  bool exhausted_ = false;
};

// a `op` b for two numbers; NaN if either is, and where the result is no number.
double apply(Operator op, double a, double b);

}  // namespace engine::cloudwatch
