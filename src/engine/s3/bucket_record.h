// BucketRecord: everything about a bucket except its objects. Immutable once it stands in the service's directory: a
// change replaces the whole record. Safe to read from any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "engine/s3/notification.h"

namespace engine::s3 {

struct BucketRecord {
  uint64_t id = 0;  // under which its objects lie; never used again, also not for a bucket of the same name
  std::string name;
  std::string account;
  std::string region;
  base::Timestamp created_at;
  std::string constraint;  // as it was asked for if that is not the region: "EU"
  NotificationRules notifications;
  bool event_bridge = false;  // asked for; there is none that could hear of events

  [[nodiscard]] std::string arn() const { return "arn:aws:s3:::" + name; }
  [[nodiscard]] std::string encode() const;
  static std::optional<BucketRecord> decode(std::string_view bytes);  // nullopt: not a record
};

// The canonical user id of an account: 64 hex digits that say nothing, as on AWS.
std::string canonical_id(std::string_view account);

}  // namespace engine::s3
