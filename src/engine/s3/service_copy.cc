// CopyObject and UploadPartCopy.
#include <fmt/format.h>

#include <charconv>

#include "aws/s3/errors.h"
#include "aws/validate.h"
#include "engine/s3/conditions.h"
#include "engine/s3/limits.h"
#include "engine/s3/object_body.h"
#include "engine/s3/request_checks.h"
#include "engine/s3/service.h"

namespace engine::s3 {

namespace errors = aws::s3::errors;

namespace {

struct Source {
  std::string bucket;
  std::string key;
};

// "/bucket/key", percent-encoded, with an optional "?versionId=" that is not (API reference, CopyObject).
base::Result<Source> parse_source(const std::optional<std::string>& header) {
  constexpr std::string_view kVersion = "?versionId=";
  std::string_view text = header ? std::string_view(*header) : std::string_view();
  if (const std::size_t at = text.rfind(kVersion); at != std::string_view::npos) {
    const std::string_view version = text.substr(at + kVersion.size());
    if (version != "null")
      return base::fail(aws::unsupported_parameter(aws::s3::kService, "x-amz-copy-source versionId"));
    text = text.substr(0, at);
  }
  const auto decoded = base::percent_decode(text);
  std::string_view path = decoded ? std::string_view(*decoded) : std::string_view();
  if (path.starts_with('/')) path.remove_prefix(1);
  const std::size_t slash = path.find('/');
  if (path.starts_with("arn:")) return base::fail(aws::unsupported_parameter(aws::s3::kService, "x-amz-copy-source"));
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == path.size()) {
    return base::fail(invalid_argument("Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
                                       "x-amz-copy-source", header.value_or("")));
  }
  return Source{std::string(path.substr(0, slash)), std::string(path.substr(slash + 1))};
}

// Whether a directive ("metadata" or "tagging") says REPLACE.
base::Result<bool> replaces(std::string_view what, const std::optional<std::string>& directive) {
  if (directive == "REPLACE") return true;
  if (!directive || directive == "COPY") return false;
  return base::fail(invalid_argument(fmt::format("Unknown {} directive.", what),
                                     fmt::format("x-amz-{}-directive", what), *directive));
}

base::Result<void> check_self_copy(const aws::s3::CopyObjectRequest& in, const Source& source, bool new_headers) {
  if (source.bucket != in.bucket || source.key != in.key || new_headers || in.storage_class || in.checksum_algorithm ||
      in.server_side_encryption)
    return {};
  return base::fail(errors::invalid_request(
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's "
      "metadata, storage class, website redirect location or encryption attributes."));
}

// "bytes=first-last", both given, within the source: unlike Range it is not made to fit. nullopt: it is malformed.
std::optional<ByteRange> read_copy_range(std::string_view text) {
  constexpr std::string_view kUnit = "bytes=";
  if (!text.starts_with(kUnit)) return std::nullopt;
  const std::string_view spec = text.substr(kUnit.size());
  const std::size_t dash = spec.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto number = [](std::string_view digits) -> std::optional<uint64_t> {
    uint64_t out = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
    if (digits.empty() || end != digits.data() + digits.size() || error != std::errc() || out == UINT64_MAX)
      return std::nullopt;
    return out;
  };
  const auto first = number(spec.substr(0, dash));
  const auto last = number(spec.substr(dash + 1));
  if (!first || !last || *first > *last) return std::nullopt;
  return ByteRange{*first, *last + 1};
}

base::Result<ByteRange> copied_range(const std::optional<std::string>& header, uint64_t size) {
  constexpr std::string_view kName = "x-amz-copy-source-range";
  if (!header) return ByteRange{0, size};
  const auto range = read_copy_range(*header);
  if (!range) {
    return base::fail(invalid_argument(
        "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the "
        "zero-based offsets of the first and last bytes to copy",
        kName, *header));
  }
  if (range->begin > size)
    return base::fail(errors::invalid_request("The specified copy range is invalid for the source object size"));
  if (range->end > size) {
    return base::fail(invalid_argument(fmt::format("Range specified is not valid for source object of size: {}", size),
                                       kName, *header));
  }
  return *range;
}

base::Result<void> check_copied_size(uint64_t size) {
  if (size <= kPutBytesMax) return {};
  return base::fail(errors::invalid_request(fmt::format(
      "The specified copy source is larger than the maximum allowable size for a copy source: {}", kPutBytesMax)));
}

void copy_bytes(aws::http::BodySource& from, Hasher& hasher, ChunkStore::Writer& to) {
  for (std::string piece; from.read(piece), !piece.empty(); piece.clear()) {
    hasher.update(piece);
    to.append(piece);
  }
  to.flush();
}

}  // namespace

template <class In>
base::Result<S3Service::Opened> S3Service::open_source(const aws::Context& context, const In& in) {
  TRY_ASSIGN(const Source source, parse_source(in.copy_source));
  if (context.principal.kind == aws::Principal::Kind::role &&
      (!options_.role_may ||
       !options_.role_may(context, "s3:GetObject", fmt::format("arn:aws:s3:::{}/{}", source.bucket, source.key))))
    return base::fail(errors::access_denied("Access Denied"));
  TRY_ASSIGN(Opened opened, open_object(context, source.bucket, source.key, in.expected_source_bucket_owner,
                                        std::nullopt, Region::any));
  TRY(check_read({in.copy_source_if_match, in.copy_source_if_none_match, in.copy_source_if_modified_since,
                  in.copy_source_if_unmodified_since},
                 opened.object, context.now, true));
  return opened;
}

base::Result<aws::s3::CopyObjectOutput> S3Service::copy_object(aws::Context& context, aws::s3::CopyObjectRequest in) {
  TRY(check_key(in.key));
  TRY(check_acl(in.acl));
  TRY(check_storage_class(in.storage_class));
  TRY(check_encryption(in.server_side_encryption));
  TRY_ASSIGN(const Source source, parse_source(in.copy_source));
  TRY_ASSIGN(const bool new_headers, replaces("metadata", in.metadata_directive));
  TRY(replaces("tagging", in.tagging_directive));  // either way: objects have no tags, and new ones are refused
  TRY_ASSIGN(const auto algorithm, read_algorithm(in.checksum_algorithm, "x-amz-checksum-algorithm"));
  TRY(check_self_copy(in, source, new_headers));
  TRY(lock_and_find_bucket(context, in.bucket, in.expected_bucket_owner));
  TRY_ASSIGN(Opened opened, open_source(context, in));
  TRY(check_copied_size(opened.object.size));
  ObjectRecord object;
  object.headers = opened.object.headers;
  if (new_headers) {
    TRY_ASSIGN(object.headers, read_headers(in));
  }
  object.checksum.algorithm = algorithm ? *algorithm
                              : opened.object.checksum.algorithm == ChecksumAlgorithm::none
                                  ? ChecksumAlgorithm::crc64nvme
                                  : opened.object.checksum.algorithm;
  object.modified_at = whole_second(context.now);
  // The copy of a multipart object is one piece: its ETag and checksum are those of its bytes.
  Hasher hasher(object.checksum.algorithm);
  ChunkStore::Writer body(*chunks_);
  const auto bytes = object_body(chunks_, std::move(opened.pin), opened.object.segments, 0, opened.object.size);
  copy_bytes(*bytes, hasher, body);
  object.segments = {body.segment()};
  object.size = body.segment().size;
  object.etag = base::hex_encode(hasher.finish_md5());
  object.checksum.value = base::base64_encode(hasher.finish_checksum());
  {
    const Sweep sweep{*this};
    const std::lock_guard lock(mutex_);
    TRY_ASSIGN(const BucketRef bucket, find_bucket(context, in.bucket, in.expected_bucket_owner));
    const std::optional<ObjectRecord> current = load_object(*bucket, *in.key);
    TRY(check_write(in.if_match, in.if_none_match, current, *in.key));
    Change change;
    body.finish(change.batch);
    replace_object(context, *bucket, *in.key, object, current, "ObjectCreated:Copy", change);
    commit(std::move(change));
  }
  aws::s3::CopyObjectOutput out;
  out.server_side_encryption = kEncryption;
  auto& result = out.copy_object_result.emplace();
  result.etag = object.quoted_etag();
  result.last_modified = object.modified_at;
  show_checksum(object.checksum, result);
  return out;
}

base::Result<aws::s3::UploadPartCopyOutput> S3Service::upload_part_copy(aws::Context& context,
                                                                        aws::s3::UploadPartCopyRequest in) {
  TRY(check_key(in.key));
  TRY(check_part_number(in.part_number));
  const PartPlace place{in.bucket, in.key, in.expected_bucket_owner, in.upload_id.value_or(""), *in.part_number};
  TRY_ASSIGN(const UploadRecord upload, lock_and_find_upload(context, place));
  TRY_ASSIGN(Opened opened, open_source(context, in));
  TRY_ASSIGN(const ByteRange range, copied_range(in.copy_source_range, opened.object.size));
  TRY(check_copied_size(range.end - range.begin));
  Hasher hasher(upload.effective_algorithm());
  ChunkStore::Writer body(*chunks_);
  const auto bytes =
      object_body(chunks_, std::move(opened.pin), std::move(opened.object.segments), range.begin, range.end);
  copy_bytes(*bytes, hasher, body);
  PartRecord part;
  part.md5 = hasher.finish_md5();
  part.checksum = hasher.finish_checksum();
  aws::s3::UploadPartCopyOutput out;
  out.server_side_encryption = kEncryption;
  auto& result = out.copy_part_result.emplace();
  result.etag = '"' + base::hex_encode(part.md5) + '"';
  result.last_modified = whole_second(context.now);
  // Of an upload that has named none a copied part shows no checksum either.
  if (upload.algorithm != ChecksumAlgorithm::none)
    show_checksum_value({upload.algorithm, base::base64_encode(part.checksum)}, result);
  TRY(put_part(context, place, std::move(part), body));
  return out;
}

}  // namespace engine::s3
