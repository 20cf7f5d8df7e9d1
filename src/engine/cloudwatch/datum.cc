#include "engine/cloudwatch/datum.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "aws/cloudwatch/errors.h"
#include "engine/cloudwatch/limits.h"

namespace engine::cloudwatch {
namespace {

namespace errors = aws::cloudwatch::errors;
using aws::cloudwatch::MetricDatum;

std::unexpected<base::AwsError> bad_number(double value, std::string_view path) {
  return invalid_value(fmt::format("The value {} for parameter {} is invalid.", value, path));
}

bool is_storable(double value) {
  return std::isfinite(value) && std::abs(value) <= kValueMagnitudeMax;
}

// Values beside StatisticValues are taken, as AWS takes them: the values count, which are the more exact ones.
base::Result<void> check_exclusive(const MetricDatum& datum, const std::string& path) {
  for (const auto& [name, given] : {std::pair("Values", datum.values.has_value()),
                                    std::pair("StatisticValues", datum.statistic_values.has_value())}) {
    if (!datum.value || !given) continue;
    return base::fail(errors::invalid_parameter_combination_exception(fmt::format(
        "The parameters {0}Value and {0}{1} are mutually exclusive and you have specified both.", path, name)));
  }
  if (!datum.value && !datum.values && !datum.statistic_values) {
    return base::fail(errors::missing_required_parameter_exception(
        fmt::format("The parameter {}Value, {}Values or {}StatisticValues is required.", path, path, path)));
  }
  return {};
}

base::Result<void> read_values(const MetricDatum& datum, const std::string& path, Aggregate& out) {
  const auto& values = *datum.values;
  if (values.empty()) return missing_parameter(path + "Values");
  if (values.size() > kValuesMax) {
    return invalid_value(fmt::format("The collection {}Values must not have a size greater than 150.", path));
  }
  if (datum.counts && datum.counts->size() != values.size()) {
    return invalid_value(fmt::format("The parameters {0}Values and {0}Counts must be of the same size.", path));
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!is_storable(values[i])) return bad_number(values[i], fmt::format("{}Values.member.{}", path, i + 1));
    const double count = datum.counts ? (*datum.counts)[i] : 1;
    if (!is_storable(count) || count < 0) return bad_number(count, fmt::format("{}Counts.member.{}", path, i + 1));
    if (count > 0) out.add(values[i], count, kStoredValuesMax);
  }
  return {};
}

base::Result<void> read_set(const aws::cloudwatch::StatisticSet& set, const std::string& path, Aggregate& out) {
  const std::array<std::pair<std::string_view, std::optional<double>>, 4> members = {
      {{"SampleCount", set.sample_count}, {"Sum", set.sum}, {"Minimum", set.minimum}, {"Maximum", set.maximum}}};
  for (const auto& [name, value] : members) {
    if (!value) return missing_parameter(fmt::format("{}StatisticValues.{}", path, name));
    if (!is_storable(*value)) return bad_number(*value, fmt::format("{}StatisticValues.{}", path, name));
  }
  if (*set.sample_count <= 0) return bad_number(*set.sample_count, path + "StatisticValues.SampleCount");
  if (*set.minimum > *set.maximum) {
    return base::fail(errors::invalid_parameter_combination_exception(fmt::format(
        "The parameter {0}StatisticValues.Maximum must be greater than {0}StatisticValues.Minimum.", path)));
  }
  out.add_set(*set.sample_count, *set.sum, *set.minimum, *set.maximum, kStoredValuesMax);
  return {};
}

}  // namespace

std::unexpected<base::AwsError> missing_parameter(std::string_view path) {
  return base::fail(errors::missing_required_parameter_exception(fmt::format("The parameter {} is required.", path)));
}

std::unexpected<base::AwsError> invalid_value(std::string message) {
  return base::fail(errors::invalid_parameter_value_exception(std::move(message)));
}

std::size_t unit_index(std::string_view name) {
  return static_cast<std::size_t>(std::ranges::find(kUnits, name) - kUnits.begin());
}

base::Result<Dimensions> checked_dimensions(Dimensions dimensions, const std::string& path) {
  if (dimensions.size() > kDimensionsMax) {
    return invalid_value(fmt::format("The collection {} must not have a size greater than 30.", path));
  }
  for (std::size_t i = 0; i < dimensions.size(); ++i) {
    const std::string name = dimensions[i].name.value_or("");
    const std::string value = dimensions[i].value.value_or("");
    if (name.empty()) return missing_parameter(fmt::format("{}.member.{}.Name", path, i + 1));
    if (value.empty()) return missing_parameter(fmt::format("{}.member.{}.Value", path, i + 1));
    if (name.size() > kNameLengthMax || value.size() > kDimensionValueLengthMax || name.front() == ':') {
      return invalid_value(fmt::format("The value {} for parameter {}.member.{} is invalid.", name, path, i + 1));
    }
  }
  std::ranges::sort(dimensions, {}, [](const auto& dimension) -> const std::string& { return *dimension.name; });
  const auto twice = std::ranges::adjacent_find(dimensions, {}, [](const auto& dimension) { return *dimension.name; });
  if (twice != dimensions.end()) {
    return invalid_value(fmt::format("The dimension {} occurs more than once in {}.", *twice->name, path));
  }
  return dimensions;
}

base::Result<CheckedDatum> check_datum(MetricDatum datum, std::size_t number, base::Timestamp now) {
  const std::string path = fmt::format("MetricData.member.{}.", number);
  CheckedDatum out;
  out.metric_name = datum.metric_name.value_or("");
  if (out.metric_name.empty()) return missing_parameter(path + "MetricName");
  if (out.metric_name.size() > kNameLengthMax) {
    return invalid_value(fmt::format("The parameter {}MetricName must be shorter than 256 characters.", path));
  }
  TRY_ASSIGN(out.dimensions,
             checked_dimensions(std::move(datum.dimensions).value_or(Dimensions()), path + "Dimensions"));
  TRY(check_exclusive(datum, path));
  if (datum.counts && !datum.values) return missing_parameter(path + "Values");
  if (datum.value) {
    if (!is_storable(*datum.value)) return bad_number(*datum.value, path + "Value");
    out.aggregate.add(*datum.value, 1, kStoredValuesMax);
  } else if (datum.values) {
    TRY(read_values(datum, path, out.aggregate));
  } else {
    TRY(read_set(*datum.statistic_values, path, out.aggregate));
  }
  out.unit = unit_index(datum.unit.value_or("None"));
  if (out.unit == kUnits.size()) {
    return invalid_value(fmt::format("The value {} for parameter {}Unit is invalid.", *datum.unit, path));
  }
  const int32_t resolution = datum.storage_resolution.value_or(60);
  if (resolution != 1 && resolution != 60) {
    return invalid_value(fmt::format("The value {} for parameter {}StorageResolution is invalid.", resolution, path));
  }
  const base::Timestamp at = datum.timestamp.value_or(now);
  if (at < now - kTooOld) {
    return invalid_value(
        fmt::format("The parameter {}Timestamp must specify a time no more than two weeks in the past.", path));
  }
  if (at > now + kTooNew) {
    return invalid_value(
        fmt::format("The parameter {}Timestamp must specify a time no more than two hours in the future.", path));
  }
  out.seconds = base::to_epoch_seconds(at);
  out.seconds -= out.seconds % resolution;
  return out;
}

}  // namespace engine::cloudwatch
