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

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || is_digit(c);
}

bool is_ip_address(std::string_view name) {
  return std::ranges::count(name, '.') == 3 &&
         std::ranges::all_of(name, [](char c) { return c == '.' || is_digit(c); });
}

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

bool is_bucket_name(std::string_view name) {
  if (name.size() < 3 || name.size() > 63) return false;
  if (!is_alphanumeric(name.front()) || !is_alphanumeric(name.back())) return false;
  if (!std::ranges::all_of(name, [](char c) { return is_alphanumeric(c) || c == '.' || c == '-'; })) return false;
  if (name.find("..") != std::string_view::npos || is_ip_address(name)) return false;
  for (const std::string_view prefix : {"xn--", "sthree-", "amzn-s3-demo-"})
    if (name.starts_with(prefix)) return false;
  for (const std::string_view suffix : {"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"})
    if (name.ends_with(suffix)) return false;
  return true;
}

std::string canonical_id(std::string_view account) {
  return base::hex_encode(base::sha256("canonical user of account " + std::string(account)));
}

}  // namespace engine::s3
