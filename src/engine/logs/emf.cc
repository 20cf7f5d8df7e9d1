#include "engine/logs/emf.h"

#include <simdjson.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "engine/logs/limits.h"

namespace engine::logs {
namespace {

namespace dom = simdjson::dom;
template <class T>
using Emf = std::expected<T, EmfError>;

constexpr auto kParsing = std::unexpected(EmfError::parsing);
constexpr auto kValidation = std::unexpected(EmfError::validation);

// The member of that type; nullopt if there is none.
template <class T>
std::optional<T> member(dom::object object, std::string_view name) {
  T out;
  if (object.at_key(name).get(out) != simdjson::SUCCESS) return std::nullopt;
  return out;
}

using Dimensions = std::vector<std::pair<std::string, std::string>>;

Emf<Dimensions> read_dimension_set(dom::object root, dom::element set) {
  Dimensions out;
  dom::array keys;
  if (set.get(keys) != simdjson::SUCCESS) return kParsing;
  for (const dom::element each : keys) {
    std::string_view key;
    if (each.get(key) != simdjson::SUCCESS) return kParsing;
    const auto value = member<std::string_view>(root, key);
    if (!value || !is_dimension_name(key) || !is_dimension_value(*value)) return kValidation;
    const auto is_same = [&](const auto& other) { return other.first == key; };
    if (out.size() == kEmfDimensionKeysMax || std::ranges::any_of(out, is_same)) return kValidation;
    out.emplace_back(key, *value);
  }
  return out;
}

Emf<std::vector<double>> read_values(dom::object root, std::string_view name) {
  std::vector<double> out;
  dom::element target;
  if (root.at_key(name).get(target) != simdjson::SUCCESS) return kValidation;
  const auto read = [&](dom::element element) {
    double value = 0;  // simdjson turns integers into it too
    if (element.get(value) != simdjson::SUCCESS || !is_metric_value(value)) return false;
    out.push_back(value);
    return true;
  };
  dom::array array;
  if (target.get(array) != simdjson::SUCCESS) {
    if (!read(target)) return kValidation;
    return out;
  }
  for (const dom::element each : array) {
    if (out.size() == kEmfValuesMax || !read(each)) return kValidation;
  }
  if (out.empty()) return kValidation;
  return out;
}

// A metric without dimensions and time.
Emf<MetricPoint> read_metric(dom::object root, dom::element definition) {
  dom::object object;
  if (definition.get(object) != simdjson::SUCCESS) return kParsing;
  const auto name = member<std::string_view>(object, "Name");
  if (!name) return kParsing;
  MetricPoint out;
  out.metric_name = *name;
  if (dom::element unit; object.at_key("Unit").get(unit) == simdjson::SUCCESS) {
    std::string_view text;
    if (unit.get(text) != simdjson::SUCCESS) return kParsing;
    out.unit = text;
  }
  if (dom::element resolution; object.at_key("StorageResolution").get(resolution) == simdjson::SUCCESS) {
    int64_t seconds = 0;
    if (resolution.get(seconds) != simdjson::SUCCESS) return kParsing;
    if (seconds != 1 && seconds != 60) return kValidation;
  }
  if (!is_metric_name(out.metric_name) || !is_metric_unit(out.unit)) return kValidation;
  auto values = read_values(root, *name);
  if (!values) return std::unexpected(values.error());
  out.values = std::move(*values);
  return out;
}

Emf<void> read_directive(dom::object root, dom::element element, base::Timestamp at, std::size_t& values_left,
                         std::vector<MetricPoint>& out) {
  dom::object directive;
  if (element.get(directive) != simdjson::SUCCESS) return kParsing;
  const auto name_space = member<std::string_view>(directive, "Namespace");
  const auto sets = member<dom::array>(directive, "Dimensions");
  const auto definitions = member<dom::array>(directive, "Metrics");
  if (!name_space || !sets || !definitions) return kParsing;
  if (!is_metric_namespace(*name_space) || sets->size() == 0) return kValidation;
  std::vector<Dimensions> dimensions;
  for (const dom::element each : *sets) {
    auto set = read_dimension_set(root, each);
    if (!set) return std::unexpected(set.error());
    if (set->size() >= values_left) return kValidation;
    values_left -= set->size() + 1;
    dimensions.push_back(std::move(*set));
  }
  std::size_t metrics = 0;
  for (const dom::element each : *definitions) {
    auto point = read_metric(root, each);
    if (!point) return std::unexpected(point.error());
    const std::size_t values = point->values.size() * dimensions.size();
    if (++metrics > kEmfMetricsMax || values > values_left) return kValidation;
    values_left -= values;
    point->name_space = *name_space;
    point->at = at;
    for (const Dimensions& set : dimensions) {
      out.push_back(*point);
      out.back().dimensions = set;
    }
  }
  return {};
}

}  // namespace

std::expected<std::vector<MetricPoint>, EmfError> read_emf(EventText& event, base::Timestamp now) {
  std::vector<MetricPoint> out;
  if (event.message().find("\"_aws\"") == std::string_view::npos) return out;  // nearly every line
  const dom::element* json = event.json();
  if (json == nullptr) {
    if (event.message().find("\"CloudWatchMetrics\"") != std::string_view::npos) return kParsing;
    return out;
  }
  const dom::object root = json->get_object().value_unsafe();
  const auto metadata = member<dom::object>(root, "_aws");
  dom::element directives;
  if (!metadata || metadata->at_key("CloudWatchMetrics").get(directives) != simdjson::SUCCESS) return out;
  dom::array list;
  const auto timestamp = member<int64_t>(*metadata, "Timestamp");
  if (directives.get(list) != simdjson::SUCCESS || !timestamp) return kParsing;
  constexpr int64_t kTimestampMsMax = 253'402'300'799'999;  // the end of the year 9999
  if (*timestamp < 0 || *timestamp > kTimestampMsMax) return kValidation;
  const base::Timestamp at = base::from_epoch_milliseconds(*timestamp);
  if (!is_metric_time(at, now)) return kValidation;
  std::size_t values_left = kEmfPointsMax;
  for (const dom::element each : list) {
    const auto read = read_directive(root, each, at, values_left, out);
    if (!read) return std::unexpected(read.error());
  }
  return out;
}

}  // namespace engine::logs
