// PutObject, GetObject, HeadObject, DeleteObject, DeleteObjects.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <span>

#include "aws/auth/authorizer.h"
#include "aws/s3/errors.h"
#include "engine/s3/conditions.h"
#include "engine/s3/incoming_body.h"
#include "engine/s3/limits.h"
#include "engine/s3/object_body.h"
#include "engine/s3/request_checks.h"
#include "engine/s3/service.h"

namespace engine::s3 {

namespace errors = aws::s3::errors;

namespace {

constexpr std::string_view kDeleteAction = "s3:DeleteObject";

std::string object_arn(std::string_view bucket, std::string_view key) {
  return fmt::format("arn:aws:s3:::{}/{}", bucket, key);
}

// Which bytes a GET or HEAD is about; `partial` makes the answer a 206.
struct Wanted {
  ByteRange range;
  bool partial = false;
};

template <class In>
base::Result<Wanted> wanted_bytes(const In& in, const ObjectRecord& object) {
  Wanted out{{0, object.size}, false};
  if (in.part_number) {
    if (in.range) {
      return base::fail(errors::invalid_request("Cannot specify both Range header and partNumber query parameter"));
    }
    TRY_ASSIGN(out.range, range_of_part(object, *in.part_number));
    out.partial = out.range.end > out.range.begin;
  } else if (in.range) {
    TRY_ASSIGN(const std::optional<ByteRange> range, parse_range(*in.range, object.size));
    if (range) out = {*range, true};
  }
  return out;
}

// The headers that GET and HEAD have in common. A checksum is that of the whole or of one part of a multipart upload,
// so ranges come without.
template <class In, class Out>
base::Result<Wanted> describe(const In& in, const ObjectRecord& object, base::Timestamp now, Out& out) {
  TRY(check_read({in.if_match, in.if_none_match, in.if_modified_since, in.if_unmodified_since}, object, now, false));
  TRY_ASSIGN(const Wanted wanted, wanted_bytes(in, object));
  const ObjectHeaders& headers = object.headers;
  const auto either = [](const std::optional<std::string>& asked, const std::optional<std::string>& kept) {
    return asked ? asked : kept;
  };
  out.accept_ranges = "bytes";
  out.server_side_encryption = kEncryption;
  out.last_modified = object.modified_at;
  out.etag = object.quoted_etag();
  out.content_length = static_cast<int64_t>(wanted.range.end - wanted.range.begin);
  out.content_type = in.response_content_type       ? *in.response_content_type
                     : headers.content_type.empty() ? "binary/octet-stream"
                                                    : headers.content_type;
  out.cache_control = either(in.response_cache_control, headers.cache_control);
  out.content_disposition = either(in.response_content_disposition, headers.content_disposition);
  out.content_encoding = either(in.response_content_encoding, headers.content_encoding);
  out.content_language = either(in.response_content_language, headers.content_language);
  out.expires = in.response_expires ? in.response_expires : headers.expires;
  if (!headers.metadata.empty()) out.metadata = headers.metadata;
  if (wanted.partial)
    out.content_range = fmt::format("bytes {}-{}/{}", wanted.range.begin, wanted.range.end - 1, object.size);
  if (in.part_number && object.is_multipart()) out.parts_count = static_cast<int32_t>(object.segments.size());
  if (in.checksum_mode != "ENABLED" || in.range) return wanted;
  if (!in.part_number) {
    show_checksum(object.checksum, out);
  } else if (const auto checksum = object.part_checksum(static_cast<std::size_t>(*in.part_number) - 1)) {
    show_checksum(*checksum, out);
  }
  return wanted;
}

aws::s3::Error delete_error(const aws::s3::ObjectIdentifier& id, const base::AwsError& error) {
  return {.key = id.key, .version_id = id.version_id, .code = error.code, .message = error.message};
}

}  // namespace

base::Result<aws::s3::PutObjectOutput> S3Service::put_object(aws::Context& context, aws::s3::PutObjectRequest in) {
  TRY(check_key(in.key));
  TRY(check_acl(in.acl));
  TRY(check_storage_class(in.storage_class));
  TRY(check_encryption(in.server_side_encryption));
  TRY(lock_and_find_bucket(context, in.bucket, in.expected_bucket_owner));  // before the work of a long body
  ObjectRecord object;
  TRY_ASSIGN(object.headers, read_headers(in));
  IncomingBody body(*chunks_, context, in.body);
  TRY_ASSIGN(const Digests digests, body.digest(in, ChecksumAlgorithm::crc64nvme));
  object.etag = base::hex_encode(digests.md5);
  object.checksum = digests.checksum;
  object.modified_at = whole_second(context.now);
  ChunkStore::Writer& written = body.flushed();
  object.segments = {written.segment()};
  object.size = written.segment().size;

  {
    const Sweep sweep{*this};
    const std::lock_guard lock(mutex_);
    TRY_ASSIGN(const BucketRef bucket, find_bucket(context, in.bucket, in.expected_bucket_owner));
    const std::optional<ObjectRecord> current = load_object(*bucket, *in.key);
    TRY(check_write(in.if_match, in.if_none_match, current, *in.key));
    Change change;
    written.finish(change.batch);
    replace_object(context, *bucket, *in.key, object, current, "ObjectCreated:Put", change);
    commit(std::move(change));
  }
  aws::s3::PutObjectOutput out;
  out.etag = object.quoted_etag();
  out.server_side_encryption = kEncryption;
  show_checksum(object.checksum, out);
  return out;
}

base::Result<aws::s3::GetObjectOutput> S3Service::get_object(aws::Context& context, aws::s3::GetObjectRequest in) {
  TRY_ASSIGN(Opened opened, open_object(context, in.bucket, in.key, in.expected_bucket_owner, in.version_id));
  aws::s3::GetObjectOutput out;
  TRY_ASSIGN(const Wanted wanted, describe(in, opened.object, context.now, out));
  out.body.emplace(object_body(chunks_, std::move(opened.pin), std::move(opened.object.segments), wanted.range.begin,
                               wanted.range.end));
  // A small one is not worth a worker's turn of its own.
  if (out.body->size() <= kStreamedBytesMin) out.body.emplace(out.body->take());
  return out;
}

base::Result<aws::s3::HeadObjectOutput> S3Service::head_object(aws::Context& context, aws::s3::HeadObjectRequest in) {
  auto opened = open_object(context, in.bucket, in.key, in.expected_bucket_owner, in.version_id);
  if (!opened) {
    if (opened.error().http_status == 404) return base::fail(errors::not_found("Not Found"));
    return base::fail(std::move(opened.error()));
  }
  aws::s3::HeadObjectOutput out;
  TRY(describe(in, opened->object, context.now, out));
  return out;
}

base::Result<aws::s3::DeleteObjectOutput> S3Service::delete_object(aws::Context& context,
                                                                   aws::s3::DeleteObjectRequest in) {
  TRY(check_key(in.key));
  const Sweep sweep{*this};
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const BucketRef bucket, find_bucket(context, in.bucket, in.expected_bucket_owner));
  if (auto version = check_version(in.version_id, in.key); !version) {
    if (version.error().http_status == 404) return {};  // what is not there is deleted
    return base::fail(std::move(version.error()));
  }
  const std::optional<ObjectRecord> current = load_object(*bucket, *in.key);
  if (!current) return {};
  if (in.if_match && !etag_listed(*in.if_match, current->etag)) return base::fail(precondition_failed("If-Match"));
  Change change;
  erase_object(context, *bucket, *in.key, *current, change);
  commit(std::move(change));
  return {};
}

// Asked without a lock, because IAM is another service.
std::set<std::string> S3Service::keys_not_to_delete(const aws::Context& context, const std::string& bucket,
                                                    const std::vector<aws::s3::ObjectIdentifier>& objects) const {
  std::set<std::string> out;
  if (context.principal.kind != aws::Principal::Kind::role) return out;
  for (const aws::s3::ObjectIdentifier& id : objects) {
    const std::string key = id.key.value_or("");
    if (!options_.role_may || !options_.role_may(context, kDeleteAction, object_arn(bucket, key))) out.insert(key);
  }
  return out;
}

base::Result<aws::s3::DeleteObjectsOutput> S3Service::delete_objects(aws::Context& context,
                                                                     aws::s3::DeleteObjectsRequest in) {
  TRY(read_algorithm(in.checksum_algorithm, "x-amz-sdk-checksum-algorithm"));
  if (!in.delete_ || !in.delete_->objects || in.delete_->objects->empty() ||
      in.delete_->objects->size() > kDeleteObjectsMax)
    return base::fail(malformed_xml());
  aws::s3::DeleteObjectsOutput out;
  const std::span<const aws::s3::ObjectIdentifier> objects = *in.delete_->objects;
  const std::set<std::string> denied = keys_not_to_delete(context, in.bucket.value_or(""), *in.delete_->objects);
  std::set<std::string_view> seen;
  // The lock is let go in between, so that nobody waits for a thousand keys.
  for (std::size_t begin = 0; begin < objects.size(); begin += kDeletesAtOnce) {
    const std::size_t count = std::min(kDeletesAtOnce, objects.size() - begin);
    TRY(delete_some(context, in, objects.subspan(begin, count), denied, seen, out));
  }
  return out;
}

base::Result<void> S3Service::delete_some(const aws::Context& context, const aws::s3::DeleteObjectsRequest& in,
                                          std::span<const aws::s3::ObjectIdentifier> objects,
                                          const std::set<std::string>& denied, std::set<std::string_view>& seen,
                                          aws::s3::DeleteObjectsOutput& out) {
  const bool quiet = in.delete_->quiet.value_or(false);
  const Sweep sweep{*this};
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const BucketRef bucket, find_bucket(context, in.bucket, in.expected_bucket_owner));
  Change change;
  for (const aws::s3::ObjectIdentifier& id : objects) {
    auto checked = check_key(id.key);
    if (checked && denied.contains(*id.key))
      checked = base::fail(
          errors::access_denied(aws::auth::denial_text(context, kDeleteAction, object_arn(bucket->name, *id.key))));
    if (checked) checked = check_version(id.version_id, id.key);
    if (!checked) {
      if (!out.errors) out.errors.emplace();
      out.errors->push_back(delete_error(id, checked.error()));
      continue;
    }
    if (!quiet) {
      if (!out.deleted) out.deleted.emplace();
      out.deleted->push_back({.key = id.key, .version_id = id.version_id});
    }
    if (!seen.insert(*id.key).second) continue;
    if (const auto current = load_object(*bucket, *id.key)) {
      erase_object(context, *bucket, *id.key, *current, change);
    } else {
      notify_removal(context, *bucket, *id.key, change);  // as on AWS, where only DeleteObject keeps silent
    }
  }
  commit(std::move(change));
  return {};
}

}  // namespace engine::s3
