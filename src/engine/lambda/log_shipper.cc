#include "engine/lambda/log_shipper.h"

#include <algorithm>
#include <utility>

#include "engine/internal_call.h"
#include "engine/lambda/limits.h"
#include "engine/lambda/platform_log.h"

namespace engine::lambda {

// What never got a name was never queued, and its bytes must not count for ever.
LogStream::~LogStream() {
  std::size_t bytes = 0;
  for (const Line& line : lines_) bytes += line.text.size() + kLogEventOverheadBytes;
  shipper_.pending_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
}

void LogStream::write(const runtime::LogLine& line) {
  if (!application_log_level_.empty() && !passes_level(line.text, application_log_level_)) return;
  append(std::string(line.text));
}

void LogStream::append(std::string text) {
  const std::size_t bytes = text.size() + kLogEventOverheadBytes;
  bool hurry = false;
  {
    const std::lock_guard lock(mutex_);
    const std::size_t pending = shipper_.pending_bytes_.load(std::memory_order_relaxed);
    if (pending + bytes > kLogPendingBytesMax) {
      ++dropped_;
    } else {
      shipper_.pending_bytes_.fetch_add(bytes, std::memory_order_relaxed);
      // PutLogEvents takes events in the order of time only, and clocks may be set back.
      const base::Timestamp now = shipper_.env_.clock.now();
      lines_.push_back({lines_.empty() ? now : std::max(now, lines_.back().at), std::move(text)});
      hurry = pending < kLogFlushBytes && pending + bytes >= kLogFlushBytes;
    }
    if (!queued_ && !name_.empty()) {
      queued_ = true;
      shipper_.enqueue(shared_from_this());
    }
  }
  if (hurry) shipper_.hurry();
}

void LogStream::set_name(std::string name) {
  const std::lock_guard lock(mutex_);
  name_ = std::move(name);
  if (!queued_ && !lines_.empty()) {
    queued_ = true;
    shipper_.enqueue(shared_from_this());
  }
}

LogShipper::LogShipper(base::Env& env, aws::logs::Logs& logs)
    : env_(env), logs_(logs), changed_(env.executor.make_condition()) {}

LogShipper::~LogShipper() {
  stop();
}

void LogShipper::start() {
  task_ = env_.executor.spawn("lambda-logs", [this] { run(); });
}

void LogShipper::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_->notify_all();
  }
  task_.reset();
}

void LogShipper::enqueue(std::shared_ptr<LogStream> stream) {
  const std::lock_guard lock(mutex_);
  queue_.push_back(std::move(stream));
  if (queue_.size() == 1) changed_->notify_all();
}

void LogShipper::hurry() {
  const std::lock_guard lock(mutex_);
  full_ = true;
  changed_->notify_all();
}

void LogShipper::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    while (queue_.empty() && !stopping_) env_.executor.wait_until(lock, *changed_, base::kTimestampMax);
    const base::Timestamp due = env_.clock.now() + kLogFlushInterval;
    while (!stopping_ && !full_ && env_.clock.now() < due) env_.executor.wait_until(lock, *changed_, due);
    full_ = false;
    if (queue_.empty() && stopping_) return;
    flush_queue(lock);
  }
}

void LogShipper::drain() {
  std::unique_lock lock(mutex_);
  flush_queue(lock);
}

void LogShipper::set_group_alive(const std::string& account, const std::string& region, const std::string& group,
                                 bool alive) {
  const std::string key = account + "/" + region + "/" + group;
  const std::lock_guard lock(mutex_);
  if (alive) {
    dead_groups_.erase(key);
  } else {
    if (dead_groups_.size() >= kLogDeadGroupsMax) dead_groups_.clear();
    dead_groups_.insert(key);
  }
}

// One at a time, so that whoever returns from here knows that nothing older is on its way.
void LogShipper::flush_queue(std::unique_lock<std::mutex>& lock) {
  while (writing_) env_.executor.wait_until(lock, *changed_, base::kTimestampMax);
  writing_ = true;
  const auto streams = std::exchange(queue_, {});
  lock.unlock();
  flush(streams);
  lock.lock();
  writing_ = false;
  changed_->notify_all();
}

void LogShipper::flush(const std::vector<std::shared_ptr<LogStream>>& streams) {
  for (const auto& stream : streams) {
    std::vector<LogStream::Line> lines;
    uint64_t dropped = 0;
    std::string name;
    {
      const std::lock_guard lock(stream->mutex_);
      stream->queued_ = false;
      lines.swap(stream->lines_);
      dropped = std::exchange(stream->dropped_, 0);
      name = stream->name_;
    }
    std::size_t bytes = 0;
    for (const auto& line : lines) bytes += line.text.size() + kLogEventOverheadBytes;
    put(*stream, name, std::move(lines), dropped);
    pending_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
  }
}

void LogShipper::put(LogStream& stream, const std::string& name, std::vector<LogStream::Line> lines, uint64_t dropped) {
  if (dropped != 0) {
    const base::Timestamp now = env_.clock.now();
    lines.push_back({lines.empty() ? now : std::max(now, lines.back().at),
                     "NOTICE: " + std::to_string(dropped) +
                         " log lines were dropped because functions wrote faster than they could be "
                         "stored"});
  }
  std::vector<aws::logs::InputLogEvent> events;
  std::size_t bytes = 0;
  for (auto& line : lines) {
    if (line.text.empty()) continue;  // an event has at least one character
    const std::size_t size = line.text.size() + kLogEventOverheadBytes;
    if (!events.empty() && (events.size() == kLogBatchEventsMax || bytes + size > kLogBatchBytesMax)) {
      put_batch(stream, name, std::exchange(events, {}));
      bytes = 0;
    }
    bytes += size;
    events.push_back({base::to_epoch_milliseconds(line.at), std::move(line.text)});
  }
  if (!events.empty()) put_batch(stream, name, std::move(events));
}

// A batch that is refused twice is given up: there is nobody to tell, and memory is bounded.
bool LogShipper::put_batch(LogStream& stream, const std::string& name, std::vector<aws::logs::InputLogEvent> events) {
  aws::logs::PutLogEventsRequest in;
  in.log_group_name = stream.group_;
  in.log_stream_name = name;
  in.log_events = std::move(events);
  if (!std::exchange(stream.exists_, true)) create(stream, name);
  aws::Context context = account_call(env_, stream.account_, stream.region_);
  const auto done = logs_.put_log_events(context, in);
  if (done) return true;
  if (done.error().code != "ResourceNotFoundException") return false;
  create(stream, name);  // somebody deleted the group while the instance lived
  context = account_call(env_, stream.account_, stream.region_);
  return logs_.put_log_events(context, std::move(in)).has_value();
}

// That they exist already is no failure; any other one shows when the events are put.
void LogShipper::create(LogStream& stream, const std::string& name) {
  {
    const std::lock_guard lock(mutex_);
    if (dead_groups_.contains(stream.account_ + "/" + stream.region_ + "/" + stream.group_)) return;
  }
  aws::Context context = account_call(env_, stream.account_, stream.region_);
  aws::logs::CreateLogGroupRequest group;
  group.log_group_name = stream.group_;
  (void)logs_.create_log_group(context, std::move(group));
  aws::logs::CreateLogStreamRequest made;
  made.log_group_name = stream.group_;
  made.log_stream_name = name;
  (void)logs_.create_log_stream(context, std::move(made));
}

}  // namespace engine::lambda
