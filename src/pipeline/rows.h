// The rows of the pipeline's tables: names of attributes and the conditions under which they may change. The row of an
// accepted order is its idempotency record and carries its notification (ARCHITECTURE.md, "The life of an order").
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "aws/dynamodb/shapes.h"
#include "base/time.h"
#include "pipeline/transaction.h"

namespace pipeline {

using Item = aws::Map<aws::dynamodb::AttributeValue>;

// Orders table: key transaction_id. notify_state is absent for orders that need no notification.
namespace orders {
inline constexpr std::string_view kTransactionId = "transaction_id";
inline constexpr std::string_view kAmount = "amount";
inline constexpr std::string_view kItem = "item";
// The next four only if the definition gives them.
inline constexpr std::string_view kCurrency = "currency";  // of ISO 4217
inline constexpr std::string_view kCustomer = "customer";
inline constexpr std::string_view kType = "type";               // as the record says, or kRefund
inline constexpr std::string_view kOccurredAt = "occurred_at";  // epoch milliseconds
inline constexpr std::string_view kRefund = "refund";
inline constexpr std::string_view kRaw = "raw";  // the text as sent, unless it has the original's three fields only
inline constexpr std::string_view kPayloadSha256 = "payload_sha256";
inline constexpr std::string_view kSource = "source";           // which upload and position was accepted
inline constexpr std::string_view kWriteToken = "write_token";  // fresh per delivery attempt
inline constexpr std::string_view kStoredAt = "stored_at";      // epoch milliseconds
// Of an order whose mapping has a version: the newest that came, and how many it has replaced.
inline constexpr std::string_view kVersion = "version";
inline constexpr std::string_view kUpdates = "updates";
// The next ones are about notifications: notification_state.h.
inline constexpr std::string_view kNotifyState = "notify_state";
inline constexpr std::string_view kNotifyRules = "notify_rules";      // string set
inline constexpr std::string_view kNotifiedRules = "notified_rules";  // string set
inline constexpr std::string_view kNotifiedAt = "notified_at";        // epoch milliseconds
inline constexpr std::string_view kNotifyError = "notify_error";
inline constexpr std::string_view kSnsMessageId = "sns_message_id";
inline constexpr std::string_view kNotifyAttempts = "notify_attempts";
inline constexpr std::string_view kLeaseUntil = "lease_until";  // epoch milliseconds
inline constexpr std::string_view kPending = "PENDING";
inline constexpr std::string_view kSent = "SENT";
inline constexpr std::string_view kFailed = "FAILED";
}  // namespace orders

// Quarantine table: key body_sha256 (hex), so that the same bad order is kept once. A row without `state` waits for
// somebody to look at it; one that was dealt with stays if its upload's account needs it (accounting.h).
namespace quarantine {
inline constexpr std::string_view kBodySha256 = "body_sha256";
inline constexpr std::string_view kReason = "reason";
inline constexpr std::string_view kMessage = "message";
inline constexpr std::string_view kBody = "body";             // S, or B if it is not UTF-8; at most kBodyBytesMax
inline constexpr std::string_view kBodyBytes = "body_bytes";  // its full length
inline constexpr std::string_view kSource = "source";
inline constexpr std::string_view kQuarantinedAt = "quarantined_at";  // epoch milliseconds
inline constexpr std::size_t kBodyBytesMax = 256 << 10;
inline constexpr std::string_view kState = "state";
// The body is on its way to the queue once more. If it is refused again, process writes over the row, which waits then;
// whoever sends it deletes the row only as long as it stands so, with the quarantined_at that he has seen.
inline constexpr std::string_view kSending = "SENDING";
// The order went to the queue as kFixedBody, with the same source. It counts as what became of that.
inline constexpr std::string_view kFixed = "FIXED";
inline constexpr std::string_view kFixedBody = "fixed_body";
// Nobody wants it. It stands without its body, and counts as discarded.
inline constexpr std::string_view kDiscarded = "DISCARDED";
inline constexpr std::string_view kChangedAt = "changed_at";  // epoch milliseconds: since when it has its state
}  // namespace quarantine

// Uploads table: key upload_id. Beside the uploads it has a row for each file of which a run has begun and not reported
// yet, under kRunPrefix and the SHA-256 of its bytes in hex.
namespace uploads {
inline constexpr std::string_view kUploadId = "upload_id";
inline constexpr std::string_view kBucket = "bucket";
inline constexpr std::string_view kKey = "key";
inline constexpr std::string_view kState = "state";
inline constexpr std::string_view kRead = "read";               // orders found in the document
inline constexpr std::string_view kError = "error";             // for people, with state FAILED
inline constexpr std::string_view kUploadedAt = "uploaded_at";  // epoch milliseconds
inline constexpr std::string_view kRunPrefix = "run#";
inline constexpr std::string_view kRunKeys = "run_keys";  // string set: the object of each such run
inline constexpr std::string_view kReading = "READING";
inline constexpr std::string_view kDone = "DONE";
inline constexpr std::string_view kFailed = "FAILED";
}  // namespace uploads

// The upload's name in `source` attributes: one content under one key. A repeated event of an upload, or the same
// bytes put under the same key again, have the same id, so nothing of it counts twice. `etag` is without quotes.
std::string upload_id(std::string_view bucket, std::string_view key, std::string_view etag);
// "<upload id>#<index>".
std::string source_of(std::string_view upload_id, uint64_t index);

aws::dynamodb::AttributeValue text(std::string_view value);
aws::dynamodb::AttributeValue number(int64_t value);
// The attribute's characters (S or N), or empty if it is absent or of another type.
std::string_view text_of(const Item& item, std::string_view attribute);
std::optional<int64_t> number_of(const Item& item, std::string_view attribute);

// The row to put for a rejected order. `body` may be any bytes.
Item quarantine_row(std::string_view body, const Rejection& rejection, std::string_view source, base::Timestamp now);

}  // namespace pipeline
