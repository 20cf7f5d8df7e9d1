#include "engine/s3/bucket_record.h"

#include <algorithm>

#include "base/encoding.h"
#include "engine/record.h"

namespace engine::s3 {
namespace {

enum Field : uint32_t {
  kId = 1,
  kName = 2,
  kAccount = 3,
  kRegion = 4,
  kCreatedAt = 5,
  kNotification = 6,
  kConstraint = 7,
  kEventBridge = 8
};

}  // namespace

std::string BucketRecord::encode() const {
  RecordWriter writer;
  writer.number(kId, id).text(kName, name).text(kAccount, account).text(kRegion, region);
  writer.time(kCreatedAt, created_at);
  if (!constraint.empty()) writer.text(kConstraint, constraint);
  if (event_bridge) writer.number(kEventBridge, 1);
  for (const NotificationRule& rule : notifications) writer.text(kNotification, rule.encode());
  return writer.take();
}

std::optional<BucketRecord> BucketRecord::decode(std::string_view bytes) {
  BucketRecord out;
  RecordReader reader(bytes);
  while (reader.next()) {
    switch (reader.field()) {
      case kId:
        out.id = reader.number();
        break;
      case kName:
        out.name = reader.text();
        break;
      case kAccount:
        out.account = reader.text();
        break;
      case kRegion:
        out.region = reader.text();
        break;
      case kCreatedAt:
        out.created_at = reader.time();
        break;
      case kConstraint:
        out.constraint = reader.text();
        break;
      case kEventBridge:
        out.event_bridge = reader.number() != 0;
        break;
      case kNotification: {
        auto rule = NotificationRule::decode(reader.text());
        if (!rule) return std::nullopt;
        out.notifications.push_back(std::move(*rule));
        break;
      }
      default:
        break;
    }
  }
  return reader.ok() ? std::optional(std::move(out)) : std::nullopt;
}

std::string canonical_id(std::string_view account) {
  return base::hex_encode(base::sha256("canonical user of account " + std::string(account)));
}

}  // namespace engine::s3
