#include "engine/s3/checksum.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "aws/s3/errors.h"
#include "engine/s3/limits.h"

namespace engine::s3 {

namespace errors = aws::s3::errors;

namespace {

struct AlgorithmDesc {
  std::string_view name;
  std::string_view header_suffix;
  std::size_t bytes;
  uint64_t polynomial;  // reflected; 0 if it is no CRC
};

constexpr std::array<AlgorithmDesc, 6> kAlgorithms = {{{"", "", 0, 0},
                                                       {"CRC32", "crc32", 4, 0xEDB88320},
                                                       {"CRC32C", "crc32c", 4, 0x82F63B78},
                                                       {"CRC64NVME", "crc64nvme", 8, 0x9A6C9329AC4BC9B5},
                                                       {"SHA1", "sha1", 20, 0},
                                                       {"SHA256", "sha256", 32, 0}}};

const AlgorithmDesc& describe(ChecksumAlgorithm algorithm) {
  return kAlgorithms.at(static_cast<std::size_t>(algorithm));
}

std::string big_endian(uint64_t value, std::size_t bytes) {
  std::string out(bytes, '\0');
  for (std::size_t i = 0; i < bytes; ++i) out[bytes - 1 - i] = static_cast<char>(value >> (8 * i));
  return out;
}

uint64_t from_big_endian(std::string_view bytes) {
  uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

// a * b modulo the polynomial, all reflected: the highest of `width` bits stands for x^0.
uint64_t multiply(uint64_t a, uint64_t b, uint64_t polynomial, unsigned width) {
  uint64_t product = 0;
  for (uint64_t bit = uint64_t{1} << (width - 1); bit != 0; bit >>= 1) {
    if ((a & bit) != 0) product ^= b;
    b = (b & 1) != 0 ? b >> 1 ^ polynomial : b >> 1;
  }
  return product;
}

bool is_parts_suffix(std::string_view text) {
  int parts = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parts);
  return error == std::errc() && end == text.data() + text.size() && parts >= 1 && parts <= kPartNumberMax;
}

}  // namespace

std::string_view algorithm_name(ChecksumAlgorithm algorithm) {
  return describe(algorithm).name;
}

std::optional<ChecksumAlgorithm> parse_algorithm(std::string_view name) {
  for (std::size_t i = 1; i < kAlgorithms.size(); ++i)
    if (kAlgorithms.at(i).name == name) return static_cast<ChecksumAlgorithm>(i);
  return std::nullopt;
}

Hasher::Hasher(ChecksumAlgorithm algorithm) : algorithm_(algorithm) {
  if (algorithm == ChecksumAlgorithm::sha1) sha_ = std::make_unique<base::Digest>(base::Digest::Kind::sha1);
  if (algorithm == ChecksumAlgorithm::sha256) sha_ = std::make_unique<base::Digest>(base::Digest::Kind::sha256);
}

void Hasher::update(std::string_view bytes) {
  md5_.update(bytes);
  switch (algorithm_) {
    case ChecksumAlgorithm::none:
      break;
    case ChecksumAlgorithm::crc32:
      crc_ = base::crc32(bytes, static_cast<uint32_t>(crc_));
      break;
    case ChecksumAlgorithm::crc32c:
      crc_ = base::crc32c(bytes, static_cast<uint32_t>(crc_));
      break;
    case ChecksumAlgorithm::crc64nvme:
      crc_ = base::crc64nvme(bytes, crc_);
      break;
    case ChecksumAlgorithm::sha1:
    case ChecksumAlgorithm::sha256:
      sha_->update(bytes);
      break;
  }
}

std::string Hasher::finish_checksum() {
  return sha_ ? sha_->finish() : big_endian(crc_, describe(algorithm_).bytes);
}

base::Result<std::optional<Checksum>> single_checksum(
    std::span<const std::pair<ChecksumAlgorithm, const std::optional<std::string>*>> members, bool composite_allowed) {
  std::optional<Checksum> found;
  for (const auto& [algorithm, member] : members) {
    if (!member->has_value()) continue;
    if (found) {
      return base::fail(errors::invalid_request(
          "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."));
    }
    const std::string& text = **member;
    const std::size_t dash = composite_allowed ? text.find('-') : std::string::npos;
    const auto bytes = base::base64_decode(std::string_view(text).substr(0, dash));
    const bool composite = dash != std::string::npos;
    if (!bytes || bytes->size() != describe(algorithm).bytes ||
        (composite && !is_parts_suffix(std::string_view(text).substr(dash + 1)))) {
      return base::fail(errors::invalid_request(
          fmt::format("Value for x-amz-checksum-{} header is invalid.", describe(algorithm).header_suffix)));
    }
    found = Checksum{algorithm, text, composite};
  }
  return found;
}

base::AwsError checksum_mismatch(ChecksumAlgorithm algorithm) {
  return errors::bad_digest(
      fmt::format("The {} you specified did not match the calculated checksum.", algorithm_name(algorithm)));
}

base::Result<void> check_content_md5(const std::optional<std::string>& content_md5, std::string_view md5) {
  if (!content_md5) return {};
  const auto claimed = base::base64_decode(*content_md5);
  if (!claimed || claimed->size() != md5.size()) {
    auto error = errors::invalid_digest("The Content-MD5 you specified was invalid.");
    error.fields = {{"Content-MD5", *content_md5}};
    return base::fail(std::move(error));
  }
  if (*claimed == md5) return {};
  auto error = errors::bad_digest("The Content-MD5 you specified did not match what we received.");
  error.fields = {{"ExpectedDigest", *content_md5}, {"CalculatedDigest", base::base64_encode(md5)}};
  return base::fail(std::move(error));
}

// CRC(a b) = CRC(a) * x^(8 |b|) + CRC(b): the inverted starts and ends cancel out.
std::string combine_crc(ChecksumAlgorithm algorithm, std::string_view first, std::string_view second,
                        uint64_t second_bytes) {
  const AlgorithmDesc& desc = describe(algorithm);
  const auto width = static_cast<unsigned>(8 * desc.bytes);
  uint64_t power = uint64_t{1} << (width - 1 - 8);  // x^8
  uint64_t shift = uint64_t{1} << (width - 1);      // x^0
  for (; second_bytes != 0; second_bytes >>= 1) {
    if ((second_bytes & 1) != 0) shift = multiply(shift, power, desc.polynomial, width);
    power = multiply(power, power, desc.polynomial, width);
  }
  return big_endian(multiply(from_big_endian(first), shift, desc.polynomial, width) ^ from_big_endian(second),
                    desc.bytes);
}

}  // namespace engine::s3
