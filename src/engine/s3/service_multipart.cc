// CreateMultipartUpload, UploadPart, CompleteMultipartUpload, AbortMultipartUpload. Completing moves no bytes: the
// object takes over the parts' chunk sets.
#include <fmt/format.h>

#include <algorithm>

#include "aws/s3/errors.h"
#include "engine/s3/conditions.h"
#include "engine/s3/incoming_body.h"
#include "engine/s3/keys.h"
#include "engine/s3/limits.h"
#include "engine/s3/request_checks.h"
#include "engine/s3/service.h"

namespace engine::s3 {

namespace errors = aws::s3::errors;

namespace {

constexpr std::size_t kUploadIdRandomLength = 40;

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

std::string type_name(ChecksumAlgorithm algorithm) {
  return algorithm == ChecksumAlgorithm::none ? "null" : lower(algorithm_name(algorithm));
}

bool is_sha(ChecksumAlgorithm algorithm) {
  return algorithm == ChecksumAlgorithm::sha1 || algorithm == ChecksumAlgorithm::sha256;
}

base::AwsError type_mismatch(ChecksumAlgorithm expected, ChecksumAlgorithm actual) {
  return errors::invalid_request(
      fmt::format("Checksum Type mismatch occurred, expected checksum Type: {}, actual checksum Type: {}",
                  type_name(expected), type_name(actual)));
}

// protocols.md 4.5 item 8: CRC64NVME is of the full object only, a SHA of the parts only, the other CRCs of either.
base::Result<void> read_checksum_type(const aws::s3::CreateMultipartUploadRequest& in, UploadRecord& upload) {
  TRY_ASSIGN(const auto algorithm, read_algorithm(in.checksum_algorithm, "x-amz-checksum-algorithm"));
  upload.algorithm = algorithm.value_or(ChecksumAlgorithm::none);
  if (!in.checksum_type) {
    upload.composite = algorithm && *algorithm != ChecksumAlgorithm::crc64nvme;
    return {};
  }
  if (!algorithm) {
    return base::fail(errors::invalid_request(
        "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header."));
  }
  upload.composite = *in.checksum_type == "COMPOSITE";
  if (!upload.composite && *in.checksum_type != "FULL_OBJECT")
    return base::fail(errors::invalid_request("Value for x-amz-checksum-type header is invalid."));
  if (upload.composite ? *algorithm == ChecksumAlgorithm::crc64nvme : is_sha(*algorithm)) {
    return base::fail(
        errors::invalid_request(fmt::format("The {} checksum type cannot be used with the {} checksum algorithm.",
                                            *in.checksum_type, type_name(*algorithm))));
  }
  return {};
}

std::string_view unquoted(std::string_view etag) {
  return etag.size() >= 2 && etag.starts_with('"') && etag.ends_with('"') ? etag.substr(1, etag.size() - 2) : etag;
}

base::AwsError invalid_part(const aws::s3::CompletedPart& part, std::string_view upload_id) {
  auto error = errors::invalid_part(
      "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified "
      "entity tag may not match the part's entity tag.");
  error.fields = {{"UploadId", std::string(upload_id)},
                  {"PartNumber", std::to_string(part.part_number.value_or(0))},
                  {"ETag", part.etag ? std::string(unquoted(*part.etag)) : ""}};
  return error;
}

base::AwsError too_small(const PartRecord& part, int32_t part_number) {
  auto error = errors::entity_too_small("Your proposed upload is smaller than the minimum allowed size");
  error.fields = {{"ProposedSize", std::to_string(part.segment.size)},
                  {"MinSizeAllowed", std::to_string(kPartBytesMin)},
                  {"PartNumber", std::to_string(part_number)},
                  {"ETag", base::hex_encode(part.md5)}};
  return error;
}

// The list of parts by itself: there is one, in ascending order.
base::Result<const std::vector<aws::s3::CompletedPart>*> read_part_list(
    const aws::s3::CompleteMultipartUploadRequest& in) {
  if (!in.multipart_upload || !in.multipart_upload->parts || in.multipart_upload->parts->empty())
    return base::fail(errors::invalid_request("You must specify at least one part"));
  const auto& parts = *in.multipart_upload->parts;
  int32_t previous = 0;
  for (const aws::s3::CompletedPart& part : parts) {
    TRY(check_part_number(part.part_number));
    if (*part.part_number <= previous) {
      auto error = errors::invalid_part_order(
          "The list of parts was not in ascending order. Parts must be ordered by part number.");
      error.fields = {{"UploadId", in.upload_id.value_or("")}};
      return base::fail(std::move(error));
    }
    previous = *part.part_number;
  }
  return &parts;
}

base::Result<void> check_part_checksum(const aws::s3::CompletedPart& listed, const PartRecord& part,
                                       const UploadRecord& upload, std::string_view upload_id) {
  TRY_ASSIGN(const auto claimed, claimed_checksum(listed));
  if (!claimed) {
    if (!upload.composite) return {};
    return base::fail(errors::invalid_request(fmt::format(
        "The upload was created using a {} checksum. The complete request must include the checksum for each part. It "
        "was missing for part {} in the request.",
        type_name(upload.algorithm), *listed.part_number)));
  }
  if (claimed->algorithm != upload.effective_algorithm())
    return base::fail(type_mismatch(upload.algorithm, claimed->algorithm));
  if (claimed->value != base::base64_encode(part.checksum)) return base::fail(invalid_part(listed, upload_id));
  return {};
}

// What the request says about the whole, against what came out.
base::Result<void> check_claims(const aws::s3::CompleteMultipartUploadRequest& in, const ObjectRecord& object) {
  if (in.checksum_type && *in.checksum_type != object.checksum.type()) {
    return base::fail(errors::invalid_request(
        fmt::format("The upload was created using the {} checksum mode. The complete request must use the same "
                    "checksum mode.",
                    object.checksum.type())));
  }
  TRY_ASSIGN(const auto claimed, claimed_checksum(in, true));
  if (claimed) {
    if (claimed->algorithm != object.checksum.algorithm)
      return base::fail(type_mismatch(object.checksum.algorithm, claimed->algorithm));
    const std::string_view actual = object.checksum.value;
    const bool same =
        claimed->composite ? claimed->value == actual : claimed->value == actual.substr(0, actual.find('-'));
    if (!same) return base::fail(checksum_mismatch(claimed->algorithm));
  }
  if (in.mpu_object_size && static_cast<uint64_t>(*in.mpu_object_size) != object.size) {
    return base::fail(errors::invalid_request(
        fmt::format("The provided 'x-amz-mp-object-size' header value {} does not match what was computed: {}",
                    *in.mpu_object_size, object.size)));
  }
  return {};
}

aws::s3::CompleteMultipartUploadOutput completed(const aws::Context& context, const std::string& bucket,
                                                 const std::string& key, const ObjectRecord& object) {
  aws::s3::CompleteMultipartUploadOutput out;
  out.location = fmt::format("{}/{}/{}", context.endpoint, bucket, base::percent_encode(key));
  out.bucket = bucket;
  out.key = key;
  out.etag = object.quoted_etag();
  out.server_side_encryption = kEncryption;
  show_checksum(object.checksum, out);
  return out;
}

}  // namespace

base::Result<aws::s3::CreateMultipartUploadOutput> S3Service::create_multipart_upload(
    aws::Context& context, aws::s3::CreateMultipartUploadRequest in) {
  TRY(check_key(in.key));
  TRY(check_acl(in.acl));
  TRY(check_storage_class(in.storage_class));
  TRY(check_encryption(in.server_side_encryption));
  UploadRecord upload;
  TRY(read_checksum_type(in, upload));
  TRY_ASSIGN(upload.headers, read_headers(in));
  upload.initiated_at = whole_second(context.now);
  upload.initiator = context.principal.arn;
  upload.number = chunks_->next_id();
  // The number first: ids of one key are in the order of their beginning, as ListMultipartUploads shows them. Its key's
  // mark last: so an id that was given out can be told from one of another key when the upload is gone.
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._";
  const std::string id =
      fmt::format("{:016x}.{}{}", upload.number, base::random_string(env_.random, kUploadIdRandomLength, kAlphabet),
                  upload_id_mark(*in.key));
  aws::s3::CreateMultipartUploadOutput out;
  out.bucket = in.bucket;
  out.key = in.key;
  out.upload_id = id;
  out.server_side_encryption = kEncryption;
  if (upload.algorithm != ChecksumAlgorithm::none) {
    out.checksum_algorithm = std::string(algorithm_name(upload.algorithm));
    out.checksum_type = upload.composite ? "COMPOSITE" : "FULL_OBJECT";
  }
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const BucketRef bucket, find_bucket(context, in.bucket, in.expected_bucket_owner));
  Change change;
  change.batch.put(keys::upload(bucket->id, *in.key, id), upload.encode());
  commit(std::move(change));
  return out;
}

base::Result<UploadRecord> S3Service::lock_and_find_upload(const aws::Context& context, const PartPlace& place) {
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const BucketRef bucket, find_bucket(context, place.bucket, place.expected_bucket_owner));
  auto upload = load_upload(*bucket, *place.key, place.upload_id);
  if (!upload) return base::fail(no_such_upload(place.upload_id));
  return std::move(*upload);
}

base::Result<void> S3Service::put_part(const aws::Context& context, const PartPlace& place, PartRecord part,
                                       ChunkStore::Writer& body) {
  part.segment = body.segment();
  part.modified_at = whole_second(context.now);
  const std::lock_guard lock(mutex_);
  // It may have been completed or aborted meanwhile.
  TRY_ASSIGN(const BucketRef bucket, find_bucket(context, place.bucket, place.expected_bucket_owner));
  const auto upload = load_upload(*bucket, *place.key, place.upload_id);
  if (!upload) return base::fail(no_such_upload(place.upload_id));
  const std::string key = keys::part(upload->number, static_cast<uint64_t>(place.part_number));
  Change change;
  if (const auto replaced = store_.get(key)) change.dropped.push_back({read_row<PartRecord>(*replaced).segment});
  change.batch.put(key, part.encode());
  body.finish(change.batch);
  commit(std::move(change));
  for (PartWatch& watch : part_watches_) watch.changed = watch.changed || watch.upload == upload->number;
  return {};
}

base::Result<aws::s3::UploadPartOutput> S3Service::upload_part(aws::Context& context, aws::s3::UploadPartRequest in) {
  TRY(check_key(in.key));
  TRY(check_part_number(in.part_number));
  const PartPlace place{in.bucket, in.key, in.expected_bucket_owner, in.upload_id.value_or(""), *in.part_number};
  TRY_ASSIGN(const UploadRecord upload, lock_and_find_upload(context, place));

  TRY_ASSIGN(const auto claimed, claimed_checksum(in));
  if (claimed && upload.algorithm != ChecksumAlgorithm::none && claimed->algorithm != upload.algorithm)
    return base::fail(type_mismatch(upload.algorithm, claimed->algorithm));
  IncomingBody body(*chunks_, context, in.body);
  TRY_ASSIGN(const Digests digests, body.digest(in, upload.effective_algorithm()));
  PartRecord part;
  part.md5 = digests.md5;
  part.checksum = digests.checksum_bytes;
  if (digests.checksum.algorithm != upload.effective_algorithm())
    part.checksum = body.checksum(upload.effective_algorithm());
  TRY(put_part(context, place, std::move(part), body.flushed()));
  aws::s3::UploadPartOutput out;
  out.etag = '"' + base::hex_encode(digests.md5) + '"';
  out.server_side_encryption = kEncryption;
  show_checksum_value(digests.checksum, out);
  return out;
}

// Fills `change` with the end of the parts that are not listed.
base::Result<ObjectRecord> S3Service::assemble(const UploadRecord& upload,
                                               const aws::s3::CompleteMultipartUploadRequest& in, Change& change) {
  TRY_ASSIGN(const auto* listed, read_part_list(in));
  std::map<int32_t, PartRecord> parts;
  const std::string rows = keys::rows(keys::kPartTable, upload.number);
  for (auto cursor = store_.scan(rows, store::prefix_end(rows)); cursor->valid(); cursor->next()) {
    uint64_t number = 0;
    store::KeyReader reader(cursor->key(), keys::kPartTable);
    store::require_intact(reader.number(number) && reader.number(number), "a key of S3");
    parts.emplace(static_cast<int32_t>(number), read_row<PartRecord>(cursor->value()));
  }
  const ChecksumAlgorithm algorithm = upload.effective_algorithm();
  ObjectRecord out;
  std::string md5s;
  std::string checksums;  // of the parts in a row if composite, else that of the bytes so far
  for (const aws::s3::CompletedPart& item : *listed) {
    const auto found = parts.find(*item.part_number);
    if (found == parts.end() || unquoted(item.etag.value_or("")) != base::hex_encode(found->second.md5))
      return base::fail(invalid_part(item, in.upload_id.value_or("")));
    const PartRecord& part = found->second;
    TRY(check_part_checksum(item, part, upload, in.upload_id.value_or("")));
    if (&item != &listed->back() && part.segment.size < kPartBytesMin)
      return base::fail(too_small(part, *item.part_number));
    md5s += part.md5;
    out.part_checksums += part.checksum;
    if (upload.composite || checksums.empty()) {
      checksums += part.checksum;
    } else {
      checksums = combine_crc(algorithm, checksums, part.checksum, part.segment.size);
    }
    out.segments.push_back(part.segment);
    out.size += part.segment.size;
    parts.erase(found);
  }
  if (out.size > kObjectBytesMax) return base::fail(entity_too_large(out.size));
  for (const auto& [number, part] : parts) change.dropped.push_back({part.segment});
  out.etag = fmt::format("{}-{}", base::hex_encode(base::md5(md5s)), listed->size());
  out.checksum = {algorithm, base::base64_encode(checksums), upload.composite};
  if (upload.composite) {
    Hasher hasher(algorithm);
    hasher.update(checksums);
    out.checksum.value = fmt::format("{}-{}", base::base64_encode(hasher.finish_checksum()), listed->size());
  }
  TRY(check_claims(in, out));
  return out;
}

base::Result<aws::s3::CompleteMultipartUploadOutput> S3Service::complete_multipart_upload(
    aws::Context& context, aws::s3::CompleteMultipartUploadRequest in) {
  TRY(check_key(in.key));
  for (int attempt = 0; attempt < kCompletionAttemptsMax; ++attempt) {
    TRY_ASSIGN(auto out, try_to_complete(context, in));
    if (out) return std::move(*out);
  }
  return base::fail(errors::operation_aborted(
      "A conflicting conditional operation is currently in progress against this resource. Please try again."));
}

base::Result<std::optional<aws::s3::CompleteMultipartUploadOutput>> S3Service::try_to_complete(
    const aws::Context& context, const aws::s3::CompleteMultipartUploadRequest& in) {
  const std::string upload_id = in.upload_id.value_or("");
  const Sweep sweep{*this};
  std::unique_lock lock(mutex_);
  TRY_ASSIGN(BucketRef bucket, find_bucket(context, in.bucket, in.expected_bucket_owner));
  const std::optional<UploadRecord> upload = load_upload(*bucket, *in.key, upload_id);
  if (!upload) {
    // A client that missed the first answer asks again (protocols.md 4.5 item 18). The object may be another one by
    // then, or gone, if whoever was notified of it was quick.
    if (const auto before = store_.get(keys::completed(bucket->id, upload_id, *in.key)))
      return completed(context, bucket->name, *in.key, read_row<ObjectRecord>(*before));
    return base::fail(no_such_upload(upload_id));
  }
  // Ten thousand parts take a while to read: that needs no lock, only to know whether one has changed meanwhile.
  const auto watch = part_watches_.insert(part_watches_.end(), {upload->number});
  lock.unlock();
  Change change;
  base::Result<ObjectRecord> assembled = assemble(*upload, in, change);
  lock.lock();
  const bool changed = watch->changed;
  part_watches_.erase(watch);
  if (changed) return std::nullopt;
  TRY_ASSIGN(ObjectRecord object, std::move(assembled));
  TRY_ASSIGN(bucket, find_bucket(context, in.bucket, in.expected_bucket_owner));
  if (!load_upload(*bucket, *in.key, upload_id)) return std::nullopt;  // somebody has completed or aborted it
  const std::optional<ObjectRecord> current = load_object(*bucket, *in.key);
  TRY(check_write(in.if_match, in.if_none_match, current, *in.key));
  object.headers = upload->headers;
  object.modified_at = whole_second(context.now);
  object.upload_id = upload_id;
  change.batch.erase(keys::upload(bucket->id, *in.key, upload_id));
  const std::string parts = keys::rows(keys::kPartTable, upload->number);
  change.batch.erase_range(parts, store::prefix_end(parts));
  remember_completed(context, *bucket, *in.key, object, change);
  replace_object(context, *bucket, *in.key, object, current, "ObjectCreated:CompleteMultipartUpload", change);
  commit(std::move(change));
  return completed(context, bucket->name, *in.key, object);
}

// Upload ids are in the order of their beginning, so the oldest results come first.
void S3Service::remember_completed(const aws::Context& context, const BucketRecord& bucket, std::string_view key,
                                   const ObjectRecord& object, Change& change) {
  ObjectRecord result;
  result.etag = object.etag;
  result.modified_at = object.modified_at;
  result.checksum = object.checksum;
  change.batch.put(keys::completed(bucket.id, object.upload_id, key), result.encode());
  const std::string rows = keys::rows(keys::kCompletedTable, bucket.id);
  std::size_t left = kForgottenPerCompletion;
  for (auto cursor = store_.scan(rows, store::prefix_end(rows)); cursor->valid() && left > 0; cursor->next(), --left)
    if (read_row<ObjectRecord>(cursor->value()).modified_at < context.now - kCompletedKept)
      change.batch.erase(std::string(cursor->key()));
}

base::Result<aws::s3::AbortMultipartUploadOutput> S3Service::abort_multipart_upload(
    aws::Context& context, aws::s3::AbortMultipartUploadRequest in) {
  TRY(check_key(in.key));
  const std::string upload_id = in.upload_id.value_or("");
  std::unique_lock lock(mutex_);
  TRY_ASSIGN(const BucketRef bucket, find_bucket(context, in.bucket, in.expected_bucket_owner));
  const std::optional<UploadRecord> upload = load_upload(*bucket, *in.key, upload_id);
  if (!upload) return base::fail(no_such_upload(upload_id));
  Change change;
  change.batch.erase(keys::upload(bucket->id, *in.key, upload_id));
  change.batch.put(keys::rows(keys::kOrphanUploadTable, upload->number), {});
  commit(std::move(change));
  lock.unlock();
  erase_orphan_upload(upload->number);
  return {};
}

}  // namespace engine::s3
