// The commands over this program and this machine (help, completions, manual pages, what stands in the way), one
// function each, and their command line.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "cli/command_tree.h"
#include "cli/session.h"

namespace cli {

// Prints a script that completes the commands of `tree` in this shell: bash, zsh or fish.
int completion(const CommandTree& tree, const std::string& shell);

// Prints the manual page of a command of the first level, of `till` itself if none is named; with `directory` writes
// those of all commands there, over pages that it wrote before and over no other file, and makes the directory if it is
// not there.
int manual(const CommandTree& tree, const std::vector<std::string>& command, const std::string& directory);

// Looks at everything on this machine that could stand in the way, `port` being the one that an engine is to have;
// changes nothing. kCheckFailed if anything does.
int doctor(const GlobalOptions& global, uint16_t port);

// Adds `help`, `completion`, `man` and `doctor`; after all other commands. What is referred to outlives the app.
void add_machine_commands(CLI::App& app, const GlobalOptions& global, int& exit_code);

}  // namespace cli
