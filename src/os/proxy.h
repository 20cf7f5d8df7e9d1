// Proxies: by which HTTP proxy a host is reached, as HTTPS_PROXY, HTTP_PROXY and NO_PROXY say. A value.
#pragma once

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/http/message.h"

namespace os {

struct Proxy {
  aws::http::Endpoint endpoint;
  std::string authorization;  // the value of Proxy-Authorization; empty: none
};

class Proxies {
 public:
  // None.
  Proxies() = default;
  // Of these variables in small letters, else in capitals, as curl and Python have them. The error, for people, names
  // the variable whose proxy cannot be used (SOCKS, TLS to the proxy, no URL), without what may be a password.
  static std::expected<Proxies, std::string> from(const std::function<std::string(const std::string& name)>& variable);

  // nullptr: straight. So are hosts of this machine and link-local addresses, where the metadata of instances and
  // containers is, whatever the variables say: no proxy reaches what they mean here.
  [[nodiscard]] const Proxy* of(const aws::http::Endpoint& endpoint) const;

 private:
  std::optional<Proxy> https_;
  std::optional<Proxy> http_;
  std::vector<std::string> straight_;  // host, .domain, host:port, *; in small letters
};

}  // namespace os
