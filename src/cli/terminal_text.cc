#include "cli/terminal_text.h"

#include <fmt/format.h>

#include <cstdint>

namespace cli {
namespace {

// The character of UTF-8 that `text` begins with if it is one of two or three bytes; 0 else.
uint32_t wide_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  if ((byte(0) & 0xe0U) == 0xc0U) return (byte(0) & 0x1fU) << 6U | (byte(1) & 0x3fU);
  if ((byte(0) & 0xf0U) == 0xe0U) return (byte(0) & 0x0fU) << 12U | (byte(1) & 0x3fU) << 6U | (byte(2) & 0x3fU);
  return 0;
}

// C1 controls, marks and overrides of direction (Unicode, "Bidirectional Format Characters"), the byte order mark.
bool steers(uint32_t c) {
  return (c >= 0x80 && c <= 0x9f) || c == 0x61c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
         (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

}  // namespace

std::string for_terminal(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto c = static_cast<unsigned char>(text[at]);
    if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f) {
      out += fmt::format("\\x{:02x}", c);
    } else if (const uint32_t wide = c < 0x80 ? 0 : wide_character(text.substr(at)); steers(wide)) {
      out += fmt::format("\\u{:04x}", wide);
      at += wide < 0x800 ? 1 : 2;
    } else {
      out.push_back(text[at]);
    }
  }
  return out;
}

}  // namespace cli
