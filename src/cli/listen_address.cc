#include "cli/listen_address.h"

#include "aws/auth/address_range.h"
#include "aws/http/message.h"

namespace cli {
namespace {

using aws::auth::AddressRange;

// REQUIRES: `range` is one.
bool is_in(std::string_view range, const AddressRange& address) {
  return AddressRange::parse(range)->contains(address);
}

}  // namespace

std::optional<ListenAddress> ListenAddress::parse(std::string_view text) {
  if (text == "localhost") return ListenAddress();
  const auto address = AddressRange::parse(text);
  if (!address || text.find('/') != std::string_view::npos) return std::nullopt;
  return ListenAddress{std::string(text), is_in("127.0.0.0/8", *address) || is_in("::1", *address)};
}

std::string ListenAddress::local_url(uint16_t port) const {
  std::string host = text;
  const auto address = AddressRange::parse(text);
  if (address && is_in("0.0.0.0", *address)) host = "127.0.0.1";
  if (address && is_in("::", *address)) host = "::1";
  return "http://" + aws::http::host_header({.tls = false, .host = host, .port = port});
}

bool is_host_name(std::string_view name) {
  if (name.empty() || name.size() > 253) return false;
  if (name.starts_with('[') && name.ends_with(']')) {
    const auto address = ListenAddress::parse(name.substr(1, name.size() - 2));
    return address.has_value();
  }
  return name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._") ==
         std::string_view::npos;
}

}  // namespace cli
