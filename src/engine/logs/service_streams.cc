#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.h"
#include "engine/logs/keys.h"
#include "engine/logs/limits.h"
#include "engine/logs/refusals.h"
#include "engine/logs/service.h"

namespace engine::logs {

using namespace aws::logs;

namespace {

// The order of a listing: by name, or by the last event with the name to break ties.
using Rank = std::pair<int64_t, std::string_view>;

std::string token_of(const Rank& rank) {
  return base::base64_encode(fmt::format("{:020}{}", rank.first, rank.second));
}

}  // namespace

base::Result<CreateLogStreamResponse> LogsService::create_log_stream(aws::Context& context, CreateLogStreamRequest in) {
  if (!in.log_stream_name || in.log_stream_name->empty()) return missing("logStreamName");
  if (in.log_stream_name->size() > kNameLengthMax) {
    return invalid_parameter("Invalid LogGroup or LogStream, both must have length less than or equal to 512.");
  }
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto found, find_group(context, in.log_group_name));
  Group& group = found->second;
  if (group.streams.contains(*in.log_stream_name)) {
    return base::fail(errors::resource_already_exists_exception("The specified log stream already exists"));
  }
  if (stream_count_ >= kStreamsMax) return base::fail(errors::limit_exceeded_exception("Resource limit exceeded."));
  store::WriteBatch batch;
  StreamRecord stream;
  stream.id = take_id(batch);
  stream.created_ms = base::to_epoch_milliseconds(context.now);
  batch.put(keys::stream(group.record.id, *in.log_stream_name), stream.encode());
  store_.write(batch);
  group.streams.emplace(std::move(*in.log_stream_name), stream);
  ++stream_count_;
  return CreateLogStreamResponse{};
}

base::Result<DeleteLogStreamResponse> LogsService::delete_log_stream(aws::Context& context, DeleteLogStreamRequest in) {
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto found, find_group(context, in.log_group_name));
  Group& group = found->second;
  TRY_ASSIGN(const StreamRecord* stream, find_stream(group, in.log_stream_name));
  const std::string events = keys::stream_events(group.record.id, stream->id);
  store::WriteBatch batch;
  batch.erase(keys::stream(group.record.id, *in.log_stream_name));
  batch.erase_range(events, store::prefix_end(events));
  store_.write(batch);
  group.stored_bytes -= std::min(stream->stored_bytes, group.stored_bytes);
  group.streams.erase(*in.log_stream_name);
  --stream_count_;
  return DeleteLogStreamResponse{};
}

base::Result<DescribeLogStreamsResponse> LogsService::describe_log_streams(aws::Context& context,
                                                                           DescribeLogStreamsRequest in) {
  const bool by_time = in.order_by.value_or("LogStreamName") == "LastEventTime";
  if (by_time && in.log_stream_name_prefix) {
    return invalid_parameter("Cannot order by LastEventTime with a logStreamNamePrefix.");
  }
  const bool descending = in.descending.value_or(false);
  const std::string prefix = in.log_stream_name_prefix.value_or("");
  std::optional<std::string> last;
  if (in.next_token) {
    last = base::base64_decode(*in.next_token);
    if (!last || last->size() <= 20) return bad_token();
  }
  const auto limit = static_cast<std::size_t>(std::clamp(in.limit.value_or(kDescribeMax), 1, kDescribeMax));
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto found, find_group(context, in.log_group_name, in.log_group_identifier));
  const GroupRecord& record = found->second.record;

  std::vector<std::pair<Rank, const StreamRecord*>> ranked;
  const auto& streams = found->second.streams;
  for (auto at = streams.lower_bound(prefix); at != streams.end() && at->first.starts_with(prefix); ++at) {
    const Rank rank(by_time ? at->second.last_event_ms.value_or(0) : 0, at->first);
    if (last) {  // the same form as in the token, so that the texts compare as the ranks do
      const std::string text = fmt::format("{:020}{}", rank.first, rank.second);
      if (descending ? text >= *last : text <= *last) continue;
    }
    ranked.emplace_back(rank, &at->second);
  }
  const auto count = std::min(limit, ranked.size());
  const auto earlier = [&](const auto& a, const auto& b) { return descending ? b.first < a.first : a.first < b.first; };
  std::ranges::partial_sort(ranked, ranked.begin() + static_cast<std::ptrdiff_t>(count), earlier);

  DescribeLogStreamsResponse out;
  auto& shown = out.log_streams.emplace();
  for (std::size_t i = 0; i < count; ++i) {
    const auto& [rank, stream] = ranked[i];
    LogStream& entry = shown.emplace_back();
    entry.log_stream_name = rank.second;
    entry.creation_time = stream->created_ms;
    entry.first_event_timestamp = stream->first_event_ms;
    entry.last_event_timestamp = stream->last_event_ms;
    entry.last_ingestion_time = stream->last_ingestion_ms;
    if (stream->last_sequence != 0) entry.upload_sequence_token = fmt::format("{:056}", stream->last_sequence + 1);
    entry.arn = record.arn() + ":log-stream:" + std::string(rank.second);
    entry.stored_bytes = 0;  // as on AWS since June 2019; groups have the number
  }
  if (count < ranked.size()) out.next_token = token_of(ranked[count - 1].first);
  return out;
}

}  // namespace engine::logs
