#include "aws/client/shared_files.h"

#include <algorithm>

#include "aws/auth/text.h"
#include "aws/client/words.h"
#include "base/encoding.h"

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

// The name in a heading of this kind, "[profile work]" or "[profile 'my work']"; empty: it is of another kind.
std::string name_after(std::string_view kind, std::string_view inside) {
  if (!inside.starts_with(kind) || inside.size() == kind.size() || !kSpaces.contains(inside[kind.size()])) return {};
  const auto words = split_words(inside);
  return words.has_value() && words->size() == 2 ? words->back() : std::string();
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
  if (const auto name = name_after("profile", inside); !name.empty()) return &profiles_[name];
  if (const auto name = name_after("sso-session", inside); !name.empty()) return &sso_sessions_[name];
  if (const auto name = name_after("services", inside); !name.empty()) return &services_[name];
  return nullptr;
}

// As Python's configparser has it, by which the AWS CLI reads: what is indented more than the key above belongs to
// that.
class SharedFiles::Reader {
 public:
  Reader(SharedFiles& files, Kind kind) : files_(files), kind_(kind) {}

  void take(std::string_view line) {
    ++line_;
    const std::string_view content = trimmed(line);
    if (content.empty() || content.starts_with('#') || content.starts_with(';')) return;
    const std::size_t indent = line.find_first_not_of(kSpaces);
    if (!key_.empty() && indent > indent_) return take_nested(content);
    indent_ = indent;
    if (content.starts_with('[') && content.find(']') > 1)  // also where it is missing
      take_heading(content);
    else
      take_key(content);
  }
  void tell_broken() {
    ++line_;
    tell(" is not UTF-8");
  }

 private:
  void take_heading(std::string_view content) {
    if (!content.contains(']')) return tell_foreign();
    section_ = files_.section_of(content, kind_);
    key_.clear();
    lines_of_keys_.clear();
    heading_ = content.substr(0, std::min(content.find(']'), content.size() - 1) + 1);
    note(lines_of_headings_, heading_, heading_);
  }

  void take_key(std::string_view content) {
    const std::size_t end = content.find_first_of("=:");
    if (heading_.empty() || end == std::string_view::npos || end == 0) return tell_foreign();
    key_ = aws::auth::lower_case(trimmed(content.substr(0, end)));
    note(lines_of_keys_, key_, key_ + " in " + heading_);
    const std::string_view value = trimmed(without_comment(content.substr(end + 1)));
    is_parent_ = value.empty();
    if (section_ != nullptr) (*section_)[key_] = value;
  }

  void take_nested(std::string_view content) {
    const std::size_t equals = content.find('=');
    if (is_parent_ && equals == std::string_view::npos) return tell_foreign();
    if (section_ == nullptr || !is_parent_) return;
    (*section_)[key_ + "." + aws::auth::lower_case(trimmed(content.substr(0, equals)))] =
        trimmed(without_comment(content.substr(equals + 1)));
  }

  using Lines = std::map<std::string, std::size_t, std::less<>>;
  void note(Lines& lines, const std::string& name, const std::string& what) {
    const auto [first, is_new] = lines.emplace(name, line_);
    if (!is_new) tell(": " + what + " was there already, on line " + std::to_string(first->second));
  }

  // Without the line: it may be a key that was pasted.
  void tell_foreign() { tell(" is no section, no key = value and no comment"); }
  void tell(const std::string& what) {
    if (files_.fault_.has_value()) return;
    files_.fault_ =
        Fault{.is_in_credentials = kind_ == Kind::credentials, .text = "line " + std::to_string(line_) + what};
  }

  SharedFiles& files_;
  const Kind kind_;
  std::size_t line_ = 0;
  std::size_t indent_ = 0;      // of the last heading or key
  Section* section_ = nullptr;  // null: of no kind that is known
  std::string heading_;
  std::string key_;         // the last one
  bool is_parent_ = false;  // it has no value of its own
  Lines lines_of_headings_;
  Lines lines_of_keys_;
};

void SharedFiles::read(std::string_view text, Kind kind) {
  Reader reader(*this, kind);
  text = base::without_byte_order_mark(text);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (!base::is_utf8(text.substr(0, end))) return reader.tell_broken();
    reader.take(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

std::string value_of(const SharedFiles::Section* section, std::string_view key) {
  if (section == nullptr) return {};
  const auto found = section->find(key);
  return found == section->end() ? std::string() : found->second;
}

}  // namespace aws::client
