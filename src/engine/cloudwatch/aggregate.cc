#include "engine/cloudwatch/aggregate.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <iterator>

#include "engine/record.h"

namespace engine::cloudwatch {
namespace {

enum Field : uint32_t { kCount = 1, kSum = 2, kMinimum = 3, kMaximum = 4, kValuesKnown = 5, kValue = 6, kWeight = 7 };

uint64_t bits(double value) {
  return std::bit_cast<uint64_t>(value);
}

}  // namespace

void Aggregate::count_in(double count, double sum, double minimum, double maximum) {
  minimum_ = count_ == 0 ? minimum : std::min(minimum_, minimum);
  maximum_ = count_ == 0 ? maximum : std::max(maximum_, maximum);
  count_ += count;
  sum_ += sum;
}

void Aggregate::keep(double value, double weight, std::size_t values_max) {
  const auto at = std::ranges::lower_bound(values_, value, {}, &std::pair<double, double>::first);
  if (at != values_.end() && at->first == value) {
    at->second += weight;
    return;
  }
  values_.insert(at, {value, weight});
  shrink(values_max);
}

// Joins neighbours until no more than `values_max` values are left, those with the smallest gaps between them.
void Aggregate::shrink(std::size_t values_max) {
  if (values_.size() <= values_max) return;
  std::size_t excess = values_.size() - values_max;
  std::vector<double> gaps;
  gaps.reserve(values_.size());
  for (std::size_t i = 0; i + 1 < values_.size(); ++i) gaps.push_back(values_[i + 1].first - values_[i].first);
  std::vector<double> sorted = gaps;
  std::ranges::nth_element(sorted, sorted.begin() + static_cast<std::ptrdiff_t>(excess - 1));
  const double widest = sorted[excess - 1];
  // All smaller gaps go, and as many of the widest as are needed.
  std::size_t widest_left =
      excess - static_cast<std::size_t>(std::ranges::count_if(gaps, [&](double gap) { return gap < widest; }));
  std::size_t end = 0;
  for (std::size_t i = 1; i < values_.size(); ++i) {
    const double gap = gaps[i - 1];
    if (gap > widest || (gap == widest && widest_left == 0)) {
      values_[++end] = values_[i];
      continue;
    }
    if (gap == widest) --widest_left;
    auto& low = values_[end];
    const auto& high = values_[i];
    const double both = low.second + high.second;
    low = {low.first + (high.first - low.first) * (high.second / both), both};
  }
  values_.resize(end + 1);
}

void Aggregate::add(double value, double weight, std::size_t values_max) {
  count_in(weight, value * weight, value, value);
  if (values_known_) keep(value, weight, values_max);
}

void Aggregate::add_set(double count, double sum, double minimum, double maximum, std::size_t values_max) {
  count_in(count, sum, minimum, maximum);
  if (minimum == maximum || count == 1) {
    if (values_known_) keep(minimum == maximum ? minimum : sum, count, values_max);
    return;
  }
  values_known_ = false;
  values_.clear();
}

void Aggregate::merge(const Aggregate& other, std::size_t values_max) {
  if (other.count_ == 0) return;
  count_in(other.count_, other.sum_, other.minimum_, other.maximum_);
  values_known_ = values_known_ && other.values_known_;
  if (!values_known_) values_.clear();
  if (!values_known_ || other.values_.empty()) return;
  std::vector<std::pair<double, double>> both;
  both.reserve(values_.size() + other.values_.size());
  std::ranges::merge(values_, other.values_, std::back_inserter(both), {}, &std::pair<double, double>::first,
                     &std::pair<double, double>::first);
  values_.clear();
  for (const auto& entry : both) {
    if (!values_.empty() && values_.back().first == entry.first) {
      values_.back().second += entry.second;
    } else {
      values_.push_back(entry);
    }
  }
  shrink(values_max);
}

std::optional<double> Aggregate::percentile(double percent) const {
  if (!values_known_ || values_.empty() || minimum_ < 0) return std::nullopt;
  if (percent <= 0) return minimum_;
  if (percent >= 100) return maximum_;
  const double rank = percent / 100 * count_;
  double seen = 0;
  for (const auto& [value, weight] : values_) {
    seen += weight;
    if (seen >= rank) return value;
  }
  return maximum_;
}

std::string Aggregate::encode() const {
  RecordWriter writer;
  writer.number(kCount, bits(count_)).number(kSum, bits(sum_));
  writer.number(kMinimum, bits(minimum_)).number(kMaximum, bits(maximum_)).number(kValuesKnown, values_known_ ? 1 : 0);
  for (const auto& [value, weight] : values_) writer.number(kValue, bits(value)).number(kWeight, bits(weight));
  return writer.take();
}

std::optional<Aggregate> Aggregate::decode(std::string_view bytes) {
  Aggregate out;
  RecordReader reader(bytes);
  while (reader.next()) {
    const double number = std::bit_cast<double>(reader.number());
    switch (reader.field()) {
      case kCount:
        out.count_ = number;
        break;
      case kSum:
        out.sum_ = number;
        break;
      case kMinimum:
        out.minimum_ = number;
        break;
      case kMaximum:
        out.maximum_ = number;
        break;
      case kValuesKnown:
        out.values_known_ = reader.number() != 0;
        break;
      case kValue:
        out.values_.emplace_back(number, 0);
        break;
      case kWeight:
        if (out.values_.empty()) return std::nullopt;
        out.values_.back().second = number;
        break;
      default:
        break;
    }
  }
  return reader.ok() ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace engine::cloudwatch
