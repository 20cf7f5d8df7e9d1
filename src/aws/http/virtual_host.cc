#include "aws/http/virtual_host.h"

#include <algorithm>

namespace aws::http {

std::string_view virtual_host_bucket(std::string_view host) {
  host = host.substr(0, host.find(':'));
  constexpr std::string_view kLocal = ".localhost";
  if (host.ends_with(kLocal)) {
    host.remove_suffix(kLocal.size());
    if (host == "s3") return {};
    if (host.ends_with(".s3")) host.remove_suffix(3);
    return host;
  }
  // The second is a public name for 127.0.0.1 which LocalStack's users have in their settings.
  if (!host.ends_with(".amazonaws.com") && !host.ends_with(".localhost.localstack.cloud")) return {};
  const std::size_t at = std::min(host.find(".s3."), host.find(".s3-"));
  return at == std::string_view::npos ? std::string_view() : host.substr(0, at);
}

}  // namespace aws::http
