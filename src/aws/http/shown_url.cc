#include "aws/http/shown_url.h"

#include <algorithm>

#include "aws/http/message.h"

namespace aws::http {
namespace {

// Where the user's part of `rest`, a URL behind its scheme, ends: behind an '@'; 0: it has none.
std::size_t end_of_user(std::string_view rest) {
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) return at + 1;
  // A password may have any of those characters, unescaped: then what reads like a port is none.
  const std::size_t colon = authority.rfind(':');
  const bool has_port = colon == std::string_view::npos || authority.ends_with(']') ||
                        authority.find_first_not_of("0123456789", colon + 1) == std::string_view::npos;
  const std::size_t at = rest.rfind('@');
  return has_port || at == std::string_view::npos ? 0 : at + 1;
}

std::size_t end_of_scheme(std::string_view url) {
  const std::size_t colon = url.find("://");
  return colon == std::string_view::npos ? 0 : colon + 3;
}

}  // namespace

std::string without_user(std::string_view url) {
  const std::size_t scheme = end_of_scheme(url);
  const std::string_view rest = url.substr(scheme);
  const std::size_t user = scheme != 0 ? end_of_user(rest) : rest.rfind('@') + 1;  // npos + 1 is 0
  if (user == 0) return std::string(url);
  return std::string(url.substr(0, scheme)) + "***@" + std::string(rest.substr(user));
}

std::string with_hidden_password(std::string_view url) {
  const std::size_t scheme = end_of_scheme(url);
  const std::size_t end = scheme == 0 ? 0 : end_of_user(url.substr(scheme));
  const std::size_t colon = url.substr(0, scheme + end).find(':', scheme);
  if (end == 0 || colon == std::string_view::npos) return std::string(url);
  return std::string(url.substr(0, colon + 1)) + "****" + std::string(url.substr(scheme + end - 1));
}

std::string why_no_endpoint(std::string_view url) {
  constexpr std::string_view kForm = "http://host:port or https://host:port";
  const std::string shown = without_user(url);
  if (shown != url) return shown + " (a user or a password has no place in it; expected " + std::string(kForm) + ")";
  const std::size_t scheme = end_of_scheme(url);
  const std::size_t path = std::min(url.find('/', scheme), url.size());
  if (scheme != 0 && path + 1 < url.size() && parse_endpoint(url.substr(0, path)).has_value())
    return shown + " (it has a path, which till adds to no request; expected " + std::string(kForm) + ")";
  return shown + " (expected " + std::string(kForm) + ")";
}

}  // namespace aws::http
