#include "engine/s3/request_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "aws/http/message.h"
#include "aws/s3/errors.h"
#include "aws/validate.h"
#include "engine/s3/bucket_record.h"
#include "engine/s3/limits.h"

namespace engine::s3 {

namespace errors = aws::s3::errors;

base::AwsError invalid_argument(std::string message, std::string_view name, std::string_view value) {
  auto error = errors::invalid_argument(std::move(message));
  error.fields = {{"ArgumentName", std::string(name)}, {"ArgumentValue", std::string(value)}};
  return error;
}

base::AwsError malformed_xml() {
  return errors::malformed_xml(
      "The XML you provided was not well-formed or did not validate against our published schema");
}

base::AwsError no_such_bucket(std::string_view bucket) {
  auto error = errors::no_such_bucket("The specified bucket does not exist");
  error.fields = {{"BucketName", std::string(bucket)}};
  return error;
}

base::AwsError no_such_key(std::string_view key) {
  auto error = errors::no_such_key("The specified key does not exist.");
  error.fields = {{"Key", std::string(key)}};
  return error;
}

base::AwsError no_such_upload(std::string_view upload_id) {
  auto error = errors::no_such_upload(
      "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or "
      "completed.");
  error.fields = {{"UploadId", std::string(upload_id)}};
  return error;
}

base::AwsError entity_too_large(uint64_t size) {
  auto error = errors::entity_too_large("Your proposed upload exceeds the maximum allowed size");
  error.fields = {{"ProposedSize", std::to_string(size)}, {"MaxSizeAllowed", std::to_string(kPutBytesMax)}};
  return error;
}

base::Result<void> check_key(const std::optional<std::string>& key) {
  if (!key || key->empty()) return base::fail(errors::invalid_request("The request must contain the parameter Key."));
  if (key->size() > kKeyBytesMax) {
    auto error = errors::key_too_long_error("Your key is too long");
    error.fields = {{"Size", std::to_string(key->size())}, {"MaxSizeAllowed", std::to_string(kKeyBytesMax)}};
    return base::fail(std::move(error));
  }
  if (!base::is_utf8(*key)) return base::fail(errors::invalid_uri("Couldn't parse the specified URI."));
  return {};
}

base::Result<void> check_part_number(const std::optional<int32_t>& part_number) {
  if (part_number && *part_number >= 1 && *part_number <= kPartNumberMax) return {};
  return base::fail(invalid_argument("Part number must be an integer between 1 and 10000, inclusive", "partNumber",
                                     part_number ? std::to_string(*part_number) : ""));
}

base::Result<void> check_acl(const std::optional<std::string>& acl) {
  if (!acl || *acl == "private" || *acl == "bucket-owner-full-control") return {};
  constexpr std::array<std::string_view, 5> kOthers = {"public-read", "public-read-write", "authenticated-read",
                                                       "aws-exec-read", "bucket-owner-read"};
  if (std::ranges::find(kOthers, *acl) == kOthers.end()) return base::fail(invalid_argument("", "x-amz-acl", *acl));
  return base::fail(errors::access_control_list_not_supported("The bucket does not allow ACLs"));
}

base::Result<void> check_storage_class(const std::optional<std::string>& storage_class) {
  if (!storage_class || *storage_class == "STANDARD") return {};
  constexpr std::array<std::string_view, 10> kOthers = {
      "SNOW",    "OUTPOSTS",   "STANDARD_IA",  "ONEZONE_IA",      "INTELLIGENT_TIERING",
      "GLACIER", "GLACIER_IR", "DEEP_ARCHIVE", "EXPRESS_ONEZONE", "REDUCED_REDUNDANCY"};
  if (std::ranges::find(kOthers, *storage_class) == kOthers.end())
    return base::fail(errors::invalid_storage_class("The storage class you specified is not valid"));
  return base::fail(
      aws::unsupported_parameter(aws::s3::kService, fmt::format("x-amz-storage-class: {}", *storage_class)));
}

base::Result<void> check_encryption(const std::optional<std::string>& server_side_encryption) {
  constexpr std::string_view kHeader = "x-amz-server-side-encryption";
  if (!server_side_encryption || *server_side_encryption == kEncryption) return {};
  if (server_side_encryption->starts_with("aws:")) {
    return base::fail(
        aws::unsupported_parameter(aws::s3::kService, fmt::format("{}: {}", kHeader, *server_side_encryption)));
  }
  return base::fail(
      invalid_argument("The encryption method specified is not supported", kHeader, *server_side_encryption));
}

base::Result<void> check_version(const std::optional<std::string>& version_id, const std::optional<std::string>& key) {
  constexpr std::size_t kIdLength = 32;
  if (!version_id || *version_id == "null") return {};
  if (version_id->empty())
    return base::fail(invalid_argument("Version id cannot be the empty string", "versionId", *version_id));
  if (version_id->size() != kIdLength)
    return base::fail(invalid_argument("Invalid version id specified", "versionId", *version_id));
  auto error = errors::no_such_version("The specified version does not exist.");
  error.fields = {{"Key", key.value_or("")}, {"VersionId", *version_id}};
  return base::fail(std::move(error));
}

std::optional<std::string> own_encoding(const std::optional<std::string>& content_encoding) {
  if (!content_encoding) return std::nullopt;
  std::string kept;
  std::string_view rest = *content_encoding;
  while (!rest.empty()) {
    std::string_view item = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), item.size() + 1));
    while (item.starts_with(' ') || item.starts_with('\t')) item.remove_prefix(1);
    while (item.ends_with(' ') || item.ends_with('\t')) item.remove_suffix(1);
    if (item.empty() || aws::http::equal_ignoring_case(item, "aws-chunked")) continue;
    kept.append(kept.empty() ? "" : ",").append(item);
  }
  return kept.empty() ? std::nullopt : std::optional(std::move(kept));
}

std::string upload_id_mark(std::string_view key) {
  return base::hex_encode(base::sha256(key)).substr(0, 8);
}

std::vector<aws::s3::Grant> owner_grants(std::string_view account) {
  aws::s3::Grant grant;
  auto& grantee = grant.grantee.emplace();
  grantee.id = canonical_id(account);
  grantee.type = "CanonicalUser";
  grant.permission = "FULL_CONTROL";
  return {std::move(grant)};
}

base::Result<void> check_metadata_size(const aws::Map<std::string>& metadata) {
  std::size_t size = 0;
  for (const auto& [name, value] : metadata) size += name.size() + value.size();
  if (size <= kUserMetadataBytesMax) return {};
  auto error = errors::metadata_too_large("Your metadata headers exceed the maximum allowed metadata size");
  error.fields = {{"Size", std::to_string(size)}, {"MaxSizeAllowed", std::to_string(kUserMetadataBytesMax)}};
  return base::fail(std::move(error));
}

base::Result<std::optional<ChecksumAlgorithm>> read_algorithm(const std::optional<std::string>& name,
                                                              std::string_view header) {
  if (!name) return std::nullopt;
  const auto algorithm = parse_algorithm(*name);
  if (algorithm) return algorithm;
  if (*name == "SHA512" || *name == "MD5" || name->starts_with("XXHASH"))
    return base::fail(aws::unsupported_parameter(aws::s3::kService, fmt::format("{}: {}", header, *name)));
  return base::fail(errors::invalid_request(fmt::format("Value for {} header is invalid.", header)));
}

base::Result<ChecksumAlgorithm> choose_algorithm(const std::optional<std::string>& sdk_algorithm,
                                                 const std::optional<Checksum>& claimed, ChecksumAlgorithm fallback) {
  TRY_ASSIGN(const auto named, read_algorithm(sdk_algorithm, "x-amz-sdk-checksum-algorithm"));
  if (named && !claimed) {
    return base::fail(errors::invalid_request(
        "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were "
        "found."));
  }
  if (named && *named != claimed->algorithm)
    return base::fail(errors::invalid_request("Value for x-amz-sdk-checksum-algorithm header is invalid."));
  return claimed ? claimed->algorithm : fallback;
}

base::Result<Digests> check_digests(Hasher& hasher, ChecksumAlgorithm algorithm,
                                    const std::optional<std::string>& content_md5,
                                    const std::optional<Checksum>& claimed) {
  Digests out;
  out.checksum.algorithm = algorithm;
  out.md5 = hasher.finish_md5();
  TRY(check_content_md5(content_md5, out.md5));
  out.checksum_bytes = hasher.finish_checksum();
  out.checksum.value = base::base64_encode(out.checksum_bytes);
  if (claimed && claimed->value != out.checksum.value) return base::fail(checksum_mismatch(claimed->algorithm));
  return out;
}

}  // namespace engine::s3
