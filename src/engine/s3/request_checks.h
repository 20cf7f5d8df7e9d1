// What every operation on objects checks of its request, and the errors that several operations give. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "aws/s3/s3.h"
#include "base/result.h"
#include "engine/s3/object_record.h"

namespace engine::s3 {

base::Result<void> check_key(const std::optional<std::string>& key);
// Only the owner has access, so `private` and `bucket-owner-full-control` change nothing; others are refused.
base::Result<void> check_part_number(const std::optional<int32_t>& part_number);
base::Result<void> check_acl(const std::optional<std::string>& acl);
base::Result<void> check_storage_class(const std::optional<std::string>& storage_class);
base::Result<void> check_metadata_size(const aws::Map<std::string>& metadata);

// The headers of an object, from the request that makes it (PutObject, CopyObject, CreateMultipartUpload).
template <class In>
base::Result<ObjectHeaders> read_headers(In& in) {
  ObjectHeaders headers;
  if (in.content_type) headers.content_type = std::move(*in.content_type);
  headers.cache_control = std::move(in.cache_control);
  headers.content_disposition = std::move(in.content_disposition);
  headers.content_encoding = std::move(in.content_encoding);
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

base::AwsError invalid_argument(std::string message, std::string_view name, std::string_view value);
base::AwsError malformed_xml();
base::AwsError no_such_bucket(std::string_view bucket);
base::AwsError no_such_key(std::string_view key);
base::AwsError no_such_upload(std::string_view upload_id);
base::AwsError entity_too_large(uint64_t size);

}  // namespace engine::s3
