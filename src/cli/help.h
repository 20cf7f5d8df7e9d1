// What the command line says about itself: `till help`, each command's --help, and what is wrong with a line that
// cannot be understood. Used by main, from one thread.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "cli/command_tree.h"

namespace cli {

// Gives `app` the help of this program; before commands are added to it, which inherit it.
void set_help(CLI::App& app);

// `till help COMMAND...`: the help of that command; of `app` if none is named. kUsage if there is no such command.
int show_help(const CLI::App& app, const std::vector<std::string>& command);

// What to say of a word that is none of the commands below `tree`, with what may be meant.
std::string no_command(const CommandTree& root, const CommandTree& tree, const std::string& word);
// The same where `tree` has none below it.
std::string no_command_below(const CommandTree& tree, const std::string& word);

// Prints what the parser has to say: help or version, kOk, if that was asked for; else, on stderr, what is wrong and
// what might have been meant, kUsage.
int answer_to(const CLI::App& app, const CLI::ParseError& error);

}  // namespace cli
