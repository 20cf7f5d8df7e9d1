#include "aws/client/shared_files.h"

#include <algorithm>
#include <optional>

#include "aws/auth/text.h"

namespace aws::client {
namespace {

constexpr std::string_view kSpaces = " \t\r";

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kSpaces), text.size()));
  return text.substr(0, text.find_last_not_of(kSpaces) + 1);
}

// What stands before a comment: '#' or ';' behind a space.
std::string_view without_comment(std::string_view line) {
  for (std::size_t i = 1; i < line.size(); ++i)
    if ((line[i] == '#' || line[i] == ';') && kSpaces.contains(line[i - 1])) return line.substr(0, i);
  return line;
}

// The profile that a heading begins, "[profile work]" in config and "[work]" in credentials; nullopt: something else.
std::optional<std::string_view> profile_of(std::string_view heading, bool is_config) {
  const std::size_t end = heading.find(']');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view inside = trimmed(heading.substr(1, end - 1));
  if (!is_config || inside == "default") return inside;
  constexpr std::string_view kProfile = "profile";
  if (!inside.starts_with(kProfile) || inside.size() == kProfile.size() || !kSpaces.contains(inside[kProfile.size()]))
    return std::nullopt;
  return trimmed(inside.substr(kProfile.size()));
}

}  // namespace

SharedFiles SharedFiles::parse(std::string_view config, std::string_view credentials) {
  SharedFiles out;
  out.read(config, Kind::config);
  out.read(credentials, Kind::credentials);
  return out;
}

const SharedFiles::Profile* SharedFiles::find(std::string_view name) const {
  const auto found = profiles_.find(name);
  return found == profiles_.end() ? nullptr : &found->second;
}

void SharedFiles::read(std::string_view text, Kind kind) {
  Profile* profile = nullptr;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.starts_with('#') || line.starts_with(';') || kSpaces.contains(line.front())) continue;
    if (line.starts_with('[')) {
      const auto name = profile_of(line, kind == Kind::config);
      profile = name.has_value() ? &profiles_[std::string(*name)] : nullptr;
      continue;
    }
    const std::size_t equals = line.find('=');
    if (profile == nullptr || equals == std::string_view::npos) continue;
    (*profile)[aws::auth::lower_case(trimmed(line.substr(0, equals)))] =
        trimmed(without_comment(line.substr(equals + 1)));
  }
}

}  // namespace aws::client
