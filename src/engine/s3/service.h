// S3Service: Amazon S3 over a KvStore: buckets, objects, multipart uploads, lists and event notifications. Owned by the
// engine; safe from any thread.
//
// One mutex orders all changes: under it an operation reads the records it depends on and writes one batch. Digests,
// and the writing of long bodies (ahead of the record that refers to them, see ChunkStore), happen without it, and so
// does the reading of bodies, which a pin keeps alive, and of the many parts of an upload. Buckets are held in memory;
// objects only in the store.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aws/lambda/lambda.h"
#include "aws/s3/s3.h"
#include "aws/sns/sns.h"
#include "aws/sqs/sqs.h"
#include "base/env.h"
#include "engine/outbox.h"
#include "engine/s3/bucket_record.h"
#include "engine/s3/chunk_store.h"
#include "engine/s3/incoming_body.h"
#include "engine/s3/object_record.h"
#include "engine/s3/service_defaults.h"
#include "store/kv_store.h"

namespace engine {
class ServiceMetrics;
}

namespace engine::s3 {

struct S3Options {
  // Refuse calls signed for another region than the bucket's, and say which is right, as AWS does.
  bool check_region = true;
  // Whether the policies of a calling role let it do `action` ("s3:GetObject") on `resource_arn`. Asked only for what
  // the server does not check: to read the source of a copy, to delete each key of DeleteObjects, to read an object
  // whose attributes are asked for, and to learn that a key does not exist ("s3:ListBucket"). Without this function a
  // role may do the last but not the others.
  std::function<bool(const aws::Context& context, std::string_view action, const std::string& resource_arn)> role_may;
  // Where AWS/S3 goes; null: nowhere. Outlives the service.
  ServiceMetrics* metrics = nullptr;
};

class S3Service final : public BucketDefaults {
 public:
  // Loads the buckets from `store` and clears what an earlier process left behind. Everything referred to outlives the
  // service. Notifications go out through the other three services in the name of s3.amazonaws.com.
  S3Service(store::KvStore& store, base::Env& env, aws::lambda::Lambda& lambda, aws::sqs::Sqs& sqs, aws::sns::Sns& sns,
            S3Options options = {});
  ~S3Service() override;  // stop()
  S3Service(const S3Service&) = delete;
  S3Service& operator=(const S3Service&) = delete;

  void start();  // begins to deliver notifications
  void stop();   // ends that; what is left is delivered after the next start
  // Adds the size of every bucket to the metrics at its first call, and once on each later day (UTC). To be called each
  // minute, by one thread.
  void sample_metrics(base::Timestamp now);
  // For the server: where the bodies of PutObject and UploadPart may go while they arrive.
  [[nodiscard]] aws::BodySpool& body_spool() { return spool_; }

  // service_buckets.cc
  base::Result<aws::s3::CreateBucketOutput> create_bucket(aws::Context& context,
                                                          aws::s3::CreateBucketRequest in) override;
  base::Result<aws::s3::DeleteBucketResponse> delete_bucket(aws::Context& context,
                                                            aws::s3::DeleteBucketRequest in) override;
  base::Result<aws::s3::HeadBucketOutput> head_bucket(aws::Context& context, aws::s3::HeadBucketRequest in) override;
  base::Result<aws::s3::GetBucketLocationOutput> get_bucket_location(aws::Context& context,
                                                                     aws::s3::GetBucketLocationRequest in) override;
  base::Result<aws::s3::ListBucketsOutput> list_buckets(aws::Context& context, aws::s3::ListBucketsRequest in) override;
  // service_objects.cc
  base::Result<aws::s3::PutObjectOutput> put_object(aws::Context& context, aws::s3::PutObjectRequest in) override;
  base::Result<aws::s3::GetObjectOutput> get_object(aws::Context& context, aws::s3::GetObjectRequest in) override;
  base::Result<aws::s3::HeadObjectOutput> head_object(aws::Context& context, aws::s3::HeadObjectRequest in) override;
  base::Result<aws::s3::DeleteObjectOutput> delete_object(aws::Context& context,
                                                          aws::s3::DeleteObjectRequest in) override;
  base::Result<aws::s3::DeleteObjectsOutput> delete_objects(aws::Context& context,
                                                            aws::s3::DeleteObjectsRequest in) override;
  // service_attributes.cc
  base::Result<aws::s3::GetObjectAttributesOutput> get_object_attributes(
      aws::Context& context, aws::s3::GetObjectAttributesRequest in) override;
  base::Result<aws::s3::GetObjectAclOutput> get_object_acl(aws::Context& context,
                                                           aws::s3::GetObjectAclRequest in) override;
  base::Result<aws::s3::GetObjectTaggingOutput> get_object_tagging(aws::Context& context,
                                                                   aws::s3::GetObjectTaggingRequest in) override;
  base::Result<aws::s3::GetObjectTorrentOutput> get_object_torrent(aws::Context& context,
                                                                   aws::s3::GetObjectTorrentRequest in) override;
  base::Result<aws::s3::GetObjectRetentionOutput> get_object_retention(aws::Context& context,
                                                                       aws::s3::GetObjectRetentionRequest in) override;
  base::Result<aws::s3::GetObjectLegalHoldOutput> get_object_legal_hold(aws::Context& context,
                                                                        aws::s3::GetObjectLegalHoldRequest in) override;
  // service_copy.cc
  base::Result<aws::s3::CopyObjectOutput> copy_object(aws::Context& context, aws::s3::CopyObjectRequest in) override;
  base::Result<aws::s3::UploadPartCopyOutput> upload_part_copy(aws::Context& context,
                                                               aws::s3::UploadPartCopyRequest in) override;
  // service_lists.cc
  base::Result<aws::s3::ListObjectsOutput> list_objects(aws::Context& context, aws::s3::ListObjectsRequest in) override;
  base::Result<aws::s3::ListObjectsV2Output> list_objects_v2(aws::Context& context,
                                                             aws::s3::ListObjectsV2Request in) override;
  base::Result<aws::s3::ListObjectVersionsOutput> list_object_versions(aws::Context& context,
                                                                       aws::s3::ListObjectVersionsRequest in) override;
  base::Result<aws::s3::ListMultipartUploadsOutput> list_multipart_uploads(
      aws::Context& context, aws::s3::ListMultipartUploadsRequest in) override;
  base::Result<aws::s3::ListPartsOutput> list_parts(aws::Context& context, aws::s3::ListPartsRequest in) override;
  // service_multipart.cc
  base::Result<aws::s3::CreateMultipartUploadOutput> create_multipart_upload(
      aws::Context& context, aws::s3::CreateMultipartUploadRequest in) override;
  base::Result<aws::s3::UploadPartOutput> upload_part(aws::Context& context, aws::s3::UploadPartRequest in) override;
  base::Result<aws::s3::CompleteMultipartUploadOutput> complete_multipart_upload(
      aws::Context& context, aws::s3::CompleteMultipartUploadRequest in) override;
  base::Result<aws::s3::AbortMultipartUploadOutput> abort_multipart_upload(
      aws::Context& context, aws::s3::AbortMultipartUploadRequest in) override;
  // service_notifications.cc
  base::Result<aws::s3::NotificationConfiguration> get_bucket_notification_configuration(
      aws::Context& context, aws::s3::GetBucketNotificationConfigurationRequest in) override;
  base::Result<aws::s3::PutBucketNotificationConfigurationResponse> put_bucket_notification_configuration(
      aws::Context& context, aws::s3::PutBucketNotificationConfigurationRequest in) override;

 private:
  using BucketRef = std::shared_ptr<const BucketRecord>;
  // What one operation changes. Nothing happens before commit().
  struct Change {
    store::WriteBatch batch;
    std::vector<Segments> dropped;
    std::vector<Segments> orphans;  // dropped too, but so long that this waits until the lock is free again
    std::vector<Outbox::Ticket> notifications;
  };
  // To be made before the lock is taken: erases the orphans of what is committed in between when both are gone.
  struct Sweep {
    S3Service& service;
    ~Sweep() { service.erase_orphan_bodies(); }
  };
  // An object as a reader sees it; the pin keeps its bytes.
  struct Opened {
    ObjectRecord object;
    std::shared_ptr<void> pin;
  };
  enum class Region { checked, any };
  // That somebody reads the parts of an upload without the lock, and whether one has changed since.
  struct PartWatch {
    uint64_t upload;
    bool changed = false;
  };

  // service.cc. The bucket if it exists, is the caller's and in the caller's region. REQUIRES: mutex_ is held.
  base::Result<BucketRef> find_bucket(const aws::Context& context, const std::optional<std::string>& name,
                                      const std::optional<std::string>& expected_owner,
                                      Region region = Region::checked);
  base::Result<BucketRef> lock_and_find_bucket(const aws::Context& context, const std::optional<std::string>& name,
                                               const std::optional<std::string>& expected_owner,
                                               Region region = Region::checked);
  base::Result<BucketRef> require_bucket(const aws::Context& context, const std::optional<std::string>& name,
                                         const std::optional<std::string>& expected_owner) override {
    return lock_and_find_bucket(context, name, expected_owner);
  }
  std::optional<ObjectRecord> load_object(const BucketRecord& bucket, std::string_view key);
  std::optional<UploadRecord> load_upload(const BucketRecord& bucket, std::string_view key, std::string_view upload_id);
  base::Result<Opened> open_object(const aws::Context& context, const std::optional<std::string>& bucket,
                                   const std::optional<std::string>& key,
                                   const std::optional<std::string>& expected_owner,
                                   const std::optional<std::string>& version_id, Region region = Region::checked);
  // Makes `object` what `key` holds, and raises `event`. REQUIRES: mutex_ is held.
  void replace_object(const aws::Context& context, const BucketRecord& bucket, std::string_view key,
                      const ObjectRecord& object, const std::optional<ObjectRecord>& current, std::string_view event,
                      Change& change);
  void erase_object(const aws::Context& context, const BucketRecord& bucket, std::string_view key,
                    const ObjectRecord& current, Change& change);
  static void drop_body(const ObjectRecord& object, Change& change);
  // Raises the event of a removal.
  void notify_removal(const aws::Context& context, const BucketRecord& bucket, std::string_view key, Change& change);
  // service_objects.cc. A slice of DeleteObjects.
  base::Result<void> delete_some(const aws::Context& context, const aws::s3::DeleteObjectsRequest& in,
                                 std::span<const aws::s3::ObjectIdentifier> objects,
                                 const std::set<std::string>& denied, std::set<std::string_view>& seen,
                                 aws::s3::DeleteObjectsOutput& out);
  // Of the keys, those that the caller's policies do not let it delete.
  [[nodiscard]] std::set<std::string> keys_not_to_delete(const aws::Context& context, const std::string& bucket,
                                                         const std::vector<aws::s3::ObjectIdentifier>& objects) const;
  void commit(Change change);
  // service_orphans.cc. Erase what lies under an upload or a bucket that is gone, in steps. Called without the lock:
  // with their record went whoever could change it. The last two: orphan_bodies_, and what an earlier process has left.
  void erase_orphan_upload(uint64_t number);
  void erase_orphan_bucket(uint64_t bucket_id);
  void erase_orphan_bodies();
  void erase_orphans();
  void sample_bucket(const BucketRecord& bucket, base::Timestamp now);  // service_sampling.cc

  // service_copy.cc. `In` is one of the two requests that name a source; whether the caller may read it is checked.
  template <class In>
  base::Result<Opened> open_source(const aws::Context& context, const In& in);

  // service_multipart.cc
  // Where a part goes: an upload that is open.
  struct PartPlace {
    std::optional<std::string> bucket, key, expected_bucket_owner;
    std::string upload_id;
    int32_t part_number;
  };
  base::Result<UploadRecord> lock_and_find_upload(const aws::Context& context, const PartPlace& place);
  // Makes what `body` holds the part, if the upload is open still. REQUIRES: `body` is flushed.
  base::Result<void> put_part(const aws::Context& context, const PartPlace& place, PartRecord part,
                              ChunkStore::Writer& body);
  // nullopt: a part has changed meanwhile, so that it has to be tried again.
  base::Result<std::optional<aws::s3::CompleteMultipartUploadOutput>> try_to_complete(
      const aws::Context& context, const aws::s3::CompleteMultipartUploadRequest& in);
  // Needs no lock.
  base::Result<ObjectRecord> assemble(const UploadRecord& upload, const aws::s3::CompleteMultipartUploadRequest& in,
                                      Change& change);
  void remember_completed(const aws::Context& context, const BucketRecord& bucket, std::string_view key,
                          const ObjectRecord& object, Change& change);

  // service_notifications.cc
  void notify(const aws::Context& context, const BucketRecord& bucket, const ObjectEvent& event, Change& change);
  base::Result<void> check_destinations(const aws::Context& context, const BucketRecord& bucket,
                                        const NotificationRules& rules);
  base::Result<void> send(NotificationRule::Target target, const std::string& arn, const BucketRecord& bucket,
                          const std::string& document, const std::string& trace_header);
  std::optional<base::Timestamp> deliver(const Outbox::Entry& entry);

  store::KvStore& store_;
  base::Env& env_;
  aws::lambda::Lambda& lambda_;
  aws::sqs::Sqs& sqs_;
  aws::sns::Sns& sns_;
  const S3Options options_;
  const std::shared_ptr<ChunkStore> chunks_;
  ChunkSpool spool_{chunks_};
  std::mutex mutex_;  // guards the next three, and orders all changes of objects and uploads
  std::map<std::string, BucketRef, std::less<>> buckets_;
  std::list<PartWatch> part_watches_;
  std::vector<Segments> orphan_bodies_;
  std::optional<std::chrono::sys_days> sampled_day_;  // of sample_metrics() alone
  Outbox outbox_;
};

}  // namespace engine::s3
