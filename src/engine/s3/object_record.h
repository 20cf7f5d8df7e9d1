// ObjectRecord, UploadRecord and PartRecord: what the store keeps about an object, an open multipart upload and one of
// its parts, beside their bytes. Value types.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "aws/shape.h"
#include "base/time.h"
#include "engine/s3/checksum.h"
#include "engine/s3/chunk_store.h"
#include "store/kv_store.h"

namespace engine::s3 {

// The headers that a caller gives an object and gets back with it.
struct ObjectHeaders {
  std::string content_type;  // empty: binary/octet-stream
  std::optional<std::string> cache_control;
  std::optional<std::string> content_disposition;
  std::optional<std::string> content_encoding;
  std::optional<std::string> content_language;
  std::optional<base::Timestamp> expires;
  aws::Map<std::string> metadata;  // x-amz-meta-*, names in lower case

  bool operator==(const ObjectHeaders&) const = default;
};

struct ObjectRecord {
  Segments segments;  // one, or one for each part in order
  uint64_t size = 0;  // of all segments
  std::string etag;   // without quotes
  base::Timestamp modified_at;
  ObjectHeaders headers;
  Checksum checksum;
  std::string upload_id;       // of the multipart upload that made it, if one did
  std::string part_checksums;  // of its parts in order, raw and of one length each; empty: they are not known

  // Of part `index`, from 0; nullopt if it is not known. REQUIRES: there is such a part.
  [[nodiscard]] std::optional<Checksum> part_checksum(std::size_t index) const;
  [[nodiscard]] bool is_multipart() const { return !upload_id.empty(); }
  [[nodiscard]] std::string quoted_etag() const { return '"' + etag + '"'; }
  [[nodiscard]] std::string encode() const;
  static std::optional<ObjectRecord> decode(std::string_view bytes);  // nullopt: not a record
};

struct UploadRecord {
  uint64_t number = 0;  // under which its parts lie
  base::Timestamp initiated_at;
  ObjectHeaders headers;
  ChecksumAlgorithm algorithm = ChecksumAlgorithm::none;  // as asked for; none means CRC64NVME, of the full object
  bool composite = false;
  std::string initiator;  // ARN of who began it

  [[nodiscard]] ChecksumAlgorithm effective_algorithm() const {
    return algorithm == ChecksumAlgorithm::none ? ChecksumAlgorithm::crc64nvme : algorithm;
  }
  [[nodiscard]] std::string encode() const;
  static std::optional<UploadRecord> decode(std::string_view bytes);
};

struct PartRecord {
  Segment segment;
  std::string md5;       // raw
  std::string checksum;  // raw, of the upload's effective algorithm
  base::Timestamp modified_at;

  [[nodiscard]] std::string encode() const;
  static std::optional<PartRecord> decode(std::string_view bytes);
};

// The record in a row of S3; a row that is none is damage, which ends the process (store::require_intact).
template <class Record>
Record read_row(std::string_view bytes) {
  auto record = Record::decode(bytes);
  store::require_intact(record.has_value(), "a row of S3");
  return std::move(*record);
}

// Times are kept to the second, as the Last-Modified header shows them.
base::Timestamp whole_second(base::Timestamp t);

}  // namespace engine::s3
