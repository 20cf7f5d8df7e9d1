#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <queue>
#include <set>

#include "engine/logs/filter_pattern.h"
#include "engine/logs/keys.h"
#include "engine/logs/limits.h"
#include "engine/logs/refusals.h"
#include "engine/logs/service.h"

namespace engine::logs {

using namespace aws::logs;

namespace {

constexpr int64_t kTimeMax = std::numeric_limits<int64_t>::max();

Position position_of(std::string_view event_key) {
  store::KeyReader reader(event_key, keys::kEventTable);
  uint64_t id = 0;
  uint64_t timestamp = 0;
  Position out;
  const bool ok = reader.number(id) && reader.number(id) && reader.number(timestamp) && reader.number(out.sequence);
  store::require_intact(ok, "a key of CloudWatch Logs");
  out.timestamp_ms = static_cast<int64_t>(timestamp);
  return out;
}

struct StoredEvent {
  Position position;
  int64_t ingestion_ms;
  std::string message;
};

StoredEvent read_event(const store::Cursor& cursor) {
  const auto event = EventRecord::decode(cursor.value());
  store::require_intact(event.has_value(), "an event of CloudWatch Logs");
  return {position_of(cursor.key()), event->ingestion_ms, std::string(event->message)};
}

// The keys of a stream's events from `from` on and before `end_ms`.
struct Range {
  std::string begin;
  std::string end;
};
Range range_of(uint64_t group_id, uint64_t stream_id, Position from, int64_t end_ms) {
  return {keys::event(group_id, stream_id, from.timestamp_ms, from.sequence),
          keys::event(group_id, stream_id, end_ms, 0)};
}

// The token of GetLogEvents: "f/" or "b/", a position, "/s". Forward reads what is at or after the position, backward
// what is before it.
struct EventToken {
  bool forward;
  Position position;

  [[nodiscard]] std::string text() const { return (forward ? "f/" : "b/") + position.text() + "/s"; }
  static std::optional<EventToken> parse(std::string_view text) {
    const bool forward = text.starts_with("f/");
    if ((!forward && !text.starts_with("b/")) || !text.ends_with("/s") || text.size() < 4) return std::nullopt;
    const auto position = Position::parse(text.substr(2, text.size() - 4));
    return position ? std::optional(EventToken{forward, *position}) : std::nullopt;
  }
};

// One stream of a FilterLogEvents, read a little at a time.
struct Source {
  std::string name;
  uint64_t id;
  Position next;  // where to read on; no event that is not in `ahead` is before it
  std::vector<StoredEvent> ahead = {};
  std::size_t taken = 0;  // of them
  bool exhausted = false;

  [[nodiscard]] bool is_empty() const { return taken == ahead.size(); }
  [[nodiscard]] Position front() const { return is_empty() ? next : ahead[taken].position; }
};

void read_ahead(store::KvStore& store, uint64_t group_id, Source& source, int64_t end_ms, std::size_t bytes_max) {
  const Range range = range_of(group_id, source.id, source.next, end_ms);
  std::size_t bytes = 0;
  source.ahead.clear();
  source.taken = 0;
  if (range.begin < range.end) {
    for (auto cursor = store.scan(range.begin, range.end); cursor->valid(); cursor->next()) {
      source.ahead.push_back(read_event(*cursor));
      bytes += source.ahead.back().message.size() + kEventOverheadBytes;
      if (bytes >= bytes_max || source.ahead.size() == kReadAheadEvents) {
        source.next = {source.ahead.back().position.timestamp_ms, source.ahead.back().position.sequence + 1};
        return;
      }
    }
  }
  source.exhausted = true;
}

// The merge of all sources, in the order of positions; sources are read only when their turn comes.
class Merge {
 public:
  Merge(store::KvStore& store, uint64_t group_id, std::vector<Source> sources, int64_t end_ms)
      : store_(store), group_id_(group_id), end_ms_(end_ms), sources_(std::move(sources)) {
    bytes_max_ = kReadAheadBytes / std::max<std::size_t>(sources_.size(), 1);
    for (Source& source : sources_) queue_.push(&source);
  }
  struct Next {
    const std::string* stream;
    StoredEvent event;
  };
  std::optional<Next> next() {
    while (!queue_.empty()) {
      Source* source = queue_.top();
      queue_.pop();
      if (source->is_empty()) {
        if (source->exhausted) continue;
        read_ahead(store_, group_id_, *source, end_ms_, bytes_max_);
        if (!source->is_empty()) queue_.push(source);
        continue;
      }
      Next out{&source->name, std::move(source->ahead[source->taken++])};
      if (!source->is_empty() || !source->exhausted) queue_.push(source);
      return out;
    }
    return std::nullopt;
  }

 private:
  struct Later {
    bool operator()(const Source* a, const Source* b) const { return b->front() < a->front(); }
  };
  store::KvStore& store_;
  uint64_t group_id_;
  int64_t end_ms_;
  std::size_t bytes_max_ = 0;
  std::vector<Source> sources_;
  std::priority_queue<Source*, std::vector<Source*>, Later> queue_;
};

// Adds the stream if it may hold events from `start` on and before `end_ms`.
void add_source(std::vector<Source>& out, const std::string& name, const StreamRecord& stream, Position start,
                int64_t end_ms) {
  if (!stream.first_event_ms || *stream.first_event_ms >= end_ms) return;
  if (*stream.last_event_ms < start.timestamp_ms) return;
  out.push_back({name, stream.id, std::max(start, Position{*stream.first_event_ms, 0})});
}

FilteredLogEvent show(const std::string& stream, StoredEvent event) {
  FilteredLogEvent out;
  out.log_stream_name = stream;
  out.timestamp = event.position.timestamp_ms;
  out.ingestion_time = event.ingestion_ms;
  out.event_id = fmt::format("{:028}{:028}", event.position.timestamp_ms, event.position.sequence);
  out.message = std::move(event.message);
  return out;
}

}  // namespace

base::Result<GetLogEventsResponse> LogsService::get_log_events(aws::Context& context, GetLogEventsRequest in) {
  std::optional<EventToken> token;
  if (in.next_token) {
    token = EventToken::parse(*in.next_token);
    if (!token) return bad_token();
  }
  uint64_t group_id = 0;
  uint64_t stream_id = 0;
  int64_t horizon = 0;
  {
    const auto lock = mutex_.lock();
    TRY_ASSIGN(const auto found, find_group(context, in.log_group_name, in.log_group_identifier));
    TRY_ASSIGN(const StreamRecord* stream, find_stream(found->second, in.log_stream_name));
    group_id = found->second.record.id;
    stream_id = stream->id;
    horizon = found->second.record.horizon_ms(base::to_epoch_milliseconds(context.now));
  }
  const bool forward = token ? token->forward : in.start_from_head.value_or(false);
  const Position start{std::max(in.start_time.value_or(0), horizon), 0};
  const int64_t end_ms = std::max<int64_t>(in.end_time.value_or(kTimeMax), 0);
  Range range = range_of(group_id, stream_id, start, end_ms);
  if (token) {
    const std::string at = keys::event(group_id, stream_id, token->position.timestamp_ms, token->position.sequence);
    (forward ? range.begin : range.end) = forward ? std::max(range.begin, at) : std::min(range.end, at);
  }
  const auto limit = static_cast<std::size_t>(std::clamp(in.limit.value_or(kReadEventsMax), 1, kReadEventsMax));
  std::vector<StoredEvent> events;
  if (range.begin < range.end) {
    using enum store::KvStore::Direction;
    std::size_t bytes = 0;
    for (auto cursor = store_.scan(range.begin, range.end, forward ? ascending : descending);
         cursor->valid() && events.size() < limit; cursor->next()) {
      StoredEvent event = read_event(*cursor);
      bytes += event.message.size() + kEventOverheadBytes;
      if (bytes > kReadBytesMax && !events.empty()) break;
      events.push_back(std::move(event));
    }
    if (!forward) std::ranges::reverse(events);
  }
  // With nothing to show both tokens stay where they are, so that a reader at the end gets the same one again.
  Position before = token ? token->position : start;
  Position after = before;
  GetLogEventsResponse out;
  auto& shown = out.events.emplace();
  if (!events.empty()) {
    before = events.front().position;
    after = {events.back().position.timestamp_ms, events.back().position.sequence + 1};
  }
  for (StoredEvent& event : events) {
    shown.push_back({event.position.timestamp_ms, std::move(event.message), event.ingestion_ms});
  }
  out.next_forward_token = EventToken{true, after}.text();
  out.next_backward_token = EventToken{false, before}.text();
  return out;
}

base::Result<FilterLogEventsResponse> LogsService::filter_log_events(aws::Context& context, FilterLogEventsRequest in) {
  TRY_ASSIGN(const FilterPattern pattern, FilterPattern::parse(in.filter_pattern.value_or("")));
  if (in.log_stream_names && in.log_stream_name_prefix) {
    return invalid_parameter("logStreamNamePrefix and logStreamNames are mutually exclusive parameters.");
  }
  if (in.log_stream_names && in.log_stream_names->size() > kFilterStreamsMax) {
    return invalid_parameter("logStreamNames must have at most 100 members.");
  }
  TRY(check_length(in.log_stream_name_prefix));
  const auto names = in.log_stream_names.value_or(std::vector<std::string>());
  for (const std::string& name : names) TRY(check_length(name));
  Position start{std::max<int64_t>(in.start_time.value_or(0), 0), 0};
  if (in.next_token) {
    const auto position = Position::parse(*in.next_token);
    if (!position) return bad_token();
    start = std::max(start, *position);
  }
  const int64_t end_ms = in.end_time ? std::clamp<int64_t>(*in.end_time, -1, kTimeMax - 1) + 1 : kTimeMax;  // inclusive
  std::string group_key;
  uint64_t group_id = 0;
  std::vector<Source> sources;
  {
    const auto lock = mutex_.lock();
    TRY_ASSIGN(const auto found, find_group(context, in.log_group_name, in.log_group_identifier));
    const Group& group = found->second;
    group_key = found->first;
    group_id = group.record.id;
    start = std::max(start, Position{group.record.horizon_ms(base::to_epoch_milliseconds(context.now)), 0});
    for (const std::string_view name : std::set<std::string_view>(names.begin(), names.end())) {
      const auto stream = group.streams.find(name);
      if (stream == group.streams.end()) return stream_not_found();
      add_source(sources, stream->first, stream->second, start, end_ms);
    }
  }
  if (!in.log_stream_names) {
    const std::string prefix = in.log_stream_name_prefix.value_or("");
    each_stream(group_key, group_id, prefix, prefix, [&](const std::string& name, const StreamRecord& stream) {
      add_source(sources, name, stream, start, end_ms);
      return true;
    });
  }
  FilterLogEventsResponse out;
  out.searched_log_streams.emplace();
  auto& shown = out.events.emplace();
  const auto limit = static_cast<std::size_t>(std::clamp(in.limit.value_or(kReadEventsMax), 1, kReadEventsMax));
  std::size_t bytes = 0;
  std::size_t scanned = 0;
  std::size_t work = 0;
  const std::size_t work_per_byte = pattern.work();
  EventText text;
  Merge merge(store_, group_id, std::move(sources), end_ms);
  while (auto next = merge.next()) {
    const std::size_t size = next->event.message.size() + kEventOverheadBytes;
    const bool spent = ++scanned > kScannedEventsMax || (work += size * work_per_byte) > filter_work_max_;
    text.set(next->event.message);
    const bool matches = (!spent || scanned == 1) && pattern.matches(text);
    if (matches) bytes += size;
    if ((spent && scanned > 1) || (matches && (shown.size() == limit || (bytes > kReadBytesMax && !shown.empty())))) {
      out.next_token = next->event.position.text();
      break;
    }
    if (matches) shown.push_back(show(*next->stream, std::move(next->event)));
  }
  return out;
}

}  // namespace engine::logs
