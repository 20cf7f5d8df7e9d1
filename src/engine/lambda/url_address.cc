#include "engine/lambda/url_address.h"

#include <algorithm>

namespace engine::lambda {
namespace {

constexpr std::string_view kPath = "/_till/url/";
constexpr std::string_view kLabel = ".lambda-url.";

bool is_url_id(std::string_view text) {
  return text.size() == kUrlIdLength &&
         std::ranges::all_of(text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); });
}

}  // namespace

std::string function_url(std::string_view endpoint, std::string_view url_id) {
  return std::string(endpoint).append(kPath).append(url_id).append("/");
}

std::optional<UrlTarget> url_target(const aws::http::Request& request) {
  std::string_view path = request.path();
  if (path.starts_with(kPath)) {
    path.remove_prefix(kPath.size());
    const std::string_view id = path.substr(0, path.find('/'));
    return UrlTarget{id, {}, path.substr(id.size())};
  }
  const std::string_view host = request.headers.get("Host");
  if (!host.substr(std::min(host.size(), kUrlIdLength)).starts_with(kLabel)) return std::nullopt;
  const std::string_view id = host.substr(0, kUrlIdLength);
  const std::string_view rest = host.substr(kUrlIdLength + kLabel.size());
  const std::string_view region = rest.substr(0, rest.find('.'));
  if (!is_url_id(id) || region.empty() || region.size() == rest.size()) return std::nullopt;
  return UrlTarget{id, region, path};
}

}  // namespace engine::lambda
