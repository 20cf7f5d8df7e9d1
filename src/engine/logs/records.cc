#include "engine/logs/records.h"

#include <fmt/format.h>

#include <bit>
#include <charconv>

#include "engine/arn.h"
#include "engine/logs/limits.h"
#include "engine/record.h"

namespace engine::logs {
namespace {

enum GroupField : uint32_t {
  kGroupId = 1,
  kAccount = 2,
  kRegion = 3,
  kName = 4,
  kGroupCreated = 5,
  kRetention = 6,
  kTag = 7,  // repeated pair
};
enum StreamField : uint32_t {
  kStreamId = 1,
  kStreamCreated = 2,
  kFirstEvent = 3,
  kLastEvent = 4,
  kLastIngestion = 5,
  kStoredBytes = 6,
  kLastSequence = 7,
};
enum EventField : uint32_t { kIngestion = 1, kMessage = 2 };
enum MetricFilterField : uint32_t {
  kFilterName = 1,
  kPattern = 2,
  kNamespace = 3,
  kMetricName = 4,
  kValue = 5,
  kDefaultValue = 6,  // the bits of a double
  kUnit = 7,
  kDimension = 8,  // repeated pair
  kFilterCreated = 9,
};

uint64_t stored(int64_t ms) {
  return static_cast<uint64_t>(ms);
}
int64_t restored(uint64_t ms) {
  return static_cast<int64_t>(ms);
}

}  // namespace

std::string GroupRecord::arn() const {
  return make_arn("logs", region, account, "log-group:" + name);
}

int64_t GroupRecord::horizon_ms(int64_t now_ms) const {
  return retention_days == 0 ? 0 : std::max<int64_t>(0, now_ms - retention_days * kDayMs);
}

std::string GroupRecord::encode() const {
  RecordWriter writer;
  writer.number(kGroupId, id).text(kAccount, account).text(kRegion, region).text(kName, name);
  writer.number(kGroupCreated, stored(created_ms)).number(kRetention, static_cast<uint64_t>(retention_days));
  for (const auto& [key, value] : tags) writer.pair(kTag, key, value);
  return writer.take();
}

std::optional<GroupRecord> GroupRecord::decode(std::string_view bytes) {
  GroupRecord out;
  RecordReader reader(bytes);
  while (reader.next()) {
    switch (reader.field()) {
      case kGroupId:
        out.id = reader.number();
        break;
      case kAccount:
        out.account = reader.text();
        break;
      case kRegion:
        out.region = reader.text();
        break;
      case kName:
        out.name = reader.text();
        break;
      case kGroupCreated:
        out.created_ms = restored(reader.number());
        break;
      case kRetention:
        out.retention_days = static_cast<int32_t>(reader.number());
        break;
      case kTag: {
        const auto [key, value] = reader.pair();
        out.tags[key] = value;
        break;
      }
      default:
        break;
    }
  }
  return reader.ok() ? std::optional(std::move(out)) : std::nullopt;
}

std::string StreamRecord::encode() const {
  RecordWriter writer;
  writer.number(kStreamId, id).number(kStreamCreated, stored(created_ms));
  if (first_event_ms) writer.number(kFirstEvent, stored(*first_event_ms));
  if (last_event_ms) writer.number(kLastEvent, stored(*last_event_ms));
  if (last_ingestion_ms) writer.number(kLastIngestion, stored(*last_ingestion_ms));
  return writer.number(kStoredBytes, stored_bytes).number(kLastSequence, last_sequence).take();
}

std::optional<StreamRecord> StreamRecord::decode(std::string_view bytes) {
  StreamRecord out;
  RecordReader reader(bytes);
  while (reader.next()) {
    switch (reader.field()) {
      case kStreamId:
        out.id = reader.number();
        break;
      case kStreamCreated:
        out.created_ms = restored(reader.number());
        break;
      case kFirstEvent:
        out.first_event_ms = restored(reader.number());
        break;
      case kLastEvent:
        out.last_event_ms = restored(reader.number());
        break;
      case kLastIngestion:
        out.last_ingestion_ms = restored(reader.number());
        break;
      case kStoredBytes:
        out.stored_bytes = reader.number();
        break;
      case kLastSequence:
        out.last_sequence = reader.number();
        break;
      default:
        break;
    }
  }
  return reader.ok() ? std::optional(out) : std::nullopt;
}

std::string EventRecord::encode() const {
  return RecordWriter().number(kIngestion, stored(ingestion_ms)).text(kMessage, message).take();
}

std::optional<EventRecord> EventRecord::decode(std::string_view bytes) {
  EventRecord out;
  RecordReader reader(bytes);
  while (reader.next()) {
    if (reader.field() == kIngestion) out.ingestion_ms = restored(reader.number());
    if (reader.field() == kMessage) out.message = reader.text();
  }
  return reader.ok() ? std::optional(out) : std::nullopt;
}

std::string MetricFilterRecord::encode() const {
  RecordWriter writer;
  writer.text(kFilterName, name).text(kPattern, pattern).text(kNamespace, name_space).text(kMetricName, metric_name);
  writer.text(kValue, value);
  if (default_value) writer.number(kDefaultValue, std::bit_cast<uint64_t>(*default_value));
  if (has_unit) writer.text(kUnit, unit);
  for (const auto& [dimension, reference] : dimensions) writer.pair(kDimension, dimension, reference);
  return writer.number(kFilterCreated, stored(created_ms)).take();
}

std::optional<MetricFilterRecord> MetricFilterRecord::decode(std::string_view bytes) {
  MetricFilterRecord out;
  RecordReader reader(bytes);
  while (reader.next()) {
    const std::string_view text = reader.text();
    switch (reader.field()) {
      case kFilterName:
        out.name = text;
        break;
      case kPattern:
        out.pattern = text;
        break;
      case kNamespace:
        out.name_space = text;
        break;
      case kMetricName:
        out.metric_name = text;
        break;
      case kValue:
        out.value = text;
        break;
      case kDefaultValue:
        out.default_value = std::bit_cast<double>(reader.number());
        break;
      case kUnit:
        out.unit = text;
        out.has_unit = true;
        break;
      case kDimension: {
        const auto [dimension, reference] = reader.pair();
        out.dimensions[dimension] = reference;
        break;
      }
      case kFilterCreated:
        out.created_ms = restored(reader.number());
        break;
      default:
        break;
    }
  }
  return reader.ok() ? std::optional(std::move(out)) : std::nullopt;
}

std::string Position::text() const {
  return fmt::format("{:020}{:020}", timestamp_ms, sequence);
}

std::optional<Position> Position::parse(std::string_view text) {
  Position out;
  if (text.size() != 40 || text.find_first_not_of("0123456789") != text.npos) return std::nullopt;
  const char* middle = text.data() + 20;
  if (std::from_chars(text.data(), middle, out.timestamp_ms).ec != std::errc()) return std::nullopt;
  if (std::from_chars(middle, middle + 20, out.sequence).ec != std::errc()) return std::nullopt;
  return out;
}

}  // namespace engine::logs
