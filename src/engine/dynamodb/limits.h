// Quotas of DynamoDB, from the Developer Guide's "Quotas in Amazon DynamoDB" unless a line says otherwise. Constants.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace engine::dynamodb {

constexpr std::size_t kTableNameBytesMin = 3;
constexpr std::size_t kCalledTableNameBytesMin = 1;  // of a name in the operations on items
constexpr std::size_t kTableNameBytesMax = 255;
constexpr std::size_t kTablesPerAccountMax = 2500;
constexpr std::size_t kGlobalIndexesMax = 20;
constexpr std::size_t kLocalIndexesMax = 5;
constexpr std::size_t kProjectedAttributesMax = 100;  // over all indexes of a table
constexpr std::size_t kKeyAttributeNameBytesMax = 255;
constexpr std::size_t kAttributeNameBytesMax = 65535;
constexpr std::size_t kHashKeyBytesMax = 2048;
constexpr std::size_t kRangeKeyBytesMax = 1024;
constexpr std::size_t kItemBytesMax = 400 * 1024;
constexpr int kNestingMax = 32;  // levels, of which the value of an attribute of the item is the first
constexpr std::size_t kPageBytesMax = 1024 * 1024;  // of a Query or Scan, before the filter
constexpr std::size_t kReadUnitBytes = 4096;        // Developer Guide, "Read and write capacity units"
constexpr std::size_t kBatchGetKeysMax = 100;
constexpr std::size_t kBatchGetBytesMax = 16 * 1024 * 1024;
constexpr std::size_t kBatchWriteItemsMax = 25;
constexpr int kScanSegmentsMax = 1'000'000;
constexpr int64_t kThroughputMax = 1'000'000'000'000;  // dynalite's check against the service
constexpr double kBurstSeconds = 300;  // of unused capacity, Developer Guide, "Burst and adaptive capacity"
constexpr int64_t kExpiryAgeSecondsMax = int64_t{5} * 365 * 24 * 3600;  // what expired longer ago stays, "Using TTL"
constexpr int kListTablesLimitMax = 100;
constexpr std::size_t kTagsMax = 50;
constexpr std::size_t kTagsPageMax = 10;  // ListTagsOfResource, API reference

constexpr std::size_t kExpressionBytesMax = 4096;
constexpr std::size_t kExpressionOperatorsMax = 300;
constexpr std::size_t kInOperandsMax = 100;
constexpr std::size_t kExpressionPathDepthMax = 32;
constexpr std::size_t kPlaceholderBytesMax = 255;  // of a #name or :value
constexpr std::size_t kStatementBytesMax = 8192;   // of PartiQL, API reference
constexpr std::size_t kBatchStatementsMax = 25;

// Ours, not AWS's: how much the parsed expressions may cost, and how finely writes of one table are locked.
constexpr std::size_t kExpressionCacheEntriesMax = 256;
constexpr std::size_t kStatementCacheEntriesMax = 128;
constexpr int kExpressionNestingMax = 300;
constexpr std::size_t kStripesPerTable = 32;
constexpr std::size_t kFillPageRows = 32;  // of a new index, looked at before the fill lets go of the table
constexpr std::size_t kFillPageBytes = 64 * 1024;
constexpr std::chrono::seconds kExpirySweepInterval{60};  // AWS promises "within a few days"
constexpr std::size_t kExpiryPageRows = 500;              // looked at before the sweep lets go of the table
constexpr std::size_t kExpiryPageBytes = 256 * 1024;
// Work in one page of a Query or Scan, beside its bytes: a row costs one, and one more for each condition of the
// filter, for each started KB. About 0.1 s; a page that would cost more ends early, with a LastEvaluatedKey.
constexpr std::size_t kPageWorkMax = 100'000;
// A stored item that is larger is read and written by workers only; it may have tens of thousands of attributes.
constexpr std::size_t kQuickItemBytesMax = 32 * 1024;
// Of PartiQL's writes to one table, staged before they are written and the stripes let go.
constexpr std::size_t kStagedBytesMax = 128 * 1024;

}  // namespace engine::dynamodb
