// GetObjectAttributes, and what an object has by default: GetObjectAcl, GetObjectTagging, GetObjectTorrent,
// GetObjectRetention, GetObjectLegalHold.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "aws/auth/authorizer.h"
#include "aws/s3/errors.h"
#include "engine/s3/limits.h"
#include "engine/s3/request_checks.h"
#include "engine/s3/service.h"

namespace engine::s3 {

namespace errors = aws::s3::errors;

namespace {

constexpr std::string_view kReadAction = "s3:GetObject";

base::Result<void> check_attributes(const std::vector<std::string>& names) {
  constexpr std::array<std::string_view, 5> kNames = {"ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"};
  for (const std::string& name : names) {
    if (std::ranges::find(kNames, name) == kNames.end())
      return base::fail(invalid_argument("Invalid attribute name specified.", "x-amz-object-attributes", name));
  }
  return {};
}

base::Result<int32_t> read_number(const std::optional<int32_t>& number, int32_t fallback, std::string_view header) {
  if (number.value_or(0) >= 0) return number.value_or(fallback);
  return base::fail(invalid_argument(fmt::format("Argument {} must be an integer between 0 and 2147483647", header),
                                     header, std::to_string(*number)));
}

// Parts are shown one by one if they have checksums of their own; AWS only counts them otherwise.
base::Result<aws::s3::GetObjectAttributesParts> describe_parts(const aws::s3::GetObjectAttributesRequest& in,
                                                               const ObjectRecord& object) {
  TRY_ASSIGN(const int32_t limit, read_number(in.max_parts, kListKeysMax, "x-amz-max-parts"));
  TRY_ASSIGN(const int32_t marker, read_number(in.part_number_marker, 0, "x-amz-part-number-marker"));
  aws::s3::GetObjectAttributesParts out;
  const auto total = static_cast<int32_t>(object.segments.size());
  out.total_parts_count = total;
  if (!object.checksum.composite) return out;
  const int32_t first = std::min(marker, total);
  const int32_t end = std::min(total, first + std::min(limit, kListKeysMax));
  out.part_number_marker = marker;
  out.max_parts = std::min(limit, kListKeysMax);
  out.is_truncated = end < total;
  out.next_part_number_marker = end;
  auto& parts = out.parts.emplace();
  for (int32_t i = first; i < end; ++i) {
    const auto index = static_cast<std::size_t>(i);
    auto& part = parts.emplace_back();
    part.part_number = i + 1;
    part.size = static_cast<int64_t>(object.segments[index].size);
    if (const auto checksum = object.part_checksum(index)) show_checksum_value(*checksum, part);
  }
  return out;
}

}  // namespace

base::Result<aws::s3::GetObjectAttributesOutput> S3Service::get_object_attributes(
    aws::Context& context, aws::s3::GetObjectAttributesRequest in) {
  const std::vector<std::string> names = in.object_attributes.value_or(std::vector<std::string>());
  TRY(check_attributes(names));
  if (names.empty()) {  // which AWS says before it looks for the key
    TRY(require_bucket(context, in.bucket, in.expected_bucket_owner));
    return base::fail(errors::invalid_request(
        "The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty"));
  }
  const std::string arn = fmt::format("arn:aws:s3:::{}/{}", in.bucket.value_or(""), in.key.value_or(""));
  if (context.principal.kind == aws::Principal::Kind::role &&
      (!options_.role_may || !options_.role_may(context, kReadAction, arn)))
    return base::fail(errors::access_denied(aws::auth::denial_text(context, kReadAction, arn)));
  TRY_ASSIGN(const Opened opened, open_object(context, in.bucket, in.key, in.expected_bucket_owner, in.version_id));
  const ObjectRecord& object = opened.object;
  const auto asked = [&](std::string_view name) { return std::ranges::find(names, name) != names.end(); };
  aws::s3::GetObjectAttributesOutput out;
  out.last_modified = object.modified_at;
  if (asked("ETag")) out.etag = object.etag;  // here without quotes
  if (asked("Checksum") && object.checksum.algorithm != ChecksumAlgorithm::none)
    show_checksum(object.checksum, out.checksum.emplace());
  if (asked("ObjectParts") && object.is_multipart()) {
    TRY_ASSIGN(out.object_parts, describe_parts(in, object));
  }
  if (asked("StorageClass")) out.storage_class = "STANDARD";
  if (asked("ObjectSize")) out.object_size = static_cast<int64_t>(object.size);
  return out;
}

base::Result<aws::s3::GetObjectAclOutput> S3Service::get_object_acl(aws::Context& context,
                                                                    aws::s3::GetObjectAclRequest in) {
  TRY(open_object(context, in.bucket, in.key, in.expected_bucket_owner, in.version_id));
  aws::s3::GetObjectAclOutput out;
  out.owner.emplace().id = canonical_id(context.account);  // who asks owns the bucket, and the bucket its objects
  out.grants = owner_grants(context.account);
  return out;
}

base::Result<aws::s3::GetObjectTaggingOutput> S3Service::get_object_tagging(aws::Context& context,
                                                                            aws::s3::GetObjectTaggingRequest in) {
  TRY(open_object(context, in.bucket, in.key, in.expected_bucket_owner, in.version_id));
  aws::s3::GetObjectTaggingOutput out;
  out.tag_set.emplace();
  return out;
}

// AWS has given torrents up: for any key, whether it is there or not.
base::Result<aws::s3::GetObjectTorrentOutput> S3Service::get_object_torrent(aws::Context& context,
                                                                            aws::s3::GetObjectTorrentRequest in) {
  TRY(require_bucket(context, in.bucket, in.expected_bucket_owner));
  auto error = errors::method_not_allowed("The specified method is not allowed against this resource.");
  error.fields = {{"Method", "GET"}, {"ResourceType", "TORRENT"}};
  return base::fail(std::move(error));
}

// The next two ask for the bucket's configuration before they look for the key.
base::Result<aws::s3::GetObjectRetentionOutput> S3Service::get_object_retention(aws::Context& context,
                                                                                aws::s3::GetObjectRetentionRequest in) {
  TRY(require_bucket(context, in.bucket, in.expected_bucket_owner));
  TRY(check_version(in.version_id, in.key));
  return base::fail(errors::invalid_request("Bucket is missing Object Lock Configuration"));
}

base::Result<aws::s3::GetObjectLegalHoldOutput> S3Service::get_object_legal_hold(
    aws::Context& context, aws::s3::GetObjectLegalHoldRequest in) {
  TRY(require_bucket(context, in.bucket, in.expected_bucket_owner));
  TRY(check_version(in.version_id, in.key));
  return base::fail(errors::invalid_request("Bucket is missing Object Lock Configuration"));
}

}  // namespace engine::s3
