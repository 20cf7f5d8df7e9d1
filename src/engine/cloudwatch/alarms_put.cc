// Alarms: the operations that change something.
#include <fmt/format.h>

#include <algorithm>

#include "aws/cloudwatch/errors.h"
#include "aws/codec/json_shape.h"
#include "engine/arn.h"
#include "engine/cloudwatch/alarm_config.h"
#include "engine/cloudwatch/alarms.h"
#include "engine/cloudwatch/keys.h"
#include "engine/cloudwatch/limits.h"
#include "engine/cloudwatch/periods.h"
#include "engine/tags.h"

namespace engine::cloudwatch {

namespace errors = aws::cloudwatch::errors;

namespace {

std::string joined(const std::vector<std::string>& names, std::string_view separator) {
  std::string out;
  for (const std::string& name : names) {
    if (!out.empty()) out += separator;
    out += name;
  }
  return out;
}

bool is_json(const std::string& text) {
  aws::cloudwatch::PutMetricAlarmResponse nothing;
  return aws::codec::read_json(nothing.desc(), text, aws::codec::JsonNames::model, aws::codec::JsonStrictness::response,
                               &nothing)
      .has_value();
}

base::Result<void> check_names(const std::vector<std::string>& names) {
  if (names.empty()) return missing_parameter("AlarmNames");
  if (names.size() <= kAlarmNamesMax) return {};
  return invalid_alarm("The collection AlarmNames must not have a size greater than 100.");
}

}  // namespace

base::Result<void> Alarms::check_room(const Alarm& added) const {
  const std::string prefix = keys::alarms(added.account, added.region);
  std::size_t count = 0;
  for (auto at = alarms_.lower_bound(prefix); at != alarms_.end() && at->first.starts_with(prefix); ++at) ++count;
  if (count < kAlarmsMax) return {};
  return base::fail(errors::limit_exceeded_fault("The limit of alarms has been exceeded."));
}

base::Result<void> Alarms::put_metric_alarm(const aws::Context& context, aws::cloudwatch::PutMetricAlarmInput in) {
  TRY_ASSIGN(Alarm alarm, read_metric_alarm(context, std::move(in)));
  const std::lock_guard lock(mutex_);
  const AlarmRef old = find(alarm.account, alarm.region, alarm.name);
  if (old && !old->metric()) {
    return invalid_alarm(fmt::format("A composite alarm with the name {} exists already.", alarm.name));
  }
  if (!old) TRY(check_room(alarm));
  if (old) {
    alarm.state = old->state;
    alarm.tags = old->tags;  // tags of an update are ignored (PutMetricAlarm, API reference)
  }
  if (metric_alarms_ == 0) evaluated_seconds_ = round_down(base::to_epoch_seconds(env_.clock.now()), kTickSeconds);
  Change change;
  const AlarmRef put = replace(change, std::move(alarm));
  add_item(change, put->account, put->region,
           configuration_item(*put, old ? AlarmChange::update : AlarmChange::create, put->configured_at));
  commit(std::move(change));
  wake_->notify_all();
  return {};
}

// All alarms of the rule exist, and none of them leads back to it.
base::Result<void> Alarms::check_rule(const Alarm& composite) const {
  std::vector<std::string> unknown;
  std::vector<std::string> open;
  for (const std::string& text : composite.rule.alarms()) {
    open.push_back(referenced_key(composite, text));
    if (!alarms_.contains(open.back())) unknown.push_back(text);
  }
  const std::string own = keys::alarm(composite.account, composite.region, composite.name);
  const auto in_cycle = [&] {
    return invalid_alarm(
        fmt::format("The rule of the composite alarm {} depends on the alarm itself.", composite.name));
  };
  if (std::ranges::find(open, own) != open.end()) return in_cycle();
  if (!unknown.empty()) {
    return invalid_alarm(fmt::format("Could not save the composite alarm as alarms [{}] in the alarm rule do not exist",
                                     joined(unknown, ", ")));
  }
  for (const std::string& child : open) {
    const auto parents = parents_.find(child);
    if (parents == parents_.end() || parents->second.contains(own) || parents->second.size() < kParentsMax) continue;
    return base::fail(errors::limit_exceeded_fault(fmt::format(
        "The alarm {} is in the rules of {} composite alarms already.", alarms_.at(child)->name, kParentsMax)));
  }
  std::set<std::string> seen;
  while (!open.empty()) {
    const std::string key = std::move(open.back());
    open.pop_back();
    if (key == own) return in_cycle();
    if (!seen.insert(key).second) continue;
    const Alarm& alarm = *alarms_.at(key);
    if (!alarm.composite()) continue;
    for (const std::string& text : alarm.rule.alarms()) open.push_back(referenced_key(alarm, text));
  }
  return {};
}

base::Result<void> Alarms::put_composite_alarm(const aws::Context& context,
                                               aws::cloudwatch::PutCompositeAlarmInput in) {
  TRY_ASSIGN(Alarm alarm, read_composite_alarm(context, std::move(in)));
  const std::lock_guard lock(mutex_);
  const AlarmRef old = find(alarm.account, alarm.region, alarm.name);
  if (old && !old->composite()) {
    return invalid_alarm(fmt::format("A metric alarm with the name {} exists already.", alarm.name));
  }
  TRY(check_rule(alarm));
  if (!old) TRY(check_room(alarm));
  if (old) {
    alarm.state = old->state;
    alarm.tags = old->tags;
  }
  Change change;
  const AlarmRef put = replace(change, std::move(alarm));
  add_item(change, put->account, put->region,
           configuration_item(*put, old ? AlarmChange::update : AlarmChange::create, put->configured_at));
  const std::string value = evaluate_rule(*put);
  const std::string_view how = old ? "was updated and its new alarm rule" : "was created and its alarm rule";
  const std::vector<AlarmRef> triggers = children(*put);
  set_state(change, put,
            {.value = value,
             .reason = fmt::format("{} {} evaluates to {}", put->arn, how, value),
             .reason_data = triggering_alarms(triggers),
             .updated_at = context.now},
            triggers);
  commit(std::move(change));
  return {};
}

base::Result<void> Alarms::set_alarm_state(const aws::Context& context, aws::cloudwatch::SetAlarmStateInput in) {
  const std::string value = in.state_value.value_or("");
  TRY(check_state_value(value));
  if (!in.state_reason) return missing_parameter("StateReason");
  if (in.state_reason_data && !is_json(*in.state_reason_data)) {
    return base::fail(errors::invalid_format_fault("StateReasonData is not valid JSON."));
  }
  const std::lock_guard lock(mutex_);
  const AlarmRef alarm = find(context.account, context.region, in.alarm_name.value_or(""));
  if (!alarm) return base::fail(errors::resource_not_found(""));
  Alarm touched = *alarm;
  touched.touched_at = context.now;
  Change change;
  set_state(change, replace(change, std::move(touched)),
            {.value = value,
             .reason = std::move(*in.state_reason),
             .reason_data = std::move(in.state_reason_data).value_or(""),
             .updated_at = context.now});
  commit(std::move(change));
  return {};
}

base::Result<void> Alarms::enable_actions(const aws::Context& context, const std::vector<std::string>& names,
                                          bool enabled) {
  TRY(check_names(names));
  const std::lock_guard lock(mutex_);
  Change change;
  for (const std::string& name : names) {
    const AlarmRef alarm = find(context.account, context.region, name);
    if (!alarm || alarm->actions_enabled == enabled) continue;  // names of no alarm are ignored, as AWS does
    Alarm next = *alarm;
    next.actions_enabled = enabled;
    next.configured_at = std::chrono::floor<std::chrono::milliseconds>(context.now);
    const AlarmRef put = replace(change, std::move(next));
    add_item(change, put->account, put->region, configuration_item(*put, AlarmChange::update, put->configured_at));
  }
  if (!change.batch.empty()) commit(std::move(change));
  return {};
}

base::Result<void> Alarms::delete_alarms(const aws::Context& context, const std::vector<std::string>& names) {
  TRY(check_names(names));
  const std::lock_guard lock(mutex_);
  std::map<std::string, AlarmRef> doomed;
  for (const std::string& name : names) {
    const AlarmRef alarm = find(context.account, context.region, name);
    if (!alarm) return base::fail(errors::resource_not_found(""));
    doomed.emplace(keys::alarm(context.account, context.region, name), alarm);
  }
  const auto composites = std::ranges::count_if(doomed, [](const auto& entry) { return entry.second->composite(); });
  if (composites > 1) return invalid_alarm("DeleteAlarms can delete at most one composite alarm at a time.");
  std::vector<std::string> needed;
  for (const auto& [key, alarm] : doomed) {
    const auto parents = parents_.find(key);
    if (parents == parents_.end()) continue;
    const bool used = std::ranges::any_of(parents->second, [&](const std::string& p) { return !doomed.contains(p); });
    if (used) needed.push_back(alarm->name);
  }
  if (!needed.empty()) {
    return invalid_alarm(fmt::format("Cannot delete {} as there are composite alarm(s) depending on {}.",
                                     joined(needed, ","), needed.size() == 1 ? "it" : "them"));
  }
  Change change;
  const auto now = std::chrono::floor<std::chrono::milliseconds>(context.now);
  for (const auto& [key, alarm] : doomed) {
    remove(change, *alarm);
    add_item(change, alarm->account, alarm->region, configuration_item(*alarm, AlarmChange::remove, now));
  }
  commit(std::move(change));
  return {};
}

base::Result<AlarmRef> Alarms::find_arn(const aws::Context& context, const std::string& arn) const {
  const auto parsed = Arn::parse(arn);
  constexpr std::string_view kPrefix = "alarm:";
  if (!parsed || parsed->service != "cloudwatch" || !parsed->resource.starts_with(kPrefix) ||
      parsed->region != context.region || parsed->account != context.account) {
    return invalid_value(fmt::format("The value {} for parameter ResourceARN is invalid.", arn));
  }
  return find(context.account, context.region, parsed->resource.substr(kPrefix.size()));
}

base::Result<void> Alarms::tag(const aws::Context& context, const std::string& arn,
                               const std::vector<aws::cloudwatch::Tag>& tags) {
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const AlarmRef alarm, find_arn(context, arn));
  if (!alarm) return base::fail(errors::resource_not_found_exception("", {}));
  Alarm next = *alarm;
  TRY(add_tags(tags, next.tags));
  Change change;
  replace(change, std::move(next));
  commit(std::move(change));
  return {};
}

base::Result<void> Alarms::untag(const aws::Context& context, const std::string& arn,
                                 const std::vector<std::string>& tag_keys) {
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const AlarmRef alarm, find_arn(context, arn));
  if (!alarm) return base::fail(errors::resource_not_found_exception("", {}));
  Alarm next = *alarm;
  for (const std::string& key : tag_keys) next.tags.erase(key);
  Change change;
  replace(change, std::move(next));
  commit(std::move(change));
  return {};
}

}  // namespace engine::cloudwatch
