#include <fmt/format.h>

#include <algorithm>

#include "engine/logs/emf.h"
#include "engine/logs/keys.h"
#include "engine/logs/limits.h"
#include "engine/logs/refusals.h"
#include "engine/logs/service.h"

namespace engine::logs {

using namespace aws::logs;

namespace {

base::Result<void> check_events(const std::vector<InputLogEvent>& events) {
  if (events.size() > kPutEventsMax) {
    return invalid_parameter(
        "1 validation error detected: Value at 'logEvents' failed to satisfy constraint: Member "
        "must have length less than or equal to 10000");
  }
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const std::string where = "logEvents." + std::to_string(i + 1) + ".member.";
    if (!events[i].timestamp || *events[i].timestamp < 0) return missing(where + "timestamp");
    if (!events[i].message || events[i].message->empty()) return missing(where + "message");
    bytes += events[i].message->size() + kEventOverheadBytes;
    if (i > 0 && *events[i].timestamp < *events[i - 1].timestamp) {
      return invalid_parameter("Log events in a single PutLogEvents request must be in chronological order.");
    }
  }
  if (bytes > kPutBytesMax) {
    return invalid_parameter("Upload too large: " + std::to_string(bytes) + " bytes exceeds limit of 1048576");
  }
  if (*events.back().timestamp - *events.front().timestamp > kPutSpanMsMax) {
    return invalid_parameter(
        "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.");
  }
  return {};
}

// The events from `begin` to `end` are stored; the others are named in `rejected`.
struct Acceptance {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::optional<RejectedLogEventsInfo> rejected = {};
};

Acceptance accept(const std::vector<InputLogEvent>& events, int64_t now_ms, int64_t horizon_ms) {
  const auto index_of = [&](int64_t timestamp) {
    return std::ranges::lower_bound(events, timestamp, {}, [](const InputLogEvent& e) { return *e.timestamp; }) -
           events.begin();
  };
  const auto too_old = index_of(now_ms - kTooOldMs);
  const auto expired = std::max(too_old, index_of(horizon_ms));
  const auto too_new = index_of(now_ms + kTooNewMs + 1);
  Acceptance out{static_cast<std::size_t>(expired), static_cast<std::size_t>(too_new)};
  RejectedLogEventsInfo rejected;
  if (too_old > 0) rejected.too_old_log_event_end_index = static_cast<int32_t>(too_old);
  if (expired > too_old) rejected.expired_log_event_end_index = static_cast<int32_t>(expired);
  if (out.end < events.size()) rejected.too_new_log_event_start_index = static_cast<int32_t>(too_new);
  if (rejected != RejectedLogEventsInfo{}) out.rejected = rejected;
  return out;
}

}  // namespace

base::Result<PutLogEventsResponse> LogsService::put_log_events(aws::Context& context, PutLogEventsRequest in) {
  if (!in.log_events || in.log_events->empty()) return missing("logEvents");
  const auto& events = *in.log_events;
  TRY(check_events(events));
  const int64_t now_ms = base::to_epoch_milliseconds(context.now);
  PutLogEventsResponse out;
  Ingested stored;
  uint64_t stream_id = 0;
  std::size_t at = 0;
  do {  // the lock is given back between the parts of a long list
    const auto lock = mutex_.lock();
    auto found = find_group(context, in.log_group_name);
    auto stream = found ? find_stream((*found)->second, in.log_stream_name) : base::fail(std::move(found).error());
    if (stream_id == 0) {
      if (!stream) return base::fail(std::move(stream).error());
      stream_id = (*stream)->id;
      const Acceptance accepted = accept(events, now_ms, (*found)->second.record.horizon_ms(now_ms));
      out.rejected_log_events_info = accepted.rejected;
      if (accepted.begin < accepted.end) stored = ingested((*found)->second, accepted.begin, accepted.end);
      at = stored.begin;
    }
    if (!stream || (*stream)->id != stream_id) break;  // deleted, with what was written up to now
    if (at < stored.end)
      at = store_events((*found)->second, *in.log_stream_name, **stream, events, at, stored.end, now_ms);
    out.next_sequence_token = fmt::format("{:056}", (*stream)->last_sequence + 1);
  } while (at < stored.end);
  if (stored.begin < stored.end && metrics_.enabled()) count_events(stored, events, context.now);
  return out;
}

LogsService::Ingested LogsService::ingested(Group& group, std::size_t begin, std::size_t end) {
  Ingested out{group.record.account, group.record.region, group.record.name, begin, end};
  if (!metrics_.enabled()) return out;
  if (group.bytes_series[0] == nullptr) {
    group.bytes_series = metrics_.group_series(out.account, out.region, out.group, "IncomingBytes", "Bytes");
    group.events_series = metrics_.group_series(out.account, out.region, out.group, "IncomingLogEvents", "None");
  }
  out.bytes_series = group.bytes_series;
  out.events_series = group.events_series;
  for (const auto& [name, filter] : group.metric_filters) out.filters.push_back(filter);
  return out;
}

std::size_t LogsService::store_events(Group& group, const std::string& stream_name, StreamRecord& stream,
                                      const std::vector<InputLogEvent>& events, std::size_t begin, std::size_t end,
                                      int64_t now_ms) {
  store::WriteBatch batch;
  uint64_t bytes = 0;
  std::size_t at = begin;
  for (; at < end && at < begin + kStoredPerStep && bytes < kStoredBytesPerStep; ++at) {
    const EventRecord event{now_ms, *events[at].message};
    batch.put(keys::event(group.record.id, stream.id, *events[at].timestamp, ++last_sequence_), event.encode());
    bytes += events[at].message->size() + kEventOverheadBytes;
  }
  const int64_t first = *events[begin].timestamp;
  const int64_t last = *events[at - 1].timestamp;
  stream.first_event_ms = std::min(stream.first_event_ms.value_or(first), first);
  stream.last_event_ms = std::max(stream.last_event_ms.value_or(last), last);
  stream.last_ingestion_ms = now_ms;
  stream.stored_bytes += bytes;
  stream.last_sequence = last_sequence_;
  group.stored_bytes += bytes;
  batch.put(keys::stream(group.record.id, stream_name), stream.encode());
  store_.write(batch);
  return at;
}

void LogsService::count_events(const Ingested& ingested, const std::vector<InputLogEvent>& events,
                               base::Timestamp now) {
  std::size_t bytes = 0;
  for (std::size_t i = ingested.begin; i < ingested.end; ++i) bytes += events[i].message->size() + kEventOverheadBytes;
  for (const auto& series : ingested.bytes_series) series->add(static_cast<double>(bytes), now);
  for (const auto& series : ingested.events_series) {
    series->add(static_cast<double>(ingested.end - ingested.begin), now);
  }
  EventText text;
  for (std::size_t i = ingested.begin; i < ingested.end; ++i) {
    text.set(*events[i].message);
    const base::Timestamp event_time = base::from_epoch_milliseconds(*events[i].timestamp);
    for (const auto& filter : ingested.filters) filter->count(text, event_time, now, metrics_);
    const auto points = read_emf(text, now);
    bool counted = points.has_value();
    if (points) {
      for (const MetricPoint& point : *points) {
        counted = metrics_.add(ingested.account, ingested.region, point) && counted;
      }
    }
    if (counted) continue;
    const bool is_parsing = !points && points.error() == EmfError::parsing;
    for (const auto& series : metrics_.group_series(ingested.account, ingested.region, ingested.group,
                                                    is_parsing ? "EMFParsingErrors" : "EMFValidationErrors", "None")) {
      series->add(1, now);
    }
  }
}

}  // namespace engine::logs
