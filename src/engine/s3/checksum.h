// The checksums of S3: what a request claims, what the bytes have, and how those of parts become that of an object.
// Rules and texts: protocols.md 4.5 items 7 to 9; S3 User Guide, "Checking object integrity". Pure, except Hasher.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/encoding.h"
#include "base/result.h"

namespace engine::s3 {

enum class ChecksumAlgorithm : uint8_t { none, crc32, crc32c, crc64nvme, sha1, sha256 };  // numbers are stored

// A checksum as the API shows it: base64, for a composite one with "-<parts>" behind it.
struct Checksum {
  ChecksumAlgorithm algorithm = ChecksumAlgorithm::none;
  std::string value;
  bool composite = false;
  [[nodiscard]] std::string_view type() const { return composite ? "COMPOSITE" : "FULL_OBJECT"; }
  bool operator==(const Checksum&) const = default;
};

std::string_view algorithm_name(ChecksumAlgorithm algorithm);  // "CRC32"; empty for none
std::optional<ChecksumAlgorithm> parse_algorithm(std::string_view name);

// Digests bytes fed piece by piece: the MD5 of the ETag, and the checksum. Not thread-safe.
class Hasher {
 public:
  explicit Hasher(ChecksumAlgorithm algorithm);
  [[nodiscard]] ChecksumAlgorithm algorithm() const { return algorithm_; }
  void update(std::string_view bytes);
  std::string finish_md5() { return md5_.finish(); }  // raw bytes; call once
  std::string finish_checksum();                      // raw bytes, most significant first; call once

 private:
  const ChecksumAlgorithm algorithm_;
  base::Digest md5_{base::Digest::Kind::md5};
  std::unique_ptr<base::Digest> sha_;
  uint64_t crc_ = 0;
};

// The checksum that the members checksum_* of a request or a completed part claim. Fails if there are two, or if one
// is not base64 of the right length (with "-<parts>" behind it, if `composite_allowed`).
base::Result<std::optional<Checksum>> single_checksum(
    std::span<const std::pair<ChecksumAlgorithm, const std::optional<std::string>*>> members, bool composite_allowed);

template <class In>
base::Result<std::optional<Checksum>> claimed_checksum(const In& in, bool composite_allowed = false) {
  const std::pair<ChecksumAlgorithm, const std::optional<std::string>*> members[] = {
      {ChecksumAlgorithm::crc32, &in.checksum_crc32},          {ChecksumAlgorithm::crc32c, &in.checksum_crc32_c},
      {ChecksumAlgorithm::crc64nvme, &in.checksum_crc64_nvme}, {ChecksumAlgorithm::sha1, &in.checksum_sha1},
      {ChecksumAlgorithm::sha256, &in.checksum_sha256},
  };
  return single_checksum(members, composite_allowed);
}

template <class Out>
void show_checksum_value(const Checksum& checksum, Out& out) {
  switch (checksum.algorithm) {
    case ChecksumAlgorithm::none:
      break;
    case ChecksumAlgorithm::crc32:
      out.checksum_crc32 = checksum.value;
      break;
    case ChecksumAlgorithm::crc32c:
      out.checksum_crc32_c = checksum.value;
      break;
    case ChecksumAlgorithm::crc64nvme:
      out.checksum_crc64_nvme = checksum.value;
      break;
    case ChecksumAlgorithm::sha1:
      out.checksum_sha1 = checksum.value;
      break;
    case ChecksumAlgorithm::sha256:
      out.checksum_sha256 = checksum.value;
      break;
  }
}
template <class Out>
void show_checksum(const Checksum& checksum, Out& out) {
  show_checksum_value(checksum, out);
  if (checksum.algorithm != ChecksumAlgorithm::none) out.checksum_type = std::string(checksum.type());
}

// BadDigest in S3's words.
base::AwsError checksum_mismatch(ChecksumAlgorithm algorithm);

// Fails unless `content_md5`, if there is one, is the base64 of `md5` (16 raw bytes).
base::Result<void> check_content_md5(const std::optional<std::string>& content_md5, std::string_view md5);

// The CRC of two runs of bytes from the CRC of each (raw, most significant first). REQUIRES: a CRC algorithm.
std::string combine_crc(ChecksumAlgorithm algorithm, std::string_view first, std::string_view second,
                        uint64_t second_bytes);

}  // namespace engine::s3
