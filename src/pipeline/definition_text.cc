#include "pipeline/definition_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "base/encoding.h"

namespace pipeline {
namespace {

constexpr std::size_t kKeyPartsMax = 64;  // more than anybody writes, and far from the end of a stack

// Where the string that begins at `begin` ends: behind its last quote, or at the end of the line or of the text if it
// has none.
std::size_t end_of_string(std::string_view text, std::size_t begin) {
  const char quote = text[begin];
  const std::string fence(3, quote);
  const bool has_lines = text.substr(begin).starts_with(fence);
  std::size_t at = begin + (has_lines ? fence.size() : 1);
  while (at < text.size()) {
    if (!has_lines && text[at] == '\n') return at;
    if (quote == '"' && text[at] == '\\') {
      at = std::min(at + 2, text.size());
    } else if (!has_lines && text[at] == quote) {
      return at + 1;
    } else if (has_lines && text.substr(at).starts_with(fence)) {
      at += fence.size();
      for (int more = 0; more < 2 && at < text.size() && text[at] == quote; ++more) ++at;  // they belong to the text
      return at;
    } else {
      ++at;
    }
  }
  return at;
}

std::string beyond_ascii(std::string_view text, std::size_t at) {
  std::size_t size = 1;
  while (at + size < text.size() && (static_cast<unsigned char>(text[at + size]) & 0xC0) == 0x80) ++size;
  return fmt::format("\"{}\" stands outside of quotes: keys and texts with such characters need them",
                     text.substr(at, size));
}

}  // namespace

std::optional<DefinitionFault> unreadable_place(std::string_view toml) {
  std::size_t parts = 1;  // of the key that may stand here
  for (std::size_t at = toml.size() - base::without_byte_order_mark(toml).size(); at < toml.size();) {
    const auto fault = [&](std::string what) {
      const auto line = 1 + std::ranges::count(toml.substr(0, at), '\n');
      return DefinitionFault{static_cast<uint32_t>(line), std::move(what)};
    };
    const char c = toml[at];
    if (c == '"' || c == '\'') {
      at = end_of_string(toml, at);
      continue;
    }
    if (c == '#') {
      at = std::min(toml.find('\n', at), toml.size());
      continue;
    }
    if (static_cast<unsigned char>(c) >= 0x80) return fault(beyond_ascii(toml, at));
    if (c == '.' && ++parts > kKeyPartsMax) return fault(fmt::format("a key has more than {} parts", kKeyPartsMax));
    if (std::string_view("=,[]{}\n").find(c) != std::string_view::npos) parts = 1;
    ++at;
  }
  return std::nullopt;
}

}  // namespace pipeline
