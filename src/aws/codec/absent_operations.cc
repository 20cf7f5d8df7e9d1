#include "aws/codec/absent_operations.h"

#include <algorithm>
#include <iterator>

namespace aws::codec {
namespace {

struct Row {
  std::string_view method;
  std::string_view sub_resource;
  std::string_view of_bucket;
  std::string_view of_object;
};
constexpr Row kRows[] = {
    {"DELETE", "analytics", "DeleteBucketAnalyticsConfiguration", ""},
    {"DELETE", "cors", "DeleteBucketCors", ""},
    {"DELETE", "encryption", "DeleteBucketEncryption", ""},
    {"DELETE", "intelligent-tiering", "DeleteBucketIntelligentTieringConfiguration", ""},
    {"DELETE", "inventory", "DeleteBucketInventoryConfiguration", ""},
    {"DELETE", "lifecycle", "DeleteBucketLifecycle", ""},
    {"DELETE", "metadataConfiguration", "DeleteBucketMetadataConfiguration", ""},
    {"DELETE", "metadataTable", "DeleteBucketMetadataTableConfiguration", ""},
    {"DELETE", "metrics", "DeleteBucketMetricsConfiguration", ""},
    {"DELETE", "ownershipControls", "DeleteBucketOwnershipControls", ""},
    {"DELETE", "policy", "DeleteBucketPolicy", ""},
    {"DELETE", "publicAccessBlock", "DeletePublicAccessBlock", ""},
    {"DELETE", "replication", "DeleteBucketReplication", ""},
    {"DELETE", "tagging", "DeleteBucketTagging", "DeleteObjectTagging"},
    {"DELETE", "website", "DeleteBucketWebsite", ""},
    {"GET", "session", "CreateSession", ""},
    {"POST", "metadataConfiguration", "CreateBucketMetadataConfiguration", ""},
    {"POST", "metadataTable", "CreateBucketMetadataTableConfiguration", ""},
    {"POST", "restore", "", "RestoreObject"},
    {"POST", "select", "", "SelectObjectContent"},
    {"POST", "select-type", "", "SelectObjectContent"},
    {"PUT", "abac", "PutBucketAbac", ""},
    {"PUT", "accelerate", "PutBucketAccelerateConfiguration", ""},
    {"PUT", "acl", "PutBucketAcl", "PutObjectAcl"},
    {"PUT", "analytics", "PutBucketAnalyticsConfiguration", ""},
    {"PUT", "cors", "PutBucketCors", ""},
    {"PUT", "encryption", "PutBucketEncryption", "UpdateObjectEncryption"},
    {"PUT", "intelligent-tiering", "PutBucketIntelligentTieringConfiguration", ""},
    {"PUT", "inventory", "PutBucketInventoryConfiguration", ""},
    {"PUT", "legal-hold", "", "PutObjectLegalHold"},
    {"PUT", "lifecycle", "PutBucketLifecycleConfiguration", ""},
    {"PUT", "logging", "PutBucketLogging", ""},
    {"PUT", "metadataInventoryTable", "UpdateBucketMetadataInventoryTableConfiguration", ""},
    {"PUT", "metadataJournalTable", "UpdateBucketMetadataJournalTableConfiguration", ""},
    {"PUT", "metrics", "PutBucketMetricsConfiguration", ""},
    {"PUT", "object-lock", "PutObjectLockConfiguration", ""},
    {"PUT", "ownershipControls", "PutBucketOwnershipControls", ""},
    {"PUT", "policy", "PutBucketPolicy", ""},
    {"PUT", "publicAccessBlock", "PutPublicAccessBlock", ""},
    {"PUT", "renameObject", "", "RenameObject"},
    {"PUT", "replication", "PutBucketReplication", ""},
    {"PUT", "requestPayment", "PutBucketRequestPayment", ""},
    {"PUT", "retention", "", "PutObjectRetention"},
    {"PUT", "tagging", "PutBucketTagging", "PutObjectTagging"},
    {"PUT", "versioning", "PutBucketVersioning", ""},
    {"PUT", "website", "PutBucketWebsite", ""},
};

}  // namespace

std::string_view absent_operation(std::string_view method, bool of_object, std::string_view sub_resource) {
  const auto found = std::ranges::find_if(
      kRows, [&](const Row& row) { return row.method == method && row.sub_resource == sub_resource; });
  if (found == std::end(kRows)) return {};
  return of_object ? found->of_object : found->of_bucket;
}

}  // namespace aws::codec
