#include "aws/rules/mail_address.h"

#include <algorithm>

namespace aws::rules {
namespace {

constexpr std::size_t kLengthMax = 320;  // RFC 3696: 64 before the '@' and 255 behind it

}  // namespace

bool is_mail_address(std::string_view text) {
  const std::size_t at = text.find('@');
  const bool has_sides = at != text.npos && at > 0 && at + 1 < text.size();
  return has_sides && text.find('@', at + 1) == text.npos && text.size() <= kLengthMax &&
         std::ranges::all_of(text, [](char c) {
           return c > ' ' && c <= '~' && std::string_view("<>,:;()[]\\\"").find(c) == std::string_view::npos;
         });
}

}  // namespace aws::rules
