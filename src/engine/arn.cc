#include "engine/arn.h"

#include <algorithm>
#include <array>

namespace engine {

std::optional<Arn> Arn::parse(std::string_view text) {
  std::array<std::string_view, 5> parts;
  for (std::string_view& part : parts) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    part = text.substr(0, colon);
    text.remove_prefix(colon + 1);
  }
  if (parts[0] != "arn" || parts[1] != "aws") return std::nullopt;
  if (parts[2].empty() || text.empty()) return std::nullopt;
  return Arn{std::string(parts[2]), std::string(parts[3]), std::string(parts[4]), std::string(text)};
}

std::string Arn::text() const {
  return make_arn(service, region, account, resource);
}

std::string make_arn(std::string_view service, std::string_view region, std::string_view account,
                     std::string_view resource) {
  std::string out = "arn:aws:";
  out.append(service).append(":").append(region).append(":").append(account).append(":").append(resource);
  return out;
}

bool is_account_id(std::string_view text) {
  return text.size() == 12 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace engine
