// ListenAddress: where `till serve` listens, and how its own functions and commands reach it there. A plain value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cli {

struct ListenAddress {
  std::string text = "127.0.0.1";  // an IP address in figures
  bool is_loopback = true;

  // An IPv4 or IPv6 address, or "localhost"; nullopt for anything else.
  static std::optional<ListenAddress> parse(std::string_view text);
  // "http://host:port" for clients on this machine: 0.0.0.0 and :: are no address to go to.
  [[nodiscard]] std::string local_url(uint16_t port) const;
};

// Whether a client may say `name` in Host, so that --host takes it: a name or an address without scheme and port.
bool is_host_name(std::string_view name);

}  // namespace cli
