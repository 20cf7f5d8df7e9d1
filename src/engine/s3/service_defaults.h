// BucketDefaults: the part of S3 that reads what a bucket is set to, where nothing can be set: each read has the one
// answer that a new bucket of AWS has, which is a default, nothing at all, or an error that says "not set". Tools of
// infrastructure ask all of it when they look at a bucket. S3Service derives from it; safe from any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "aws/s3/s3.h"
#include "engine/s3/bucket_record.h"

namespace engine::s3 {

class BucketDefaults : public aws::s3::S3 {
 public:
  base::Result<aws::s3::GetBucketAbacOutput> get_bucket_abac(aws::Context& context,
                                                             aws::s3::GetBucketAbacRequest in) override;
  base::Result<aws::s3::GetBucketAccelerateConfigurationOutput> get_bucket_accelerate_configuration(
      aws::Context& context, aws::s3::GetBucketAccelerateConfigurationRequest in) override;
  base::Result<aws::s3::GetBucketAclOutput> get_bucket_acl(aws::Context& context,
                                                           aws::s3::GetBucketAclRequest in) override;
  base::Result<aws::s3::GetBucketAnalyticsConfigurationOutput> get_bucket_analytics_configuration(
      aws::Context& context, aws::s3::GetBucketAnalyticsConfigurationRequest in) override;
  base::Result<aws::s3::GetBucketCorsOutput> get_bucket_cors(aws::Context& context,
                                                             aws::s3::GetBucketCorsRequest in) override;
  base::Result<aws::s3::GetBucketEncryptionOutput> get_bucket_encryption(
      aws::Context& context, aws::s3::GetBucketEncryptionRequest in) override;
  base::Result<aws::s3::GetBucketIntelligentTieringConfigurationOutput> get_bucket_intelligent_tiering_configuration(
      aws::Context& context, aws::s3::GetBucketIntelligentTieringConfigurationRequest in) override;
  base::Result<aws::s3::GetBucketInventoryConfigurationOutput> get_bucket_inventory_configuration(
      aws::Context& context, aws::s3::GetBucketInventoryConfigurationRequest in) override;
  base::Result<aws::s3::GetBucketLifecycleConfigurationOutput> get_bucket_lifecycle_configuration(
      aws::Context& context, aws::s3::GetBucketLifecycleConfigurationRequest in) override;
  base::Result<aws::s3::GetBucketLoggingOutput> get_bucket_logging(aws::Context& context,
                                                                   aws::s3::GetBucketLoggingRequest in) override;
  base::Result<aws::s3::GetBucketMetadataConfigurationOutput> get_bucket_metadata_configuration(
      aws::Context& context, aws::s3::GetBucketMetadataConfigurationRequest in) override;
  base::Result<aws::s3::GetBucketMetadataTableConfigurationOutput> get_bucket_metadata_table_configuration(
      aws::Context& context, aws::s3::GetBucketMetadataTableConfigurationRequest in) override;
  base::Result<aws::s3::GetBucketMetricsConfigurationOutput> get_bucket_metrics_configuration(
      aws::Context& context, aws::s3::GetBucketMetricsConfigurationRequest in) override;
  base::Result<aws::s3::GetBucketOwnershipControlsOutput> get_bucket_ownership_controls(
      aws::Context& context, aws::s3::GetBucketOwnershipControlsRequest in) override;
  base::Result<aws::s3::GetBucketPolicyOutput> get_bucket_policy(aws::Context& context,
                                                                 aws::s3::GetBucketPolicyRequest in) override;
  base::Result<aws::s3::GetBucketPolicyStatusOutput> get_bucket_policy_status(
      aws::Context& context, aws::s3::GetBucketPolicyStatusRequest in) override;
  base::Result<aws::s3::GetBucketReplicationOutput> get_bucket_replication(
      aws::Context& context, aws::s3::GetBucketReplicationRequest in) override;
  base::Result<aws::s3::GetBucketRequestPaymentOutput> get_bucket_request_payment(
      aws::Context& context, aws::s3::GetBucketRequestPaymentRequest in) override;
  base::Result<aws::s3::GetBucketTaggingOutput> get_bucket_tagging(aws::Context& context,
                                                                   aws::s3::GetBucketTaggingRequest in) override;
  base::Result<aws::s3::GetBucketVersioningOutput> get_bucket_versioning(
      aws::Context& context, aws::s3::GetBucketVersioningRequest in) override;
  base::Result<aws::s3::GetBucketWebsiteOutput> get_bucket_website(aws::Context& context,
                                                                   aws::s3::GetBucketWebsiteRequest in) override;
  base::Result<aws::s3::GetObjectLockConfigurationOutput> get_object_lock_configuration(
      aws::Context& context, aws::s3::GetObjectLockConfigurationRequest in) override;
  base::Result<aws::s3::GetPublicAccessBlockOutput> get_public_access_block(
      aws::Context& context, aws::s3::GetPublicAccessBlockRequest in) override;
  base::Result<aws::s3::ListBucketAnalyticsConfigurationsOutput> list_bucket_analytics_configurations(
      aws::Context& context, aws::s3::ListBucketAnalyticsConfigurationsRequest in) override;
  base::Result<aws::s3::ListBucketIntelligentTieringConfigurationsOutput>
  list_bucket_intelligent_tiering_configurations(
      aws::Context& context, aws::s3::ListBucketIntelligentTieringConfigurationsRequest in) override;
  base::Result<aws::s3::ListBucketInventoryConfigurationsOutput> list_bucket_inventory_configurations(
      aws::Context& context, aws::s3::ListBucketInventoryConfigurationsRequest in) override;
  base::Result<aws::s3::ListBucketMetricsConfigurationsOutput> list_bucket_metrics_configurations(
      aws::Context& context, aws::s3::ListBucketMetricsConfigurationsRequest in) override;

 protected:
  // The bucket if it exists, is the caller's and in the caller's region. Takes the service's lock.
  virtual base::Result<std::shared_ptr<const BucketRecord>> require_bucket(
      const aws::Context& context, const std::optional<std::string>& name,
      const std::optional<std::string>& expected_owner) = 0;

 private:
  // The answer of a read whose subject is not set: what is wrong with the bucket, if something is, else `kind`.
  template <class In>
  std::unexpected<base::AwsError> unset(const aws::Context& context, const In& in, base::AwsError (*kind)(std::string),
                                        std::string message);
};

}  // namespace engine::s3
