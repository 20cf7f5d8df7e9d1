#include "cli/machine_commands.h"

#include <memory>

#include "cli/help.h"

namespace cli {
namespace {

// What these command lines can say.
struct Arguments {
  std::vector<std::string> command;
  std::string shell;
  std::vector<std::string> page;
  std::string directory;
  uint16_t port = 4566;
};

}  // namespace

void add_machine_commands(CLI::App& app, const GlobalOptions& global, int& exit_code) {
  const auto a = std::make_shared<Arguments>();
  CLI::App* help = app.add_subcommand("help", "Show this, or how to use one command");
  help->add_option("COMMAND", a->command, "Its words, such as alarms drill");
  help->callback([&app, &exit_code, a] { exit_code = show_help(app, a->command); });
  CLI::App* doctor_command = app.add_subcommand(
      "doctor", "Look at what on this machine stands in the way, and say what to do; changes nothing");
  doctor_command->add_option("--port", a->port, "The port that an engine is to have (4566)")
      ->check(CLI::Range(1, 65'535));
  doctor_command->callback([&global, &exit_code, a] { exit_code = doctor(global, a->port); });
  CLI::App* script = app.add_subcommand("completion", "Print a script by which a shell completes these commands");
  script->add_option("SHELL", a->shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  script->callback([&app, &exit_code, a] { exit_code = completion(describe(app), a->shell); });
  CLI::App* pages = app.add_subcommand("man", "Print a manual page");
  CLI::Option* page = pages->add_option("COMMAND", a->page, "Its words, such as alarms drill (till itself)");
  pages->add_option("--directory", a->directory, "Write those of all commands into this directory instead")
      ->excludes(page);
  pages->callback([&app, &exit_code, a] { exit_code = manual(describe(app), a->page, a->directory); });
}

}  // namespace cli
