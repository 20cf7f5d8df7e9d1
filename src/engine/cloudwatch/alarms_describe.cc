// Alarms: the operations that show something.
#include <fmt/format.h>

#include <algorithm>

#include "aws/cloudwatch/errors.h"
#include "base/encoding.h"
#include "engine/cloudwatch/alarm_config.h"
#include "engine/cloudwatch/alarms.h"
#include "engine/cloudwatch/keys.h"
#include "engine/cloudwatch/limits.h"

namespace engine::cloudwatch {

namespace errors = aws::cloudwatch::errors;
using namespace aws::cloudwatch;

namespace {

constexpr std::string_view kMetricAlarm = "MetricAlarm";
constexpr std::string_view kCompositeAlarm = "CompositeAlarm";

base::Result<std::string> read_token(const std::optional<std::string>& token) {
  if (!token) return std::string();
  auto out = base::base64_decode(*token);
  if (!out || out->empty()) return base::fail(errors::invalid_next_token("The specified NextToken is invalid."));
  return std::move(*out);
}

base::Result<std::size_t> read_page_size(const std::optional<int32_t>& max_records) {
  const int32_t out = max_records.value_or(static_cast<int32_t>(kAlarmPageMax));
  if (out >= 1 && out <= static_cast<int32_t>(kAlarmPageMax)) return static_cast<std::size_t>(out);
  return invalid_alarm(fmt::format("The value {} for parameter MaxRecords is invalid: it must be between 1 and {}.",
                                   out, kAlarmPageMax));
}

struct Types {
  bool metric = true;
  bool composite = false;
  [[nodiscard]] bool has(std::string_view type) const { return type == kMetricAlarm ? metric : composite; }
};

// Only metric alarms, unless the request says otherwise (DescribeAlarms, API reference).
base::Result<Types> read_types(const std::optional<std::vector<std::string>>& types) {
  if (!types || types->empty()) return Types{};
  Types out{.metric = false, .composite = false};
  for (const std::string& type : *types) {
    if (type != kMetricAlarm && type != kCompositeAlarm) {
      return invalid_alarm(fmt::format("The value {} for parameter AlarmTypes is invalid.", type));
    }
    (type == kMetricAlarm ? out.metric : out.composite) = true;
  }
  return out;
}

base::Result<void> check_filters(const DescribeAlarmsInput& in) {
  const bool related = in.children_of_alarm_name || in.parents_of_alarm_name;
  const bool filtered = in.alarm_names || in.alarm_name_prefix || in.alarm_types || in.state_value || in.action_prefix;
  if (related && (filtered || (in.children_of_alarm_name && in.parents_of_alarm_name))) {
    return invalid_alarm(
        "ChildrenOfAlarmName and ParentsOfAlarmName cannot be specified with other parameters than MaxRecords and "
        "NextToken.");
  }
  if (in.alarm_names && in.alarm_name_prefix) {
    return invalid_alarm("AlarmNames and AlarmNamePrefix are mutually exclusive and you have specified both.");
  }
  if (in.alarm_names && in.alarm_names->size() > kAlarmNamesMax) {
    return invalid_alarm("The collection AlarmNames must not have a size greater than 100.");
  }
  if (in.state_value) TRY(check_state_value(*in.state_value));
  return {};
}

// Relatives are shown with a few members only (DescribeAlarms, API reference).
template <class Shape>
Shape relative(Shape shown, bool child) {
  Shape out;
  out.alarm_name = shown.alarm_name;
  out.alarm_arn = shown.alarm_arn;
  if (!child) return out;
  out.state_value = shown.state_value;
  out.state_updated_timestamp = shown.state_updated_timestamp;
  return out;
}

void show(const Alarm& alarm, const DescribeAlarmsInput& in, DescribeAlarmsOutput& out) {
  const bool child = in.children_of_alarm_name.has_value();
  const bool in_full = !child && !in.parents_of_alarm_name;
  if (alarm.metric()) {
    auto shown = show_metric_alarm(alarm);
    out.metric_alarms->push_back(in_full ? std::move(shown) : relative(std::move(shown), child));
  } else {
    auto shown = show_composite_alarm(alarm);
    out.composite_alarms->push_back(in_full ? std::move(shown) : relative(std::move(shown), child));
  }
}

bool matches(const Alarm& alarm, const DescribeAlarmsInput& in, const Types& types) {
  if (in.children_of_alarm_name || in.parents_of_alarm_name) return true;
  if (!types.has(alarm.type())) return false;
  if (in.alarm_names && std::ranges::find(*in.alarm_names, alarm.name) == in.alarm_names->end()) return false;
  if (in.alarm_name_prefix && !alarm.name.starts_with(*in.alarm_name_prefix)) return false;
  if (in.state_value && alarm.state.value != *in.state_value) return false;
  return !in.action_prefix || alarm.has_action_with(*in.action_prefix);
}

bool is_wanted(const HistoryItem& item, const DescribeAlarmHistoryInput& in, const Types& types) {
  return types.has(item.alarm_type) && (!in.history_item_type || item.item_type == *in.history_item_type);
}

uint64_t milliseconds(base::Timestamp t) {
  return static_cast<uint64_t>(std::max<int64_t>(base::to_epoch_milliseconds(t), 0));
}

}  // namespace

base::Result<DescribeAlarmsOutput> Alarms::describe(const aws::Context& context, const DescribeAlarmsInput& in) {
  TRY(check_filters(in));
  TRY_ASSIGN(const Types types, read_types(in.alarm_types));
  TRY_ASSIGN(const std::size_t page_size, read_page_size(in.max_records));
  TRY_ASSIGN(const std::string after, read_token(in.next_token));
  const std::string prefix = keys::alarms(context.account, context.region);
  const std::string from = after.empty() ? prefix : keys::alarm(context.account, context.region, after) + '\0';
  const bool among_related = in.children_of_alarm_name || in.parents_of_alarm_name;
  DescribeAlarmsOutput out;
  out.metric_alarms.emplace();
  out.composite_alarms.emplace();
  std::string last;
  for (const AlarmRef& alarm : among_related ? relatives(context, in, from) : named_from(from, prefix)) {
    if (!matches(*alarm, in, types)) continue;
    if (out.metric_alarms->size() + out.composite_alarms->size() == page_size) {
      out.next_token = base::base64_encode(last);
      break;
    }
    last = alarm->name;
    show(*alarm, in, out);
  }
  return out;
}

std::vector<AlarmRef> Alarms::named_from(const std::string& from, const std::string& prefix) {
  std::vector<AlarmRef> out;
  const std::lock_guard lock(mutex_);
  for (auto at = alarms_.lower_bound(from); at != alarms_.end() && at->first.starts_with(prefix); ++at)
    out.push_back(at->second);
  return out;
}

std::vector<AlarmRef> Alarms::relatives(const aws::Context& context, const DescribeAlarmsInput& in,
                                        const std::string& from) {
  const std::lock_guard lock(mutex_);
  std::set<std::string> related;  // their keys
  if (in.children_of_alarm_name) {
    const AlarmRef parent = find(context.account, context.region, *in.children_of_alarm_name);
    if (parent && parent->composite()) {
      for (const std::string& text : parent->rule.alarms()) related.insert(referenced_key(*parent, text));
    }
  } else if (in.parents_of_alarm_name) {
    const auto parents = parents_.find(keys::alarm(context.account, context.region, *in.parents_of_alarm_name));
    if (parents != parents_.end()) related = parents->second;
  }
  std::vector<AlarmRef> out;
  for (auto key = related.lower_bound(from); key != related.end(); ++key) {
    const auto alarm = alarms_.find(*key);
    if (alarm != alarms_.end()) out.push_back(alarm->second);
  }
  return out;
}

base::Result<DescribeAlarmsForMetricOutput> Alarms::describe_for_metric(const aws::Context& context,
                                                                        const DescribeAlarmsForMetricInput& in) {
  if (in.metric_name.value_or("").empty()) return missing_parameter("MetricName");
  if (in.namespace_.value_or("").empty()) return missing_parameter("Namespace");
  TRY_ASSIGN(const Dimensions dimensions, checked_dimensions(in.dimensions.value_or(Dimensions()), "Dimensions"));
  const std::string prefix = keys::alarms(context.account, context.region);
  DescribeAlarmsForMetricOutput out;
  auto& shown = out.metric_alarms.emplace();
  for (const AlarmRef& alarm : named_from(prefix, prefix)) {
    const MetricAlarm* config = alarm->metric();
    if (config == nullptr || config->metric_name != in.metric_name || config->namespace_ != in.namespace_) continue;
    if (config->dimensions.value_or(Dimensions()) != dimensions) continue;
    if (in.statistic && config->statistic != in.statistic) continue;
    if (in.extended_statistic && config->extended_statistic != in.extended_statistic) continue;
    if (in.period && config->period != in.period) continue;
    if (in.unit && config->unit != in.unit) continue;
    shown.push_back(show_metric_alarm(*alarm));
  }
  return out;
}

base::Result<DescribeAlarmHistoryOutput> Alarms::describe_history(const aws::Context& context,
                                                                  const DescribeAlarmHistoryInput& in) {
  TRY_ASSIGN(const Types types, read_types(in.alarm_types));
  TRY_ASSIGN(const std::size_t page_size, read_page_size(in.max_records));
  TRY_ASSIGN(const std::string after, read_token(in.next_token));
  const bool descending = in.scan_by.value_or("TimestampDescending") == "TimestampDescending";
  const std::string items = keys::history(context.account, context.region);
  const std::string prefix =
      in.alarm_name ? keys::alarm_history(context.account, context.region, *in.alarm_name) : items;
  const base::Timestamp oldest = context.now - kHistoryKept;
  std::string begin = prefix + keys::history_place(milliseconds(std::max(in.start_date.value_or(oldest), oldest)), 0);
  std::string end =
      in.end_date ? prefix + keys::history_place(milliseconds(*in.end_date) + 1, 0) : store::prefix_end(prefix);
  if (!after.empty()) (descending ? end : begin) = prefix + after + (descending ? "" : std::string(1, '\0'));
  DescribeAlarmHistoryOutput out;
  auto& shown = out.alarm_history_items.emplace();
  if (begin >= end) return out;
  const auto direction = descending ? store::KvStore::Direction::descending : store::KvStore::Direction::ascending;
  std::string last;  // item looked at
  std::size_t looked_at = 0;
  for (auto cursor = store_.scan(begin, end, direction); cursor->valid(); cursor->next()) {
    if (++looked_at > kHistoryReadMax) {
      out.next_token = base::base64_encode(last);
      break;
    }
    const std::string place(cursor->key().substr(prefix.size()));
    const auto row = in.alarm_name ? store_.get(items + place) : std::optional<std::string>(cursor->value());
    if (!row) {  // removed since the scan began
      last = place;
      continue;
    }
    auto item = HistoryItem::decode(*row);
    store::require_intact(item.has_value(), "an item of an alarm's history");
    const bool wanted = is_wanted(*item, in, types);
    if (wanted && shown.size() == page_size) {
      out.next_token = base::base64_encode(last);
      break;
    }
    last = place;
    if (wanted) shown.push_back(show_history_item(std::move(*item)));
  }
  return out;
}

base::Result<std::vector<Tag>> Alarms::tags(const aws::Context& context, const std::string& arn) {
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const AlarmRef alarm, find_arn(context, arn));
  std::vector<Tag> out;
  if (!alarm) return out;  // a deleted alarm has no tags: protocols.md 4.6 item 20
  for (const auto& [key, value] : alarm->tags) {
    Tag& tag = out.emplace_back();
    tag.key = key;
    tag.value = value;
  }
  return out;
}

}  // namespace engine::cloudwatch
