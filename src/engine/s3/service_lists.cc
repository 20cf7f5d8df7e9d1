// ListObjects, ListObjectsV2, ListMultipartUploads, ListParts.
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

aws::s3::Object list_entry(std::string_view key, const ObjectRecord& object, bool url) {
  aws::s3::Object entry;
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
  ListResult listed = list_keys(store, keys::rows(keys::kObjectTable, bucket.id), query,
                                [&](std::string_view key, std::string_view value) {
                                  contents.push_back(list_entry(key, read_row<ObjectRecord>(value), url));
                                  if (owner) contents.back().owner.emplace().id = *owner;
                                });
  out.name = bucket.name;
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

aws::s3::MultipartUpload upload_entry(std::string_view key, std::string_view id, const UploadRecord& upload,
                                      const std::string& owner, bool url) {
  aws::s3::MultipartUpload entry;
  entry.upload_id = std::string(id);
  entry.key = shown(key, url);
  entry.initiated = upload.initiated_at;
  entry.storage_class = "STANDARD";
  entry.owner.emplace().id = owner;
  entry.initiator.emplace().id = upload.initiator;
  if (upload.algorithm != ChecksumAlgorithm::none) {
    entry.checksum_algorithm = std::string(algorithm_name(upload.algorithm));
    entry.checksum_type = upload.composite ? "COMPOSITE" : "FULL_OBJECT";
  }
  return entry;
}

// Walks the uploads from `cursor` on; true if it stopped because the page is full.
bool fill_uploads(store::Cursor& cursor, const BucketRecord& bucket, std::string_view key_marker,
                  std::string_view id_marker, UploadPage& page) {
  const std::string owner = canonical_id(bucket.account);
  std::string group_before;
  for (; cursor.valid(); cursor.next()) {
    store::KeyReader reader(cursor.key(), keys::kUploadTable);
    uint64_t bucket_id = 0;
    std::string key;
    store::require_intact(reader.number(bucket_id) && reader.text(key), "a key of S3");
    if (!key.starts_with(page.prefix)) continue;
    const std::string_view id = reader.rest();
    if (!key_marker.empty() && (key < key_marker || (key == key_marker && (id_marker.empty() || id <= id_marker))))
      continue;
    const std::string group(common_prefix(key, page.prefix, page.delimiter));
    if (!group.empty()) {
      if (group <= key_marker || group == group_before) continue;
      if (!page.take(group, "")) return true;
      if (!page.out.common_prefixes) page.out.common_prefixes.emplace();
      page.out.common_prefixes->push_back({.prefix = shown(group, page.url)});
      group_before = group;
      continue;
    }
    if (!page.take(key, id)) return true;
    const auto upload = read_row<UploadRecord>(cursor.value());
    if (!page.out.uploads) page.out.uploads.emplace();
    page.out.uploads->push_back(upload_entry(key, id, upload, owner, page.url));
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

base::Result<aws::s3::ListMultipartUploadsOutput> S3Service::list_multipart_uploads(
    aws::Context& context, aws::s3::ListMultipartUploadsRequest in) {
  TRY_ASSIGN(const BucketRef bucket, lock_and_find_bucket(context, in.bucket, in.expected_bucket_owner));
  TRY_ASSIGN(const bool url, read_encoding(in.encoding_type));
  TRY_ASSIGN(const std::size_t limit, read_limit(in.max_uploads, "max-uploads", "max-uploads"));
  const std::string key_marker = in.key_marker.value_or("");
  const std::string id_marker = key_marker.empty() ? "" : in.upload_id_marker.value_or("");  // alone it has no meaning
  aws::s3::ListMultipartUploadsOutput out;
  UploadPage page{out, in.prefix.value_or(""), in.delimiter.value_or(""), limit, url};
  const std::string rows = keys::rows(keys::kUploadTable, bucket->id);
  const std::string begin = key_marker.empty() ? rows : keys::upload(bucket->id, key_marker, id_marker);
  const auto cursor = store_.scan(begin, store::prefix_end(rows));
  out.is_truncated = limit > 0 && fill_uploads(*cursor, *bucket, key_marker, id_marker, page);
  out.bucket = bucket->name;
  out.key_marker = shown(key_marker, url);
  out.upload_id_marker = id_marker;
  out.prefix = shown(page.prefix, url);
  if (!page.delimiter.empty()) out.delimiter = shown(page.delimiter, url);
  out.max_uploads = static_cast<int32_t>(limit);
  if (url) out.encoding_type = "url";
  if (page.count > 0) {
    out.next_key_marker = shown(page.last_key, url);
    out.next_upload_id_marker = page.last_id;
  }
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
  out.initiator.emplace().id = upload->initiator;
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
