// What a datum must be to be put, and its form after the checks. Pure functions, safe from any thread. Rules and texts:
// protocols.md 4.6 items 11 and 12.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "aws/cloudwatch/shapes.h"
#include "base/result.h"
#include "engine/cloudwatch/aggregate.h"

namespace engine::cloudwatch {

constexpr std::array<std::string_view, 27> kUnits = {"None",
                                                     "Seconds",
                                                     "Microseconds",
                                                     "Milliseconds",
                                                     "Bytes",
                                                     "Kilobytes",
                                                     "Megabytes",
                                                     "Gigabytes",
                                                     "Terabytes",
                                                     "Bits",
                                                     "Kilobits",
                                                     "Megabits",
                                                     "Gigabits",
                                                     "Terabits",
                                                     "Percent",
                                                     "Count",
                                                     "Bytes/Second",
                                                     "Kilobytes/Second",
                                                     "Megabytes/Second",
                                                     "Gigabytes/Second",
                                                     "Terabytes/Second",
                                                     "Bits/Second",
                                                     "Kilobits/Second",
                                                     "Megabits/Second",
                                                     "Gigabits/Second",
                                                     "Terabits/Second",
                                                     "Count/Second"};  // stored by index: only ever add at the end

// Index into kUnits; kUnits.size() if there is none of that name.
std::size_t unit_index(std::string_view name);

using Dimensions = std::vector<aws::cloudwatch::Dimension>;
// Sorts by name. Fails unless all have distinct, non-empty names and values; `path` names them in errors.
base::Result<Dimensions> checked_dimensions(Dimensions dimensions, const std::string& path);

struct CheckedDatum {
  std::string metric_name;
  Dimensions dimensions;
  int64_t seconds = 0;  // start of its minute, or its second for a high-resolution metric
  uint64_t unit = 0;    // index into kUnits
  Aggregate aggregate;
};
// `number` counts from 1, for the "MetricData.member.N" of errors.
base::Result<CheckedDatum> check_datum(aws::cloudwatch::MetricDatum datum, std::size_t number, base::Timestamp now);

std::unexpected<base::AwsError> missing_parameter(std::string_view path);  // "The parameter <path> is required."
std::unexpected<base::AwsError> invalid_value(std::string message);

}  // namespace engine::cloudwatch
