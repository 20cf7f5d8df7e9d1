#include "aws/codec/encoded_word.h"

#include <algorithm>
#include <optional>

#include "aws/http/message.h"
#include "base/encoding.h"

namespace aws::codec {
namespace {

constexpr std::string_view kBegin = "=?";
constexpr std::string_view kEnd = "?=";
constexpr std::size_t kEncodedBytesMax = 63;  // 75, less "=?UTF-8?Q?" and "?="

bool is_printable(char c) {
  return c >= ' ' && c <= '~';
}

std::string from_latin1(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    const auto code = static_cast<unsigned char>(c);
    if (code < 0x80) {
      out += c;
    } else {
      out += static_cast<char>(0xC0 | code >> 6U);
      out += static_cast<char>(0x80 | (code & 0x3FU));
    }
  }
  return out;
}

// The form Q: '_' is a space, "=C3" a byte.
std::optional<std::string> decode_q(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '_') {
      out += ' ';
    } else if (text[i] == '=') {
      const auto byte = base::hex_decode(text.substr(i + 1, 2));
      if (!byte || byte->size() != 1) return std::nullopt;
      out += *byte;
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

// What one token says if it is an encoded word.
std::optional<std::string> decode_word(std::string_view token) {
  if (token.size() < kBegin.size() + kEnd.size() || !token.starts_with(kBegin) || !token.ends_with(kEnd))
    return std::nullopt;
  token.remove_prefix(kBegin.size());
  token.remove_suffix(kEnd.size());
  const std::size_t first = token.find('?');
  if (first == std::string_view::npos || token.size() < first + 3 || token[first + 2] != '?') return std::nullopt;
  const std::string_view charset = token.substr(0, std::min(first, token.find('*')));  // "*de" names a language
  const char form = token[first + 1];
  const std::string_view text = token.substr(first + 3);
  auto bytes = form == 'B' || form == 'b'   ? base::base64_decode(text)
               : form == 'Q' || form == 'q' ? decode_q(text)
                                            : std::nullopt;
  if (!bytes) return std::nullopt;
  if (http::equal_ignoring_case(charset, "ISO-8859-1")) return from_latin1(*bytes);
  const bool known = http::equal_ignoring_case(charset, "UTF-8") || http::equal_ignoring_case(charset, "US-ASCII");
  return known && base::is_utf8(*bytes) ? bytes : std::nullopt;
}

std::string encode_q(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : bytes) {
    if (c == ' ') {
      out += '_';
    } else if (is_printable(c) && c != '=' && c != '_' && c != '?') {
      out += c;
    } else {
      const auto code = static_cast<unsigned char>(c);
      out.append("=").append(1, kDigits[code >> 4U]).append(1, kDigits[code & 0xFU]);
    }
  }
  return out;
}

// Encoded words for `text`, halved until each is short enough, with blanks between, which count for nothing.
void append_words(std::string_view text, bool q, std::string& out) {
  const std::string encoded = q ? encode_q(text) : base::base64_encode(text);
  if (encoded.size() <= kEncodedBytesMax) {
    out.append(out.empty() ? "" : " ").append(q ? "=?UTF-8?Q?" : "=?UTF-8?B?").append(encoded).append(kEnd);
    return;
  }
  std::size_t half = text.size() / 2;
  while ((static_cast<unsigned char>(text[half]) & 0xC0U) == 0x80U) ++half;  // not within a character
  append_words(text.substr(0, half), q, out);
  append_words(text.substr(half), q, out);
}

}  // namespace

std::string decode_words(std::string_view value) {
  const std::string text = base::is_utf8(value) ? std::string(value) : from_latin1(value);
  if (text.find(kBegin) == std::string::npos) return text;
  std::string out;
  std::string blanks;
  bool after_word = false;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t blank = std::min(rest.find_first_not_of(" \t"), rest.size());
    blanks = rest.substr(0, blank);
    rest.remove_prefix(blank);
    const std::string_view token = rest.substr(0, rest.find_first_of(" \t"));
    rest.remove_prefix(token.size());
    const auto word = decode_word(token);
    if (!word || !after_word) out += blanks;  // those between two encoded words are no text
    out += word ? std::string_view(*word) : token;
    after_word = word.has_value();
  }
  return out;
}

std::string encode_words(std::string_view text) {
  const auto is_plain = [](char c) { return is_printable(c) || c == '\t'; };
  if (std::ranges::all_of(text, is_plain)) return std::string(text);
  const std::string bytes = base::is_utf8(text) ? std::string(text) : from_latin1(text);
  const auto plain = std::ranges::count_if(bytes, is_plain);
  const auto characters =
      std::ranges::count_if(bytes, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
  std::string out;
  append_words(bytes, plain > characters - plain, out);
  return out;
}

}  // namespace aws::codec
