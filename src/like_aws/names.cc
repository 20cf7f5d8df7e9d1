#include "like_aws/names.h"

namespace like_aws {

std::string function_name(std::string_view text) {
  constexpr std::string_view kMark = "function:";
  const std::size_t at = text.find(kMark);
  if (at != std::string_view::npos && (at == 0 || text[at - 1] == ':')) text.remove_prefix(at + kMark.size());
  return std::string(text.substr(0, text.find(':')));
}

std::string last_part(std::string_view text) {
  return std::string(text.substr(text.rfind('/') + 1));
}

std::string arn_resource(std::string_view arn) {
  return std::string(arn.substr(arn.rfind(':') + 1));
}

std::string table_name(std::string_view text) {
  constexpr std::string_view kMark = ":table/";
  const std::size_t at = text.rfind(kMark);
  if (text.starts_with("arn:") && at != std::string_view::npos) text.remove_prefix(at + kMark.size());
  return std::string(text.substr(0, text.find('/')));
}

std::string queue_key(std::string_view region, std::string_view url) {
  std::string out(region);
  const std::size_t name = url.rfind('/');
  const std::size_t account = name == std::string_view::npos || name == 0 ? name : url.rfind('/', name - 1);
  if (account == std::string_view::npos) return out.append("/").append(url);
  return out.append(url.substr(account));
}

}  // namespace like_aws
