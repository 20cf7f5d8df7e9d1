// What a bucket and an object have when nobody has set anything, as tools of infrastructure read it.
#include <gtest/gtest.h>

#include "aws/s3/s3.h"
#include "engine/s3/limits.h"
#include "engine/s3/test_service.h"

namespace engine::s3 {
namespace {

using DefaultsTest = TestService;

TEST_F(DefaultsTest, WhatIsNotSetSaysSo) {
  create_bucket();
  const auto check = [&]<class Out, class In>(base::Result<Out> (BucketDefaults::*read)(aws::Context&, In),
                                              const char* code, const char* message) {
    base::Result<Out> (S3Service::*operation)(aws::Context&, In) = read;
    In in;
    in.bucket = "bucket";
    const auto out = call(operation, in);
    ASSERT_FALSE(out) << code;
    EXPECT_EQ(out.error().code, code);
    EXPECT_EQ(out.error().message, message);
    EXPECT_EQ(out.error().http_status, 404) << code;
    EXPECT_EQ(out.error().fields, (std::vector<std::pair<std::string, std::string>>{{"BucketName", "bucket"}}));
    in.bucket = "none";
    EXPECT_EQ(code_of(call(operation, in)), "NoSuchBucket");
  };
  check(&S3Service::get_bucket_tagging, "NoSuchTagSet", "The TagSet does not exist");
  check(&S3Service::get_bucket_policy, "NoSuchBucketPolicy", "The bucket policy does not exist");
  check(&S3Service::get_bucket_policy_status, "NoSuchBucketPolicy", "The bucket policy does not exist");
  check(&S3Service::get_bucket_cors, "NoSuchCORSConfiguration", "The CORS configuration does not exist");
  check(&S3Service::get_bucket_lifecycle_configuration, "NoSuchLifecycleConfiguration",
        "The lifecycle configuration does not exist");
  check(&S3Service::get_bucket_website, "NoSuchWebsiteConfiguration",
        "The specified bucket does not have a website configuration");
  check(&S3Service::get_bucket_replication, "ReplicationConfigurationNotFoundError",
        "The replication configuration was not found");
  check(&S3Service::get_object_lock_configuration, "ObjectLockConfigurationNotFoundError",
        "Object Lock configuration does not exist for this bucket");
  check(&S3Service::get_bucket_metadata_configuration, "MetadataConfigurationNotFound",
        "The metadata configuration was not found");
  constexpr const char* kNone = "The specified configuration does not exist.";
  check(&S3Service::get_bucket_analytics_configuration, "NoSuchConfiguration", kNone);
  check(&S3Service::get_bucket_metrics_configuration, "NoSuchConfiguration", kNone);
  check(&S3Service::get_bucket_inventory_configuration, "NoSuchConfiguration", kNone);
  check(&S3Service::get_bucket_intelligent_tiering_configuration, "NoSuchConfiguration", kNone);
}

TEST_F(DefaultsTest, WhatAwsHasGivenUpSaysSo) {
  create_bucket();
  aws::s3::GetBucketMetadataTableConfigurationRequest table;
  table.bucket = "bucket";
  base::Result<aws::s3::GetBucketMetadataTableConfigurationOutput> (S3Service::*read_table)(
      aws::Context&, aws::s3::GetBucketMetadataTableConfigurationRequest) =
      &S3Service::get_bucket_metadata_table_configuration;
  const auto refused = call(read_table, table);
  EXPECT_EQ(refused.error().code, "V1APIsNotAllowed");
  EXPECT_EQ(refused.error().http_status, 405);
  aws::s3::GetObjectTorrentRequest torrent;
  torrent.bucket = "bucket";
  torrent.key = "none";
  EXPECT_EQ(call(&S3Service::get_object_torrent, torrent).error().fields,
            (std::vector<std::pair<std::string, std::string>>{{"Method", "GET"}, {"ResourceType", "TORRENT"}}));
  table.bucket = torrent.bucket = "none";
  EXPECT_EQ(code_of(call(read_table, table)), "NoSuchBucket");
  EXPECT_EQ(code_of(call(&S3Service::get_object_torrent, torrent)), "NoSuchBucket");
}

TEST_F(DefaultsTest, DefaultsOfABucket) {
  create_bucket();
  const auto read = [&]<class Out, class In>(base::Result<Out> (BucketDefaults::*of_default)(aws::Context&, In)) {
    base::Result<Out> (S3Service::*operation)(aws::Context&, In) = of_default;
    In in;
    in.bucket = "bucket";
    auto out = call(operation, in);
    EXPECT_TRUE(out) << out.error().message;
    return std::move(*out);
  };
  EXPECT_EQ(read(&S3Service::get_bucket_versioning), aws::s3::GetBucketVersioningOutput());
  EXPECT_EQ(read(&S3Service::get_bucket_logging), aws::s3::GetBucketLoggingOutput());
  EXPECT_EQ(read(&S3Service::get_bucket_accelerate_configuration), aws::s3::GetBucketAccelerateConfigurationOutput());
  EXPECT_EQ(read(&S3Service::get_bucket_request_payment).payer, "BucketOwner");
  EXPECT_EQ(read(&S3Service::get_bucket_abac).abac_status->status, "Disabled");
  EXPECT_FALSE(*read(&S3Service::list_bucket_analytics_configurations).is_truncated);
  EXPECT_FALSE(*read(&S3Service::list_bucket_metrics_configurations).is_truncated);
  EXPECT_FALSE(*read(&S3Service::list_bucket_inventory_configurations).is_truncated);
  EXPECT_FALSE(*read(&S3Service::list_bucket_intelligent_tiering_configurations).is_truncated);
  const auto controls = read(&S3Service::get_bucket_ownership_controls);
  EXPECT_EQ(controls.ownership_controls->rules->front().object_ownership, "BucketOwnerEnforced");
  const auto block = *read(&S3Service::get_public_access_block).public_access_block_configuration;
  EXPECT_TRUE(*block.block_public_acls && *block.ignore_public_acls && *block.block_public_policy &&
              *block.restrict_public_buckets);
  const auto rule = read(&S3Service::get_bucket_encryption).server_side_encryption_configuration->rules->front();
  EXPECT_EQ(rule.apply_server_side_encryption_by_default->sse_algorithm, "AES256");
  EXPECT_FALSE(*rule.bucket_key_enabled);
  const auto acl = read(&S3Service::get_bucket_acl);
  EXPECT_EQ(acl.owner->id, canonical_id("000000000000"));
  ASSERT_EQ(acl.grants->size(), 1U);
  EXPECT_EQ(acl.grants->front().grantee->id, acl.owner->id);
  EXPECT_EQ(acl.grants->front().permission, "FULL_CONTROL");
}

TEST_F(DefaultsTest, DefaultsOfAnObject) {
  create_bucket();
  put("k", "hello");
  const auto read = [&]<class Out, class In>(base::Result<Out> (S3Service::*operation)(aws::Context&, In),
                                             std::optional<std::string> version = std::nullopt,
                                             const std::string& key = "k") {
    In in;
    in.bucket = "bucket";
    in.key = key;
    in.version_id = std::move(version);
    return call(operation, in);
  };
  EXPECT_TRUE(read(&S3Service::get_object_tagging)->tag_set->empty());
  EXPECT_EQ(read(&S3Service::get_object_acl)->grants->front().permission, "FULL_CONTROL");
  EXPECT_EQ(read(&S3Service::get_object_retention).error().message, "Bucket is missing Object Lock Configuration");
  EXPECT_EQ(code_of(read(&S3Service::get_object_legal_hold)), "InvalidRequest");
  EXPECT_EQ(code_of(read(&S3Service::get_object_retention, std::nullopt, "none")), "InvalidRequest");
  EXPECT_EQ(code_of(read(&S3Service::get_object_legal_hold, "1")), "InvalidArgument");
  EXPECT_EQ(code_of(read(&S3Service::get_object_tagging, std::nullopt, "none")), "NoSuchKey");
  EXPECT_EQ(code_of(read(&S3Service::get_object_acl, std::nullopt, "none")), "NoSuchKey");
  // Every object is the version "null".
  EXPECT_TRUE(read(&S3Service::get_object, "null"));
  EXPECT_TRUE(read(&S3Service::head_object, "null"));
  EXPECT_EQ(read(&S3Service::get_object, "1").error().message, "Invalid version id specified");
  EXPECT_EQ(code_of(read(&S3Service::get_object, std::string(32, 'v'))), "NoSuchVersion");
  EXPECT_EQ(code_of(read(&S3Service::delete_object, "1")), "InvalidArgument");
  EXPECT_TRUE(read(&S3Service::delete_object, std::string(32, 'v')));
  EXPECT_EQ(get("k"), "hello");
  EXPECT_TRUE(read(&S3Service::delete_object, "null"));
  EXPECT_EQ(get("k"), "NoSuchKey");
}

TEST_F(DefaultsTest, Attributes) {
  create_bucket();
  const auto put_out = put("k", "hello");
  aws::s3::GetObjectAttributesRequest in;
  in.bucket = "bucket";
  in.key = "k";
  in.object_attributes = {"ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"};
  const auto out = call(&S3Service::get_object_attributes, in);
  EXPECT_EQ('"' + *out->etag + '"', put_out.etag);
  EXPECT_EQ(out->checksum->checksum_crc64_nvme, put_out.checksum_crc64_nvme);
  EXPECT_EQ(out->checksum->checksum_type, "FULL_OBJECT");
  EXPECT_EQ(out->storage_class, "STANDARD");
  EXPECT_EQ(out->object_size, 5);
  EXPECT_FALSE(out->object_parts);
  in.object_attributes = {"ObjectSize"};
  EXPECT_FALSE(call(&S3Service::get_object_attributes, in)->etag);
  in.object_attributes = {"Size"};
  EXPECT_EQ(call(&S3Service::get_object_attributes, in).error().message, "Invalid attribute name specified.");
  in.key = "none";
  in.object_attributes = {"ETag"};
  EXPECT_EQ(code_of(call(&S3Service::get_object_attributes, in)), "NoSuchKey");
  in.object_attributes.reset();
  EXPECT_EQ(code_of(call(&S3Service::get_object_attributes, in)), "InvalidRequest");
  in.bucket = "none";
  EXPECT_EQ(code_of(call(&S3Service::get_object_attributes, in)), "NoSuchBucket");
}

// Without versioning, the version "null" of every key.
TEST_F(DefaultsTest, ListsVersions) {
  create_bucket();
  for (const char* key : {"a/1", "a/2", "b", "c d"}) put(key, "x");
  aws::s3::ListObjectVersionsRequest in;
  in.bucket = "bucket";
  in.encoding_type = "url";
  in.delimiter = "/";
  in.max_keys = 1;
  std::string all;
  for (int pages = 0; pages < 10; ++pages) {
    const auto page = call(&S3Service::list_object_versions, in);
    ASSERT_TRUE(page) << page.error().message;
    if (page->common_prefixes) all += *page->common_prefixes->front().prefix + ' ';
    if (page->versions) {
      EXPECT_EQ(page->versions->front().version_id, "null");
      EXPECT_TRUE(*page->versions->front().is_latest);
      EXPECT_EQ(page->versions->front().owner->id, canonical_id("000000000000"));
      all += *page->versions->front().key + ' ';
    }
    EXPECT_EQ(page->next_version_id_marker.has_value(), *page->is_truncated && page->versions.has_value());
    if (!*page->is_truncated) break;
    in.key_marker = page->next_key_marker;
    in.version_id_marker = page->next_version_id_marker;
  }
  EXPECT_EQ(all, "a/ b c+d ");
  in.key_marker.reset();
  in.version_id_marker = "null";
  EXPECT_EQ(call(&S3Service::list_object_versions, in).error().message,
            "A version-id marker cannot be specified without a key marker.");
}

// It is a word only, but one that callers send and wait for.
TEST_F(DefaultsTest, EncryptionWithS3sOwnKey) {
  create_bucket();
  auto in = put_request("k", "x");
  in.server_side_encryption = "AES256";
  EXPECT_EQ(call(&S3Service::put_object, in)->server_side_encryption, "AES256");
  EXPECT_EQ(put("k", "y").server_side_encryption, "AES256");
  EXPECT_EQ(call(&S3Service::get_object, get_request("k"))->server_side_encryption, "AES256");
  aws::s3::HeadObjectRequest head;
  head.bucket = "bucket";
  head.key = "k";
  EXPECT_EQ(call(&S3Service::head_object, head)->server_side_encryption, "AES256");
  in.server_side_encryption = "aws:kms";
  EXPECT_EQ(code_of(call(&S3Service::put_object, in)), "NotImplemented");
  in.server_side_encryption = "ROT13";
  EXPECT_EQ(call(&S3Service::put_object, in).error().message, "The encryption method specified is not supported");
  aws::s3::CopyObjectRequest copy;
  copy.bucket = "bucket";
  copy.key = "k";
  copy.copy_source = "bucket/k";
  EXPECT_EQ(code_of(call(&S3Service::copy_object, copy)), "InvalidRequest");  // to itself, without a change
  copy.server_side_encryption = "AES256";
  EXPECT_EQ(call(&S3Service::copy_object, copy)->server_side_encryption, "AES256");
}

TEST_F(DefaultsTest, ContentEncodingIsTheObjects) {
  create_bucket();
  const auto stored = [&](const char* encoding) {
    auto in = put_request("k", "x");
    in.content_encoding = encoding;
    EXPECT_TRUE(call(&S3Service::put_object, in));
    return call(&S3Service::get_object, get_request("k"))->content_encoding.value_or("none");
  };
  EXPECT_EQ(stored("gzip"), "gzip");
  EXPECT_EQ(stored("aws-chunked"), "none");
  EXPECT_EQ(stored("aws-chunked, gzip"), "gzip");
  EXPECT_EQ(stored("gzip ,AWS-Chunked "), "gzip");
  EXPECT_EQ(stored("aws-chunked,gzip, br"), "gzip,br");
}

}  // namespace
}  // namespace engine::s3
