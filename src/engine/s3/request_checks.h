// What every operation on objects checks of its request, and the errors that several operations give. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/s3/s3.h"
#include "base/result.h"
#include "engine/s3/object_record.h"

namespace engine::s3 {

base::Result<void> check_key(const std::optional<std::string>& key);
// Only the owner has access, so `private` and `bucket-owner-full-control` change nothing; others are refused.
base::Result<void> check_part_number(const std::optional<int32_t>& part_number);
base::Result<void> check_acl(const std::optional<std::string>& acl);
base::Result<void> check_storage_class(const std::optional<std::string>& storage_class);
// What S3 encrypts every object with and says so in every answer about one. Here it is a word only: the files of the
// store are not encrypted (docs/differences/s3.md). Keys of KMS are refused.
constexpr const char* kEncryption = "AES256";
base::Result<void> check_encryption(const std::optional<std::string>& server_side_encryption);
// Without versioning every object is the version "null". Fails for another: with InvalidArgument if it is no id, else
// with NoSuchVersion.
base::Result<void> check_version(const std::optional<std::string>& version_id, const std::optional<std::string>& key);
base::Result<void> check_metadata_size(const aws::Map<std::string>& metadata);

// Content-Encoding without "aws-chunked", which is of the upload and not of the object; absent if nothing else is
// there.
std::optional<std::string> own_encoding(const std::optional<std::string>& content_encoding);

// The headers of an object, from the request that makes it (PutObject, CopyObject, CreateMultipartUpload).
template <class In>
base::Result<ObjectHeaders> read_headers(In& in) {
  ObjectHeaders headers;
  if (in.content_type) headers.content_type = std::move(*in.content_type);
  headers.cache_control = std::move(in.cache_control);
  headers.content_disposition = std::move(in.content_disposition);
  headers.content_encoding = own_encoding(in.content_encoding);
  headers.content_language = std::move(in.content_language);
  headers.expires = in.expires;
  if (in.metadata) headers.metadata = std::move(*in.metadata);
  TRY(check_metadata_size(headers.metadata));
  return headers;
}

// The algorithm that a request names, or nullopt. Fails for one that does not exist here.
base::Result<std::optional<ChecksumAlgorithm>> read_algorithm(const std::optional<std::string>& name,
                                                              std::string_view header);

// The body's digests, checked against what the request claims of it.
struct Digests {
  std::string md5;  // raw
  Checksum checksum;
  std::string checksum_bytes;  // raw
};
// `fallback` is the algorithm if the request claims none.
base::Result<ChecksumAlgorithm> choose_algorithm(const std::optional<std::string>& sdk_algorithm,
                                                 const std::optional<Checksum>& claimed, ChecksumAlgorithm fallback);
// `hasher` has seen the whole body, by `algorithm`; it is used up.
base::Result<Digests> check_digests(Hasher& hasher, ChecksumAlgorithm algorithm,
                                    const std::optional<std::string>& content_md5,
                                    const std::optional<Checksum>& claimed);

// The access control list of everything: its owner may do all.
std::vector<aws::s3::Grant> owner_grants(std::string_view account);

// What upload ids for `key` end with.
std::string upload_id_mark(std::string_view key);

base::AwsError invalid_argument(std::string message, std::string_view name, std::string_view value);
base::AwsError malformed_xml();
base::AwsError no_such_bucket(std::string_view bucket);
base::AwsError no_such_key(std::string_view key);
base::AwsError no_such_upload(std::string_view upload_id);
base::AwsError entity_too_large(uint64_t size);

}  // namespace engine::s3
