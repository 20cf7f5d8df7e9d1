// Alarms: loading, and the changes that every operation and evaluation is made of.
#include "engine/cloudwatch/alarms.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/arn.h"
#include "engine/cloudwatch/alarm_text.h"
#include "engine/cloudwatch/keys.h"
#include "engine/cloudwatch/limits.h"
#include "engine/cloudwatch/periods.h"
#include "engine/record.h"

namespace engine::cloudwatch {
namespace {

std::string key_of(const Alarm& alarm) {
  return keys::alarm(alarm.account, alarm.region, alarm.name);
}

}  // namespace

std::string referenced_key(const Alarm& composite, const std::string& text) {
  if (!text.starts_with("arn:")) return keys::alarm(composite.account, composite.region, text);
  const auto arn = Arn::parse(text);
  constexpr std::string_view kPrefix = "alarm:";
  const bool here = arn && arn->service == "cloudwatch" && arn->region == composite.region &&
                    arn->account == composite.account && arn->resource.starts_with(kPrefix);
  return here ? keys::alarm(composite.account, composite.region, arn->resource.substr(kPrefix.size())) : "";
}

Alarms::Alarms(store::KvStore& store, base::Env& env, CloudWatchOptions options, ReadWindows read)
    : store_(store),
      env_(env),
      options_(std::move(options)),
      read_(std::move(read)),
      evaluated_seconds_(round_down(base::to_epoch_seconds(env.clock.now()), kTickSeconds)),
      wake_(env.executor.make_condition()),
      actions_(store, env, std::string(keys::kActionTable), kActionWorkers,
               [this](const Outbox::Entry& entry) { return execute(entry); }) {
  load();
}

Alarms::~Alarms() {
  stop();
}

void Alarms::load() {
  if (const auto row = store_.get(keys::kNextHistoryIdKey)) {
    RecordReader reader(*row);
    while (reader.next()) next_history_id_ = reader.number();
    store::require_intact(reader.ok(), "a row of CloudWatch");
  }
  const std::string rows = store::KeyWriter(keys::kAlarmTable).take();
  for (auto cursor = store_.scan(rows, store::prefix_end(rows)); cursor->valid(); cursor->next()) {
    store::KeyReader key(cursor->key(), keys::kAlarmTable);
    std::string account;
    std::string region;
    const bool readable = key.text(account) && key.text(region);
    auto alarm = readable ? Alarm::decode(account, region, cursor->value()) : std::nullopt;
    store::require_intact(alarm.has_value(), "an alarm of CloudWatch");
    Change unwritten;
    replace(unwritten, std::move(*alarm));
  }
}

void Alarms::start() {
  actions_.start();
  evaluator_ = env_.executor.spawn("cw-alarms", [this] { run(); });
}

void Alarms::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_->notify_all();
  }
  evaluator_.reset();
  actions_.stop();
}

void Alarms::commit(Change&& change) {
  if (change.has_items) {
    change.batch.put(std::string(keys::kNextHistoryIdKey), RecordWriter().number(1, next_history_id_).take());
  }
  store_.write(change.batch);
  for (const Outbox::Ticket& ticket : change.actions) actions_.release(ticket);
}

void Alarms::add_item(Change& change, std::string_view account, std::string_view region, const HistoryItem& item) {
  const std::string place =
      keys::history_place(static_cast<uint64_t>(base::to_epoch_milliseconds(item.time)), next_history_id_++);
  change.batch.put(keys::history(account, region) + place, item.encode());
  change.batch.put(keys::alarm_history(account, region, item.alarm_name) + place, "");
  change.has_items = true;
}

void Alarms::forget(const std::string& key, const Alarm& alarm) {
  if (alarm.metric()) {
    --metric_alarms_;
    fast_alarms_ -= alarm.interval_seconds() < 60 ? 1 : 0;
    return;
  }
  for (const std::string& child : alarm.rule.alarms()) {
    const auto parents = parents_.find(referenced_key(alarm, child));
    if (parents == parents_.end()) continue;  // named twice, in two ways
    parents->second.erase(key);
    if (parents->second.empty()) parents_.erase(parents);
  }
}

AlarmRef Alarms::replace(Change& change, Alarm alarm) {
  const std::string key = key_of(alarm);
  AlarmRef& place = alarms_[key];
  if (place) forget(key, *place);
  place = std::make_shared<const Alarm>(std::move(alarm));
  if (place->composite()) {
    for (const std::string& child : place->rule.alarms()) parents_[referenced_key(*place, child)].insert(key);
  } else {
    ++metric_alarms_;
    fast_alarms_ += place->interval_seconds() < 60 ? 1 : 0;
  }
  change.batch.put(key, place->encode());
  return place;
}

void Alarms::remove(Change& change, const Alarm& alarm) {
  const std::string key = key_of(alarm);
  forget(key, alarm);
  change.batch.erase(key);
  alarms_.erase(key);  // last: it may own `alarm`
}

AlarmRef Alarms::set_own_state(Change& change, const AlarmRef& alarm, AlarmState state,
                               const std::vector<AlarmRef>& triggers) {
  const AlarmState old_state = alarm->state;
  const bool changed = state.value != old_state.value;
  state.updated_at = std::chrono::floor<std::chrono::milliseconds>(state.updated_at);
  state.transitioned_at = changed ? state.updated_at : old_state.transitioned_at;
  Alarm next = *alarm;
  next.state = std::move(state);
  AlarmRef out = replace(change, std::move(next));
  if (!changed) return out;
  add_item(change, out->account, out->region, state_item(*out, old_state));
  if (!out->actions_enabled) return out;
  const base::Timestamp now = env_.clock.now();
  for (const std::string& arn : out->actions()) {
    const AlarmAction action = make_action(*out, old_state, triggers, arn, base::make_uuid(env_.random));
    change.actions.push_back(actions_.add(change.batch, now, now, action.encode()));
  }
  return out;
}

void Alarms::set_state(Change& change, const AlarmRef& alarm, AlarmState state, const std::vector<AlarmRef>& triggers) {
  const bool changed = state.value != alarm->state.value;
  const AlarmRef now = set_own_state(change, alarm, std::move(state), triggers);
  if (changed) evaluate_parents(change, now);
}

// Every composite alarm above `child` once, children before their parents.
void Alarms::evaluate_parents(Change& change, const AlarmRef& child) {
  std::set<std::string> above;
  std::vector<std::string> open = {key_of(*child)};
  while (!open.empty()) {
    const auto parents = parents_.find(open.back());
    open.pop_back();
    if (parents == parents_.end()) continue;
    for (const std::string& parent : parents->second)
      if (above.insert(parent).second) open.push_back(parent);
  }
  std::map<std::string, std::size_t> heights;
  std::vector<std::pair<std::size_t, std::string>> order;
  for (const std::string& key : above) order.emplace_back(height(key, heights), key);
  std::ranges::sort(order);
  std::vector<std::pair<std::string, AlarmRef>> changed = {{key_of(*child), child}};
  for (const auto& [level, key] : order) {
    const AlarmRef composite = alarms_.at(key);
    const std::string value = evaluate_rule(*composite);
    if (value == composite->state.value) continue;
    std::set<std::string> below;
    for (const std::string& text : composite->rule.alarms()) below.insert(referenced_key(*composite, text));
    AlarmRef trigger = child;  // the last of its own children to change
    for (const auto& [changed_key, alarm] : changed)
      if (below.contains(changed_key)) trigger = alarm;
    AlarmState state{.value = value,
                     .reason = fmt::format("{} transitioned to {} at {}", trigger->arn, trigger->state.value,
                                           composite_time(trigger->state.updated_at)),
                     .reason_data = triggering_alarms({trigger}),
                     .updated_at = child->state.updated_at};
    changed.emplace_back(key, set_own_state(change, composite, std::move(state), {trigger}));
  }
}

std::size_t Alarms::height(const std::string& key, std::map<std::string, std::size_t>& known) const {
  if (const auto at = known.find(key); at != known.end()) return at->second;
  const auto alarm = alarms_.find(key);
  std::size_t out = 0;
  if (alarm != alarms_.end() && alarm->second->composite()) {
    for (const std::string& child : alarm->second->rule.alarms()) {
      out = std::max(out, height(referenced_key(*alarm->second, child), known) + 1);
    }
  }
  known[key] = out;
  return out;
}

std::string Alarms::evaluate_rule(const Alarm& composite) const {
  const bool in_alarm = composite.rule.evaluate([&](std::size_t i) -> std::string_view {
    const auto child = alarms_.find(referenced_key(composite, composite.rule.alarms()[i]));
    return child == alarms_.end() ? kInsufficientData : std::string_view(child->second->state.value);
  });
  return std::string(in_alarm ? kInAlarm : kOk);
}

std::vector<AlarmRef> Alarms::children(const Alarm& composite) const {
  std::vector<AlarmRef> out;
  for (const std::string& text : composite.rule.alarms()) {
    const auto child = alarms_.find(referenced_key(composite, text));
    if (child != alarms_.end() && std::ranges::find(out, child->second) == out.end()) out.push_back(child->second);
  }
  return out;
}

std::string Alarms::triggering_alarms(const std::vector<AlarmRef>& children) const {
  std::string list;
  for (const AlarmRef& child : children) {
    JsonObject state;
    state.text("value", child->state.value).time("timestamp", child->state.updated_at);
    const std::string one = JsonObject().text("arn", child->arn).raw("state", state.take()).take();
    if (list.size() + one.size() + 32 > kStateReasonDataMax) break;
    list += (list.empty() ? "" : ",") + one;
  }
  return JsonObject().raw("triggeringAlarms", '[' + list + ']').take();
}

AlarmRef Alarms::find(std::string_view account, std::string_view region, std::string_view name) const {
  const auto at = alarms_.find(keys::alarm(account, region, name));
  return at == alarms_.end() ? nullptr : at->second;
}

}  // namespace engine::cloudwatch
