// NotificationRule: one configuration of a bucket's notifications, checked and in our own form; and the documents that
// S3 sends. Rules and texts: protocols.md 4.5 item 26; S3 User Guide, "Event message structure". Values and pure
// functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/context.h"
#include "aws/s3/shapes.h"
#include "base/env.h"
#include "base/result.h"

namespace engine::s3 {

struct NotificationRule {
  enum class Target : uint8_t { lambda = 1, queue = 2, topic = 3 };  // numbers are stored
  static constexpr bool is_target(uint64_t number) { return number >= 1 && number <= 3; }
  Target target = Target::lambda;
  std::string id;
  std::string arn;
  std::vector<std::string> events;  // "s3:ObjectCreated:*"
  std::optional<std::string> prefix;
  std::optional<std::string> suffix;

  // Whether an event such as "ObjectCreated:Put" on `key` raises a notification.
  [[nodiscard]] bool wants(std::string_view event, std::string_view key) const;
  [[nodiscard]] std::string encode() const;
  static std::optional<NotificationRule> decode(std::string_view bytes);
};
using NotificationRules = std::vector<NotificationRule>;

// Reads what PutBucketNotificationConfiguration is given for a bucket in `bucket_region`; ids that are absent are made
// up. Fails with InvalidArgument, or NotImplemented for events of features that do not exist here. Whether the
// destinations exist is not asked.
base::Result<NotificationRules> read_notification_rules(const aws::s3::NotificationConfiguration& in,
                                                        std::string_view bucket_region, base::Random& random);
aws::s3::NotificationConfiguration show_notification_rules(const NotificationRules& rules);

// What happened to an object.
struct ObjectEvent {
  std::string_view name;  // "ObjectCreated:Put"
  std::string_view key;
  std::optional<uint64_t> size;     // absent after a deletion, like the ETag
  std::optional<std::string> etag;  // without quotes
  uint64_t sequencer = 0;           // larger than that of every earlier event on the key
};

struct BucketRecord;
// The document for one event that matched `rule_id`.
std::string event_document(const BucketRecord& bucket, std::string_view rule_id, const aws::Context& context,
                           const ObjectEvent& event);
// What a queue or topic gets when it is configured.
std::string test_event_document(std::string_view bucket, const aws::Context& context);

// Keys as S3 writes them into events and lists with encoding-type url: '/' is kept, a space is '+'.
std::string url_encode_key(std::string_view key);

}  // namespace engine::s3
