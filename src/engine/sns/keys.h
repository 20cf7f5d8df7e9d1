// Every key that SNS keeps in the store. Topics are found by (account, region, name), their subscriptions by the
// topic's id, a number that is never used again, and the last part of their ARN.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "store/key.h"

namespace engine::sns::keys {

constexpr std::string_view kTopicTable = "sns/topic";                // account, region, name -> TopicRecord
constexpr std::string_view kSubscriptionTable = "sns/subscription";  // topic id, uuid -> SubscriptionRecord
constexpr std::string_view kOutboxTable = "sns/outbox";              // of engine::Outbox
constexpr std::string_view kWebOutboxTable = "sns/outbox_web";       // the same, for http(s) endpoints
constexpr std::string_view kNextIdKey{"sns/next_id\0", 12};          // the next topic id
constexpr std::string_view kSigningKey{"sns/signing_key\0", 16};     // private key and certificate, PEM

inline std::string topics(std::string_view account, std::string_view region) {
  return store::KeyWriter(kTopicTable).text(account).text(region).take();
}
inline std::string topic(std::string_view account, std::string_view region, std::string_view name) {
  return store::KeyWriter(kTopicTable).text(account).text(region).text(name).take();
}
inline std::string subscription(uint64_t topic_id, std::string_view uuid) {
  return store::KeyWriter(kSubscriptionTable).number(topic_id).text(uuid).take();
}
// Where all subscriptions of one topic begin; store::prefix_end() of it is where they end.
inline std::string subscriptions(uint64_t topic_id) {
  return store::KeyWriter(kSubscriptionTable).number(topic_id).take();
}

}  // namespace engine::sns::keys
