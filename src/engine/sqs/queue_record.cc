#include "engine/sqs/queue_record.h"

#include <algorithm>

#include "engine/arn.h"
#include "engine/record.h"
#include "engine/sqs/limits.h"

namespace engine::sqs {
namespace {

enum Field : uint32_t {
  kId = 1,
  kAccount = 2,
  kRegion = 3,
  kName = 4,
  kCreatedAt = 5,
  kModifiedAt = 6,
  kPurgedAt = 7,
  kDeduplicatesPerGroup = 8,
  kAttributes = 9,
  kTag = 10,  // repeated: 1 key, 2 value
};

}  // namespace

std::string QueueRecord::arn() const {
  return make_arn("sqs", region, account, name);
}

std::string QueueRecord::url(std::string_view endpoint) const {
  std::string out(endpoint);
  out.append("/").append(account).append("/").append(name);
  return out;
}

std::string QueueRecord::encode() const {
  RecordWriter writer;
  writer.number(kId, id).text(kAccount, account).text(kRegion, region).text(kName, name);
  writer.time(kCreatedAt, created_at).time(kModifiedAt, modified_at);
  if (purged_at) writer.time(kPurgedAt, *purged_at);
  writer.number(kDeduplicatesPerGroup, deduplicates_per_group ? 1 : 0);
  writer.text(kAttributes, attributes.encode());
  for (const auto& [key, value] : tags) writer.pair(kTag, key, value);
  return writer.take();
}

std::optional<QueueRecord> QueueRecord::decode(std::string_view bytes) {
  QueueRecord out;
  RecordReader reader(bytes);
  while (reader.next()) {
    switch (reader.field()) {
      case kId:
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
      case kCreatedAt:
        out.created_at = reader.time();
        break;
      case kModifiedAt:
        out.modified_at = reader.time();
        break;
      case kPurgedAt:
        out.purged_at = reader.time();
        break;
      case kDeduplicatesPerGroup:
        out.deduplicates_per_group = reader.number() != 0;
        break;
      case kAttributes: {
        auto attributes = QueueAttributes::decode(reader.text());
        if (!attributes) return std::nullopt;
        out.attributes = std::move(*attributes);
        break;
      }
      case kTag: {
        auto [key, value] = reader.pair();
        out.tags[key] = std::move(value);
        break;
      }
      default:
        break;
    }
  }
  return reader.ok() ? std::optional(std::move(out)) : std::nullopt;
}

bool is_queue_name(std::string_view name, bool fifo) {
  if (name.empty() || name.size() > kQueueNameLengthMax) return false;
  if (fifo) {
    if (!name.ends_with(".fifo") || name.size() == 5) return false;
    name.remove_suffix(5);
  }
  return std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

std::optional<QueueAddress> parse_queue_url(std::string_view url) {
  if (const std::size_t scheme = url.find("://"); scheme != std::string_view::npos) {
    const std::size_t path = url.find('/', scheme + 3);
    if (path == std::string_view::npos) return std::nullopt;
    url.remove_prefix(path);
  }
  const std::size_t slash = url.rfind('/');
  if (slash == std::string_view::npos) return url.empty() ? std::nullopt : std::optional(QueueAddress{{}, url});
  QueueAddress out{{}, url.substr(slash + 1)};
  if (out.name.empty()) return std::nullopt;
  std::string_view rest = url.substr(0, slash);
  rest.remove_prefix(rest.rfind('/') == std::string_view::npos ? 0 : rest.rfind('/') + 1);
  if (is_account_id(rest)) out.account = rest;
  return out;
}

}  // namespace engine::sqs
