#include "aws/client/shared_files.h"

#include <algorithm>

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

// The name in a heading of this kind, "[profile work]"; empty: it is of another kind.
std::string_view name_after(std::string_view kind, std::string_view inside) {
  if (!inside.starts_with(kind) || inside.size() == kind.size() || !kSpaces.contains(inside[kind.size()])) return {};
  return trimmed(inside.substr(kind.size()));
}

}  // namespace

SharedFiles SharedFiles::parse(std::string_view config, std::string_view credentials) {
  SharedFiles out;
  out.read(config, Kind::config);
  out.read(credentials, Kind::credentials);
  for (const auto& [name, section] : out.credentials_) {
    Section& both = out.profiles_[name];
    for (const auto& [key, value] : section) both[key] = value;
  }
  return out;
}

const SharedFiles::Section* SharedFiles::find(const Sections& sections, std::string_view name) {
  const auto found = sections.find(name);
  return found == sections.end() ? nullptr : &found->second;
}

// The section that a heading begins; nullptr: something else.
SharedFiles::Section* SharedFiles::section_of(std::string_view heading, Kind kind) {
  const std::size_t end = heading.find(']');
  if (end == std::string_view::npos) return nullptr;
  const std::string_view inside = trimmed(heading.substr(1, end - 1));
  if (kind == Kind::credentials) return &credentials_[std::string(inside)];
  if (inside == "default") return &profiles_[std::string(inside)];
  if (const auto name = name_after("profile", inside); !name.empty()) return &profiles_[std::string(name)];
  if (const auto name = name_after("sso-session", inside); !name.empty()) return &sso_sessions_[std::string(name)];
  if (const auto name = name_after("services", inside); !name.empty()) return &services_[std::string(name)];
  return nullptr;
}

void SharedFiles::read(std::string_view text, Kind kind) {
  Section* section = nullptr;
  std::string parent;  // of nested keys, with its dot
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::string_view content = trimmed(line);
    if (content.empty() || content.starts_with('#') || content.starts_with(';')) continue;
    if (line.starts_with('[')) {
      section = section_of(line, kind);
      parent.clear();
      continue;
    }
    const std::size_t equals = content.find('=');
    if (section == nullptr || equals == std::string_view::npos) continue;
    const bool is_nested = kSpaces.contains(line.front());
    if (is_nested && parent.empty()) continue;
    std::string key = aws::auth::lower_case(trimmed(content.substr(0, equals)));
    const std::string_view value = trimmed(without_comment(content.substr(equals + 1)));
    if (!is_nested) parent = value.empty() ? key + "." : "";
    (*section)[is_nested ? parent + key : std::move(key)] = value;
  }
}

std::string value_of(const SharedFiles::Section* section, std::string_view key) {
  if (section == nullptr) return {};
  const auto found = section->find(key);
  return found == section->end() ? std::string() : found->second;
}

}  // namespace aws::client
