// till man: manual pages, in the macros of man(7).
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "cli/examples.h"
#include "cli/exit_code.h"
#include "cli/help.h"
#include "cli/machine_commands.h"
#include "cli/output.h"
#include "cli/version.h"
#include "os/new_file.h"

namespace cli {
namespace {

// Text as roff: a backslash and a hyphen stand for themselves, and no line is taken for a request.
std::string roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else if (c == '~')
      out += "\\(ti";
    else if (c == '^')
      out += "\\(ha";
    else if (c == '`')
      out += "\\(ga";
    else if (c == '\'')
      out += "\\(aq";
    else
      out += c;
  }
  return out.starts_with('.') ? "\\&" + out : out;
}

std::string page_name(const CommandTree& tree) {
  std::string name = "till" + (tree.path.empty() ? "" : " " + tree.path);
  std::ranges::replace(name, ' ', '-');
  return name;
}

std::string option_text(const OptionShape& option) {
  std::string names;
  for (const std::string& name : option.names) names += (names.empty() ? "\\fB" : ", \\fB") + roff(name) + "\\fR";
  const std::string value =
      option.values.empty() ? option.value_name : fmt::format("{}", fmt::join(option.values, "|"));
  if (!option.value_name.empty()) names += " \\fI" + roff(value) + "\\fR";
  return ".TP\n" + names + "\n" + roff(option.words) + ".\n";
}

std::string argument_text(const OptionShape& argument) {
  const std::string name = "\\fI" + argument.names.front() + "\\fR" + (argument.repeats ? "..." : "");
  return argument.required ? name : "[" + name + "]";
}

std::string synopsis(const CommandTree& tree) {
  std::string line = "\\fB" + roff("till" + (tree.path.empty() ? "" : " " + tree.path)) + "\\fR";
  if (!tree.options.empty() || !tree.path.empty()) line += " [\\fIoptions\\fR]";
  if (!tree.commands.empty()) return line + " \\fIcommand\\fR ...\n";
  for (const OptionShape& argument : tree.arguments) line += " " + argument_text(argument);
  return line + "\n";
}

std::string options_text(const CommandTree& tree) {
  std::string text;
  for (const OptionShape& argument : tree.arguments)
    text += ".TP\n" + argument_text(argument) + "\n" + roff(argument.words) + ".\n";
  for (const OptionShape& option : tree.options) text += option_text(option);
  return text;
}

std::string examples_text(const std::string& path) {
  std::string text;
  for (const Example& example : examples()) {
    const std::string of = example_command(example) + " ";
    if (path.empty() ? example.overview : of.starts_with(path + " "))
      text += ".TP\n\\fB" + roff(example.line) + "\\fR\n" + roff(example.words) + ".\n";
  }
  return text.empty() ? "" : ".SH EXAMPLES\n" + text;
}

constexpr const char* kExitStatus = R"(.SH EXIT STATUS
0 done; 1 failed; 2 wrong usage; 3 done but not as it should be; 4 nobody at the endpoint, or the data directory is in
use; 130 interrupted.
)";

constexpr const char* kEnvironment = R"(.SH ENVIRONMENT
.TP
\fBTILL_DATA\fR
The data directory, where \fB\-\-data\fR names none.
.TP
\fBTILL_FILE\fR
The definition of the pipeline, where \fB\-\-file\fR names none.
.TP
\fBTILL_ROOT_ACCESS_KEY_ID\fR, \fBTILL_ROOT_SECRET_ACCESS_KEY\fR
The key of root of an engine, instead of test/test; needed to listen beyond loopback, with a secret of 16
characters or more.
.TP
\fBTILL_SMTP_USER\fR, \fBTILL_SMTP_PASSWORD\fR
Who an engine is to the mail server of the definition's [email], both or neither.
.TP
\fBAWS_ENDPOINT_URL\fR, \fBAWS_REGION\fR, \fBAWS_PROFILE\fR, \fBAWS_ACCESS_KEY_ID\fR, \fBAWS_SECRET_ACCESS_KEY\fR
As for the AWS CLI.
)";

std::string page(const CommandTree& root, const CommandTree& tree) {
  std::string title = page_name(tree);
  std::ranges::transform(title, title.begin(), [](char c) { return c >= 'a' && c <= 'z' ? char(c - 'a' + 'A') : c; });
  std::string text = fmt::format(".TH {} 1 {} \"till {}\" Tillstream\n", roff(title), kReleaseDate, kVersion);
  text += ".SH NAME\n" + roff(page_name(tree)) + " \\- " + roff(tree.words) + "\n";
  text += ".SH SYNOPSIS\n" + synopsis(tree);
  if (!tree.commands.empty() && !tree.path.empty())
    for (const CommandTree& below : tree.commands) text += ".br\n" + synopsis(below);
  text += ".SH DESCRIPTION\n" + roff(tree.words) + ".\n";
  if (tree.path.empty())
    text +=
        "A command uses the engine that serves the data directory, else it opens the data directory itself;\n"
        "\\fB\\-\\-endpoint aws\\fR means AWS.\n.SH COMMANDS\n";
  else if (!tree.commands.empty())
    text += ".SH COMMANDS\n";
  for (const CommandTree& below : tree.commands) {
    text += ".TP\n\\fB" + roff(below.name) + "\\fR\n" + roff(below.words) + ".\n";
    if (!tree.path.empty()) text += ".RS\n" + options_text(below) + ".RE\n";
  }
  const std::string options = options_text(tree);
  if (!options.empty()) text += ".SH OPTIONS\n" + options;
  if (!tree.path.empty()) {
    text += ".SH OPTIONS OF EVERY COMMAND\n";
    for (const OptionShape& option : root.options)
      if (option.names.back() != "--help" && option.names.back() != "--version") text += option_text(option);
  }
  text += examples_text(tree.path) + kExitStatus + (tree.path.empty() ? kEnvironment : "");
  text += ".SH SEE ALSO\n";
  if (!tree.path.empty()) return text + ".BR till (1)\n";
  for (std::size_t i = 0; i < tree.commands.size(); ++i)
    text += fmt::format(".BR {} (1){}\n", roff(page_name(tree.commands[i])), i + 1 < tree.commands.size() ? "," : "");
  return text;
}

// A page that this program wrote, whichever version of it, says so in its first line.
bool is_ours(const std::filesystem::path& path) {
  std::error_code error;
  if (std::filesystem::symlink_status(path, error).type() != std::filesystem::file_type::regular) return false;
  std::ifstream file(path);
  std::string line;
  return std::getline(file, line) && line.starts_with(".TH TILL") && line.ends_with(" Tillstream");
}

int write_page(const std::string& directory, const std::string& name, const std::string& text) {
  const std::string path = directory + "/" + name + ".1";
  std::error_code error;
  if (is_ours(path)) std::filesystem::remove(path, error);
  auto file = os::NewFile::make(path);
  std::expected<void, std::string> written;
  if (!file.has_value()) written = std::unexpected(file.error());
  if (written.has_value()) written = file->write(text);
  if (written.has_value()) written = file->commit();
  if (written.has_value()) return kOk;
  print_error("man: " + written.error());
  return kFailed;
}

}  // namespace

int manual(const CommandTree& tree, const std::vector<std::string>& command, const std::string& directory) {
  if (directory.empty()) {
    const CommandTree* shown = &tree;
    for (const std::string& word : command) {
      const auto wanted = std::ranges::find(shown->commands, word, &CommandTree::name);
      if (wanted == shown->commands.end()) {
        print_error("man: " +
                    (shown->commands.empty() ? no_command_below(*shown, word) : no_command(tree, *shown, word)));
        return kUsage;
      }
      shown = &*wanted;
    }
    print_text(page(tree, *shown));
    return kOk;
  }
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    print_error(fmt::format("man: {} cannot be made: {}", directory, error.message()));
    return kFailed;
  }
  if (const int code = write_page(directory, page_name(tree), page(tree, tree)); code != kOk) return code;
  for (const CommandTree& each : tree.commands)
    if (const int code = write_page(directory, page_name(each), page(tree, each)); code != kOk) return code;
  return kOk;
}

}  // namespace cli
