// The quotas of SQS and the bounds of this implementation. Quotas are AWS's, from the SQS Developer Guide, "Amazon SQS
// message quotas" and "Standard queue quotas", and from the API reference of the operation named.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace engine::sqs {

// --- AWS's quotas.
constexpr std::size_t kQueueNameLengthMax = 80;  // CreateQueue; includes ".fifo"
constexpr std::size_t kBatchEntriesMax = 10;
constexpr std::size_t kBatchEntryIdLengthMax = 80;
constexpr std::size_t kMessageBytesMax = 1'048'576;  // one message, and all messages of one batch
constexpr std::size_t kMessageAttributesMax = 10;
constexpr std::size_t kMessageAttributeNameLengthMax = 256;
constexpr std::size_t kIdLengthMax = 128;  // MessageGroupId, MessageDeduplicationId
constexpr int32_t kReceiveMessagesMax = 10;
constexpr int32_t kWaitSecondsMax = 20;
constexpr int32_t kDelaySecondsMax = 900;
constexpr int32_t kVisibilitySecondsMax = 43'200;
constexpr int32_t kRetentionSecondsMin = 60;
constexpr int32_t kRetentionSecondsMax = 1'209'600;
constexpr int32_t kMaximumMessageSizeMin = 1'024;
constexpr std::size_t kInFlightMax = 120'000;  // per queue; standard queues answer OverLimit, FIFO queues nothing
constexpr int32_t kMaxReceiveCountMax = 1'000;
constexpr int32_t kKmsReuseSecondsMin = 60;  // KmsDataKeyReusePeriodSeconds
constexpr int32_t kKmsReuseSecondsMax = 86'400;
constexpr int32_t kKmsReuseSecondsDefault = 300;
constexpr std::size_t kRedriveSourcesMax = 10;      // sourceQueueArns of RedriveAllowPolicy
constexpr int32_t kMovesPerSecondMax = 500;         // StartMessageMoveTask
constexpr std::size_t kMoveTasksKept = 10;          // ListMessageMoveTasks: the most recent ones of a source queue
constexpr std::size_t kPermissionAccountsMax = 20;  // AddPermission: the quotas of a policy
constexpr std::size_t kPermissionActionsMax = 7;
constexpr int32_t kListResultsMax = 1'000;
constexpr std::size_t kPolicyBytesMax = 8'192;
constexpr base::Duration kDeduplicationWindow = std::chrono::minutes(5);
constexpr base::Duration kReceiveAttemptWindow = std::chrono::minutes(5);  // ReceiveRequestAttemptId
constexpr base::Duration kPurgeInterval = std::chrono::seconds(60);        // PurgeQueue
constexpr base::Duration kRecreateInterval = std::chrono::seconds(60);     // DeleteQueue, then CreateQueue

// --- Our bounds.
constexpr std::size_t kReceiveAttemptsMax = 10'000;  // remembered per queue; the oldest are forgotten first

// How much left-over work one operation does for the queue it happens to touch.
constexpr std::size_t kDuePerOperation = 1'000;    // messages whose deadline has passed; memory only
constexpr std::size_t kExpiredPerOperation = 100;  // messages and deduplication ids past their time; one erase each
constexpr std::size_t kMovedPerReceive = 20;       // messages moved to the dead-letter queue under one lock
constexpr std::size_t kMoveRoundsPerRun = 2;       // and how often, before others get their turn
constexpr std::size_t kMoveRoundsPerReceive = 50;  // and before a short poll answers without a message
constexpr int64_t kMovesPerSecondDefault = 5'000;  // of a move task without a rate of its own
constexpr std::size_t kMovedPerStep = 20;          // messages that a move task moves before it looks at its rate
constexpr base::Duration kSweepInterval = std::chrono::minutes(1);
constexpr std::size_t kSweepBatchesMax = 10'000;  // of kExpiredPerOperation messages, per queue and sweep

}  // namespace engine::sqs
