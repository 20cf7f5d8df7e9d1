// The quotas of SNS and the bounds of this implementation. Quotas are AWS's, from "Amazon SNS endpoints and quotas" and
// the API reference of the operation named.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace engine::sns {

// --- AWS's quotas.
constexpr std::size_t kTopicNameLengthMax = 256;
constexpr std::size_t kMessageBytesMax = 262'144;  // with attributes; of one Publish or all of one PublishBatch
constexpr std::size_t kBatchEntriesMax = 10;
constexpr std::size_t kBatchEntryIdLengthMax = 80;
constexpr std::size_t kIdLengthMax = 128;  // MessageGroupId
constexpr std::size_t kAttributeNameLengthMax = 256;
constexpr std::size_t kRawAttributesMax = 10;  // what SQS takes: raw deliveries with more are discarded
constexpr std::size_t kPageMax = 100;          // ListTopics, ListSubscriptions, ListSubscriptionsByTopic
constexpr std::size_t kEndpointLengthMax = 2'048;
constexpr base::Duration kWebhookTimeout = std::chrono::seconds(15);  // until the whole answer of an endpoint is there
constexpr std::size_t kPermissionAccountsMax = 20;                    // AddPermission: the quotas of a policy
constexpr std::size_t kPolicyBytesMax = 262'144;
constexpr base::Duration kTokenLife = std::chrono::hours(48);  // Subscribe: two days

// --- Our bounds.
constexpr std::size_t kTopicsMax = 10'000;         // in all
constexpr std::size_t kSubscriptionsMax = 50'000;  // in all
constexpr std::size_t kOutboxMax = 500'000;        // deliveries owed; then Publish is throttled
constexpr std::size_t kOutboxWorkers = 4;
constexpr std::size_t kWebWorkers = 8;  // for http(s) endpoints, which may be slow and must not hold up the others
constexpr std::size_t kWebDeliveriesPerHost = 2;  // of these workers: a host that hangs must not take all of them
constexpr base::Duration kRetryMax = std::chrono::seconds(20);  // between two attempts
constexpr base::Duration kGiveUpAfter = std::chrono::hours(1);  // AWS: 23 days for its own services

}  // namespace engine::sns
