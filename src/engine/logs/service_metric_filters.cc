#include <algorithm>
#include <iterator>
#include <utility>

#include "aws/validate.h"
#include "base/encoding.h"
#include "engine/logs/keys.h"
#include "engine/logs/limits.h"
#include "engine/logs/refusals.h"
#include "engine/logs/service.h"

namespace engine::logs {

using namespace aws::logs;

namespace {

base::Result<MetricFilterRecord> read_request(PutMetricFilterRequest in, int64_t now_ms) {
  if (!in.filter_name || in.filter_name->empty()) return missing("filterName");
  if (!in.filter_pattern) return missing("filterPattern");
  if (in.apply_on_transformed_logs.value_or(false)) {
    return base::fail(aws::unsupported_parameter(kService, "applyOnTransformedLogs"));  // there are no transformers
  }
  if (!in.metric_transformations || in.metric_transformations->size() != 1) return missing("metricTransformations");
  MetricTransformation& transformation = in.metric_transformations->front();
  MetricFilterRecord out;
  out.name = std::move(*in.filter_name);
  out.pattern = std::move(*in.filter_pattern);
  out.metric_name = transformation.metric_name.value_or("");
  out.name_space = transformation.metric_namespace.value_or("");
  out.value = transformation.metric_value.value_or("");
  out.default_value = transformation.default_value;
  out.has_unit = transformation.unit.has_value();
  out.unit = transformation.unit.value_or("None");
  if (transformation.dimensions) out.dimensions = std::move(*transformation.dimensions);
  out.created_ms = now_ms;
  return out;
}

aws::logs::MetricFilter show(const MetricFilterRecord& record, const std::string& group) {
  aws::logs::MetricFilter out;
  out.filter_name = record.name;
  out.filter_pattern = record.pattern;
  out.creation_time = record.created_ms;
  out.log_group_name = group;
  out.apply_on_transformed_logs = false;
  MetricTransformation& transformation = out.metric_transformations.emplace().emplace_back();
  transformation.metric_name = record.metric_name;
  transformation.metric_namespace = record.name_space;
  transformation.metric_value = record.value;
  transformation.default_value = record.default_value;
  if (record.has_unit) transformation.unit = record.unit;
  if (!record.dimensions.empty()) transformation.dimensions = record.dimensions;
  return out;
}

// Where a listing goes on: behind this filter of this group.
using Place = std::pair<std::string, std::string>;

std::string token_of(const Place& place) {
  return base::base64_encode(place.first + '\0' + place.second);
}

std::optional<Place> parse_token(const std::string& token) {
  const auto text = base::base64_decode(token);
  const std::size_t middle = text ? text->find('\0') : std::string::npos;
  if (middle == std::string::npos) return std::nullopt;
  return Place(text->substr(0, middle), text->substr(middle + 1));
}

}  // namespace

base::Result<PutMetricFilterResponse> LogsService::put_metric_filter(aws::Context& context, PutMetricFilterRequest in) {
  const OptionalText group_name = in.log_group_name;
  TRY_ASSIGN(MetricFilterRecord record, read_request(std::move(in), base::to_epoch_milliseconds(context.now)));
  const auto lock = mutex_.lock();
  TRY_ASSIGN(const auto found, find_group(context, group_name));
  Group& group = found->second;
  const auto old = group.metric_filters.find(record.name);
  const bool is_new = old == group.metric_filters.end();
  if (!is_new) record.created_ms = old->second->record().created_ms;
  TRY_ASSIGN(std::shared_ptr<MetricFilter> filter, MetricFilter::make(std::move(record), group.record));
  TRY(filter->check_references());
  const std::string& name = filter->record().name;
  const auto uses_regex = [&](const auto& other) { return other.first != name && other.second->has_regex(); };
  const bool too_many_regexes = filter->has_regex() && std::ranges::count_if(group.metric_filters, uses_regex) >=
                                                           static_cast<std::ptrdiff_t>(kGroupRegexFiltersMax);
  std::size_t work = filter->work();
  for (const auto& [other, old_filter] : group.metric_filters) work += other == name ? 0 : old_filter->work();
  const bool too_many =
      work > kGroupFilterWorkMax ||
      (is_new && (group.metric_filters.size() >= kGroupMetricFiltersMax || metric_filter_count_ >= kMetricFiltersMax));
  if (too_many || too_many_regexes) return base::fail(errors::limit_exceeded_exception("Resource limit exceeded."));
  store::WriteBatch batch;
  batch.put(keys::metric_filter(group.record.id, name), filter->record().encode());
  store_.write(batch);
  if (is_new) ++metric_filter_count_;
  group.metric_filters[name] = std::move(filter);
  return PutMetricFilterResponse{};
}

base::Result<DeleteMetricFilterResponse> LogsService::delete_metric_filter(aws::Context& context,
                                                                           DeleteMetricFilterRequest in) {
  if (!in.filter_name) return missing("filterName");
  const auto lock = mutex_.lock();
  TRY_ASSIGN(const auto found, find_group(context, in.log_group_name));
  Group& group = found->second;
  const auto filter = group.metric_filters.find(*in.filter_name);
  if (filter == group.metric_filters.end()) {
    return base::fail(errors::resource_not_found_exception("The specified metric filter does not exist."));
  }
  store::WriteBatch batch;
  batch.erase(keys::metric_filter(group.record.id, *in.filter_name));
  store_.write(batch);
  group.metric_filters.erase(filter);
  --metric_filter_count_;
  return DeleteMetricFilterResponse{};
}

base::Result<DescribeMetricFiltersResponse> LogsService::describe_metric_filters(aws::Context& context,
                                                                                 DescribeMetricFiltersRequest in) {
  if (in.metric_name.has_value() != in.metric_namespace.has_value()) {
    return invalid_parameter("metricName and metricNamespace must be specified together.");
  }
  std::optional<Place> after;
  if (in.next_token) {
    after = parse_token(*in.next_token);
    if (!after) return bad_token();
  }
  const auto limit = static_cast<std::size_t>(std::clamp(in.limit.value_or(kDescribeMax), 1, kDescribeMax));
  std::string prefix = keys::groups(context.account, context.region);
  if (in.log_group_name) {
    const auto lock = mutex_.lock();
    TRY_ASSIGN(const auto found, find_group(context, in.log_group_name));
    prefix = found->first;
  }
  std::map<Place, std::shared_ptr<MetricFilter>> page;  // by the names of filter and group, and the first of the next
  each_group(prefix, prefix, [&](const Groups::value_type& group) {
    for (const auto& [name, filter] : group.second.metric_filters) {
      const MetricFilterRecord& record = filter->record();
      if (!name.starts_with(in.filter_name_prefix.value_or(""))) continue;
      if (in.metric_name && (record.metric_name != *in.metric_name || record.name_space != *in.metric_namespace)) {
        continue;
      }
      Place place(name, group.second.record.name);
      if (after && place <= *after) continue;
      page.emplace(std::move(place), filter);
      if (page.size() > limit + 1) page.erase(std::prev(page.end()));
    }
    return !in.log_group_name;  // the first one is the group itself, others have longer names
  });
  DescribeMetricFiltersResponse out;
  auto& shown = out.metric_filters.emplace();
  for (const auto& [place, filter] : page) {
    if (shown.size() == limit) {
      out.next_token = token_of({*shown.back().filter_name, *shown.back().log_group_name});
      break;
    }
    shown.push_back(show(filter->record(), place.second));
  }
  return out;
}

base::Result<TestMetricFilterResponse> LogsService::test_metric_filter(aws::Context&, TestMetricFilterRequest in) {
  if (!in.filter_pattern) return missing("filterPattern");
  if (!in.log_event_messages || in.log_event_messages->empty()) return missing("logEventMessages");
  TRY_ASSIGN(const FilterPattern pattern, FilterPattern::parse(*in.filter_pattern, "metric filter pattern"));
  TestMetricFilterResponse out;
  auto& matches = out.matches.emplace();
  EventText event;
  for (std::size_t i = 0; i < in.log_event_messages->size(); ++i) {
    std::string& message = (*in.log_event_messages)[i];
    event.set(message);
    if (!pattern.matches(event)) continue;
    MetricFilterMatchRecord& match = matches.emplace_back();
    match.event_number = static_cast<int64_t>(i + 1);
    match.extracted_values = pattern.extract(event);
    match.event_message = std::move(message);
  }
  return out;
}

}  // namespace engine::logs
