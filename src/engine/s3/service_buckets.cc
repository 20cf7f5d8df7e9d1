// CreateBucket, DeleteBucket, HeadBucket, GetBucketLocation, ListBuckets.
#include <fmt/format.h>

#include <algorithm>

#include "aws/rules/bucket_name.h"
#include "aws/s3/errors.h"
#include "aws/validate.h"
#include "engine/s3/keys.h"
#include "engine/s3/limits.h"
#include "engine/s3/request_checks.h"
#include "engine/s3/service.h"

namespace engine::s3 {

namespace errors = aws::s3::errors;

namespace {

constexpr std::string_view kFirstRegion = "us-east-1";
constexpr std::string_view kOldIreland = "EU";  // what the constraint of eu-west-1 was called first

base::AwsError named(base::AwsError error, std::string_view bucket) {
  error.fields = {{"BucketName", std::string(bucket)}};
  return error;
}

// What the model lists: every region but us-east-1, and "EU".
bool is_constraint(std::string_view text) {
  const auto& values = aws::s3::CreateBucketConfiguration::desc().find("LocationConstraint")->type->enum_values;
  return std::ranges::find(values, text) != values.end();
}

bool is_region(std::string_view text) {
  return text == kFirstRegion || (is_constraint(text) && text != kOldIreland);
}

// Where the request wants the bucket: region and constraint of `bucket` (protocols.md 4.5 item 3).
base::Result<void> read_location(const aws::Context& context, const aws::s3::CreateBucketRequest& in,
                                 BucketRecord& bucket) {
  const auto& configuration = in.create_bucket_configuration;
  const std::string wanted = configuration ? configuration->location_constraint.value_or("") : "";
  bucket.region = wanted.empty() ? std::string(kFirstRegion) : wanted == kOldIreland ? "eu-west-1" : wanted;
  if (wanted == kOldIreland) bucket.constraint = wanted;
  // The endpoint of us-east-1 is the global one: it makes buckets anywhere.
  if (context.region != kFirstRegion) {
    if (!wanted.empty() && context.region == bucket.region) return {};
    return base::fail(errors::illegal_location_constraint_exception(
        fmt::format("The {} location constraint is incompatible for the region specific endpoint this request was "
                    "sent to.",
                    wanted.empty() ? "unspecified" : wanted)));
  }
  if (wanted.empty() || is_constraint(wanted)) return {};
  auto error = errors::invalid_location_constraint("The specified location-constraint is not valid");
  error.fields = {{"LocationConstraint", wanted}};
  return base::fail(std::move(error));
}

base::Result<void> check_create(const aws::s3::CreateBucketRequest& in) {
  if (!aws::rules::is_bucket_name(in.bucket.value_or("")))
    return base::fail(named(errors::invalid_bucket_name("The specified bucket is not valid."), in.bucket.value_or("")));
  if (in.acl && *in.acl != "private") {
    return base::fail(errors::invalid_bucket_acl_with_object_ownership(
        "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"));
  }
  const auto refuse = [](std::string_view header, std::string_view value) {
    return base::fail(aws::unsupported_parameter(aws::s3::kService, fmt::format("{}: {}", header, value)));
  };
  if (in.object_ownership && *in.object_ownership != "BucketOwnerEnforced")
    return refuse("x-amz-object-ownership", *in.object_ownership);
  if (in.object_lock_enabled_for_bucket.value_or(false)) return refuse("x-amz-bucket-object-lock-enabled", "true");
  if (in.bucket_namespace && *in.bucket_namespace != "global")
    return refuse("x-amz-bucket-namespace", *in.bucket_namespace);
  return {};
}

std::string location(const BucketRecord& bucket) {
  if (bucket.region == kFirstRegion) return fmt::format("/{}", bucket.name);
  return fmt::format("http://{}.s3.amazonaws.com/", bucket.name);
}

}  // namespace

base::Result<aws::s3::CreateBucketOutput> S3Service::create_bucket(aws::Context& context,
                                                                   aws::s3::CreateBucketRequest in) {
  TRY(check_create(in));
  if (context.region.empty()) context.region = kFirstRegion;  // a presigned URL of SigV2: for the global endpoint
  BucketRecord bucket;
  TRY(read_location(context, in, bucket));
  bucket.name = *in.bucket;
  bucket.account = context.account;
  bucket.created_at = whole_second(context.now);
  aws::s3::CreateBucketOutput out;
  out.location = location(bucket);
  out.bucket_arn = bucket.arn();

  const std::lock_guard lock(mutex_);
  if (const auto found = buckets_.find(bucket.name); found != buckets_.end()) {
    if (found->second->account != context.account) {
      return base::fail(named(errors::bucket_already_exists(
                                  "The requested bucket name is not available. The bucket namespace is shared by all "
                                  "users of the system. Please select a different name and try again."),
                              bucket.name));
    }
    if (bucket.region == kFirstRegion && found->second->region == kFirstRegion) return out;  // there it never hurts
    return base::fail(named(errors::bucket_already_owned_by_you("Your previous request to create the named bucket "
                                                                "succeeded and you already own it."),
                            bucket.name));
  }
  const auto owned =
      std::ranges::count_if(buckets_, [&](const auto& b) { return b.second->account == context.account; });
  if (static_cast<std::size_t>(owned) >= kBucketsPerAccountMax)
    return base::fail(errors::too_many_buckets("You have attempted to create more buckets than allowed"));
  bucket.id = chunks_->next_id();
  Change change;
  change.batch.put(keys::bucket(bucket.name), bucket.encode());
  commit(std::move(change));
  buckets_.emplace(bucket.name, std::make_shared<const BucketRecord>(bucket));
  return out;
}

base::Result<aws::s3::DeleteBucketResponse> S3Service::delete_bucket(aws::Context& context,
                                                                     aws::s3::DeleteBucketRequest in) {
  std::unique_lock lock(mutex_);
  TRY_ASSIGN(const BucketRef bucket, find_bucket(context, in.bucket, in.expected_bucket_owner));
  const std::string objects = keys::rows(keys::kObjectTable, bucket->id);
  if (store_.scan(objects, store::prefix_end(objects))->valid())
    return base::fail(named(errors::bucket_not_empty("The bucket you tried to delete is not empty"), bucket->name));
  Change change;
  const std::string completed = keys::rows(keys::kCompletedTable, bucket->id);
  change.batch.erase_range(completed, store::prefix_end(completed));
  change.batch.erase(keys::bucket(bucket->name));
  change.batch.put(keys::rows(keys::kOrphanBucketTable, bucket->id), {});
  commit(std::move(change));
  buckets_.erase(bucket->name);
  lock.unlock();
  erase_orphan_bucket(bucket->id);
  return {};
}

base::Result<aws::s3::HeadBucketOutput> S3Service::head_bucket(aws::Context& context, aws::s3::HeadBucketRequest in) {
  auto bucket = lock_and_find_bucket(context, in.bucket, in.expected_bucket_owner, Region::any);
  if (!bucket) {
    if (bucket.error().http_status == 404) return base::fail(errors::not_found("Not Found"));
    return base::fail(std::move(bucket.error()));
  }
  if (options_.check_region && !context.region.empty() && (*bucket)->region != context.region) {
    auto error = errors::permanent_redirect(
        "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all "
        "future requests to this endpoint.");
    error.fields = {{"x-amz-bucket-region", (*bucket)->region}};
    return base::fail(std::move(error));
  }
  aws::s3::HeadBucketOutput out;
  out.bucket_arn = (*bucket)->arn();
  out.bucket_region = (*bucket)->region;
  out.access_point_alias = false;
  out.content_type = "application/xml";
  return out;
}

base::Result<aws::s3::GetBucketLocationOutput> S3Service::get_bucket_location(aws::Context& context,
                                                                              aws::s3::GetBucketLocationRequest in) {
  TRY_ASSIGN(const BucketRef bucket, lock_and_find_bucket(context, in.bucket, in.expected_bucket_owner, Region::any));
  aws::s3::GetBucketLocationOutput out;
  if (bucket->region != kFirstRegion)
    out.location_constraint = bucket->constraint.empty() ? bucket->region : bucket->constraint;
  return out;
}

base::Result<aws::s3::ListBucketsOutput> S3Service::list_buckets(aws::Context& context,
                                                                 aws::s3::ListBucketsRequest in) {
  if (in.max_buckets && (*in.max_buckets < 1 || *in.max_buckets > kListBucketsMax)) {
    return base::fail(invalid_argument("Argument max-buckets must be an integer between 1 and 10000", "max-buckets",
                                       std::to_string(*in.max_buckets)));
  }
  if (in.bucket_region && !is_region(*in.bucket_region)) {
    return base::fail(invalid_argument(fmt::format("Argument value {} is not a valid AWS Region", *in.bucket_region),
                                       "bucket-region", *in.bucket_region));
  }
  std::string after;
  if (in.continuation_token && !in.continuation_token->empty()) {
    const auto token = base::base64_decode(*in.continuation_token);
    if (!token || !aws::rules::is_bucket_name(*token)) {
      return base::fail(invalid_argument("The continuation token provided is incorrect", "continuation-token",
                                         *in.continuation_token));
    }
    after = *token;
  }
  const auto limit = static_cast<std::size_t>(in.max_buckets.value_or(kListBucketsMax));
  const bool paged = in.max_buckets || in.continuation_token || in.prefix || in.bucket_region;
  aws::s3::ListBucketsOutput out;
  out.owner.emplace().id = canonical_id(context.account);
  out.prefix = in.prefix;
  auto& list = out.buckets.emplace();
  std::vector<BucketRef> behind;  // what is said of them needs no lock
  {
    const std::lock_guard lock(mutex_);
    for (auto at = buckets_.upper_bound(after); at != buckets_.end(); ++at) behind.push_back(at->second);
  }
  for (const BucketRef& each : behind) {
    const BucketRecord& bucket = *each;
    if (bucket.account != context.account || !bucket.name.starts_with(in.prefix.value_or(""))) continue;
    if (in.bucket_region && *in.bucket_region != bucket.region) continue;
    if (list.size() == limit) {
      out.continuation_token = base::base64_encode(*list.back().name);
      break;
    }
    auto& entry = list.emplace_back();
    entry.name = bucket.name;
    entry.creation_date = bucket.created_at;
    entry.bucket_arn = bucket.arn();
    if (paged) entry.bucket_region = bucket.region;
  }
  return out;
}

}  // namespace engine::s3
