#include "store/rocksdb/blob_scan.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "base/encoding.h"

namespace store {
namespace {

// RocksDB's format of blob files, version 1 (its wiki, "BlobDB"); numbers are little-endian, checksums masked CRC-32C.
// Header: magic (4), version (4), column family (4), flags and compression (1 each), expirations (16). Then records:
// lengths of key and value (8 each), expiration (8), checksum of these 24 bytes (4), checksum of what follows (4), key,
// value. Footer, of a file that is complete: magic (4), number of records (8), expirations (16), checksum (4).
constexpr uint32_t kMagic = 2'395'959;
constexpr uint64_t kHeaderBytes = 30;
constexpr uint64_t kRecordHeaderBytes = 32;
constexpr uint64_t kFooterBytes = 32;

uint64_t number_at(std::string_view bytes, std::size_t at, std::size_t count) {
  uint64_t number = 0;
  for (std::size_t i = at + count; i > at; --i) number = number << 8 | static_cast<unsigned char>(bytes[i - 1]);
  return number;
}

uint32_t masked(uint32_t crc) {
  return (crc >> 15 | crc << 17) + 0xa282ead8U;
}

bool has_checksum(std::string_view bytes, uint64_t checksum) {
  return checksum == masked(base::crc32c(bytes));
}

}  // namespace

std::string damage_in_blob_file(const std::string& path) {
  std::error_code error;
  const uint64_t size = std::filesystem::file_size(path, error);
  std::ifstream file(path, std::ios::binary);
  if (error || !file) return fmt::format("cannot be read: {}", error ? error.message() : std::strerror(errno));
  std::string bytes;
  const auto read = [&](uint64_t count) {
    bytes.resize(count);
    return static_cast<bool>(file.read(bytes.data(), static_cast<std::streamsize>(count)));
  };
  if (size < kHeaderBytes + kFooterBytes) return fmt::format("has {} bytes, which is less than any has", size);
  if (!read(kHeaderBytes)) return "cannot be read at byte 0";
  if (number_at(bytes, 0, 4) != kMagic) return "does not begin as a blob file does";
  uint64_t at = kHeaderBytes;
  uint64_t records = 0;
  for (; at < size - kFooterBytes; ++records) {
    if (!read(kRecordHeaderBytes)) return fmt::format("cannot be read at byte {}", at);
    const uint64_t left = size - kFooterBytes - at;
    const uint64_t key_bytes = number_at(bytes, 0, 8);
    const uint64_t value_bytes = number_at(bytes, 8, 8);
    const uint64_t checksum = number_at(bytes, 28, 4);
    const bool fits = left >= kRecordHeaderBytes && key_bytes <= left && value_bytes <= left &&
                      kRecordHeaderBytes + key_bytes + value_bytes <= left;
    if (!fits || !has_checksum(std::string_view(bytes).substr(0, 24), number_at(bytes, 24, 4)))
      return fmt::format("is damaged at byte {}: the head of a record", at);
    if (!read(key_bytes + value_bytes)) return fmt::format("cannot be read at byte {}", at);
    if (!has_checksum(bytes, checksum)) return fmt::format("is damaged at byte {}: a record", at);
    at += kRecordHeaderBytes + key_bytes + value_bytes;
  }
  if (!read(kFooterBytes)) return fmt::format("cannot be read at byte {}", at);
  if (number_at(bytes, 0, 4) != kMagic || number_at(bytes, 4, 8) != records ||
      !has_checksum(std::string_view(bytes).substr(0, 28), number_at(bytes, 28, 4)))
    return "is damaged at its end";
  return {};
}

}  // namespace store
