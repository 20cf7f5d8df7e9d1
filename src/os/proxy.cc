#include "os/proxy.h"

#include <algorithm>
#include <tuple>

#include "base/encoding.h"

namespace os {
namespace {

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

// [http://][user[:password]@]host[:port][/]
std::optional<Proxy> parse_proxy(std::string_view url) {
  if (lower_case(url.substr(0, 7)) == "http://") url.remove_prefix(7);
  if (url.find("://") != std::string_view::npos) return std::nullopt;
  Proxy proxy;
  if (const std::size_t at = url.rfind('@'); at != std::string_view::npos) {
    const auto user = base::percent_decode(url.substr(0, at));
    if (!user.has_value()) return std::nullopt;
    proxy.authorization = "Basic " + base::base64_encode(*user);
    url.remove_prefix(at + 1);
  }
  const auto endpoint = aws::http::parse_endpoint("http://" + std::string(url));
  if (!endpoint.has_value()) return std::nullopt;
  proxy.endpoint = *endpoint;
  return proxy;
}

bool is_near(std::string_view host) {
  const bool is_number = host.find_first_not_of("0123456789.") == std::string_view::npos;
  return aws::http::is_loopback(host) || (is_number && host.starts_with("169.254.")) || host.starts_with("fd00:ec2::");
}

}  // namespace

std::expected<Proxies, std::string> Proxies::from(const std::function<std::string(const std::string& name)>& variable) {
  Proxies out;
  const auto either = [&](std::string_view small, std::string_view capital) {
    std::string value = variable(std::string(small));
    return value.empty() ? variable(std::string(capital)) : value;
  };
  for (const auto& [small, capital, proxy] :
       {std::tuple("https_proxy", "HTTPS_PROXY", &out.https_), std::tuple("http_proxy", "HTTP_PROXY", &out.http_)}) {
    const std::string url = either(small, capital);
    if (url.empty()) continue;
    *proxy = parse_proxy(url);
    if (!proxy->has_value())
      return std::unexpected(std::string(capital) +
                             " is no proxy that can be used: http://[user:password@]host:port is");
  }
  std::string list = lower_case(either("no_proxy", "NO_PROXY"));
  std::ranges::replace(list, ' ', ',');
  for (std::size_t begin = 0; begin < list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    if (end > begin) out.straight_.push_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
  return out;
}

const Proxy* Proxies::of(const aws::http::Endpoint& endpoint) const {
  const std::optional<Proxy>& proxy = endpoint.tls ? https_ : http_;
  const std::string host = lower_case(endpoint.host);
  if (!proxy.has_value() || is_near(host)) return nullptr;
  const std::string with_port = host + ":" + std::to_string(endpoint.port);
  for (std::string_view entry : straight_) {
    if (entry == "*" || entry == host || entry == with_port) return nullptr;
    if (entry.starts_with("*.")) entry.remove_prefix(1);
    const std::string domain = entry.starts_with('.') ? std::string(entry) : "." + std::string(entry);
    if (host.ends_with(domain) || host == domain.substr(1) || with_port.ends_with(domain)) return nullptr;
  }
  return &*proxy;
}

}  // namespace os
