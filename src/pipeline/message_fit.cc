#include "pipeline/message_fit.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.h"

namespace pipeline {
namespace {

// How many bytes of the text are UTF-8.
std::size_t valid_bytes(std::string_view text) {
  constexpr std::size_t kCharacterBytesMax = 4;
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t size = 1;
    while (size <= kCharacterBytesMax && !base::is_utf8(text.substr(at, size))) ++size;
    if (size > kCharacterBytesMax) return at;
    at += std::min(size, text.size() - at);
  }
  return at;
}

std::string not_utf8(std::string_view text) {
  const std::size_t at = valid_bytes(text);
  const auto byte = static_cast<unsigned char>(text[at]);
  // A letter of these is one byte, of which the byte behind makes no character of UTF-8.
  const std::string_view name = byte >= 0xa0 ? "Latin-1 (ISO 8859-1)" : "Windows-1252";
  return fmt::format("looks like {} text, not UTF-8: byte 0x{:02X} at byte {} of the record", name, byte, at);
}

// The first character that is not of #x9 | #xA | #xD | #x20-#xD7FF | #xE000-#xFFFD | #x10000-#x10FFFF, SQS's character
// set; for UTF-8 text.
std::optional<std::size_t> forbidden(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x20 && c != '\t' && c != '\n' && c != '\r') return i;
    if (c == 0xef && (text.substr(i, 3) == "\xef\xbf\xbe" || text.substr(i, 3) == "\xef\xbf\xbf")) return i;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Rejection> unfit_for_queue(const RecordSplitter::Order& record) {
  if (record.too_long) return Rejection{reason::kTooLarge, "the order is longer than 1 MiB"};
  if (record.text.empty()) return Rejection{reason::kJsonSyntax, "the order is empty"};
  if (!base::is_utf8(record.text)) return Rejection{reason::kEncoding, not_utf8(record.text)};
  if (const auto at = forbidden(record.text))
    return Rejection{reason::kEncoding,
                     fmt::format("has a character that no message may carry, at byte {} of the record", *at)};
  return std::nullopt;
}

}  // namespace pipeline
