#include "engine/s3/service.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "aws/s3/errors.h"
#include "engine/s3/keys.h"
#include "engine/s3/limits.h"
#include "engine/s3/request_checks.h"

namespace engine::s3 {

namespace errors = aws::s3::errors;

namespace {

bool is_account(std::string_view text) {
  return text.size() == 12 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

base::Result<void> check_owner(const aws::Context& context, const BucketRecord& bucket,
                               const std::optional<std::string>& expected_owner) {
  if (expected_owner && !is_account(*expected_owner)) {
    return base::fail(errors::invalid_bucket_owner_aws_account_id(fmt::format(
        "The value of the expected bucket owner parameter must be an AWS Account ID... [{}]", *expected_owner)));
  }
  if (bucket.account != context.account || (expected_owner && *expected_owner != bucket.account))
    return base::fail(errors::access_denied("Access Denied"));
  return {};
}

base::AwsError wrong_region(const aws::Context& context, const BucketRecord& bucket) {
  auto error = errors::authorization_header_malformed(
      fmt::format("The authorization header is malformed; the region '{}' is wrong; expecting '{}'", context.region,
                  bucket.region));
  error.fields = {{"Region", bucket.region}, {"x-amz-bucket-region", bucket.region}};
  return error;
}

}  // namespace

S3Service::S3Service(store::KvStore& store, base::Env& env, aws::lambda::Lambda& lambda, aws::sqs::Sqs& sqs,
                     aws::sns::Sns& sns, S3Options options)
    : store_(store),
      env_(env),
      lambda_(lambda),
      sqs_(sqs),
      sns_(sns),
      options_(std::move(options)),
      chunks_(std::make_shared<ChunkStore>(store)),
      outbox_(store, env, std::string(keys::kOutboxTable), kDeliveriesAtOnce,
              [this](const Outbox::Entry& entry) { return deliver(entry); }) {
  const std::string begin = store::KeyWriter(keys::kBucketTable).take();
  for (auto cursor = store_.scan(begin, store::prefix_end(begin)); cursor->valid(); cursor->next()) {
    auto bucket = std::make_shared<const BucketRecord>(read_row<BucketRecord>(cursor->value()));
    buckets_.emplace(bucket->name, bucket);
  }
  erase_orphans();
}

S3Service::~S3Service() {
  stop();
}

void S3Service::start() {
  outbox_.start();
}
void S3Service::stop() {
  outbox_.stop();
}

base::Result<S3Service::BucketRef> S3Service::find_bucket(const aws::Context& context,
                                                          const std::optional<std::string>& name,
                                                          const std::optional<std::string>& expected_owner,
                                                          Region region) {
  const auto found = buckets_.find(name.value_or(""));
  if (found == buckets_.end()) return base::fail(no_such_bucket(name.value_or("")));
  const BucketRecord& bucket = *found->second;
  TRY(check_owner(context, bucket, expected_owner));
  // A presigned URL of SigV2 names no region.
  if (options_.check_region && region == Region::checked && !context.region.empty() && bucket.region != context.region)
    return base::fail(wrong_region(context, bucket));
  return found->second;
}

base::Result<S3Service::BucketRef> S3Service::lock_and_find_bucket(const aws::Context& context,
                                                                   const std::optional<std::string>& name,
                                                                   const std::optional<std::string>& expected_owner,
                                                                   Region region) {
  const std::lock_guard lock(mutex_);
  return find_bucket(context, name, expected_owner, region);
}

std::optional<ObjectRecord> S3Service::load_object(const BucketRecord& bucket, std::string_view key) {
  const auto bytes = store_.get(keys::object(bucket.id, key));
  return bytes ? std::optional(read_row<ObjectRecord>(*bytes)) : std::nullopt;
}

std::optional<UploadRecord> S3Service::load_upload(const BucketRecord& bucket, std::string_view key,
                                                   std::string_view upload_id) {
  const auto bytes = store_.get(keys::upload(bucket.id, key, upload_id));
  return bytes ? std::optional(read_row<UploadRecord>(*bytes)) : std::nullopt;
}

base::Result<S3Service::Opened> S3Service::open_object(const aws::Context& context,
                                                       const std::optional<std::string>& bucket,
                                                       const std::optional<std::string>& key,
                                                       const std::optional<std::string>& expected_owner,
                                                       const std::optional<std::string>& version_id, Region region) {
  TRY(check_key(key));
  TRY(check_version(version_id, key));
  std::unique_lock lock(mutex_);
  TRY_ASSIGN(const BucketRef found, find_bucket(context, bucket, expected_owner, region));
  std::optional<ObjectRecord> object = load_object(*found, *key);
  if (!object) {
    lock.unlock();  // IAM is another service
    const bool may_know = context.principal.kind != aws::Principal::Kind::role || !options_.role_may ||
                          options_.role_may(context, "s3:ListBucket", found->arn());
    return base::fail(may_know ? no_such_key(*key) : errors::access_denied("Access Denied"));
  }
  std::shared_ptr<void> pin = chunks_->pin(object->segments);
  return Opened{std::move(*object), std::move(pin)};
}

void S3Service::replace_object(const aws::Context& context, const BucketRecord& bucket, std::string_view key,
                               const ObjectRecord& object, const std::optional<ObjectRecord>& current,
                               std::string_view event, Change& change) {
  change.batch.put(keys::object(bucket.id, key), object.encode());
  if (current) drop_body(*current, change);
  notify(context, bucket, {event, key, object.size, object.etag, chunks_->next_id()}, change);
}

void S3Service::erase_object(const aws::Context& context, const BucketRecord& bucket, std::string_view key,
                             const ObjectRecord& current, Change& change) {
  change.batch.erase(keys::object(bucket.id, key));
  drop_body(current, change);
  notify_removal(context, bucket, key, change);
}

void S3Service::drop_body(const ObjectRecord& object, Change& change) {
  if (object.segments.size() <= kDroppedAtOnce) return change.dropped.push_back(object.segments);
  ObjectRecord body;
  body.segments = object.segments;
  body.size = object.size;
  change.batch.put(keys::rows(keys::kOrphanBodyTable, body.segments.front().chunk_set), body.encode());
  change.orphans.push_back(std::move(body.segments));
}

void S3Service::notify_removal(const aws::Context& context, const BucketRecord& bucket, std::string_view key,
                               Change& change) {
  notify(context, bucket, {"ObjectRemoved:Delete", key, std::nullopt, std::nullopt, chunks_->next_id()}, change);
}

void S3Service::commit(Change change) {
  chunks_->write_and_drop(std::move(change.batch), change.dropped);
  std::ranges::move(change.orphans, std::back_inserter(orphan_bodies_));
  for (const Outbox::Ticket& ticket : change.notifications) outbox_.release(ticket);
}

}  // namespace engine::s3
