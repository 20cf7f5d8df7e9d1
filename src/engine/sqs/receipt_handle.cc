#include "engine/sqs/receipt_handle.h"

#include "base/encoding.h"

namespace engine::sqs {
namespace {

constexpr uint32_t kChecksumSeed = 0x7153'5273;  // tells our handles from other base64 of the same length
constexpr std::size_t kBytes = 28;

void append_number(std::string& out, uint64_t value, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

uint64_t read_number(std::string_view bytes) {
  uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

}  // namespace

std::string ReceiptHandle::text() const {
  std::string bytes;
  bytes.reserve(kBytes);
  append_number(bytes, queue_id, 8);
  append_number(bytes, sequence, 8);
  append_number(bytes, nonce, 8);
  append_number(bytes, base::crc32c(bytes, kChecksumSeed), 4);
  return base::base64_encode(bytes);
}

std::optional<ReceiptHandle> ReceiptHandle::parse(std::string_view text) {
  const std::optional<std::string> bytes = base::base64_decode(text);
  if (!bytes || bytes->size() != kBytes) return std::nullopt;
  const std::string_view view = *bytes;
  if (base::crc32c(view.substr(0, 24), kChecksumSeed) != read_number(view.substr(24))) return std::nullopt;
  return ReceiptHandle{read_number(view.substr(0, 8)), read_number(view.substr(8, 8)), read_number(view.substr(16, 8))};
}

}  // namespace engine::sqs
