#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

#include "base/encoding.h"
#include "engine/logs/keys.h"
#include "engine/logs/limits.h"
#include "engine/logs/refusals.h"
#include "engine/logs/service.h"

namespace engine::logs {

using namespace aws::logs;

namespace {

// The order of a listing: by name, or by the last event with the name to break ties.
using Rank = std::pair<int64_t, std::string>;

constexpr std::size_t kTimeDigits = 20;

std::string token_of(const Rank& rank) {
  return base::base64_encode(fmt::format("{:0{}}{}", rank.first, kTimeDigits, rank.second));
}

std::optional<Rank> parse_token(const std::string& token) {
  const auto text = base::base64_decode(token);
  if (!text || text->size() <= kTimeDigits) return std::nullopt;
  Rank out(0, text->substr(kTimeDigits));
  const char* end = text->data() + kTimeDigits;
  const auto [rest, error] = std::from_chars(text->data(), end, out.first);
  return error == std::errc() && rest == end ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace

base::Result<CreateLogStreamResponse> LogsService::create_log_stream(aws::Context& context, CreateLogStreamRequest in) {
  if (!in.log_stream_name || in.log_stream_name->empty()) return missing("logStreamName");
  TRY(check_length(in.log_stream_name));
  const auto lock = mutex_.lock();
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
  const auto lock = mutex_.lock();
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
  TRY(check_length(in.log_stream_name_prefix));
  const bool descending = in.descending.value_or(false);
  const std::string prefix = in.log_stream_name_prefix.value_or("");
  std::optional<Rank> last;
  if (in.next_token) {
    last = parse_token(*in.next_token);
    if (!last) return bad_token();
  }
  const auto limit = static_cast<std::size_t>(std::clamp(in.limit.value_or(kDescribeMax), 1, kDescribeMax));
  std::string group_key;
  GroupRecord record;
  {
    const auto lock = mutex_.lock();
    TRY_ASSIGN(const auto found, find_group(context, in.log_group_name, in.log_group_identifier));
    group_key = found->first;
    record = found->second.record;
  }
  const auto earlier = [&](const Rank& a, const Rank& b) { return descending ? b < a : a < b; };
  std::map<Rank, StreamRecord, decltype(earlier)> page(earlier);  // and the first one of the next page
  const bool in_order = !by_time && !descending;
  each_stream(group_key, record.id, in_order && last ? std::max(prefix, last->second) : prefix, prefix,
              [&](const std::string& name, const StreamRecord& stream) {
                const Rank rank(by_time ? stream.last_event_ms.value_or(0) : 0, name);
                if (last && !earlier(*last, rank)) return true;
                page.emplace(rank, stream);
                if (page.size() > limit + 1) page.erase(std::prev(page.end()));
                return !in_order || page.size() <= limit;
              });

  DescribeLogStreamsResponse out;
  auto& shown = out.log_streams.emplace();
  for (const auto& [rank, stream] : page) {
    if (shown.size() == limit) {
      out.next_token =
          token_of({by_time ? shown.back().last_event_timestamp.value_or(0) : 0, *shown.back().log_stream_name});
      break;
    }
    LogStream& entry = shown.emplace_back();
    entry.log_stream_name = rank.second;
    entry.creation_time = stream.created_ms;
    entry.first_event_timestamp = stream.first_event_ms;
    entry.last_event_timestamp = stream.last_event_ms;
    entry.last_ingestion_time = stream.last_ingestion_ms;
    if (stream.last_sequence != 0) entry.upload_sequence_token = fmt::format("{:056}", stream.last_sequence + 1);
    entry.arn = record.arn() + ":log-stream:" + rank.second;
    entry.stored_bytes = 0;  // as on AWS since June 2019; groups have the number
  }
  return out;
}

}  // namespace engine::logs
