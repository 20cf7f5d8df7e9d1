// The evaluation of metric_expression.h: operators and the walk over the tree. The functions are in metric_function.cc.
#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/cloudwatch/metric_expression.h"

namespace engine::cloudwatch {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

double truth(bool value) {
  return value ? 1 : 0;
}

// A point whose value is no number (a division by zero) is left out, as CloudWatch leaves it out.
void put(Series& out, int64_t seconds, double value) {
  if (std::isfinite(value)) out.points.push_back({seconds, value});
}

Series with_number(Operator op, Series series, double number, bool number_first) {
  std::vector<Point> points;
  std::swap(points, series.points);
  for (const Point& point : points)
    put(series, point.seconds, number_first ? apply(op, number, point.value) : apply(op, point.value, number));
  return series;
}

// "Missing values in a time series are treated as 0" (user guide, metric math): wherever one of the two has a point.
// Of different periods only the moments count at which a period of both begins.
Series joined(Operator op, const Series& a, const Series& b) {
  Series out = {.id = a.id, .label = a.label, .period_seconds = common_period(a.period_seconds, b.period_seconds)};
  auto left = a.points.begin();
  auto right = b.points.begin();
  while (left != a.points.end() || right != b.points.end()) {
    const bool has_left = left != a.points.end() && (right == b.points.end() || left->seconds <= right->seconds);
    const bool has_right = right != b.points.end() && (left == a.points.end() || right->seconds <= left->seconds);
    const int64_t seconds = has_left ? left->seconds : right->seconds;
    const double left_value = has_left ? (left++)->value : 0;
    const double right_value = has_right ? (right++)->value : 0;
    if (a.period_seconds == b.period_seconds || seconds % out.period_seconds == 0)
      put(out, seconds, apply(op, left_value, right_value));
  }
  return out;
}

}  // namespace

double apply(Operator op, double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return kNone;
  switch (op) {
    case Operator::add:
      return a + b;
    case Operator::subtract:
      return a - b;
    case Operator::multiply:
      return a * b;
    case Operator::divide:
      return b == 0 ? kNone : a / b;
    case Operator::modulo:
      return b == 0 ? kNone : std::fmod(a, b);
    case Operator::power:
      return std::pow(a, b);
    case Operator::eq:
      return truth(a == b);
    case Operator::ne:
      return truth(a != b);
    case Operator::lt:
      return truth(a < b);
    case Operator::le:
      return truth(a <= b);
    case Operator::gt:
      return truth(a > b);
    case Operator::ge:
      return truth(a >= b);
    case Operator::logical_and:
      return truth(a != 0 && b != 0);
    case Operator::logical_or:
      return truth(a != 0 || b != 0);
  }
  return kNone;
}

bool Evaluation::spend(std::size_t points) {
  if (points > points_left_) exhausted_ = true;
  points_left_ -= std::min(points, points_left_);
  return !exhausted_;
}

std::size_t Evaluation::periods(const Series& series) const {
  const int64_t step = series.period_seconds;
  const int64_t first = span_.start - ((span_.start % step) + step) % step;
  const int64_t count = span_.end <= first ? 0 : (span_.end - first + step - 1) / step;
  return std::max(static_cast<std::size_t>(count), series.points.size());
}

std::vector<int64_t> Evaluation::grid(int64_t period_seconds) {
  std::vector<int64_t> out;
  const int64_t into = ((span_.start % period_seconds) + period_seconds) % period_seconds;
  const int64_t first = span_.start - into;
  if (span_.end <= first || !spend(static_cast<std::size_t>((span_.end - first) / period_seconds))) return out;
  for (int64_t seconds = first; seconds < span_.end; seconds += period_seconds) out.push_back(seconds);
  return out;
}

Value Evaluation::evaluate(const Node& node) {
  Value out;
  switch (node.kind) {
    case Node::Kind::number:
      out.scalar = node.number;
      break;
    case Node::Kind::text:
    case Node::Kind::word:
      break;
    case Node::Kind::query:
      out = of_query_(node.query);
      break;
    case Node::Kind::list:
      for (const Node& child : node.children) {
        Value value = evaluate(child);
        for (Series& series : value.series) out.series.push_back(std::move(series));
      }
      break;
    case Node::Kind::negation:
      out = evaluate(node.children[0]);
      out.scalar = -out.scalar;
      for (Series& series : out.series)
        for (Point& point : series.points) point.value = -point.value;
      break;
    case Node::Kind::binary:
      out = binary(node);
      break;
    case Node::Kind::call:
      out = node.function->call(*this, node);
      break;
  }
  std::size_t points = 1;
  for (const Series& series : out.series) points += series.points.size() + 1;
  if (spend(points)) return out;
  for (Series& series : out.series) series.points.clear();  // the whole is about to fail
  return out;
}

Value Evaluation::binary(const Node& node) {
  Value a = evaluate(node.children[0]);
  Value b = evaluate(node.children[1]);
  const ValueType left = node.children[0].type;
  const ValueType right = node.children[1].type;
  Value out;
  if (left == ValueType::scalar && right == ValueType::scalar) {
    out.scalar = apply(node.op, a.scalar, b.scalar);
  } else if (left == ValueType::scalar) {
    for (Series& series : b.series) out.series.push_back(with_number(node.op, std::move(series), a.scalar, true));
  } else if (right == ValueType::scalar) {
    for (Series& series : a.series) out.series.push_back(with_number(node.op, std::move(series), b.scalar, false));
  } else if (right == ValueType::array) {
    for (const Series& series : b.series) {
      out.series.push_back(joined(node.op, a.series.front(), series));
      out.series.back().label = series.label;
    }
  } else {
    for (const Series& series : a.series) out.series.push_back(joined(node.op, series, b.series.front()));
  }
  return out;
}

}  // namespace engine::cloudwatch
