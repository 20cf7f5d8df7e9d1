// The quotas of S3 and the bounds of this implementation. Quotas are AWS's, from the S3 User Guide ("Amazon S3
// multipart upload limits", "Bucket naming rules", "Working with object metadata") and the API reference of the
// operation named.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace engine::s3 {

// --- AWS's quotas.
constexpr std::size_t kBucketsPerAccountMax = 10'000;
constexpr std::size_t kKeyBytesMax = 1'024;
constexpr std::size_t kUserMetadataBytesMax = 2'048;  // names and values together
constexpr int32_t kListKeysMax = 1'000;               // ListObjects, ListObjectsV2, ListParts, ListMultipartUploads
constexpr int32_t kListBucketsMax = 10'000;
constexpr std::size_t kDeleteObjectsMax = 1'000;
constexpr int32_t kPartNumberMax = 10'000;
constexpr uint64_t kPartBytesMin = 5ULL << 20;     // except for the last part
constexpr uint64_t kPutBytesMax = 5ULL << 30;      // one PUT, one part, one copied source
constexpr uint64_t kObjectBytesMax = 50ULL << 40;  // 50 TB since December 2025
constexpr std::size_t kNotificationIdBytesMax = 255;
constexpr std::size_t kFilterValueBytesMax = 1'024;
constexpr std::size_t kNotificationsPerBucketMax = 100;

// --- Our bounds.
constexpr std::size_t kChunkBytes = 512 << 10;       // RocksDB keeps values from 64 KiB up in blob files
constexpr std::size_t kChunksPerBatch = 2;           // of a body that is written ahead of its object's record
constexpr std::size_t kStreamedBytesMin = 64 << 10;  // smaller bodies are read at once, larger ones while they are sent
constexpr std::size_t kErasesPerChunkSet = 16;       // above this one range erasure is cheaper than single ones
constexpr base::Duration kCompletedKept =
    std::chrono::hours(24);                          // the result of a completion, for those who ask again
constexpr std::size_t kForgottenPerCompletion = 16;  // of older results
constexpr std::size_t kDeletesAtOnce = 50;           // keys of DeleteObjects under one hold of the lock
constexpr std::size_t kOrphansAtOnce = 1'000;        // parts of an ended upload in one batch
constexpr std::size_t kDroppedAtOnce = 64;           // segments of a replaced object under the lock
constexpr int kCompletionAttemptsMax = 5;            // of which each sees parts change while it reads them
constexpr std::size_t kDeliveriesAtOnce = 2;
constexpr base::Duration kRetryDelayFirst = std::chrono::seconds(1);
constexpr base::Duration kRetryDelayMax = std::chrono::minutes(5);
constexpr base::Duration kRetryAgeMax = std::chrono::hours(24);  // a notification undelivered for so long is dropped
constexpr uint64_t kRefusedAttemptsMax = 5;                      // of a notification that its target refuses for good

}  // namespace engine::s3
