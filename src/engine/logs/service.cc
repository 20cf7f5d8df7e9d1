#include "engine/logs/service.h"

#include "engine/arn.h"
#include "engine/logs/keys.h"
#include "engine/logs/limits.h"
#include "engine/logs/refusals.h"
#include "engine/record.h"

namespace engine::logs {
namespace {

// Rows are only ever written by this service, so one that does not read means that the disk lies.
void check_row(bool ok) {
  store::require_intact(ok, "a row of CloudWatch Logs");
}

}  // namespace

LogsService::LogsService(store::KvStore& store, base::Env& env, LogsOptions options)
    : store_(store),
      env_(env),
      filter_work_max_(options.filter_work_max),
      metrics_(options.metrics),
      stop_requested_(env.executor.make_condition()) {
  load();
}

LogsService::~LogsService() {
  stop();
}

void LogsService::load() {
  if (const auto row = store_.get(keys::kNextIdKey)) {
    RecordReader reader(*row);
    while (reader.next()) next_id_ = reader.number();
    check_row(reader.ok());
  }
  std::map<uint64_t, Group*> by_id;
  const std::string groups = store::KeyWriter(keys::kGroupTable).take();
  for (auto cursor = store_.scan(groups, store::prefix_end(groups)); cursor->valid(); cursor->next()) {
    auto record = GroupRecord::decode(cursor->value());
    check_row(record.has_value());
    Group& group = groups_[std::string(cursor->key())];
    group.record = std::move(*record);
    by_id[group.record.id] = &group;
  }
  const std::string streams = store::KeyWriter(keys::kStreamTable).take();
  for (auto cursor = store_.scan(streams, store::prefix_end(streams)); cursor->valid(); cursor->next()) {
    store::KeyReader key(cursor->key(), keys::kStreamTable);
    uint64_t group_id = 0;
    std::string name;
    const auto record = StreamRecord::decode(cursor->value());
    check_row(key.number(group_id) && key.text(name) && record.has_value() && by_id.contains(group_id));
    Group& group = *by_id[group_id];
    group.streams.emplace(std::move(name), *record);
    group.stored_bytes += record->stored_bytes;
    last_sequence_ = std::max(last_sequence_, record->last_sequence);
    ++stream_count_;
  }
  const std::string filters = store::KeyWriter(keys::kMetricFilterTable).take();
  for (auto cursor = store_.scan(filters, store::prefix_end(filters)); cursor->valid(); cursor->next()) {
    store::KeyReader key(cursor->key(), keys::kMetricFilterTable);
    uint64_t group_id = 0;
    auto record = MetricFilterRecord::decode(cursor->value());
    check_row(key.number(group_id) && record.has_value() && by_id.contains(group_id));
    Group& group = *by_id[group_id];
    auto filter = MetricFilter::make(std::move(*record), group.record);
    check_row(filter.has_value());
    group.metric_filters[(*filter)->record().name] = *filter;
    ++metric_filter_count_;
  }
}

void LogsService::start() {
  sweeper_ = env_.executor.spawn("logs-sweeper", [this] { sweep(); });
}

void LogsService::stop() {
  {
    const auto lock = mutex_.lock();
    stopping_ = true;
    stop_requested_->notify_all();
  }
  sweeper_.reset();
}

void LogsService::sample_metrics(base::Timestamp now) {
  std::vector<std::shared_ptr<MetricFilter>> filters;
  each_group("", "", [&](const Groups::value_type& group) {
    for (const auto& [name, filter] : group.second.metric_filters) filters.push_back(filter);
    return true;
  });
  for (const auto& filter : filters) filter->end_minutes(now, metrics_);
}

void LogsService::sweep() {
  auto lock = mutex_.lock();
  while (!stopping_) {
    // Goes through groups and streams by name, so that both may come and go while the lock is released.
    std::string group_key;
    std::string stream_name;
    for (std::size_t steps = 1; !stopping_; ++steps) {
      if (steps % kWalkedPerStep == 0) let_others_in(lock);
      const auto group = groups_.lower_bound(group_key);
      if (group == groups_.end()) break;
      if (group->first != group_key) stream_name.clear();
      group_key = group->first;
      const int64_t horizon = group->second.record.horizon_ms(base::to_epoch_milliseconds(env_.clock.now()));
      const auto stream = group->second.streams.lower_bound(stream_name);
      if (horizon == 0 || stream == group->second.streams.end()) {
        group_key.push_back('\0');
        stream_name.clear();
        continue;
      }
      stream_name = stream->first;
      if (!expire_step(group->second, stream->first, stream->second, horizon)) stream_name.push_back('\0');
      let_others_in(lock);
    }
    if (!stopping_) env_.executor.wait_until(lock, *stop_requested_, env_.clock.now() + kSweepInterval);
  }
}

void LogsService::let_others_in(std::unique_lock<std::mutex>& lock) {
  lock.unlock();
  lock = mutex_.lock();
}

void LogsService::each_group(std::string from, const std::string& prefix,
                             const std::function<bool(const Groups::value_type& group)>& visit) {
  for (auto lock = mutex_.lock();; let_others_in(lock)) {
    auto at = groups_.lower_bound(from);
    for (std::size_t i = 0; i < kWalkedPerStep; ++i, ++at)
      if (at == groups_.end() || !at->first.starts_with(prefix) || !visit(*at)) return;
    if (at == groups_.end()) return;
    from = at->first;
  }
}

void LogsService::each_stream(const std::string& group_key, uint64_t group_id, std::string from,
                              const std::string& prefix,
                              const std::function<bool(const std::string& name, const StreamRecord& stream)>& visit) {
  for (auto lock = mutex_.lock();; let_others_in(lock)) {
    const auto group = groups_.find(group_key);
    if (group == groups_.end() || group->second.record.id != group_id) return;  // deleted meanwhile
    const auto& streams = group->second.streams;
    auto at = streams.lower_bound(from);
    for (std::size_t i = 0; i < kWalkedPerStep; ++i, ++at)
      if (at == streams.end() || !at->first.starts_with(prefix) || !visit(at->first, at->second)) return;
    if (at == streams.end()) return;
    from = at->first;
  }
}

bool LogsService::expire_step(Group& group, const std::string& name, StreamRecord& stream, int64_t horizon_ms) {
  if (!stream.first_event_ms || *stream.first_event_ms >= horizon_ms) return false;
  const std::string begin = keys::stream_events(group.record.id, stream.id);
  std::string erase_end = begin;
  uint64_t bytes = 0;
  bool more = true;
  std::optional<int64_t> first;
  auto cursor = store_.scan(begin, store::prefix_end(begin));
  for (std::size_t count = 0; cursor->valid(); cursor->next(), ++count) {
    store::KeyReader key(cursor->key(), keys::kEventTable);
    uint64_t id = 0;
    uint64_t timestamp = 0;
    check_row(key.number(id) && key.number(id) && key.number(timestamp));
    erase_end = cursor->key();
    first = static_cast<int64_t>(timestamp);
    more = *first < horizon_ms;
    if (!more || count == kExpiredPerStep || bytes > kExpiredBytesPerStep) break;
    const auto event = EventRecord::decode(cursor->value());
    check_row(event.has_value());
    bytes += event->message.size() + kEventOverheadBytes;
  }
  if (!cursor->valid()) {
    more = false;
    first.reset();
    erase_end = store::prefix_end(begin);
  }
  bytes = std::min(bytes, stream.stored_bytes);
  stream.first_event_ms = first;
  stream.stored_bytes -= bytes;
  group.stored_bytes -= std::min(bytes, group.stored_bytes);
  store::WriteBatch batch;
  batch.erase_range(begin, erase_end);
  batch.put(keys::stream(group.record.id, name), stream.encode());
  store_.write(batch);
  return more;
}

base::Result<LogsService::Groups::iterator> LogsService::find_group(const aws::Context& context,
                                                                    const OptionalText& name) {
  if (!name) return missing("logGroupName");
  TRY(check_length(name));
  const auto found = groups_.find(keys::group(context.account, context.region, *name));
  if (found == groups_.end()) return group_not_found();
  return found;
}

base::Result<LogsService::Groups::iterator> LogsService::find_group(const aws::Context& context,
                                                                    const OptionalText& name,
                                                                    const OptionalText& identifier) {
  if (name && identifier) {
    return base::fail(
        aws::logs::errors::validation_exception("LogGroup name and LogGroup ARN are mutually exclusive parameters."));
  }
  if (!identifier || !identifier->starts_with("arn:")) return find_group(context, name ? name : identifier);
  const auto arn = Arn::parse(*identifier);
  constexpr std::string_view kKind = "log-group:";
  if (!arn || arn->service != "logs" || !arn->resource.starts_with(kKind)) {
    return invalid_parameter("Invalid LogGroup identifier: " + *identifier);
  }
  std::string group = arn->resource.substr(kKind.size());
  if (group.ends_with(":*")) group.resize(group.size() - 2);
  TRY(check_length(group));
  const auto found = groups_.find(keys::group(arn->account, arn->region, group));
  // A region of its own only: the caller was asked for the permission there.
  if (found == groups_.end() || arn->account != context.account || arn->region != context.region)
    return group_not_found();
  return found;
}

base::Result<StreamRecord*> LogsService::find_stream(Group& group, const OptionalText& name) {
  if (!name) return missing("logStreamName");
  TRY(check_length(name));
  const auto found = group.streams.find(*name);
  if (found == group.streams.end()) return stream_not_found();
  return &found->second;
}

uint64_t LogsService::take_id(store::WriteBatch& batch) {
  const uint64_t id = next_id_++;
  batch.put(std::string(keys::kNextIdKey), RecordWriter().number(1, next_id_).take());
  return id;
}

void LogsService::write_record(const Groups::value_type& group) {
  store::WriteBatch batch;
  batch.put(group.first, group.second.record.encode());
  store_.write(batch);
}

}  // namespace engine::logs
