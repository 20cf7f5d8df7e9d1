#include "store/rocksdb/watermark.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string_view>

#include "base/encoding.h"

namespace store {
namespace {

// One slot: magic and format version (8 bytes), generation, sequence (8 each, most significant byte first), CRC-32C
// of the 24 bytes before it. The slots are a page apart, so that one torn page cannot hit both.
constexpr std::string_view kMagic = "TILLWM";
constexpr unsigned char kFormatVersion = 1;
constexpr std::size_t kSlotBytes = 28;
constexpr off_t kSlotDistanceBytes = 4096;

void append(std::string& out, uint64_t number, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out.push_back(static_cast<char>(number >> shift));
}

uint64_t number_at(std::string_view slot, std::size_t at, std::size_t bytes) {
  uint64_t number = 0;
  for (std::size_t i = at; i < at + bytes; ++i) number = number << 8 | static_cast<unsigned char>(slot[i]);
  return number;
}

struct Slot {
  uint64_t generation;
  CommitSequence sequence;
  uint64_t version;
};

std::optional<Slot> parse(std::string_view slot) {
  if (slot.size() != kSlotBytes || !slot.starts_with(kMagic)) return std::nullopt;
  if (number_at(slot, 24, 4) != base::crc32c(slot.substr(0, 24))) return std::nullopt;
  return Slot{number_at(slot, 8, 8), number_at(slot, 16, 8), number_at(slot, 6, 2)};
}

std::optional<Slot> read_slot(int descriptor, int index) {
  std::string bytes(kSlotBytes, '\0');
  const ssize_t size = pread(descriptor, bytes.data(), bytes.size(), index * kSlotDistanceBytes);
  return size == std::ssize(bytes) ? parse(bytes) : std::nullopt;
}

}  // namespace

std::expected<Watermark, OpenError> Watermark::open(const std::string& directory, bool may_create) {
  const std::string path = directory + "/watermark";
  Watermark watermark(File(::open(path.c_str(), O_RDWR | (may_create ? O_CREAT : 0) | O_NOFOLLOW | O_CLOEXEC, 0600)));
  const int descriptor = watermark.file_.get();
  if (descriptor < 0 && errno == ENOENT) {
    return std::unexpected(OpenError{OpenError::Kind::corrupt, fmt::format("{} is missing", path), 0, true});
  }
  if (descriptor < 0) return std::unexpected(system_error("open", path));
  bool is_found = false;
  for (const int index : {0, 1}) {
    const auto slot = read_slot(descriptor, index);
    if (!slot) continue;
    if (slot->version != kFormatVersion) {
      return std::unexpected(OpenError{
          OpenError::Kind::other, fmt::format("{} is of format {}, this program knows only format {}; it was probably "
                                              "written by a newer version",
                                              path, slot->version, kFormatVersion)});
    }
    if (!is_found || slot->generation > watermark.generation_) {
      watermark.generation_ = slot->generation;
      watermark.sequence_ = slot->sequence;
    }
    is_found = true;
  }
  if (is_found) return watermark;
  if (!may_create) {
    return std::unexpected(OpenError{OpenError::Kind::corrupt, fmt::format("{} has no readable slot", path), 0, true});
  }
  if (!watermark.set(0) || !sync_directory(directory)) return std::unexpected(system_error("write", path));
  return watermark;
}

bool Watermark::set(CommitSequence sequence) {
  std::string slot(kMagic);
  append(slot, kFormatVersion, 2);
  append(slot, ++generation_, 8);
  append(slot, sequence, 8);
  append(slot, base::crc32c(slot), 4);
  const auto at = static_cast<off_t>(generation_ % 2) * kSlotDistanceBytes;
  if (pwrite(file_.get(), slot.data(), slot.size(), at) != std::ssize(slot) || fdatasync(file_.get()) != 0)
    return false;
  sequence_ = sequence;
  return true;
}

}  // namespace store
