// till config show.
#include <fmt/format.h>

#include <algorithm>

#include "aws/http/shown_url.h"
#include "cli/commands.h"
#include "cli/definition_file.h"
#include "cli/exit_code.h"
#include "cli/output.h"
#include "cli/settings.h"

namespace cli {
namespace {

constexpr std::string_view kNoFile = "# no definition file: orders have transaction_id, amount and item";

// What stands in URLs before an '@' is nobody's to read, also where it is a comment or no key of ours.
std::string without_users(std::string_view text) {
  constexpr std::string_view kEnds = " \t\r\n\"'`<>";
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(kEnds), text.size());
    const std::string_view word = text.substr(0, end);
    out += word.contains("://") ? aws::http::without_user(word) : std::string(word);
    out += text.substr(end, 1);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

int show_text(const GlobalOptions& global, const std::optional<DefinitionFile>& file) {
  const std::string text = file.has_value() ? without_users(file->text) : "";
  if (global.json) {
    print_line(fmt::format("{{\"file\":{},\"definition\":{}}}", file.has_value() ? json_text(file->path) : "null",
                           json_text(text)));
    return kOk;
  }
  print_line(file.has_value() ? "# from " + file->path : std::string(kNoFile));
  if (!text.empty()) print_line(text);
  return kOk;
}

}  // namespace

int config_show(const GlobalOptions& global, const UpOptions& up, bool text) {
  const auto loaded = load_definition(global.file);
  if (!loaded.has_value()) {
    print_error(loaded.error());
    return kUsage;
  }
  if (text) return show_text(global, *loaded);
  std::string list;
  if (!global.json && !loaded->has_value()) print_line(kNoFile);
  for (const auto& [key, setting] : all_settings(global, up, *loaded)) {
    const std::string_view value = setting.value.empty() ? "null" : std::string_view(setting.value);
    list += fmt::format("{}{{\"key\":{},\"value\":{},\"origin\":{}}}", list.empty() ? "" : ",", json_text(key), value,
                        json_text(setting.origin));
    if (!global.json)
      print_line(fmt::format("{} = {}  # {}", key, setting.value.empty() ? "(none)" : value, setting.origin));
  }
  if (global.json)
    print_line(fmt::format("{{\"file\":{},\"settings\":[{}]}}",
                           loaded->has_value() ? json_text((*loaded)->path) : "null", list));
  return kOk;
}

}  // namespace cli
