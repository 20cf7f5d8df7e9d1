// The quotas of Lambda and the bounds of this implementation. Quotas are AWS's, from the Lambda Developer Guide,
// "Lambda quotas", and from the API reference of the operation named.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/time.h"

namespace engine::lambda {

// --- AWS's quotas.
constexpr std::size_t kFunctionNameLengthMax = 64;
constexpr std::size_t kZippedBytesMax = 52'428'800;  // direct upload
constexpr uint64_t kCodeStorageBytesMax = 80'530'636'800;
constexpr std::size_t kPolicyBytesMax = 20'480;
constexpr int32_t kTimeoutSecondsMax = 900;
constexpr int32_t kMemoryMbMin = 128;
constexpr int32_t kMemoryMbMax = 10'240;
constexpr int32_t kEphemeralStorageMbMin = 512;
constexpr int32_t kEphemeralStorageMbMax = 10'240;
constexpr int32_t kAccountConcurrency = 1'000;
constexpr int32_t kUnreservedConcurrencyMin = 100;  // PutFunctionConcurrency
constexpr std::size_t kSyncPayloadBytesMax = 6'291'556;
constexpr std::size_t kAsyncPayloadBytesMax = 1'048'576;  // 256 KB before October 2025
constexpr std::size_t kClientContextBytesMax = 3'583;
constexpr int32_t kListFunctionsMax = 50;
constexpr int32_t kListMappingsMax = 100;
constexpr int32_t kAsyncRetriesMax = 2;
constexpr base::Duration kAsyncRetryDelay = std::chrono::minutes(1);  // then twice that
constexpr base::Duration kAsyncAgeMax = std::chrono::hours(6);
constexpr int32_t kAsyncAgeSecondsMin = 60;
constexpr int32_t kAsyncAgeSecondsMax = 21'600;
constexpr int32_t kListEventInvokeConfigsMax = 50;
constexpr std::size_t kDeadLetterErrorBytesMax = 1'024;
constexpr int32_t kListFunctionUrlConfigsMax = 50;
constexpr std::size_t kUrlBodyBytesMax = 6'291'456;  // of a request to a function URL: the payload quota
constexpr int32_t kListVersionsMax = 50;
constexpr int32_t kListAliasesMax = 10'000;
constexpr int32_t kListMax = 50;  // unless MaxItems says otherwise
constexpr uint64_t kUnzippedCodeBytesMax = 262'144'000;
constexpr int32_t kBatchSizeDefault = 10;
constexpr int32_t kBatchSizeMax = 10'000;           // standard queues with a window
constexpr int32_t kBatchSizeWithoutWindowMax = 10;  // and FIFO queues
constexpr int32_t kBatchingWindowSecondsMax = 300;
constexpr int32_t kMappingConcurrencyMin = 2;
constexpr int32_t kMappingConcurrencyMax = 1'000;
constexpr base::Duration kCodeLinkLife = std::chrono::minutes(10);  // FunctionCodeLocation

// --- Our bounds.
constexpr std::size_t kCodeChunkBytes = 1'048'576;                   // one value of the store
constexpr std::size_t kStartAttemptsMax = 3;                         // instances tried for an event that none has seen
constexpr std::size_t kStarters = 4;                                 // instances that are being started at a time
constexpr std::size_t kWaitersMax = kAccountConcurrency;             // for an instance, while all are busy
constexpr std::size_t kWaitingBytesMax = 256 * 1024 * 1024;          // of their events
constexpr base::Duration kInvokeLooksAgain = std::chrono::hours(1);  // longer than any invocation
constexpr base::Duration kIdleMax = std::chrono::minutes(10);
constexpr base::Duration kReapInterval = std::chrono::seconds(60);
constexpr int32_t kRoleSessionSeconds = 3'600;
constexpr base::Duration kCredentialsLeftMin = std::chrono::minutes(15);  // the longest invocation
constexpr base::Duration kCredentialsReuseMin = std::chrono::minutes(40);
constexpr std::size_t kPollersDefault = 5;  // per mapping
constexpr std::size_t kPollersMax = 16;
constexpr int32_t kPollSliceSeconds = 1;  // how long a poller may take to notice that it shall stop
constexpr base::Duration kThreadRetryInterval = std::chrono::seconds(1);  // of pollers that got no thread
constexpr base::Duration kPollBackoffMin = std::chrono::milliseconds(100);
constexpr base::Duration kPollBackoffMax = std::chrono::seconds(10);
constexpr base::Duration kThrottleRetryMin = std::chrono::seconds(1);
constexpr base::Duration kThrottleRetryMax = std::chrono::minutes(5);
constexpr base::Duration kLogFlushInterval = std::chrono::milliseconds(200);
constexpr std::size_t kLogFlushBytes = 256 * 1024;
constexpr std::size_t kLogPendingBytesMax = 8 * 1024 * 1024;
constexpr std::size_t kLogDeadGroupsMax = 10'000;
constexpr std::size_t kLogBatchEventsMax = 10'000;    // PutLogEvents
constexpr std::size_t kLogBatchBytesMax = 1'048'576;  // PutLogEvents
constexpr std::size_t kLogEventOverheadBytes = 26;    // PutLogEvents

// The machine's own architecture: functions run as child processes.
#if defined(__aarch64__)
constexpr std::string_view kArchitecture = "arm64";
#else
constexpr std::string_view kArchitecture = "x86_64";
#endif

}  // namespace engine::lambda
