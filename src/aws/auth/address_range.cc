#include "aws/auth/address_range.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <string>

namespace aws::auth {

std::optional<AddressRange> AddressRange::parse(std::string_view text) {
  AddressRange out;
  const std::size_t slash = text.find('/');
  const std::string address(text.substr(0, slash));
  const bool v4 = address.find(':') == std::string::npos;
  int bits_max = 128;
  if (address.find('\0') != std::string::npos) return std::nullopt;
  if (v4) {
    bits_max = 32;
    out.address[10] = out.address[11] = 0xff;
    if (inet_pton(AF_INET, address.c_str(), out.address.data() + 12) != 1) return std::nullopt;
  } else if (inet_pton(AF_INET6, address.c_str(), out.address.data()) != 1) {
    return std::nullopt;
  }
  int bits = bits_max;
  if (slash != std::string_view::npos) {
    const std::string_view count = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(count.data(), count.data() + count.size(), bits);
    if (error != std::errc() || end != count.data() + count.size() || bits < 0 || bits > bits_max) return std::nullopt;
  }
  out.bits = bits + 128 - bits_max;
  return out;
}

bool AddressRange::contains(const AddressRange& other) const {
  if (other.bits < bits) return false;
  const auto whole = static_cast<std::size_t>(bits / 8);
  if (!std::equal(address.begin(), address.begin() + static_cast<std::ptrdiff_t>(whole), other.address.begin())) {
    return false;
  }
  const int rest = bits % 8;
  return rest == 0 || ((address[whole] ^ other.address[whole]) >> (8 - rest)) == 0;
}

}  // namespace aws::auth
