// The examples that `till help`, each command's --help and the manual pages show. Every one is tried by
// tests/e2e/test_help.py. Constants; safe from any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace cli {

struct Example {
  std::string_view line;   // as a user types it into a shell
  std::string_view words;  // what it does
  bool overview = true;    // shown by `till help`, too
};

std::span<const Example> examples();

// "orders list", the words after `till` in the line that are lower case and no options, at most two.
std::string example_command(const Example& example);

// Lines of a text, two columns, for the examples of `command` and of those below it; of the overview for "".
std::string example_text(std::string_view command);

}  // namespace cli
