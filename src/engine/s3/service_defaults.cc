// What every new bucket of AWS answers (S3 API reference and User Guide, "Default settings for new buckets"; today's:
// the owner's objects only, no public access, AES256, and since April 2026 keys of callers are blocked).
#include "engine/s3/service_defaults.h"

#include "aws/s3/errors.h"
#include "engine/s3/request_checks.h"

namespace engine::s3 {

namespace errors = aws::s3::errors;

template <class In>
std::unexpected<base::AwsError> BucketDefaults::unset(const aws::Context& context, const In& in,
                                                      base::AwsError (*kind)(std::string), std::string message) {
  const auto bucket = require_bucket(context, in.bucket, in.expected_bucket_owner);
  if (!bucket) return base::fail(bucket.error());
  base::AwsError error = kind(std::move(message));
  error.fields = {{"BucketName", (*bucket)->name}};
  return base::fail(std::move(error));
}

// --- Not set.

base::Result<aws::s3::GetBucketTaggingOutput> BucketDefaults::get_bucket_tagging(aws::Context& context,
                                                                                 aws::s3::GetBucketTaggingRequest in) {
  return unset(context, in, errors::no_such_tag_set, "The TagSet does not exist");
}

base::Result<aws::s3::GetBucketPolicyOutput> BucketDefaults::get_bucket_policy(aws::Context& context,
                                                                               aws::s3::GetBucketPolicyRequest in) {
  return unset(context, in, errors::no_such_bucket_policy, "The bucket policy does not exist");
}

base::Result<aws::s3::GetBucketPolicyStatusOutput> BucketDefaults::get_bucket_policy_status(
    aws::Context& context, aws::s3::GetBucketPolicyStatusRequest in) {
  return unset(context, in, errors::no_such_bucket_policy, "The bucket policy does not exist");
}

base::Result<aws::s3::GetBucketCorsOutput> BucketDefaults::get_bucket_cors(aws::Context& context,
                                                                           aws::s3::GetBucketCorsRequest in) {
  return unset(context, in, errors::no_such_cors_configuration, "The CORS configuration does not exist");
}

base::Result<aws::s3::GetBucketLifecycleConfigurationOutput> BucketDefaults::get_bucket_lifecycle_configuration(
    aws::Context& context, aws::s3::GetBucketLifecycleConfigurationRequest in) {
  return unset(context, in, errors::no_such_lifecycle_configuration, "The lifecycle configuration does not exist");
}

base::Result<aws::s3::GetBucketWebsiteOutput> BucketDefaults::get_bucket_website(aws::Context& context,
                                                                                 aws::s3::GetBucketWebsiteRequest in) {
  return unset(context, in, errors::no_such_website_configuration,
               "The specified bucket does not have a website configuration");
}

base::Result<aws::s3::GetBucketReplicationOutput> BucketDefaults::get_bucket_replication(
    aws::Context& context, aws::s3::GetBucketReplicationRequest in) {
  return unset(context, in, errors::replication_configuration_not_found_error,
               "The replication configuration was not found");
}

base::Result<aws::s3::GetObjectLockConfigurationOutput> BucketDefaults::get_object_lock_configuration(
    aws::Context& context, aws::s3::GetObjectLockConfigurationRequest in) {
  return unset(context, in, errors::object_lock_configuration_not_found_error,
               "Object Lock configuration does not exist for this bucket");
}

base::Result<aws::s3::GetBucketAnalyticsConfigurationOutput> BucketDefaults::get_bucket_analytics_configuration(
    aws::Context& context, aws::s3::GetBucketAnalyticsConfigurationRequest in) {
  return unset(context, in, errors::no_such_configuration, "The specified configuration does not exist.");
}

base::Result<aws::s3::GetBucketMetadataConfigurationOutput> BucketDefaults::get_bucket_metadata_configuration(
    aws::Context& context, aws::s3::GetBucketMetadataConfigurationRequest in) {
  return unset(context, in, errors::metadata_configuration_not_found, "The metadata configuration was not found");
}

// AWS keeps this read for accounts that used it before its successor came.
base::Result<aws::s3::GetBucketMetadataTableConfigurationOutput>
BucketDefaults::get_bucket_metadata_table_configuration(aws::Context& context,
                                                        aws::s3::GetBucketMetadataTableConfigurationRequest in) {
  TRY(require_bucket(context, in.bucket, in.expected_bucket_owner));
  auto error = errors::v1_ap_is_not_allowed(
      "The V1 GetBucketMetadataTableConfiguration API operation isn't available for this account. Use the "
      "corresponding V2 GetBucketMetadataConfiguration API operation instead.");
  error.fields = {{"Method", "GET"}};
  return base::fail(std::move(error));
}

base::Result<aws::s3::GetBucketMetricsConfigurationOutput> BucketDefaults::get_bucket_metrics_configuration(
    aws::Context& context, aws::s3::GetBucketMetricsConfigurationRequest in) {
  return unset(context, in, errors::no_such_configuration, "The specified configuration does not exist.");
}

base::Result<aws::s3::GetBucketInventoryConfigurationOutput> BucketDefaults::get_bucket_inventory_configuration(
    aws::Context& context, aws::s3::GetBucketInventoryConfigurationRequest in) {
  return unset(context, in, errors::no_such_configuration, "The specified configuration does not exist.");
}

base::Result<aws::s3::GetBucketIntelligentTieringConfigurationOutput>
BucketDefaults::get_bucket_intelligent_tiering_configuration(
    aws::Context& context, aws::s3::GetBucketIntelligentTieringConfigurationRequest in) {
  return unset(context, in, errors::no_such_configuration, "The specified configuration does not exist.");
}

// --- Set, but to nothing.

base::Result<aws::s3::GetBucketVersioningOutput> BucketDefaults::get_bucket_versioning(
    aws::Context& context, aws::s3::GetBucketVersioningRequest in) {
  TRY(require_bucket(context, in.bucket, in.expected_bucket_owner));
  return aws::s3::GetBucketVersioningOutput();
}

base::Result<aws::s3::GetBucketLoggingOutput> BucketDefaults::get_bucket_logging(aws::Context& context,
                                                                                 aws::s3::GetBucketLoggingRequest in) {
  TRY(require_bucket(context, in.bucket, in.expected_bucket_owner));
  return aws::s3::GetBucketLoggingOutput();
}

base::Result<aws::s3::GetBucketAccelerateConfigurationOutput> BucketDefaults::get_bucket_accelerate_configuration(
    aws::Context& context, aws::s3::GetBucketAccelerateConfigurationRequest in) {
  TRY(require_bucket(context, in.bucket, in.expected_bucket_owner));
  return aws::s3::GetBucketAccelerateConfigurationOutput();
}

base::Result<aws::s3::ListBucketAnalyticsConfigurationsOutput> BucketDefaults::list_bucket_analytics_configurations(
    aws::Context& context, aws::s3::ListBucketAnalyticsConfigurationsRequest in) {
  TRY(require_bucket(context, in.bucket, in.expected_bucket_owner));
  aws::s3::ListBucketAnalyticsConfigurationsOutput out;
  out.is_truncated = false;
  return out;
}

base::Result<aws::s3::ListBucketMetricsConfigurationsOutput> BucketDefaults::list_bucket_metrics_configurations(
    aws::Context& context, aws::s3::ListBucketMetricsConfigurationsRequest in) {
  TRY(require_bucket(context, in.bucket, in.expected_bucket_owner));
  aws::s3::ListBucketMetricsConfigurationsOutput out;
  out.is_truncated = false;
  return out;
}

base::Result<aws::s3::ListBucketInventoryConfigurationsOutput> BucketDefaults::list_bucket_inventory_configurations(
    aws::Context& context, aws::s3::ListBucketInventoryConfigurationsRequest in) {
  TRY(require_bucket(context, in.bucket, in.expected_bucket_owner));
  aws::s3::ListBucketInventoryConfigurationsOutput out;
  out.is_truncated = false;
  return out;
}

base::Result<aws::s3::ListBucketIntelligentTieringConfigurationsOutput>
BucketDefaults::list_bucket_intelligent_tiering_configurations(
    aws::Context& context, aws::s3::ListBucketIntelligentTieringConfigurationsRequest in) {
  TRY(require_bucket(context, in.bucket, in.expected_bucket_owner));
  aws::s3::ListBucketIntelligentTieringConfigurationsOutput out;
  out.is_truncated = false;
  return out;
}

// --- Defaults.

base::Result<aws::s3::GetBucketAbacOutput> BucketDefaults::get_bucket_abac(aws::Context& context,
                                                                           aws::s3::GetBucketAbacRequest in) {
  TRY(require_bucket(context, in.bucket, in.expected_bucket_owner));
  aws::s3::GetBucketAbacOutput out;
  out.abac_status.emplace().status = "Disabled";
  return out;
}

base::Result<aws::s3::GetBucketAclOutput> BucketDefaults::get_bucket_acl(aws::Context& context,
                                                                         aws::s3::GetBucketAclRequest in) {
  TRY_ASSIGN(const auto bucket, require_bucket(context, in.bucket, in.expected_bucket_owner));
  aws::s3::GetBucketAclOutput out;
  out.owner.emplace().id = canonical_id(bucket->account);
  out.grants = owner_grants(bucket->account);
  return out;
}

base::Result<aws::s3::GetBucketEncryptionOutput> BucketDefaults::get_bucket_encryption(
    aws::Context& context, aws::s3::GetBucketEncryptionRequest in) {
  TRY(require_bucket(context, in.bucket, in.expected_bucket_owner));
  aws::s3::GetBucketEncryptionOutput out;
  auto& rule = out.server_side_encryption_configuration.emplace().rules.emplace().emplace_back();
  rule.apply_server_side_encryption_by_default.emplace().sse_algorithm = kEncryption;
  rule.bucket_key_enabled = false;
  rule.blocked_encryption_types.emplace().encryption_type.emplace().emplace_back("SSE-C");
  return out;
}

base::Result<aws::s3::GetBucketOwnershipControlsOutput> BucketDefaults::get_bucket_ownership_controls(
    aws::Context& context, aws::s3::GetBucketOwnershipControlsRequest in) {
  TRY(require_bucket(context, in.bucket, in.expected_bucket_owner));
  aws::s3::GetBucketOwnershipControlsOutput out;
  out.ownership_controls.emplace().rules.emplace().emplace_back().object_ownership = "BucketOwnerEnforced";
  return out;
}

base::Result<aws::s3::GetBucketRequestPaymentOutput> BucketDefaults::get_bucket_request_payment(
    aws::Context& context, aws::s3::GetBucketRequestPaymentRequest in) {
  TRY(require_bucket(context, in.bucket, in.expected_bucket_owner));
  aws::s3::GetBucketRequestPaymentOutput out;
  out.payer = "BucketOwner";
  return out;
}

base::Result<aws::s3::GetPublicAccessBlockOutput> BucketDefaults::get_public_access_block(
    aws::Context& context, aws::s3::GetPublicAccessBlockRequest in) {
  TRY(require_bucket(context, in.bucket, in.expected_bucket_owner));
  aws::s3::GetPublicAccessBlockOutput out;
  auto& block = out.public_access_block_configuration.emplace();
  block.block_public_acls = block.ignore_public_acls = true;
  block.block_public_policy = block.restrict_public_buckets = true;
  return out;
}

}  // namespace engine::s3
