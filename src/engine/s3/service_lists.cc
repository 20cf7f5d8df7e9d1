// ListObjects, ListObjectsV2, ListObjectVersions, ListMultipartUploads, ListParts.
#include <algorithm>

#include "aws/s3/errors.h"
#include "engine/s3/keys.h"
#include "engine/s3/limits.h"
#include "engine/s3/listing.h"
#include "engine/s3/request_checks.h"
#include "engine/s3/service.h"

namespace engine::s3 {

namespace errors = aws::s3::errors;

namespace {

constexpr const char* kOnlyVersion = "null";
constexpr char kTokenVersion = '1';  // first byte of a continuation token, before base64

base::Result<std::size_t> read_limit(const std::optional<int32_t>& limit, std::string_view argument,
                                     std::string_view name) {
  if (limit.value_or(0) < 0) {
    return base::fail(
        invalid_argument("Argument " + std::string(argument) + " must be an integer between 0 and 2147483647", name,
                         std::to_string(*limit)));
  }
  return static_cast<std::size_t>(std::min(limit.value_or(kListKeysMax), kListKeysMax));
}

base::Result<bool> read_encoding(const std::optional<std::string>& encoding_type) {
  if (!encoding_type) return false;
  if (*encoding_type == "url") return true;
  return base::fail(invalid_argument("Invalid Encoding Method specified in Request", "encoding-type", *encoding_type));
}

std::string shown(std::string_view text, bool url) {
  return url ? url_encode_key(text) : std::string(text);
}

std::optional<std::vector<aws::s3::CommonPrefix>> shown(const std::vector<std::string>& prefixes, bool url) {
  if (prefixes.empty()) return std::nullopt;
  std::vector<aws::s3::CommonPrefix> out;
  out.reserve(prefixes.size());
  for (const std::string& prefix : prefixes) out.push_back({.prefix = shown(prefix, url)});
  return out;
}

// `Entry` is Object or ObjectVersion.
template <class Entry>
Entry list_entry(std::string_view key, const ObjectRecord& object, bool url) {
  Entry entry;
  entry.key = shown(key, url);
  entry.last_modified = object.modified_at;
  entry.etag = object.quoted_etag();
  entry.size = static_cast<int64_t>(object.size);
  entry.storage_class = "STANDARD";
  if (object.checksum.algorithm != ChecksumAlgorithm::none) {
    entry.checksum_algorithm.emplace().emplace_back(algorithm_name(object.checksum.algorithm));
    entry.checksum_type = std::string(object.checksum.type());
  }
  return entry;
}

// The members that both versions of ListObjects have. `query` has all but the position.
template <class In, class Out>
base::Result<std::string> list_into(store::KvStore& store, const BucketRecord& bucket, const In& in,
                                    std::string_view after, const std::optional<std::string>& owner, Out& out,
                                    std::size_t& count) {
  TRY_ASSIGN(const bool url, read_encoding(in.encoding_type));
  TRY_ASSIGN(const std::size_t limit, read_limit(in.max_keys, "maxKeys", "max-keys"));
  ListQuery query;
  query.prefix = in.prefix ? std::string_view(*in.prefix) : std::string_view();
  query.delimiter = in.delimiter ? std::string_view(*in.delimiter) : std::string_view();
  query.after = after;
  query.entries_max = limit;
  std::vector<aws::s3::Object> contents;
  ListResult listed = list_keys(
      store, keys::rows(keys::kObjectTable, bucket.id), query, [&](std::string_view key, std::string_view value) {
        contents.push_back(list_entry<aws::s3::Object>(key, read_row<ObjectRecord>(value), url));
        if (owner) contents.back().owner.emplace().id = *owner;
      });
  out.name = bucket.name;
  out.bucket_region = bucket.region;
  out.prefix = shown(query.prefix, url);
  if (!query.delimiter.empty()) out.delimiter = shown(query.delimiter, url);
  out.max_keys = static_cast<int32_t>(limit);
  if (url) out.encoding_type = "url";
  out.is_truncated = listed.truncated;
  if (!contents.empty()) out.contents = std::move(contents);
  out.common_prefixes = shown(listed.common_prefixes, url);
  count = listed.count;
  return listed.truncated ? std::move(listed.last) : std::string();
}

base::Result<std::string> read_token(const std::string& token) {
  const auto decoded = base::base64_decode(token);
  if (!decoded || decoded->size() < 2 || decoded->front() != kTokenVersion)
    return base::fail(invalid_argument("The continuation token provided is incorrect", "continuation-token", token));
  return decoded->substr(1);
}

// A position in the list of uploads and what is left of the page.
struct UploadPage {
  aws::s3::ListMultipartUploadsOutput& out;
  std::string prefix;
  std::string delimiter;
  std::size_t limit;
  bool url;
  std::size_t count = 0;
  std::string last_key = {};  // key or common prefix
  std::string last_id = {};   // empty after a common prefix

  // False if there is no room for one more.
  bool take(std::string_view key_or_prefix, std::string_view id) {
    if (count == limit) return false;
    ++count;
    last_key = key_or_prefix;
    last_id = id;
    return true;
  }
};

// Root is shown as the owner that it is; of others the name is what stands behind their kind in the ARN.
aws::s3::Initiator show_initiator(const UploadRecord& upload, const std::string& owner) {
  constexpr std::string_view kRoot = ":root";
  const std::string& arn = upload.initiator;
  if (arn.ends_with(kRoot)) return {.id = owner, .display_name = "root"};
  const std::size_t slash = arn.find('/');
  return {.id = arn, .display_name = slash == std::string::npos ? arn : arn.substr(slash + 1)};
}

aws::s3::MultipartUpload upload_entry(std::string_view key, std::string_view id, const UploadRecord& upload,
                                      const std::string& owner, bool url) {
  aws::s3::MultipartUpload entry;
  entry.upload_id = std::string(id);
  entry.key = shown(key, url);
  entry.initiated = upload.initiated_at;
  entry.storage_class = "STANDARD";
  entry.owner.emplace().id = owner;
  entry.initiator = show_initiator(upload, owner);
  if (upload.algorithm != ChecksumAlgorithm::none) {
    entry.checksum_algorithm = std::string(algorithm_name(upload.algorithm));
    entry.checksum_type = upload.composite ? "COMPOSITE" : "FULL_OBJECT";
  }
  return entry;
}

// Where the uploads behind the markers begin.
std::string behind_markers(uint64_t bucket_id, std::string_view key_marker, std::string_view id_marker) {
  if (key_marker.empty()) return {};
  std::string at = keys::upload(bucket_id, key_marker, id_marker);
  if (id_marker.empty()) return store::prefix_end(std::move(at));  // every upload of that key
  at.push_back('\0');
  return at;
}

// Walks the uploads behind the markers; true if it stopped because the page is full. Those that roll up to one common
// prefix are passed over with one seek.
bool fill_uploads(store::KvStore& store, const BucketRecord& bucket, std::string_view key_marker,
                  std::string_view id_marker, UploadPage& page) {
  const std::string owner = canonical_id(bucket.account);
  const std::string first = keys::upload_prefix(bucket.id, page.prefix);
  const std::string end = store::prefix_end(first);
  std::string begin = std::max(first, behind_markers(bucket.id, key_marker, id_marker));
  if (begin >= end) return false;
  auto cursor = store.scan(begin, end);
  while (cursor->valid()) {
    store::KeyReader reader(cursor->key(), keys::kUploadTable);
    uint64_t bucket_id = 0;
    std::string key;
    store::require_intact(reader.number(bucket_id) && reader.text(key), "a key of S3");
    const std::string_view id = reader.rest();
    const std::string group(common_prefix(key, page.prefix, page.delimiter));
    if (group.empty()) {
      if (!page.take(key, id)) return true;
      const auto upload = read_row<UploadRecord>(cursor->value());
      if (!page.out.uploads) page.out.uploads.emplace();
      page.out.uploads->push_back(upload_entry(key, id, upload, owner, page.url));
      cursor->next();
      continue;
    }
    if (group > key_marker) {
      if (!page.take(group, "")) return true;
      if (!page.out.common_prefixes) page.out.common_prefixes.emplace();
      page.out.common_prefixes->push_back({.prefix = shown(group, page.url)});
    }
    begin = store::prefix_end(keys::upload_prefix(bucket.id, group));
    if (begin >= end) return false;
    cursor = store.scan(begin, end);
  }
  return false;
}

}  // namespace

base::Result<aws::s3::ListObjectsOutput> S3Service::list_objects(aws::Context& context,
                                                                 aws::s3::ListObjectsRequest in) {
  TRY_ASSIGN(const BucketRef bucket, lock_and_find_bucket(context, in.bucket, in.expected_bucket_owner));
  aws::s3::ListObjectsOutput out;
  std::size_t count = 0;
  const std::string marker = in.marker.value_or("");
  TRY_ASSIGN(const std::string last, list_into(store_, *bucket, in, marker, canonical_id(bucket->account), out, count));
  const bool url = out.encoding_type.has_value();
  out.marker = shown(marker, url);
  if (!last.empty() && out.delimiter) out.next_marker = shown(last, url);
  return out;
}

base::Result<aws::s3::ListObjectsV2Output> S3Service::list_objects_v2(aws::Context& context,
                                                                      aws::s3::ListObjectsV2Request in) {
  TRY_ASSIGN(const BucketRef bucket, lock_and_find_bucket(context, in.bucket, in.expected_bucket_owner));
  std::string after = in.start_after.value_or("");
  if (in.continuation_token) {
    TRY_ASSIGN(after, read_token(*in.continuation_token));
  }
  aws::s3::ListObjectsV2Output out;
  std::size_t count = 0;
  const auto owner = in.fetch_owner.value_or(false) ? std::optional(canonical_id(bucket->account)) : std::nullopt;
  TRY_ASSIGN(const std::string last, list_into(store_, *bucket, in, after, owner, out, count));
  out.key_count = static_cast<int32_t>(count);
  if (in.continuation_token) {
    out.continuation_token = in.continuation_token;
  } else if (in.start_after) {
    out.start_after = shown(*in.start_after, out.encoding_type.has_value());
  }
  if (!last.empty()) out.next_continuation_token = base::base64_encode(kTokenVersion + last);
  return out;
}

// Without versioning every object has one version, "null", behind which there is nothing more of its key.
base::Result<aws::s3::ListObjectVersionsOutput> S3Service::list_object_versions(aws::Context& context,
                                                                                aws::s3::ListObjectVersionsRequest in) {
  TRY_ASSIGN(const BucketRef bucket, lock_and_find_bucket(context, in.bucket, in.expected_bucket_owner));
  TRY_ASSIGN(const bool url, read_encoding(in.encoding_type));
  TRY_ASSIGN(const std::size_t limit, read_limit(in.max_keys, "maxKeys", "max-keys"));
  const std::string key_marker = in.key_marker.value_or("");
  const std::string version_marker = in.version_id_marker.value_or("");
  if (in.version_id_marker && (key_marker.empty() || version_marker.empty())) {
    return base::fail(invalid_argument(version_marker.empty()
                                           ? "A version-id marker cannot be empty."
                                           : "A version-id marker cannot be specified without a key marker.",
                                       "version-id-marker", version_marker));
  }
  const std::string owner = canonical_id(bucket->account);
  const std::string prefix = in.prefix.value_or("");
  const std::string delimiter = in.delimiter.value_or("");
  std::vector<aws::s3::ObjectVersion> versions;
  const ListResult listed = list_keys(
      store_, keys::rows(keys::kObjectTable, bucket->id), {prefix, delimiter, key_marker, limit},
      [&](std::string_view key, std::string_view value) {
        auto& entry =
            versions.emplace_back(list_entry<aws::s3::ObjectVersion>(key, read_row<ObjectRecord>(value), url));
        entry.version_id = kOnlyVersion;
        entry.is_latest = true;
        entry.owner.emplace().id = owner;
      });
  aws::s3::ListObjectVersionsOutput out;
  out.name = bucket->name;
  out.prefix = shown(prefix, url);
  out.key_marker = shown(key_marker, url);
  out.version_id_marker = version_marker;
  if (!delimiter.empty()) out.delimiter = shown(delimiter, url);
  out.max_keys = static_cast<int32_t>(limit);
  if (url) out.encoding_type = "url";
  out.is_truncated = listed.truncated;
  if (listed.truncated) {
    out.next_key_marker = shown(listed.last, url);
    const bool at_prefix = !listed.common_prefixes.empty() && listed.common_prefixes.back() == listed.last;
    if (!at_prefix) out.next_version_id_marker = kOnlyVersion;
  }
  if (!versions.empty()) out.versions = std::move(versions);
  out.common_prefixes = shown(listed.common_prefixes, url);
  return out;
}

base::Result<aws::s3::ListMultipartUploadsOutput> S3Service::list_multipart_uploads(
    aws::Context& context, aws::s3::ListMultipartUploadsRequest in) {
  TRY_ASSIGN(const BucketRef bucket, lock_and_find_bucket(context, in.bucket, in.expected_bucket_owner));
  TRY_ASSIGN(const bool url, read_encoding(in.encoding_type));
  TRY_ASSIGN(const std::size_t limit, read_limit(in.max_uploads, "max-uploads", "max-uploads"));
  const std::string key_marker = in.key_marker.value_or("");
  const std::string id_marker = key_marker.empty() ? "" : in.upload_id_marker.value_or("");  // alone it has no meaning
  aws::s3::ListMultipartUploadsOutput out;
  UploadPage page{out, in.prefix.value_or(""), in.delimiter.value_or(""), limit, url};
  // An upload that has ended since is a place in the list still; one of another key never was.
  if (!id_marker.empty() && !load_upload(*bucket, key_marker, id_marker) &&
      !id_marker.ends_with(upload_id_mark(key_marker)))
    return base::fail(invalid_argument("Invalid uploadId marker", "upload-id-marker", id_marker));
  out.is_truncated = limit > 0 && fill_uploads(store_, *bucket, key_marker, id_marker, page);
  out.bucket = bucket->name;
  out.key_marker = shown(key_marker, url);
  out.upload_id_marker = id_marker;
  if (in.prefix) out.prefix = shown(page.prefix, url);
  if (!page.delimiter.empty()) out.delimiter = shown(page.delimiter, url);
  out.max_uploads = static_cast<int32_t>(limit);
  if (url) out.encoding_type = "url";
  out.next_key_marker = *out.is_truncated ? shown(page.last_key, url) : "";
  out.next_upload_id_marker = *out.is_truncated ? page.last_id : "";
  return out;
}

base::Result<aws::s3::ListPartsOutput> S3Service::list_parts(aws::Context& context, aws::s3::ListPartsRequest in) {
  TRY(check_key(in.key));
  TRY_ASSIGN(const std::size_t limit, read_limit(in.max_parts, "max-parts", "max-parts"));
  const int32_t marker = in.part_number_marker.value_or(0);
  if (marker < 0) {
    return base::fail(invalid_argument("Argument part-number-marker must be an integer between 0 and 2147483647",
                                       "part-number-marker", std::to_string(marker)));
  }
  std::unique_lock lock(mutex_);
  TRY_ASSIGN(const BucketRef bucket, find_bucket(context, in.bucket, in.expected_bucket_owner));
  const auto upload = load_upload(*bucket, *in.key, in.upload_id.value_or(""));
  if (!upload) return base::fail(no_such_upload(in.upload_id.value_or("")));
  const auto cursor = store_.scan(keys::part(upload->number, static_cast<uint64_t>(marker) + 1),
                                  store::prefix_end(keys::rows(keys::kPartTable, upload->number)));
  lock.unlock();
  aws::s3::ListPartsOutput out;
  out.bucket = bucket->name;
  out.key = in.key;
  out.upload_id = in.upload_id;
  out.part_number_marker = marker;
  out.max_parts = static_cast<int32_t>(limit);
  out.storage_class = "STANDARD";
  out.owner.emplace().id = canonical_id(bucket->account);
  out.initiator = show_initiator(*upload, *out.owner->id);
  const bool checksums = upload->algorithm != ChecksumAlgorithm::none;
  if (checksums) {
    out.checksum_algorithm = std::string(algorithm_name(upload->algorithm));
    out.checksum_type = upload->composite ? "COMPOSITE" : "FULL_OBJECT";
  }
  std::vector<aws::s3::Part> parts;
  for (; cursor->valid() && parts.size() < limit; cursor->next()) {
    uint64_t number = 0;
    store::KeyReader reader(cursor->key(), keys::kPartTable);
    store::require_intact(reader.number(number) && reader.number(number), "a key of S3");
    const auto part = read_row<PartRecord>(cursor->value());
    auto& entry = parts.emplace_back();
    entry.part_number = static_cast<int32_t>(number);
    entry.last_modified = part.modified_at;
    entry.etag = '"' + base::hex_encode(part.md5) + '"';
    entry.size = static_cast<int64_t>(part.segment.size);
    if (checksums) show_checksum_value({upload->algorithm, base::base64_encode(part.checksum), false}, entry);
  }
  out.is_truncated = limit > 0 && cursor->valid();
  out.next_part_number_marker = parts.empty() ? 0 : *parts.back().part_number;
  if (!parts.empty()) out.parts = std::move(parts);
  return out;
}

}  // namespace engine::s3
