#include "aws/http/message.h"

#include <algorithm>
#include <charconv>

namespace aws::http {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_host_character(char c) {
  return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') || c == '-' || c == '.' || c == '_';
}

// The host of "host[:port]" or "[v6]:port", brackets removed; leaves what follows it in `rest`.
std::optional<std::string> take_host(std::string_view& rest) {
  if (rest.starts_with('[')) {
    const std::size_t end = rest.find(']');
    if (end == std::string_view::npos || end == 1) return std::nullopt;
    const std::string_view host = rest.substr(1, end - 1);
    if (host.find_first_not_of("0123456789abcdefABCDEF:.") != std::string_view::npos) return std::nullopt;
    rest.remove_prefix(end + 1);
    return std::string(host);
  }
  const std::size_t end = std::min(rest.find(':'), rest.size());
  const std::string_view host = rest.substr(0, end);
  if (host.empty() || !std::ranges::all_of(host, is_host_character)) return std::nullopt;
  rest.remove_prefix(end);
  return std::string(host);
}

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return x == y || lower(x) == lower(y); });
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  for (const auto& [field_name, value] : fields_) {
    if (equal_ignoring_case(field_name, name)) return value;
  }
  return std::nullopt;
}

void Headers::set(std::string_view name, std::string value) {
  const auto matches = [name](const Field& field) { return equal_ignoring_case(field.first, name); };
  const auto first = std::ranges::find_if(fields_, matches);
  if (first == fields_.end()) {
    fields_.emplace_back(std::string(name), std::move(value));
    return;
  }
  first->second = std::move(value);
  fields_.erase(std::remove_if(first + 1, fields_.end(), matches), fields_.end());
}

void Headers::erase(std::string_view name) {
  std::erase_if(fields_, [name](const Field& field) { return equal_ignoring_case(field.first, name); });
}

std::string_view Request::path() const {
  return std::string_view(target).substr(0, target.find('?'));
}

std::string_view Request::query() const {
  const std::size_t mark = target.find('?');
  return mark == std::string::npos ? std::string_view() : std::string_view(target).substr(mark + 1);
}

std::optional<Endpoint> parse_endpoint(std::string_view url) {
  Endpoint endpoint;
  const std::size_t colon = url.find("://");
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view scheme = url.substr(0, colon);
  if (equal_ignoring_case(scheme, "https")) {
    endpoint.tls = true;
    endpoint.port = 443;
  } else if (!equal_ignoring_case(scheme, "http")) {
    return std::nullopt;
  }
  std::string_view rest = url.substr(colon + 3);
  if (const std::size_t slash = rest.find('/'); slash != std::string_view::npos) {
    if (slash + 1 != rest.size()) return std::nullopt;
    rest.remove_suffix(1);
  }
  auto host = take_host(rest);
  if (!host) return std::nullopt;
  endpoint.host = std::move(*host);
  if (rest.empty()) return endpoint;
  if (!rest.starts_with(':')) return std::nullopt;
  rest.remove_prefix(1);
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), endpoint.port);
  if (error != std::errc() || end != rest.data() + rest.size() || endpoint.port == 0) return std::nullopt;
  return endpoint;
}

bool is_loopback(std::string_view host) {
  const bool is_number = host.find_first_not_of("0123456789.") == std::string_view::npos;
  return (is_number && host.starts_with("127.")) || host == "::1" || equal_ignoring_case(host, "localhost") ||
         (host.size() > 10 && equal_ignoring_case(host.substr(host.size() - 10), ".localhost"));
}

std::string host_header(const Endpoint& endpoint) {
  const bool is_v6 = endpoint.host.find(':') != std::string::npos;
  std::string text = is_v6 ? "[" + endpoint.host + "]" : endpoint.host;
  if (endpoint.port != (endpoint.tls ? 443 : 80)) text += ":" + std::to_string(endpoint.port);
  return text;
}

}  // namespace aws::http
