// Alarms: evaluation, actions, and the end of old history.
#include <algorithm>
#include <cmath>

#include "aws/lambda/lambda.h"
#include "aws/sns/sns.h"
#include "engine/cloudwatch/alarms.h"
#include "engine/cloudwatch/keys.h"
#include "engine/cloudwatch/limits.h"
#include "engine/cloudwatch/periods.h"
#include "engine/cloudwatch/statistic.h"
#include "engine/internal_call.h"

namespace engine::cloudwatch {
namespace {

constexpr std::string_view kTopicCaller = "cloudwatch.amazonaws.com";
constexpr std::string_view kFunctionCaller = "lambda.alarms.cloudwatch.amazonaws.com";

}  // namespace

void Alarms::run() {
  std::unique_lock lock(mutex_);
  base::Timestamp sweep_at = env_.clock.now() + kSweepInterval;
  while (!stopping_) {
    const base::Timestamp now = env_.clock.now();
    const base::Timestamp due = next_evaluation();
    if (due <= now) {
      lock.unlock();
      evaluate_due();
      lock.lock();
    } else if (sweep_at <= now) {
      sweep_at = now + kSweepInterval;
      lock.unlock();
      sweep_history();
      lock.lock();
    } else {
      env_.executor.wait_until(lock, *wake_, std::min(due, sweep_at));
    }
  }
}

base::Timestamp Alarms::next_evaluation() {
  if (metric_alarms_ == 0) return base::kTimestampMax;
  const int64_t step = fast_alarms_ > 0 ? kTickSeconds : 60;
  return base::from_epoch_seconds(round_down(evaluated_seconds_, step) + step);
}

void Alarms::evaluate_due() {
  if (options_.refresh) options_.refresh();
  const base::Timestamp now = env_.clock.now();
  const int64_t last = round_down(base::to_epoch_seconds(now), kTickSeconds);
  std::unique_lock lock(mutex_);
  const int64_t earliest = round_down(base::to_epoch_seconds(now - kEvaluatedLate), kTickSeconds);
  evaluated_seconds_ = std::max(evaluated_seconds_, earliest);
  while (!stopping_ && evaluated_seconds_ < last) {
    const int64_t tick = evaluated_seconds_ + kTickSeconds;
    evaluated_seconds_ = tick;
    if (metric_alarms_ == 0 || (tick % 60 != 0 && fast_alarms_ == 0)) continue;
    lock.unlock();
    evaluate_at(tick, tick == last ? now : base::from_epoch_seconds(tick));
    lock.lock();
  }
}

void Alarms::evaluate_at(int64_t seconds, base::Timestamp now) {
  std::vector<std::pair<std::string, AlarmRef>> due;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, alarm] : alarms_) {
      if (!alarm->metric() || seconds % alarm->interval_seconds() != 0) continue;
      if (alarm->touched_at < base::from_epoch_seconds(seconds)) due.emplace_back(key, alarm);
    }
  }
  for (const auto& [key, alarm] : due) {
    auto verdict = evaluate(*alarm, seconds, now);
    if (!verdict) continue;
    const std::lock_guard lock(mutex_);
    const auto at = alarms_.find(key);
    if (at == alarms_.end() || at->second != alarm) continue;  // changed meanwhile: the next evaluation will tell
    Change change;
    set_state(change, alarm,
              {.value = std::string(verdict->state),
               .reason = std::move(verdict->reason),
               .reason_data = std::move(verdict->reason_data),
               .updated_at = now});
    commit(std::move(change));
  }
}

std::optional<AlarmVerdict> Alarms::evaluate(const Alarm& alarm, int64_t end_seconds, base::Timestamp now) {
  const aws::cloudwatch::MetricAlarm& config = *alarm.metric();
  const int64_t range = evaluation_range(config.evaluation_periods.value_or(1));
  const std::vector<AlarmPoint> points =
      alarm.math ? read_math_points(alarm, end_seconds, range) : read_points(alarm, end_seconds, range);
  return evaluate_alarm(config, alarm.period_seconds(), points, end_seconds, alarm.state.value, now);
}

// Newest first.
std::vector<AlarmPoint> Alarms::read_points(const Alarm& alarm, int64_t end_seconds, int64_t range) {
  const aws::cloudwatch::MetricAlarm& config = *alarm.metric();
  const int64_t period = alarm.period_seconds();
  const auto statistic = parse_statistic(config.statistic ? *config.statistic : config.extended_statistic.value_or(""));
  std::vector<AlarmPoint> out;
  if (!statistic) return out;
  WindowQuery query{.account = alarm.account,
                    .region = alarm.region,
                    .name_space = *config.namespace_,
                    .metric_name = *config.metric_name,
                    .dimensions = *config.dimensions,
                    .unit = config.unit ? std::optional<uint64_t>(unit_index(*config.unit)) : std::nullopt,
                    .span = {end_seconds - range * period, end_seconds},
                    .period_seconds = period,
                    .with_values = statistic->kind == Statistic::Kind::percentile};
  for (const auto& [seconds, aggregate] : read_(query)) {
    const auto value = value_of(aggregate, *statistic);
    if (value) out.push_back({seconds, *value, aggregate.count()});
  }
  std::ranges::reverse(out);
  return out;
}

// Metric math counts periods from the epoch on, an alarm from the minute of its evaluation back: times are moved.
std::vector<AlarmPoint> Alarms::read_math_points(const Alarm& alarm, int64_t end_seconds, int64_t range) {
  const int64_t period = alarm.period_seconds();
  const int64_t offset = end_seconds % period;
  const Span moved{end_seconds - offset - range * period, end_seconds - offset};
  const auto fetch = [&](const aws::cloudwatch::MetricStat& stat, Span span) -> base::Result<Series> {
    Series out;
    const auto statistic = parse_statistic(stat.stat.value_or(""));
    const aws::cloudwatch::Metric metric = stat.metric.value_or(aws::cloudwatch::Metric());
    TRY_ASSIGN(const Dimensions dimensions, checked_dimensions(metric.dimensions.value_or(Dimensions()), "Dimensions"));
    if (!statistic) return out;
    const std::string name_space = metric.namespace_.value_or("");
    const std::string metric_name = metric.metric_name.value_or("");
    WindowQuery query{.account = alarm.account,
                      .region = alarm.region,
                      .name_space = name_space,
                      .metric_name = metric_name,
                      .dimensions = dimensions,
                      .unit = stat.unit ? std::optional<uint64_t>(unit_index(*stat.unit)) : std::nullopt,
                      .span = {span.start + offset, span.end + offset},
                      .period_seconds = stat.period.value_or(static_cast<int32_t>(period)),
                      .with_values = statistic->kind == Statistic::Kind::percentile};
    for (const auto& [seconds, aggregate] : read_(query)) {
      const auto value = value_of(aggregate, *statistic);
      if (value) out.points.push_back({seconds - offset, *value});
    }
    return out;
  };
  std::vector<AlarmPoint> out;
  const auto series = alarm.math->evaluate(moved, fetch);
  if (!series || series->empty()) return out;
  for (const Point& point : series->front().points) {
    const bool inside = point.seconds >= moved.start && point.seconds < moved.end;
    if (inside && std::isfinite(point.value)) out.push_back({point.seconds + offset, point.value, std::nullopt});
  }
  std::ranges::reverse(out);
  return out;
}

base::Result<void> Alarms::call(const AlarmAction& action) {
  const bool topic = action.is_topic();
  aws::Context context =
      service_call(env_, action.account, action.region, topic ? kTopicCaller : kFunctionCaller, action.alarm_arn);
  if (topic && options_.sns != nullptr) {
    aws::sns::PublishInput in;
    in.topic_arn = action.arn;
    in.subject = action.subject;
    in.message = action.message;
    TRY(options_.sns->publish(context, std::move(in)));
    return {};
  }
  if (!topic && options_.lambda != nullptr) {
    aws::lambda::InvocationRequest in;
    in.function_name = action.arn;
    in.invocation_type = "Event";
    in.payload = action.message;
    TRY(options_.lambda->invoke(context, std::move(in)));
    return {};
  }
  return base::fail({.code = "ServiceUnavailable", .message = "There is nothing to call for this action."});
}

std::optional<base::Timestamp> Alarms::execute(const Outbox::Entry& entry) {
  const auto decoded = AlarmAction::decode(entry.payload);
  store::require_intact(decoded.has_value(), "an action of an alarm");
  const AlarmAction& action = *decoded;
  const auto called = call(action);
  const base::Timestamp now = env_.clock.now();
  if (!called && called.error().fault == base::Fault::receiver && entry.attempts + 1 < kActionAttemptsMax) {
    return now + kActionRetryDelay * (1 << entry.attempts);
  }
  std::string error;
  if (!called) error = called.error().message.empty() ? called.error().code : called.error().message;
  const std::lock_guard lock(mutex_);
  Change change;
  add_item(change, action.account, action.region, action_item(action, error, now));
  commit(std::move(change));
  return std::nullopt;
}

// Goes from one account and region that has history to the next.
void Alarms::sweep_history() {
  const auto horizon = static_cast<uint64_t>(base::to_epoch_milliseconds(env_.clock.now() - kHistoryKept));
  std::string from = store::KeyWriter(keys::kHistoryTable).take();
  const std::string end = store::prefix_end(from);
  while (from < end) {
    store::WriteBatch batch;
    std::size_t left = kHistorySweptPerStep;
    auto cursor = store_.scan(from, end);
    if (!cursor->valid()) return;
    store::KeyReader key(cursor->key(), keys::kHistoryTable);
    std::string account;
    std::string region;
    store::require_intact(key.text(account) && key.text(region), "a key of an alarm's history");
    const std::string prefix = keys::history(account, region);
    const std::string old_end = prefix + keys::history_place(horizon, 0);
    for (; cursor->valid() && cursor->key() < old_end && left > 0; cursor->next(), --left) {
      const auto item = HistoryItem::decode(cursor->value());
      store::require_intact(item.has_value(), "an item of an alarm's history");
      batch.erase(keys::alarm_history(account, region, item->alarm_name) +
                  std::string(cursor->key().substr(prefix.size())));
      batch.erase(std::string(cursor->key()));
    }
    from = left == 0 ? prefix : store::prefix_end(prefix);
    if (!batch.empty()) store_.write(batch);
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
  }
}

}  // namespace engine::cloudwatch
