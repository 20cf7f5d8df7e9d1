// Aggregate: what is kept of the values of one metric in one period: count, sum, extremes and, as far as they are known
// one by one, the values with their weights. A value type, not thread-safe.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace engine::cloudwatch {

class Aggregate {
 public:
  // Adds `value`, seen `weight` (> 0) times. At most `values_max` distinct values are kept: beyond that the two closest
  // become one, so percentiles are approximate then.
  void add(double value, double weight, std::size_t values_max);
  // Adds a statistic set, whose values are unknown unless they are all the same or there is only one.
  void add_set(double count, double sum, double minimum, double maximum, std::size_t values_max);
  void merge(const Aggregate& other, std::size_t values_max);

  [[nodiscard]] std::size_t distinct_values() const { return values_.size(); }
  [[nodiscard]] double count() const { return count_; }
  [[nodiscard]] double sum() const { return sum_; }
  [[nodiscard]] double minimum() const { return minimum_; }
  [[nodiscard]] double maximum() const { return maximum_; }
  // The smallest value that at least `percent` (0 to 100) of all values do not exceed; nullopt if they are not known,
  // and if one of them is negative, as with AWS (GetMetricStatistics, API reference).
  [[nodiscard]] std::optional<double> percentile(double percent) const;

  [[nodiscard]] std::string encode() const;
  static std::optional<Aggregate> decode(std::string_view bytes);  // nullopt: not an aggregate

 private:
  void count_in(double count, double sum, double minimum, double maximum);
  void keep(double value, double weight, std::size_t values_max);
  void shrink(std::size_t values_max);

  double count_ = 0;
  double sum_ = 0;
  double minimum_ = 0;
  double maximum_ = 0;
  bool values_known_ = true;
  std::vector<std::pair<double, double>> values_;  // value and weight, by value
};

}  // namespace engine::cloudwatch
