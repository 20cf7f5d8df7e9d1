#include "engine/cloudwatch/statistic.h"

#include <charconv>

namespace engine::cloudwatch {

std::optional<Statistic> parse_statistic(std::string_view name) {
  using enum Statistic::Kind;
  if (name == "SampleCount") return Statistic{sample_count};
  if (name == "Average") return Statistic{average};
  if (name == "Sum") return Statistic{sum};
  if (name == "Minimum") return Statistic{minimum};
  if (name == "Maximum") return Statistic{maximum};
  if (!name.starts_with('p') || name.size() < 2 || name.size() > 14) return std::nullopt;
  if (name.find_first_not_of("0123456789.", 1) != name.npos) return std::nullopt;
  Statistic out{percentile};
  const char* end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data() + 1, end, out.percent, std::chars_format::fixed);
  return error == std::errc() && stop == end && out.percent <= 100 ? std::optional(out) : std::nullopt;
}

std::optional<double> value_of(const Aggregate& aggregate, const Statistic& statistic) {
  switch (statistic.kind) {
    case Statistic::Kind::sample_count:
      return aggregate.count();
    case Statistic::Kind::average:
      return aggregate.sum() / aggregate.count();
    case Statistic::Kind::sum:
      return aggregate.sum();
    case Statistic::Kind::minimum:
      return aggregate.minimum();
    case Statistic::Kind::maximum:
      return aggregate.maximum();
    case Statistic::Kind::percentile:
      return aggregate.percentile(statistic.percent);
  }
  return std::nullopt;
}

}  // namespace engine::cloudwatch
