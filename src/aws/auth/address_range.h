// AddressRange: a range of IP addresses as policies name them (aws:SourceIp, the cidr operator of filter policies). A
// plain value.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace aws::auth {

// The first `bits` of `address`; IPv4 is in its IPv6-mapped form.
struct AddressRange {
  std::array<unsigned char, 16> address{};
  int bits = 0;
  // a.b.c.d[/n] or IPv6 with optional /n; nullopt for anything else.
  static std::optional<AddressRange> parse(std::string_view text);
  [[nodiscard]] bool contains(const AddressRange& other) const;
};

}  // namespace aws::auth
