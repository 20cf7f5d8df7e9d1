#include "cli/help.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "cli/command_tree.h"
#include "cli/examples.h"
#include "cli/exit_code.h"
#include "cli/output.h"
#include "cli/spelling.h"

namespace cli {
namespace {

constexpr const char* kEnd =
    R"(Without --endpoint and AWS_ENDPOINT_URL a command uses the engine that serves the data directory, else opens the data
directory itself. --endpoint aws means AWS. `till help COMMAND` shows a command's options and more examples.
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done but not as it should be (orders missing, every order of a file
refused, resources left, a plan that is not empty, a function's error, an alarm that does not come), 4 nobody at the
endpoint (the request was not sent; a lost reply is 1) or the data directory is in use, 130 interrupted.)";

const CLI::App& root_of(const CLI::App& app) {
  const CLI::App* root = &app;
  while (root->get_parent() != nullptr) root = root->get_parent();
  return *root;
}

// "orders list"; empty for `till` itself.
std::string path_of(const CLI::App& app) {
  if (app.get_parent() == nullptr) return "";
  const std::string above = path_of(*app.get_parent());
  return above.empty() ? app.get_name() : above + " " + app.get_name();
}

// CLI11's, with the command's own examples and the options that every command takes below it.
class CommandFormatter : public CLI::Formatter {
 public:
  std::string make_footer(const CLI::App* app) const override {
    const std::string path = path_of(*app);
    const std::string shown = example_text(path);
    std::string text = shown.empty() ? "" : "Examples:\n" + shown;
    if (path.empty()) return text + kEnd + "\n";
    std::string options;
    for (const CLI::Option* option : root_of(*app).get_options())
      if (option->nonpositional() && option->get_name() != "--help" && option->get_name() != "--version")
        options += make_option(option, false);
    return text + (text.empty() ? "" : "\n") + "Options of every command:\n" + options;
  }
};

// The command that the words of the line have led to.
const CLI::App& chosen(const CLI::App& app) {
  const CLI::App* command = &app;
  while (!command->get_subcommands().empty()) command = command->get_subcommands().front();
  return *command;
}

std::vector<std::string> names_below(const CommandTree& tree) {
  std::vector<std::string> names;
  for (const CommandTree& command : tree.commands) names.push_back(command.name);
  return names;
}

void find_named(const CommandTree& tree, std::string_view name, std::vector<std::string>& paths) {
  for (const CommandTree& command : tree.commands) {
    if (command.name == name) paths.push_back(command.path);
    find_named(command, name, paths);
  }
}

// "; did you mean A or B?", or nothing.
std::string question(std::vector<std::string> meant) {
  constexpr std::size_t kMeantMax = 3;
  if (meant.empty() || meant.size() > kMeantMax) return "";
  for (std::string& each : meant) each = "`" + each + "`";
  return "; did you mean " + fmt::format("{}", fmt::join(meant, " or ")) + "?";
}

std::string no_option(const CommandTree& root, const CommandTree& tree, const std::string& word) {
  const std::string name = word.substr(0, word.find('='));
  std::vector<std::string> known;
  for (const CommandTree* each : {&tree, &root})
    for (const OptionShape& option : each->options)
      std::ranges::copy_if(option.names, std::back_inserter(known),
                           [](const std::string& text) { return text.starts_with("--"); });
  std::ranges::sort(known);
  known.erase(std::ranges::unique(known).begin(), known.end());
  const std::string meant = question(nearest_words(name, known));
  return fmt::format("{}there is no option {}{} `till help{}` lists them", tree.path.empty() ? "" : tree.path + ": ",
                     name, meant.empty() ? ";" : meant, tree.path.empty() ? "" : " " + tree.path);
}

// Nothing was understood as a word or option; `tree` is what was understood before it.
std::string what_is_wrong(const CommandTree& root, const CommandTree& tree, const CLI::ParseError& error,
                          const std::vector<std::string>& unknown) {
  const auto option = std::ranges::find_if(
      unknown, [](const std::string& word) { return word.size() > 1 && word.starts_with('-') && word != "--"; });
  const auto word = std::ranges::find_if(unknown, [](const std::string& text) { return !text.starts_with('-'); });
  if (option != unknown.end()) return no_option(root, tree, *option);
  if (!tree.commands.empty() && word != unknown.end()) return no_command(root, tree, *word);
  const std::string path = tree.path.empty() ? "" : " " + tree.path;
  if (!tree.commands.empty() && error.get_name() == "RequiredError")
    return fmt::format("{}a command is wanted, one of {}; `till help{}` says what they do",
                       path.empty() ? "" : tree.path + ": ", fmt::join(names_below(tree), ", "), path);
  return fmt::format("{}{}; `till help{}` shows how", path.empty() ? "" : tree.path + ": ", error.what(), path);
}

}  // namespace

std::string no_command(const CommandTree& root, const CommandTree& tree, const std::string& word) {
  std::vector<std::string> meant;
  for (const std::string& near : nearest_words(word, names_below(tree)))
    meant.push_back("till " + (tree.path.empty() ? near : tree.path + " " + near));
  if (meant.empty()) {  // `till drill`
    find_named(root, word, meant);
    for (std::string& path : meant) path.insert(0, "till ");
  }
  const std::string where = tree.path.empty() ? "" : tree.path + ": ";
  return fmt::format("{}there is no command \"{}\"{} `till help{}` lists them", where, word,
                     meant.empty() || question(meant).empty() ? ";" : question(meant),
                     tree.path.empty() ? "" : " " + tree.path);
}

std::string no_command_below(const CommandTree& tree, const std::string& word) {
  return fmt::format("{0}: it has no commands below it, such as \"{1}\"; `till help {0}`", tree.path, word);
}

void set_help(CLI::App& app) {
  app.formatter(std::make_shared<CommandFormatter>());
}

int show_help(const CLI::App& app, const std::vector<std::string>& command) {
  const CLI::App* shown = &app;
  for (const std::string& word : command) {
    const auto below = shown->get_subcommands([&word](const CLI::App* each) { return each->check_name(word); });
    if (below.empty()) {
      const CommandTree root = describe(app);
      const CommandTree& tree = *root.find(path_of(*shown));
      print_error(tree.commands.empty() ? no_command_below(tree, word) : no_command(root, tree, word));
      return kUsage;
    }
    shown = below.front();
  }
  const std::string above = shown == &app ? "" : path_of(*shown->get_parent());
  std::string name = "till";
  if (shown != &app) name += (above.empty() ? "" : " " + above) + " " + shown->get_name();
  print_text(shown->get_formatter()->make_help(shown, name, CLI::AppFormatMode::Normal));
  return kOk;
}

int answer_to(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) {  // --help, --version
    std::ostringstream text;
    app.exit(error, text, text);
    print_text(text.str());
    return kOk;
  }
  const CommandTree root = describe(app);
  print_error(what_is_wrong(root, *root.find(path_of(chosen(app))), error, app.remaining(true)));
  return kUsage;
}

}  // namespace cli
