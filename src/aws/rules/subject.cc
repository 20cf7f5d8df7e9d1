#include "aws/rules/subject.h"

#include <algorithm>

#include "aws/pattern.h"
#include "base/encoding.h"

namespace aws::rules {
namespace {

constexpr std::size_t kLengthMax = 100;

// U+2028 and U+2029 break lines, too.
bool may_stand(char32_t c) {
  return c >= U' ' && !(c >= 0x7F && c <= 0x9F) && c != 0x2028 && c != 0x2029;
}

std::size_t size_of_first(std::string_view text) {
  std::size_t size = 1;
  while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) ++size;
  return size;
}

}  // namespace

bool is_subject(std::string_view text) {
  if (text.empty() || !base::is_utf8(text)) return false;
  const std::u32string characters = code_points(text);
  return characters.size() <= kLengthMax && std::ranges::all_of(characters, may_stand);
}

std::string as_subject(std::string_view text, std::size_t length_max) {
  std::string out;
  std::size_t length = 0;
  while (!text.empty()) {
    const std::string_view first = text.substr(0, size_of_first(text));
    length += first.size() > 3 ? 2 : 1;
    if (length > length_max) break;
    out += may_stand(code_points(first).front()) ? first : std::string_view("?");
    text.remove_prefix(first.size());
  }
  return out;
}

}  // namespace aws::rules
